"""The worker's one task: read one item and send what it holds, or what it is."""

from __future__ import annotations

import io
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from forensic_cli.errors import ForensicError, MediaError, NotMediaError
from forensic_cli.faces.detect import make_detector
from forensic_cli.isolation.evidence_file import EvidenceFile
from forensic_cli.isolation.messages import Channel, CropRow, End, Fault, FrameRow, Kind, Medium, ViewRow
from forensic_cli.isolation.stream import DirectFaceStream, FaceReading, FrameFaces
from forensic_cli.media.facts import collect_facts

# Exit codes of a worker that could not say why it ended.
EXIT_OUT_OF_MEMORY = 77
EXIT_DEFECT = 78
_OPENCV_OUT_OF_MEMORY = -4
_MAX_DETAIL_CHARACTERS = 8000


class Errand(StrEnum):
    """What a worker is to send: the faces, or the media facts beside the score."""

    FACES = "faces"
    FACTS = "facts"


@dataclass(frozen=True, slots=True)
class Task:
    """What a worker is told."""

    name: str
    reading: FaceReading
    memory_mib: int
    errand: Errand = Errand.FACES


def work(task: Task, descriptor: int, channel: Channel) -> None:
    """Reads one item and sends it: its medium, its frames and its end; or its factsheet; or a fault.

    Raises:
        MemoryError: the limit is hit. There is not enough left to say more.
    """
    with _faults_sent(channel), EvidenceFile(descriptor, channel.send_progress) as file:
        if task.errand is Errand.FACTS:
            channel.send(Kind.FACTS, collect_facts(file, task.name, task.reading.limits))
        else:
            _send_faces(task, file, channel)


def _send_faces(task: Task, file: io.BufferedReader, channel: Channel) -> None:
    detector = make_detector(task.reading.faces)
    stream = DirectFaceStream(file, task.name, task.reading, detector, on_progress=channel.send_progress)
    channel.send(Kind.MEDIUM, Medium(stream.facts, stream.n_planned))
    for frame in stream.frames():
        _send_frame(channel, frame)
    channel.send(Kind.END, End(stream.counts, stream.warnings))


@contextmanager
def _faults_sent(channel: Channel) -> Iterator[None]:
    try:
        yield
    except MediaError as error:
        kind = "not-media" if isinstance(error, NotMediaError) else "media"
        channel.send(Kind.FAULT, Fault(kind, error.message, error.hint))
    except Exception as error:
        if is_out_of_memory(error):
            raise MemoryError from error
        channel.send(Kind.FAULT, _defect(error))


def is_out_of_memory(error: BaseException) -> bool:
    """True for what Python, FFmpeg, dlib (MemoryError all) and OpenCV raise where memory is short."""
    return isinstance(error, MemoryError) or getattr(error, "code", None) == _OPENCV_OUT_OF_MEMORY


def _defect(error: Exception) -> Fault:
    # The end of the traceback: that is where it happened.
    detail = "".join(traceback.format_exception(error))[-_MAX_DETAIL_CHARACTERS:]
    message = error.message if isinstance(error, ForensicError) else type(error).__name__
    return Fault("defect", message, "", detail)


def _send_frame(channel: Channel, frame: FrameFaces) -> None:
    first = frame.crops[0] if frame.crops else None
    view = frame.view
    row = FrameRow(
        index=first.frame_index if first else 0,
        pts=first.pts if first else 0,
        time_s=first.time_s if first else 0.0,
        n_dropped=frame.n_dropped,
        smallest_face_px=frame.smallest_face_px,
        crops=tuple(
            CropRow(
                crop.face.box_xyxy,
                crop.face.confidence,
                crop.crop_box_xyxy,
                crop.track_id,
                crop.sharpness,
            )
            for crop in frame.crops
        ),
        view=ViewRow(view.picture.shape[1], view.picture.shape[0], view.shrink) if view else None,
    )
    pictures = [crop.image for crop in frame.crops] + ([view.picture] if view else [])
    channel.send(Kind.FRAME, row, [np.ascontiguousarray(picture).data.cast("B") for picture in pictures])
