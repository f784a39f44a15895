"""One writer a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from forensic_cli.errors import OutputError
from forensic_cli.provenance.lock import LOCK_NAME, folder_lock
from tests.provenance.holder import holder_of


def test_a_folder_is_made_held_and_left_without_a_trace(tmp_path: Path) -> None:
    with folder_lock(tmp_path / "new"):
        assert (tmp_path / "new" / LOCK_NAME).exists()
    assert list((tmp_path / "new").iterdir()) == []


def test_a_second_process_is_refused_while_the_first_lives(tmp_path: Path) -> None:
    with holder_of(tmp_path) as first:
        with pytest.raises(OutputError, match="Another scan is writing"), folder_lock(tmp_path):
            pytest.fail("both held it")
        assert first.poll() is None
        first.kill()


def test_the_lock_of_a_killed_process_holds_nobody_off(tmp_path: Path) -> None:
    with holder_of(tmp_path) as first:
        first.kill()
        first.wait()
    assert (tmp_path / LOCK_NAME).exists()
    with folder_lock(tmp_path):
        pass
    assert not (tmp_path / LOCK_NAME).exists()


def test_a_folder_that_cannot_be_made_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"), folder_lock(tmp_path / "file" / "below"):
        pytest.fail("it was held")
