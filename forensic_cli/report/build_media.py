"""What a file states of itself, and what counting its contents shows."""

from __future__ import annotations

from forensic_cli.report.language import Language
from forensic_cli.report.model import Field, Section
from forensic_cli.types import ItemResult, MediaFacts, MediaKind

_MAX_TAGS = 40
_MAX_TAG_CHARACTERS = 240


def build_media(item: ItemResult, lang: Language) -> Section | None:
    """The media facts of an item; None where the file could not be probed."""
    if item.media is None:
        return None
    title, note = lang.say("media.title"), lang.say("media.note")
    return Section(f"media-{item.item_id}", title, fields=_fields(item.media, lang), note=note)


def media_line(media: MediaFacts, lang: Language) -> str:
    """The media facts of an item in one line."""
    parts = [media.container, media.codec, _size(media.width_px, media.height_px, lang)]
    if media.kind is MediaKind.VIDEO:
        parts.append(lang.say("media.duration_value", time=lang.time(media.duration_s)))
    return ", ".join(filter(None, parts))


def _fields(media: MediaFacts, lang: Language) -> tuple[Field, ...]:
    say, unrecorded = lang.say, lang.say("common.none_recorded")
    is_video = media.kind is MediaKind.VIDEO
    codec = media.codec
    if media.profile:
        codec = say("media.codec_profile", codec=media.codec, profile=media.profile)
    fields = [
        Field(say("media.kind"), say("media.kind_video" if is_video else "media.kind_image")),
        Field(say("media.container"), lang.clip(media.container)),
        Field(say("media.codec" if is_video else "media.pixel_mode"), lang.clip(codec)),
    ]
    if media.pixel_format:
        fields.append(Field(say("media.pixel_format"), lang.clip(media.pixel_format)))
    shown = _size(media.width_px, media.height_px, lang)
    stored = _size(media.coded_width_px, media.coded_height_px, lang)
    size = shown if shown == stored else say("media.size_stored", shown=shown, stored=stored)
    turn = say("media.rotation_none")
    if media.rotation_deg:
        turn = say("media.rotation_turn", degrees=media.rotation_deg)
    if media.is_mirrored:
        turn = say("media.mirrored", turn=turn)
    fields += [Field(say("media.dimensions"), size), Field(say("media.rotation"), turn)]
    if is_video:
        fields.extend(_stream_fields(media, lang))
    fields += [
        Field(say("media.encoder"), lang.clip(media.encoder, _MAX_TAG_CHARACTERS) or unrecorded),
        Field(say("media.creation_time"), lang.clip(media.creation_time, _MAX_TAG_CHARACTERS) or unrecorded),
    ]
    tags = [(say("media.tag", name=lang.clip(name, 60)), value) for name, value in media.tags]
    fields.extend(_tag_fields(tags, say("media.tags"), lang))
    if not is_video:
        exif = [(say("media.exif", name=lang.clip(name, 60)), value) for name, value in media.exif]
        fields.extend(_tag_fields(exif, say("media.exif_all"), lang))
        if not exif:
            fields.append(Field(say("media.exif_all"), unrecorded))
    return tuple(fields)


def _size(width_px: int, height_px: int, lang: Language) -> str:
    return lang.say("media.size", width=width_px, height=height_px)


def _stream_fields(media: MediaFacts, lang: Language) -> tuple[Field, ...]:
    say, number = lang.say, lang.number
    declared = number(media.n_frames_declared) if media.n_frames_declared else say("media.declared_none")
    rates = {
        None: "media.frame_rate_unknown",
        True: "media.frame_rate_variable",
        False: "media.frame_rate_constant",
    }
    frames = say(
        "media.frames_counted", n=number(media.n_frames), declared=declared, key=number(media.n_key_frames)
    )
    streams = say("media.streams_value", video=media.n_video_streams, audio=media.n_audio_streams)
    rate = say(rates[media.is_variable_frame_rate], rate=number(media.frame_rate, 3))
    return (
        Field(say("media.frames"), frames),
        Field(say("media.duration"), say("media.duration_value", time=lang.time(media.duration_s))),
        Field(say("media.frame_rate"), rate),
        Field(say("media.streams"), streams),
    )


def _tag_fields(tags: list[tuple[str, str]], label: str, lang: Language) -> list[Field]:
    fields = [Field(name, lang.clip(value, _MAX_TAG_CHARACTERS)) for name, value in tags[:_MAX_TAGS]]
    if len(tags) > _MAX_TAGS:
        fields.append(Field(label, lang.say("media.more", n=lang.number(len(tags) - _MAX_TAGS))))
    return fields
