"""How a worker can end before its item is read, in words, with the remedy. Each costs that item alone."""

from __future__ import annotations

import signal

from forensic_cli.config import IsolationSettings
from forensic_cli.errors import MediaError, NotMediaError
from forensic_cli.isolation.messages import Fault
from forensic_cli.isolation.worker import EXIT_DEFECT, EXIT_OUT_OF_MEMORY
from forensic_cli.media.plain_text import plain_text

_SUSPECT = (
    "Treat the file as damaged or hostile. A copy whose container was written anew ('ffmpeg -c copy') may be "
    "readable; examine it beside the original."
)
_MAX_TEXT_CHARACTERS = 1000


class WorkerDefectError(Exception):
    """The program itself failed in the worker: not the file's fault, as far as one can tell.

    Attributes:
        kind: the exception's name.
        detail: its traceback, safe to print.
    """

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(kind)
        self.kind = kind
        self.detail = detail


def of_fault(fault: Fault) -> Exception:
    """What a worker's own account of a failure becomes in the host."""
    message, hint = (plain_text(text, _MAX_TEXT_CHARACTERS) for text in (fault.message, fault.hint))
    if fault.kind == "defect":
        lines = (plain_text(line, _MAX_TEXT_CHARACTERS) for line in fault.detail.splitlines())
        return WorkerDefectError(message, "\n".join(lines))
    return (NotMediaError if fault.kind == "not-media" else MediaError)(message, hint)


def stalled(name: str, limits: IsolationSettings) -> MediaError:
    """Nothing was read and no frame was finished for too long."""
    return MediaError(
        f"Decoding {name} made no progress for {limits.stall_s:g} s and was stopped.",
        f"If the storage is slow, raise --max-stall. Otherwise: {_SUSPECT}",
    )


def overdue(name: str, limits: IsolationSettings) -> MediaError:
    """It went on for longer than an item may."""
    return MediaError(
        f"Decoding {name} took longer than the limit of {limits.total_s:g} s and was stopped.",
        "Examine fewer frames (--fps, --frames), or raise --max-item-seconds.",
    )


def senseless(name: str, what: str) -> MediaError:
    """The worker sent what no worker sends."""
    return MediaError(
        f"The process that decoded {name} answered with {what}. It was stopped, and nothing of it was used.",
        _SUSPECT,
    )


def ended(name: str, exit_code: int | None, limits: IsolationSettings) -> Exception:
    """The worker is gone without a word.

    Args:
        exit_code: negative for a signal; None where it is not known.
    """
    if exit_code == EXIT_OUT_OF_MEMORY:
        return MediaError(
            f"Decoding {name} needed more than the {limits.memory_mib} MiB of memory that an item may take.",
            "If the file is that large, raise --max-memory or lower --jobs. Otherwise: " + _SUSPECT,
        )
    if exit_code == EXIT_DEFECT:
        return WorkerDefectError("WorkerExit", "The worker ended without an account.")
    if exit_code == -signal.SIGKILL:
        return MediaError(
            f"The process that decodes {name} was killed from outside, most likely since the machine ran out of "
            "memory.",
            "Close other programs or lower --jobs, and scan this item again.",
        )
    how = "for an unknown reason" if exit_code is None else f"with exit code {exit_code}"
    if exit_code is not None and exit_code < 0:
        how = f"by signal {-exit_code} ({_signal_name(-exit_code)})"
    return MediaError(f"The process that decodes {name} ended {how}: the decoder crashed on it.", _SUSPECT)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        # A real-time signal has no name of its own.
        return "unnamed"
