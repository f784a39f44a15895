"""`lae-forensics weights`."""

from __future__ import annotations

from typing import Annotated

import typer

from forensic_cli.errors import WeightsError

app = typer.Typer(
    no_args_is_help=True,
    help="List, show and verify the model weights.",
    epilog="Example:\n\n  lae-forensics weights show",
    rich_markup_mode=None,
    add_completion=False,
)

NameArgument = Annotated[str, typer.Argument(help="Name from `weights list`; the default's if left out.")]


@app.command("list", epilog="Example:\n\n  lae-forensics weights list")
def list_weights() -> None:
    """List the weights that ship, the default marked with an asterisk."""
    from forensic_cli.model.weights import load_catalogue

    catalogue = load_catalogue()
    for card in catalogue.cards:
        mark = "*" if card.name == catalogue.default_name else " "
        typer.echo(f"{mark} {card.name}  {card.arch}  {card.sha256[:16]}…  {catalogue.path(card)}")


@app.command("show", epilog="Example:\n\n  lae-forensics weights show lae-face-v1")
def show_weights(name: NameArgument = "") -> None:
    """Show a model card: data, training, thresholds, measured error rates, limits."""
    from forensic_cli.cli.model_card import print_card
    from forensic_cli.model.weights import load_catalogue

    print_card(load_catalogue().card(name))


@app.command("verify", epilog="Example:\n\n  lae-forensics weights verify")
def verify_weights(name: NameArgument = "") -> None:
    """Check the SHA-256 of one entry, or of all; exit 6 if one does not match."""
    from forensic_cli.model.weights import load_catalogue, read_verified

    catalogue = load_catalogue()
    faults = []
    for card in (catalogue.card(name),) if name else catalogue.cards:
        try:
            read_verified(catalogue, card)
        except WeightsError as error:
            faults.append(error)
            typer.echo(f"{card.name}: DOES NOT MATCH", err=True)
        else:
            typer.echo(f"{card.name}: SHA-256 matches ({card.sha256})")
    if faults:
        raise faults[0]
