"""`lae-forensics sign`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from forensic_cli.errors import OutputError, UsageError, VerificationError

if TYPE_CHECKING:
    from pyhanko.sign.signers import Signer

app = typer.Typer(rich_markup_mode=None, add_completion=False)

_EPILOG = """
Examples:

  lae-forensics sign out.pdf --p12 examiner.p12

  lae-forensics sign out.pdf --p12 examiner.p12 --timestamp-url http://tsa.example.org/stamp

  lae-forensics sign out.pdf --pkcs11-lib /usr/lib/opensc-pkcs11.so --cert-label "Signature"

The report is copied to out-signed.pdf with results.jsonl, audit.jsonl and manifest.json attached, and
certified (PAdES; no change allowed). You bring the key; none is made. Its passphrase or PIN comes from
--passphrase-file, from the variable LAE_FORENSICS_PASSPHRASE, or from a prompt. The one network
connection is to --timestamp-url, if given; without it `verify` says that the clock is not attested.

Exit codes: 0 signed; 2 usage; 5 the report or its results were altered; 7 it cannot be written, or the
time-stamp server does not answer.
"""


@app.command(epilog=_EPILOG)
def sign(
    report: Annotated[Path, typer.Argument(metavar="REPORT.pdf", help="A report, not signed yet.")],
    p12: Annotated[Path | None, typer.Option("--p12", help="PKCS#12 file with key and certificate.")] = None,
    pkcs11_lib: Annotated[
        Path | None, typer.Option("--pkcs11-lib", help="Driver of a PKCS#11 token (a shared library).")
    ] = None,
    token_label: Annotated[
        str, typer.Option("--token-label", help="The token; not needed where there is one.")
    ] = "",
    cert_label: Annotated[str, typer.Option("--cert-label", help="The certificate on the token.")] = "",
    key_label: Annotated[
        str, typer.Option("--key-label", help="The key on the token. [default: as the certificate]")
    ] = "",
    passphrase_file: Annotated[
        Path | None,
        typer.Option("--passphrase-file", help="Its first line is the passphrase or PIN."),
    ] = None,
    timestamp_url: Annotated[
        str | None, typer.Option("--timestamp-url", help="A time-stamp server (RFC 3161).")
    ] = None,
    results: Annotated[
        Path | None,
        typer.Option(
            "--results", metavar="DIR", help="The results of the report. [default: found beside it]"
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The signed PDF. [default: REPORT-signed.pdf]")
    ] = None,
) -> None:
    """Sign a report: attach its data, certify it, and time-stamp it if asked to."""
    from forensic_cli.signing.extra import require_signing_packages
    from forensic_cli.verification.target import SIGNED_SUFFIX, find_target

    if (p12 is None) == (pkcs11_lib is None):
        raise UsageError("Whose signature?", "Give either --p12 or --pkcs11-lib.")
    if pkcs11_lib is not None and not cert_label:
        raise UsageError("--pkcs11-lib needs the label of a certificate.", "Give --cert-label.")
    require_signing_packages()
    target = find_target(report, results)
    if target.report is None:
        raise UsageError(f"{report} is no PDF.", "Give the report.")
    if target.folder is None:
        raise UsageError(f"The results of {report} are not beside it.", "Name their folder with --results.")
    signed = out or report.with_name(f"{report.stem}{SIGNED_SUFFIX}.pdf")
    if signed.exists():
        raise OutputError(f"{signed} exists and is not overwritten.", "Give --out another name.")
    _require_unaltered(target.folder, report)
    _require_outside_evidence(signed, target.folder)

    from forensic_cli.signing.report import sign_report
    from forensic_cli.signing.timestamps import time_stamper

    stamper = time_stamper(timestamp_url) if timestamp_url else None
    with _signer(p12, pkcs11_lib, token_label, cert_label, key_label, passphrase_file) as signer:
        sign_report(report, target.folder, signed, signer, stamper)
    typer.echo(f"Signed report: {signed}", err=True)
    if stamper is None:
        typer.echo("Clock not attested: no time-stamp server was given.", err=True)


@contextmanager
def _signer(
    p12: Path | None,
    library: Path | None,
    token: str,
    certificate: str,
    key: str,
    passphrase_file: Path | None,
) -> Iterator[Signer]:
    from forensic_cli.cli.passphrases import read_passphrase
    from forensic_cli.signing.keys import TokenKey, pkcs11_signer, pkcs12_signer

    if library is None:
        assert p12 is not None
        yield pkcs12_signer(p12, read_passphrase(passphrase_file, "Passphrase of the key"))
        return
    pin = read_passphrase(passphrase_file, "PIN of the token")
    with pkcs11_signer(TokenKey(library, token, certificate, key), pin) as signer:
        yield signer


def _require_unaltered(folder: Path, report: Path) -> None:
    """Nobody should put a signature under results that do not hold."""
    from forensic_cli.provenance.checks import CheckState
    from forensic_cli.verification.verify import verify_files

    faults = [check for check in verify_files(folder, report) if check.state is CheckState.FAULT]
    if faults:
        first = faults[0]
        raise VerificationError(
            f"{report} is not signed: {first.subject}: {first.claim}: {first.detail}",
            f"Run `lae-forensics verify {folder}` for all {len(faults)} faults.",
        )


def _require_outside_evidence(signed: Path, folder: Path) -> None:
    from forensic_cli.evidence.past import read_past
    from forensic_cli.pipeline.guard import require_outside_evidence

    started = read_past(folder).started
    base = Path(started.working_folder)
    evidence = [path for path in (base / given for given in started.options.paths) if path.exists()]
    require_outside_evidence([signed], evidence)
