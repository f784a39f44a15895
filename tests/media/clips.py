"""Small videos made on the spot, and their reference: every frame decoded in one go, from the start."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from forensic_cli.media.colour import RgbConverter, read_geometry

WIDTH_PX, HEIGHT_PX = 96, 64
X264_CLOSED = "keyint=12:min-keyint=12:scenecut=0:bframes=3:b-pyramid=normal:open-gop=0:threads=1"
X264_OPEN = "keyint=12:min-keyint=12:scenecut=0:bframes=3:open-gop=1:threads=1"
X264_REFRESH = "keyint=12:intra-refresh=1:bframes=0:threads=1"
X265_OPEN = "keyint=12:min-keyint=12:bframes=3:open-gop=1:log-level=none:pools=1:frame-threads=1"


def picture(index: int, width: int = WIDTH_PX, height: int = HEIGHT_PX) -> NDArray[np.uint8]:
    """A picture that no other index has: a sliding gradient with a moving patch."""
    y, x = np.mgrid[0:height, 0:width]
    image = np.stack([(2 * x + 3 * index) % 256, (3 * y + index) % 256, (x + y + 7 * index) % 256], axis=-1)
    left = (5 * index) % (width - 20)
    image[8:28, left : left + 20] = (255, 40, index % 256)
    return image.astype(np.uint8)


def write_clip(
    path: Path,
    codec: str = "libx264",
    n_frames: int = 60,
    params: str = X264_CLOSED,
    options: dict[str, str] | None = None,
    pixel_format: str = "yuv420p",
    pts: Sequence[int] | None = None,
    time_base: Fraction = Fraction(1, 25),
    rotation_deg: float | None = None,
    is_mirrored: bool = False,
    pixel_aspect: Fraction | None = None,
    container_options: dict[str, str] | None = None,
    metadata: dict[str, str] | None = None,
    container_format: str | None = None,
    images: Sequence[NDArray[np.uint8]] | None = None,
) -> Path:
    """Encodes `picture(0)`, `picture(1)`, ... ; `rotation_deg` is PyAV's, counter-clockwise."""
    settings = dict(options or {})
    if codec in {"libx264", "libx265"}:
        key = "x264-params" if codec == "libx264" else "x265-params"
        settings.setdefault(key, params if codec == "libx264" else X265_OPEN)
        settings.setdefault("preset", "ultrafast" if codec == "libx265" else "veryfast")
    frames = images if images is not None else [picture(index) for index in range(n_frames)]
    with av.open(str(path), "w", format=container_format, options=container_options or {}) as container:
        container.metadata.update(metadata or {})
        stream = container.add_stream(codec, rate=25, options=settings)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = pixel_format
        stream.codec_context.time_base = time_base
        if pixel_aspect is not None:
            stream.codec_context.sample_aspect_ratio = pixel_aspect
        if rotation_deg is not None:
            stream.set_display_rotation(rotation_deg, hflip=is_mirrored)
        for index, image in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format=pixel_format)
            frame.pts = index if pts is None else pts[index]
            frame.time_base = time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def write_sound_only(path: Path) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=16000)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 4096), np.float32), format="fltp", layout="mono")
        frame.rate = 16000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def reference_frames(path: Path) -> list[tuple[int, NDArray[np.uint8]]]:
    """(pts, RGB) of all frames, by plain linear decoding with the library's defaults."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        converter: RgbConverter | None = None
        frames = []
        for frame in container.decode(stream):
            converter = converter or RgbConverter(read_geometry(frame, stream.sample_aspect_ratio))
            frames.append((frame.pts, converter.convert(frame)))
    return frames
