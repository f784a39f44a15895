"""Every Pillow mode to 8-bit RGB, without Pillow's clipping of deep pictures."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from forensic_cli.errors import MediaError
from forensic_cli.types import RgbImage, ScanWarning

# The usual viewers show transparent parts of a picture on white.
_BACKGROUND = (255, 255, 255)
_TIFF_BITS_PER_SAMPLE = 258
_TIFF_PHOTOMETRIC = 262
_TIFF_SAMPLE_FORMAT = 339
_SIGNED = 2
_WHITE_IS_ZERO = 0
# White of 32-bit integers and floats is not written in the file: the smallest of these that holds
# the brightest pixel is taken.
_WHITES_INTEGER = (255.0, 65535.0, 2.0**32 - 1)
_WHITES_FLOAT = (1.0, 255.0, 65535.0)


def to_rgb8(picture: Image.Image, name: str) -> tuple[RgbImage, tuple[ScanWarning, ...]]:
    """Converts a loaded picture to (H, W, 3) uint8 RGB.

    Grey is repeated over the channels. 16 bits are divided by 257 and rounded. Transparency is
    composited over white. CMYK goes through its embedded profile, where there is one, to sRGB. RGB
    values are left as stored: profiles of RGB pictures are not applied.

    Raises:
        MediaError: the mode is unknown.
    """
    mode = picture.mode
    if mode.startswith("I;16"):
        return _grey(np.asarray(picture), _white_of_16_bits(picture), _is_inverted(picture)), ()
    if mode in {"I", "F"}:
        return _deep(picture)
    if mode == "CMYK":
        return _cmyk(picture)
    if picture.has_transparency_data:
        return _composited(picture)
    if mode in {"1", "L", "P", "RGB", "RGBX", "YCbCr", "HSV", "LAB"}:
        return np.array(picture.convert("RGB")), ()
    raise MediaError(
        f"{name} has pixels of the kind {mode}, which this program does not read.",
        "Convert a copy without loss to an 8-bit RGB PNG.",
    )


def _grey(values: NDArray[np.generic], white: float, is_inverted: bool = False) -> RgbImage:
    scaled = np.nan_to_num(values.astype(np.float64)) * (255.0 / white)
    grey = np.clip(np.rint(scaled), 0, 255).astype(np.uint8)
    if is_inverted:
        grey = 255 - grey
    return np.repeat(grey[:, :, None], 3, axis=2)


def _tiff_tag(picture: Image.Image, tag: int) -> object:
    value: object = getattr(picture, "tag_v2", {}).get(tag)
    return value[0] if isinstance(value, tuple) and value else value


def _white_of_16_bits(picture: Image.Image) -> float:
    bits = _tiff_tag(picture, _TIFF_BITS_PER_SAMPLE)
    # Pillow unpacks 12-bit TIFFs into the lower bits of a 16-bit mode.
    return 4095.0 if bits == 12 else 65535.0


def _is_inverted(picture: Image.Image) -> bool:
    # Pillow turns 8-bit TIFFs the right way round, but not the deep ones.
    return _tiff_tag(picture, _TIFF_PHOTOMETRIC) == _WHITE_IS_ZERO


def _deep(picture: Image.Image) -> tuple[RgbImage, tuple[ScanWarning, ...]]:
    values = np.asarray(picture)
    if picture.mode == "I" and values.min() < 0 and _tiff_tag(picture, _TIFF_SAMPLE_FORMAT) != _SIGNED:
        # Unsigned 32-bit values that Pillow holds in a signed mode.
        values = values.view(np.uint32)
    finite = values[np.isfinite(values)]
    brightest = float(finite.max()) if finite.size else 0.0
    whites = _WHITES_INTEGER if picture.mode == "I" else _WHITES_FLOAT
    white = next((white for white in whites if brightest <= white), brightest)
    warning = ScanWarning(
        "depth-assumed",
        f"The pixels are 32-bit numbers without a stated white; {white:g} was taken as white.",
    )
    return _grey(np.where(np.isfinite(values), values, 0), white, _is_inverted(picture)), (warning,)


def _cmyk(picture: Image.Image) -> tuple[RgbImage, tuple[ScanWarning, ...]]:
    profile: object = picture.info.get("icc_profile")
    if isinstance(profile, bytes) and profile:
        try:
            converted = ImageCms.profileToProfile(
                picture,
                ImageCms.ImageCmsProfile(io.BytesIO(profile)),
                ImageCms.createProfile("sRGB"),
                # Colours that both can show stay as they are; "perceptual" would shift them all.
                renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
                outputMode="RGB",
            )
        except (ImageCms.PyCMSError, OSError):
            reason = "its colour profile cannot be used"
        else:
            assert converted is not None  # only an in-place conversion returns nothing
            return np.array(converted), ()
    else:
        reason = "it has no colour profile"
    warning = ScanWarning(
        "cmyk-approximate", f"The picture is stored in CMYK and {reason}: its colours are approximate."
    )
    return np.array(picture.convert("RGB")), (warning,)


def _composited(picture: Image.Image) -> tuple[RgbImage, tuple[ScanWarning, ...]]:
    layers = picture.convert("RGBA")
    alpha = np.asarray(layers.getchannel("A"))
    n_transparent = int(np.count_nonzero(alpha < 255))
    if not n_transparent:
        return np.array(layers.convert("RGB")), ()
    canvas = Image.new("RGBA", layers.size, (*_BACKGROUND, 255))
    canvas.alpha_composite(layers)
    share = 100 * n_transparent / alpha.size
    warning = ScanWarning(
        "alpha-composited", f"{share:.3g}% of the picture is transparent; it was laid over white."
    )
    return np.array(canvas.convert("RGB")), (warning,)
