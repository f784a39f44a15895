"""What the world does to pictures after they are made: applied to real and forged alike.

A `Degradation` is drawn once and applied to both versions of a photograph with the same noise, so
that nothing but the forgery tells them apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

import cv2
import numpy as np

from forensic_cli.errors import UsageError
from forensic_cli.types import RgbImage


class Codec(StrEnum):
    """The last compression that a picture went through."""

    NONE = "none"
    JPEG = "jpeg"
    H264 = "h264"


# What `Degradation.quality` may be, both ends included.
_QUALITY_RANGES = {Codec.NONE: (0, 0), Codec.JPEG: (1, 100), Codec.H264: (0, 51)}
# Drawn at random: from the best that is met in practice to the worst at which a face is still examined.
# The paper's videos were compressed at 23 (FaceForensics++ "c23"); its poor copies at 40 ("c40").
_JPEG_QUALITIES = (40, 100)
_H264_RATE_FACTORS = (16, 40)


@dataclass(frozen=True, slots=True)
class Degradation:
    """One chain of alterations, in the order in which it is applied.

    Attributes:
        shrink: the picture is reduced to this fraction of its side and enlarged again; 1 = not.
        blur_sigma_px: Gaussian; 0 = none.
        gamma: 1 = unchanged.
        is_grey: colour is thrown away.
        noise_sigma: Gaussian, in grey levels; 0 = none.
        noise_seed: of that noise.
        first_jpeg_quality: an earlier JPEG generation, 0 = none.
        quality: JPEG quality 1 to 100, or H.264 constant rate factor 0 to 51.
    """

    shrink: float = 1.0
    blur_sigma_px: float = 0.0
    gamma: float = 1.0
    is_grey: bool = False
    noise_sigma: float = 0.0
    noise_seed: int = 0
    first_jpeg_quality: int = 0
    codec: Codec = Codec.NONE
    quality: int = 0


def compression_named(text: str) -> Degradation:
    """Reads "none", "jpeg:QUALITY" (1 to 100) or "h264:CRF" (0 to 51).

    Returns:
        The chain that compresses so and does nothing else.

    Raises:
        UsageError: it is none of these.
    """
    name, _, number = text.partition(":")
    remedy = "Give none, jpeg:75 (1 to 100) or h264:23 (0 to 51)."
    if name not in set(Codec) or (name == Codec.NONE) != (not number):
        raise UsageError(f"There is no compression {text!r}.", remedy)
    codec = Codec(name)
    low, high = _QUALITY_RANGES[codec]
    if number and not (number.isascii() and number.isdigit() and low <= int(number) <= high):
        raise UsageError(f"The compression {text!r} has no such quality.", remedy)
    return Degradation(codec=codec, quality=int(number or 0))


def draw_degradation(rng: np.random.Generator, codec_shares: dict[Codec, float]) -> Degradation:
    """Draws a chain at random.

    Args:
        codec_shares: probability of each codec; they sum to 1.
    """
    codecs = list(codec_shares)
    codec = codecs[int(rng.choice(len(codecs), p=[codec_shares[name] for name in codecs]))]
    quality = 0
    if codec is Codec.JPEG:
        quality = int(rng.integers(*_JPEG_QUALITIES, endpoint=True))
    elif codec is Codec.H264:
        quality = int(rng.integers(*_H264_RATE_FACTORS, endpoint=True))
    return Degradation(
        shrink=float(rng.uniform(0.4, 0.95)) if rng.random() < 0.25 else 1.0,
        blur_sigma_px=float(rng.uniform(0.3, 1.2)) if rng.random() < 0.15 else 0.0,
        gamma=float(rng.uniform(0.75, 1.35)) if rng.random() < 0.3 else 1.0,
        is_grey=bool(rng.random() < 0.05),
        noise_sigma=float(rng.uniform(1.0, 6.0)) if rng.random() < 0.2 else 0.0,
        noise_seed=int(rng.integers(2**31)),
        first_jpeg_quality=int(rng.integers(50, 101)) if rng.random() < 0.3 else 0,
        codec=codec,
        quality=quality,
    )


def degrade(image: RgbImage, degradation: Degradation) -> RgbImage:
    """Applies a chain.

    Args:
        image: (S, S, 3) uint8 RGB, S even where the codec is H.264.

    Returns:
        (S, S, 3) uint8 RGB.
    """
    result = image
    size_px = image.shape[0]
    if degradation.first_jpeg_quality:
        result = jpeg(result, degradation.first_jpeg_quality)
    if degradation.shrink < 1:
        small_px = max(8, round(size_px * degradation.shrink))
        small = cv2.resize(result, (small_px, small_px), interpolation=cv2.INTER_AREA)
        result = cv2.resize(small, (size_px, size_px), interpolation=cv2.INTER_CUBIC).astype(np.uint8)
    if degradation.blur_sigma_px:
        result = cv2.GaussianBlur(result, (0, 0), degradation.blur_sigma_px).astype(np.uint8)
    if degradation.gamma != 1:
        table = np.rint(255 * (np.arange(256) / 255) ** degradation.gamma).astype(np.uint8)
        result = table[result]
    if degradation.is_grey:
        grey = cv2.cvtColor(result, cv2.COLOR_RGB2GRAY)
        result = np.repeat(grey[..., None], 3, axis=2).astype(np.uint8)
    if degradation.noise_sigma:
        noise = np.random.default_rng(degradation.noise_seed).normal(0, degradation.noise_sigma, result.shape)
        result = np.clip(np.rint(result + noise), 0, 255).astype(np.uint8)
    if degradation.codec is Codec.JPEG:
        return jpeg(result, degradation.quality)
    if degradation.codec is Codec.H264:
        return h264_intra(result, degradation.quality)
    return result


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
    av = _import_av()
    decoder: Any = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    packets = encode_h264_intra(image, constant_rate_factor)
    decoded = [picture for packet in packets for picture in decoder.decode(packet)] + decoder.decode(None)
    return np.ascontiguousarray(decoded[0].to_ndarray(format="rgb24"), dtype=np.uint8)


def encode_h264_intra(image: RgbImage, constant_rate_factor: int) -> list[Any]:
    """The `av.Packet`s of one intra frame, as x264 makes them: see `h264_intra`."""
    av = _import_av()
    height, width = image.shape[:2]
    encoder: Any = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height = width, height
    encoder.pix_fmt, encoder.time_base = "yuv420p", Fraction(1, 25)
    encoder.options = {"crf": str(constant_rate_factor), "preset": "veryfast", "tune": "zerolatency"}
    encoder.thread_count = 1
    frame = av.VideoFrame.from_ndarray(image, format="rgb24")
    return [*encoder.encode(frame), *encoder.encode(None)]


def _import_av() -> Any:
    try:
        import av
    except ImportError as error:
        raise UsageError(
            "H.264 degradation needs PyAV, which is not installed.",
            "Install the package `av`, or set the recipe's h264 share to 0.",
        ) from error
    return av
