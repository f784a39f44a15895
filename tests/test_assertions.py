"""docs/assertions.md: every promise has a number and tests that exist, and the page is up to date."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scripts import assertions
from scripts.assertions import Promise, Result, load_promises, load_results, page, read_junit

PROMISES = load_promises()

JUNIT = """<?xml version="1.0" encoding="utf-8"?>
<testsuites><testsuite name="pytest" timestamp="2026-11-21T18:00:00.000000+00:00">
<testcase classname="tests.a.test_one" name="test_sound[a.png]" time="0.1"/>
<testcase classname="tests.a.test_one" name="test_sound[b.c]" time="0.1"/>
<testcase classname="tests.a.test_one" name="test_broken[1]" time="0.1"><failure message="x">y</failure></testcase>
<testcase classname="tests.a.test_one" name="test_broken[2]" time="0.1"/>
<testcase classname="tests.a.test_one" name="test_left_out"><skipped message="needs root"/></testcase>
<testcase classname="tests.a.test_one" name="test_partly[1]"><skipped message="needs root"/></testcase>
<testcase classname="tests.a.test_one" name="test_partly[2]"/>
<testcase classname="tests.test_top.TestKills" name="test_twice" time="2"/>
<testcase classname="tests.a.test_one" name="test_no_setup"><error message="in a fixture">z</error></testcase>
</testsuite></testsuites>
"""


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.number)
def test_every_promise_names_tests_that_exist(promise: Promise) -> None:
    assert promise.tests
    assert [test for test in promise.tests if not assertions.test_exists(test)] == []
    assert len(set(promise.tests)) == len(promise.tests)


def test_no_number_is_missing_or_given_twice() -> None:
    assert [promise.number for promise in PROMISES] == [f"EH-{n:02d}" for n in range(1, len(PROMISES) + 1)]


def test_promises_are_sentences_and_areas_are_together() -> None:
    sentences = [promise.sentence for promise in PROMISES]
    assert len(set(sentences)) == len(sentences)
    assert all(re.fullmatch(r"[A-Z\"`].*[.]", sentence) for sentence in sentences)
    assert not any("|" in sentence for sentence in sentences)
    areas = [promise.area for promise in PROMISES]
    changes = [area for n, area in enumerate(areas) if n == 0 or areas[n - 1] != area]
    assert len(changes) == len(set(areas))


def test_every_test_of_hostile_files_is_called_upon_by_a_promise() -> None:
    named = {test.partition("::")[0] for promise in PROMISES for test in promise.tests}
    files = {f"tests/hostile/{path.name}" for path in (Path(__file__).parent / "hostile").glob("test_*.py")}
    assert files <= named


def test_the_page_is_made_of_the_promises_and_the_known_results() -> None:
    assert assertions.PAGE.read_text(encoding="utf-8") == page(PROMISES, load_results()), (
        "run python scripts/assertions.py"
    )


def test_a_test_that_is_not_there_is_noticed() -> None:
    here = "tests/test_assertions.py"
    assert assertions.test_exists(f"{here}::test_a_test_that_is_not_there_is_noticed")
    assert assertions.test_exists("tests/pipeline/test_kill.py::TestWrites::test_at_some")
    for node in (
        f"{here}::test_that_nobody_wrote",
        "tests/test_nothing.py::test_a",
        here,
        "tests/pipeline/test_kill.py::test_at_some",
        "tests/pipeline/test_kill.py::TestWrites",
        f"{here}::page",
    ):
        assert not assertions.test_exists(node), node


def test_results_are_read_from_junit_with_their_parameters_put_together(tmp_path: Path) -> None:
    (tmp_path / "report.xml").write_text(JUNIT)
    found = read_junit(tmp_path / "report.xml", "abc1234")
    day = "2026-11-21"
    assert found == {
        "tests/a/test_one.py::test_sound": Result("passed", 2, 0, day, "abc1234"),
        "tests/a/test_one.py::test_broken": Result("failed", 2, 0, day, "abc1234"),
        "tests/a/test_one.py::test_left_out": Result("skipped", 1, 1, day, "abc1234"),
        "tests/a/test_one.py::test_partly": Result("passed", 2, 1, day, "abc1234"),
        "tests/test_top.py::TestKills::test_twice": Result("passed", 1, 0, day, "abc1234"),
        "tests/a/test_one.py::test_no_setup": Result("failed", 1, 0, day, "abc1234"),
    }


def test_what_was_not_run_reads_not_run_and_what_failed_failed() -> None:
    promise = Promise(
        "EH-01", "Area", "A promise.", ("tests/a.py::test_one", "tests/a.py::test_two", "tests/b.py::test_c")
    )
    results = {
        "tests/a.py::test_one": Result("passed", 3, 1, "2026-11-21", "abc1234"),
        "tests/a.py::test_two": Result("failed", 1, 0, "2026-11-20", "abc0000+"),
    }
    text = page([promise], results)
    assert (
        "| EH-01 | A promise. | `a.py::test_one` | passed (3 cases, 1 skipped), 2026-11-21, abc1234 |" in text
    )
    assert "|  |  | `a.py::test_two` | failed, 2026-11-20, abc0000+ |" in text
    assert "|  |  | `b.py::test_c` | not run |" in text
    assert "1 promises, 3 tests: 1 passed, 1 failed, 0 skipped, 1 not run." in text
