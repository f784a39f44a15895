"""What the report says of one item: identity, blocks of facts, frames, warnings, limits.

How another block of facts about an item gets into the report:

1. Write a module `build_<what>.py` beside this one with a function
   `build_<what>(item: ItemResult, lang: Language) -> Section | None`, None where there is nothing to say.
   It puts together fields, points and a note; it opens no file and draws nothing.
2. Put its words below a table of its own in `messages/en.toml`, and the same keys with the same
   placeholders in every other file there; `lang.say("facts.title")` fetches them. The tests find a key
   that is missing, unused, or called with other placeholders.
3. Add the function to `_BLOCKS` below: its place there is its place in the report. `item_pages` draws it
   as a grid of short fields; for items without a face reading it is left to `build_listed`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePath

from forensic_cli.case.model import Case, CaseItem
from forensic_cli.evidence.records import ScanResult
from forensic_cli.report.build_facts import build_facts, credential_fields
from forensic_cli.report.build_media import build_media, media_line
from forensic_cli.report.build_request import received
from forensic_cli.report.build_track import build_tracks, track_limits
from forensic_cli.report.language import Language
from forensic_cli.report.likelihood_text import likelihood_text
from forensic_cli.report.model import Field, ItemSection, ListedItem, Section, TextKind
from forensic_cli.report.text import is_plain
from forensic_cli.types import Evidence, FrameCounts, ItemResult, MediaKind, ScanWarning, Verdict

MANY_ITEMS = 200
_MAX_PATH_CHARACTERS = 400
_BLOCKS: tuple[Callable[[ItemResult, Language], Section | None], ...] = (build_media, build_facts)


def item_anchor(item: ItemResult) -> str:
    """The bookmark of an item's pages."""
    return f"item-{item.item_id}"


def item_label(item: ItemResult, case: Case) -> str:
    """The item's number behind the case's exhibit prefix."""
    return f"{case.exhibit_prefix}{item.item_id}"


def item_name(item: ItemResult) -> str:
    """The file's own name, unescaped."""
    return PurePath(item.evidence.path).name or item.evidence.path


def item_heading(item: ItemResult, case: Case, lang: Language) -> str:
    """How the item is called in headings: its label, with the exhibit's mark where one was supplied."""
    exhibit = case.about(item.evidence.path).exhibit
    label = item_label(item, case)
    if exhibit:
        return lang.say("head.item_with_exhibit", label=label, exhibit=exhibit)
    return lang.say("head.item", label=label)


def build_item(item: ItemResult, result: ScanResult, results_dir: Path, lang: Language) -> ItemSection:
    """The section of an item in which at least one face was read.

    Raises:
        VerificationError: an exhibit's name leads out of `results_dir`.
    """
    finding = item.finding
    # A PDF of thousands of pictures serves nobody and would not fit into memory.
    is_bare = len(result.items) > MANY_ITEMS and finding.verdict is Verdict.NO_SUPPORT
    shown = _without_pictures(item) if is_bare else item
    tracks, note = build_tracks(shown, result.model, results_dir, lang)
    blocks = (build(item, lang) for build in _BLOCKS)
    return ItemSection(
        anchor=item_anchor(item),
        heading=item_heading(item, result.case, lang),
        name=item_name(item),
        verdict=finding.verdict,
        words=lang.say(f"verdict.{finding.verdict.value}"),
        score="" if finding.score is None else lang.signed(finding.score),
        interval=lang.interval(finding.interval),
        likelihood=likelihood_text(finding, lang),
        reasons=tuple(map(lang.stored, finding.reasons)),
        identity=_identity(item.evidence, result.case, lang),
        blocks=tuple(block for block in blocks if block),
        frames_sentence=frames_sentence(item, lang),
        warnings=tuple(_warning(warning, lang) for warning in item.warnings),
        tracks=tracks,
        tracks_note=note,
        pictures_note=lang.say("pictures.left_out", n=lang.number(MANY_ITEMS)) if is_bare else "",
        limits=_limits(item, lang),
    )


def _without_pictures(item: ItemResult) -> ItemResult:
    return replace(item, tracks=tuple(replace(track, exhibits=()) for track in item.tracks))


