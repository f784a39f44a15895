"""The case as the examiner describes it. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath


@dataclass(frozen=True, slots=True)
class Transfer:
    """One hand-over of the evidence.

    Attributes:
        when_utc: ISO 8601, a date or a time in UTC.
        what: what was handed over, and how it was sealed.
    """

    when_utc: str = ""
    from_whom: str = ""
    to_whom: str = ""
    what: str = ""


@dataclass(frozen=True, slots=True)
class CaseItem:
    """What holds for one file and not for the whole case. An empty field takes the case's.

    Attributes:
        file: the file's name, or the end of its path from a folder on ("usb-1/clip.mp4"); it speaks of
            every item whose path ends with it.
        exhibit: the laboratory's or the court's own mark of the item.
    """

    file: str = ""
    exhibit: str = ""
    description: str = ""
    received_from: str = ""
    received_utc: str = ""
    original_or_copy: str = ""
    condition: str = ""

    def is_about(self, path: str) -> bool:
        """True where the path ends with `file`, folder by folder."""
        wanted, found = PurePath(self.file).parts, PurePath(path).parts
        return bool(wanted) and found[-len(wanted) :] == wanted


@dataclass(frozen=True, slots=True)
class Case:
    """The examiner's grouping. Empty fields are printed as "Not supplied".

    Attributes:
        exhibit_prefix: put before the item numbers.
        role: of the examiner.
        location: where the work was done, if not at the laboratory's address.
        authority: reference of the order or consent on which the work rests.
        received_utc: ISO 8601, a date or a time in UTC.
        condition: of the items when they were received.
        deviations: additions to, deviations from, or exclusions from the method.
        disposition: what becomes of the items.
        issued_utc: of the report; "" for the end of the scan.
    """

    number: str = ""
    exhibit_prefix: str = ""
    examiner: str = ""
    role: str = ""
    laboratory: str = ""
    laboratory_address: str = ""
    location: str = ""
    reviewer: str = ""
    requester: str = ""
    requester_contact: str = ""
    authority: str = ""
    question: str = ""
    out_of_scope: str = ""
    received_from: str = ""
    received_utc: str = ""
    original_or_copy: str = ""
    condition: str = ""
    deviations: str = ""
    disposition: str = ""
    notes: str = ""
    issued_utc: str = ""
    transfers: tuple[Transfer, ...] = ()
    items: tuple[CaseItem, ...] = ()

    def about(self, path: str) -> CaseItem:
        """What is known of the item at `path`: the first entry about it, completed from the case."""
        own = next((item for item in self.items if item.is_about(path)), CaseItem())
        return CaseItem(
            own.file,
            own.exhibit,
            own.description,
            own.received_from or self.received_from,
            own.received_utc or self.received_utc,
            own.original_or_copy or self.original_or_copy,
            own.condition or self.condition,
        )
