"""A run's calibration as the model card has it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from forensic_cli.errors import UsageError
from forensic_cli.model.calibration import Calibration
from train.calibration.calibrate import read_calibration


def calibration_for_card(run_path: Path, name: str) -> tuple[Calibration | None, dict[str, bytes]]:
    """The run's calibration, and its plots under the names that they have beside the weights.

    Args:
        name: of the weights.

    Returns:
        None and no plots where the run was not calibrated.

    Raises:
        UsageError: see `read_calibration`; or a plot is missing.
    """
    calibration = read_calibration(run_path)
    if calibration is None:
        return None, {}
    tippett_file, entropy_file = f"{name}-{calibration.tippett_file}", f"{name}-{calibration.entropy_file}"
    try:
        plots = {
            tippett_file: (run_path / calibration.tippett_file).read_bytes(),
            entropy_file: (run_path / calibration.entropy_file).read_bytes(),
        }
    except OSError as error:
        raise UsageError(
            f"A plot of the calibration cannot be read: {error}.",
            "Run `lae-forensics train calibrate` again.",
        ) from error
    return replace(calibration, tippett_file=tippett_file, entropy_file=entropy_file), plots


def calibration_limits(calibration: Calibration | None, is_stored: bool) -> tuple[str, ...]:
    """What a reader of the card must know of the calibration, or of its absence.

    Args:
        is_stored: it was made on the dataset's own fakes; otherwise on forgeries of this program.
    """
    if calibration is None:
        return ("The score is not calibrated: it is no probability, and no likelihood ratio can be given.",)
    material, origin, unknown = (
        ("the run's dataset", "as the dataset has them", "by any other method")
        if is_stored
        else ("photographs", "all made by this program", "made by a neural network of another program")
    )
    has_held_out = any(row.domain == "out-of-domain" for row in calibration.rows)
    held_out = (
        "For held-out methods the Cllr given beside them says how far they mislead. " if has_held_out else ""
    )
    return (
        f"Likelihood ratios were calibrated on face tracks made of {material}: single crops, and short H.264 clips "
        "of a small camera motion. What they are worth in videos in which a face turns, speaks or is lit "
        "otherwise was not measured.",
        f"Likelihood ratios hold for forgeries by {', '.join(calibration.forging_methods)}, {origin}. "
        f"{held_out}How far they mislead for forgeries {unknown} is unknown.",
    )
