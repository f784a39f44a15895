"""The catalogue of weights: nothing unknown, nothing altered is ever loaded."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from forensic_cli.errors import ExitCode, WeightsError
from forensic_cli.model.weights import ModelCard, load_catalogue, read_verified, resolve


@pytest.fixture
def folder(weights_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(weights_folder, tmp_path / "weights"))


def test_catalogue_knows_its_default(folder: Path) -> None:
    catalogue = load_catalogue(folder)
    assert catalogue.card().name == "seeded"
    assert catalogue.path(catalogue.card()) == folder / "seeded.safetensors"


def test_unknown_name_lists_the_known_ones(folder: Path) -> None:
    with pytest.raises(WeightsError) as caught:
        load_catalogue(folder).card("best")
    assert "seeded" in caught.value.hint
    assert caught.value.exit_code is ExitCode.WEIGHTS_NOT_TRUSTED


def test_one_flipped_bit_is_refused_before_the_file_is_parsed(folder: Path) -> None:
    catalogue = load_catalogue(folder)
    path = catalogue.path(catalogue.card())
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"is not the file that weights\.json names"):
        read_verified(catalogue, catalogue.card())


def test_missing_weights_name_the_remedy(folder: Path) -> None:
    catalogue = load_catalogue(folder)
    catalogue.path(catalogue.card()).unlink()
    with pytest.raises(WeightsError) as caught:
        read_verified(catalogue, catalogue.card())
    assert "weights verify" in caught.value.hint


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d.update(schema=99), "schema 99"),
        (lambda d: d["weights"][0].pop("sha256"), "malformed"),
        (lambda d: d["weights"][0].update(colour="red"), "malformed"),
        (lambda d: d["weights"][0].update(forged_threshold=-9), "above the forged threshold"),
        (lambda d: d["weights"][0].update(forged_threshold=float("nan")), "no finite number"),
        (lambda d: d["weights"][0].update(attention_scale=0), "not above 0"),
        (lambda d: d["weights"][0].update(attention_form="rectified"), "neither paper nor signed"),
    ],
)
def test_malformed_catalogue_is_refused(folder: Path, change, said: str) -> None:
    path = folder / "weights.json"
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))
    with pytest.raises(WeightsError, match=said):
        load_catalogue(folder)


def test_foreign_folder_needs_leave_and_is_marked(folder: Path) -> None:
    with pytest.raises(WeightsError) as caught:
        resolve(str(folder), allow_foreign=False)
    assert "--allow-foreign-weights" in caught.value.hint
    _, card = resolve(str(folder), allow_foreign=True)
    assert card.is_foreign


def test_every_shipped_entry_verifies_and_states_how_it_was_made() -> None:
    catalogue = load_catalogue()
    for card in catalogue.cards:
        read_verified(catalogue, card)
        assert catalogue.path(card).stat().st_size <= 25_000_000
        facts = dict(card.training)
        assert {"Training data", "Recipe", "Hours", "Device", "Held out", "Licences"} <= set(facts)
        assert {row.domain for row in card.error_rates} == {"in-domain", "out-of-domain"}
        assert card.limitations


def test_thresholds_may_not_cross(card: ModelCard) -> None:
    from dataclasses import replace

    with pytest.raises(WeightsError):
        replace(card, forged_threshold=-1.0)
