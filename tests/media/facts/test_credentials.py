"""Content Credentials are read without the network; valid and trusted are told apart."""

from __future__ import annotations

import builtins
import http.server
import io
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import c2pa
import pytest

from forensic_cli.factsheet import CredentialFacts, CredentialState
from forensic_cli.media.facts.credentials import read_credentials, reader_settings
from forensic_cli.media.sniff import ISO_BMFF, JPEG, MATROSKA
from forensic_cli.types import RgbImage
from tests.media.clips import write_clip
from tests.media.facts.sheets import facts_of, jpeg_bytes
from tests.media.facts.signers import Signer, make_signer

CLAIM = {
    "claim_generator_info": [{"name": "Test camera", "version": "1"}],
    "title": "portrait",
    "assertions": [
        {
            "label": "c2pa.actions",
            "data": {
                "actions": [
                    {
                        "action": "c2pa.created",
                        "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture",
                    }
                ]
            },
        }
    ],
}


@pytest.fixture(scope="module")
def signer() -> Signer:
    return make_signer()


@pytest.fixture(scope="module")
def signed(astronaut: RgbImage, signer: Signer) -> bytes:
    target = io.BytesIO()
    with c2pa.Builder(CLAIM) as builder:
        builder.sign(signer.c2pa_signer(), "image/jpeg", io.BytesIO(jpeg_bytes(astronaut)), target)
    return target.getvalue()


def read(content: bytes, trust: str = "") -> CredentialFacts:
    return read_credentials(io.BytesIO(content), JPEG, trust)


def test_a_signed_photograph_is_valid_and_its_claims_are_listed(signed: bytes) -> None:
    found = read(signed)
    assert found.state is CredentialState.FOUND
    assert found.is_valid is True
    assert found.signer == "Throw-away signer, Throw-away laboratory"
    assert found.generator == "Test camera 1"
    assert found.title == "portrait"
    assert found.actions == ("c2pa.created (digitalCapture)",)
    assert found.failures == ()


def test_without_a_trust_list_trust_is_left_open(signed: bytes) -> None:
    assert read(signed).is_trusted is None


def test_a_signer_on_the_given_list_is_trusted(signed: bytes, signer: Signer) -> None:
    found = read(signed, signer.authority_pem)
    assert (found.is_valid, found.is_trusted) == (True, True)


def test_a_signer_off_the_given_list_is_valid_but_not_trusted(signed: bytes) -> None:
    found = read(signed, make_signer().authority_pem)
    assert (found.is_valid, found.is_trusted) == (True, False)


def test_a_changed_pixel_is_invalid_even_where_the_signer_is_trusted(signed: bytes, signer: Signer) -> None:
    changed = bytearray(signed)
    changed[-5000] ^= 1
    found = read(bytes(changed), signer.authority_pem)
    assert (found.is_valid, found.is_trusted) == (False, True)
    assert "assertion.dataHash.mismatch" in found.failures


def test_absence_is_none_found(astronaut: RgbImage) -> None:
    assert read(jpeg_bytes(astronaut)) == CredentialFacts(CredentialState.NONE_FOUND)


def test_damaged_credentials_are_unreadable(signed: bytes) -> None:
    at = signed.index(b"c2pa.claim")
    damaged = signed[:at] + b"\xff" * 400 + signed[at + 400 :]
    found = read(damaged)
    assert found.state in {CredentialState.UNREADABLE, CredentialState.FOUND}
    assert found.is_valid is not True


def test_an_mp4_is_read_too(tmp_path: Path, signer: Signer) -> None:
    clip = write_clip(tmp_path / "a.mp4", n_frames=12)
    target = io.BytesIO()
    with c2pa.Builder(CLAIM) as builder:
        builder.sign(signer.c2pa_signer(), "video/mp4", io.BytesIO(clip.read_bytes()), target)
    signed_clip = tmp_path / "signed.mp4"
    signed_clip.write_bytes(target.getvalue())
    found = facts_of(signed_clip, trust_anchors_pem=signer.authority_pem).credentials
    assert (found.state, found.is_valid, found.is_trusted) == (CredentialState.FOUND, True, True)


def test_a_format_that_cannot_hold_them_is_not_checked() -> None:
    found = read_credentials(io.BytesIO(b""), MATROSKA)
    assert found.state is CredentialState.NOT_CHECKED
    assert "Matroska" in found.reason


def test_a_file_of_too_many_boxes_is_not_handed_over(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", n_frames=12)
    inner = b"\0\0\0\x08free" * 21_000
    content = path.read_bytes() + (len(inner) + 8).to_bytes(4, "big") + b"udta" + inner
    found = read_credentials(io.BytesIO(content), ISO_BMFF)
    assert found.state is CredentialState.NOT_CHECKED
    assert "20000 boxes" in found.reason


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, signed: bytes) -> None:
    genuine = builtins.__import__

    def without_c2pa(name: str, *args: object, **options: object) -> object:
        if name == "c2pa":
            raise ModuleNotFoundError(name="c2pa")
        return genuine(name, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without_c2pa)
    found = read(signed)
    assert found.state is CredentialState.NOT_CHECKED
    assert "pip install '.[credentials]'" in found.reason


@dataclass(frozen=True)
class Remote:
    """A server on this machine that counts who connects."""

    url: str
    connections: list[str]


@pytest.fixture
def remote() -> Iterator[Remote]:
    connections: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            connections.append(self.path)
            self.send_error(404)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield Remote(f"http://127.0.0.1:{server.server_port}/manifest.c2pa", connections)
        server.shutdown()
        thread.join()


@pytest.fixture
def pointing(astronaut: RgbImage, signer: Signer, remote: Remote) -> bytes:
    """A photograph that holds no manifest but says where one lies."""
    target = io.BytesIO()
    with c2pa.Builder(CLAIM) as builder:
        builder.set_no_embed()
        builder.set_remote_url(remote.url)
        builder.sign(signer.c2pa_signer(), "image/jpeg", io.BytesIO(jpeg_bytes(astronaut)), target)
    return target.getvalue()


def test_a_remote_manifest_is_named_and_never_fetched(pointing: bytes, remote: Remote) -> None:
    found = read(pointing)
    assert remote.connections == []
    assert found.state is CredentialState.REMOTE_NOT_FETCHED
    assert found.remote_url == remote.url


def test_the_library_would_have_fetched_it(pointing: bytes, remote: Remote) -> None:
    """Else the test above would show nothing."""
    settings = reader_settings()
    settings["verify"]["remote_manifest_fetch"] = True
    with c2pa.Context.from_dict(settings) as context, pytest.raises(c2pa.C2paError):
        c2pa.Reader.try_create("image/jpeg", io.BytesIO(pointing), None, context)
    assert remote.connections == ["/manifest.c2pa"]
