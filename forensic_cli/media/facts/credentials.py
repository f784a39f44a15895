"""Content Credentials (C2PA), read with c2pa-python where it is installed. Never asks the network."""

from __future__ import annotations

import json
from typing import Any, BinaryIO

from forensic_cli.errors import extra_remedy
from forensic_cli.factsheet import CredentialFacts, CredentialState
from forensic_cli.media.facts.iso_bmff import holds_more_boxes_than
from forensic_cli.media.plain_text import plain_text
from forensic_cli.media.sniff import AVI, ISO_BMFF, JPEG, PNG, TIFF, WEBP, FileFormat

_MIME_TYPES = {
    JPEG: "image/jpeg", PNG: "image/png", WEBP: "image/webp", TIFF: "image/tiff",
    ISO_BMFF: "video/mp4", AVI: "video/avi",
}  # fmt: skip
_TRUSTED = "signingCredential.trusted"
_REMOTE = ": must fetch remote manifests from url "
_UNTRUSTED = "signingCredential.untrusted"
# c2pa-rs takes quadratic time over the boxes of an MP4: 20,000 cost 1.6 s, 150,000 minutes [measured, 0.91].
_MAX_BOXES = 20_000
_MAX_ACTIONS = 20
_MAX_FAILURES = 20


def reader_settings(trust_anchors_pem: str = "") -> dict[str, dict[str, object]]:
    """Settings of c2pa-rs: no remote manifest, no OCSP request, trust only what is given.

    Args:
        trust_anchors_pem: certificates; "" for none.
    """
    settings: dict[str, dict[str, object]] = {
        "verify": {
            "remote_manifest_fetch": False,
            "ocsp_fetch": False,
            "verify_trust": True,
            "verify_after_reading": True,
        }
    }
    if trust_anchors_pem:
        settings["trust"] = {"trust_anchors": trust_anchors_pem}
    return settings


def read_credentials(file: BinaryIO, file_format: FileFormat, trust_anchors_pem: str = "") -> CredentialFacts:
    """Reads and checks the manifest that is embedded in the file.

    "Valid" (signature and hashes fit) and "trusted" (the signer is on a given list) are told apart;
    c2pa-rs itself calls a file valid whoever signed it.

    Args:
        file: open; left open.
        trust_anchors_pem: certificates against which signers are held; "" for none.
    """
    try:
        import c2pa
    except ImportError:
        return CredentialFacts(CredentialState.NOT_CHECKED, extra_remedy("credentials"))
    mime_type = _MIME_TYPES.get(file_format)
    if mime_type is None:
        return CredentialFacts(
            CredentialState.NOT_CHECKED, f"c2pa-python does not read {file_format.label} files."
        )
    if file_format is ISO_BMFF and holds_more_boxes_than(file, _MAX_BOXES):
        return CredentialFacts(CredentialState.NOT_CHECKED, f"The file holds more than {_MAX_BOXES} boxes.")
    file.seek(0)
    try:
        with c2pa.Context.from_dict(reader_settings(trust_anchors_pem)) as context:
            reader = c2pa.Reader.try_create(mime_type, file, None, context)
            if reader is None:
                return CredentialFacts(CredentialState.NONE_FOUND)
            with reader:
                return _found(reader, bool(trust_anchors_pem))
    except c2pa.C2paError as error:
        return _failed(str(error))


def _failed(message: str) -> CredentialFacts:
    """c2pa-python gives no class of its own to "there is a remote manifest, which may not be fetched"."""
    before, is_remote, url = message.partition(_REMOTE)
    if before in {"Remote", "RemoteManifest"} and is_remote:
        return CredentialFacts(CredentialState.REMOTE_NOT_FETCHED, remote_url=plain_text(url))
    return CredentialFacts(CredentialState.UNREADABLE, plain_text(message))


def _found(reader: Any, has_trust_list: bool) -> CredentialFacts:
    store = json.loads(reader.json())
    active = store.get("manifests", {}).get(store.get("active_manifest"), {})
    results = store.get("validation_results", {}).get("activeManifest", {})
    succeeded = {entry.get("code", "") for entry in results.get("success", [])}
    failures = sorted({entry.get("code", "") for entry in _all_failures(store)} - {_UNTRUSTED})
    signature = active.get("signature_info", {})
    who = (signature.get("common_name"), signature.get("issuer"))
    return CredentialFacts(
        CredentialState.FOUND,
        is_valid=not failures and store.get("validation_state") in {"Valid", "Trusted"},
        is_trusted=_TRUSTED in succeeded if has_trust_list else None,
        signer=", ".join(plain_text(name) for name in who if name),
        signed_at=plain_text(signature.get("time") or ""),
        generator=_generator(active),
        title=plain_text(active.get("title") or ""),
        remote_url=plain_text(reader.get_remote_url() or ""),
        n_manifests=len(store.get("manifests", {})),
        n_ingredients=len(active.get("ingredients", [])),
        actions=_actions(active),
        failures=tuple(plain_text(code) for code in failures[:_MAX_FAILURES]),
    )


def _all_failures(store: dict[str, Any]) -> list[dict[str, Any]]:
    """Failures of the active manifest and of those of its ingredients."""
    results = store.get("validation_results", {})
    found = list(results.get("activeManifest", {}).get("failure", []))
    for delta in results.get("ingredientDeltas", []):
        found += delta.get("validationDeltas", {}).get("failure", [])
    return found


def _generator(manifest: dict[str, Any]) -> str:
    programs = manifest.get("claim_generator_info") or []
    named = [f"{program.get('name', '')} {program.get('version', '')}".strip() for program in programs]
    return plain_text(", ".join(named) or manifest.get("claim_generator") or "")


def _actions(manifest: dict[str, Any]) -> tuple[str, ...]:
    found = []
    for assertion in manifest.get("assertions", []):
        if not str(assertion.get("label", "")).startswith("c2pa.actions"):
            continue
        for action in assertion.get("data", {}).get("actions", []):
            source = str(action.get("digitalSourceType", "")).rpartition("/")[2]
            text = str(action.get("action", "")) + (f" ({source})" if source else "")
            found.append(plain_text(text))
    return tuple(found[:_MAX_ACTIONS])
