"""Content Credentials (C2PA): what was read, without asking the network."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CredentialState(StrEnum):
    """Whether Content Credentials were found. Absence says nothing about the file."""

    NOT_CHECKED = "not-checked"
    NONE_FOUND = "none-found"
    REMOTE_NOT_FETCHED = "remote-not-fetched"
    UNREADABLE = "unreadable"
    FOUND = "found"


@dataclass(frozen=True, slots=True)
class CredentialFacts:
    """The state, and of the active manifest its signature and its claims.

    Attributes:
        reason: why it was not checked or could not be read; "" otherwise.
        is_valid: signature and hashes fit the file: nothing that they cover was changed since. It says
            nothing of who signed. None unless found.
        is_trusted: the signer's certificate leads to a given trust list. None where none was given.
        signer: common name and issuer as the certificate has them; anyone can make such a certificate
            where `is_trusted` is not True.
        signed_at: the time stamp in the signature, "" without one.
        generator: the program that says it made the claim.
        title: that the claim gives to the file.
        remote_url: where the file says its manifest lies; never fetched.
        n_manifests: in the store, those of ingredients included.
        n_ingredients: of the active manifest.
        actions: what the claim says was done, as "action (digital source type)".
        failures: validation codes of what does not fit.
    """

    state: CredentialState
    reason: str = ""
    is_valid: bool | None = None
    is_trusted: bool | None = None
    signer: str = ""
    signed_at: str = ""
    generator: str = ""
    title: str = ""
    remote_url: str = ""
    n_manifests: int = 0
    n_ingredients: int = 0
    actions: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
