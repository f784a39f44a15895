"""From a scan's results to what the report says. No drawing, no file is opened."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

from forensic_cli.case.final import require_complete
from forensic_cli.evidence.records import ScanResult, to_jsonable
from forensic_cli.report.build_item import build_item, build_listed, item_label
from forensic_cli.report.build_likelihood import (
    build_calibration,
    build_opinion,
    calibration_lines,
    calibration_rows,
)
from forensic_cli.report.build_limitations import build_card_limitations, build_limitations
from forensic_cli.report.build_method import build_glossary, build_method
from forensic_cli.report.build_model import build_error_note, build_error_tables, build_model
from forensic_cli.report.build_request import build_custody, build_people, build_request
from forensic_cli.report.build_run import (
    build_command,
    build_conditions,
    build_parameters,
    build_repeat,
    build_resumptions,
    build_tool,
)
from forensic_cli.report.build_summary import build_summary
from forensic_cli.report.form import DRAFT, ReportForm
from forensic_cli.report.formats import parse_utc
from forensic_cli.report.language import Language
from forensic_cli.report.model import Head, ReportModel


def build_report(result: ScanResult, results_dir: Path, form: ReportForm = DRAFT) -> ReportModel:
    """Says everything that the report says.

    The issue time is the one of the case data, or the end of the scan, so that the same results give the
    same report whenever and wherever it is drawn.

    Args:
        result: of one scan.
        results_dir: the folder below which the exhibits lie.
        form: language, draft or final.

    Raises:
        UsageError: a final report lacks case data.
        VerificationError: a time in the results is no time, or an exhibit's name leads out of
            `results_dir`.
    """
    if form.is_final:
        require_complete(result.case)
    lang = Language(form.language)
    head = _head(result, form, lang)
    return ReportModel(
        language=lang,
        head=head,
        summary=build_summary(result, head, lang),
        request=build_request(result.case, lang),
        people=build_people(result.case, lang),
        items=tuple(build_item(item, result, results_dir, lang) for item in result.items if item.tracks),
        listed=tuple(build_listed(item, result, lang) for item in result.items if not item.tracks),
        method=build_method(result, lang),
        opinion=build_opinion(result, lang),
        limitations=build_limitations(result.model, lang),
        card_limitations=build_card_limitations(result.model, lang),
        model=build_model(result.model, lang),
        error_tables=build_error_tables(result.model, lang),
        error_note=build_error_note(result.model, lang),
        calibration=build_calibration(result.model.calibration, lang),
        calibration_lines=calibration_lines(result.model.calibration, lang),
        calibration_rows=calibration_rows(result.model.calibration, lang),
        tool=build_tool(result.run, lang),
        resumptions=build_resumptions(result.run, lang),
        parameters=build_parameters(result, lang),
        repeat=build_repeat(result.run, lang),
        command=build_command(result.run, lang),
        custody=build_custody(result, lang),
        glossary=build_glossary(result.model.calibration is not None, lang),
        conditions=build_conditions(result.case, lang),
        attention_top=result.model.attention_scale,
        attention_note=lang.say("pictures.scale_note", cells=str(result.model.map_side)),
    )


def _head(result: ScanResult, form: ReportForm, lang: Language) -> Head:
    case, run = result.case, result.run
    # A scan that was killed has no end; its start is then the one time that is known.
    issued_utc = case.issued_utc or run.finished_utc or run.started_utc
    number = case.number.strip() or lang.say("common.not_supplied")
    return Head(
        report_id=report_id(result, form),
        case_number=number,
        case=lang.say("head.case", number=number),
        items=_items(result, lang),
        status=lang.say("head.status_final" if form.is_final else "head.status_draft"),
        watermark="" if form.is_final else lang.say("head.watermark"),
        issued=lang.moment(issued_utc),
        issued_epoch_s=int(parse_utc(issued_utc).timestamp()),
        title=lang.say("head.title"),
        subject=lang.say("head.subject", case=number),
        author=case.laboratory or lang.say("common.not_supplied"),
        creator=f"lae-forensics {run.tool_version}",
        is_final=form.is_final,
    )


def report_id(result: ScanResult, form: ReportForm) -> str:
    """UUID of the report: another one for another language, draft or final, or other case data.

    It is a name-based UUID (RFC 9562, version 5) of what the report is drawn from, so that the same
    report has the same number whenever it is drawn.
    """
    name = {
        "scan": result.run.run_id,
        "audit_head_sha256": result.audit_head_sha256,
        "case": to_jsonable(result.case),
        "language": form.language,
        "is_final": form.is_final,
    }
    return str(uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(name, sort_keys=True)))


def _items(result: ScanResult, lang: Language) -> str:
    """Which items the report is about, for the pages that are about all of them."""
    labels = [item_label(item, result.case) for item in result.items]
    if not labels:
        return ""
    if len(labels) == 1:
        return lang.say("head.item", label=labels[0])
    return lang.say("head.items", first=labels[0], last=labels[-1])
