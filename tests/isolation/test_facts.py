"""Media facts are read in a worker of their own, and whatever happens to it costs nothing but them."""

from __future__ import annotations

import json
import signal
import socket
import struct
import sys
from pathlib import Path

import pytest

from forensic_cli.config import IsolationSettings
from forensic_cli.errors import MediaError
from forensic_cli.evidence.records import to_jsonable
from forensic_cli.factsheet import CredentialState, Factsheet, Reason, unread_factsheet
from forensic_cli.isolation import host
from forensic_cli.isolation.facts import receive_facts
from forensic_cli.isolation.isolated import IsolatedReader
from forensic_cli.isolation.messages import Channel, Kind, MessageError
from forensic_cli.isolation.remote import OverdueError, StalledError
from forensic_cli.isolation.stream import DirectReader, FaceReader
from forensic_cli.provenance.files import open_read_only
from tests.isolation.material import (
    CLIP,
    MANY_FRAMES,
    N_MANY,
    children,
    half_read,
    isolated,
    read_and_signal,
    read_with,
    reading,
)

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes through /proc")


def facts_with(reader: FaceReader, path: Path) -> Factsheet | None:
    with open_read_only(path) as file, reader.media_facts(file, path.name) as facts:
        return facts()


def test_facts_from_a_worker_are_those_of_this_process() -> None:
    with isolated(reading()) as reader:
        facts = facts_with(reader, CLIP)
    assert facts is not None
    assert facts.frames is not None
    assert facts.frames.n_frames == 125
    assert facts.credentials.state is CredentialState.NONE_FOUND
    assert facts == facts_with(DirectReader(reading()), CLIP)


@on_linux
def test_facts_are_read_beside_the_faces_before_anybody_asks_for_them() -> None:
    with (
        isolated(reading(MANY_FRAMES)) as reader,
        open_read_only(CLIP) as file,
        reader.media_facts(file, CLIP.name) as facts,
    ):
        with half_read(reader, CLIP) as (stream, frames, _):
            assert 1 + len(list(frames)) == N_MANY
            assert stream.counts.n_used == N_MANY
        assert reader.nursery_pid is not None
        assert children(reader.nursery_pid) == []
        assert facts() == facts_with(DirectReader(reading()), CLIP)


@on_linux
def test_facts_that_nobody_asks_for_cost_neither_nursery_nor_process() -> None:
    with isolated(reading()) as reader:
        reader.prepare()
        nursery = reader.nursery_pid
        assert nursery is not None
        for _ in range(3):
            with open_read_only(CLIP) as file, reader.media_facts(file, CLIP.name):
                pass
            assert reader.nursery_pid == nursery
            assert children(nursery) == []
        assert facts_with(reader, CLIP) is not None


@on_linux
def test_facts_are_read_again_where_the_worker_beside_them_took_the_nursery_along() -> None:
    with (
        isolated(reading(MANY_FRAMES), IsolationSettings(stall_s=3.0)) as reader,
        open_read_only(CLIP) as file,
        reader.media_facts(file, CLIP.name) as facts,
    ):
        with pytest.raises(MediaError, match="no progress"):
            read_and_signal(reader, signal.SIGSTOP)
        assert reader.nursery_pid is None
        assert facts() == facts_with(DirectReader(reading()), CLIP)


def test_a_nursery_that_makes_one_worker_of_itself_reads_facts_when_asked() -> None:
    reader = IsolatedReader(reading(), IsolationSettings(), forks=False)
    try:
        with open_read_only(CLIP) as file, reader.media_facts(file, CLIP.name) as facts:
            assert len(read_with(reader, CLIP).frames) == 6
            assert facts() == facts_with(DirectReader(reading()), CLIP)
    finally:
        reader.close()


def test_what_is_no_medium_has_no_facts(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("no medium")
    with isolated(reading()) as reader:
        assert facts_with(reader, path) is None
        assert facts_with(reader, CLIP) is not None
    assert facts_with(DirectReader(reading()), path) is None


# Reading facts takes some milliseconds: no signal from here would be sure to find the worker at it.
CRASHING_PROGRAM = """
import os, signal
from forensic_cli.isolation import worker
worker.collect_facts = lambda *_: os.kill(os.getpid(), signal.SIGSEGV)
"""
LINGERING_PROGRAM = """
import os, time
from forensic_cli.isolation import worker
worker.collect_facts = lambda *_: (os.closerange(3, 64), time.sleep(600))
"""


def run_instead(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Has nurseries run this before they begin."""
    paths, imports, run = host._PROGRAM.partition("from forensic_cli.isolation.nursery import main\n")
    assert run
    monkeypatch.setattr(host, "_PROGRAM", paths + program + imports + run)


@on_linux
def test_a_worker_that_hangs_up_and_lives_on_is_killed_and_costs_the_facts_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run_instead(monkeypatch, LINGERING_PROGRAM)
    with (
        isolated(reading(), IsolationSettings(stall_s=30)) as reader,
        open_read_only(CLIP) as file,
        reader.media_facts(file, CLIP.name) as facts,
    ):
        assert len(read_with(reader, CLIP).frames) == 6
        sheet = facts()
        assert sheet is not None
        assert [note.reason for note in sheet.not_determined] == [Reason.READER_ENDED]
        assert reader.nursery_pid is not None
        assert children(reader.nursery_pid) == []


def test_a_crash_while_facts_are_read_costs_the_facts_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    run_instead(monkeypatch, CRASHING_PROGRAM)
    with isolated(reading()) as reader:
        facts = facts_with(reader, CLIP)
        assert facts is not None
        (note,) = facts.not_determined
        assert (note.fact, note.reason) == ("media_facts", Reason.READER_ENDED)
        assert "SIGSEGV" in note.detail
        assert len(read_with(reader, CLIP).frames) == 6


def listen(content: bytes, limits: IsolationSettings) -> Factsheet:
    ours, theirs = socket.socketpair()
    channel = Channel(ours)
    try:
        theirs.sendall(content)
        return receive_facts(channel, limits)
    finally:
        channel.close()
        theirs.close()


def packed(kind: Kind, document: object) -> bytes:
    text = json.dumps(document).encode()
    return struct.pack(">BII", kind, len(text), 0) + text


def test_a_factsheet_is_taken_after_signs_of_life() -> None:
    sheet = unread_factsheet("a test")
    content = packed(Kind.PROGRESS, None) + packed(Kind.FACTS, to_jsonable(sheet))
    assert listen(content, IsolationSettings()) == sheet


@pytest.mark.parametrize(
    "content",
    [
        packed(Kind.END, {}),
        packed(Kind.FACTS, {"format": 3}),
        packed(Kind.FACTS, {**to_jsonable(unread_factsheet("")), "more": 1}),
    ],
    ids=["another message", "a field of another type", "a field too many"],
)
def test_what_is_no_factsheet_is_refused(content: bytes) -> None:
    with pytest.raises(MessageError):
        listen(content, IsolationSettings())


def test_silence_is_a_stall_and_endless_progress_is_overdue() -> None:
    with pytest.raises(StalledError):
        listen(b"", IsolationSettings(stall_s=0.05))
    with pytest.raises(OverdueError):
        listen(packed(Kind.PROGRESS, None), IsolationSettings(stall_s=60, total_s=0.05))
