"""--help is quick, complete, and imports nothing heavy."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = (
    "torch", "torchvision", "cv2", "dlib", "av", "PIL", "reportlab", "numpy", "scipy", "safetensors", "lightning",
    "matplotlib", "openvino", "ray", "cryptography", "pyhanko", "c2pa",
)  # fmt: skip
COMMANDS = [
    ("weights",),
    ("train",),
    ("scan",),
    ("report",),
    ("case",),
    ("case", "init"),
    ("case", "check"),
    ("export",),
    ("faces",),
    ("schema",),
    ("weights", "list"),
    ("weights", "show"),
    ("weights", "verify"),
    ("verify",),
    ("sign",),
    ("doctor",),
    ("demo",),
    ("train", "prepare"),
    ("train", "renderers"),
    ("train", "forge"),
    ("train", "stage1"),
    ("train", "stage2"),
    ("train", "select"),
    ("train", "import-masks"),
    ("train", "evaluate"),
    ("train", "calibrate"),
    ("train", "export"),
]


def _imported(*words: str) -> set[str]:
    script = (
        "import sys\n"
        "from forensic_cli.cli.app import main\n"
        f"sys.argv = ['lae-forensics', *{list(words)!r}]\n"
        "try:\n    main()\n"
        "finally:\n    print('MODULES', *sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stdout.rpartition("MODULES ")[2].split()}


def test_top_help_imports_nothing_heavy_not_even_what_reads_options() -> None:
    assert not _imported("--help") & {*HEAVY, "rich", "pydantic"}


@pytest.mark.parametrize("words", [("scan",), ("train", "stage1"), ("weights", "show")])
def test_a_commands_help_imports_nothing_heavy(words: tuple[str, ...]) -> None:
    assert not _imported(*words, "--help") & set(HEAVY)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_has_help_with_an_example(invoke, words: tuple[str, ...]) -> None:
    result = invoke(*words, "--help")
    assert result.exit_code == 0
    assert f"lae-forensics {' '.join(words)}" in result.stdout


def test_top_help_lists_every_command_and_the_exit_codes(invoke) -> None:
    text = invoke("--help").stdout
    for name in {words[0] for words in COMMANDS}:
        assert f"\n  {name} " in text
    assert "130 interrupted" in " ".join(text.split())


def test_version_is_the_packages(invoke) -> None:
    from forensic_cli import __version__

    assert invoke("--version").stdout.strip() == f"lae-forensics {__version__}"


def test_an_unknown_command_is_a_usage_error_with_a_suggestion(invoke) -> None:
    result = invoke("scam", "x.mp4")
    assert result.exit_code == 2
    assert "scan" in result.output
