"""What a final report needs of the case.

ISO/IEC 17025:2017, 7.8.2.1 lists what each report shall include; what the program itself can say (the
method, the dates of the work, the results, that they relate only to the items tested) is not asked for
here. 7.8.1.1 wants a report reviewed and authorised before it is issued, hence the reviewer; the question
is the core of the request (SWGDE 18-Q-002). Both standards were read second-hand.
"""

from __future__ import annotations

from forensic_cli.case.model import Case
from forensic_cli.errors import UsageError

FINAL_FIELDS = {
    "number": "identification of the report, 7.8.2.1 d",
    "laboratory": "name of the laboratory, 7.8.2.1 b",
    "laboratory_address": "address of the laboratory, 7.8.2.1 b",
    "requester": "name of the customer, 7.8.2.1 e",
    "requester_contact": "contact of the customer, 7.8.2.1 e",
    "question": "the question asked, SWGDE 18-Q-002",
    "examiner": "who authorises the report, 7.8.2.1 o",
    "role": "function of who authorises the report, 7.8.2.1 o",
    "reviewer": "who reviewed the report, 7.8.1.1",
    "received_from": "origin of the items, 7.8.2.1 g",
    "received_utc": "date of receipt, 7.8.2.1 h",
    "original_or_copy": "description of the items, 7.8.2.1 g",
}


def missing_for_final(case: Case) -> tuple[str, ...]:
    """Names of the fields that a final report needs and the case does not supply."""
    return tuple(name for name in FINAL_FIELDS if not getattr(case, name).strip())


def require_complete(case: Case) -> None:
    """Refuses to call a report final while fields are missing.

    Raises:
        UsageError: names each of them.
    """
    missing = missing_for_final(case)
    if missing:
        raise UsageError(
            f"A final report needs case data that was not supplied: {', '.join(missing)}.",
            "Fill them in in case.toml (`lae-forensics case init` writes a template), or leave out --final.",
        )
