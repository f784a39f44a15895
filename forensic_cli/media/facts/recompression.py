"""A hint that a JPEG was compressed before with another table: regular gaps or peaks in DCT histograms.

Coefficients that were quantised twice, first in steps of q1 and then of q2, fill the histogram's bins
unevenly and with a fixed period, because a bin of the second grid holds now more, now fewer points of the
first [A. C. Popescu and H. Farid, "Statistical Tools for Digital Forensics", Information Hiding 2004, LNCS
3200, section 3: double JPEG compression seen in the Fourier transform of the histograms]. As there, the
histogram of one frequency over all luma blocks is compared with a smooth course, and the transform of
what remains is searched for a peak. The smooth course is a Poisson regression of the counts on 1, |v| and
sqrt|v|, v being the quantised value; the noise that the counts themselves explain is taken off the peak;
the statistic is the mean over the three frequencies in which it is largest.

The coefficients are those of the decoded luma (libjpeg's grey output, no colour conversion), transformed
again and divided by the file's own table: exact but for the rounding of pixels, which matters where the
table's steps are near 1.

Measured with Pillow 13 (`tests/media/facts/test_recompression.py` repeats most of it), on reduced copies,
never compressed before, of pictures of scikit-image, 230 to 980 pixels wide. The bound 0.25 was chosen on
twelve pictures in three sizes, compressed once at eight qualities from 50 to 95: the largest of their 288
statistics was 0.24. Of 304 other copies and pictures, at six other qualities, 74 gave no value, and one of
the other 230 reached it (0.26, at quality 97). It was reached by (18 copies each, quality of the first
compression down, of the second across):

          50    60    70    75    80    85    90    95
    50     -   94%   94%  100%   94%  100%  100%   17%
    60   67%     -   94%   94%  100%   94%  100%   33%
    70   28%   67%     -   67%   94%  100%  100%   89%
    75    0%   83%   39%     -  100%  100%  100%  100%
    80    6%    0%   72%   83%     -  100%  100%  100%
    85    0%   33%    0%   94%   94%     -  100%  100%
    90    0%    0%    0%    0%   22%   83%     -  100%
    95    0%    0%    0%    0%    0%   11%   83%     -

So it shows most second compressions at a higher quality, and few at a much lower one, whose coarser steps
swallow the first's. Not measured: pictures shifted or resized between the compressions, which keep no such
trace; and pictures with stretched grey values, whose histograms have gaps of their own.
"""

from __future__ import annotations

from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from forensic_cli.factsheet import CompressionHint, Reason
from forensic_cli.media.facts.determination import UndeterminedError
from forensic_cli.media.facts.zigzag import ZIGZAG

USUAL_BELOW = 0.25
_N_FREQUENCIES = 15
_N_STRONGEST = 3
_MIN_BLOCKS = 256
_MAX_SIDE_PX = 1536
_MAX_VALUE = 60
_MIN_VALUES = 8
# Longer periods cannot be told from the histogram's own course.
_LONGEST_PERIOD = 8
_MIN_COUNT = 8.0
_SMOOTHING_BINS = 9
_FREQUENCIES = np.linspace(1 / _LONGEST_PERIOD, 1 / 2, 64)
_N_FIT_STEPS = 8
_NOISE_FACTOR = 1.5


def compression_hint(file: BinaryIO, luma_steps: tuple[int, ...], max_pixels: int) -> CompressionHint:
    """Reads the periodicity of a JPEG whose first component is luma.

    Args:
        luma_steps: the quantisation table of the first component, zigzag order, (64,).
        max_pixels: larger pictures are not decoded.

    Raises:
        UndeterminedError: it is too small or too flat, or cannot be decoded as grey.
    """
    luma = _central_luma(file, max_pixels)
    n_blocks = luma.size // 64
    if n_blocks < _MIN_BLOCKS:
        raise UndeterminedError(Reason.TOO_LITTLE, f"{n_blocks} of {_MIN_BLOCKS} blocks needed")
    peaks = mode_peaks(block_dct(luma), luma_steps)
    if len(peaks) < _N_STRONGEST:
        raise UndeterminedError(
            Reason.TOO_LITTLE, f"{len(peaks)} of {_N_STRONGEST} frequencies with enough different values"
        )
    statistic = round(float(np.mean(sorted(peaks)[-_N_STRONGEST:])), 3)
    return CompressionHint(n_blocks, len(peaks), statistic, USUAL_BELOW, statistic >= USUAL_BELOW)


