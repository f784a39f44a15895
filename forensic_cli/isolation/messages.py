"""What a worker tells the host: length-checked frames of JSON and raw pixels.

A worker may have been taken over by the file that it decodes. So nothing of what it sends is executed or
unpickled: lengths are checked before anything is stored, JSON is read strictly into value objects whose
every field has its type, and numbers are finite and fit 64 bits. What a message then *means* is checked
by `remote`.

On the wire: kind (1 byte), bytes of JSON (4), bytes of pixels (4), big-endian; then the two.
"""

from __future__ import annotations

import json
import math
import socket
import struct
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, TypeVar

from forensic_cli.evidence.records import from_jsonable, to_jsonable
from forensic_cli.types import BoxXYXY, FrameCounts, MediaFacts, ScanWarning

_HEADER = struct.Struct(">BII")
MAX_JSON_BYTES = 4 << 20
_INT64 = 1 << 63
_Message = TypeVar("_Message")


class Kind(IntEnum):
    """What a message is."""

    PROGRESS = 1
    MEDIUM = 2
    FRAME = 3
    END = 4
    FAULT = 5
    FACTS = 6


@dataclass(frozen=True, slots=True)
class Medium:
    """The file was opened."""

    facts: MediaFacts
    n_planned: int


@dataclass(frozen=True, slots=True)
class CropRow:
    """A crop without its pixels, its frame and its time."""

    box_xyxy: BoxXYXY
    confidence: float
    crop_box_xyxy: BoxXYXY
    track_id: int
    sharpness: float


@dataclass(frozen=True, slots=True)
class ViewRow:
    """A reduced frame without its pixels."""

    width_px: int
    height_px: int
    shrink: float


@dataclass(frozen=True, slots=True)
class FrameRow:
    """A sampled frame; the pixels are those of the crops, in order, then the view's.

    Attributes:
        index, pts, time_s: of the frame; meaningless where it has no crops.
    """

    index: int
    pts: int
    time_s: float
    n_dropped: int
    smallest_face_px: float
    crops: tuple[CropRow, ...]
    view: ViewRow | None


@dataclass(frozen=True, slots=True)
class End:
    """All frames were given."""

    counts: FrameCounts
    warnings: tuple[ScanWarning, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """The item cannot be read.

    Attributes:
        kind: "media", "not-media", or "defect" for what the program itself is to blame for.
        detail: of a defect: the traceback.
    """

    kind: str
    message: str
    hint: str
    detail: str = ""


class MessageError(Exception):
    """A worker sent what no worker sends."""


class ChannelClosedError(Exception):
    """The other side is gone, before its message was whole."""


class Channel:
    """One end of the connection between host and worker.

    Sending waits while the other side does not read: a worker never runs ahead of the model by more
    than what the system's buffer holds.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        # A worker decodes in one thread and sends what was found from another.
        self._sending = threading.Lock()

    def send(self, kind: Kind, value: object = None, pixels: Sequence[memoryview] = ()) -> None:
        """Sends one message; waits until it is taken."""
        with self._sending:
            self._send(kind, value, pixels)

    def send_progress(self) -> None:
        """Says that work goes on, without waiting.

        Where another thread's message is under way, that one says it; where the other side has not read for
        so long that nothing more can be sent, it misses nothing.
        """
        if not self._sending.acquire(blocking=False):
            return
        try:
            message = self._packed(Kind.PROGRESS)
            self._socket.setblocking(False)
            try:
                n_sent = self._socket.send(message)
            except BlockingIOError:
                return
            # So short a message goes whole or not at all; but half of one would garble all that follow.
            self._socket.settimeout(None)
            self._socket.sendall(message[n_sent:])
        finally:
            self._sending.release()

    def _send(self, kind: Kind, value: object, pixels: Sequence[memoryview]) -> None:
        self._socket.settimeout(None)
        self._socket.sendall(self._packed(kind, value, sum(part.nbytes for part in pixels)))
        for part in pixels:
            self._socket.sendall(part)

    def _packed(self, kind: Kind, value: object = None, n_pixel_bytes: int = 0) -> bytes:
        """A message but for its pixels."""
        text = json.dumps(to_jsonable(value), allow_nan=False).encode("ascii")
        return _HEADER.pack(kind, len(text), n_pixel_bytes) + text

    def receive(self, deadline_s: float, max_pixel_bytes: int) -> tuple[Kind, bytes, bytearray]:
        """Waits for one whole message.

        Args:
            deadline_s: on the monotonic clock.

        Returns:
            Its kind, its JSON, not yet read, and its pixels.

        Raises:
            TimeoutError: it was not there, or not whole, in time.
            ChannelClosedError: it will never be.
            MessageError: it claims to be longer than allowed, or is of no known kind.
        """
        number, n_json, n_pixels = _HEADER.unpack(self._exactly(_HEADER.size, deadline_s))
        if number not in set(Kind):
            raise MessageError(f"a message of the unknown kind {number}")
        if n_json > MAX_JSON_BYTES or n_pixels > max_pixel_bytes:
            raise MessageError(f"a message of {n_json} + {n_pixels} bytes, longer than any can be")
        return Kind(number), bytes(self._exactly(n_json, deadline_s)), self._exactly(n_pixels, deadline_s)

    def close(self) -> None:
        """Hangs up."""
        self._socket.close()

    def _exactly(self, n_bytes: int, deadline_s: float) -> bytearray:
        content = bytearray(n_bytes)
        rest = memoryview(content)
        while rest:
            remaining_s = deadline_s - time.monotonic()
            if remaining_s <= 0:
                raise TimeoutError
            self._socket.settimeout(remaining_s)
            try:
                n_read = self._socket.recv_into(rest)
            except ConnectionError as error:
                raise ChannelClosedError from error
            if not n_read:
                raise ChannelClosedError
            rest = rest[n_read:]
        return content


def parse(kind: type[_Message], text: bytes) -> _Message:
    """Reads the JSON of a message strictly.

    Raises:
        MessageError: it is no JSON, or does not fit the type in every field.
    """
    try:
        document = json.loads(
            text, parse_constant=_refuse_constant, parse_float=_finite, parse_int=_within_64_bits
        )
        message: _Message = from_jsonable(kind, document)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise MessageError(f"a {kind.__name__} that cannot be read ({type(error).__name__})") from error
    return message


def _refuse_constant(token: str) -> Any:
    raise ValueError(token)


def _finite(token: str) -> float:
    value = float(token)
    if not math.isfinite(value):
        raise ValueError(token)
    return value


def _within_64_bits(token: str) -> int:
    # The length first: Python takes quadratic time for the digits of a long number.
    if len(token) > 20:
        raise ValueError("a number of many digits")
    value = int(token)
    if not -_INT64 <= value < _INT64:
        raise ValueError(token)
    return value
