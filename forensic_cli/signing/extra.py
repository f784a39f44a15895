"""The packages that signing needs and a plain installation lacks."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from forensic_cli.errors import UsageError

_PACKAGES = ("pyhanko", "pikepdf", "asn1crypto", "cryptography")
_LOGGERS = ("pyhanko", "pyhanko_certvalidator", "pikepdf")
REMEDY = "pip install 'lae-forensics[sign]' (in a checkout: pip install '.[sign]')"


def has_signing_packages() -> bool:
    """True where signatures can be made and read."""
    return not _missing()


def require_signing_packages() -> None:
    """Refuses where the extra `sign` is not installed.

    Raises:
        UsageError: it is not; the hint says how to get it.
    """
    missing = _missing()
    if missing:
        raise UsageError(f"Signatures need {' and '.join(missing)}, not installed here.", REMEDY)


def _missing() -> list[str]:
    return [name for name in _PACKAGES if importlib.util.find_spec(name) is None]


@contextmanager
def library_logs_muted() -> Iterator[None]:
    """Keeps the libraries' own log lines off the terminal: what they found is reported as checks."""
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
