"""The catalogue of shipped weights: weights.json, its model cards and hashes. No torch here."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from forensic_cli.errors import WeightsError
from forensic_cli.model.calibration import Calibration, calibration_from_dict

CATALOGUE_NAME = "weights.json"
CATALOGUE_SCHEMA = 2
# Cells on a side of each architecture's attention map. Here, and not with the networks: a report is drawn
# without torch.
_MAP_SIDES = {"lae": 16, "lae-128": 8, "lae-residual": 16}
ATTENTION_NORMS = ("raw", "relu-max", "sigmoid")


@dataclass(frozen=True, slots=True)
class ErrorRate:
    """One measured row: how often the threshold errs under one condition.

    Attributes:
        condition: what was done to the pictures, in words.
        domain: "in-domain" (methods and sources seen in training) or "out-of-domain".
        dataset: where the pictures came from.
        auc: area under the ROC curve of the score, None where one class is missing.
        false_positive_rate: genuine pictures at or above the forged threshold, over n_genuine.
        false_negative_rate: forged pictures below the forged threshold, over n_forged.
    """

    condition: str
    domain: str
    dataset: str
    n_genuine: int
    n_forged: int
    auc: float | None = None
    false_positive_rate: float | None = None
    false_positive_interval: tuple[float, float] | None = None
    false_negative_rate: float | None = None
    false_negative_interval: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class ModelCard:
    """One entry of weights.json: what the weights are, and how far they can be trusted.

    Attributes:
        arch: one of `forensic_cli.model.architectures.ARCHITECTURES`.
        file: name of the safetensors file beside weights.json.
        is_foreign: from outside weights.json, admitted by an explicit flag.
        forged_threshold: a score at or above it reads LIKELY_FORGED.
        no_support_threshold: a score below it reads NO_SUPPORT; between the two, INCONCLUSIVE.
        threshold_rule: how both were chosen, on which data.
        attention_form: "paper" (eq. 8, weights |z_c|) or "signed" (weights z_c).
        attention_norm: how stage 2 normalised the map in training, one of `ATTENTION_NORMS`. A scan
            shows the raw map whatever this says.
        attention_scale: attention value at the top of the fixed colour scale.
        smallest_face_px: faces below it lie outside the range that was validated.
        training: (name, value) in reading order.
        calibration: from scores to likelihood ratios; None where none was made.
    """

    name: str
    arch: str
    file: str
    sha256: str
    forged_threshold: float
    no_support_threshold: float
    threshold_rule: str
    attention_scale: float
    attention_form: str = "paper"
    attention_norm: str = "raw"
    smallest_face_px: int = 80
    is_foreign: bool = False
    training: tuple[tuple[str, str], ...] = ()
    error_rates: tuple[ErrorRate, ...] = ()
    limitations: tuple[str, ...] = field(default=())
    calibration: Calibration | None = None

    def __post_init__(self) -> None:
        faults = {
            "the no-support threshold lies above the forged threshold": self.no_support_threshold
            > self.forged_threshold,
            "a threshold or the attention scale is no finite number": not all(
                map(math.isfinite, (self.no_support_threshold, self.forged_threshold, self.attention_scale))
            ),
            "the attention scale is not above 0": self.attention_scale <= 0,
            "the attention form is neither paper nor signed": self.attention_form not in {"paper", "signed"},
            f"the attention normalisation is none of {', '.join(ATTENTION_NORMS)}": self.attention_norm
            not in ATTENTION_NORMS,
            **dict.fromkeys(self.calibration.faults if self.calibration else (), True),
        }
        for fault, is_present in faults.items():
            if is_present:
                raise WeightsError(
                    f"{self.name}: {fault}.", "Export the weights again with `lae-forensics train export`."
                )

    @property
    def map_side(self) -> int:
        """Rows and columns of the attention map over a crop; of an architecture that `ARCHITECTURES` has."""
        return _MAP_SIDES[self.arch]


@dataclass(frozen=True, slots=True)
class WeightsCatalogue:
    """The shipped weights: the folder, the default's name and the model cards."""

    folder: Path
    default_name: str
    cards: tuple[ModelCard, ...]

    def card(self, name: str = "") -> ModelCard:
        """Returns the card called `name`, or the default's.

        Raises:
            WeightsError: no such entry.
        """
        wanted = name or self.default_name
        for card in self.cards:
            if card.name == wanted:
                return card
        known = ", ".join(card.name for card in self.cards) or "none"
        raise WeightsError(f"There are no weights called {wanted!r}.", f"Known: {known}.")

    def path(self, card: ModelCard) -> Path:
        """The weights file of a card."""
        return self.folder / card.file


