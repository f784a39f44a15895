"""The first page: what was asked, what was examined, what was found, and what that does not say."""

from __future__ import annotations

from collections import Counter

from forensic_cli.case.model import Case
from forensic_cli.evidence.records import ScanResult
from forensic_cli.report.build_item import item_anchor, item_label, item_name
from forensic_cli.report.language import Language
from forensic_cli.report.likelihood_text import likelihood_text, no_ratio_text
from forensic_cli.report.model import Accounting, Field, Head, Summary, SummaryRow, TallyRow, TextKind
from forensic_cli.types import Finding, ItemResult, Verdict

_MAX_LABELS = 6
_MAX_QUESTION_ON_COVER = 300


def build_summary(result: ScanResult, head: Head, lang: Language) -> Summary:
    """The first page of a report."""
    case, card = result.case, result.model
    say, absent = lang.say, lang.say("common.not_supplied")
    forged, no_support = lang.signed(card.forged_threshold), lang.signed(card.no_support_threshold)
    is_calibrated = card.calibration is not None
    return Summary(
        facts=(
            Field(say("cover.case"), head.case_number, TextKind.NAME),
            Field(say("cover.examiner"), case.examiner or absent),
            Field(say("cover.laboratory"), case.laboratory or absent),
            Field(say("cover.report"), head.report_id, TextKind.MONO),
            Field(say("cover.issued"), head.issued),
            Field(say("cover.status"), head.status),
        ),
        question=_question(case, lang),
        accounting=_accounting(result.items, lang),
        scope=_scope(result.items, lang),
        notices=_notices(result, lang),
        tally=_tally(result, lang),
        rows=tuple(_row(item, result, lang) for item in result.items),
        means=(
            say("cover.means_forged", forged=forged),
            say("cover.means_inconclusive", forged=forged, no_support=no_support),
            say("cover.means_no_support", no_support=no_support),
            *((say("cover.means_lr"),) if is_calibrated else ()),
            say("cover.means_errors"),
        ),
        does_not_mean=(
            say("cover.not_probability_calibrated" if is_calibrated else "cover.not_probability"),
            say("cover.not_genuine"),
            say("cover.not_face"),
            say("cover.not_location"),
        ),
        review=_review(case, head.is_final, lang),
    )


def _question(case: Case, lang: Language) -> str:
    question = case.question or lang.say("common.not_supplied")
    if len(question) <= _MAX_QUESTION_ON_COVER:
        return question
    return f"{question[:_MAX_QUESTION_ON_COVER].rstrip()} {lang.say('cover.question_continues')}"


def _review(case: Case, is_final: bool, lang: Language) -> str:
    unnamed = lang.say("cover.unnamed")
    key = "cover.review_final" if is_final else "cover.review_draft"
    return lang.say(key, examiner=case.examiner or unnamed, reviewer=case.reviewer or unnamed)


def _accounting(items: tuple[ItemResult, ...], lang: Language) -> Accounting:
    tally = Counter(item.finding.verdict for item in items)
    n_analysed = sum(n for verdict, n in tally.items() if verdict.is_analysed)
    counts = (n_analysed, tally[Verdict.NO_FACE], tally[Verdict.SKIPPED], tally[Verdict.FAILED])
    analysed, no_face, skipped, failed = map(lang.number, counts)
    return Accounting(
        len(items),
        *counts,
        sentence=lang.say(
            "cover.accounting",
            found=lang.count(len(items), "item"),
            analysed=analysed,
            no_face=no_face,
            skipped=skipped,
            failed=failed,
        ),
    )


def _tally(result: ScanResult, lang: Language) -> tuple[TallyRow, ...]:
    rows = []
    for verdict in Verdict:
        labels = [item_label(item, result.case) for item in result.items if item.finding.verdict is verdict]
        if not labels:
            continue
        named = ", ".join(labels[:_MAX_LABELS])
        if len(labels) > _MAX_LABELS:
            named = f"{named} {lang.say('common.more', n=lang.number(len(labels) - _MAX_LABELS))}"
        words = lang.say(f"verdict.{verdict.value}")
        rows.append(TallyRow(verdict, words, lang.number(len(labels)), named))
    return tuple(rows)


def _scope(items: tuple[ItemResult, ...], lang: Language) -> str:
    return lang.say(
        "cover.scope",
        used=lang.count(sum(item.counts.n_used for item in items if item.counts), "frame"),
        readings=lang.count(sum(len(track.readings) for item in items for track in item.tracks), "crop"),
        tracks=lang.count(sum(len(item.tracks) for item in items), "track"),
    )


def _notices(result: ScanResult, lang: Language) -> tuple[str, ...]:
    notices = []
    if result.run.was_interrupted:
        notices.append(lang.say("notice.interrupted"))
    if result.run.resumptions:
        notices.append(lang.say("notice.resumed"))
    if result.model.is_foreign:
        notices.append(lang.say("notice.foreign", name=result.model.name))
    n_changed = sum(
        bool(item.evidence.sha256_after) and not item.evidence.is_unchanged for item in result.items
    )
    if n_changed:
        notices.append(lang.say("notice.changed", items=lang.count(n_changed, "item")))
    n_failed = sum(item.finding.verdict is Verdict.FAILED for item in result.items)
    if n_failed:
        notices.append(lang.say("notice.failed", items=lang.count(n_failed, "item")))
    if not any(item.tracks for item in result.items):
        notices.append(lang.say("notice.no_reading"))
    paths = [item.evidence.path for item in result.items]
    unmatched = [entry.file for entry in result.case.items if not any(map(entry.is_about, paths))]
    if unmatched:
        notices.append(lang.say("notice.unmatched", names=", ".join(unmatched)))
    return tuple(notices)


def _row(item: ItemResult, result: ScanResult, lang: Language) -> SummaryRow:
    finding = item.finding
    return SummaryRow(
        anchor=item_anchor(item),
        label=item_label(item, result.case),
        name=item_name(item),
        verdict=finding.verdict,
        words=lang.say(f"verdict.{finding.verdict.value}"),
        score="" if finding.score is None else lang.signed(finding.score),
        likelihood=_likelihood(finding, lang),
    )


def _likelihood(finding: Finding, lang: Language) -> str:
    """The ratio in one line. Nobody may have to guess why there is none."""
    text = likelihood_text(finding, lang)
    if finding.log10_lr is not None:
        return lang.say("lr.value_term", value=text.value, term=text.short)
    return lang.say("lr.none_because", reason=text.short or no_ratio_text(finding.verdict, lang))
