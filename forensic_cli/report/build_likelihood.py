"""What the report says of likelihood ratios: of each finding, in the opinion, and of their calibration."""

from __future__ import annotations

from forensic_cli.evidence.records import ScanResult
from forensic_cli.model.calibration import Calibration
from forensic_cli.report.build_item import item_label
from forensic_cli.report.formats import MINUS
from forensic_cli.report.language import Language
from forensic_cli.report.likelihood_text import likelihood_text
from forensic_cli.report.model import Field, Section


def build_opinion(result: ScanResult, lang: Language) -> Section:
    """Both propositions, and the strength of every finding, or why none stands beside them."""
    calibration = result.model.calibration
    propositions = lang.say_all("opinion.propositions")
    paragraphs = (*propositions, lang.say("opinion.not_calibrated"))
    if calibration is not None:
        how = lang.say(
            "opinion.calibrated",
            n=lang.number(calibration.n_genuine),
            n_forged=lang.number(calibration.n_forged),
            people=lang.count(calibration.n_identities, "person"),
            methods=", ".join(calibration.forging_methods),
        )
        paragraphs = (*propositions, how, lang.say("opinion.scale"))
    texts = [(item_label(item, result.case), likelihood_text(item.finding, lang)) for item in result.items]
    return Section(
        "opinion",
        lang.say("opinion.title"),
        paragraphs=paragraphs,
        fields=tuple(
            Field(lang.say("head.item", label=label), text.sentence) for label, text in texts if text.sentence
        ),
        points_title=lang.say("opinion.alternatives_title"),
        points=lang.say_all("opinion.alternatives"),
        note=lang.say("opinion.alternatives_note"),
    )


def build_calibration(calibration: Calibration | None, lang: Language) -> Section | None:
    """What the likelihood ratios rest on; None where there are none."""
    if calibration is None:
        return None
    say, number = lang.say, lang.number
    validated = calibration.validated
    units = say(
        "calibration.units_value",
        genuine=number(calibration.n_genuine),
        forged=number(calibration.n_forged),
        people=lang.count(calibration.n_identities, "person"),
    )
    cllr = say(
        "calibration.cllr_value", cllr=number(calibration.cllr, 3), best=number(calibration.cllr_min, 3)
    )
    ece = say("calibration.ece_value", value=number(calibration.expected_calibration_error, 3))
    reach = say(
        "calibration.validated_value",
        px=number(validated.smallest_face_px),
        ranges="; ".join(
            say(
                "calibration.sharpness_value",
                coding=line.coding,
                low=number(line.sharpness[0], 1),
                high=number(line.sharpness[1], 1),
            )
            for line in calibration.lines
        ),
    )
    stored = [lang.stored(condition, is_marked=False) for condition in calibration.conditions]
    values = (
        (say("calibration.method"), lang.stored(calibration.method)),
        (say("calibration.bound_rule"), lang.stored(calibration.bound_rule)),
        (say("calibration.units"), units),
        (say("calibration.data"), lang.stored(lang.clip(calibration.data))),
        (say("calibration.forged_by"), ", ".join(calibration.forging_methods)),
        (say("calibration.conditions"), "; ".join(stored)),
        (say("calibration.cllr"), cllr),
        (say("calibration.ece"), ece),
        (say("calibration.validated"), reach),
        (
            say("calibration.plots"),
            ", ".join(filter(None, (calibration.tippett_file, calibration.entropy_file))),
        ),
    )
    fields = tuple(Field(label, value or say("common.not_supplied")) for label, value in values)
    return Section("calibration", say("calibration.title"), fields=fields)


def calibration_lines(calibration: Calibration | None, lang: Language) -> tuple[tuple[str, ...], ...]:
    """The line of each last compression, as cells."""
    return tuple(
        (
            line.coding,
            lang.say(
                "calibration.line_value",
                slope=lang.number(line.slope, 4),
                sign="+" if line.intercept >= 0 else MINUS,
                intercept=lang.number(abs(line.intercept), 4),
            ),
            lang.say(
                "calibration.bounds_value",
                low=lang.signed(line.log10_lr_min, 2),
                high=lang.signed(line.log10_lr_max, 2),
            ),
            lang.number(line.crops_per_track),
            f"{lang.number(line.n_genuine)} + {lang.number(line.n_forged)}",
            lang.interval(line.score_range),
            lang.number(line.cllr, 3),
            lang.number(line.cllr_min, 3),
        )
        for line in (calibration.lines if calibration else ())
    )


def calibration_rows(calibration: Calibration | None, lang: Language) -> tuple[tuple[str, ...], ...]:
    """Cllr a condition, as cells."""
    return tuple(
        (
            lang.stored(row.condition, is_marked=False),
            lang.stored(row.domain, is_marked=False),
            lang.number(row.n_genuine),
            lang.number(row.n_forged),
            lang.number(row.cllr, 3),
            lang.number(row.cllr_min, 3),
        )
        for row in (calibration.rows if calibration else ())
    )
