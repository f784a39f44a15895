"""How a file becomes a finding, and what the words of the report mean."""

from __future__ import annotations

import unicodedata

from forensic_cli.evidence.records import ScanResult
from forensic_cli.report.language import Language
from forensic_cli.report.model import Field, Section

# Entries of the message catalogue, each a term and its meaning.
_TERMS = (
    "activation", "attention", "auc", "crop", "detector", "finding", "frame", "interval", "lae",
    "likelihood_ratio", "score", "sha256", "sharpness", "threshold", "track",
)  # fmt: skip
_TERMS_CALIBRATED = ("calibration", "cllr", "elub", "tippett")


def _alphabetical(term: str) -> str:
    """Letters with marks stand beside those without (DIN 5007, variant 1)."""
    parts = unicodedata.normalize("NFKD", term.casefold())
    return "".join(part for part in parts if not unicodedata.combining(part))


def build_method(result: ScanResult, lang: Language) -> Section:
    """How a file becomes a finding, with the decision rule (ISO/IEC 17025:2017, 7.8.6)."""
    card = result.model
    form = {"paper": lang.say("method.form_paper"), "signed": lang.say("method.form_signed")}
    rule = lang.stored(card.threshold_rule) or lang.say("common.not_supplied")
    return Section(
        "method",
        lang.say("method.title"),
        paragraphs=(
            *lang.say_all("method.text"),
            lang.say(
                "method.attention",
                form=form.get(card.attention_form, card.attention_form),
                cells=str(card.map_side),
            ),
        ),
        points_title=lang.say("method.rule_title"),
        points=(
            *map(lang.stored, result.aggregation_rule),
            lang.say("method.thresholds", rule=rule),
        ),
    )


def build_glossary(is_calibrated: bool, lang: Language) -> Section:
    """The terms that the report uses, in the order of the language's alphabet."""
    names = (*_TERMS, *_TERMS_CALIBRATED) if is_calibrated else _TERMS
    entries = [lang.say_all(f"glossary.{name}") for name in names]
    fields = tuple(
        Field(term, meaning) for term, meaning in sorted(entries, key=lambda entry: _alphabetical(entry[0]))
    )
    return Section("glossary", lang.say("glossary.title"), fields=fields)
