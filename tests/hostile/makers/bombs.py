"""Small files that would take far more memory than they have bytes, or claim to."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import av
from PIL import Image, PngImagePlugin

BOMB_SIDE_PX = 20_000
TEXT_BYTES = 200_000_000


def _png(width_px: int, height_px: int, data: bytes) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    header = struct.pack(">IIBBBBB", width_px, height_px, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def black_png(side_px: int) -> bytes:
    """A square that is complete and black, at one bit a pixel: a thousandth of its size."""
    row = bytes(1 + (side_px + 7) // 8)
    packer = zlib.compressobj(9)
    return _png(side_px, side_px, b"".join([*(packer.compress(row) for _ in range(side_px)), packer.flush()]))


def write_pictures(folder: Path) -> None:
    """Bombs of every picture format: one that is real, and headers with nothing behind them."""
    black = black_png(BOMB_SIDE_PX)
    assert len(black) < 100_000
    (folder / "bomb.png").write_bytes(black)
    (folder / "bomb-within-pillows-limit.png").write_bytes(black_png(12_000))
    (folder / "bomb-header.png").write_bytes(_png(0x7FFFFFFF, 0x7FFFFFFF, zlib.compress(b"")))
    (folder / "bomb-header.jpg").write_bytes(_jpeg_claiming(65_500, 65_500))
    (folder / "bomb-header.webp").write_bytes(_webp_claiming(16_383, 16_383))
    (folder / "bomb-header.tif").write_bytes(_tiff(100_000, 100_000))
    (folder / "bomb-header.bmp").write_bytes(
        b"BM" + struct.pack("<IIIIiiHHIIiiII", 54, 0, 54, 40, 100_000, 100_000, 1, 24, 0, 0, 0, 0, 0, 0)
    )
    (folder / "endless-pages.tif").write_bytes(_tiff(16, 16, next_directory=8))


def _jpeg_claiming(width_px: int, height_px: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (16, 16)).save(buffer, "JPEG")
    content = bytearray(buffer.getvalue())
    # Baseline frame header: marker, length, precision, then height and width.
    struct.pack_into(">HH", content, content.index(b"\xff\xc0") + 5, height_px, width_px)
    return bytes(content)


def _webp_claiming(width_px: int, height_px: int) -> bytes:
    """A lossless frame header and nothing else (RFC 9649, 3.4)."""
    bits = (width_px - 1) | (height_px - 1) << 14
    frame = b"\x2f" + struct.pack("<I", bits) + bytes(11)
    body = b"WEBPVP8L" + struct.pack("<I", len(frame)) + frame
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _tiff(width_px: int, height_px: int, next_directory: int = 0) -> bytes:
    """One uncompressed grey strip; `next_directory` 8 is the first one again, without end."""
    entries = ((256, width_px), (257, height_px), (258, 8), (259, 1), (262, 1), (273, 512), (277, 1))
    entries += ((278, height_px), (279, min(width_px * height_px, 0xFFFFFFFF)))
    directory = struct.pack("<H", len(entries))
    directory += b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries)
    content = b"II*\0" + struct.pack("<I", 8) + directory + struct.pack("<I", next_directory)
    return content.ljust(512, b"\0") + bytes(min(width_px * height_px, 4096))


def write_text_bomb(path: Path) -> None:
    """A small picture with a compressed text of 200 megabytes."""
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "A" * TEXT_BYTES, zip=True)
    Image.new("RGB", (120, 120), (90, 20, 10)).save(path, "PNG", pnginfo=info)
    assert path.stat().st_size < 300_000


def write_film(path: Path) -> None:
    """A film of one PNG frame with 400 million pixels."""
    with av.open(str(path), "w", format="mov") as container:
        stream = container.add_stream("png", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "gray"
        packet = av.Packet(black_png(BOMB_SIDE_PX))
        packet.stream, packet.pts, packet.dts, packet.is_keyframe = stream, 0, 0, True
        container.mux(packet)


def write_many_streams(path: Path, n_streams: int) -> None:
    """A film with hundreds of tracks."""
    with av.open(str(path), "w", format="mov") as container:
        streams = []
        for _ in range(n_streams):
            stream = container.add_stream("png", rate=25)
            stream.width, stream.height, stream.pix_fmt = 16, 16, "gray"
            streams.append(stream)
        picture = _png(16, 16, zlib.compress(bytes(3 * 16)))
        for stream in streams:
            packet = av.Packet(picture)
            packet.stream, packet.pts, packet.dts, packet.is_keyframe = stream, 0, 0, True
            container.mux(packet)