def default_folder() -> Path:
    """Where the weights lie: inside an installed package, or beside it in a checkout.

    Raises:
        WeightsError: in neither place.
    """
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "weights", package.parent / "weights"):
        if (folder / CATALOGUE_NAME).is_file():
            return folder
    raise WeightsError(
        f"No {CATALOGUE_NAME} in the installation at {package}.",
        "Install the package again, or run from a complete checkout.",
    )


def load_catalogue(folder: Path | None = None) -> WeightsCatalogue:
    """Reads weights.json.

    Args:
        folder: that holds it; the installation's own by default.

    Raises:
        WeightsError: missing, not JSON, of another schema, or with a malformed entry.
    """
    folder = folder or default_folder()
    path = folder / CATALOGUE_NAME
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsError(f"{path} cannot be read: {error}.", "Restore it from the release.") from error
    try:
        if document["schema"] != CATALOGUE_SCHEMA:
            raise WeightsError(
                f"{path} has schema {document['schema']}, this program reads {CATALOGUE_SCHEMA}.",
                "Use the weights folder that belongs to this version, or calibrate and export your own again with "
                "`lae-forensics train calibrate` and `train export`.",
            )
        cards = tuple(card_from_dict(entry) for entry in document["weights"])
        return WeightsCatalogue(folder, str(document["default"]), cards)
    except (KeyError, TypeError, AttributeError) as error:
        raise WeightsError(
            f"{path} has a malformed entry: {error!r}.", "Restore it from the release."
        ) from error


def card_from_dict(entry: dict[str, Any]) -> ModelCard:
    """Builds a card from its JSON form (see `card_to_dict`).

    Raises:
        KeyError, TypeError: the entry lacks a field or has an unknown one.
    """
    values = dict(entry)
    values["training"] = tuple((str(key), str(value)) for key, value in entry["training"].items())
    values["error_rates"] = tuple(_error_rate_from_dict(row) for row in entry["error_rates"])
    values["limitations"] = tuple(entry["limitations"])
    # Entries from before calibrations have no such key.
    calibration = entry.get("calibration")
    values["calibration"] = None if calibration is None else calibration_from_dict(calibration)
    return ModelCard(**values)


def _error_rate_from_dict(row: dict[str, Any]) -> ErrorRate:
    intervals = {
        key: tuple(row[key])
        for key in ("false_positive_interval", "false_negative_interval")
        if row.get(key) is not None
    }
    return ErrorRate(**{**row, **intervals})


def read_verified(catalogue: WeightsCatalogue, card: ModelCard) -> bytes:
    """Reads a weights file and checks its hash before anything looks inside.

    Raises:
        WeightsError: the file is missing, or is not the one that the card names.
    """
    path = catalogue.path(card)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise WeightsError(
            f"The weights file {path} cannot be read: {error.strerror}.",
            "Run `lae-forensics weights verify`, and restore the file from the release.",
        ) from error
    found = hashlib.sha256(content).hexdigest()
    if found != card.sha256:
        raise WeightsError(
            f"{path} is not the file that {CATALOGUE_NAME} names: SHA-256 is {found}, "
            f"expected {card.sha256}.",
            "Restore the file from the release; never edit the hash.",
        )
    return content


def resolve(weights: str, allow_foreign: bool) -> tuple[WeightsCatalogue, ModelCard]:
    """Finds the weights that a scan asks for.

    Args:
        weights: a name in the installation's catalogue, "" for its default, or the path of a folder
            that holds a weights.json of its own, as `train export` makes it.
        allow_foreign: admits such a folder. Its weights are named as foreign in every report.

    Raises:
        WeightsError: unknown name; or a foreign folder that is not admitted or not readable.
    """
    if not weights or not Path(weights).is_dir():
        catalogue = load_catalogue()
        return catalogue, catalogue.card(weights)
    folder = Path(weights)
    if not allow_foreign:
        raise WeightsError(
            f"The weights in {folder} are not part of this release.",
            "Add --allow-foreign-weights to use them; the report will say so.",
        )
    catalogue = load_catalogue(folder)
    return catalogue, replace(catalogue.card(), is_foreign=True)
