"""Which fakes the attention loss of stage 2 sees, and where their masks come from."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forensic_cli.errors import UsageError
from train.annotate.imported import AnnotatedMask, exact_masks, read_masks
from train.selection import SelectionMethod, select_candidates
from train.trained_run import TrainedRun


@dataclass(frozen=True, slots=True)
class MaskSource:
    """Painted masks; or the exact ones, of every forgery or of `n` that are selected.

    Attributes:
        dataset: whose fakes the masks belong to.
        painted: what a person painted, as `read_masks` returned it; None for exact masks.
        n: fakes selected in all rounds together; 0 = every forgery whose mask is known.
        n_rounds: each selects its share with the encoder as it is by then, and trains with all that
            were selected so far.
        method: how they are selected.
        seed: of a random selection.
    """

    dataset: Path
    painted: tuple[AnnotatedMask, ...] | None = None
    n: int = 0
    n_rounds: int = 1
    method: SelectionMethod = SelectionMethod.ACTIVE
    seed: int = 20200

    def __post_init__(self) -> None:
        if self.painted is not None and (self.n or self.n_rounds != 1):
            raise UsageError(
                "Painted masks were selected already: --n and --rounds belong to --masks auto.",
                "For another round with a painter, run `train select` on this stage 2's run.",
            )
        if self.painted is not None and not self.painted:
            raise UsageError("There is not one painted mask.", "Paint some, and import them again.")
        if self.n_rounds < 1 or self.n < 0:
            raise UsageError("--rounds must be 1 or more, and --n 0 or more.", "Try --n 100 --rounds 1.")
        if self.n_rounds > 1 and self.n < self.n_rounds:
            raise UsageError(f"--n {self.n} masks cannot be shared by {self.n_rounds} rounds.", "Raise --n.")

    @property
    def is_selecting(self) -> bool:
        """Whether fakes are selected here, by the model as it trains."""
        return self.painted is None and self.n > 0

    def describe(self) -> dict[str, Any]:
        """What a run's config and a model card say of the masks."""
        if self.painted is not None:
            digest = hashlib.sha256()
            for mask in sorted(self.painted, key=lambda entry: entry.dataset_path):
                digest.update(mask.dataset_path.encode())
                digest.update(mask.mask.tobytes())
            return {"origin": "painted", "n": len(self.painted), "sha256": digest.hexdigest()}
        if not self.n:
            return {"origin": "exact", "n": "every forgery"}
        return {
            "origin": "exact",
            "n": self.n,
            "n_rounds": self.n_rounds,
            "method": self.method.value,
            "seed": self.seed,
        }

    def select(self, run: TrainedRun, number: int, earlier: Sequence[str]) -> list[str]:
        """Paths of the fakes that a round adds, best first.

        Args:
            run: whose encoder selects.
            number: of the round, from 0.
            earlier: paths that earlier rounds selected.

        Raises:
            UsageError: the dataset has no fakes of its own in the training split, or too few.
        """
        wanted = self.n * (number + 1) // self.n_rounds - len(earlier)
        selection = select_candidates(
            self.dataset, run, len(earlier) + wanted, self.method, seed=self.seed + number
        )
        new = [entry.dataset_path for entry in selection.candidates if entry.dataset_path not in set(earlier)]
        return new[:wanted]

    def annotated(self, paths: Sequence[str] | None) -> list[AnnotatedMask] | None:
        """The masks to train with; None for those of every batch's own forgeries.

        Args:
            paths: of the selected fakes, where fakes were selected.
        """
        if self.painted is not None:
            return list(self.painted)
        return None if paths is None else exact_masks(self.dataset, paths)


def painted_masks(dataset: Path, folder: Path) -> MaskSource:
    """The masks of a folder that `train import-masks` wrote, or of a to-annotate folder itself.

    Raises:
        UsageError: a mask is at fault, or belongs to another dataset.
    """
    return MaskSource(dataset, painted=tuple(read_masks(folder, dataset)))