def build_listed(item: ItemResult, result: ScanResult, lang: Language) -> ListedItem:
    """The row of an item without a face reading."""
    evidence, say = item.evidence, lang.say
    untaken = say("common.not_taken")
    own = result.case.about(evidence.path)
    modified = _modified(evidence, lang)
    facts = [
        Field(
            say("listed.file"), say("listed.file_value", size=lang.bytes(evidence.n_bytes), modified=modified)
        )
    ]
    if not is_plain(item_name(item)):
        facts.append(_name_bytes(evidence, lang))
    facts.append(Field(say("listed.sha256"), evidence.sha256_before or untaken, TextKind.MONO))
    if not evidence.is_unchanged:
        facts.append(Field(say("listed.sha256_after"), evidence.sha256_after or untaken, TextKind.MONO))
    facts += _supplied(own, lang)
    facts.append(Field(say("listed.received"), received(own, lang)))
    facts.append(Field(say("listed.original_or_copy"), own.original_or_copy or say("common.not_supplied")))
    if item.media:
        facts.append(Field(say("listed.media"), media_line(item.media, lang)))
    if item.media_facts:
        # The other facts of such an item are in results.jsonl.
        facts += credential_fields(item.media_facts.credentials, lang)
    if sentence := frames_sentence(item, lang):
        facts.append(Field(say("listed.frames"), sentence))
    facts.extend(Field(say("listed.warning"), _warning(warning, lang)) for warning in item.warnings)
    return ListedItem(
        anchor=item_anchor(item),
        label=item_label(item, result.case),
        heading=item_heading(item, result.case, lang),
        name=item_name(item),
        verdict=item.finding.verdict,
        words=say(f"verdict.{item.finding.verdict.value}"),
        reasons=tuple(lang.stored(lang.clip(reason)) for reason in item.finding.reasons),
        facts=tuple(facts),
    )


def frames_sentence(item: ItemResult, lang: Language) -> str:
    """The denominators of an item as a sum, "" where nothing was decoded."""
    counts = item.counts
    if counts is None:
        return ""
    if item.media and item.media.kind is MediaKind.IMAGE:
        return lang.say("item.picture_examined" if counts.n_used else "item.picture_not_examined")
    return lang.say(
        "item.frames_sum",
        stream=lang.count(counts.n_in_stream, "frame"),
        used=lang.number(counts.n_used),
        not_sampled=lang.number(counts.n_not_sampled),
        failed=lang.number(counts.n_failed),
        decoded=lang.count(counts.n_decoded, "frame"),
    )


def _modified(evidence: Evidence, lang: Language) -> str:
    return lang.moment(evidence.mtime_utc) if evidence.mtime_utc else lang.say("common.not_recorded")


def _name_bytes(evidence: Evidence, lang: Language) -> Field:
    name = PurePath(evidence.path).name or evidence.path
    try:
        # What the file system held: undecodable bytes come back as themselves.
        raw = name.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raw = name.encode("utf-8", "surrogatepass")
    return Field(lang.say("item.name_bytes"), raw.hex(" "), TextKind.MONO)


def _supplied(own: CaseItem, lang: Language) -> list[Field]:
    """The two fields that only an entry of its own can supply."""
    values = ((lang.say("item.exhibit"), own.exhibit), (lang.say("item.description"), own.description))
    return [Field(label, value) for label, value in values if value]


def _identity(evidence: Evidence, case: Case, lang: Language) -> tuple[Field, ...]:
    say = lang.say
    absent, untaken = say("common.not_supplied"), say("common.not_taken")
    own = case.about(evidence.path)
    name = PurePath(evidence.path).name or evidence.path
    fields = [Field(say("item.file_name"), name, TextKind.NAME)]
    if not is_plain(name) or unicodedata.normalize("NFC", name) != name:
        fields.append(_name_bytes(evidence, lang))
    if evidence.sha256_before and evidence.sha256_after:
        match = say("common.yes") if evidence.is_unchanged else say("common.no")
    else:
        match = say("item.hashes_unknown")
    return (
        *fields,
        Field(say("item.path"), lang.clip(evidence.path, _MAX_PATH_CHARACTERS), TextKind.NAME),
        Field(say("item.size"), lang.bytes(evidence.n_bytes)),
        Field(say("item.modified"), _modified(evidence, lang)),
        Field(say("item.hash_before"), evidence.sha256_before or untaken, TextKind.MONO),
        Field(say("item.hash_after"), evidence.sha256_after or untaken, TextKind.MONO),
        Field(say("item.hashes_match"), match),
        *_supplied(own, lang),
        Field(say("custody.received"), received(own, lang)),
        Field(say("custody.original_or_copy"), own.original_or_copy or absent),
        Field(say("custody.condition"), own.condition or absent),
    )


def _warning(warning: ScanWarning, lang: Language) -> str:
    message = lang.stored(lang.clip(warning.message))
    if warning.n == 1:
        return message
    return lang.say("item.warning", message=message, n=lang.number(warning.n))


def _limits(item: ItemResult, lang: Language) -> tuple[str, ...]:
    limits = [lang.say("limit.detected_only"), *_frame_limits(item.counts, lang)]
    limits.extend(track_limits(item.tracks, lang))
    if any(track.finding.interval for track in item.tracks):
        limits.append(lang.say("limit.interval"))
    if item.evidence.sha256_after and not item.evidence.is_unchanged:
        limits.insert(0, lang.say("limit.changed"))
    return tuple(limits)


def _frame_limits(counts: FrameCounts | None, lang: Language) -> list[str]:
    limits = []
    if counts and counts.n_not_sampled:
        limits.append(lang.say("limit.not_sampled", n=lang.count(counts.n_not_sampled, "frame")))
    if counts and counts.n_failed:
        limits.append(lang.say("limit.broken", n=lang.count(counts.n_failed, "frame")))
    return limits
