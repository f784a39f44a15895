"""The verdicts in words and signs, for the terminal. A finding never rests on colour alone."""

from __future__ import annotations

from forensic_cli.types import Verdict

VERDICT_WORDS = {
    Verdict.LIKELY_FORGED: "likely forged",
    Verdict.INCONCLUSIVE: "inconclusive",
    Verdict.NO_SUPPORT: "no support for forgery found",
    Verdict.NO_FACE: "no face found",
    Verdict.SKIPPED: "not examined",
    Verdict.FAILED: "failed",
}
VERDICT_SIGNS = {
    Verdict.LIKELY_FORGED: "▲",
    Verdict.INCONCLUSIVE: "◆",
    Verdict.NO_SUPPORT: "○",
    Verdict.NO_FACE: "–",
    Verdict.SKIPPED: "·",
    Verdict.FAILED: "✕",
}
VERDICT_STYLES = {
    Verdict.LIKELY_FORGED: "bold red",
    Verdict.INCONCLUSIVE: "yellow",
    Verdict.NO_SUPPORT: "green",
    Verdict.NO_FACE: "dim",
    Verdict.SKIPPED: "dim",
    Verdict.FAILED: "bold magenta",
}
