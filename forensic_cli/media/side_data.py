"""What FFmpeg hangs on a decoded frame beside its pixels."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from av.sidedata.sidedata import SideData, Type
from av.video.frame import VideoFrame


def side_data(frame: VideoFrame, kind: Type) -> bytes | None:
    """The content of the first entry of a kind, None where there is none.

    Raises:
        ValueError: the frame has an entry of a kind that this PyAV cannot name, so that none of its
            entries can be reached.
    """
    # PyAV's own annotation describes a dictionary, but iterating gives the entries.
    for entry in cast("Iterable[SideData]", frame.side_data):
        if entry.type == kind:
            return bytes(entry)
    return None
