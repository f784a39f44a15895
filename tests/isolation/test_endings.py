"""Each way in which a worker can end, in words that name the remedy."""

from __future__ import annotations

import pytest

from forensic_cli.config import IsolationSettings
from forensic_cli.errors import MediaError, NotMediaError, UsageError
from forensic_cli.isolation.endings import WorkerDefectError, ended, of_fault
from forensic_cli.isolation.messages import Fault
from forensic_cli.isolation.worker import EXIT_DEFECT, EXIT_OUT_OF_MEMORY, is_out_of_memory

LIMITS = IsolationSettings(memory_mib=512)


@pytest.mark.parametrize(
    ("exit_code", "sentence", "remedy"),
    [
        (-11, "signal 11 (SIGSEGV)", "hostile"),
        (-63, "signal 63 (unnamed)", "hostile"),
        (-9, "killed from outside", "--jobs"),
        (3, "exit code 3", "hostile"),
        (None, "for an unknown reason", "hostile"),
        (EXIT_OUT_OF_MEMORY, "more than the 512 MiB", "--max-memory"),
    ],
)
def test_an_ending_is_named_with_its_remedy(exit_code: int | None, sentence: str, remedy: str) -> None:
    error = ended("clip.mp4", exit_code, LIMITS)
    assert isinstance(error, MediaError)
    assert "clip.mp4" in error.message
    assert sentence in error.message
    assert remedy in error.hint


def test_a_defect_of_the_program_is_not_blamed_on_the_file() -> None:
    assert isinstance(ended("clip.mp4", EXIT_DEFECT, LIMITS), WorkerDefectError)
    error = of_fault(Fault("defect", "ZeroDivisionError", "", "Traceback\n  in decode\x1b[2J"))
    assert isinstance(error, WorkerDefectError)
    assert error.kind == "ZeroDivisionError"
    assert error.detail == "Traceback\nin decode\\x1b[2J"


def test_a_fault_in_a_workers_words_cannot_move_the_cursor_or_run_on() -> None:
    error = of_fault(Fault("media", "a\x1b[31mb\u202ec" + "x" * 5000, "do\nthis"))
    assert type(error) is MediaError
    assert error.message.startswith("a\\x1b[31mb\\u202ec")
    assert len(error.message) < 1100
    assert error.hint == "do\\nthis"
    assert type(of_fault(Fault("not-media", "no", ""))) is NotMediaError


def test_every_library_that_runs_out_of_memory_is_understood() -> None:
    import av
    import cv2

    assert is_out_of_memory(MemoryError())
    assert is_out_of_memory(av.error.MemoryError(12, "Cannot allocate memory"))
    of_opencv = cv2.error("OpenCV(5.0.0) alloc.cpp:73: error: (-4:Insufficient memory)")
    of_opencv.code = -4  # as OpenCV sets it where it raises
    assert is_out_of_memory(of_opencv)
    assert not is_out_of_memory(ValueError())


@pytest.mark.parametrize(
    "settings", [{"memory_mib": 255}, {"stall_s": 0}, {"stall_s": float("nan")}, {"total_s": -1}]
)
def test_limits_that_limit_nothing_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="--max-"):
        IsolationSettings(**settings)  # type: ignore[arg-type]
