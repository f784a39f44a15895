"""An installed copy finds its weights, fonts and samples wherever it lies."""

from __future__ import annotations

import ast
import email
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from forensic_cli.evidence.records import load_results
from forensic_cli.model.weights import load_catalogue

ROOT = Path(__file__).resolve().parent.parent


def _environment(folder: Path) -> Path:
    """A virtual environment without this project, that borrows the installed dependencies.

    A .pth file adds a folder but does not process the .pth files in it: an editable install of
    this project in the borrowed folder stays out of sight.
    """
    venv.create(folder, with_pip=False, symlinks=os.name != "nt")
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    own = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    (Path(own) / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def _pip(*words: object) -> None:
    command = [sys.executable, "-m", "pip", *(str(word) for word in words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _scan(python: Path, folder: Path) -> Path:
    """Runs the installed console script on the installed sample, far from the checkout."""
    folder.mkdir()
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    where = subprocess.run(
        [python, "-c", "import forensic_cli; print(forensic_cli.__file__)"],
        capture_output=True, text=True, check=True, cwd=folder, env=environment,
    ).stdout.strip()  # fmt: skip
    sample = Path(where).parent / "samples" / "forged.mp4"
    script = python.with_name("lae-forensics")
    done = subprocess.run(
        [script, "scan", sample, "--report", "out.pdf", "--frames", "3"],
        capture_output=True, text=True, check=False, cwd=folder, env=environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (folder / "out.pdf").read_bytes().startswith(b"%PDF-")
    result = load_results(folder / "out-results")
    assert result.model.sha256 == load_catalogue().card().sha256
    assert result.items[0].finding.verdict.is_analysed
    return Path(where)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    _pip("wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, ROOT)
    (built,) = folder.glob("*.whl")
    return built


def test_a_wheel_holds_the_published_schemas(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        shipped = {name for name in archive.namelist() if name.endswith(".schema.json")}
    folder = "forensic_cli/evidence/schema"
    assert shipped == {f"{folder}/{name}.schema.json" for name in ("results", "manifest", "audit")}


def test_a_wheel_runs_outside_the_checkout_with_its_own_weights(wheel: Path, tmp_path: Path) -> None:
    python = _environment(tmp_path / "env")
    _pip("--python", python, "install", "--quiet", "--no-deps", wheel)
    where = _scan(python, tmp_path / "elsewhere")
    assert where.is_relative_to(tmp_path / "env")


def test_an_editable_install_runs_with_the_checkouts_weights(tmp_path: Path) -> None:
    python = _environment(tmp_path / "env")
    _pip("--python", python, "install", "--quiet", "--no-deps", "--no-build-isolation", "--editable", ROOT)
    where = _scan(python, tmp_path / "elsewhere")
    assert where == ROOT / "forensic_cli" / "__init__.py"


def test_the_wheel_holds_weights_fonts_samples_and_recipes_and_no_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for needed in (
        "forensic_cli/weights/weights.json",
        "forensic_cli/samples/forged.mp4",
        "forensic_cli/samples/genuine.mp4",
        "forensic_cli/samples/ORIGIN.md",
        "forensic_cli/py.typed",
        "train/recipes/face-v0.toml",
    ):
        assert needed in names
    assert any(name.startswith("forensic_cli/report/fonts/") for name in names)
    assert not any(name.startswith(("tests/", "runs/", "weights/")) for name in names)


def _imported_packages(folder: Path) -> set[str]:
    names: set[str] = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.partition(".")[0])
    return names - set(sys.stdlib_module_names) - {"forensic_cli", "train", "__future__"}


@pytest.mark.parametrize(
    ("package", "extras"),
    [("forensic_cli", {"sign", "credentials", "openvino", "cluster"}), ("train", {"train"})],
)
def test_whatever_is_imported_is_a_declared_dependency(wheel: Path, package: str, extras: set[str]) -> None:
    """What the borrowed dependencies above could hide: a package that nobody asked pip for."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        metadata = email.message_from_bytes(archive.read(name))
    declared = set()
    for text in metadata.get_all("Requires-Dist") or []:
        requirement = Requirement(text)
        extra = str(requirement.marker).partition("extra == ")[2].strip("'\"") if requirement.marker else ""
        if not extra or extra in extras:
            declared.add(canonicalize_name(requirement.name))
    # dlib-bin's own metadata names another top-level module.
    owners = {"dlib": ["dlib-bin"], **packages_distributions()}
    for module in sorted(_imported_packages(ROOT / package)):
        found = {canonicalize_name(owner) for owner in owners[module]}
        assert found & declared, f"{package} imports {module} from {found}, which is not declared"


def test_samples_stay_under_a_megabyte() -> None:
    samples = ROOT / "forensic_cli" / "samples"
    assert sum(path.stat().st_size for path in samples.glob("*.mp4")) < 1_000_000
