"""What becomes of each candidate: a mask, skipped, unpainted, or a fault."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from train.annotate.candidates import CandidateRecord
from train.annotate.check import Fault, Painting, check_coverage, fingerprint
from train.annotate.folder_checks import SKIPPED_NAME
from train.annotate.settings import CollectSettings, Source
from train.forge.portrait import BinaryMask


@dataclass(frozen=True, slots=True, eq=False)
class CollectedMask:
    """A candidate's mask that passed every check.

    Attributes:
        mask: (256, 256) uint8, 1 = forged.
    """

    record: CandidateRecord
    mask: BinaryMask


class Outcome:
    """Puts every candidate into one of masks, skipped and unpainted, or finds it at fault.

    Args:
        source: the format that was read.
        untouched: see `SelectionFacts`, of that format.
    """

    def __init__(self, source: Source, settings: CollectSettings, untouched: Mapping[str, str]) -> None:
        self._source, self._settings, self._untouched = source, settings, untouched
        self.masks: list[CollectedMask] = []
        self.skipped: list[str] = []
        self.unpainted: list[str] = []
        self.faults: list[Fault] = []
        self.n_untouched = 0

    def add(self, record: CandidateRecord, painting: Painting | None, is_listed: bool) -> None:
        """Takes one candidate.

        Args:
            painting: what was found of it; None for nothing.
            is_listed: it is named in skipped.txt.
        """
        if is_listed or (painting is not None and painting.is_skipped):
            if painting is not None and self._is_painted(record, painting):
                self.faults.append(_painted_and_skipped(painting.file, is_listed))
            self.skipped.append(record.file)
        elif painting is None:
            self._leave_out(record, _missing(record, self._source))
        elif painting.mask is not None:
            # Without a mask its fault was found when it was read.
            self._take(record, painting, painting.mask)

    def _take(self, record: CandidateRecord, painting: Painting, mask: BinaryMask) -> None:
        is_template = is_untouched(record, painting, self._untouched)
        if not mask.any():
            self._leave_out(record, _empty(painting.file))
            return
        if is_template and not self._settings.accept_prefill:
            self._leave_out(record, _unedited(painting.file))
            return
        fault = None if self._settings.allow_unusual else check_coverage(painting.file, mask)
        if fault:
            self.faults.append(fault)
        self.masks.append(CollectedMask(record, mask))
        self.n_untouched += is_template

    def _is_painted(self, record: CandidateRecord, painting: Painting) -> bool:
        has_pixels = painting.mask is not None and bool(painting.mask.any())
        return has_pixels and not is_untouched(record, painting, self._untouched)

    def _leave_out(self, record: CandidateRecord, fault: Fault) -> None:
        if not self._settings.allow_missing:
            self.faults.append(fault)
        self.unpainted.append(record.file)


def is_untouched(record: CandidateRecord, painting: Painting, untouched: Mapping[str, str]) -> bool:
    """Whether a painting is what the template held."""
    if painting.mask is None:
        return False
    if record.file in untouched:
        return fingerprint(painting.mask) == untouched[record.file]
    return not painting.mask.any()


def repeated(masks: Sequence[CollectedMask], paintings: Mapping[str, Painting]) -> list[Fault]:
    """Masks that are, to the pixel, another candidate's."""
    first: dict[str, CandidateRecord] = {}
    faults = []
    for entry in masks:
        earlier = first.setdefault(fingerprint(entry.mask), entry.record)
        if earlier is not entry.record:
            faults.append(
                Fault(
                    paintings[entry.record.file].file,
                    f"is, to the pixel, the mask of {earlier.file}: it seems to be another crop's.",
                    "Paint it anew; if both crops are forged in the very same place, import with --allow-unusual.",
                )
            )
    return faults


def _missing(record: CandidateRecord, source: Source) -> Fault:
    return Fault(
        record.file,
        f"has no annotation ({source.value}).",
        f"Paint it, list it in {SKIPPED_NAME}, or import with --allow-missing to go on without it.",
    )


def _empty(file: str) -> Fault:
    return Fault(
        file,
        "is empty: nothing is painted.",
        f"Paint what was forged, list it in {SKIPPED_NAME}, or import with --allow-missing to go on without it.",
    )


def _unedited(file: str) -> Fault:
    return Fault(
        file,
        "is not edited: it is still what the model proposed.",
        "Correct it, or import with --accept-prefill if it is right, or with --allow-missing to go on without it.",
    )


def _painted_and_skipped(file: str, is_listed: bool) -> Fault:
    where = f"listed in {SKIPPED_NAME}" if is_listed else "marked as skipped"
    return Fault(file, f"is painted, and {where}.", "Take back one of the two.")
