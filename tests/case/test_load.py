"""case.toml is read strictly: nothing is guessed, nothing is ignored, every fault is named at once."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensic_cli.case.final import FINAL_FIELDS, missing_for_final, require_complete
from forensic_cli.case.load import load_case
from forensic_cli.case.model import Case, CaseItem, Transfer
from forensic_cli.case.template import template
from forensic_cli.errors import UsageError

FULL = """
[case]
number = "17/2026"
question = '''
Was the face
altered?
'''
received_utc = 2026-11-19T10:00:00+01:00

[[transfers]]
when_utc = 2026-11-19
from_whom = "Store 2"
what = "One stick"

[[items]]
file = "usb/clip.mp4"
exhibit = "2.4.1"
received_from = "Witness A"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "case.toml"
    path.write_text(text, encoding="utf-8")
    return path


def faults(folder: Path, text: str) -> str:
    with pytest.raises(UsageError) as caught:
        load_case(write(folder, text))
    assert caught.value.hint
    return caught.value.message


def test_a_full_file_becomes_a_case(tmp_path: Path) -> None:
    case = load_case(write(tmp_path, FULL))
    assert (case.number, case.question) == ("17/2026", "Was the face\naltered?")
    assert case.received_utc == "2026-11-19T09:00:00Z"
    assert case.transfers == (Transfer("2026-11-19", "Store 2", "", "One stick"),)
    assert case.items[0].exhibit == "2.4.1"


def test_fields_may_stand_without_a_table(tmp_path: Path) -> None:
    assert load_case(write(tmp_path, 'number = "1"\n')).number == "1"


def test_an_item_takes_from_the_case_what_it_does_not_say_itself(tmp_path: Path) -> None:
    case = load_case(write(tmp_path, FULL))
    item = case.about("/media/usb/clip.mp4")
    assert (item.received_from, item.received_utc) == ("Witness A", "2026-11-19T09:00:00Z")
    assert case.about("/media/other/clip.mp4").received_from == ""
    assert case.about("/media/myusb/clip.mp4").exhibit == ""


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("examinor", "examiner"),
        ("Number", "number"),
        ("recieved_from", "received_from"),
        ("queston", "question"),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest_known_one(tmp_path: Path, typed: str, meant: str) -> None:
    assert f"Unknown key `{typed}`. Did you mean `{meant}`?" in faults(tmp_path, f'{typed} = "x"\n')


def test_a_key_like_no_other_brings_the_list(tmp_path: Path) -> None:
    assert "Known keys: number, exhibit_prefix" in faults(tmp_path, 'zzzzzz = "x"\n')


def test_every_fault_is_named_at_once(tmp_path: Path) -> None:
    text = faults(
        tmp_path,
        '[case]\nnumber = 17\nexaminor = "A"\nreceived_utc = "19.11.2026"\n'
        '[[transfers]]\nfrom = "x"\n[[items]]\nexhibit = "1"\n',
    )
    for part in (
        "has 5 faults",
        "`number` must be text in quotes",
        "`examinor`",
        "`received_utc` must be a date (2026-11-19)",
        "Unknown key `from` in transfers 1. Did you mean `from_whom`?",
        "`file` is missing in items 1",
    ):
        assert part in text, part


@pytest.mark.parametrize("value", ["2026-11-19T09:00:00", '"yesterday"', "17", "09:00:00", "true"])
def test_a_time_without_its_offset_or_meaning_is_refused(tmp_path: Path, value: str) -> None:
    assert "with its offset" in faults(tmp_path, f"received_utc = {value}\n")


@pytest.mark.parametrize(
    "text", ['[case]\nnumber = "1"\n[other]\nx = 1\n', 'transfers = "x"\n', "items = [1]\n", 'case = "x"\n']
)
def test_what_stands_in_the_wrong_place_is_a_fault(tmp_path: Path, text: str) -> None:
    assert "fault" in faults(tmp_path, text)


@pytest.mark.parametrize("content", [b"number = ", b"\xff\xfe", b'a = "b"\na = "c"\n'])
def test_a_file_that_is_no_toml_is_a_usage_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "case.toml").write_bytes(content)
    with pytest.raises(UsageError, match="not valid TOML"):
        load_case(tmp_path / "case.toml")


def test_a_missing_and_an_endless_file_are_usage_errors(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        load_case(tmp_path / "none.toml")
    (tmp_path / "case.toml").write_bytes(b"#" * 1_000_002)
    with pytest.raises(UsageError, match="larger than 1 MB"):
        load_case(tmp_path / "case.toml")


@given(st.datetimes(timezones=st.timezones(), min_value=datetime(1980, 1, 1), max_value=datetime(2100, 1, 1)))
def test_every_time_with_an_offset_is_kept_as_utc(
    tmp_path_factory: pytest.TempPathFactory, when: datetime
) -> None:
    path = write(
        tmp_path_factory.mktemp("case"), f'received_utc = "{when.replace(microsecond=0).isoformat()}"\n'
    )
    assert datetime.fromisoformat(load_case(path).received_utc) == when.replace(microsecond=0).astimezone(UTC)


def test_the_template_is_valid_and_supplies_nothing(tmp_path: Path) -> None:
    assert load_case(write(tmp_path, template())) == Case()


def test_the_template_shows_every_key_there_is(tmp_path: Path) -> None:
    lines = template().splitlines()
    first = next(n for n, line in enumerate(lines) if line == "# [[transfers]]")
    examples = [line.removeprefix("# ") for line in lines[first:] if " = " in line or "[[" in line]
    case = load_case(write(tmp_path, "\n".join([*lines[:first], *examples])))
    assert len(case.transfers) == len(case.items) == 1
    keys = {line.removeprefix("# ").partition(" = ")[0] for line in lines if " = " in line}
    for kind in (Case, Transfer, CaseItem):
        assert {entry.name for entry in fields(kind)} - {"transfers", "items"} <= keys, kind


def test_a_final_report_names_what_it_lacks() -> None:
    with pytest.raises(UsageError) as caught:
        require_complete(Case(number="1", examiner="  "))
    assert "number" not in caught.value.message
    assert set(FINAL_FIELDS) - {"number"} == set(
        caught.value.message.partition(": ")[2].rstrip(".").split(", ")
    )


def test_a_complete_case_may_be_final() -> None:
    case = Case(**dict.fromkeys(FINAL_FIELDS, "x"))
    assert missing_for_final(case) == ()
    require_complete(case)


def test_the_template_marks_what_a_final_report_needs() -> None:
    marked, comment, was_comment = set(), "", False
    for line in template().partition("[case]")[2].splitlines():
        if line.startswith("#"):
            comment = f"{comment} {line}" if was_comment else line
        elif " = " in line and "(final)" in comment:
            marked.add(line.partition(" = ")[0])
        was_comment = line.startswith("#")
    assert marked == set(FINAL_FIELDS)
