"""case.toml: strictly read, every fault named at once."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from forensic_cli.case.model import Case, CaseItem, Transfer
from forensic_cli.errors import UsageError

_MAX_FILE_BYTES = 1_000_000
_TIMES = {"received_utc", "issued_utc", "when_utc"}
_LISTS: dict[str, type[Transfer] | type[CaseItem]] = {"transfers": Transfer, "items": CaseItem}


def load_case(path: Path) -> Case:
    """Reads a case file: the fields of `Case`, flat or below [case], and its [[transfers]] and [[items]].

    Raises:
        UsageError: the file cannot be read, is no TOML, or has faults; the message names each of them.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_FILE_BYTES + 1)
    except OSError as error:
        raise UsageError(
            f"The case file {path} cannot be read: {error.strerror}.",
            "Check --case; `lae-forensics case init` writes a template.",
        ) from error
    if len(content) > _MAX_FILE_BYTES:
        raise UsageError(f"The case file {path} is larger than 1 MB.", "Give the TOML file of the case.")
    try:
        document = tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"The case file {path} is not valid TOML: {error}.", "Mend that line.") from error
    reader = _Reader()
    case = reader.case(document)
    if reader.faults:
        raise UsageError(
            f"The case file {path} has {_count(len(reader.faults))}: {' '.join(reader.faults)}",
            "Mend them and try `lae-forensics case check`; `lae-forensics case init` shows every key.",
        )
    return case


def _count(n_faults: int) -> str:
    return "a fault" if n_faults == 1 else f"{n_faults} faults"


class _Reader:
    """Turns a TOML document into a `Case` and collects what is wrong with it, as sentences."""

    def __init__(self) -> None:
        self.faults: list[str] = []

    def case(self, document: Mapping[str, Any]) -> Case:
        rest = dict(document)
        if isinstance(rest.get("case"), dict):
            table = rest.pop("case")
            for name in sorted(set(rest) - set(_LISTS)):
                self.faults.append(f"`{name}` stands outside [case]; move it below.")
            table = {**table, **{name: rest[name] for name in _LISTS if name in rest}}
        else:
            table = rest
        values = self._fields(table, Case, "")
        for name, kind in _LISTS.items():
            values[name] = self._entries(table.get(name, []), kind, name)
        return Case(**values)

    def _entries(self, entries: Any, kind: type[Transfer] | type[CaseItem], name: str) -> tuple[Any, ...]:
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            self.faults.append(f"`{name}` must be written as tables, each under [[{name}]].")
            return ()
        made = []
        for number, entry in enumerate(entries, 1):
            where = f" in {name} {number}"
            made.append(kind(**self._fields(entry, kind, where)))
            if kind is CaseItem and not entry.get("file"):
                self.faults.append(f"`file` is missing{where}: it says which item is meant.")
        return tuple(made)

    def _fields(self, table: Mapping[str, Any], kind: type, where: str) -> dict[str, Any]:
        known = [entry.name for entry in fields(kind)]
        values = {}
        for name, value in table.items():
            if name in _LISTS and kind is Case:
                continue
            if name not in known:
                self.faults.append(f"Unknown key `{name}`{where}.{_suggestion(name, known)}")
            elif name in _TIMES:
                values[name] = self._moment(name, value, where)
            elif isinstance(value, str):
                values[name] = value.strip()
            else:
                self.faults.append(f'`{name}`{where} must be text in quotes, for example {name} = "...".')
        return values

    def _moment(self, name: str, value: object, where: str) -> str:
        try:
            return _utc(value)
        except ValueError:
            self.faults.append(
                f"`{name}`{where} must be a date (2026-11-19) or a time with its offset "
                "(2026-11-19T09:00:00Z, 2026-11-19T10:00:00+01:00)."
            )
            return ""


def _suggestion(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    return f" Did you mean `{near[0]}`?" if near else f" Known keys: {', '.join(known)}."


def _utc(value: object) -> str:
    """A date, or a time in UTC, as ISO 8601; "" stays empty.

    Raises:
        ValueError: it is neither, or a time of which nobody knows in which zone it holds.
    """
    if isinstance(value, str):
        text = value.strip()
        if not text:
            return ""
        try:
            value = date.fromisoformat(text)
        except ValueError:
            value = datetime.fromisoformat(text)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("a time without an offset")
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    raise ValueError("neither a date nor a time")