def _central_luma(file: BinaryIO, max_pixels: int) -> NDArray[np.float64]:
    """The middle of the picture, whole blocks of the file's own grid, about zero."""
    file.seek(0)
    try:
        with Image.open(file, formats=["JPEG"]) as picture:
            if picture.width * picture.height > max_pixels:
                raise UndeterminedError(Reason.CAP, f"more than {max_pixels} pixels")
            if picture.mode not in {"L", "RGB"}:
                raise UndeterminedError(Reason.NOT_FOR_FORMAT, f"colour mode {picture.mode}")
            picture.draft("L", picture.size)
            if picture.mode != "L":
                raise UndeterminedError(Reason.NOT_FOR_FORMAT, "no grey output")
            grey = np.asarray(picture, dtype=np.float64)
    except (UndeterminedError, MemoryError):
        raise
    except Exception as error:
        # Hostile bytes make Pillow raise anything from struct.error to SyntaxError.
        raise UndeterminedError(Reason.MALFORMED, type(error).__name__) from error
    rows, columns = (_central(length) for length in grey.shape)
    return grey[rows, columns] - 128.0


def _central(length_px: int) -> slice:
    kept = min(length_px // 8 * 8, _MAX_SIDE_PX)
    start = (length_px - kept) // 16 * 8
    return slice(start, start + kept)


def block_dct(luma: NDArray[np.float64]) -> NDArray[np.float64]:
    """The two-dimensional DCT-II of 8 x 8 blocks (ITU-T T.81, A.3.3).

    Args:
        luma: (8 m, 8 n).

    Returns:
        (m n, 8, 8), vertical frequency first.
    """
    order = np.arange(8)
    basis = np.sqrt(2 / 8) * np.cos((2 * order[None] + 1) * order[:, None] * np.pi / 16)
    basis[0] /= np.sqrt(2)
    height, width = luma.shape
    blocks = luma.reshape(height // 8, 8, width // 8, 8).transpose(0, 2, 1, 3).reshape(-1, 8, 8)
    transformed: NDArray[np.float64] = basis @ blocks @ basis.T
    return transformed


def mode_peaks(coefficients: NDArray[np.float64], steps: tuple[int, ...]) -> list[float]:
    """The periodic share of each of the first frequencies' histograms; those with too few values are left out.

    Args:
        coefficients: (n_blocks, 8, 8), before division by the steps.
        steps: in zigzag order, (64,).
    """
    peaks = []
    for index in range(1, _N_FREQUENCIES + 1):
        row, column = ZIGZAG[index]
        values = np.abs(np.rint(coefficients[:, row, column] / steps[index])).astype(np.int64)
        counts = np.bincount(values[values <= _MAX_VALUE], minlength=_MAX_VALUE + 1)[1:].astype(np.float64)
        window = np.ones(_SMOOTHING_BINS) / _SMOOTHING_BINS
        is_thin = np.convolve(counts, window, "same") < _MIN_COUNT
        n_values = int(np.argmax(is_thin)) if is_thin.any() else len(counts)
        if n_values >= _MIN_VALUES:
            peaks.append(_peak(counts[:n_values]))
    return peaks


def _peak(counts: NDArray[np.float64]) -> float:
    expected = _smooth_course(counts)
    relative = np.clip(counts / expected - 1, -1, 3)
    weights = np.sqrt(expected)
    weights /= weights.sum()
    value = np.arange(1, len(counts) + 1)
    transform = np.exp(-2j * np.pi * _FREQUENCIES[:, None] * value) @ (weights * relative)
    noise = 2 * np.sqrt((weights**2 / expected).sum())
    return float(2 * np.abs(transform).max() - _NOISE_FACTOR * noise)


def _smooth_course(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Poisson regression by iteratively reweighted least squares; positive, (n,)."""
    value = np.arange(1, len(counts) + 1)
    terms = np.stack([np.ones(len(counts)), value, np.sqrt(value)], axis=1)
    root = np.sqrt(counts + 1)
    fit = np.linalg.lstsq(terms * root[:, None], np.log(counts + 0.5) * root, rcond=None)[0]
    for _ in range(_N_FIT_STEPS):
        linear = np.clip(terms @ fit, -20, 20)
        expected = np.exp(linear)
        weighted = terms * expected[:, None]
        fit = np.linalg.lstsq(
            weighted.T @ terms, weighted.T @ (linear + (counts - expected) / expected), rcond=None
        )[0]
    course: NDArray[np.float64] = np.maximum(np.exp(np.clip(terms @ fit, -20, 20)), 1e-3)
    return course
