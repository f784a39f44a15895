"""What a user sees while a scan runs."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from forensic_cli.cli.progress import Listener, LiveListener, PlainListener, make_listener
from forensic_cli.cli.summary import print_summary
from forensic_cli.types import Evidence, Finding, FrameCounts, ItemResult, TrackResult, Verdict


def item(verdict: Verdict = Verdict.LIKELY_FORGED, path: str = "/e/clip.mp4") -> ItemResult:
    return ItemResult(
        "0001",
        Evidence(path, 1, "", "a" * 64, "a" * 64),
        Finding(verdict, ("because",), 0.5 if verdict.is_analysed else None),
        counts=FrameCounts(10, 10, 4, 6, 0),
        tracks=(TrackResult(1, (), Finding(verdict, ())),) if verdict.is_analysed else (),
    )


def run(listener: Listener) -> None:
    with listener:
        listener.on_found(1)
        listener.on_item(1, Path("/e/clip.mp4"), 4)
        for _ in range(4):
            listener.on_frame(1)
        listener.on_result(item())
        listener.on_report(Path("out.pdf"))


def test_without_a_terminal_there_is_a_line_a_step(capsys: pytest.CaptureFixture[str]) -> None:
    run(PlainListener(as_json=False))
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "1 item found"
    assert lines[1] == "[1/1] clip.mp4: 4 frames to examine"
    assert lines[2].startswith("[1/1] likely forged, score +0.500 (4 frames in")
    assert lines[3] == "Drawing out.pdf"


def test_on_a_terminal_the_bar_shows_name_count_and_rate() -> None:
    screen = io.StringIO()
    listener = LiveListener(False, Console(file=screen, force_terminal=True, width=120, color_system=None))
    with listener:
        listener.on_found(3)
        listener.on_item(1, Path("/e/[bold]clip\u202e.mp4"), 4)
        listener.on_frame(1)
        listener._progress.refresh()
        shown = screen.getvalue()
    assert "[bold]clip\\u202e.mp4" in shown
    assert "1/4" in shown
    assert "0/3" in shown


def test_on_a_terminal_every_item_under_way_has_its_bar() -> None:
    screen = io.StringIO()
    listener = LiveListener(False, Console(file=screen, force_terminal=True, width=120, color_system=None))
    with listener:
        listener.on_found(3)
        listener.on_item(1, Path("/e/clip.mp4"), 4)
        listener.on_item(2, Path("/e/other.mp4"), 7)
        listener.on_frame(2)
        listener.on_frame(2)
        screen.truncate(0)
        listener._progress.refresh()
        both = screen.getvalue()
        listener.on_result(item())
        screen.truncate(0)
        listener._progress.refresh()
        left = screen.getvalue()
    assert all(text in both for text in ("clip.mp4", "0/4", "other.mp4", "2/7", "0/3"))
    assert "clip.mp4" not in left
    assert all(text in left for text in ("other.mp4", "1/3"))


def test_quiet_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    run(make_listener(as_json=False, quiet=True))
    assert capsys.readouterr() == ("", "")


def test_no_colour_is_used_when_the_user_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], card
) -> None:
    from tests.evidence.saved import result_of

    monkeypatch.setenv("FORCE_COLOR", "1")
    print_summary(result_of(card, item()), None, None)
    assert "\x1b[1;31m" in capsys.readouterr().err
    monkeypatch.setenv("NO_COLOR", "1")
    print_summary(result_of(card, item()), None, None)
    text = capsys.readouterr().err
    assert "\x1b[1;31m" not in text
    assert "\x1b[31m" not in text
    # The finding is legible without colour: a sign and a word.
    assert "▲ likely forged" in text


def test_every_verdict_has_its_own_sign_and_word() -> None:
    from forensic_cli.cli.words import VERDICT_SIGNS, VERDICT_STYLES, VERDICT_WORDS

    for table in (VERDICT_SIGNS, VERDICT_WORDS):
        assert set(table) == set(Verdict)
        assert len(set(table.values())) == len(Verdict)
    assert set(VERDICT_STYLES) == set(Verdict)


def test_the_sum_accounts_for_every_item(capsys: pytest.CaptureFixture[str], card) -> None:
    from tests.evidence.saved import result_of

    some = [item(v) for v in (Verdict.LIKELY_FORGED, Verdict.NO_FACE, Verdict.FAILED, Verdict.SKIPPED)]
    print_summary(result_of(card, *some), Path("r"), Path("r.pdf"))
    text = " ".join(capsys.readouterr().err.split())
    assert "1 analysed + 1 without a face + 1 skipped + 1 failed = 4 found" in text
