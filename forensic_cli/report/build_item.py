"""What the report says of one item: identity, media facts, frames, warnings, limits."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from pathlib import Path, PurePath

from forensic_cli.case.model import Case
from forensic_cli.evidence.records import ScanResult
from forensic_cli.report import wording as w
from forensic_cli.report.build_track import build_tracks, track_limits
from forensic_cli.report.formats import (
    bytes_text,
    count_text,
    interval_text,
    signed_text,
    time_text,
    typeset,
    utc_text,
)
from forensic_cli.report.likelihood_text import likelihood_text
from forensic_cli.report.model import Field, ItemSection, ListedItem, TextKind
from forensic_cli.report.text import clip, is_plain
from forensic_cli.types import (
    Evidence,
    FrameCounts,
    ItemResult,
    MediaFacts,
    MediaKind,
    ScanWarning,
    Verdict,
)

MANY_ITEMS = 200
_MAX_PATH_CHARACTERS = 400
_MAX_TAGS = 40
_MAX_TAG_CHARACTERS = 240


def item_anchor(item: ItemResult) -> str:
    """The bookmark of an item's pages."""
    return f"item-{item.item_id}"


def item_label(item: ItemResult, case: Case) -> str:
    """The item's number behind the case's exhibit prefix."""
    return f"{case.exhibit_prefix}{item.item_id}"


def item_name(item: ItemResult) -> str:
    """The file's own name, unescaped."""
    return PurePath(item.evidence.path).name or item.evidence.path


def build_item(item: ItemResult, result: ScanResult, results_dir: Path) -> ItemSection:
    """The section of an item in which at least one face was read.

    Raises:
        VerificationError: an exhibit's name leads out of `results_dir`.
    """
    finding = item.finding
    # A PDF of thousands of pictures serves nobody and would not fit into memory.
    is_bare = len(result.items) > MANY_ITEMS and finding.verdict is Verdict.NO_SUPPORT
    pictures_note = w.PICTURES_LEFT_OUT.format(n=MANY_ITEMS) if is_bare else ""
    tracks, note = build_tracks(_without_pictures(item) if is_bare else item, result.model, results_dir)
    return ItemSection(
        anchor=item_anchor(item),
        label=item_label(item, result.case),
        name=item_name(item),
        verdict=finding.verdict,
        words=w.VERDICT_WORDS[finding.verdict],
        score="" if finding.score is None else signed_text(finding.score),
        interval=interval_text(finding.interval),
        likelihood=likelihood_text(finding),
        reasons=tuple(map(typeset, finding.reasons)),
        identity=_identity(item.evidence, result.case),
        media=_media(item.media) if item.media else (),
        frames_sentence=frames_sentence(item),
        warnings=tuple(map(_warning, item.warnings)),
        tracks=tracks,
        tracks_note=note,
        pictures_note=pictures_note,
        limits=_limits(item),
    )


def _without_pictures(item: ItemResult) -> ItemResult:
    return replace(item, tracks=tuple(replace(track, exhibits=()) for track in item.tracks))


def build_listed(item: ItemResult, result: ScanResult) -> ListedItem:
    """The row of an item without a face reading."""
    evidence = item.evidence
    facts = [Field("File", f"{bytes_text(evidence.n_bytes)}, modified {_mtime(evidence)}")]
    if not is_plain(item_name(item)):
        facts.append(_name_bytes(evidence))
    facts.append(Field("SHA-256", evidence.sha256_before or w.NOT_TAKEN, TextKind.MONO))
    if not evidence.is_unchanged:
        facts.append(Field("SHA-256 after", evidence.sha256_after or w.NOT_TAKEN, TextKind.MONO))
    if item.media:
        facts.append(Field("Media", _media_line(item.media)))
    if sentence := frames_sentence(item):
        facts.append(Field("Frames", sentence))
    facts.extend(Field("Warning", _warning(warning)) for warning in item.warnings)
    return ListedItem(
        anchor=item_anchor(item),
        label=item_label(item, result.case),
        name=item_name(item),
        verdict=item.finding.verdict,
        words=w.VERDICT_WORDS[item.finding.verdict],
        reasons=tuple(clip(typeset(reason)) for reason in item.finding.reasons),
        facts=tuple(facts),
    )


def received(case: Case) -> str:
    """From whom the items came, and when, as the examiner gave it."""
    return ", ".join(filter(None, (case.received_from, case.received_utc))) or w.NOT_SUPPLIED


def frames_sentence(item: ItemResult) -> str:
    """The denominators of an item as a sum, "" where nothing was decoded."""
    counts = item.counts
    if counts is None:
        return ""
    if item.media and item.media.kind is MediaKind.IMAGE:
        return f"1 picture, {'examined' if counts.n_used else 'not examined'}."
    return (
        f"{count_text(counts.n_in_stream, 'frame')} in the stream = {counts.n_used:,} examined + "
        f"{counts.n_not_sampled:,} not sampled + {counts.n_failed:,} failed. "
        f"{count_text(counts.n_decoded, 'frame')} decoded."
    )


def _mtime(evidence: Evidence) -> str:
    return utc_text(evidence.mtime_utc) if evidence.mtime_utc else w.NOT_RECORDED


def _name_bytes(evidence: Evidence) -> Field:
    name = PurePath(evidence.path).name or evidence.path
    try:
        # What the file system held: undecodable bytes come back as themselves.
        raw = name.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raw = name.encode("utf-8", "surrogatepass")
    return Field("Name, as bytes", raw.hex(" "), TextKind.MONO)


