"""Kills scans with SIGKILL at random moments, resumes them, and counts the identical results.

    python scripts/kill_and_resume.py --kills 20
    python scripts/kill_and_resume.py --kills 5 --evidence ./folder -- --fps 1 --device cuda

Each kill is a batch of its own: `lae-forensics scan --report` in a process of its own, killed at a moment
drawn evenly from the time between the scan's first and last write, and resumed. Records, summary and
exhibits have to be those of an undisturbed scan byte for byte, SHA256SUMS and the audit chain have to hold,
and the report has to be there. The exit code is 0 where all of that is so for every kill.

Without --evidence the batch is made of the two sample clips: several copies, one cut short, and a text file.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import forensic_cli
from forensic_cli.evidence.past import read_past
from forensic_cli.evidence.records import load_results
from forensic_cli.provenance.audit import AUDIT_NAME, check_chain

SAMPLES = Path(forensic_cli.__file__).parent / "samples"
N_COPIES = 3


@dataclass(frozen=True)
class Attempt:
    """One kill: seconds after the first write, what was finished and running then, and what is wrong now."""

    moment_s: float
    n_finished: int
    running: str
    faults: tuple[str, ...]


def make_batch(folder: Path) -> Path:
    """Copies of the sample clips, one of them cut short, and a file that is no picture."""
    folder.mkdir()
    for number in range(1, N_COPIES + 1):
        for name in ("forged", "genuine"):
            content = (SAMPLES / f"{name}.mp4").read_bytes()
            (folder / f"{number}-{name}.mp4").write_bytes(content)
    (folder / "4-cut-short.mp4").write_bytes((SAMPLES / "forged.mp4").read_bytes()[:20_000])
    (folder / "5-notes.txt").write_text("Nothing to see.")
    return folder


def start(*words: object) -> subprocess.Popen[bytes]:
    """Runs the program quietly in a process of its own."""
    command = [sys.executable, "-m", "forensic_cli.cli", "scan", *map(str, words), "--quiet"]
    return subprocess.Popen(command, stderr=subprocess.PIPE)


def scan(evidence: Path, folder: Path, options: list[str]) -> subprocess.Popen[bytes]:
    """Starts the scan that is to be killed, or not."""
    return start(evidence, "--out", folder / "results", "--report", folder / "report.pdf", *options)


def wait_for_beginning(process: subprocess.Popen[bytes], folder: Path) -> float:
    """Waits until the audit log is there; returns the time."""
    while not (folder / "results" / AUDIT_NAME).exists():
        if process.poll() is not None:
            assert process.stderr is not None
            sys.exit(f"The scan ended before it began:\n{process.stderr.read().decode()}")
        time.sleep(0.005)
    return time.monotonic()


def outcome(folder: Path) -> dict[str, str]:
    """The hash of every file that has to be the same."""
    results = folder / "results"
    files = [results / "results.jsonl", results / "summary.csv", *sorted((results / "exhibits").glob("*"))]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files if path.is_file()}


def faults_of(folder: Path, expected: dict[str, str], code: int, expected_code: int) -> list[str]:
    """What is wrong with a folder of resumed results."""
    results = folder / "results"
    found = outcome(folder)
    faults = [name for name in sorted({*found, *expected}) if found.get(name) != expected.get(name)]
    faults = [f"{name} differs" for name in faults]
    if code != expected_code:
        faults.append(f"exit code {code} instead of {expected_code}")
    faults += check_chain(results / AUDIT_NAME).faults
    for line in (
        (results / "SHA256SUMS").read_text().splitlines() if (results / "SHA256SUMS").exists() else [""]
    ):
        sha256, _, name = line.partition("  ")
        if not name or hashlib.sha256((results / name).read_bytes()).hexdigest() != sha256:
            faults.append(f"SHA256SUMS does not hold: {name or 'it is missing'}")
    if not (folder / "report.pdf").is_file():
        faults.append("no report")
    return faults


def attempt(
    evidence: Path, folder: Path, options: list[str], moment_s: float, expected: dict[str, str], code: int
) -> Attempt | None:
    """Kills one scan at a moment and resumes it; None where the scan had ended before."""
    folder.mkdir()
    process = scan(evidence, folder, options)
    begun = wait_for_beginning(process, folder)
    time.sleep(max(0.0, begun + moment_s - time.monotonic()))
    if process.poll() is not None:
        return None
    process.kill()
    process.wait()
    past = read_past(folder / "results")
    running = [stopped.item for stopped in past.stopped]
    # Killed between the last write and the end of the process: there is nothing left to do.
    had_finished = past.is_complete and (folder / "report.pdf").is_file()
    resumed = start("--resume", folder / "results")
    _, errors = resumed.communicate()
    faults = faults_of(folder, expected, resumed.returncode, 0 if had_finished else code)
    if faults:
        faults.append(errors.decode(errors="replace")[-500:])
    elif past.stopped and not past.is_complete:
        named = [stopped.item for stopped in load_results(folder / "results").run.resumptions[-1].stopped]
        faults += [] if named == running else ["the running items are not those that are named"]
    return Attempt(moment_s, len(past.done), ", ".join(running) or "none", tuple(faults))


def main() -> int:
    """Runs the batch once undisturbed, then once for each kill."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=20200, help="of the moments")
    parser.add_argument("--evidence", type=Path, help="a folder to scan instead of the sample clips")
    parser.add_argument("options", nargs="*", help="options of `lae-forensics scan`, after --")
    given = parser.parse_args()
    options = given.options or ["--frames", "6"]
    moments = random.Random(given.seed)
    done: list[Attempt] = []
    with tempfile.TemporaryDirectory(prefix="kill-and-resume-") as name:
        work = Path(name)
        evidence = given.evidence.resolve() if given.evidence else make_batch(work / "evidence")
        (work / "undisturbed").mkdir()
        process = scan(evidence, work / "undisturbed", options)
        begun = wait_for_beginning(process, work / "undisturbed")
        code = process.wait()
        length_s = time.monotonic() - begun
        expected = outcome(work / "undisturbed")
        n_items = len(load_results(work / "undisturbed" / "results").items)
        print(
            f"Undisturbed: {n_items} items in {length_s:.1f} s, exit code {code}, {len(expected)} files compared"
        )
        number = 0
        while len(done) < given.kills:
            number += 1
            one = attempt(
                evidence, work / f"{number:03d}", options, moments.uniform(0, length_s), expected, code
            )
            if one is None:
                continue
            done.append(one)
            state = "; ".join(one.faults) or "identical"
            print(
                f"Kill {len(done):2}: after {one.moment_s:6.2f} s, {one.n_finished} finished, "
                f"running {one.running}: {state}",
                flush=True,
            )
    n_identical = sum(not one.faults for one in done)
    print(f"{n_identical} of {len(done)} resumed scans ended with identical results")
    return int(n_identical != len(done))


if __name__ == "__main__":
    sys.exit(main())
