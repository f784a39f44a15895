"""The sections after the items: method, opinion, model, limits, tool, repetition, glossary."""

from __future__ import annotations

from itertools import groupby

from forensic_cli.case.model import Case
from forensic_cli.evidence.records import ScanResult
from forensic_cli.model.weights import ErrorRate, ModelCard
from forensic_cli.report import wording as w
from forensic_cli.report.build_item import received
from forensic_cli.report.formats import rate_text, signed_text, typeset, utc_text
from forensic_cli.report.model import ErrorTable, Field, Section, TextKind
from forensic_cli.report.text import clip, shell_word
from forensic_cli.types import RunInfo


def build_method(result: ScanResult) -> Section:
    """How a file becomes a finding, with the decision rule."""
    card = result.model
    form = w.ATTENTION_FORMS.get(card.attention_form, card.attention_form)
    return Section(
        "method",
        w.METHOD_TITLE,
        paragraphs=tuple(text.format(form=form) for text in w.METHOD),
        points=(
            *map(typeset, result.aggregation_rule),
            w.THRESHOLD_RULE.format(rule=typeset(card.threshold_rule) or w.NOT_SUPPLIED),
        ),
    )


def build_model(card: ModelCard) -> Section:
    """The model card, without its error rates and limitations."""
    origin = (
        "Foreign: admitted by an explicit flag, not shipped"
        if card.is_foreign
        else "Shipped with this program"
    )
    fields = (
        Field("Name", card.name),
        Field("Origin of the weights", origin),
        Field("Weights file", card.file, TextKind.NAME),
        Field("SHA-256 of the weights", card.sha256, TextKind.MONO),
        Field("Architecture", card.arch),
        Field("Forged threshold", signed_text(card.forged_threshold)),
        Field("No-support threshold", signed_text(card.no_support_threshold)),
        Field("Calibration", w.CALIBRATION_SEE if card.calibration else w.CALIBRATION_NONE),
        Field("Attention", f"{card.attention_form} form, {card.attention_norm} normalisation"),
        Field("Top of the colour scale", f"{card.attention_scale:g}"),
        *(Field(name.capitalize(), clip(value)) for name, value in card.training),
    )
    if not card.training:
        fields = (*fields, Field("Training", w.NOT_SUPPLIED))
    return Section("model", w.MODEL_TITLE, fields=fields)


def build_error_tables(card: ModelCard) -> tuple[ErrorTable, ...]:
    """One table a domain, so that in-domain numbers never stand for the others."""
    by_domain = groupby(card.error_rates, key=lambda row: row.domain)
    grouped: dict[str, list[ErrorRate]] = {}
    for domain, rows in by_domain:
        grouped.setdefault(domain, []).extend(rows)
    return tuple(
        ErrorTable(domain[:1].upper() + domain[1:], tuple(map(_error_cells, rows)))
        for domain, rows in grouped.items()
    )


def _error_cells(row: ErrorRate) -> tuple[str, ...]:
    return (
        row.condition,
        row.dataset,
        f"{row.n_genuine:,}",
        f"{row.n_forged:,}",
        "–" if row.auc is None else f"{row.auc:.3f}",
        rate_text(row.false_positive_rate, row.false_positive_interval),
        rate_text(row.false_negative_rate, row.false_negative_interval),
    )


def build_limitations(card: ModelCard) -> Section:
    """What holds for every item: the method's limits, then those of these weights."""
    return Section("limitations", w.LIMITATIONS_TITLE, points=(*w.LIMITATIONS, *card.limitations))


def build_tool(run: RunInfo) -> Section:
    """Versions, machine and times of the run."""
    started = utc_text(run.started_utc) if run.started_utc else w.NOT_RECORDED
    finished = utc_text(run.finished_utc) if run.finished_utc else w.NOT_RECORDED
    fields = (
        Field("Program", f"lae-forensics {run.tool_version}"),
        Field("Commit", run.commit or w.NOT_RECORDED, TextKind.MONO),
        Field("SHA-256 of the program's source", run.source_sha256 or w.NOT_RECORDED, TextKind.MONO),
        *(Field(component, version) for component, version in run.versions),
        Field("Platform", run.platform),
        Field("Working folder", run.working_folder or w.NOT_RECORDED),
        Field("Model ran on", run.device),
        Field("Precision", run.precision),
        Field("Started", started),
        Field("Finished", finished),
    )
    return Section("tool", w.TOOL_TITLE, fields=fields)


def build_parameters(result: ScanResult) -> Section:
    """Every setting of the scan, the seed among them."""
    fields = [Field(name, clip(value)) for name, value in result.parameters]
    if not any("seed" in name.lower() for name, _ in result.parameters):
        fields.append(Field("Seed", str(result.run.seed)))
    return Section("parameters", w.PARAMETERS_TITLE, fields=tuple(fields))


def build_repeat() -> Section:
    """What to do to repeat the scan, and what to expect of it."""
    return Section("repeat", w.REPEAT_TITLE, paragraphs=w.REPEAT)


def build_command(run: RunInfo) -> str:
    """The command line as bash reads it back."""
    return " ".join(map(shell_word, run.argv)) or w.NOT_RECORDED


def build_custody(case: Case) -> Section:
    """Receipt, transfers and disposition."""
    fields = (
        Field("Received from, when", received(case)),
        Field("Transfers", w.NOT_SUPPLIED),
        Field("Disposition", w.NOT_SUPPLIED),
        Field("Head hash of the audit log", w.NOT_RECORDED),
        Field("Attested time stamp", "None: clock not attested"),
    )
    return Section("custody", w.CUSTODY_TITLE, fields=fields)


def build_glossary(is_calibrated: bool) -> tuple[Field, ...]:
    """The terms that the report uses, in alphabetical order."""
    terms = sorted((*w.GLOSSARY, *w.GLOSSARY_CALIBRATED), key=lambda entry: entry[0].lower())
    return tuple(Field(term, meaning) for term, meaning in (terms if is_calibrated else w.GLOSSARY))


def build_conditions() -> Section:
    """The fixed text that closes the report."""
    return Section("conditions", w.CONDITIONS_TITLE, points=w.CONDITIONS)