def _identity(evidence: Evidence, case: Case) -> tuple[Field, ...]:
    name = PurePath(evidence.path).name or evidence.path
    fields = [Field("File name", name, TextKind.NAME)]
    if not is_plain(name) or unicodedata.normalize("NFC", name) != name:
        fields.append(_name_bytes(evidence))
    if evidence.sha256_before and evidence.sha256_after:
        match = w.YES if evidence.is_unchanged else w.NO
    else:
        match = "Cannot be told: both hashes are needed"
    return (
        *fields,
        Field("Path", clip(evidence.path, _MAX_PATH_CHARACTERS), TextKind.NAME),
        Field("Size", bytes_text(evidence.n_bytes)),
        Field("Modified", _mtime(evidence)),
        Field("SHA-256 before", evidence.sha256_before or w.NOT_TAKEN, TextKind.MONO),
        Field("SHA-256 after", evidence.sha256_after or w.NOT_TAKEN, TextKind.MONO),
        Field("Hashes match", match),
        Field("Received from, when", received(case)),
        Field("Original or copy", case.original_or_copy or w.NOT_SUPPLIED),
    )


def _media_line(media: MediaFacts) -> str:
    parts = [media.container, media.codec, f"{media.width_px} × {media.height_px} px"]
    if media.kind is MediaKind.VIDEO:
        parts.append(f"{media.duration_s:.3f} s")
    return ", ".join(filter(None, parts))


def _media(media: MediaFacts) -> tuple[Field, ...]:
    fields = [Field("Kind", media.kind.value.capitalize()), Field("Container", clip(media.container))]
    codec = f"{media.codec}, profile {media.profile}" if media.profile else media.codec
    fields.append(Field("Codec" if media.kind is MediaKind.VIDEO else "Pixel mode", clip(codec)))
    if media.pixel_format:
        fields.append(Field("Pixel format", clip(media.pixel_format)))
    shown, stored = (media.width_px, media.height_px), (media.coded_width_px, media.coded_height_px)
    size = f"{shown[0]} × {shown[1]} px"
    fields.append(
        Field("Dimensions", size if shown == stored else f"{size} (stored as {stored[0]} × {stored[1]} px)")
    )
    turn = f"{media.rotation_deg}° clockwise" if media.rotation_deg else "None"
    fields.append(Field("Rotation", f"{turn}, mirrored" if media.is_mirrored else turn))
    if media.kind is MediaKind.VIDEO:
        fields.extend(_stream_fields(media))
    fields.append(Field("Encoder", clip(media.encoder, _MAX_TAG_CHARACTERS) or w.NONE_RECORDED))
    fields.append(Field("Creation time", clip(media.creation_time, _MAX_TAG_CHARACTERS) or w.NONE_RECORDED))
    fields.append(Field("Content Credentials", "Not read by this version"))
    fields.extend(_tag_fields("Tag", media.tags))
    if media.kind is MediaKind.IMAGE:
        fields.extend(_tag_fields("Exif", media.exif) or [Field("Exif", w.NONE_RECORDED)])
    return tuple(fields)


def _stream_fields(media: MediaFacts) -> tuple[Field, ...]:
    claim = f"header: {media.n_frames_declared:,}" if media.n_frames_declared else "header: no number"
    constancy = {None: "constancy cannot be told", True: "variable", False: "constant"}
    return (
        Field("Frames", f"{media.n_frames:,} counted ({claim}), {media.n_key_frames:,} key frames"),
        Field("Duration", f"{time_text(media.duration_s)} (h:mm:ss)"),
        Field("Frame rate", f"{media.frame_rate:.3f} Hz, {constancy[media.is_variable_frame_rate]}"),
        Field("Streams", f"{media.n_video_streams} video, {media.n_audio_streams} audio"),
    )


def _tag_fields(label: str, tags: tuple[tuple[str, str], ...]) -> list[Field]:
    fields = [
        Field(f"{label}: {clip(name, 60)}", clip(value, _MAX_TAG_CHARACTERS))
        for name, value in tags[:_MAX_TAGS]
    ]
    if len(tags) > _MAX_TAGS:
        fields.append(Field(label, f"{len(tags) - _MAX_TAGS:,} more in results.jsonl"))
    return fields


def _warning(warning: ScanWarning) -> str:
    message = clip(warning.message)
    return message if warning.n == 1 else w.WARNING.format(message=message, n=f"{warning.n:,}")


def _limits(item: ItemResult) -> tuple[str, ...]:
    limits = [w.LIMIT_DETECTED_ONLY, *_frame_limits(item.counts)]
    limits.extend(track_limits(item.tracks))
    if any(track.finding.interval for track in item.tracks):
        limits.append(w.LIMIT_INTERVAL)
    if item.evidence.sha256_after and not item.evidence.is_unchanged:
        limits.insert(0, w.LIMIT_CHANGED)
    return tuple(limits)


def _frame_limits(counts: FrameCounts | None) -> list[str]:
    limits = []
    if counts and counts.n_not_sampled:
        limits.append(w.LIMIT_NOT_SAMPLED.format(n=count_text(counts.n_not_sampled, "frame")))
    if counts and counts.n_failed:
        limits.append(w.LIMIT_BROKEN.format(n=count_text(counts.n_failed, "frame")))
    return limits
