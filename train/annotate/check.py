"""What a mask must be, and what is said of one that is not."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from forensic_cli.errors import UsageError
from forensic_cli.model.lae import INPUT_PX
from train.data.crops import PREPARED_PX
from train.forge.portrait import BinaryMask

# Below: a slip of the brush. Above: an inverted mask, or a whole face box. Neither teaches a location.
SMALLEST_SHARE = 0.0005
LARGEST_SHARE = 0.95
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_N_VALUES_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong, and what to do about it.

    Attributes:
        file: below the folder that was given.
        message: what is wrong, a sentence that begins with its verb: "is empty."
    """

    file: str
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file} {self.message} {self.remedy}"


class MaskFaultsError(UsageError):
    """Masks that cannot be used, all that were found.

    Attributes:
        faults: all that were found.
        summary: how many there are.
    """

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        n_files = len({fault.file for fault in faults})
        self.summary = f"{_counted(len(faults), 'fault')} in {_counted(n_files, 'file')}."
        super().__init__(
            f"{self.summary} {' | '.join(map(str, faults))}",
            "Mend them all, then try again; nothing was used.",
        )


@dataclass(frozen=True, slots=True, eq=False)
class Painting:
    """What one format holds of one candidate.

    Attributes:
        file: for messages, below the folder that was given.
        mask: (256, 256) uint8, 1 = forged; None if it is at fault.
        is_skipped: the painter marked it as not to be used.
    """

    file: str
    mask: BinaryMask | None
    is_skipped: bool = False


@dataclass(slots=True)
class Reading:
    """What one format holds.

    Attributes:
        paintings: the candidate's `file` -> what was found; one that is missing was not there.
        faults: found on the way; a painting at fault has no mask.
    """

    paintings: dict[str, Painting] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def _counted(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"


def fingerprint(mask: BinaryMask) -> str:
    """SHA-256 of a mask's pixels, 0 and 1, row by row."""
    return hashlib.sha256(np.ascontiguousarray(mask, np.uint8).tobytes()).hexdigest()


def mask_of_png(content: bytes, file: str, threshold: int | None = None) -> BinaryMask | Fault:
    """Decodes a painted PNG.

    Accepts 8-bit grey, RGB or opaque RGBA with equal channels, of the values 0 and 255, or 0 and 1.

    Args:
        file: for messages.
        threshold: grey values at or above it count as painted; None accepts no other values.

    Returns:
        (256, 256) uint8, 1 = forged; possibly empty.
    """
    if not content.startswith(_PNG_SIGNATURE):
        return Fault(file, "is no PNG.", "Export it as PNG: other formats blur or recolour its edge.")
    pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None:
        return Fault(file, "is a damaged PNG.", "Export it again.")
    size_fault = check_size(file, pixels.shape[1], pixels.shape[0])
    if size_fault:
        return size_fault
    if pixels.dtype != np.uint8:
        return Fault(file, "has 16 bits a channel.", "Export it with 8 bits.")
    if pixels.ndim == 3 and pixels.shape[2] == 4:
        n_clear = int((pixels[..., 3] < 255).sum())
        if n_clear:
            return Fault(
                file,
                f"has {n_clear} transparent pixels.",
                "Flatten the picture onto black, or export it without an alpha channel.",
            )
        pixels = pixels[..., :3]
    if pixels.ndim == 3:
        n_coloured = int((pixels != pixels[..., :1]).any(axis=2).sum())
        if n_coloured:
            return Fault(
                file, f"has {n_coloured} coloured pixels.", "Paint white on black, or export it as grey."
            )
        pixels = pixels[..., 0]
    return _binary(np.asarray(pixels, np.uint8), file, threshold)


def _binary(grey: BinaryMask, file: str, threshold: int | None) -> BinaryMask | Fault:
    values = np.unique(grey)
    if set(values.tolist()) <= {0, 1}:
        return grey
    is_grey = (grey != 0) & (grey != 255)
    if threshold is not None:
        return np.asarray(grey >= threshold, np.uint8)
    if is_grey.any():
        shown = np.unique(grey[is_grey])
        names = ", ".join(map(str, shown[:_N_VALUES_SHOWN].tolist()))
        more = f" and {len(shown) - _N_VALUES_SHOWN} more" if len(shown) > _N_VALUES_SHOWN else ""
        return Fault(
            file,
            f"has {int(is_grey.sum())} pixels that are neither 0 nor 255 (values {names}{more}).",
            "Paint with a hard brush without anti-aliasing, or import with --threshold 128 to cut at half.",
        )
    return np.asarray(grey > 0, np.uint8)


def check_size(file: str, width_px: int, height_px: int) -> Fault | None:
    """A mask, or the picture that it was painted on, has the size of the crop."""
    if (width_px, height_px) == (INPUT_PX, INPUT_PX):
        return None
    wanted = f"not {INPUT_PX} x {INPUT_PX}"
    if (width_px, height_px) == (PREPARED_PX, PREPARED_PX):
        return Fault(
            file,
            f"is {width_px} x {height_px} pixels, {wanted}: that is the dataset's own crop, which shows more.",
            "Paint on the picture in images/.",
        )
    return Fault(
        file,
        f"is {width_px} x {height_px} pixels, {wanted}.",
        "Do not crop or scale: paint on the picture in images/, and export at its size.",
    )


def check_coverage(file: str, mask: BinaryMask) -> Fault | None:
    """A painted mask covers neither next to nothing nor next to everything."""
    share = float(mask.mean())
    if share > LARGEST_SHARE:
        return Fault(
            file,
            f"covers {share:.1%} of the crop.",
            "White is forged, black is not: if they are exchanged, invert it. If so much is forged, "
            "import with --allow-unusual.",
        )
    if share < SMALLEST_SHARE:
        return Fault(
            file,
            f"covers {_counted(int(mask.sum()), 'pixel')} only, less than {SMALLEST_SHARE:.2%} of the crop.",
            "Remove stray dots and paint what was forged. If so little is forged, import with --allow-unusual.",
        )
    return None
