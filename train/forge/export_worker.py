"""One file at a time: a real crop stored, or a forgery made, in this process or in another."""

from __future__ import annotations

import hashlib
import multiprocessing
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

import cv2
import numpy as np

from forensic_cli.errors import OutputError, UsageError
from forensic_cli.provenance.files import write_atomically
from train.data.crops import read_landmarks, read_picture
from train.data.dataset import DatasetRow, Split
from train.data.png import png_of
from train.forge.degrade import Degradation, degrade
from train.forge.methods import METHODS
from train.forge.plan import Assignment, make_forgery


class Storage(StrEnum):
    """How a real crop came into the new dataset."""

    LINKED = "hard-linked"
    COPIED = "copied"
    ENCODED = "encoded again"


@dataclass(frozen=True, slots=True)
class StoredReal:
    """A real crop of the new dataset, and how it came there."""

    row: DatasetRow
    storage: Storage


@dataclass(frozen=True, slots=True)
class ForgeryRecord:
    """A forgery of the new dataset.

    Attributes:
        donor: path of its crop, "" where the method uses none.
        entropy: seeds the generator that made it: see `train.forge.plan.MadeForgery`.
        n_resisted: portraits drawn before that the method left as they were.
    """

    row: DatasetRow
    donor: str
    entropy: tuple[int, ...]
    n_resisted: int


class Worker:
    """Makes the files of one export; holds nothing that changes.

    Args:
        dataset: prepared folder; read only.
        rows_by_split: its real crops.
        compression: applied to real and forged alike.

    Raises:
        UsageError: the landmarks are missing.
    """

    def __init__(
        self,
        dataset: Path,
        out: Path,
        rows_by_split: Mapping[Split, Sequence[DatasetRow]],
        seed: int,
        compression: Degradation,
    ) -> None:
        self.dataset, self.out = dataset, out
        self.rows_by_split = rows_by_split
        self.seed = seed
        self.compression = compression
        self.landmarks = read_landmarks(dataset)

    def store_real(self, row: DatasetRow) -> StoredReal:
        """Stores a real crop so that its file is what the forgeries' encoder makes of its pixels.

        Raises:
            UsageError: the crop is missing, or not the one that dataset.csv names.
            OutputError: it cannot be written.
        """
        source, target = self.dataset / row.path, self.out / row.path
        try:
            before = source.read_bytes()
        except OSError as error:
            raise UsageError(
                f"{source} cannot be read: {error.strerror}.", "Run `lae-forensics train prepare` again."
            ) from error
        if hashlib.sha256(before).hexdigest() != row.sha256:
            raise UsageError(
                f"{source} is not the file that dataset.csv names: its SHA-256 differs.",
                "Restore it, or run `lae-forensics train prepare` again.",
            )
        content = png_of(degrade(read_picture(source), self.compression))
        if content != before:
            write_atomically(target, content)
            return StoredReal(replace(row, sha256=hashlib.sha256(content).hexdigest()), Storage.ENCODED)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.hardlink_to(source.resolve())
        except OSError:
            # Another volume, or a file system without hard links: the same bytes, twice.
            write_atomically(target, content)
            return StoredReal(row, Storage.COPIED)
        return StoredReal(row, Storage.LINKED)

    def forge(self, assignment: Assignment) -> ForgeryRecord:
        """Makes one forgery and its mask.

        Raises:
            UsageError: the method changes no photograph, or a crop cannot be read.
            OutputError: a file cannot be written.
        """
        rows = self.rows_by_split[assignment.split]
        made = make_forgery(assignment, self.dataset, rows, self.landmarks, self.seed)
        name = f"{assignment.method}/{assignment.number:05d}.png"
        content = png_of(degrade(made.forgery.image, self.compression))
        write_atomically(self.out / "fake" / name, content)
        write_atomically(self.out / "masks" / name, png_of(made.forgery.mask * np.uint8(255)))
        row = replace(
            made.portrait,
            path=f"fake/{name}",
            label="fake",
            method=assignment.method,
            family=METHODS[assignment.method].family,
            sha256=hashlib.sha256(content).hexdigest(),
            mask=f"masks/{name}",
            pair=made.portrait.path,
        )
        donor = made.donor.path if made.donor else ""
        return ForgeryRecord(row, donor, made.entropy, made.n_resisted)


_worker: Worker | None = None


def _begin(worker: Worker) -> None:
    global _worker
    # A process a core: OpenCV's own threads would only fight over them.
    cv2.setNumThreads(1)
    _worker = worker


def _here() -> Worker:
    if _worker is None:
        raise RuntimeError("This process was not started by spawn_workers.")
    return _worker


def store_in_process(row: DatasetRow) -> StoredReal:
    """`Worker.store_real` in a process of `spawn_workers`."""
    return _here().store_real(row)


def forge_in_process(assignment: Assignment) -> ForgeryRecord:
    """`Worker.forge` in a process of `spawn_workers`."""
    return _here().forge(assignment)


@contextmanager
def spawn_workers(worker: Worker, n_jobs: int) -> Iterator[ProcessPoolExecutor]:
    """Processes that each hold a copy of the worker; what waits is dropped when the block is left.

    Raises:
        OutputError: one of them was killed.
    """
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(n_jobs, context, _begin, (worker,))
    try:
        yield pool
    except BrokenProcessPool as error:
        raise OutputError(
            "A forging process ended unexpectedly; the machine may be out of memory.",
            "Free memory, or give fewer --jobs.",
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)
