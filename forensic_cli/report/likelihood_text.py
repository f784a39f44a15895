"""A likelihood ratio in print."""

from __future__ import annotations

from forensic_cli.evidence.likelihood import NOT_CALIBRATED
from forensic_cli.report import wording as w
from forensic_cli.report.formats import signed_text, typeset
from forensic_cli.report.model import LikelihoodText
from forensic_cli.types import Finding, VerbalTerm

_DIGITS = 2
_LARGEST_LOG10_IN_FULL = 6.0


def likelihood_text(finding: Finding) -> LikelihoodText:
    """The ratio with its bound and its verbal term, or why there is none.

    Weights without a calibration say so once, in the opinion, and not here.
    """
    value = finding.log10_lr
    if value is None or finding.lr_term is None:
        if finding.lr_note in {"", NOT_CALIBRATED}:
            return LikelihoodText()
        return LikelihoodText(w.LR_NOT_GIVEN, w.LR_OUTSIDE, w.LR_NONE.format(note=typeset(finding.lr_note)))
    is_bounded = finding.lr_is_bounded and value != 0
    printed = signed_text(value, _DIGITS)
    sentence = w.LR_SENTENCE if value else w.LR_SENTENCE_ONE
    return LikelihoodText(
        value=w.LR_BOUNDED.format(value=printed) if is_bounded else printed,
        short=w.LR_TERMS[finding.lr_term],
        sentence=sentence.format(
            value=printed,
            at_least=w.LR_AT_LEAST if is_bounded else "",
            times=_times(abs(value)),
            which=w.LR_IF_FORGED if value > 0 else w.LR_IF_GENUINE,
            support=_support(finding.lr_term, value),
        ),
    )


def _support(term: VerbalTerm, log10_lr: float) -> str:
    words = w.LR_TERMS[term][:1].upper() + w.LR_TERMS[term][1:]
    if term is VerbalTerm.NO_SUPPORT:
        return w.LR_SUPPORT_NONE.format(term=words)
    return w.LR_SUPPORT.format(term=words, which=w.LR_FIRST if log10_lr > 0 else w.LR_SECOND)


def _times(log10_ratio: float) -> str:
    if log10_ratio > _LARGEST_LOG10_IN_FULL:
        return f"10 to the power of {log10_ratio:.1f}"
    ratio = 10**log10_ratio
    # Two digits, so that 1.97 does not read as the 2.0 from which support is called weak.
    return f"{ratio:.2f}" if ratio < 100 else f"{ratio:,.0f}"
