"""`export` writes what was asked for, once, and from unaltered results only."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from forensic_cli.errors import OutputError, UsageError, VerificationError
from forensic_cli.model.weights import ModelCard
from tests.interchange.material import results, saved_results


@pytest.fixture
def folder(card: ModelCard, tmp_path: Path) -> Path:
    saved_results(tmp_path / "out", results(card))
    return tmp_path / "out"


def test_export_case_writes_json_ld(invoke, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "case.jsonld"
    done = invoke("export", "--case", folder, "--out", out)
    assert done.exit_code == 0
    assert str(out) in done.stderr
    document = json.loads(out.read_text())
    assert document["@context"]["uco-core"].startswith("https://ontology.unifiedcyberontology.org/")
    assert any(node["@type"] == "case-investigation:InvestigativeAction" for node in document["@graph"])


def test_export_csv_writes_rows(invoke, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "results.csv"
    assert invoke("export", "--csv", folder, "--out", out).exit_code == 0
    assert len(out.read_text().splitlines()) == 5


@pytest.mark.parametrize("kind", ["--case", "--csv"])
def test_an_export_is_never_overwritten(invoke, folder: Path, tmp_path: Path, kind: str) -> None:
    out = tmp_path / "there"
    out.write_text("keep me")
    with pytest.raises(OutputError, match="never overwritten"):
        invoke("export", kind, folder, "--out", out)
    assert out.read_text() == "keep me"


def test_one_kind_of_export_must_be_named(invoke, folder: Path, tmp_path: Path) -> None:
    for words in ((), ("--case", folder, "--csv", folder)):
        with pytest.raises(UsageError, match="One kind of export"):
            invoke("export", *words, "--out", tmp_path / "a")


def test_altered_results_are_not_exported(invoke, folder: Path, tmp_path: Path) -> None:
    stored = folder / "results.jsonl"
    stored.write_bytes(stored.read_bytes().replace(b"no_face", b"skipped"))
    with pytest.raises(VerificationError, match="altered"):
        invoke("export", "--csv", folder, "--out", tmp_path / "a.csv")
    assert not (tmp_path / "a.csv").exists()
