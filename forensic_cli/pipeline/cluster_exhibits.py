"""Pictures that the workers of a cluster send, on their way into the results folder."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path, PurePosixPath

from forensic_cli.errors import ForensicError, OutputError
from forensic_cli.evidence.exhibits import EXHIBITS_FOLDER
from forensic_cli.provenance.files import write_atomically
from forensic_cli.types import ItemResult


class ReceivedExhibits:
    """Keeps pictures aside until the record that names them is there.

    Args:
        folder: the results folder; None where nothing is saved.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def receive(self, item_id: str, file: str, content: bytes) -> None:
        """Keeps one picture.

        Args:
            file: as the record names it, below the results folder.

        Raises:
            OutputError: it cannot be written.
            ForensicError: its name leads elsewhere.
        """
        write_atomically(self._staged(item_id, file), content)

    def commit(self, item: ItemResult) -> None:
        """Moves the pictures of an item into place.

        Raises:
            OutputError: they cannot be moved.
            ForensicError: one did not arrive, or not as the record has it.
        """
        exhibits = [exhibit for track in item.tracks for exhibit in track.exhibits]
        try:
            for exhibit in exhibits:
                staged = self._staged(item.item_id, exhibit.file)
                if not staged.is_file() or hashlib.sha256(staged.read_bytes()).hexdigest() != exhibit.sha256:
                    raise ForensicError(
                        f"The exhibit {exhibit.file} did not arrive from the worker as it was written there.",
                        "Scan again; if it happens twice, report it as a defect.",
                    )
                target = staged.parents[1] / exhibit.file
                target.parent.mkdir(exist_ok=True)
                staged.replace(target)
        except OSError as error:
            raise OutputError(
                f"The exhibits of item {item.item_id} cannot be written: {error.strerror}.",
                "Check the results folder's permissions and free space.",
            ) from error
        finally:
            self.discard(item.item_id)

    def discard(self, item_id: str) -> None:
        """Drops what came of an item that is not done."""
        if self._folder is not None:
            shutil.rmtree(self._folder / _staging(item_id), ignore_errors=True)

    def _staged(self, item_id: str, file: str) -> Path:
        place = PurePosixPath(file)
        if self._folder is None or place.parent != PurePosixPath(EXHIBITS_FOLDER) or place.name in {"", ".."}:
            raise ForensicError(
                f"A worker sent a picture that has no place in the results: {file!r}.",
                "Report this as a defect.",
            )
        return self._folder / _staging(item_id) / place.name


def _staging(item_id: str) -> str:
    return f".staging-{item_id}"
