"""Reading single bits of a coded picture's header."""

from __future__ import annotations


class BitReader:
    """Bits of a short piece of a stream, first bit first; bits past its end read as zeros.

    Args:
        content: with the emulation prevention bytes taken out; see `without_emulation`.
    """

    def __init__(self, content: bytes) -> None:
        self._value = int.from_bytes(content, "big")
        self._n_left = 8 * len(content)

    def bits(self, n_bits: int) -> int:
        """The next `n_bits` as an unsigned number."""
        self._n_left -= n_bits
        if self._n_left < 0:
            return 0
        return (self._value >> self._n_left) & ((1 << n_bits) - 1)

    def exp_golomb(self) -> int:
        """The next ue(v) (ITU-T H.264, 9.1); at most 32 leading zeros are followed."""
        n_zeros = 0
        while n_zeros < 32 and self._n_left > 0 and not self.bits(1):
            n_zeros += 1
        return (1 << n_zeros) - 1 + self.bits(n_zeros)


def without_emulation(content: bytes) -> bytes:
    """Takes out the bytes that keep start codes from appearing (ITU-T H.264, 7.4.1: 00 00 03)."""
    return content.replace(b"\0\0\3", b"\0\0")
