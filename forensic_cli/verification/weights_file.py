"""Are the weights here that the results were made with?"""

from __future__ import annotations

from pathlib import Path

from forensic_cli.errors import WeightsError
from forensic_cli.model.weights import ModelCard, load_catalogue, read_verified
from forensic_cli.provenance.checks import Check

AREA = "weights"


def weights_check(card: ModelCard, folder: Path | None) -> Check:
    """Looks for the weights by their hash, in the installation or in a folder.

    Args:
        card: as the manifest states it.
        folder: with a weights.json of its own; None looks into the installation.
    """
    claim = "The weights that the results were made with are here, unaltered"
    try:
        catalogue = load_catalogue(folder)
        present = [entry for entry in catalogue.cards if entry.sha256 == card.sha256]
        if not present:
            reason = f"Weights not present: {card.name}, SHA-256 {card.sha256}."
            return Check.not_made(AREA, card.name, claim, reason)
        read_verified(catalogue, present[0])
    except WeightsError as error:
        return Check.fault(AREA, card.name, claim, error.message)
    return Check.holds(AREA, card.name, claim)
