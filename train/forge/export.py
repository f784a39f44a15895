"""`train forge`: a prepared dataset of real crops becomes one of real and forged crops, as files."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import asdict, dataclass, field
from itertools import chain
from pathlib import Path

import numpy as np

from forensic_cli import __version__
from forensic_cli.errors import UsageError
from forensic_cli.provenance.files import hash_evidence, write_atomically
from forensic_cli.provenance.run import package_version
from train.data.crops import LANDMARKS_NAME, RENDERERS_NAME
from train.data.dataset import DATASET_NAME, DatasetRow, Split, read_dataset, write_dataset
from train.forge.degrade import Degradation
from train.forge.export_worker import (
    ForgeryRecord,
    Storage,
    StoredReal,
    Worker,
    forge_in_process,
    spawn_workers,
    store_in_process,
)
from train.forge.methods import METHODS
from train.forge.plan import Assignment, plan_forgeries

_HEADER = ("file", "mask", "method", "family", "split", "portrait", "donor", "source_id", "seed")
FORGERIES_NAME = "forgeries.csv"
FACTS_NAME = "forge.json"


@dataclass(frozen=True, slots=True)
class ExportSettings:
    """What is made.

    Attributes:
        methods: names; empty for all.
        n: forgeries of each method, over all splits that are asked for.
        split: the one split to forge; None for all, in the proportion of their real crops, at least
            one each.
        seed: of everything that is drawn.
        compression: applied to real and forged alike.
    """

    methods: tuple[str, ...] = ()
    n: int = 100
    split: Split | None = None
    seed: int = 20200
    compression: Degradation = field(default_factory=Degradation)


@dataclass(slots=True)
class ExportReport:
    """What became of every row: `n_source_rows = n_real + n_other_splits + n_source_fakes`.

    Attributes:
        n_forged: (method, split) -> forgeries written.
        n_real: storage -> real crops stored that way.
        n_other_splits: real crops of splits that were not asked for or hold one identity only.
        n_source_fakes: fakes that the source dataset held already; they are left out.
        n_resisted: portraits that a method left as they were; others were drawn in their place.
    """

    n_source_rows: int = 0
    n_forged: dict[tuple[str, Split], int] = field(default_factory=dict)
    n_real: dict[Storage, int] = field(default_factory=dict)
    n_other_splits: int = 0
    n_source_fakes: int = 0
    n_resisted: int = 0


def makeable_methods(dataset: Path) -> tuple[str, ...]:
    """All methods, without those that need face renderers where the dataset has none."""
    has_renderers = (dataset / RENDERERS_NAME).is_dir()
    return tuple(name for name, method in METHODS.items() if has_renderers or not method.needs_renderers)


def forge_dataset(
    dataset: Path,
    out: Path,
    settings: ExportSettings,
    n_jobs: int = 1,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> ExportReport:
    """Writes a complete dataset: real crops, `fake/<method>/*.png`, `masks/<method>/*.png` (0 or 255).

    Without compression a real crop is a hard link to the source's file where that file is, byte for
    byte, what the encoder of the forgeries makes of its pixels; where the file system has no hard links
    it is copied, and any other file is encoded again. With compression all are encoded again. So
    every picture went through the same encoder. dataset.csv comes last: a folder without it was not
    finished. forgeries.csv says what each forgery was made from, forge.json what the whole was.

    Args:
        dataset: folder made by `train prepare`; read only.
        out: new or empty folder.
        n_jobs: processes; the files are the same whatever the number.
        on_progress: called with (files done, files in all).

    Raises:
        UsageError: an unknown method, too small an n, no split with two identities, `out` holds
            something, or the dataset is incomplete or altered.
    """
    _check_is_free(out)
    source = read_dataset(dataset)
    rows_by_split = _forgeable(source, settings.split)
    methods = settings.methods or makeable_methods(dataset)
    plan = plan_forgeries(rows_by_split, methods, settings.n)
    real_rows = [row for rows in rows_by_split.values() for row in rows]
    n_real_rows = sum(row.label == "real" for row in source)
    report = ExportReport(
        n_source_rows=len(source),
        n_other_splits=n_real_rows - len(real_rows),
        n_source_fakes=len(source) - n_real_rows,
    )
    worker = Worker(dataset, out, rows_by_split, settings.seed, settings.compression)
    stored: list[StoredReal] = []
    forged: list[ForgeryRecord] = []
    total = len(real_rows) + len(plan)
    with closing(_work(worker, real_rows, plan, n_jobs)) as results:
        for result in results:
            if isinstance(result, StoredReal):
                stored.append(result)
                report.n_real[result.storage] = report.n_real.get(result.storage, 0) + 1
            else:
                forged.append(result)
                part = (result.row.method, result.row.split)
                report.n_forged[part] = report.n_forged.get(part, 0) + 1
                report.n_resisted += result.n_resisted
            on_progress(len(stored) + len(forged), total)
    write_atomically(out / LANDMARKS_NAME, (dataset / LANDMARKS_NAME).read_bytes())
    write_atomically(out / FORGERIES_NAME, _provenance(forged))
    write_atomically(out / FACTS_NAME, _facts(dataset, methods, settings))
    write_dataset(out, [*(entry.row for entry in stored), *(entry.row for entry in forged)])
    return report


def _check_is_free(out: Path) -> None:
    if not out.exists() or not any(out.iterdir()):
        return
    if (out / DATASET_NAME).exists():
        raise UsageError(f"The folder {out} is not empty.", "Give --out a new folder.")
    raise UsageError(
        f"The folder {out} is not empty, and holds no {DATASET_NAME}: whatever filled it did not finish.",
        "Give --out a new folder, or delete this one and forge again; the same seed makes the same files.",
    )


def _forgeable(source: list[DatasetRow], only: Split | None) -> dict[Split, list[DatasetRow]]:
    """Real rows of the splits that are asked for and hold two identities."""
    found: dict[Split, list[DatasetRow]] = {}
    for split in Split if only is None else (only,):
        rows = [row for row in source if row.split is split and row.label == "real"]
        if len({row.source_id for row in rows}) >= 2:
            found[split] = rows
    if not found:
        where = "No split" if only is None else f"The split {only}"
        verb = "holds" if only is None else "does not hold"
        raise UsageError(
            f"{where} {verb} real crops of two identities, and a donor must be another person.",
            "Prepare more material.",
        )
    return found


def _work(
    worker: Worker, real_rows: list[DatasetRow], plan: list[Assignment], n_jobs: int
) -> Generator[StoredReal | ForgeryRecord]:
    if n_jobs == 1:
        yield from chain(map(worker.store_real, real_rows), map(worker.forge, plan))
        return
    with spawn_workers(worker, n_jobs) as pool:
        yield from pool.map(store_in_process, real_rows, chunksize=16)
        yield from pool.map(forge_in_process, plan, chunksize=4)


def _provenance(forged: list[ForgeryRecord]) -> bytes:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(_HEADER)
    for entry in forged:
        row = entry.row
        made = (row.path, row.mask, row.method, row.family, row.split, row.pair, entry.donor, row.source_id)
        writer.writerow((*made, " ".join(map(str, entry.entropy))))
    return buffer.getvalue().encode("utf-8")


def _facts(dataset: Path, methods: tuple[str, ...], settings: ExportSettings) -> bytes:
    facts = {
        "stage": "forge",
        "dataset_sha256": hash_evidence(dataset / DATASET_NAME).sha256,
        "landmarks_sha256": hash_evidence(dataset / LANDMARKS_NAME).sha256,
        "methods": methods,
        "n_each": settings.n,
        "split": settings.split or "all",
        "seed": settings.seed,
        "compression": asdict(settings.compression),
        "versions": {
            "lae-forensics": __version__,
            "numpy": np.__version__,
            "OpenCV": package_version("opencv-python-headless"),
            "PyAV": package_version("av"),
        },
    }
    return (json.dumps(facts, indent=2) + "\n").encode()
