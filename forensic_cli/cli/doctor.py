"""`lae-forensics doctor`."""

from __future__ import annotations

from dataclasses import dataclass

import typer

from forensic_cli.errors import ExitCode, ForensicError

app = typer.Typer(rich_markup_mode=None, add_completion=False)

_CODECS = ("h264", "hevc", "vp8", "vp9", "av1", "mpeg4", "mjpeg", "prores")
_EXTRAS = (
    ("train", "lightning", "training, with `lae-forensics train`"),
    ("train", "face_recognition_models", "landmarks for `train prepare`"),
    ("cnn", "face_recognition_models", "--detector dlib-cnn"),
)


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the report: what was looked at, what was found, and the remedy if it is amiss."""

    name: str
    value: str
    is_good: bool = True
    remedy: str = ""


@app.command(epilog="Example:\n\n  lae-forensics doctor\n\nExit 1 if something that a scan needs is missing.")
def doctor() -> None:
    """Show versions, devices, weights and codecs, what is missing and how to get it."""
    checks = [*_versions(), *_devices(), *_weights(), *_codecs(), *_extras()]
    width = max(len(check.name) for check in checks)
    for check in checks:
        typer.echo(f"{'ok  ' if check.is_good else 'MISS'}  {check.name:<{width}}  {check.value}")
        if not check.is_good and check.remedy:
            typer.echo(f"{'':<{width + 8}}{check.remedy}")
    needed = [check for check in checks if not check.is_good and not check.name.startswith("extra ")]
    raise typer.Exit(int(ExitCode.DEFECT if needed else ExitCode.DONE))


def _versions() -> list[Check]:
    from forensic_cli import __version__
    from forensic_cli.provenance.run import commit, platform_description, versions

    reinstall = "pip install --force-reinstall lae-forensics"
    own = f"{__version__} {commit()[:12]}".strip()
    lines = [Check("lae-forensics", own), Check("platform", platform_description())]
    return lines + [
        Check(name, version, version != "not installed", reinstall) for name, version in versions()
    ]


def _devices() -> list[Check]:
    import torch

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


def _weights() -> list[Check]:
    from forensic_cli.model.weights import load_catalogue, read_verified

    try:
        catalogue = load_catalogue()
        for card in catalogue.cards:
            read_verified(catalogue, card)
    except ForensicError as error:
        return [Check("weights", error.message, is_good=False, remedy=error.hint)]
    return [Check(f"weights {card.name}", f"SHA-256 {card.sha256[:16]}… matches") for card in catalogue.cards]


def _codecs() -> list[Check]:
    import av

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


def _extras() -> list[Check]:
    import importlib.util

    return [
        Check(
            f"extra {extra}",
            f"{module}, for {purpose}",
            importlib.util.find_spec(module) is not None,
            f"pip install 'lae-forensics[{extra}]'",
        )
        for extra, module, purpose in _EXTRAS
    ]
