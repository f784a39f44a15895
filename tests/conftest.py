"""Material that many tests share: a real face, tiny seeded weights, the sample clips."""

from __future__ import annotations

import hashlib
import json
import signal
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from forensic_cli.model.calibration import Calibration, CalibrationLine, CalibrationRow, ValidatedRange
from forensic_cli.model.weights import CATALOGUE_SCHEMA, ErrorRate, ModelCard
from forensic_cli.types import RgbImage

if TYPE_CHECKING:
    from forensic_cli.model.inference import Examiner

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell starts background jobs so, and every process that these start inherits it: no test of
    # Ctrl-C could pass.
    signal.signal(signal.SIGINT, signal.default_int_handler)

SAMPLES = Path(__file__).resolve().parent.parent / "forensic_cli" / "samples"


@pytest.fixture(scope="session")
def astronaut() -> RgbImage:
    """The portrait of Eileen Collins, (512, 512, 3), whose face dlib finds."""
    from skimage.data import astronaut as load

    return np.ascontiguousarray(load())


@pytest.fixture
def card() -> ModelCard:
    """A model card with round thresholds."""
    return ModelCard(
        name="test-weights",
        arch="lae",
        file="test-weights.safetensors",
        sha256="0" * 64,
        forged_threshold=0.5,
        no_support_threshold=-0.5,
        threshold_rule="Chosen by hand for a test.",
        attention_scale=2.0,
        training=(("Data", "none"),),
        error_rates=(
            ErrorRate("condition", "in-domain", "set", 10, 10, 0.9, 0.1, (0.02, 0.4), 0.2, (0.1, 0.5)),
        ),
        limitations=("Seeded at random.",),
    )


@pytest.fixture(scope="session")
def calibration() -> Calibration:
    """A calibration with round numbers: natural log LR = 2 * score + 1, but for lossless pictures."""

    def line(coding: str, slope: float, intercept: float, n_crops: int) -> CalibrationLine:
        ends, scores, sharpness = (-1.0, 1.5), (-3.0, 3.0), (5.0, 5000.0)
        return CalibrationLine(
            coding, slope, intercept, *ends, scores, 40, 40, n_crops, sharpness, 0.61, 0.52
        )

    return Calibration(
        method="Chosen by hand for a test.",
        lines=(line("lossless", 4.0, -0.5, 1), line("jpeg", 2.0, 1.0, 1), line("h264", 2.0, 1.0, 5)),
        bound_rule="Chosen by hand for a test.",
        n_genuine=40,
        n_forged=40,
        n_identities=40,
        data="40 photographs of nobody.",
        forging_methods=("self-blend",),
        conditions=("JPEG 75",),
        cllr=0.61,
        cllr_min=0.52,
        expected_calibration_error=0.04,
        validated=ValidatedRange(80, ("lossless", "jpeg", "h264")),
        rows=(CalibrationRow("JPEG 75", "in-domain", 40, 40, 0.61, 0.52),),
        tippett_file="test-tippett.png",
        entropy_file="test-entropy.png",
    )


@pytest.fixture(scope="session")
def weights_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A weights folder with a seeded, untrained encoder."""
    import torch
    from safetensors.torch import save

    from forensic_cli.model.lae import Encoder, initialise

    encoder = Encoder()
    initialise(encoder, torch.Generator().manual_seed(1))
    content = save({k: v for k, v in encoder.state_dict().items() if not k.endswith("num_batches_tracked")})
    folder = tmp_path_factory.mktemp("weights")
    (folder / "seeded.safetensors").write_bytes(content)
    entry = asdict(
        ModelCard(
            name="seeded",
            arch="lae",
            file="seeded.safetensors",
            sha256=hashlib.sha256(content).hexdigest(),
            forged_threshold=0.01,
            no_support_threshold=-0.01,
            threshold_rule="Chosen by hand for a test.",
            attention_scale=1e-3,
        )
    )
    entry["training"] = {"Data": "none: seeded at random"}
    document = {"schema": CATALOGUE_SCHEMA, "default": "seeded", "weights": [entry]}
    (folder / "weights.json").write_text(json.dumps(document))
    return folder


@pytest.fixture(scope="session")
def loaded(weights_folder: Path) -> Examiner:
    """The seeded model, loaded once."""
    from forensic_cli.config import DeviceName, ModelSettings
    from forensic_cli.model.inference import Examiner

    return Examiner(ModelSettings(str(weights_folder), allow_foreign_weights=True, device=DeviceName.CPU))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, loaded: Examiner) -> None:
    """Scans of this process share one loaded model and decode in this very process."""
    from forensic_cli.isolation import choice
    from forensic_cli.model import inference

    monkeypatch.setattr(inference, "Examiner", lambda settings: loaded)
    monkeypatch.setattr(choice, "can_isolate", lambda: False)
