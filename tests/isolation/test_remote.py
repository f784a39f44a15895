"""A worker that was taken over can send anything: the host takes nothing that does not make sense."""

from __future__ import annotations

import json
import pickle
import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensic_cli.config import IsolationSettings
from forensic_cli.evidence.records import to_jsonable
from forensic_cli.isolation.messages import Channel, ChannelClosedError, Kind, MessageError
from forensic_cli.isolation.remote import FaultError, OverdueError, RemoteFaceStream, StalledError
from forensic_cli.types import FrameCounts, MediaFacts, MediaKind
from tests.isolation.material import reading

CROP_BYTES = 256 * 256 * 3
FACTS = MediaFacts(MediaKind.VIDEO, "MP4/QuickTime", "h264", 640, 480, 640, 480, n_frames=3)
Document = dict[str, Any]


def packed(kind: int, document: object, pixels: bytes = b"") -> bytes:
    text = document if isinstance(document, bytes) else json.dumps(document).encode()
    return struct.pack(">BII", kind, len(text), len(pixels)) + text + pixels


def medium(n_planned: object = 2) -> Document:
    return {"facts": to_jsonable(FACTS), "n_planned": n_planned}


def crop() -> Document:
    return {
        "box_xyxy": [10.0, 10.0, 90.0, 90.0],
        "confidence": 1.5,
        "crop_box_xyxy": [-5.0, -5.0, 105.0, 105.0],
        "track_id": 1,
        "sharpness": 12.0,
    }


def frame(**changes: object) -> Document:
    document: Document = {
        "index": 0, "pts": 0, "time_s": 0.0, "n_dropped": 0, "smallest_face_px": 80.0,
        "crops": [crop()], "view": None,
    }  # fmt: skip
    return {**document, **changes}


def end(n_used: int = 1, **changes: int) -> Document:
    counts = to_jsonable(FrameCounts(3, 3, n_used, 3 - n_used, 0))
    return {"counts": {**counts, **changes}, "warnings": []}


GOOD = (
    packed(Kind.MEDIUM, medium()),
    packed(Kind.FRAME, frame(), bytes(CROP_BYTES)),
    packed(Kind.END, end()),
)


def listen(content: bytes, limits: IsolationSettings | None = None, *, hangs_up: bool = True) -> int:
    """Reads what a worker that sends `content` says; returns how many frames came."""
    ours, theirs = socket.socketpair()

    def send() -> None:
        try:
            theirs.sendall(content)
            if hangs_up:
                theirs.close()
        except OSError:
            # The host has hung up on it, as it should.
            theirs.close()

    sender = threading.Thread(target=send)
    sender.start()
    channel = Channel(ours)
    try:
        stream = RemoteFaceStream(channel, reading(), limits or IsolationSettings(stall_s=20))
        return len(list(stream.frames()))
    finally:
        channel.close()
        sender.join()
        theirs.close()


def test_what_a_worker_says_is_taken_where_it_makes_sense() -> None:
    assert listen(b"".join(GOOD)) == 1


def with_crop(**changes: object) -> bytes:
    return packed(Kind.FRAME, frame(crops=[{**crop(), **changes}]), bytes(CROP_BYTES))


