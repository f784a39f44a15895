"""The parts of a signature that the signature itself does not cover: its list of hashes, its certificates.

They change nothing in what was signed; but a signature in which they were altered is not the one that was
made, and is reported as such.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from forensic_cli.provenance.checks import Check
from forensic_cli.signing.algorithms import AREA, time_stamp_tokens
from forensic_cli.signing.certificates import name_of

if TYPE_CHECKING:
    from asn1crypto import algos, cms, x509
    from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

_UNIVERSAL, _CONTEXT = 0, 2
_CLAIM = "Its enclosed certificates and attributes are as they were made"


def enclosed_checks(signature: EmbeddedPdfSignature, subject: str) -> tuple[Check, ...]:
    """Checks the chain of enclosed certificates, and that nothing else is enclosed."""
    faults, unknown = [], []
    tokens = time_stamp_tokens(signature)
    for data in (signature.signed_data, *tokens):
        faults += _structure_faults(data)
        chain_faults, chain_unknown = _chain_findings(data)
        faults += chain_faults
        unknown += chain_unknown
    n_attributes = len(signature.signer_info["unsigned_attrs"] or ())
    if n_attributes != len(tokens):
        faults.append("it holds unsigned attributes other than a time stamp")
    if faults:
        return (Check.fault(AREA, subject, _CLAIM, f"{'; '.join(faults)}."),)
    if unknown:
        reason = f"Issuers that are not enclosed: {'; '.join(unknown)}."
        return (Check.not_made(AREA, subject, _CLAIM, reason),)
    return (Check.holds(AREA, subject, _CLAIM),)


def _structure_faults(data: cms.SignedData) -> list[str]:
    listed = list(data["digest_algorithms"])
    used = [info["digest_algorithm"] for info in data["signer_infos"]]
    faults = []
    if {entry["algorithm"].native for entry in listed} != {entry["algorithm"].native for entry in used}:
        faults.append("it lists other hash algorithms than it uses")
    if not all(map(_is_plain_hash, (*listed, *used))):
        faults.append("a hash algorithm has parameters")
    if not all(_is_in_shape(info) for info in data["signer_infos"]):
        faults.append("the signer's information has parts that do not belong there")
    return faults


def _is_in_shape(info: cms.SignerInfo) -> bool:
    """True where the fields are those of RFC 5652, 5.3, each under its own tag; decoders skip others."""
    from asn1crypto.parser import parse

    found, rest = [], info.contents
    while rest:
        family, _, tag, header, content, trailer = parse(rest)
        found.append((family, tag))
        rest = rest[len(header) + len(content) + len(trailer) :]
    by_key = info["sid"].name == "subject_key_identifier"
    signer = (_CONTEXT, 0) if by_key else (_UNIVERSAL, 16)
    fields = [(_UNIVERSAL, 2), signer, (_UNIVERSAL, 16), (_CONTEXT, 0), (_UNIVERSAL, 16), (_UNIVERSAL, 4)]
    is_known = found in (fields, [*fields, (_CONTEXT, 1)])
    return is_known and info["version"].native == ("v3" if by_key else "v1")


def _is_plain_hash(algorithm: algos.DigestAlgorithm) -> bool:
    """True where the parameters are absent or NULL (RFC 5754, section 2)."""
    from asn1crypto import algos, core

    name = {"algorithm": algorithm["algorithm"].native}
    forms = (name, {**name, "parameters": core.Null()})
    return algorithm.dump() in {algos.DigestAlgorithm(form).dump() for form in forms}


def _chain_findings(data: cms.SignedData) -> tuple[list[str], list[str]]:
    """What is wrong with the certificates, and the issuers that are not enclosed."""
    from pyhanko.sign.validation.generic_cms import extract_certs_for_validation

    info = extract_certs_for_validation(data)
    enclosed = {certificate.sha256: certificate for certificate in (info.signer_cert, *info.other_certs)}
    in_chain, unknown, faults = set(), [], []
    if not _names_exactly(data, info.signer_cert):
        faults.append("it names the signer's issuer in another form than the certificate")
    waiting = [info.signer_cert]
    while waiting:
        certificate = waiting.pop()
        in_chain.add(certificate.sha256)
        issuers = [other for other in enclosed.values() if other.subject == certificate.issuer]
        if not issuers:
            unknown.append(certificate.issuer.human_friendly)
        elif not any(_is_signed_by(certificate, issuer) for issuer in issuers):
            faults.append(f"the certificate of {name_of(certificate)} is not the one its issuer signed")
        waiting += [issuer for issuer in issuers if issuer.sha256 not in in_chain]
    strays = [name_of(other) for sha256, other in enclosed.items() if sha256 not in in_chain]
    faults += [f"the certificate of {name} belongs to no chain" for name in strays]
    # A signer's certificate alone is how many signatures are made; its issuer is for the trust list.
    return faults, unknown if len(in_chain) > 1 else []


def _names_exactly(data: cms.SignedData, certificate: x509.Certificate) -> bool:
    """True where the issuer's name is the certificate's to the byte; decoders compare without case."""
    names = [
        info["sid"].chosen for info in data["signer_infos"] if info["sid"].name == "issuer_and_serial_number"
    ]
    return all(name["issuer"].dump() == certificate.issuer.dump() for name in names)


def _is_signed_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    from cryptography import x509 as decoder
    from cryptography.exceptions import InvalidSignature

    try:
        decoder.load_der_x509_certificate(certificate.dump()).verify_directly_issued_by(
            decoder.load_der_x509_certificate(issuer.dump())
        )
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True
