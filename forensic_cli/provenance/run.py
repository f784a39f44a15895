"""The facts of a run: versions, machine, commit, time. Nothing heavy is imported for them."""

from __future__ import annotations

import hashlib
import os
import platform
import sys
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

_PACKAGES = (
    ("torch", "torch"),
    ("torchvision", "torchvision"),
    ("OpenCV", "opencv-python-headless"),
    ("dlib", "dlib-bin"),
    ("PyAV", "av"),
    ("Pillow", "pillow"),
    ("numpy", "numpy"),
    ("ReportLab", "reportlab"),
    ("c2pa-python", "c2pa-python"),
    ("OpenVINO", "openvino"),
)


def utc_now() -> str:
    """The time now, ISO 8601 UTC to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def package_version(distribution: str) -> str:
    """Version of an installed distribution, or "not installed"."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "not installed"


def versions() -> tuple[tuple[str, str], ...]:
    """(component, version) of Python and of every package that touches a pixel."""
    return (
        ("Python", platform.python_version()),
        *((name, package_version(distribution)) for name, distribution in _PACKAGES),
    )


def platform_description() -> str:
    """Operating system, processor and its count, in one phrase."""
    return f"{platform.system()} {platform.release()}, {processor_name()}, {os.cpu_count() or 1} processors"


def processor_name() -> str:
    """The processor as the system names it."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        # Only Linux has it; the others answer below.
        pass
    return platform.processor() or platform.machine()


def commit() -> str:
    """The commit of the checkout that runs, "" for an installed copy.

    Git's files are read directly: running `git` would obey the configuration of whatever folder
    the evidence lies in.
    """
    git = Path(__file__).resolve().parents[2] / ".git"
    try:
        head = (git / "HEAD").read_text(encoding="ascii").strip()
        if not head.startswith("ref: "):
            return head
        reference = head.removeprefix("ref: ")
        loose = git / reference
        if loose.is_file():
            return loose.read_text(encoding="ascii").strip()
        for line in (git / "packed-refs").read_text(encoding="ascii").splitlines():
            if line.endswith(f" {reference}"):
                return line.partition(" ")[0]
    except (OSError, UnicodeDecodeError):
        # No checkout, or one whose metadata cannot be read: the version number has to do.
        return ""
    return ""


def source_sha256() -> str:
    """SHA-256 over the program's own Python files: tells whether the commit is what ran.

    Of every .py file of the package, sorted by path: the path, a line feed, the file's bytes, a line feed.
    """
    package = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        digest.update(f"{path.relative_to(package).as_posix()}\n".encode())
        digest.update(path.read_bytes() + b"\n")
    return digest.hexdigest()


def command_line() -> tuple[str, ...]:
    """The command line, word by word, with the program's own name first."""
    return ("lae-forensics", *sys.argv[1:])
