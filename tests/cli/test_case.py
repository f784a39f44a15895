"""`case init` and `case check`."""

from __future__ import annotations

from pathlib import Path

from forensic_cli.case.final import FINAL_FIELDS


def test_init_writes_a_template_that_check_accepts(invoke, tmp_path: Path) -> None:
    path = tmp_path / "case.toml"
    assert invoke("case", "init", path).exit_code == 0
    result = invoke("case", "check", path)
    assert result.exit_code == 0
    assert result.stdout.count("- not supplied") > 15
    for name in FINAL_FIELDS:
        assert f"  {name} " in result.stdout.partition("still needs:")[2]


def test_init_never_overwrites(program, tmp_path: Path) -> None:
    path = tmp_path / "case.toml"
    path.write_text("mine")
    code, _, err = program("case", "init", path)
    assert code == 7
    assert "not overwritten" in err
    assert path.read_text() == "mine"


def test_check_names_the_nearest_key(program, tmp_path: Path) -> None:
    path = tmp_path / "case.toml"
    path.write_text('examinor = "A"\n')
    code, _, err = program("case", "check", path)
    assert code == 2
    assert "Did you mean `examiner`?" in err


def test_check_says_when_a_final_report_can_be_made(invoke, tmp_path: Path) -> None:
    path = tmp_path / "case.toml"
    lines = (f"{name} = {'2026-11-19' if name.endswith('_utc') else repr('x')}" for name in FINAL_FIELDS)
    path.write_text("\n".join(lines))
    assert "A final report can be made." in invoke("case", "check", path).stdout
