"""`lae-forensics verify`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from forensic_cli.config import DeviceName
from forensic_cli.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from forensic_cli.provenance.checks import Check
    from forensic_cli.signing.examine import TrustLists
    from forensic_cli.verification.verify import Verification

app = typer.Typer(rich_markup_mode=None, add_completion=False)

_EPILOG = """
Examples:

  lae-forensics verify ./out-results

  lae-forensics verify out-signed.pdf --trust ca.pem --trust-tsa tsa.pem

  lae-forensics verify ./out-results --evidence /mnt/copy --rerun

The table says for each part what was checked, what was not, and why. Nothing is written, and nothing
is fetched from the network.

Exit codes: 0 all that could be checked holds; 2 usage, or nothing could be checked; 5 a fault; 6 the
weights for --rerun are not here.
"""


@app.command(epilog=_EPILOG)
def verify(
    path: Annotated[Path, typer.Argument(help="A results folder, its manifest.json, or a report (PDF).")],
    evidence: Annotated[
        Path | None, typer.Option("--evidence", metavar="DIR", help="Where the evidence lies now.")
    ] = None,
    results: Annotated[
        Path | None,
        typer.Option("--results", metavar="DIR", help="The results folder of a report that lies elsewhere."),
    ] = None,
    trust: Annotated[
        list[Path] | None,
        typer.Option("--trust", help="Certificates that the signer's must lead to (PEM or DER); repeatable."),
    ] = None,
    trust_tsa: Annotated[
        list[Path] | None,
        typer.Option("--trust-tsa", help="The same for the time-stamp server's certificate; repeatable."),
    ] = None,
    require_signature: Annotated[
        bool,
        typer.Option(
            "--require-signature",
            help="Count it as a fault if no intact signature by a trusted signer is found.",
        ),
    ] = False,
    rerun: Annotated[
        bool, typer.Option("--rerun", help="Analyse the evidence again and compare every number.")
    ] = False,
    weights: Annotated[
        Path | None,
        typer.Option("--weights", metavar="DIR", help="The weights' folder, if they are not installed."),
    ] = None,
    device: Annotated[
        DeviceName | None, typer.Option("--device", help="For --rerun. [default: as the scan]")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="All checks as JSON on stdout.")] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No progress, and of the table the faults.")
    ] = False,
) -> None:
    """Check results, exhibits, evidence, audit log, report and signature against the manifest."""
    from forensic_cli.cli.verification_table import print_verification
    from forensic_cli.provenance.checks import CheckState
    from forensic_cli.verification.target import find_target
    from forensic_cli.verification.verify import Request, Verification
    from forensic_cli.verification.verify import verify as run_verification

    if evidence is not None and not evidence.is_dir():
        raise UsageError(f"--evidence {evidence} is no folder.", "Give the folder that holds the evidence.")
    target = find_target(path, results)
    trust_lists = _trust_lists(trust, trust_tsa)
    if rerun:
        from forensic_cli.cli.progress import make_listener
        from forensic_cli.verification.rerun import Repetition

        with make_listener(as_json=False, quiet=quiet) as listener:
            repetition = Repetition(listener, weights, device)
            done = run_verification(target, Request(evidence, weights, trust_lists, repetition))
    else:
        done = run_verification(target, Request(evidence, weights, trust_lists))
    if require_signature:
        done = Verification(done.folder, (*done.checks, _signature_demanded(done)))
    if as_json:
        document = {
            "schema": 1,
            "results": None if done.folder is None else str(done.folder),
            "report": None if target.report is None else str(target.report),
            "holds": done.holds,
            "checks": [asdict(check) for check in done.checks],
        }
        typer.echo(json.dumps(document, indent=1))
    else:
        shown = done.of_state(CheckState.FAULT) if quiet else done.checks
        print_verification(shown, done)
    raise typer.Exit(int(ExitCode.DONE if done.holds else ExitCode.VERIFICATION_FAILED))


def _trust_lists(signers: list[Path] | None, time_stampers: list[Path] | None) -> TrustLists:
    from forensic_cli.signing.certificates import load_trust_list
    from forensic_cli.signing.examine import TrustLists
    from forensic_cli.signing.extra import require_signing_packages

    if signers or time_stampers:
        require_signing_packages()
    return TrustLists(
        load_trust_list(signers) if signers else None,
        load_trust_list(time_stampers) if time_stampers else None,
    )


def _signature_demanded(done: Verification) -> Check:
    from forensic_cli.provenance.checks import Check, CheckState

    claim = "An intact signature by a trusted signer was found"
    has_one = any(
        check.area == "signature"
        and check.claim == "The signer is trusted"
        and check.state is CheckState.HOLDS
        for check in done.checks
    )
    detail = "There is none, or its signer was not checked: --trust names the certificates to trust."
    return Check.of("signature", "--require-signature", claim, has_one, detail)
