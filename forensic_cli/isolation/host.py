"""The host's handle on the nursery: started with little, told of items, killed with all that it made."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, BinaryIO

from forensic_cli.config import FaceSettings
from forensic_cli.errors import ForensicError
from forensic_cli.evidence.records import to_jsonable
from forensic_cli.isolation.messages import Channel
from forensic_cli.isolation.nursery import LENGTH, READY, STATUS
from forensic_cli.isolation.worker import Task

_START_TIMEOUT_S = 120.0
_MAX_COMPLAINT_CHARACTERS = 400
# How libraries are found and text is encoded. Anything else (keys, tokens, proxies, the user's names) stays.
_ALLOWED_VARIABLES = ("LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TZ")
# One thread: a copy of a process is made safely only while it has a single one.
_SET_VARIABLES = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
_PROGRAM = """
import sys
sys.path[:] = {path!r}
from forensic_cli.isolation.nursery import main
main(int(sys.argv[1]), forks=sys.argv[2] == "forks")
"""


def can_isolate() -> bool:
    """True where descriptors can be handed to another process: everywhere but on Windows."""
    return hasattr(socket, "send_fds") and hasattr(os, "fork")


def can_fork_cleanly() -> bool:
    """True where a copy of a process is sure to work: the system libraries of macOS do not promise it."""
    return sys.platform == "linux"


def worker_environment() -> dict[str, str]:
    """The environment of a worker, whole: what is on the allow-list, and nothing else."""
    allowed = {name: os.environ[name] for name in _ALLOWED_VARIABLES if name in os.environ}
    return {**allowed, **_SET_VARIABLES}


class Nursery:
    """A running nursery. Starting returns at once; the first item waits until it is ready.

    Args:
        faces: what to load in advance.
        forks: see `nursery.main`. Without, it serves a single item.
    """

    def __init__(self, faces: FaceSettings, forks: bool) -> None:
        self._forks = forks
        self._is_ready = False
        self._n_workers = 0
        self._exit_codes: dict[int, int] = {}
        self._complaints: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed in kill()
        self._control, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [
                    sys.executable, "-I", "-c", _PROGRAM.format(path=_import_path()),
                    str(theirs.fileno()), "forks" if forks else "single",
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._complaints,
                env=worker_environment(),
                pass_fds=(theirs.fileno(),),
                # Not the folder of the host: nothing that lies there can be imported or opened by name.
                cwd=os.sep,
                # A group of its own: Ctrl-C is the host's affair, and all can be killed at once.
                start_new_session=True,
            )  # fmt: skip
        self._control.settimeout(_START_TIMEOUT_S)
        self._request(to_jsonable(faces))

    @property
    def pid(self) -> int:
        """Of the nursery; workers are its children."""
        return self._process.pid

    def hand_over(self, task: Task, evidence: BinaryIO) -> tuple[int, Channel]:
        """Begins an item; others may be under way, where workers are forked.

        Returns:
            The worker's number in this nursery, and the connection to it.

        Raises:
            ForensicError: the nursery did not start.
        """
        self._await_ready()
        self._control.settimeout(_START_TIMEOUT_S)
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                self._request(to_jsonable(task), [evidence.fileno(), theirs.fileno()])
            except OSError:
                ours.close()
                raise self._not_started() from None
        self._n_workers += 1
        return self._n_workers - 1, Channel(ours)

    def exit_code(self, worker: int, timeout_s: float) -> int | None:
        """How a worker ended: its exit code, or a signal as a negative number; None if that is not known.

        Args:
            worker: its number.
            timeout_s: to wait for its end.
        """
        try:
            if not self._forks:
                return self._process.wait(timeout_s)
            deadline_s = time.monotonic() + timeout_s
            while worker not in self._exit_codes:
                self._control.settimeout(max(0.0, deadline_s - time.monotonic()))
                answer = self._control.recv(STATUS.size, socket.MSG_WAITALL)
                if len(answer) < STATUS.size:
                    return None
                number, code = STATUS.unpack(answer)
                self._exit_codes[number] = code
        except (OSError, subprocess.TimeoutExpired):
            return None
        return self._exit_codes.pop(worker)

    def end(self) -> None:
        """Ends the nursery and its workers, whatever they are doing; nothing is let go of.

        May be called while another thread waits for them: that one finds the connection closed.
        """
        if self._process.poll() is None:
            # The group's number cannot have been given to another: its leader has not been waited for.
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def kill(self) -> None:
        """Ends the nursery and its workers, and lets go of them."""
        self.end()
        self._process.wait()
        self._control.close()
        self._complaints.close()

    def _request(self, value: object, descriptors: list[int] | None = None) -> None:
        content = json.dumps(value).encode("ascii")
        length = LENGTH.pack(len(content))
        if descriptors:
            socket.send_fds(self._control, [length], descriptors)
        else:
            self._control.sendall(length)
        self._control.sendall(content)

    def _await_ready(self) -> None:
        if self._is_ready:
            return
        try:
            self._control.settimeout(_START_TIMEOUT_S)
            answer = self._control.recv(len(READY))
        except OSError:
            answer = b""
        if answer != READY:
            raise self._not_started()
        self._is_ready = True

    def _not_started(self) -> ForensicError:
        self._complaints.seek(0)
        complaint = self._complaints.read().decode("utf-8", "replace").strip()[-_MAX_COMPLAINT_CHARACTERS:]
        return ForensicError(
            f"The process that decodes the items did not start: {complaint or 'it gave no reason'}.",
            "Run `lae-forensics doctor`; if that finds nothing, report this as a defect.",
        )


def _import_path() -> list[str]:
    """Where this program imports from, without the folder that it happens to be run in."""
    package = str(Path(__file__).resolve().parents[2])
    here = os.path.realpath(os.curdir)
    path = [entry for entry in sys.path if entry == package or (entry and os.path.realpath(entry) != here)]
    return path if package in path else [*path, package]
