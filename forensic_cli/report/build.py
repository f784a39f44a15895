"""From a scan's results to what the report says. No drawing, no file is opened."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from forensic_cli.evidence.records import ScanResult
from forensic_cli.report import wording as w
from forensic_cli.report.build_item import build_item, build_listed, item_anchor, item_label, item_name
from forensic_cli.report.build_likelihood import build_calibration, build_opinion, calibration_rows
from forensic_cli.report.build_method import (
    build_command,
    build_conditions,
    build_custody,
    build_error_tables,
    build_glossary,
    build_limitations,
    build_method,
    build_model,
    build_parameters,
    build_repeat,
    build_tool,
)
from forensic_cli.report.formats import count_text, interval_text, parse_utc, signed_text, utc_text
from forensic_cli.report.likelihood_text import likelihood_text
from forensic_cli.report.model import (
    Accounting,
    Field,
    Head,
    ReportModel,
    Section,
    Summary,
    SummaryRow,
    TallyRow,
    TextKind,
)
from forensic_cli.types import ItemResult, Verdict

_MAX_LABELS = 6
_MAX_QUESTION_ON_COVER = 300


def build_report(result: ScanResult, results_dir: Path) -> ReportModel:
    """Says everything that the report says.

    The issue time is the end of the scan, so that the same results give the same report whenever
    and wherever it is drawn.

    Args:
        result: of one scan.
        results_dir: the folder below which the exhibits lie.

    Raises:
        VerificationError: a time in the results is no time, or an exhibit's name leads out of
            `results_dir`.
    """
    return ReportModel(
        head=_head(result),
        summary=_summary(result),
        request=_request(result),
        people=_people(result),
        items=tuple(build_item(item, result, results_dir) for item in result.items if item.tracks),
        listed=tuple(build_listed(item, result) for item in result.items if not item.tracks),
        method=build_method(result),
        opinion=build_opinion(result),
        model=build_model(result.model),
        error_tables=build_error_tables(result.model),
        error_note=w.ERRORS_NOTE if result.model.error_rates else w.ERRORS_NONE,
        calibration=build_calibration(result.model.calibration),
        calibration_rows=calibration_rows(result.model.calibration),
        limitations=build_limitations(result.model),
        tool=build_tool(result.run),
        parameters=build_parameters(result),
        repeat=build_repeat(),
        command=build_command(result.run),
        custody=build_custody(result.case),
        glossary=build_glossary(result.model.calibration is not None),
        conditions=build_conditions(),
        attention_top=result.model.attention_scale,
        attention_note=w.SCALE_NOTE,
    )


def _head(result: ScanResult) -> Head:
    case = result.case
    # A scan that was killed has no end; its start is then the one time that is known.
    issued_utc = result.run.finished_utc or result.run.started_utc
    case_number = case.number.strip() or w.NOT_SUPPLIED
    return Head(
        report_id=result.run.run_id,
        case_number=case_number,
        status=w.STATUS,
        issued=utc_text(issued_utc),
        issued_epoch_s=int(parse_utc(issued_utc).timestamp()),
        title=w.TITLE,
        subject=w.SUBJECT.format(case=case_number),
        author=case.laboratory or w.NOT_SUPPLIED,
        creator=f"lae-forensics {result.run.tool_version}",
        language=w.LANGUAGE,
    )


def _summary(result: ScanResult) -> Summary:
    head = _head(result)
    is_calibrated = result.model.calibration is not None
    forged = signed_text(result.model.forged_threshold)
    no_support = signed_text(result.model.no_support_threshold)
    return Summary(
        facts=(
            Field("Case", head.case_number, TextKind.NAME),
            Field("Examiner", result.case.examiner or w.NOT_SUPPLIED),
            Field("Laboratory", result.case.laboratory or w.NOT_SUPPLIED),
            Field("Report", head.report_id, TextKind.MONO),
            Field("Issued", head.issued),
            Field("Status", head.status),
        ),
        question=_cover_question(result.case.question),
        accounting=_accounting(result.items),
        scope=_scope(result.items),
        notices=_notices(result),
        tally=_tally(result),
        rows=tuple(_summary_row(item, result) for item in result.items),
        is_calibrated=is_calibrated,
        means=(
            w.MEANS_FORGED.format(forged=forged),
            w.MEANS_INCONCLUSIVE.format(forged=forged, no_support=no_support),
            w.MEANS_NO_SUPPORT.format(no_support=no_support),
            *((w.MEANS_LR,) if is_calibrated else ()),
            w.MEANS_ERRORS,
        ),
        does_not_mean=(
            w.NOT_PROBABILITY_CALIBRATED if is_calibrated else w.NOT_PROBABILITY,
            w.NOT_GENUINE,
            w.NOT_FACE,
            w.NOT_LOCATION,
        ),
        draft=w.DRAFT,
    )


def _cover_question(question: str) -> str:
    if len(question) <= _MAX_QUESTION_ON_COVER:
        return question or w.NOT_SUPPLIED
    return f"{question[:_MAX_QUESTION_ON_COVER].rstrip()} {w.QUESTION_CONTINUES}"


def _accounting(items: tuple[ItemResult, ...]) -> Accounting:
    tally = Counter(item.finding.verdict for item in items)
    n_analysed = sum(n for verdict, n in tally.items() if verdict.is_analysed)
    counts = (n_analysed, tally[Verdict.NO_FACE], tally[Verdict.SKIPPED], tally[Verdict.FAILED])
    analysed, no_face, skipped, failed = (f"{n:,}" for n in counts)
    return Accounting(
        len(items),
        *counts,
        sentence=w.ACCOUNTING.format(
            found=count_text(len(items), "item"),
            analysed=analysed,
            no_face=no_face,
            skipped=skipped,
            failed=failed,
        ),
    )


def _tally(result: ScanResult) -> tuple[TallyRow, ...]:
    rows = []
    for verdict in Verdict:
        labels = [item_label(item, result.case) for item in result.items if item.finding.verdict is verdict]
        if not labels:
            continue
        named = ", ".join(labels[:_MAX_LABELS])
        if len(labels) > _MAX_LABELS:
            named = f"{named} {w.TALLY_MORE.format(n=f'{len(labels) - _MAX_LABELS:,}')}"
        rows.append(TallyRow(verdict, w.VERDICT_WORDS[verdict], f"{len(labels):,}", named))
    return tuple(rows)


def _scope(items: tuple[ItemResult, ...]) -> str:
    n_used = sum(item.counts.n_used for item in items if item.counts)
    n_readings = sum(len(track.readings) for item in items for track in item.tracks)
    n_tracks = sum(len(item.tracks) for item in items)
    return w.SCOPE.format(
        used=count_text(n_used, "frame"),
        readings=count_text(n_readings, "face crop"),
        tracks=count_text(n_tracks, "face track"),
    )


def _notices(result: ScanResult) -> tuple[str, ...]:
    notices = []
    if result.run.was_interrupted:
        notices.append(w.NOTICE_INTERRUPTED)
    if result.model.is_foreign:
        notices.append(w.NOTICE_FOREIGN.format(name=result.model.name))
    n_changed = sum(
        bool(item.evidence.sha256_after) and not item.evidence.is_unchanged for item in result.items
    )
    if n_changed:
        notices.append(w.NOTICE_CHANGED.format(items=count_text(n_changed, "item")))
    n_failed = sum(item.finding.verdict is Verdict.FAILED for item in result.items)
    if n_failed:
        notices.append(w.NOTICE_FAILED.format(items=count_text(n_failed, "item")))
    if not any(item.tracks for item in result.items):
        notices.append(w.NOTICE_LISTED)
    return tuple(notices)


def _summary_row(item: ItemResult, result: ScanResult) -> SummaryRow:
    finding = item.finding
    return SummaryRow(
        anchor=item_anchor(item),
        label=item_label(item, result.case),
        name=item_name(item),
        verdict=finding.verdict,
        words=w.VERDICT_WORDS[finding.verdict],
        score="" if finding.score is None else signed_text(finding.score),
        interval=interval_text(finding.interval),
        likelihood=likelihood_text(finding),
        faces=f"{len(item.tracks):,}" if item.tracks else "",
    )


def _request(result: ScanResult) -> Section:
    case = result.case
    values = (
        ("Case number", case.number, TextKind.NAME),
        ("Exhibit prefix", case.exhibit_prefix, TextKind.NAME),
        ("Requester", case.requester, TextKind.PROSE),
        ("Authority reference", case.authority, TextKind.PROSE),
        ("Question asked", case.question, TextKind.PROSE),
        ("Out of scope", case.out_of_scope, TextKind.PROSE),
        ("Notes", case.notes, TextKind.PROSE),
    )
    fields = tuple(Field(label, value or w.NOT_SUPPLIED, kind) for label, value, kind in values)
    return Section("request", w.REQUEST_TITLE, fields=fields)


def _people(result: ScanResult) -> Section:
    case = result.case
    values = (
        ("Examiner", case.examiner),
        ("Role", case.role),
        ("Laboratory", case.laboratory),
        ("Reviewer", case.reviewer),
    )
    fields = tuple(Field(label, value or w.NOT_SUPPLIED) for label, value in values)
    return Section("people", w.PEOPLE_TITLE, fields=fields)
