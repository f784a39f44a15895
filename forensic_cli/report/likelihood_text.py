"""A likelihood ratio in print."""

from __future__ import annotations

from forensic_cli.evidence.likelihood import NOT_CALIBRATED
from forensic_cli.report.language import Language
from forensic_cli.report.model import LikelihoodText
from forensic_cli.types import Finding, VerbalTerm, Verdict

_DIGITS = 2
_LARGEST_LOG10_IN_FULL = 6.0


def likelihood_text(finding: Finding, lang: Language) -> LikelihoodText:
    """The ratio with its bound and its verbal term, or why there is none.

    Weights without a calibration say so once, in the opinion and in the table of findings, and not at
    every face.
    """
    value = finding.log10_lr
    if value is None or finding.lr_term is None:
        if finding.lr_note in {"", NOT_CALIBRATED}:
            return LikelihoodText()
        note = lang.say("lr.no_ratio", note=lang.stored(finding.lr_note))
        return LikelihoodText(lang.say("lr.none"), lang.say("lr.outside"), note)
    is_bounded = finding.lr_is_bounded and value != 0
    printed = lang.signed(value, _DIGITS)
    term = lang.say(f"lr.term_{finding.lr_term.name.lower()}")
    return LikelihoodText(
        value=lang.say("lr.bounded", value=printed) if is_bounded else printed,
        short=term,
        sentence=_sentence(value, is_bounded, _support(finding.lr_term, term, value, lang), lang),
    )


def no_ratio_text(verdict: Verdict, lang: Language) -> str:
    """Why an item has no ratio where nothing else says so: in a few words."""
    match verdict:
        case Verdict.NO_FACE:
            return lang.say("lr.no_face")
        case Verdict.SKIPPED:
            return lang.say("lr.not_examined")
        case Verdict.FAILED:
            return lang.say("lr.failed")
        case _:
            return lang.say("lr.not_calibrated")


def _sentence(value: float, is_bounded: bool, support: str, lang: Language) -> str:
    printed, times = lang.signed(value, _DIGITS), _times(abs(value), lang)
    if value == 0:
        return lang.say("lr.sentence_one", value=printed, support=support)
    if value > 0 and is_bounded:
        return lang.say("lr.sentence_forged_bounded", value=printed, times=times, support=support)
    if value > 0:
        return lang.say("lr.sentence_forged", value=printed, times=times, support=support)
    if is_bounded:
        return lang.say("lr.sentence_genuine_bounded", value=printed, times=times, support=support)
    return lang.say("lr.sentence_genuine", value=printed, times=times, support=support)


def _support(term: VerbalTerm, words: str, log10_lr: float, lang: Language) -> str:
    words = words[:1].upper() + words[1:]
    if term is VerbalTerm.NO_SUPPORT:
        return lang.say("lr.for_neither", term=words)
    if log10_lr > 0:
        return lang.say("lr.for_first", term=words)
    return lang.say("lr.for_second", term=words)


def _times(log10_ratio: float, lang: Language) -> str:
    if log10_ratio > _LARGEST_LOG10_IN_FULL:
        return lang.say("lr.power", exponent=lang.number(log10_ratio, 1))
    ratio = 10**log10_ratio
    # Two digits, so that 1.97 does not read as the 2.0 from which support is called weak.
    return lang.number(ratio, 2 if ratio < 100 else 0)
