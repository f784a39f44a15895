"""The factsheet's parts that only videos have, as fields."""

from __future__ import annotations

from forensic_cli.factsheet import BitRateFacts, Factsheet, FrameFacts, StreamFacts, TimingFacts
from forensic_cli.report.language import Language
from forensic_cli.report.model import Field, TextKind

_MAX_TRACKS = 8


def video_fields(sheet: Factsheet, lang: Language) -> list[Field]:
    """Stream, picture types, groups, time stamps, durations and bit rate; what is missing is left out."""
    fields = []
    if sheet.stream:
        fields += _stream(sheet.stream, lang)
    if sheet.frames:
        fields += _frames(sheet.frames, lang)
    if sheet.timing:
        fields += _timing(sheet.timing, lang)
    if sheet.bit_rate:
        fields += _bit_rate(sheet.bit_rate, lang)
    return fields


def _stream(stream: StreamFacts, lang: Language) -> list[Field]:
    say, unstated = lang.say, lang.say("facts.unstated")
    coding = ", ".join(filter(None, (stream.codec, stream.codec_tag, stream.profile)))
    colours = " / ".join(
        (stream.colour_primaries, stream.colour_transfer, stream.colour_matrix, stream.colour_range)
    )
    fields = [
        Field(say("facts.coding"), coding),
        Field(say("facts.level"), stream.level or unstated),
        Field(say("facts.colours"), colours),
        Field(say("facts.field_order"), stream.field_order or unstated),
    ]
    if stream.declared_bit_rate_bps is not None:
        fields.append(Field(say("facts.declared_rate"), _rate(stream.declared_bit_rate_bps, lang)))
    return fields


def _frames(frames: FrameFacts, lang: Language) -> list[Field]:
    say, number = lang.say, lang.number
    fields = []
    if frames.n_i is not None:
        counts = say(
            "facts.types_value",
            i=number(frames.n_i),
            p=number(frames.n_p or 0),
            b=number(frames.n_b or 0),
            other=number(frames.n_other),
            extra=number(frames.n_intra_not_key or 0),
        )
        fields.append(Field(say("facts.types"), counts))
    length = say(
        "facts.groups_value",
        n=number(frames.n_groups),
        low=number(frames.group_frames_min),
        median=lang.exact(frames.group_frames_median),
        high=number(frames.group_frames_max),
    )
    regular = {None: "facts.regular_unknown", True: "facts.regular_yes", False: "facts.regular_no"}
    fields += [
        Field(say("facts.groups"), length),
        Field(say("facts.regular"), say(regular[frames.is_regular])),
    ]
    if frames.n_open_groups is not None:
        fields.append(Field(say("facts.open_groups"), number(frames.n_open_groups)))
    if frames.n_before_first_key:
        fields.append(Field(say("facts.before_key"), number(frames.n_before_first_key)))
    if frames.first_pattern:
        fields.append(Field(say("facts.pattern"), frames.first_pattern, TextKind.MONO))
    return fields


def _timing(timing: TimingFacts, lang: Language) -> list[Field]:
    say, number = lang.say, lang.number
    intervals = say(
        "facts.intervals_value",
        median=lang.exact(timing.interval_median_s),
        low=lang.exact(timing.interval_min_s),
        high=lang.exact(timing.interval_max_s),
        jitter=lang.exact(timing.jitter_s),
    )
    irregular = say(
        "facts.irregular_value",
        off=number(timing.n_off_usual),
        total=number(timing.n_intervals),
        gaps=number(timing.n_gaps),
        duplicates=number(timing.n_duplicates),
    )
    if timing.first_gap_at_s is not None:
        irregular = say(
            "facts.with_reason",
            text=irregular,
            reason=say("facts.first_gap", time=lang.time(timing.first_gap_at_s)),
        )
    container = timing.container_duration_s
    durations = [
        say("facts.duration_counted", length=lang.exact(timing.counted_duration_s)),
        say("facts.duration_container", length=_length(container, lang)),
        *(
            say("facts.duration_stream", stream=track.stream, length=_length(track.duration_s, lang))
            for track in timing.tracks[:_MAX_TRACKS]
        ),
    ]
    constant = say("facts.constant" if timing.is_constant else "facts.variable")
    return [
        Field(say("facts.regularity"), constant),
        Field(say("facts.intervals"), intervals),
        Field(say("facts.irregular"), irregular),
        Field(say("facts.durations"), "; ".join(durations)),
    ]


def _bit_rate(rate: BitRateFacts, lang: Language) -> list[Field]:
    say = lang.say
    fields = [Field(say("facts.bit_rate"), _rate(rate.mean_bps, lang))]
    if rate.min_bps is not None and rate.median_bps is not None and rate.max_bps is not None:
        spread = say(
            "facts.bit_rate_windows_value",
            low=_rate(rate.min_bps, lang),
            median=_rate(rate.median_bps, lang),
            high=_rate(rate.max_bps, lang),
            time=lang.time(rate.max_at_s or 0.0),
        )
        fields.append(Field(say("facts.bit_rate_windows"), spread))
    return fields


def _length(duration_s: float | None, lang: Language) -> str:
    return lang.say("facts.unstated") if duration_s is None else f"{lang.exact(duration_s)} s"


def _rate(bps: float, lang: Language) -> str:
    return f"{lang.number(bps / 1000, 1)} kbit/s"
