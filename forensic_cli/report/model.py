"""What a report says, before anybody draws it: plain values and finished sentences.

`build` fills these, `pdf` draws them. Nothing here knows paper, fonts or colours, and nothing
is escaped yet: escaping belongs to whoever draws.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from forensic_cli.report.language import Language
from forensic_cli.types import Verdict


class TextKind(StrEnum):
    """How a value is set."""

    PROSE = "prose"
    NAME = "name"
    MONO = "mono"


@dataclass(frozen=True, slots=True)
class Field:
    """A label and its value."""

    label: str
    value: str
    kind: TextKind = TextKind.PROSE


@dataclass(frozen=True, slots=True)
class Section:
    """A titled block of sentences, fields, points and a note, in this order.

    Attributes:
        key: names the bookmark; unique in the report.
        points_title: a heading of their own for the points, "" for none.
    """

    key: str
    title: str
    paragraphs: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()
    points_title: str = ""
    points: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """What every page and the file's own metadata say.

    Attributes:
        case: the case number with its name, for the page's head.
        items: which items the report is about, for pages that are about all of them; "" for none.
        watermark: across every page; "" for a final report.
        issued_epoch_s: issue time in seconds since 1970; the PDF's only time stamp.
    """

    report_id: str
    case_number: str
    case: str
    items: str
    status: str
    watermark: str
    issued: str
    issued_epoch_s: int
    title: str
    subject: str
    author: str
    creator: str
    is_final: bool


@dataclass(frozen=True, slots=True)
class Accounting:
    """Every item found, once: `n_found = n_analysed + n_no_face + n_skipped + n_failed`."""

    n_found: int
    n_analysed: int
    n_no_face: int
    n_skipped: int
    n_failed: int
    sentence: str


@dataclass(frozen=True, slots=True)
class LikelihoodText:
    """The strength of a finding, printed.

    Attributes:
        value: log10 LR, "none" where the score was not turned into one, "" where nothing was scored or
            the weights are not calibrated.
        short: the verbal term with its bound, or why there is none.
        sentence: the ratio in words, or why there is none; "" where nothing need be said.
    """

    value: str = ""
    short: str = ""
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """One item in the table of findings.

    Attributes:
        anchor: the bookmark of the pages that treat the item.
        score: printed; "" where there was nothing to score.
        likelihood: log10 LR with its bound and its verbal term, or why there is none.
    """

    anchor: str
    label: str
    name: str
    verdict: Verdict
    words: str
    score: str
    likelihood: str


@dataclass(frozen=True, slots=True)
class TallyRow:
    """How many items read alike.

    Attributes:
        labels: of the first few of them, printed.
    """

    verdict: Verdict
    words: str
    n_items: str
    labels: str


@dataclass(frozen=True, slots=True)
class Summary:
    """The first page: question, scope, findings, and what they do and do not mean.

    Attributes:
        notices: what must be read before anything else: an interrupted run, changed evidence,
            foreign weights, failed items.
        tally: items by finding, for reports whose table of findings needs pages of its own.
        scope: how much was looked at, in frames and faces.
        review: who must review the report before it is used.
    """

    facts: tuple[Field, ...]
    question: str
    accounting: Accounting
    scope: str
    notices: tuple[str, ...]
    tally: tuple[TallyRow, ...]
    rows: tuple[SummaryRow, ...]
    means: tuple[str, ...]
    does_not_mean: tuple[str, ...]
    review: str


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The two scores between which a finding is inconclusive."""

    forged: float
    no_support: float


@dataclass(frozen=True, slots=True)
class Mark:
    """A frame that the report shows, on the plot."""

    time_s: float
    score: float
    letter: str


@dataclass(frozen=True, slots=True)
class ScorePlot:
    """The scores of a track: over time, or against the thresholds alone.

    Attributes:
        points: (time in seconds, score), in time order; one point for a still picture.
        duration_s: of the whole video; 0 for a still picture.
        score, interval: of the track, None where there is none.
        description: the plot in words, for readers who cannot see it.
    """

    points: tuple[tuple[float, float], ...]
    marks: tuple[Mark, ...]
    thresholds: Thresholds
    duration_s: float
    score: float | None
    interval: tuple[float, float] | None
    description: str


