"""Scans a folder as a user does, in a process of its own, and looks at the evidence before and after."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pypdfium2

from forensic_cli.evidence.records import ScanResult, load_results
from forensic_cli.types import ItemResult

# Shorter than the program's own: what is tried here is small, so that a minute without progress is a hang.
STALL_S = 60


@dataclass(frozen=True)
class Entry:
    """One entry of a folder: its kind and rights, its size and time, and what it holds.

    Attributes:
        content: SHA-256 of a regular file, the target of a link, "" of anything else.
    """

    mode: int
    n_bytes: int
    mtime_ns: int
    content: str


def snapshot(folder: Path) -> dict[bytes, Entry]:
    """Every entry below a folder, folders too, by its path."""
    found = {}
    for path in folder.rglob("*"):
        status = path.lstat()
        content = ""
        if path.is_symlink():
            content = os.fspath(path.readlink())
        elif path.is_file():
            content = hashlib.sha256(path.read_bytes()).hexdigest()
        found[os.fsencode(path)] = Entry(status.st_mode, status.st_size, status.st_mtime_ns, content)
    return found


@dataclass(frozen=True)
class Scanned:
    """A scan that has ended, and the evidence before and after it."""

    evidence: Path
    out: Path
    report: Path
    exit_code: int
    stdout: str
    stderr: str
    seconds: float
    before: dict[bytes, Entry]
    after: dict[bytes, Entry]

    @property
    def result(self) -> ScanResult:
        """What was saved; `load_results` checks it against the manifest."""
        return load_results(self.out)

    def items(self) -> dict[str, ItemResult]:
        """The records, by the path below the evidence folder, or the whole one of what lies outside."""
        found = {}
        for item in self.result.items:
            path = Path(item.evidence.path)
            is_below = path.is_relative_to(self.evidence)
            found[os.fspath(path.relative_to(self.evidence) if is_below else path)] = item
        return found

    def report_text(self) -> str:
        """The words of the PDF, without any white space, which line breaks would scatter."""
        document = pypdfium2.PdfDocument(self.report)
        pages = [page.get_textpage().get_text_bounded() for page in document]
        return "".join("".join(pages).split())


def scan_program(evidence: Path, place: Path, *words: object, timeout_s: float = 3600) -> Scanned:
    """Runs `lae-forensics scan` on a folder, with a report.

    Args:
        evidence: the folder.
        place: where results and report go; also the working folder.
        words: further options and paths.

    Raises:
        subprocess.TimeoutExpired: the scan itself hangs.
    """
    report, out = place / "report.pdf", place / "report-results"
    command = [sys.executable, "-m", "forensic_cli.cli", "scan", os.fspath(evidence)]
    command += ["--report", os.fspath(report), "--max-stall", str(STALL_S), "--device", "cpu"]
    before = snapshot(evidence)
    begun = time.monotonic()
    done = subprocess.run(
        [*command, *(str(word) for word in words)],
        capture_output=True,
        cwd=place,
        timeout=timeout_s,
        check=False,
    )
    return Scanned(
        evidence,
        out,
        report,
        done.returncode,
        done.stdout.decode(),
        done.stderr.decode(),
        time.monotonic() - begun,
        before,
        snapshot(evidence),
    )
