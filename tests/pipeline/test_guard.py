"""Outputs are new, and lie outside the evidence."""

from __future__ import annotations

from pathlib import Path

import pytest

from forensic_cli.errors import OutputError, UsageError
from forensic_cli.pipeline.guard import require_new_folder, require_new_report, require_outside_evidence


@pytest.mark.parametrize("output", ["evidence/out", "evidence", "evidence/below/../out", "link/out"])
def test_no_way_leads_into_the_evidence(tmp_path: Path, output: str) -> None:
    (tmp_path / "evidence" / "below").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "evidence")
    with pytest.raises(UsageError, match="inside the evidence"):
        require_outside_evidence([tmp_path / output], [tmp_path / "evidence"])


def test_beside_the_evidence_is_fine(tmp_path: Path) -> None:
    (tmp_path / "evidence").mkdir()
    require_outside_evidence([tmp_path / "evidence-results"], [tmp_path / "evidence"])


def test_the_item_itself_is_no_output(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"x")
    with pytest.raises(UsageError, match="the evidence itself"):
        require_outside_evidence([tmp_path / "a.mp4"], [tmp_path / "a.mp4"])


def test_a_folder_that_holds_something_is_refused_and_kept(tmp_path: Path) -> None:
    (tmp_path / "keep.txt").write_text("mine")
    with pytest.raises(OutputError, match="not empty"):
        require_new_folder(tmp_path)
    with pytest.raises(OutputError, match="is a file"):
        require_new_folder(tmp_path / "keep.txt")
    require_new_folder(tmp_path / "new")


def test_a_report_below_a_file_is_refused_before_the_scan(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="No report can be written"):
        require_new_report(tmp_path / "file" / "out.pdf")
