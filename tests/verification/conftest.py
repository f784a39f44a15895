"""The made-up case, whole, and its checks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from forensic_cli.model.weights import ModelCard
from forensic_cli.provenance.checks import Check, CheckState
from forensic_cli.verification.target import find_target
from forensic_cli.verification.verify import Request, Verification, verify
from tests.verification.material import MadeCase, make_case

Verifier = Callable[..., Verification]


@pytest.fixture
def case(tmp_path: Path, card: ModelCard) -> MadeCase:
    return make_case(tmp_path, card)


@pytest.fixture
def checked() -> Verifier:
    """Verifies a path."""

    def run(path: Path, results: Path | None = None, **options: object) -> Verification:
        return verify(find_target(path, results), Request(**options))  # type: ignore[arg-type]

    return run


def faults(done: Verification) -> list[tuple[str, str]]:
    """(area, subject) of every fault."""
    return [(check.area, check.subject) for check in done.of_state(CheckState.FAULT)]


def only(done: Verification, **wanted: str) -> Check:
    """The one check with these attributes."""
    (found,) = [
        check for check in done.checks if all(getattr(check, name) == value for name, value in wanted.items())
    ]
    return found
