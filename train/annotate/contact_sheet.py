"""All candidates on one picture, to look at before anybody paints."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from forensic_cli.types import RgbImage
from train.annotate.overlays import colours

_TILE_PX = 128
_GAP_PX = 4
_CELL_GAP_PX = 20
_LABEL_PX = 20
_MARGIN_PX = 24
_MOST_COLUMNS = 5
_FEWEST_COLUMNS = 3
_TITLE_SIZE_PX, _TEXT_SIZE_PX, _LABEL_SIZE_PX = 22, 14, 13
_HEADER_PX = 92
_SCALE_WIDTH_PX, _SCALE_HEIGHT_PX = 160, 12
_PAPER, _INK, _MUTED = (255, 255, 255), (25, 25, 25), (105, 105, 105)


@dataclass(frozen=True, slots=True, eq=False)
class Tile:
    """One candidate on the sheet.

    Attributes:
        crop, overlay: (256, 256, 3) uint8 RGB.
        label: printed above the two.
    """

    crop: RgbImage
    overlay: RgbImage
    label: str


def contact_sheet_png(tiles: Sequence[Tile], title: str, subtitle: str, scale: float) -> bytes:
    """Draws the sheet: crop and overlay side by side, best candidate first, row by row.

    Args:
        title, subtitle: printed at the top.
        scale: attention at the top of the colour scale.

    Returns:
        A PNG without any text chunk: the same candidates give the same bytes.
    """
    from PIL import Image, ImageDraw, ImageFont

    n_columns = max(min(_MOST_COLUMNS, len(tiles)), _FEWEST_COLUMNS)
    cell_width = 2 * _TILE_PX + _GAP_PX + _CELL_GAP_PX
    cell_height = _LABEL_PX + _TILE_PX + _CELL_GAP_PX // 2
    n_rows = -(-len(tiles) // n_columns)
    text = ImageFont.load_default(size=_TEXT_SIZE_PX)
    width = 2 * _MARGIN_PX + max(n_columns * cell_width - _CELL_GAP_PX, math.ceil(text.getlength(subtitle)))
    height = _HEADER_PX + n_rows * cell_height + _MARGIN_PX
    sheet = Image.new("RGB", (width, height), _PAPER)
    draw = ImageDraw.Draw(sheet)
    label_font = ImageFont.load_default(size=_LABEL_SIZE_PX)
    draw.text((_MARGIN_PX, 16), title, _INK, ImageFont.load_default(size=_TITLE_SIZE_PX))
    draw.text((_MARGIN_PX, 60), subtitle, _MUTED, text)
    left = width - _MARGIN_PX - _SCALE_WIDTH_PX
    ramp = np.tile(np.linspace(0, 1, _SCALE_WIDTH_PX, dtype=np.float32), (_SCALE_HEIGHT_PX, 1))
    sheet.paste(Image.fromarray(colours(ramp)), (left, 18))
    draw.text((left - 8, 16), "attention", _MUTED, label_font, anchor="ra")
    draw.text((left, 33), "0", _MUTED, label_font)
    draw.text((width - _MARGIN_PX, 33), f"{scale:.2g} and more", _MUTED, label_font, anchor="ra")
    for index, tile in enumerate(tiles):
        row, column = divmod(index, n_columns)
        x, y = _MARGIN_PX + column * cell_width, _HEADER_PX + row * cell_height
        draw.text((x, y + 2), tile.label, _INK, label_font)
        sheet.paste(Image.fromarray(_small(tile.crop)), (x, y + _LABEL_PX))
        sheet.paste(Image.fromarray(_small(tile.overlay)), (x + _TILE_PX + _GAP_PX, y + _LABEL_PX))
    buffer = io.BytesIO()
    sheet.save(buffer, format="PNG")
    return buffer.getvalue()


def _small(image: RgbImage) -> RgbImage:
    return np.asarray(cv2.resize(image, (_TILE_PX, _TILE_PX), interpolation=cv2.INTER_AREA), np.uint8)
