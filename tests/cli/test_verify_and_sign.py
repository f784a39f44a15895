"""`sign` and `verify` as a user runs them, on the results of a real scan."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from forensic_cli.evidence.records import load_results
from tests.cli.signed_case import Scanned, scan_once
from tests.signing import pki
from tests.verification.material import flip_byte

Program = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory, weights_folder: Path) -> Scanned:
    return scan_once(tmp_path_factory.mktemp("scanned"), weights_folder)


@pytest.fixture
def scanned(original: Scanned, tmp_path: Path) -> Scanned:
    """A copy; the evidence is looked for beside it by --evidence."""
    shutil.copytree(original.folder, tmp_path / "case")
    return Scanned(tmp_path / "case")


@pytest.fixture(scope="module")
def authority() -> pki.Holder:
    return pki.make_authority()


@pytest.fixture
def key(authority: pki.Holder, tmp_path: Path) -> list[str]:
    """Options that sign with a throw-away key."""
    pki.make_signer(authority).p12(tmp_path / "k.p12")
    (tmp_path / "secret").write_text(f"{pki.PASSPHRASE}\n", encoding="utf-8")
    return ["--p12", str(tmp_path / "k.p12"), "--passphrase-file", str(tmp_path / "secret")]


@pytest.fixture
def roots(authority: pki.Holder, tmp_path: Path) -> Path:
    (tmp_path / "ca.pem").write_bytes(authority.pem)
    return tmp_path / "ca.pem"


def words_of(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture(autouse=True)
def _wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "300")


def test_signed_then_verified(program: Program, scanned: Scanned, key: list[str], roots: Path) -> None:
    code, _, err = program("sign", scanned.report, *key)
    assert code == 0
    assert "Clock not attested" in err
    code, out, _ = program(
        "verify", scanned.signed, "--trust", roots, "--evidence", scanned.clip.parent, "--require-signature"
    )
    assert code == 0
    text = words_of(out)
    assert "✓ holds The signature covers the entire file" in text
    assert "✓ holds The signer is trusted" in text
    assert "– not checked A time stamp attests the time of signing. Clock not attested" in text
    assert "0001 clip.mp4 ✓ holds It has the SHA-256 that was recorded" in text
    assert " 0 faults, " in text
    assert "Nothing outside the folder ties" not in text


@pytest.mark.parametrize("changed", ["signed", "report", "exhibit", "clip", "audit.jsonl"])
def test_one_byte_changed_is_a_clear_failure(
    program: Program, scanned: Scanned, key: list[str], changed: str
) -> None:
    assert program("sign", scanned.report, *key)[0] == 0
    path = scanned.results / changed if "." in changed else getattr(scanned, changed)
    flip_byte(path)
    code, out, _ = program("verify", scanned.results, "--evidence", scanned.clip.parent, "--quiet")
    assert code == 5
    assert f"{path.name}" in out
    assert "✕ FAULT" in out


def test_appended_bytes_are_a_clear_failure(program: Program, scanned: Scanned, key: list[str]) -> None:
    program("sign", scanned.report, *key)
    with scanned.signed.open("ab") as file:
        file.write(b"\n")
    code, out, _ = program("verify", scanned.signed)
    assert code == 5
    assert "1 bytes follow that the signature does not cover" in out


def test_the_untouched_folder_says_what_no_signature_means(program: Program, original: Scanned) -> None:
    code, out, _ = program("verify", original.results)
    assert code == 0
    assert "– not checked The PDF is signed. No signature." in words_of(out)
    assert "Nothing outside the folder ties these files down" in words_of(out)


def test_a_signature_can_be_demanded(program: Program, original: Scanned) -> None:
    code, out, _ = program("verify", original.results, "--require-signature")
    assert code == 5
    assert "--trust names the certificates" in words_of(out)


def test_json_names_every_check(program: Program, original: Scanned) -> None:
    code, out, _ = program("verify", original.report, "--json")
    assert code == 0
    document = json.loads(out)
    assert document["holds"] is True
    assert document["results"] == str(original.results)
    assert {check["state"] for check in document["checks"]} == {"holds", "not checked"}
    assert {"area", "subject", "claim", "state", "detail"} == set(document["checks"][0])


def test_a_second_analysis_agrees(program: Program, original: Scanned) -> None:
    code, out, _ = program("verify", original.results, "--rerun", "--quiet", "--json")
    assert code == 0
    (check,) = [c for c in json.loads(out)["checks"] if c["claim"] == "A second analysis agrees"]
    assert check["state"] == "holds"
    assert "Scores within 0.0001, boxes within 1 px" in check["detail"]


def test_a_second_analysis_works_on_moved_evidence_and_weights(
    program: Program, scanned: Scanned, weights_folder: Path, tmp_path: Path
) -> None:
    moved = shutil.copytree(weights_folder, tmp_path / "weights")
    shutil.move(scanned.clip.parent, tmp_path / "elsewhere")
    code, out, _ = program(
        "verify",
        scanned.results,
        "--rerun",
        "--evidence",
        tmp_path / "elsewhere",
        "--weights",
        moved,
        "--json",
    )
    assert code == 0
    assert [c["state"] for c in json.loads(out)["checks"] if c["area"] == "weights"] == ["holds"]
    assert not (scanned.results / ".lock").exists()


def test_a_second_analysis_names_each_difference(original: Scanned) -> None:
    from forensic_cli.cli.progress import Listener
    from forensic_cli.evidence.past import read_past
    from forensic_cli.evidence.records import MANIFEST_NAME
    from forensic_cli.provenance.checks import CheckState
    from forensic_cli.types import LatentActivation
    from forensic_cli.verification.folder import read_manifest
    from forensic_cli.verification.rerun import Repetition, rerun_checks

    (item,) = load_results(original.results).items
    (track, *_) = item.tracks
    first = track.readings[0]
    nudged = replace(first, activation=LatentActivation(first.activation.real, first.activation.fake + 0.1))
    altered = replace(item, tracks=(replace(track, readings=(nudged, *track.readings[1:])), *item.tracks[1:]))
    checks = rerun_checks(
        [altered],
        {"0001": original.clip},
        read_past(original.results).started.options,
        read_manifest((original.results / MANIFEST_NAME).read_bytes()),
        Repetition(Listener(as_json=False)),
    )
    (fault,) = [check for check in checks if check.state is CheckState.FAULT]
    assert fault.subject == "0001 clip.mp4"
    assert f"frame {first.frame_index}, score: " in fault.detail


def test_other_weights_are_refused(program: Program, original: Scanned, tmp_path: Path) -> None:
    from forensic_cli.model.weights import default_folder

    code, _, err = program("verify", original.results, "--rerun", "--weights", default_folder())
    assert code == 6
    assert "not those of the scan" in err


def test_a_report_whose_results_were_altered_is_not_signed(
    program: Program, scanned: Scanned, key: list[str]
) -> None:
    flip_byte(scanned.exhibit)
    code, _, err = program("sign", scanned.report, *key)
    assert code == 5
    assert scanned.exhibit.name in err
    assert not scanned.signed.exists()


def test_an_altered_report_is_not_signed(program: Program, scanned: Scanned, key: list[str]) -> None:
    flip_byte(scanned.report)
    assert program("sign", scanned.report, *key)[0] == 5
    assert not scanned.signed.exists()


def test_a_signed_report_is_never_overwritten(program: Program, scanned: Scanned, key: list[str]) -> None:
    scanned.signed.write_text("mine")
    code, _, err = program("sign", scanned.report, *key)
    assert code == 7
    assert "--out" in err
    assert scanned.signed.read_text() == "mine"


def test_nothing_is_signed_into_the_evidence(program: Program, original: Scanned, key: list[str]) -> None:
    target = original.clip.with_name("signed.pdf")
    code, _, err = program("sign", original.report, *key, "--out", target)
    assert code == 2
    assert "inside the evidence folder" in err
    assert not target.exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "either --p12 or --pkcs11-lib"),
        (("--p12", "a", "--pkcs11-lib", "b"), "either --p12 or --pkcs11-lib"),
        (("--pkcs11-lib", "b"), "Give --cert-label"),
        (("--p12", "gone.p12"), "--passphrase-file"),
    ],
)
def test_a_key_must_be_said_clearly(
    program: Program, original: Scanned, words: tuple[str, ...], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LAE_FORENSICS_PASSPHRASE", raising=False)
    code, _, err = program("sign", original.report, *words)
    assert code == 2
    assert message in err


def test_the_passphrase_may_come_from_the_environment(
    program: Program, scanned: Scanned, key: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAE_FORENSICS_PASSPHRASE", "wrong")
    assert program("sign", scanned.report, *key[:2])[0] == 2
    monkeypatch.setenv("LAE_FORENSICS_PASSPHRASE", pki.PASSPHRASE)
    assert program("sign", scanned.report, *key[:2])[0] == 0


def test_no_option_takes_a_passphrase_itself(invoke) -> None:
    text = invoke("sign", "--help").stdout
    assert "--passphrase-file" in text
    assert "--passphrase " not in text
    assert "--pin" not in text


def test_without_a_server_no_connection_is_made(
    program: Program, scanned: Scanned, key: list[str], roots: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        pytest.fail("a connection was made")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert program("sign", scanned.report, *key)[0] == 0
    assert program("verify", scanned.signed, "--trust", roots)[0] == 0


def test_a_time_stamp_attests_the_clock(
    program: Program, scanned: Scanned, key: list[str], roots: Path, tmp_path: Path
) -> None:
    stamps = pki.make_authority("Stamp root")
    (tmp_path / "tsa.pem").write_bytes(stamps.pem)
    with pki.stamp_server(pki.make_time_stamper(stamps)) as server:
        code, _, err = program("sign", scanned.report, *key, "--timestamp-url", server.url)
    assert code == 0
    assert "not attested" not in err
    _, out, _ = program("verify", scanned.signed, "--trust", roots, "--trust-tsa", tmp_path / "tsa.pem")
    assert "✓ holds The time-stamp server is trusted" in words_of(out)
    assert "Clock not attested" not in out


def test_a_time_stamp_server_that_is_down_leaves_nothing(
    program: Program, scanned: Scanned, key: list[str]
) -> None:
    before = (scanned.results / "audit.jsonl").read_bytes()
    code, _, err = program("sign", scanned.report, *key, "--timestamp-url", "http://127.0.0.1:9/")
    assert code == 7
    assert "does not answer" in err
    assert not scanned.signed.exists()
    assert (scanned.results / "audit.jsonl").read_bytes() == before


def test_what_is_neither_results_nor_report_is_a_usage_error(program: Program, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text")
    for path in (tmp_path / "a.txt", tmp_path, tmp_path / "gone"):
        assert program("verify", path)[0] == 2
