"""Writes docs/assertions.md: the numbered promises, the tests that hold each, and their last results.

    python -m pytest --junit-xml report.xml; python scripts/assertions.py --junit report.xml
    python -m pytest -m slow --junit-xml slow.xml; python scripts/assertions.py --junit slow.xml
    python scripts/assertions.py --run    # only the tests that are named, slow ones too
    python scripts/assertions.py          # the page anew, with the results that are known

The promises are in docs/assertions.toml. Results are kept, a test each, in docs/assertions-results.json, so
that a run of one part leaves those of the others, with their own date and commit. A test that was never run
reads "not run". Exits 1 where a test is named that does not exist, or where one has failed.
"""

from __future__ import annotations

import argparse
import ast
import json
import subprocess
import sys
import tempfile
import tomllib
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
PROMISES = ROOT / "docs" / "assertions.toml"
RESULTS = ROOT / "docs" / "assertions-results.json"
PAGE = ROOT / "docs" / "assertions.md"


@dataclass(frozen=True)
class Promise:
    """One assertion.

    Attributes:
        number: "EH-01" and so on.
        tests: as pytest names them, without parameters.
    """

    number: str
    area: str
    sentence: str
    tests: tuple[str, ...]


@dataclass(frozen=True)
class Result:
    """The last run of one test.

    Attributes:
        outcome: "passed", "failed" or "skipped".
        n_cases: how often it ran, with different parameters.
        n_skipped: how many of these were skipped.
        date: of the run, YYYY-MM-DD.
        commit: the run was of; with "+" where files had changed since.
    """

    outcome: str
    n_cases: int
    n_skipped: int
    date: str
    commit: str

    @property
    def words(self) -> str:
        """For the table."""
        skipped = f", {self.n_skipped} skipped" if self.n_skipped and self.outcome != "skipped" else ""
        cases = f" ({self.n_cases} cases{skipped})" if self.n_cases > 1 else ""
        return f"{self.outcome}{cases}, {self.date}, {self.commit}"


def load_promises(path: Path = PROMISES) -> list[Promise]:
    """Reads the promises."""
    with path.open("rb") as file:
        entries = tomllib.load(file)["promise"]
    return [Promise(**{**entry, "tests": tuple(entry["tests"])}) for entry in entries]


def load_results(path: Path = RESULTS) -> dict[str, Result]:
    """Reads what is known of each test."""
    if not path.exists():
        return {}
    return {name: Result(**entry) for name, entry in json.loads(path.read_text()).items()}


def test_exists(node: str) -> bool:
    """Whether a test file defines this function, in this class where one is named."""
    name, *inner = node.split("::")
    path = ROOT / name
    if not path.is_file():
        return False
    body: list[ast.stmt] = ast.parse(path.read_text(encoding="utf-8")).body
    for part in inner:
        found = [
            entry
            for entry in body
            if isinstance(entry, ast.FunctionDef | ast.ClassDef) and entry.name == part
        ]
        if not found:
            return False
        body = found[0].body
    return bool(inner) and inner[-1].startswith("test_")


def read_junit(path: Path, commit: str) -> dict[str, Result]:
    """The results of every test that a JUnit file of pytest's tells of; parameters are put together."""
    cases: dict[str, list[str]] = defaultdict(list)
    dates: dict[str, str] = {}
    for suite in ElementTree.parse(path).getroot().iter("testsuite"):
        for case in suite.iter("testcase"):
            node = _node(case.get("classname", ""), case.get("name", "").partition("[")[0])
            outcomes = {child.tag for child in case}
            is_failed = bool(outcomes & {"failure", "error"})
            cases[node].append("failed" if is_failed else "skipped" if "skipped" in outcomes else "passed")
            dates[node] = suite.get("timestamp", "")[:10]
    return {
        node: Result(
            next(word for word in ("failed", "passed", "skipped") if word in outcomes),
            len(outcomes),
            outcomes.count("skipped"),
            dates[node],
            commit,
        )
        for node, outcomes in cases.items()
    }


