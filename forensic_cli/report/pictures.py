"""Exhibits on the page: checked against their recorded hash, sized, captioned."""

from __future__ import annotations

import hashlib
import io
from functools import cached_property

from PIL import Image, UnidentifiedImageError
from reportlab.lib.utils import ImageReader
from reportlab.platypus import CondPageBreak, Table, TableStyle

from forensic_cli.errors import VerificationError
from forensic_cli.report.axes import LABEL_SIZE
from forensic_cli.report.flow import Drawn, Story, paragraph
from forensic_cli.report.fonts import REGULAR
from forensic_cli.report.language import Language
from forensic_cli.report.model import Picture, PictureKind, ReportModel, ShownFrame
from forensic_cli.report.scales import AttentionScale
from forensic_cli.report.styles import MUTED, RULE, TEXT_WIDTH
from forensic_cli.report.tables import plain_table_style
from forensic_cli.report.text import draw_text

_PICTURE_WIDTH = 356.0
_MAX_FRAME_HEIGHT = 160.0
_CAPTION_GAP = 14.0
_PANEL_LABEL_HEIGHT = 11.0
_JPEG_QUALITY = 90


def read_picture(picture: Picture) -> bytes:
    """The bytes of an exhibit, if they are still the ones that were recorded.

    Raises:
        VerificationError: the file is missing, unreadable or altered.
    """
    remedy = "Restore the results folder from a copy, or scan again."
    try:
        content = picture.path.read_bytes()
    except OSError as error:
        raise VerificationError(
            f"The picture {picture.file} cannot be read: {error.strerror}.", remedy
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != picture.sha256:
        raise VerificationError(
            f"The picture {picture.file} is not the one that the scan wrote: SHA-256 is {found}, "
            f"recorded {picture.sha256}.",
            remedy,
        )
    return content


def as_jpeg(content: bytes, name: str) -> bytes:
    """A picture as JPEG: one that is JPEG already comes back as it is.

    A lossless strip of three crops is ten times as large, which a batch of 2,000 items cannot
    afford; the file beside the results stays lossless.

    Args:
        content: of the picture's file.
        name: for the message.

    Raises:
        VerificationError: it is no picture.
    """
    try:
        with Image.open(io.BytesIO(content), formats=("JPEG", "PNG")) as image:
            if image.format == "JPEG" and image.mode in {"RGB", "L"}:
                return content
            buffer = io.BytesIO()
            # No chroma subsampling: it would smear the fine colour steps of the heatmap.
            image.convert("RGB").save(buffer, "JPEG", quality=_JPEG_QUALITY, subsampling=0)
            return buffer.getvalue()
    except (UnidentifiedImageError, OSError) as error:
        raise VerificationError(
            f"{name} is no JPEG or PNG picture.", "Draw the report with the version that made the results."
        ) from error


class PictureBlock(Drawn):
    """One exhibit at its place on the page; the panels of a heatmap are named above it."""

    def __init__(self, picture: Picture, lang: Language) -> None:
        self.picture = picture
        self.panels = lang.say_all("pictures.heatmap_panels")
        self.content = as_jpeg(read_picture(picture), picture.file)
        self.is_heatmap = picture.kind is PictureKind.HEATMAP
        n_columns, n_rows = self.reader.getSize()
        scale = _PICTURE_WIDTH / n_columns
        if not self.is_heatmap:
            # A small frame is not blown up beyond 96 pixels an inch.
            scale = min(scale, _MAX_FRAME_HEIGHT / n_rows, 0.75)
        self.picture_size = (n_columns * scale, n_rows * scale)
        label_height = _PANEL_LABEL_HEIGHT if self.is_heatmap else 0.0
        super().__init__(self.picture_size[0], self.picture_size[1] + label_height)

    @cached_property
    def reader(self) -> ImageReader:
        """The picture for reportlab, which names it by its pixels and not by its path."""
        return ImageReader(io.BytesIO(self.content))

    def draw(self) -> None:
        """Draws picture, hairline and panel names."""
        width, height = self.picture_size
        self.canv.drawImage(self.reader, 0, 0, width, height)
        self.canv.setStrokeColor(RULE)
        self.canv.setLineWidth(0.4)
        if not self.is_heatmap:
            self.canv.rect(0, 0, width, height, stroke=1, fill=0)
            return
        self.canv.setFillColor(MUTED)
        panel_width = height
        gap = (width - 3 * panel_width) / 2
        for number, name in enumerate(self.panels):
            draw_text(self.canv, number * (panel_width + gap), height + 4, name, REGULAR, LABEL_SIZE)


def frames_story(frames: tuple[ShownFrame, ...], model: ReportModel) -> Story:
    """The pictures of a track, one block a frame, under one colour scale."""
    if not frames:
        return []
    lang = model.language
    tables = [_frame_table(frame, lang) for frame in frames]
    # Title, scale and the first picture belong together.
    first_height = PictureBlock(frames[0].pictures[0], lang).height + 12
    title = paragraph(lang.say("pictures.title"), "h3")
    return [CondPageBreak(70 + first_height), title, _scale_table(model), *tables]


def _scale_table(model: ReportModel) -> Table:
    left = [AttentionScale(model.attention_top, model.language)]
    caption = model.language.say("pictures.scale_caption")
    right = [paragraph(caption, "cell-strong"), paragraph(model.attention_note, "cell-note")]
    table = Table(
        [[left, right]], colWidths=(AttentionScale.BAR_WIDTH + 16, TEXT_WIDTH - AttentionScale.BAR_WIDTH - 16)
    )
    table.setStyle(plain_table_style(0, 6))
    table.setStyle(TableStyle([("TOPPADDING", (0, 0), (0, 0), 3)]))
    return table


def _frame_table(frame: ShownFrame, lang: Language) -> Table:
    """Pictures to the left, caption to the right; never torn apart from one another.

    Each picture is a row of its own, so that a frame with many is broken between them.
    """
    rows = []
    for number, picture in enumerate(frame.pictures):
        caption: Story = [paragraph(frame.title, "value-strong")]
        if number == 0:
            caption += [
                paragraph(lang.say("common.label_value", label=field.label, value=field.value), "cell")
                for field in frame.fields
            ]
        is_heatmap = picture.kind is PictureKind.HEATMAP
        key = "pictures.heatmap_caption" if is_heatmap else "pictures.frame_caption"
        caption.append(paragraph(lang.say(key), "cell-note"))
        caption.append(paragraph(picture.file, "file-note"))
        rows.append([PictureBlock(picture, lang), caption])
    table = Table(rows, colWidths=(_PICTURE_WIDTH + _CAPTION_GAP, TEXT_WIDTH - _PICTURE_WIDTH - _CAPTION_GAP))
    table.setStyle(plain_table_style(0, 6))
    table.setStyle(
        TableStyle([("TOPPADDING", (0, 0), (-1, 0), 6), ("LINEABOVE", (0, 0), (-1, 0), 0.4, RULE)])
    )
    return table
