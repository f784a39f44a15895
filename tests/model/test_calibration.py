"""The calibration on the card: its formula, its bounds, and what is refused."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forensic_cli.errors import WeightsError
from forensic_cli.model.calibration import Calibration, ValidatedRange, calibration_from_dict
from forensic_cli.model.weights import ModelCard, card_from_dict, load_catalogue

finite = st.floats(-1e6, 1e6)


def test_a_score_within_the_bounds_follows_the_line(calibration: Calibration) -> None:
    ratio = calibration.line_for("jpeg").log10_lr(0.25)
    assert ratio.value == pytest.approx((2 * 0.25 + 1) / math.log(10))
    assert not ratio.is_bounded


@pytest.mark.parametrize(("score", "bound"), [(50.0, 1.5), (-50.0, -1.0)])
def test_beyond_a_bound_the_ratio_stays_there_and_says_so(
    calibration: Calibration, score: float, bound: float
) -> None:
    ratio = calibration.line_for("h264").log10_lr(score)
    assert ratio.value == bound
    assert ratio.is_bounded


@given(one=finite, other=finite)
def test_a_higher_score_never_has_a_lower_ratio(one: float, other: float, calibration: Calibration) -> None:
    for line in calibration.lines:
        low, high = (line.log10_lr(score).value for score in sorted((one, other)))
        assert line.log10_lr_min <= low <= high <= line.log10_lr_max


def test_every_coding_has_a_line_of_its_own(calibration: Calibration) -> None:
    lossless, jpeg = (calibration.line_for(coding).log10_lr(0.25).value for coding in ("lossless", "jpeg"))
    assert lossless == pytest.approx((4 * 0.25 - 0.5) / math.log(10))
    assert jpeg != lossless
    with pytest.raises(KeyError):
        calibration.line_for("hevc")


def test_it_comes_back_from_json_equal(calibration: Calibration) -> None:
    assert calibration_from_dict(json.loads(json.dumps(asdict(calibration)))) == calibration


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"slope": 0.0}, "slope is not above 0"),
        ({"slope": float("nan")}, "not finite"),
        ({"log10_lr_max": float("inf")}, "not finite"),
        ({"log10_lr_min": 0.2}, "do not enclose 1"),
        ({"log10_lr_max": -0.1}, "do not enclose 1"),
        ({"sharpness": (9.0, 1.0)}, "sharpness is empty"),
    ],
)
def test_a_card_with_a_faulty_calibration_is_refused(
    card: ModelCard, calibration: Calibration, change: dict[str, object], said: str
) -> None:
    first, *others = calibration.lines
    faulty = replace(calibration, lines=(first, *others[:-1], replace(others[-1], **change)))  # type: ignore[arg-type]
    with pytest.raises(WeightsError, match=said):
        replace(card, calibration=faulty)


def test_a_calibration_without_a_line_for_each_coding_is_refused(
    card: ModelCard, calibration: Calibration
) -> None:
    validated = ValidatedRange(80, ("lossless", "jpeg"))
    with pytest.raises(WeightsError, match="not those of the validated codings"):
        replace(card, calibration=replace(calibration, validated=validated))


@pytest.mark.parametrize("spoil", ["lines", "validated", "rows"])
def test_an_entry_that_lacks_a_part_of_its_calibration_is_malformed(
    weights_folder: Path, calibration: Calibration, tmp_path: Path, spoil: str
) -> None:
    document = json.loads((weights_folder / "weights.json").read_text())
    document["weights"][0]["calibration"] = asdict(calibration)
    (tmp_path / "weights.json").write_text(json.dumps(document))
    assert load_catalogue(tmp_path).card().calibration == calibration
    del document["weights"][0]["calibration"][spoil]
    (tmp_path / "weights.json").write_text(json.dumps(document))
    with pytest.raises(WeightsError, match="malformed"):
        load_catalogue(tmp_path)


def test_an_entry_from_before_calibrations_is_an_uncalibrated_card(weights_folder: Path) -> None:
    entry = json.loads((weights_folder / "weights.json").read_text())["weights"][0]
    del entry["calibration"]
    assert card_from_dict(entry).calibration is None


@pytest.mark.parametrize("norm", ["raw", "relu-max", "sigmoid"])
def test_the_normalisation_of_training_is_named(card: ModelCard, norm: str) -> None:
    assert replace(card, attention_norm=norm).attention_norm == norm


def test_an_unknown_normalisation_is_refused(card: ModelCard) -> None:
    with pytest.raises(WeightsError, match="raw, relu-max, sigmoid"):
        replace(card, attention_norm="softmax")