def _node(class_name: str, name: str) -> str:
    """The name that pytest takes, of the dotted one that it writes."""
    parts = class_name.split(".")
    n_of_file = next((n for n in range(len(parts), 0, -1) if parts[n - 1].startswith("test_")), len(parts))
    return "::".join([f"{'/'.join(parts[:n_of_file])}.py", *parts[n_of_file:], name])


def page(promises: list[Promise], results: dict[str, Result]) -> str:
    """The Markdown of docs/assertions.md."""
    tests = {test for promise in promises for test in promise.tests}
    known = [results[test] for test in tests if test in results]
    counted = ", ".join(
        f"{sum(result.outcome == word for result in known)} {word}"
        for word in ("passed", "failed", "skipped")
    )
    lines = [
        "# What the program promises, and the tests that hold it to it",
        "",
        "Made by `python scripts/assertions.py` of `assertions.toml`; not to be edited. A result is that of the last",
        "run that its test was part of, with the date and the commit; `+` after a commit: with changes not yet",
        'committed. "Not run" is what has not been run since the page is kept, slow tests as a rule.',
        "",
        f"{len(promises)} promises, {len(tests)} tests: {counted}, {len(tests) - len(known)} not run.",
    ]
    area = ""
    for promise in promises:
        if promise.area != area:
            area = promise.area
            lines += ["", f"## {area}", "", "| number | promise | test | last result |", "|---|---|---|---|"]
        for n, test in enumerate(promise.tests):
            shown = results[test].words if test in results else "not run"
            number, sentence = (promise.number, promise.sentence) if n == 0 else ("", "")
            lines.append(f"| {number} | {sentence} | `{test.removeprefix('tests/')}` | {shown} |")
    return "\n".join(lines) + "\n"


def current_commit() -> str:
    """The commit of the working tree, with "+" where tracked files differ from it."""
    commit = subprocess.check_output(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, text=True).strip()
    status = ["git", "status", "--porcelain", "--untracked-files=no"]
    return commit + ("+" if subprocess.check_output(status, cwd=ROOT, text=True).strip() else "")


def run_tests(tests: list[str], target: Path) -> None:
    """Runs the tests, slow ones too, whatever comes of them."""
    command = [sys.executable, "-m", "pytest", "-q", "-m", "not gpu", f"--junit-xml={target}", *tests]
    subprocess.run(command, cwd=ROOT, check=False)


def main() -> int:
    """Takes up new results, if there are any, and writes the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--junit", type=Path, action="append", default=[], help="of a run; may be repeated")
    parser.add_argument("--run", action="store_true", help="run the tests that are named")
    parser.add_argument("--commit", help="that the JUnit file is of; by default the working tree's")
    given = parser.parse_args()
    promises = load_promises()
    named = sorted({test for promise in promises for test in promise.tests})
    missing = [test for test in named if not test_exists(test)]
    if missing:
        print("These tests do not exist:", *missing, sep="\n  ")
        return 1
    results = {name: result for name, result in load_results().items() if name in named}
    with tempfile.TemporaryDirectory() as folder:
        files = list(given.junit)
        if given.run:
            files.append(Path(folder) / "report.xml")
            run_tests(named, files[-1])
        for file in files:
            found = read_junit(file, given.commit or current_commit())
            results |= {name: result for name, result in found.items() if name in named}
    stored = {name: asdict(result) for name, result in sorted(results.items())}
    RESULTS.write_text(json.dumps(stored, indent=1) + "\n")
    PAGE.write_text(page(promises, results), encoding="utf-8")
    failed = [name for name, result in results.items() if result.outcome == "failed"]
    print(
        f"{PAGE.relative_to(ROOT)}: {len(promises)} promises, {len(results)} of {len(named)} tests have a result"
    )
    if failed:
        print("Failed:", *failed, sep="\n  ")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
