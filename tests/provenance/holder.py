"""A process that holds a results folder until it is killed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_HOLDER = """
import sys
from pathlib import Path
from forensic_cli.provenance.lock import folder_lock
with folder_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def holder_of(folder: Path) -> subprocess.Popen[bytes]:
    """Starts it, and returns when it holds the folder."""
    command = [sys.executable, "-c", _HOLDER, str(folder)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    return process
