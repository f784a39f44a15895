"""What was checked, what was not, and how it ended: the rows that `verify` prints."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CheckState(StrEnum):
    """How a check ended."""

    HOLDS = "holds"
    FAULT = "fault"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at, or could not be.

    Attributes:
        area: "evidence", "results", "exhibits", "hashes", "audit log", "report", "signature",
            "time stamp", "attachments", "weights" or "repetition".
        subject: the file, item or certificate in question.
        claim: what was to be shown, as a statement that holds or does not.
        state: how it ended.
        detail: what was found, or why it was not checked; "" where the claim says it all.
    """

    area: str
    subject: str
    claim: str
    state: CheckState
    detail: str = ""

    @classmethod
    def of(cls, area: str, subject: str, claim: str, does_hold: bool, detail: str = "") -> Check:
        """A check that was made; `detail` says what was found where it does not hold."""
        if does_hold:
            return cls(area, subject, claim, CheckState.HOLDS)
        return cls(area, subject, claim, CheckState.FAULT, detail)

    @classmethod
    def fault(cls, area: str, subject: str, claim: str, detail: str) -> Check:
        """A check that failed."""
        return cls(area, subject, claim, CheckState.FAULT, detail)

    @classmethod
    def holds(cls, area: str, subject: str, claim: str, detail: str = "") -> Check:
        """A check that succeeded, with something worth saying about it."""
        return cls(area, subject, claim, CheckState.HOLDS, detail)

    @classmethod
    def not_made(cls, area: str, subject: str, claim: str, reason: str) -> Check:
        """A check that could not be made, and why."""
        return cls(area, subject, claim, CheckState.NOT_CHECKED, reason)
