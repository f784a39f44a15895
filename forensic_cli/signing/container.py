"""Where a signature lies in the bytes of a PDF, read without trusting the PDF's structure.

A signature covers the file but for the hexadecimal string that holds it. pyHanko adds up lengths to tell
whether it covers the whole file; this looks at the bytes themselves, and at those that no signature
covers: the padding behind the signature, and the digits' case.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_MAX_DEPTH = 64
_HEX = re.compile(rb"[0-9a-f]*|[0-9A-F]*")
# What a report without signature never contains, and what is left of a signature that was damaged.
_TRACES = re.compile(rb"/ByteRange\s*\[|/DocMDP\b|/ETSI\.CAdES\.detached|/adbe\.pkcs7")


def has_traces_of_signature(pdf: bytes) -> bool:
    """True where the bytes hold parts of a signature, readable or not."""
    return _TRACES.search(pdf) is not None


def coverage_faults(pdf: bytes, byte_range: Sequence[int], contents: bytes) -> tuple[str, ...]:
    """What keeps a signature from covering the whole file, but for itself.

    Args:
        pdf: the whole file.
        byte_range: of the signature dictionary (ISO 32000-2, 12.8.1): two stretches, start and length.
        contents: the signature as the PDF's structure leads to it, with its padding.

    Returns:
        One sentence each; none where it covers all.
    """
    if len(byte_range) != 4 or any(not isinstance(number, int) or number < 0 for number in byte_range):
        return ("The byte range is not two stretches of the file.",)
    start, gap_from, gap_to, rest = byte_range
    if start != 0 or gap_to <= gap_from + 1:
        return ("The byte range does not begin at the first byte, or leaves no place for the signature.",)
    end = gap_to + rest
    if end < len(pdf):
        return (f"{len(pdf) - end} bytes follow that the signature does not cover.",)
    if end > len(pdf):
        return (f"The file ends {end - len(pdf)} bytes before the signature's range does.",)
    gap = pdf[gap_from:gap_to]
    if gap[:1] != b"<" or gap[-1:] != b">":
        return ("What the signature leaves out is not the signature alone.",)
    digits = gap[1:-1]
    if len(digits) % 2 or not _HEX.fullmatch(digits):
        return ("The signature is not written as hexadecimal digits of one case.",)
    if bytes.fromhex(digits.decode("ascii")) != contents:
        return ("The signature that was read is not the one in the gap of the byte range.",)
    return _padding_faults(contents)


def _padding_faults(contents: bytes) -> tuple[str, ...]:
    from asn1crypto.parser import peek

    try:
        n_bytes = peek(contents)
        _walk(contents[:n_bytes])
    except ValueError as error:
        return (f"The signature is not in DER: {error}.",)
    if contents[n_bytes:].strip(b"\0"):
        return ("The padding behind the signature is not empty.",)
    return ()


def _walk(elements: bytes, depth: int = 0) -> None:
    """Follows every length of DER (X.690) down to the leaves; decoders read lazily and forgive much.

    Elements of indefinite length, which some time-stamp servers send, are left to the decoder.

    Raises:
        ValueError: an element does not end where the one around it does, or is nested too deeply.
    """
    from asn1crypto.parser import parse

    if depth > _MAX_DEPTH:
        raise ValueError("it is nested too deeply")
    while elements:
        family, is_constructed, tag, header, content, trailer = parse(elements)
        if family == 0 and tag == 0:
            raise ValueError("an element has no type")
        if is_constructed and not trailer:
            _walk(content, depth + 1)
        elements = elements[len(header) + len(content) + len(trailer) :]
