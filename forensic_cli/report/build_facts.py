"""How a file was made and stored, as far as it shows: the factsheet as a block of an item."""

from __future__ import annotations

from forensic_cli.factsheet import (
    ContainerFacts,
    CredentialFacts,
    CredentialState,
    Factsheet,
    NotDetermined,
    TextEntry,
)
from forensic_cli.report.build_facts_image import image_fields
from forensic_cli.report.build_facts_video import video_fields
from forensic_cli.report.language import Language
from forensic_cli.report.model import Field, Section
from forensic_cli.types import ItemResult

_MAX_VALUE_CHARACTERS = 240
_MAX_MARKS = 12
_MAX_TEXTS = 8
_MAX_SECTIONS = 16
_MAX_EDITS = 4
_MAX_ACTIONS = 6


def build_facts(item: ItemResult, lang: Language) -> Section | None:
    """Layout, encoders, frames, timing, tables and Content Credentials of an item; None where none were read."""
    sheet = item.media_facts
    if sheet is None:
        return None
    fields = [
        *_layout_fields(sheet.container, lang),
        *_mark_fields(sheet, lang),
        *video_fields(sheet, lang),
        *image_fields(sheet, lang),
        *_text_fields(sheet.texts, lang),
        *credential_fields(sheet.credentials, lang),
    ]
    missing = tuple(_undetermined(note, lang) for note in sheet.not_determined)
    return Section(
        f"facts-{item.item_id}",
        lang.say("facts.title"),
        fields=tuple(fields),
        points_title=lang.say("facts.undetermined_title") if missing else "",
        points=missing,
        note=lang.say("facts.note"),
    )


def credential_fields(found: CredentialFacts, lang: Language) -> list[Field]:
    """The state of the Content Credentials; of those that were found, validity and trust apart."""
    say = lang.say
    state = say(f"facts.credentials_{found.state.name.lower()}")
    if found.reason:
        state = say("facts.with_reason", text=state, reason=lang.stored(lang.clip(found.reason)))
    fields = [Field(say("facts.credentials"), state)]
    if found.remote_url:
        fields.append(Field(say("facts.remote_url"), lang.clip(found.remote_url, _MAX_VALUE_CHARACTERS)))
    if found.state is not CredentialState.FOUND:
        return fields
    valid = say("facts.valid_yes" if found.is_valid else "facts.valid_no")
    if found.failures:
        codes = lang.clip(", ".join(found.failures), _MAX_VALUE_CHARACTERS)
        valid = say("facts.with_reason", text=valid, reason=codes)
    trusted = say("facts.trusted_no" if found.is_trusted is False else "facts.trusted_unknown")
    if found.is_trusted:
        trusted = say("facts.trusted_yes")
    unrecorded = say("common.none_recorded")
    actions = ", ".join(found.actions[:_MAX_ACTIONS])
    return [
        *fields,
        Field(say("facts.valid"), valid),
        Field(say("facts.trusted"), trusted),
        Field(say("facts.signer"), lang.clip(found.signer, _MAX_VALUE_CHARACTERS) or unrecorded),
        Field(say("facts.signed_at"), lang.clip(found.signed_at) or unrecorded),
        Field(say("facts.generator"), lang.clip(found.generator, _MAX_VALUE_CHARACTERS) or unrecorded),
        Field(say("facts.actions"), lang.clip(actions, _MAX_VALUE_CHARACTERS) or unrecorded),
    ]


def _layout_fields(container: ContainerFacts | None, lang: Language) -> list[Field]:
    if container is None:
        return []
    say = lang.say
    names = [
        section.name if section.n_repeated == 1 else f"{section.name} ×{section.n_repeated}"
        for section in container.sections[:_MAX_SECTIONS]
    ]
    if len(container.sections) > _MAX_SECTIONS:
        names.append(say("common.more", n=lang.number(len(container.sections) - _MAX_SECTIONS)))
    layout = ", ".join(names)
    if container.is_index_first is not None:
        order = say("facts.index_first" if container.is_index_first else "facts.index_last")
        layout = say("facts.with_reason", text=layout, reason=order)
    fields = [Field(say("facts.layout"), layout)] if names else []
    if container.brand:
        brands = ", ".join(dict.fromkeys((container.brand, *container.compatible_brands)))
        fields.append(Field(say("facts.brand"), lang.clip(brands, _MAX_VALUE_CHARACTERS)))
    if container.n_trailing_bytes is not None:
        fields.append(Field(say("facts.trailing"), lang.count(container.n_trailing_bytes, "byte")))
    fields += [
        Field(say("facts.header_time", place=lang.clip(place, 60)), lang.clip(text, 60))
        for place, text in container.header_times
    ]
    return fields + _edit_fields(container, lang)


def _edit_fields(container: ContainerFacts, lang: Language) -> list[Field]:
    fields = []
    for edit in container.edits[:_MAX_EDITS]:
        length = lang.exact(edit.duration_s)
        if edit.media_start_s < 0:
            text = lang.say("facts.edit_empty", track=edit.track_id, length=length)
        else:
            start, rate = lang.exact(edit.media_start_s), lang.exact(edit.rate)
            text = lang.say("facts.edit_value", track=edit.track_id, start=start, length=length, rate=rate)
        fields.append(Field(lang.say("facts.edit"), text))
    if container.n_edits > _MAX_EDITS:
        more = lang.number(container.n_edits - _MAX_EDITS)
        fields.append(Field(lang.say("facts.edit"), lang.say("media.more", n=more)))
    return fields


def _mark_fields(sheet: Factsheet, lang: Language) -> list[Field]:
    fields = [
        Field(
            lang.say("facts.mark", place=lang.clip(mark.place, 60)),
            lang.clip(mark.text, _MAX_VALUE_CHARACTERS),
        )
        for mark in sheet.encoders[:_MAX_MARKS]
    ]
    if len(sheet.encoders) > _MAX_MARKS:
        more = lang.number(len(sheet.encoders) - _MAX_MARKS)
        fields.append(Field(lang.say("facts.marks"), lang.say("media.more", n=more)))
    return fields


def _text_fields(texts: tuple[TextEntry, ...], lang: Language) -> list[Field]:
    fields = []
    for text in texts[:_MAX_TEXTS]:
        place = " ".join(filter(None, (text.place, text.keyword)))
        fields.append(
            Field(
                lang.say("facts.text", place=lang.clip(place, 60)),
                lang.clip(text.text, _MAX_VALUE_CHARACTERS),
            )
        )
    if len(texts) > _MAX_TEXTS:
        more = lang.number(len(texts) - _MAX_TEXTS)
        fields.append(Field(lang.say("facts.texts"), lang.say("media.more", n=more)))
    return fields


def _undetermined(note: NotDetermined, lang: Language) -> str:
    why = lang.say(f"facts.reason_{note.reason.name.lower()}")
    if note.detail:
        why = lang.say("facts.with_reason", text=why, reason=lang.stored(lang.clip(note.detail, 200)))
    try:
        what = lang.say(f"facts.name_{note.fact.replace('.', '_')}")
    except KeyError:
        # The path of a newer version, or of a process that decoded a hostile file: printed as it is.
        what = lang.clip(note.fact, 60)
    return lang.say("common.label_value", label=what, value=why)
