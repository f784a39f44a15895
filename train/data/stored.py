"""The loader of fakes that lie in files: each with a real partner, window and degradation shared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path

import cv2
import numpy as np
from torch.utils.data import Dataset

from forensic_cli.errors import UsageError
from train.data.crops import PREPARED_PX, read_picture
from train.data.dataset import DatasetRow
from train.data.pairs import Pair, draw_window
from train.forge.degrade import Codec, Degradation, degrade, draw_degradation
from train.forge.portrait import BinaryMask


class Partner(StrEnum):
    """What a fake's real partner is."""

    PAIR = "the crop it was made from"
    SAME_SOURCE = "a crop of the same source"
    ANY = "any real crop"


class StoredPairs(Dataset[Pair]):
    """Endless pairs of stored fakes: item k is the same for the same seed, whichever worker makes it.

    Every fake comes once an epoch, in a seeded order. Its real partner is the crop that its row names
    as its `pair`; without that a crop of the same source, drawn at random; without that any real
    crop, drawn at random. Fake and partner are mirrored and degraded alike; a true pair is cut by one
    window, others by one each, since their faces lie apart anyhow.

    Args:
        folder: of the dataset.
        fake_rows, real_rows: of one and the same split.
        codecs: codec -> share; they sum to 1.
        seed: of all randomness.
        window_jitter: shift the 256 px window by up to 16 px, and mirror at random.

    Attributes:
        n_by_partner: how many of the fakes have which kind of partner.

    Raises:
        UsageError: there are no fakes or no real crops, they are of several splits, or a fake names a
            pair that is not among the real crops.
    """

    def __init__(
        self,
        folder: Path,
        fake_rows: Sequence[DatasetRow],
        real_rows: Sequence[DatasetRow],
        codecs: Mapping[Codec, float],
        seed: int,
        window_jitter: bool = True,
    ) -> None:
        if not fake_rows or not real_rows:
            raise UsageError(
                f"{len(fake_rows)} fakes and {len(real_rows)} real crops cannot be paired.",
                "Make forgeries with `lae-forensics train forge`.",
            )
        splits = {row.split for row in (*fake_rows, *real_rows)}
        if len(splits) > 1:
            raise UsageError(
                f"Fakes and real crops are of several splits: {', '.join(sorted(splits))}.",
                "Pair within one split, so that no person is in two.",
            )
        self.folder = folder
        self.fake_rows, self.real_rows = list(fake_rows), list(real_rows)
        self.codecs = dict(codecs)
        self.seed = seed
        self.window_jitter = window_jitter
        self._by_path = {row.path: row for row in self.real_rows}
        self._by_source: dict[str, list[DatasetRow]] = {}
        for row in self.real_rows:
            self._by_source.setdefault(row.source_id, []).append(row)
        self.n_by_partner = Counter(self._partner_kind(row) for row in self.fake_rows)

    def _partner_kind(self, fake: DatasetRow) -> Partner:
        if fake.pair:
            if fake.pair not in self._by_path:
                raise UsageError(
                    f"{fake.path} names {fake.pair} as its pair, which is no real crop of split {fake.split}.",
                    "Mend dataset.csv: name a real crop of that split, or leave `pair` empty.",
                )
            return Partner.PAIR
        return Partner.SAME_SOURCE if fake.source_id in self._by_source else Partner.ANY

    def partner_of(self, fake: DatasetRow, rng: np.random.Generator) -> DatasetRow:
        """The real crop that goes with a fake; drawn where its row names none."""
        kind = self._partner_kind(fake)
        if kind is Partner.PAIR:
            return self._by_path[fake.pair]
        rows = self._by_source[fake.source_id] if kind is Partner.SAME_SOURCE else self.real_rows
        return rows[int(rng.integers(len(rows)))]

    def people(self, k: int) -> frozenset[str]:
        """Whose faces pair k shows; donors of swapped faces are not in the dataset's list."""
        return frozenset(row.source_id for row in self.rows(k))

    def rows(self, k: int) -> tuple[DatasetRow, DatasetRow]:
        """The fake and the real crop of pair k."""
        fake, real, _ = self._draw(k)
        return fake, real

    def _draw(self, k: int) -> tuple[DatasetRow, DatasetRow, np.random.Generator]:
        """The fake and the real row of pair k, and the generator that goes on to alter them."""
        epoch, position = divmod(k, len(self.fake_rows))
        order = np.random.default_rng([self.seed, 1, epoch]).permutation(len(self.fake_rows))
        rng = np.random.default_rng([self.seed, 2, k])
        fake = self.fake_rows[int(order[position])]
        return fake, self.partner_of(fake, rng), rng

    def __getitem__(self, k: int) -> Pair:
        """Makes pair k.

        Raises:
            UsageError: a picture or a mask cannot be read.
        """
        return self.pair(k)

    def pair(self, k: int, degradation: Degradation | None = None) -> Pair:
        """Makes pair k.

        Args:
            degradation: fixed; drawn from the codecs if None.

        Raises:
            UsageError: a picture or a mask cannot be read.
        """
        # One thread a worker: OpenCV's own pool would fight the training for the cores.
        cv2.setNumThreads(1)
        fake_row, real_row, rng = self._draw(k)
        fake, real = (read_picture(self.folder / row.path) for row in (fake_row, real_row))
        mask = read_mask(self.folder, fake_row)
        has_mask = mask is not None
        if mask is None:
            mask = np.zeros(fake.shape[:2], np.uint8)
        if self.window_jitter and rng.random() < 0.5:
            fake, real, mask = fake[:, ::-1], real[:, ::-1], mask[:, ::-1]
        window = draw_window(rng, self.window_jitter)
        is_pair = bool(fake_row.pair)
        real_window = window if is_pair else draw_window(rng, self.window_jitter)
        chain = degradation or draw_degradation(rng, self.codecs)
        return Pair(
            real=degrade(np.ascontiguousarray(real[real_window]), chain),
            fake=degrade(np.ascontiguousarray(fake[window]), chain),
            mask=np.ascontiguousarray(mask[window]),
            method=fake_row.method,
            has_mask=has_mask,
        )


def read_mask(folder: Path, row: DatasetRow) -> BinaryMask | None:
    """Reads the mask of a fake.

    Args:
        folder: of the dataset.

    Returns:
        (320, 320) uint8, 1 inside the forgery; None where the row names no mask.

    Raises:
        UsageError: the file is missing, of another size, or holds grey levels besides 0 and 255.
    """
    if not row.mask:
        return None
    path = folder / row.mask
    mask = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    remedy = f"Give a grey PNG of {PREPARED_PX} x {PREPARED_PX} pixels with 0 outside and 255 inside."
    if mask is None or mask.shape != (PREPARED_PX, PREPARED_PX):
        raise UsageError(f"{path} is no mask of {row.path}: missing, or of another size.", remedy)
    if not np.isin(mask, (0, 255)).all():
        raise UsageError(f"The mask {path} holds grey levels besides 0 and 255.", remedy)
    return np.asarray(mask > 0, np.uint8)
