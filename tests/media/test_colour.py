from fractions import Fraction

import av
import numpy as np
import pytest
from av.video.reformatter import ColorRange, ColorTrc

from forensic_cli.media import colour
from forensic_cli.media.colour import Geometry, RgbConverter, is_high_dynamic_range, read_geometry
from forensic_cli.media.orientation import UPRIGHT, Orientation
from tests.media.clips import picture

RGB = (200, 50, 30)
# Kr, Kb and FFmpeg's number of the matrix (ITU-R BT.709, BT.601, BT.2020).
MATRICES = {"709": (0.2126, 0.0722, 1), "601": (0.299, 0.114, 6), "2020": (0.2627, 0.0593, 9)}
UNSPECIFIED = 2


def _solid(
    matrix: str, is_full_range: bool, size: tuple[int, int] = (64, 48), bits: int = 8
) -> av.VideoFrame:
    """A frame of the colour RGB, coded by the textbook formula, tagged with its matrix and range."""
    kr, kb, number = MATRICES[matrix]
    red, green, blue = (value / 255 for value in RGB)
    luma = kr * red + (1 - kr - kb) * green + kb * blue
    chroma = (blue - luma) / 2 / (1 - kb), (red - luma) / 2 / (1 - kr)
    if is_full_range:
        values = [255 * luma, *(128 + 255 * value for value in chroma)]
    else:
        values = [16 + 219 * luma, *(128 + 224 * value for value in chroma)]
    frame = av.VideoFrame(*size, "yuv420p" if bits == 8 else "yuv420p10le")
    for plane, value in zip(frame.planes, values, strict=True):
        kind = np.uint8 if bits == 8 else np.uint16
        n_values = plane.buffer_size // np.dtype(kind).itemsize
        plane.update(np.full(n_values, round(value * 2 ** (bits - 8)), kind).tobytes())
    frame.colorspace = number
    frame.color_range = 2 if is_full_range else 1
    return frame


@pytest.mark.parametrize("matrix", MATRICES)
@pytest.mark.parametrize("is_full_range", [False, True])
@pytest.mark.parametrize("bits", [8, 10])
def test_the_stated_matrix_range_and_depth_give_back_the_colour(
    matrix: str, is_full_range: bool, bits: int
) -> None:
    image = RgbConverter(Geometry()).convert(_solid(matrix, is_full_range, bits=bits))
    assert image.shape == (48, 64, 3)
    assert np.abs(image.astype(int) - RGB).max() <= 2


@pytest.mark.parametrize(
    ("size", "matrix"), [((64, 48), "601"), ((720, 576), "601"), ((1280, 720), "709"), ((480, 848), "709")]
)
def test_an_unstated_matrix_follows_the_resolution(size: tuple[int, int], matrix: str) -> None:
    frame = _solid(matrix, False, size)
    frame.colorspace = UNSPECIFIED
    image = RgbConverter(Geometry()).convert(frame)
    assert np.abs(image.astype(int) - RGB).max() <= 2


@pytest.mark.parametrize(
    "pixel_format",
    ["yuv420p", "yuvj420p", "yuv422p", "yuv444p10le", "nv12", "p010le", "yuyv422", "gray", "yuva420p", "rgb24",
     "bgr0", "rgb565le", "gbrp10le"],
)  # fmt: skip
@pytest.mark.parametrize("size", [(96, 64), (37, 21)])
@pytest.mark.parametrize("pixel_aspect", [Fraction(1), Fraction(4, 3)])
def test_by_whatever_way_pixels_are_those_that_swscale_writes_as_rgb(
    pixel_format: str, size: tuple[int, int], pixel_aspect: Fraction
) -> None:
    frame = av.VideoFrame.from_ndarray(picture(0, *size), format="rgb24").reformat(format=pixel_format)
    frame.colorspace = MATRICES["709"][2]
    geometry = Geometry(pixel_aspect=pixel_aspect)
    width_px, height_px = geometry.displayed_size(*size)
    plain = frame.reformat(
        width_px, height_px, "rgb24", dst_color_range=ColorRange.JPEG, interpolation=colour._INTERPOLATION
    )
    np.testing.assert_array_equal(RgbConverter(geometry).convert(frame), plain.to_ndarray())


def test_the_frame_turns_after_its_width_is_corrected() -> None:
    geometry = Geometry(Orientation(90), Fraction(4, 3))
    frame = av.VideoFrame.from_ndarray(picture(0, 96, 64), format="rgb24")
    image = RgbConverter(geometry).convert(frame)
    assert image.shape == (128, 64, 3)
    assert geometry.displayed_size(96, 64) == (64, 128)


@pytest.mark.parametrize("aspect", [None, Fraction(0), Fraction(1, 100), Fraction(100), Fraction(-1)])
def test_an_incredible_pixel_aspect_is_taken_as_square(aspect: Fraction | None) -> None:
    assert read_geometry(av.VideoFrame(16, 16, "yuv420p"), aspect) == Geometry(UPRIGHT, Fraction(1))


def test_high_dynamic_range_is_known_by_its_transfer() -> None:
    frame = av.VideoFrame(16, 16, "yuv420p10le")
    assert not is_high_dynamic_range(frame)
    frame.color_trc = ColorTrc.ARIB_STD_B67.value
    assert is_high_dynamic_range(frame)
