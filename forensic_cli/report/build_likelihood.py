"""What the report says of likelihood ratios: of each finding, in the opinion, and of their calibration."""

from __future__ import annotations

from forensic_cli.evidence.records import ScanResult
from forensic_cli.model.calibration import Calibration
from forensic_cli.report import wording as w
from forensic_cli.report.build_item import item_label
from forensic_cli.report.formats import count_text, signed_text
from forensic_cli.report.likelihood_text import likelihood_text
from forensic_cli.report.model import Field, Section
from forensic_cli.report.text import clip


def build_opinion(result: ScanResult) -> Section:
    """Both propositions, and the strength of every finding, or why none stands beside them."""
    calibration = result.model.calibration
    if calibration is None:
        paragraphs = (w.OPINION_PROPOSITIONS, w.OPINION_NOT_CALIBRATED, w.OPINION_ALTERNATIVES)
        return Section("opinion", w.OPINION_TITLE, paragraphs=paragraphs)
    how, scale = w.OPINION_CALIBRATED
    how = how.format(
        n=f"{calibration.n_genuine:,}",
        n_forged=f"{calibration.n_forged:,}",
        people=count_text(calibration.n_identities, "person", "people"),
        methods=", ".join(calibration.forging_methods),
    )
    texts = [(item_label(item, result.case), likelihood_text(item.finding)) for item in result.items]
    fields = tuple(Field(w.ITEM.format(label=label), text.sentence) for label, text in texts if text.sentence)
    return Section(
        "opinion",
        w.OPINION_TITLE,
        paragraphs=(w.OPINION_PROPOSITIONS, how, scale, w.OPINION_ALTERNATIVES),
        fields=fields,
    )


def build_calibration(calibration: Calibration | None) -> Section | None:
    """What the likelihood ratios rest on; None where there are none."""
    if calibration is None:
        return None
    low, high = calibration.score_range
    validated = calibration.validated
    values = (
        ("Method", calibration.method),
        ("Natural log LR", f"{calibration.slope:.4f} × score {_term(calibration.intercept)}"),
        (
            "Bounds of log10 LR",
            f"{signed_text(calibration.log10_lr_min, 2)} and {signed_text(calibration.log10_lr_max, 2)}",
        ),
        ("Rule of the bounds", calibration.bound_rule),
        (
            "Units",
            f"{calibration.n_genuine:,} genuine, {calibration.n_forged:,} forged, of "
            f"{calibration.n_identities:,} people; crops a unit: {calibration.crops_per_unit}",
        ),
        ("Data", clip(calibration.data)),
        ("Forged by", ", ".join(calibration.forging_methods)),
        ("Conditions", "; ".join(calibration.conditions)),
        (
            "Cllr",
            f"{calibration.cllr:.3f} (empirical cross-entropy at even prior odds); at best "
            f"{calibration.cllr_min:.3f}",
        ),
        ("Expected calibration error", f"{calibration.expected_calibration_error:.3f}, over ten bins"),
        ("Scores of the set", f"{signed_text(low)} to {signed_text(high)}"),
        (
            "Validated range",
            f"faces from {validated.smallest_face_px} px; sharpness {validated.sharpness[0]:.1f} to "
            f"{validated.sharpness[1]:.1f}; coded as {', '.join(validated.codings)}",
        ),
        ("Plots beside the weights", f"{calibration.tippett_file}, {calibration.entropy_file}"),
    )
    fields = tuple(Field(label, value or w.NOT_SUPPLIED) for label, value in values)
    return Section("calibration", w.CALIBRATION_TITLE, fields=fields)


def _term(intercept: float) -> str:
    sign = "+" if intercept >= 0 else "−"
    return f"{sign} {abs(intercept):.4f}"


def calibration_rows(calibration: Calibration | None) -> tuple[tuple[str, ...], ...]:
    """Cllr a condition, as cells."""
    return tuple(
        (
            row.condition,
            row.domain,
            f"{row.n_genuine:,}",
            f"{row.n_forged:,}",
            f"{row.cllr:.3f}",
            f"{row.cllr_min:.3f}",
        )
        for row in (calibration.rows if calibration else ())
    )
