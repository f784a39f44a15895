"""What the case data say: the request, the people, the custody of the items."""

from __future__ import annotations

import re

from forensic_cli.case.model import Case, CaseItem, Transfer
from forensic_cli.evidence.records import ScanResult
from forensic_cli.report.language import Language
from forensic_cli.report.model import Field, Section, TextKind

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?")


def build_request(case: Case, lang: Language) -> Section:
    """Who asked what, and what was left out."""
    values = (
        (lang.say("request.number"), case.number, TextKind.NAME),
        (lang.say("request.exhibit_prefix"), case.exhibit_prefix, TextKind.NAME),
        (lang.say("request.requester"), case.requester, TextKind.PROSE),
        (lang.say("request.requester_contact"), case.requester_contact, TextKind.PROSE),
        (lang.say("request.authority"), case.authority, TextKind.PROSE),
        (lang.say("request.question"), case.question, TextKind.PROSE),
        (lang.say("request.out_of_scope"), case.out_of_scope, TextKind.PROSE),
        (lang.say("request.deviations"), case.deviations, TextKind.PROSE),
        (lang.say("request.notes"), case.notes, TextKind.PROSE),
    )
    absent = lang.say("common.not_supplied")
    fields = tuple(Field(label, value or absent, kind) for label, value, kind in values)
    return Section("request", lang.say("request.title"), fields=fields)


def build_people(case: Case, lang: Language) -> Section:
    """Who answers for the report; the drawing leaves space for signatures."""
    values = (
        (lang.say("people.examiner"), case.examiner),
        (lang.say("people.role"), case.role),
        (lang.say("people.laboratory"), case.laboratory),
        (lang.say("people.laboratory_address"), case.laboratory_address),
        (lang.say("people.location"), case.location),
        (lang.say("people.reviewer"), case.reviewer),
    )
    absent = lang.say("common.not_supplied")
    fields = tuple(Field(label, value or absent) for label, value in values)
    return Section("people", lang.say("people.title"), fields=fields)


def build_custody(result: ScanResult, lang: Language) -> Section:
    """Receipt, transfers, disposition, and the audit log's head hash."""
    case, absent = result.case, lang.say("common.not_supplied")
    transfers = tuple(
        Field(lang.say("custody.transfer", n=lang.number(number)), _transfer(transfer, lang))
        for number, transfer in enumerate(case.transfers, 1)
    )
    head = Field(
        lang.say("custody.audit_head"),
        result.audit_head_sha256 or lang.say("common.not_recorded"),
        TextKind.MONO if result.audit_head_sha256 else TextKind.PROSE,
    )
    fields = (
        Field(lang.say("custody.received"), received(case.about(""), lang)),
        Field(lang.say("custody.original_or_copy"), case.original_or_copy or absent),
        Field(lang.say("custody.condition"), case.condition or absent),
        *(transfers or (Field(lang.say("custody.transfers"), absent),)),
        Field(lang.say("custody.disposition"), case.disposition or absent),
        head,
        Field(lang.say("custody.time_stamp"), lang.say("custody.time_stamp_none")),
    )
    return Section("custody", lang.say("custody.title"), fields=fields)


def received(item: CaseItem, lang: Language) -> str:
    """From whom an item came, and when, as the examiner gave it."""
    parts = (item.received_from, moment_or_text(item.received_utc, lang))
    return ", ".join(filter(None, parts)) or lang.say("common.not_supplied")


def moment_or_text(text: str, lang: Language) -> str:
    """A date or time as the language writes it; anything else that was supplied as it is."""
    return lang.moment(text) if _ISO.fullmatch(text) else text


def _transfer(transfer: Transfer, lang: Language) -> str:
    absent = lang.say("common.not_supplied")
    return lang.say(
        "custody.transfer_text",
        when=moment_or_text(transfer.when_utc, lang) or absent,
        from_whom=transfer.from_whom or absent,
        to_whom=transfer.to_whom or absent,
        what=transfer.what or absent,
    )
