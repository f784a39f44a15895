"""The factsheet's parts that only still pictures have, as fields. Exif entries are in the block before."""

from __future__ import annotations

from forensic_cli.factsheet import CompressionHint, Factsheet, JpegFacts, QuantisationTable, ThumbnailFacts
from forensic_cli.report.language import Language
from forensic_cli.report.model import Field

_HASH_CHARACTERS = 16


def image_fields(sheet: Factsheet, lang: Language) -> list[Field]:
    """JPEG coding and tables, compression history, thumbnail; what is missing is left out."""
    fields = []
    if sheet.jpeg:
        fields += _jpeg(sheet.jpeg, lang)
    if sheet.recompression:
        fields.append(Field(lang.say("facts.recompression"), _hint(sheet.recompression, lang)))
    if sheet.thumbnail:
        fields.append(Field(lang.say("facts.thumbnail"), _thumbnail(sheet.thumbnail, lang)))
    if sheet.exif:
        position = lang.say("common.yes" if sheet.exif.has_position else "common.no")
        fields.append(Field(lang.say("facts.position"), position))
    return fields


def _jpeg(jpeg: JpegFacts, lang: Language) -> list[Field]:
    say = lang.say
    coding = say(
        "facts.jpeg_value",
        process=jpeg.process,
        bits=jpeg.bits,
        components=jpeg.n_components,
        subsampling=jpeg.subsampling or "–",
        scans=lang.number(jpeg.n_scans),
    )
    return [
        Field(say("facts.jpeg"), coding),
        *(Field(say("facts.table", id=table.table_id), _table(table, lang)) for table in jpeg.tables),
    ]


def _table(table: QuantisationTable, lang: Language) -> str:
    start = table.sha256[:_HASH_CHARACTERS]
    if table.is_ijg:
        return lang.say("facts.table_ijg", quality=table.ijg_quality, hash=start)
    return lang.say("facts.table_other", quality=table.ijg_quality, hash=start)


def _hint(hint: CompressionHint, lang: Language) -> str:
    measured = lang.say(
        "facts.periodicity",
        value=lang.number(hint.periodicity, 2),
        bound=lang.number(hint.usual_below, 2),
        blocks=lang.number(hint.n_blocks),
    )
    words = lang.say("facts.periodic_yes" if hint.is_periodic else "facts.periodic_no")
    return f"{words} {measured}"


def _thumbnail(thumbnail: ThumbnailFacts, lang: Language) -> str:
    correlation = thumbnail.correlation
    text = lang.say(
        "facts.thumbnail_value",
        width=thumbnail.width_px,
        height=thumbnail.height_px,
        aspect=lang.number(thumbnail.aspect, 3),
        of_picture=lang.number(thumbnail.picture_aspect, 3),
        correlation="–" if correlation is None else lang.number(correlation, 3),
        difference=lang.number(thumbnail.mean_difference, 1),
    )
    return f"{text} {lang.say('facts.letterboxed')}" if thumbnail.was_letterboxed else text
