"""Real encodes: one JPEG generation, one H.264 intra frame, or the last frame of a short H.264 clip."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import cv2
import numpy as np

from forensic_cli.errors import UsageError
from forensic_cli.types import RgbImage

# The motion of a hand-held camera between two frames: a fraction of a pixel to two, and a little zoom.
_MAX_SHIFT_PX = 2.0
_MAX_ZOOM = 0.006
_MAX_TURN_DEGREES = 0.4


def jpeg(image: RgbImage, quality: int) -> RgbImage:
    """One JPEG generation, 4:2:0, quality 1 to 100."""
    ok, encoded = cv2.imencode(
        ".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality]
    )
    if not ok:
        raise ValueError(f"JPEG encoding of an image of shape {image.shape} failed.")
    decoded = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
    if decoded is None:
        raise ValueError("OpenCV cannot decode the JPEG that it has just encoded.")
    return cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB).astype(np.uint8)


def h264_intra(image: RgbImage, constant_rate_factor: int) -> RgbImage:
    """One H.264 intra frame, 4:2:0, at a constant rate factor (CRF) of 0 to 51.

    The paper compresses at "QP 23"; its videos are those of FaceForensics++, made with `-crf 23`, so
    the rate factor it is. For a lone intra frame x264 sets the frame's quantiser to CRF - 3
    whatever the picture shows, and spreads it over the blocks by their variance; a constant
    quantiser (`-qp 23`) gives the same - 3 without that spreading. The quantiser therefore says
    nothing about the picture, and cannot tell forged from real.

    Intra coding alone: the traces of motion compensation are not in it. A 256 px picture takes
    6 ms (CRF 40) to 13 ms (CRF 16) on one core.

    Args:
        image: (H, W, 3) uint8 RGB, H and W even.

    Raises:
        UsageError: PyAV is not installed.
    """
    return _decoded(encode_h264_intra(image, constant_rate_factor))[0]


def encode_h264_intra(image: RgbImage, constant_rate_factor: int) -> list[Any]:
    """The `av.Packet`s of one intra frame, as x264 makes them: see `h264_intra`."""
    return _encoded([image], constant_rate_factor)


def h264_clip(image: RgbImage, constant_rate_factor: int, n_frames: int, seed: int) -> RgbImage:
    """The last frame of a clip that moves towards the picture: predicted from the ones before it.

    What most frames of a video are. Detail is carried over from earlier frames or dropped, in blocks
    that follow the motion; an intra frame has nothing of that.

    Args:
        image: (H, W, 3) uint8 RGB, H and W even.
        n_frames: 2 or more.
        seed: of the motion.

    Raises:
        UsageError: PyAV is not installed.
    """
    return h264_track(image, constant_rate_factor, n_frames, seed)[-1]


def h264_track(image: RgbImage, constant_rate_factor: int, n_frames: int, seed: int) -> list[RgbImage]:
    """All frames of such a clip, the first one intra coded; arguments as for `h264_clip`."""
    return _decoded(_encoded(moving_towards(image, n_frames, seed), constant_rate_factor))


def moving_towards(image: RgbImage, n_frames: int, seed: int) -> Sequence[RgbImage]:
    """Frames of a small, steady camera motion whose last one is the picture itself."""
    rng = np.random.default_rng(seed)
    shift = rng.uniform(-_MAX_SHIFT_PX, _MAX_SHIFT_PX, 2)
    zoom = rng.uniform(-_MAX_ZOOM, _MAX_ZOOM)
    turn = rng.uniform(-_MAX_TURN_DEGREES, _MAX_TURN_DEGREES)
    height, width = image.shape[:2]
    centre = ((width - 1) / 2, (height - 1) / 2)
    frames = []
    for behind in range(n_frames - 1, 0, -1):
        matrix = np.asarray(cv2.getRotationMatrix2D(centre, turn * behind, 1 + zoom * behind), np.float64)
        matrix[:, 2] += shift * behind
        frames.append(
            np.asarray(
                cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REFLECT_101), np.uint8
            )
        )
    return [*frames, image]


def _encoded(images: Sequence[RgbImage], constant_rate_factor: int) -> list[Any]:
    """The `av.Packet`s of pictures, one after the other."""
    av = _import_av()
    height, width = images[0].shape[:2]
    encoder: Any = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height = width, height
    encoder.pix_fmt, encoder.time_base = "yuv420p", Fraction(1, 25)
    encoder.options = {"crf": str(constant_rate_factor), "preset": "veryfast", "tune": "zerolatency"}
    encoder.thread_count = 1
    packets: list[Any] = []
    for number, image in enumerate(images):
        frame = av.VideoFrame.from_ndarray(image, format="rgb24")
        frame.pts = number
        packets += encoder.encode(frame)
    return [*packets, *encoder.encode(None)]


def _decoded(packets: Sequence[Any]) -> list[RgbImage]:
    """The pictures of packets, in display order."""
    decoder: Any = _import_av().CodecContext.create("h264", "r")
    decoder.thread_count = 1
    frames = [frame for packet in [*packets, None] for frame in decoder.decode(packet)]
    return [np.ascontiguousarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8) for frame in frames]


def _import_av() -> Any:
    try:
        import av
    except ImportError as error:
        raise UsageError(
            "H.264 degradation needs PyAV, which is not installed.",
            "Install the package `av`, or set the recipe's h264 share to 0.",
        ) from error
    return av
