"""Refuses signatures that rest on hashes or keys that can be forged (ETSI TS 119 312)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from forensic_cli.provenance.checks import Check
from forensic_cli.signing.certificates import WEAK_HASHES, name_of, weakness

if TYPE_CHECKING:
    from asn1crypto import cms
    from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

AREA = "signature"


def algorithm_checks(signature: EmbeddedPdfSignature, subject: str) -> tuple[Check, ...]:
    """One check over every hash and key that the signature and its time stamp rest on."""
    faults = [*_signed_data_faults(signature.signed_data, "the signature")]
    for token in time_stamp_tokens(signature):
        faults += _signed_data_faults(token, "the time stamp")
        imprint = token["encap_content_info"]["content"].parsed["message_imprint"]
        faults += _hash_fault(imprint["hash_algorithm"]["algorithm"].native, "the time stamp's imprint")
    claim = "No SHA-1, no MD5, no short key"
    return (Check.of(AREA, subject, claim, not faults, "; ".join(faults) + "."),)


def time_stamp_tokens(signature: EmbeddedPdfSignature) -> tuple[cms.SignedData, ...]:
    """The time-stamp tokens that a signature carries (RFC 3161, appendix A)."""
    tokens = []
    for attribute in signature.signer_info["unsigned_attrs"] or ():
        if attribute["type"].native == "signature_time_stamp_token":
            tokens += [value["content"] for value in attribute["values"]]
    return tuple(tokens)


def _signed_data_faults(data: cms.SignedData, where: str) -> list[str]:
    from pyhanko.sign.validation.generic_cms import extract_certs_for_validation

    faults = []
    for info in data["signer_infos"]:
        faults += _hash_fault(info["digest_algorithm"]["algorithm"].native, where)
        faults += _hash_fault(_hash_of_scheme(info["signature_algorithm"]), where)
    certificates = extract_certs_for_validation(data)
    for certificate in (certificates.signer_cert, *certificates.other_certs):
        weak = weakness(certificate)
        if weak:
            faults.append(f"the certificate of {name_of(certificate)}: {weak}")
    return list(dict.fromkeys(faults))


def _hash_of_scheme(scheme: Any) -> str:
    try:
        return str(scheme.hash_algo)
    except ValueError:
        # RSA PKCS#1 and Ed25519 can be named without a hash; the digest algorithm stands beside them.
        return ""


def _hash_fault(name: str, where: str) -> list[str]:
    return [f"{where} uses {name.upper()}"] if name in WEAK_HASHES else []
