"""Seeded damage to files: bits, fields, blocks, lengths, and pieces of other files."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

_HEADER_BYTES = 1024
# Values at which lengths and counts go wrong, as four bytes.
_EXTREMES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)

Rng = np.random.Generator


def _place(content: bytearray, rng: Rng) -> int:
    """Somewhere in the file; in half of all cases near an end, where the indices lie."""
    n = len(content)
    reach = min(n, _HEADER_BYTES)
    match int(rng.integers(0, 4)):
        case 0:
            return int(rng.integers(0, reach))
        case 1:
            return n - 1 - int(rng.integers(0, reach))
        case _:
            return int(rng.integers(0, n))


def flipped_bits(content: bytearray, rng: Rng, _: bytes) -> None:
    for _ in range(int(rng.integers(1, 17))):
        content[_place(content, rng)] ^= 1 << int(rng.integers(0, 8))


def extreme_field(content: bytearray, rng: Rng, _: bytes) -> None:
    for _ in range(int(rng.integers(1, 4))):
        value = _EXTREMES[int(rng.integers(0, len(_EXTREMES)))]
        at = _place(content, rng)
        field = value.to_bytes(4, "big" if rng.random() < 0.5 else "little")[: len(content) - at]
        content[at : at + len(field)] = field


def cut_short(content: bytearray, rng: Rng, _: bytes) -> None:
    del content[int(rng.integers(0, len(content))) :]


def block_removed(content: bytearray, rng: Rng, _: bytes) -> None:
    at = _place(content, rng)
    del content[at : at + int(rng.integers(1, 600))]


def block_repeated(content: bytearray, rng: Rng, _: bytes) -> None:
    at = _place(content, rng)
    block = bytes(content[at : at + int(rng.integers(1, 600))])
    content[at:at] = block * int(rng.integers(1, 40))


def block_of_zeros(content: bytearray, rng: Rng, _: bytes) -> None:
    at = _place(content, rng)
    n = min(int(rng.integers(1, 3000)), len(content) - at)
    content[at : at + n] = bytes(n)


def block_of_noise(content: bytearray, rng: Rng, _: bytes) -> None:
    at = _place(content, rng)
    n = min(int(rng.integers(1, 600)), len(content) - at)
    content[at : at + n] = rng.bytes(n)


def piece_of_another_file(content: bytearray, rng: Rng, other: bytes) -> None:
    at, start = _place(content, rng), int(rng.integers(0, len(other)))
    piece = other[start : start + int(rng.integers(1, 3000))]
    content[at : at + len(piece)] = piece


def appended(content: bytearray, rng: Rng, other: bytes) -> None:
    content.extend(other if rng.random() < 0.5 else rng.bytes(int(rng.integers(1, 5000))))


MUTATIONS: tuple[Callable[[bytearray, Rng, bytes], None], ...] = (
    flipped_bits,
    extreme_field,
    cut_short,
    block_removed,
    block_repeated,
    block_of_zeros,
    block_of_noise,
    piece_of_another_file,
    appended,
)


def mutated(
    content: bytes, mutation: Callable[[bytearray, Rng, bytes], None], rng: Rng, other: bytes
) -> bytes:
    """A damaged copy.

    Args:
        mutation: one of `MUTATIONS`.
        other: the file from which a piece may be taken.
    """
    changed = bytearray(content)
    mutation(changed, rng, other)
    return bytes(changed)
