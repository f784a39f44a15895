"""Facts that may not come out: who gives up, why, and where it is noted."""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from forensic_cli.factsheet import NotDetermined, Reason

logger = logging.getLogger(__name__)
Fact = TypeVar("Fact")


class UndeterminedError(Exception):
    """A fact cannot be told.

    Args:
        reason: of the stable list.
        detail: what exactly was met.
    """

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(detail or reason.value)
        self.reason, self.detail = reason, detail


class Deadline:
    """The time after which facts are given up, so that one slow file does not cost the others.

    It is far above what the caps on sizes and counts need, so that results do not depend on the machine.

    Args:
        limit_s: from now.
    """

    def __init__(self, limit_s: float) -> None:
        self.limit_s = limit_s
        self._end_s = time.monotonic() + limit_s

    def check(self) -> None:
        """Gives up when the time is over.

        Raises:
            UndeterminedError: with the reason TIME_LIMIT.
        """
        if time.monotonic() > self._end_s:
            raise UndeterminedError(Reason.TIME_LIMIT, f"more than {self.limit_s:g} s")


class Notes:
    """What was not determined in one file."""

    def __init__(self) -> None:
        self._entries: list[NotDetermined] = []

    @property
    def entries(self) -> tuple[NotDetermined, ...]:
        """So far, in the order in which they were met."""
        return tuple(self._entries)

    def add(self, fact: str, reason: Reason, detail: str = "") -> None:
        """Notes that `fact`, a path into the factsheet, is missing."""
        self._entries.append(NotDetermined(fact, reason, detail))

    def attempt(self, fact: str, find: Callable[[], Fact]) -> Fact | None:
        """Calls `find`; what it gives up on, or fails at, is noted, and None returned."""
        try:
            return find()
        except UndeterminedError as error:
            self.add(fact, error.reason, error.detail)
        except MemoryError:
            self.add(fact, Reason.CAP, "more memory was needed than there is")
        except Exception as error:
            # A fact beside the score: a defect that one file provokes must not cost the item.
            logger.exception("defect while determining %s", fact)
            last = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{Path(last.filename).name}, line {last.lineno}"
            self.add(fact, Reason.DEFECT, f"{type(error).__name__} in {place}")
        return None
