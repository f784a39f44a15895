"""`lae-forensics train`: one command a step, each a folder that the next one reads.

A module a command; what is heavy is imported when the command runs.
"""

from __future__ import annotations

import typer

from train.cli import (
    calibrate,
    evaluate,
    export,
    forge,
    import_masks,
    prepare,
    renderers,
    select,
    stage1,
    stage2,
)

app = typer.Typer(
    no_args_is_help=True,
    help="Prepare data, forge, and train the model.",
    epilog="Example:\n\n  lae-forensics train prepare ./photos --out ./data",
    rich_markup_mode=None,
    add_completion=False,
)
app.command("prepare", epilog=prepare.EPILOG)(prepare.prepare)
app.command("renderers", epilog=renderers.EPILOG)(renderers.renderers)
app.command("forge", epilog=forge.EPILOG)(forge.forge)
app.command("stage1", epilog=stage1.EPILOG)(stage1.stage1)
app.command("select", epilog=select.EPILOG)(select.select)
app.command("import-masks", epilog=import_masks.EPILOG)(import_masks.import_masks)
app.command("stage2", epilog=stage2.EPILOG)(stage2.stage2)
app.command("evaluate", epilog=evaluate.EPILOG)(evaluate.evaluate)
app.command("calibrate", epilog=calibrate.EPILOG)(calibrate.calibrate)
app.command("export", epilog=export.EPILOG)(export.export_weights)
