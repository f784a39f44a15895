"""The weights: their card, and the error rates that were measured with them."""

from __future__ import annotations

from forensic_cli.model.weights import ErrorRate, ModelCard
from forensic_cli.report.language import Language
from forensic_cli.report.model import ErrorTable, Field, Section, TextKind


def build_model(card: ModelCard, lang: Language) -> Section:
    """The model card, without its error rates and limitations."""
    say = lang.say
    calibration = say("calibration.see") if card.calibration else say("calibration.absent")
    attention = say("model.attention_value", form=card.attention_form, norm=card.attention_norm)
    training = tuple(
        Field(name[:1].upper() + name[1:], lang.clip(value)) for name, value in card.training
    ) or (Field(say("model.training"), say("common.not_supplied")),)
    fields = (
        Field(say("model.name"), card.name),
        Field(
            say("model.origin"),
            say("model.origin_foreign") if card.is_foreign else say("model.origin_shipped"),
        ),
        Field(say("model.file"), card.file, TextKind.NAME),
        Field(say("model.sha256"), card.sha256, TextKind.MONO),
        Field(say("model.architecture"), card.arch),
        Field(say("model.forged_threshold"), lang.signed(card.forged_threshold)),
        Field(say("model.no_support_threshold"), lang.signed(card.no_support_threshold)),
        Field(say("model.calibration"), calibration),
        Field(say("model.attention"), attention),
        Field(say("model.scale_top"), lang.number(card.attention_scale, 3)),
        *training,
    )
    return Section("model", say("model.title"), fields=fields, note=say("model.note"))


def build_error_note(card: ModelCard, lang: Language) -> tuple[str, ...]:
    """What the rates mean and how test and training were kept apart, or that nobody measured any."""
    if not card.error_rates:
        return (lang.say("errors.none"),)
    split = next((value for name, value in card.training if name.casefold() == "split"), "")
    split = lang.stored(split) or lang.say("common.not_recorded")
    return lang.say("errors.note"), lang.say("errors.split", split=split)


def build_error_tables(card: ModelCard, lang: Language) -> tuple[ErrorTable, ...]:
    """One table a domain, so that in-domain numbers never stand for the others."""
    tables = []
    for domain in dict.fromkeys(row.domain for row in card.error_rates):
        rows = [row for row in card.error_rates if row.domain == domain]
        datasets = {row.dataset for row in rows}
        common = ""
        if len(datasets) == 1:
            common = lang.say("errors.dataset", dataset=lang.stored(rows[0].dataset, is_marked=False))
        cells = tuple(_cells(row, lang) for row in rows)
        tables.append(ErrorTable(_domain_title(domain, lang), common, cells))
    return tuple(tables)


def _domain_title(domain: str, lang: Language) -> str:
    """A domain of the model card in words."""
    match domain:
        case "in-domain":
            return lang.say("errors.in_domain")
        case "out-of-domain":
            return lang.say("errors.out_of_domain")
        case _:
            return lang.say("errors.other_domain", domain=domain)


def _cells(row: ErrorRate, lang: Language) -> tuple[str, ...]:
    return (
        lang.stored(row.condition, is_marked=False),
        lang.stored(row.dataset, is_marked=False),
        lang.number(row.n_genuine),
        lang.number(row.n_forged),
        "–" if row.auc is None else lang.number(row.auc, 3),
        lang.rate(row.false_positive_rate, row.false_positive_interval),
        lang.rate(row.false_negative_rate, row.false_negative_interval),
    )
