"""The encoders that weights can be of, by the name that a model card gives them."""

from __future__ import annotations

from collections.abc import Callable

from forensic_cli.model.lae import ConceptEncoder, Encoder
from forensic_cli.model.reduced import ReducedEncoder
from forensic_cli.model.residual import ResidualEncoder

# The encoder of the paper's Table 2.
PAPER_ARCH = "lae"
_ENCODERS: dict[str, Callable[[], ConceptEncoder]] = {
    PAPER_ARCH: Encoder,
    "lae-128": ReducedEncoder,
    "lae-residual": ResidualEncoder,
}
ARCHITECTURES = tuple(_ENCODERS)


def make_encoder(arch: str) -> ConceptEncoder:
    """Makes an untrained encoder.

    Raises:
        KeyError: `arch` is none of `ARCHITECTURES`.
    """
    return _ENCODERS[arch]()