class PictureKind(StrEnum):
    """How a picture is laid out and captioned."""

    HEATMAP = "heatmap"
    FRAME = "frame"


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture file beside the results.

    Attributes:
        file: the name below the results folder, as printed.
        sha256: recorded when it was written; it is checked again before drawing.
    """

    path: Path
    file: str
    sha256: str
    kind: PictureKind


@dataclass(frozen=True, slots=True)
class ShownFrame:
    """The pictures of one frame of a track, with their caption."""

    title: str
    fields: tuple[Field, ...]
    pictures: tuple[Picture, ...]


@dataclass(frozen=True, slots=True)
class ReadingRow:
    """One row of a track's numbers, all printed text."""

    shown_as: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrackSection:
    """One face over time.

    Attributes:
        is_summarised: only its row in the table of faces is printed, because the item holds
            too many faces for a page each.
        readings_note: says which rows were left out, "" for none.
    """

    anchor: str
    title: str
    verdict: Verdict
    words: str
    score: str
    interval: str
    likelihood: LikelihoodText
    n_frames: str
    span: str
    reasons: tuple[str, ...]
    plot: ScorePlot
    fields: tuple[Field, ...]
    readings: tuple[ReadingRow, ...]
    readings_note: str
    frames: tuple[ShownFrame, ...]
    is_summarised: bool


@dataclass(frozen=True, slots=True)
class ItemSection:
    """The pages of one item in which at least one face was read.

    Attributes:
        heading: what the item is called, with the exhibit's mark where there is one.
        blocks: of facts about the file, in the order in which they are printed.
    """

    anchor: str
    heading: str
    name: str
    verdict: Verdict
    words: str
    score: str
    interval: str
    likelihood: LikelihoodText
    reasons: tuple[str, ...]
    identity: tuple[Field, ...]
    blocks: tuple[Section, ...]
    frames_sentence: str
    warnings: tuple[str, ...]
    tracks: tuple[TrackSection, ...]
    tracks_note: str
    pictures_note: str
    limits: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListedItem:
    """An item without a face reading: one row, never a page of its own."""

    anchor: str
    label: str
    heading: str
    name: str
    verdict: Verdict
    words: str
    reasons: tuple[str, ...]
    facts: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class ErrorTable:
    """Measured error rates of one domain, printed.

    Attributes:
        dataset: of all rows, in a sentence; "" where the rows differ in it.
        rows: condition, data set, genuine, forged, AUC, false positives, false negatives; an
            interval stands on a second line.
    """

    title: str
    dataset: str
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class ReportModel:
    """The whole report, in reading order.

    Attributes:
        language: for the words of headings, columns and drawings.
        error_note: what the rates mean, one paragraph each.
        calibration: None where the weights have none.
        calibration_lines: coding, line, bounds, crops a track, genuine and forged tracks, scores, Cllr,
            Cllr at best.
        calibration_rows: condition, domain, genuine, forged, Cllr, Cllr at best.
        resumptions: None for a scan that ran through.
        command: the command line to repeat the scan.
        attention_top: attention value at the top of the one colour scale.
    """

    language: Language
    head: Head
    summary: Summary
    request: Section
    people: Section
    items: tuple[ItemSection, ...]
    listed: tuple[ListedItem, ...]
    method: Section
    opinion: Section
    limitations: Section
    card_limitations: Section | None
    model: Section
    error_tables: tuple[ErrorTable, ...]
    error_note: tuple[str, ...]
    calibration: Section | None
    calibration_lines: tuple[tuple[str, ...], ...]
    calibration_rows: tuple[tuple[str, ...], ...]
    tool: Section
    resumptions: Section | None
    parameters: Section
    repeat: Section
    command: str
    custody: Section
    glossary: Section
    conditions: Section
    attention_top: float
    attention_note: str
