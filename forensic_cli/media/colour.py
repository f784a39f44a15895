"""A decoded video frame as upright 8-bit RGB, the same on every machine."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import cv2
import numpy as np
from av.sidedata.sidedata import Type as SideDataType
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, ColorTrc, Interpolation, VideoReformatter

from forensic_cli.media.orientation import UPRIGHT, Orientation, from_display_matrix
from forensic_cli.media.side_data import side_data
from forensic_cli.types import RgbImage

# Exact rounding and chroma at full resolution: swscale's fast paths differ between processors, and
# halve the horizontal resolution of colour.
_INTERPOLATION = (
    Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.BITEXACT | Interpolation.FULL_CHR_H_INT
)
_UNSPECIFIED_MATRIX = 2
# Streams that do not say which matrix they use follow the resolution, as players assume.
_HD_WIDTH_PX = 1280
_HD_HEIGHT_PX = 576
_HDR_TRANSFERS = frozenset({ColorTrc.SMPTE2084.value, ColorTrc.ARIB_STD_B67.value})
# Beyond this a pixel's aspect is an error of the file rather than an anamorphic picture.
_MAX_PIXEL_ASPECT = 8


@dataclass(frozen=True, slots=True)
class Geometry:
    """How stored pictures of a stream are displayed.

    Attributes:
        pixel_aspect: width of a pixel over its height.
        is_orientation_exact: False where the display matrix asks for more than the eight ways.
    """

    orientation: Orientation = UPRIGHT
    pixel_aspect: Fraction = Fraction(1)
    is_orientation_exact: bool = True

    def unturned_size(self, width_px: int, height_px: int) -> tuple[int, int]:
        """(width, height) with square pixels, before the turn. Only the width is changed."""
        return max(1, round(width_px * self.pixel_aspect)), height_px

    def displayed_size(self, width_px: int, height_px: int) -> tuple[int, int]:
        """(width, height) with square pixels, after the turn."""
        return self.orientation.displayed_size(*self.unturned_size(width_px, height_px))


def read_geometry(frame: VideoFrame, pixel_aspect: Fraction | None) -> Geometry:
    """Reads the orientation from a frame's display matrix.

    Args:
        pixel_aspect: as the stream states it, None or 0 if it does not; outside 1/8 to 8 it is
            taken as 1.
    """
    is_usable = pixel_aspect and Fraction(1, _MAX_PIXEL_ASPECT) <= pixel_aspect <= _MAX_PIXEL_ASPECT
    aspect = pixel_aspect if pixel_aspect and is_usable else Fraction(1)
    try:
        matrix = side_data(frame, SideDataType.DISPLAYMATRIX)
    except ValueError:
        # The turn is known all the same, counter-clockwise; whether it is mirrored is not.
        return Geometry(Orientation(-90 * round(frame.rotation / 90) % 360), aspect)
    if matrix is None:
        return Geometry(UPRIGHT, aspect)
    orientation, is_exact = from_display_matrix(np.frombuffer(matrix, dtype=np.int32, count=9).tolist())
    return Geometry(orientation, aspect, is_exact)


def is_high_dynamic_range(frame: VideoFrame) -> bool:
    """Whether the values follow PQ or HLG, which need tone mapping to look right."""
    return frame.color_trc in _HDR_TRANSFERS


class RgbConverter:
    """Converts frames of one stream; keeps swscale's tables between them."""

    def __init__(self, geometry: Geometry) -> None:
        self._geometry = geometry
        self._reformatter = VideoReformatter()

    def convert(self, frame: VideoFrame) -> RgbImage:
        """To (H, W, 3) uint8 RGB, upright and with square pixels. 10 bits and more are rounded to 8.

        Raises:
            av.error.FFmpegError: the pixel format or the colour matrix is not known to swscale.
        """
        # swscale writes planes in a quarter of the time that it takes for pixels, with the same values -
        # but for RGB of 16 bits and palettes, which it then expands otherwise.
        is_planar = not (frame.format.is_rgb or frame.format.has_palette)
        width_px, height_px = self._geometry.unturned_size(frame.width, frame.height)
        converted = self._reformatter.reformat(
            frame,
            width=width_px,
            height=height_px,
            format="gbrp" if is_planar else "rgb24",
            src_colorspace=_matrix(frame),
            dst_color_range=ColorRange.JPEG,
            interpolation=_INTERPOLATION,
            threads=1,
        )
        image = _merged(converted) if is_planar else converted.to_ndarray()
        assert image.dtype == np.uint8
        return self._geometry.orientation.apply(image.astype(np.uint8, copy=False))


def _merged(frame: VideoFrame) -> RgbImage:
    """The three planes of a gbrp frame, pixel by pixel."""
    green, blue, red = (
        np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]
        for plane in frame.planes
    )
    image: RgbImage = cv2.merge([red, green, blue]).astype(np.uint8, copy=False)
    return image


def _matrix(frame: VideoFrame) -> Colorspace | None:
    """The YCbCr matrix where the frame does not name one; None to follow the frame."""
    if frame.colorspace != _UNSPECIFIED_MATRIX:
        return None
    is_hd = frame.width >= _HD_WIDTH_PX or frame.height > _HD_HEIGHT_PX
    return Colorspace.ITU709 if is_hd else Colorspace.ITU601
