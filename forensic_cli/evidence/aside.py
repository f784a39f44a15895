"""What no longer counts in a results folder is moved away and named, never deleted and never parsed."""

from __future__ import annotations

import hashlib
from pathlib import Path

from forensic_cli.errors import OutputError
from forensic_cli.evidence.events import SetAside
from forensic_cli.provenance.files import sync_folder, write_atomically

ASIDE_FOLDER = "set-aside"


class Aside:
    """The corner of one results folder where such things are kept, in the order in which they came.

    Args:
        folder: the results folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._corner = folder / ASIDE_FOLDER

    def keep(self, file: str, content: bytes, reason: str) -> SetAside:
        """Keeps bytes that were part of `file`, a path below the results folder.

        Raises:
            OutputError: they cannot be written.
        """
        target = self._next(file)
        write_atomically(target, content, overwrite=False)
        return self._note(file, target, content, reason)

    def move(self, file: str, reason: str) -> SetAside:
        """Moves a whole file away.

        Raises:
            OutputError: it cannot be moved.
        """
        target = self._next(file)
        source = self._folder / file
        try:
            content = source.read_bytes()
            self._corner.mkdir(exist_ok=True)
            source.replace(target)
            sync_folder(self._corner)
            sync_folder(source.parent)
        except OSError as error:
            raise OutputError(
                f"{source} cannot be set aside: {error.strerror}.",
                "Check the results folder's permissions and free space.",
            ) from error
        return self._note(file, target, content, reason)

    def _next(self, file: str) -> Path:
        n_before = len(list(self._corner.iterdir())) if self._corner.is_dir() else 0
        return self._corner / f"{n_before + 1:04d}-{Path(file).name}"

    def _note(self, file: str, target: Path, content: bytes, reason: str) -> SetAside:
        kept_as = target.relative_to(self._folder).as_posix()
        return SetAside(file, kept_as, len(content), hashlib.sha256(content).hexdigest(), reason)