SENSELESS: dict[str, tuple[bytes, ...]] = {
    "an unknown kind": (packed(99, {}),),
    "more JSON than any message has": (struct.pack(">BII", Kind.MEDIUM, 1 << 31, 0),),
    "more pixels than any frame has": (GOOD[0], struct.pack(">BII", Kind.FRAME, 2, 1 << 31)),
    "no JSON": (packed(Kind.MEDIUM, b"{"),),
    "a pickle": (packed(Kind.MEDIUM, pickle.dumps(print)),),
    "nesting without end": (packed(Kind.MEDIUM, b"[" * 100_000),),
    "a number of many digits": (packed(Kind.MEDIUM, b'{"facts": {}, "n_planned": ' + b"9" * 4000 + b"}"),),
    "a number above 64 bits": (packed(Kind.MEDIUM, medium(1 << 63)),),
    "a field too many": (packed(Kind.MEDIUM, {**medium(), "code": "x"}),),
    "a field too few": (packed(Kind.MEDIUM, {"n_planned": 1}),),
    "text for a number": (packed(Kind.MEDIUM, medium("2")),),
    "truth for a number": (packed(Kind.MEDIUM, medium(True)),),
    "more frames planned than allowed": (packed(Kind.MEDIUM, medium(10**9)),),
    "less than none planned": (packed(Kind.MEDIUM, medium(-1)),),
    "a frame before the medium": (GOOD[1],),
    "the medium twice": (GOOD[0], GOOD[0]),
    "more frames than planned": (
        packed(Kind.MEDIUM, medium(1)), GOOD[1], packed(Kind.FRAME, frame(index=1), bytes(CROP_BYTES))
    ),
    "a frame again": (GOOD[0], GOOD[1], GOOD[1]),
    "pixels missing": (GOOD[0], packed(Kind.FRAME, frame(), bytes(CROP_BYTES - 1))),
    "pixels left over": (GOOD[0], packed(Kind.FRAME, frame(), bytes(CROP_BYTES + 1))),
    "a box inside out": (GOOD[0], with_crop(box_xyxy=[90.0, 10.0, 10.0, 90.0])),
    "a box of three": (GOOD[0], with_crop(box_xyxy=[1.0, 2.0, 3.0])),
    "a box beyond any picture": (GOOD[0], with_crop(crop_box_xyxy=[0.0, 0.0, 1e300, 1e300])),
    "not a number": (GOOD[0], with_crop(confidence=float("nan"))),
    "infinity by the back door": (
        GOOD[0], packed(Kind.FRAME, json.dumps(frame()).replace("1.5", "1e999").encode(), bytes(CROP_BYTES))
    ),
    "a track before the first": (GOOD[0], with_crop(track_id=0)),
    "too many faces": (
        GOOD[0], packed(Kind.FRAME, frame(crops=[crop()] * 65), bytes(65 * CROP_BYTES))
    ),
    "a view too large": (
        GOOD[0],
        packed(Kind.FRAME, frame(view={"width_px": 961, "height_px": 1, "shrink": 1.0}), bytes(CROP_BYTES + 2883)),
    ),
    "a view without a face": (
        GOOD[0], packed(Kind.FRAME, frame(crops=[], view={"width_px": 1, "height_px": 1, "shrink": 1.0}), bytes(3))
    ),
    "counts that do not add up": (*GOOD[:2], packed(Kind.END, end(n_in_stream=9))),
    "counts of other frames": (*GOOD[:2], packed(Kind.END, end(n_used=2))),
    "negative counts": (*GOOD[:2], packed(Kind.END, end(n_failed=-1, n_not_sampled=3))),
}  # fmt: skip


@pytest.mark.parametrize("messages", SENSELESS.values(), ids=SENSELESS.keys())
def test_what_makes_no_sense_ends_the_item(messages: tuple[bytes, ...]) -> None:
    with pytest.raises(MessageError):
        listen(b"".join(messages) + packed(Kind.END, end(n_used=2)))


@settings(max_examples=150, deadline=None)
@given(noise=st.binary(max_size=300), cut=st.integers(0, len(GOOD[0]) + 40), at=st.integers(0, 400))
def test_noise_ends_the_item_and_never_the_program(noise: bytes, cut: int, at: int) -> None:
    whole = b"".join((GOOD[0], GOOD[2]))[:cut]
    content = whole[:at] + noise + whole[at:]
    # The ways in which an item ends; anything else fails the test.
    with suppress(MessageError, ChannelClosedError, FaultError):
        assert listen(content) == 0


@pytest.mark.parametrize("n_messages", [0, 1, 2])
def test_a_worker_that_falls_silent_or_hangs_up_is_told_apart(n_messages: int) -> None:
    said = b"".join(GOOD[:n_messages]) + GOOD[2][:5]
    with pytest.raises(ChannelClosedError):
        listen(said)
    with pytest.raises(StalledError):
        listen(said, IsolationSettings(stall_s=0.3), hangs_up=False)
    with pytest.raises(OverdueError):
        listen(said, IsolationSettings(stall_s=20, total_s=0.3), hangs_up=False)


def flood_of(message: bytes, stop: threading.Event) -> Callable[[socket.socket], None]:
    def send(connection: socket.socket) -> None:
        try:
            while not stop.is_set():
                connection.sendall(message)
        except OSError:
            # The host has hung up.
            return

    return send


def test_signs_of_life_do_not_outlive_the_total_limit() -> None:
    ours, theirs = socket.socketpair()
    stop = threading.Event()
    sender = threading.Thread(target=flood_of(packed(Kind.PROGRESS, None), stop), args=(theirs,))
    sender.start()
    began_s = time.monotonic()
    with pytest.raises(OverdueError):
        RemoteFaceStream(Channel(ours), reading(), IsolationSettings(stall_s=20, total_s=0.5))
    assert time.monotonic() - began_s < 10
    ours.close()
    stop.set()
    sender.join()
    theirs.close()
