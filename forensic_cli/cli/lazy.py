"""A command group that imports a command's module only when that command is run.

Typer 0.29 carries its own copy of Click, so the group builds on `typer.core.TyperGroup` alone.
"""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup

from forensic_cli.errors import UsageError

_ROOT = Path(__file__).resolve().parents[2]


class LazyGroup(TyperGroup):
    """Shows `lazy_commands` in its help, and imports one of them when it is asked for.

    Attributes:
        lazy_commands: name -> ("module:typer_app", one line of help).
    """

    lazy_commands: ClassVar[dict[str, tuple[str, str]]] = {}

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for name, (_, summary) in self.lazy_commands.items():
            # For listings and suggestions. It is never run: `resolve_command` puts the real one in.
            self.add_command(TyperCommand(name, help=summary, short_help=summary))

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Finds the command that `args` begins with, and imports it."""
        name, command, rest = super().resolve_command(ctx, args)
        if name in self.lazy_commands:
            command = load_command(self.lazy_commands[name][0])
            self.add_command(command, name)
        return name, command, rest


def load_command(target: str) -> Any:
    """Imports "module:app" and returns its command.

    `train` is a name that any folder can carry: with evidence in the working directory a stray
    train.py would otherwise be executed. What was found must lie beside this package.

    Raises:
        UsageError: the module found is another one.
    """
    module_name, _, attribute = target.partition(":")
    top = module_name.partition(".")[0]
    spec = importlib.util.find_spec(top)
    origin = Path(spec.origin).resolve() if spec and spec.origin else None
    if origin is None or origin.parent.parent != _ROOT:
        raise UsageError(
            f"The package `{top}` that Python found is not the one of this program: {origin}.",
            "Run the command from another folder, without PYTHONPATH and not as `python -m`.",
        )
    return typer.main.get_command(getattr(importlib.import_module(module_name), attribute))
