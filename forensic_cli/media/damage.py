"""The account of what decoding met: frames that failed, and frames that they may have spoilt."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from forensic_cli.media.packets import PacketIndex

# No codec lets more frames overtake one another between decoding and display.
_MAX_REORDERED = 32


@dataclass(slots=True)
class DecodingTally:
    """What decoding has met so far.

    Attributes:
        n_decoded: frames that the decoder gave back, sampled or not.
        n_failed: sampled frames that did not come out, or of which the decoder says itself that it
            made parts of them up.
        n_after_damage: frames given out that may show the traces of a broken one before them.
    """

    n_decoded: int = 0
    n_failed: int = 0
    n_after_damage: int = 0


class DamageTrail:
    """Follows what a broken frame may have spoilt: the later ones of its group, in decode order.

    A broken frame is known as such when it comes out, and some that refer to it are shown before it.
    So those that were given out lately are judged again.
    """

    def __init__(self, index: PacketIndex, tally: DecodingTally) -> None:
        self._index = index
        self._tally = tally
        self._fault = -1
        self._unspoilt = deque[int](maxlen=_MAX_REORDERED)

    def broke(self, position: int) -> None:
        """Something is wrong with the packet at `position`, or with its frame."""
        self._fault = max(self._fault, position)
        judged_again = list(self._unspoilt)
        self._unspoilt.clear()
        for given in judged_again:
            self.gave(given)

    def gave(self, position: int) -> None:
        """The frame coded at `position` was given out."""
        if self._index.decode_start(position) <= self._fault < position:
            self._tally.n_after_damage += 1
        else:
            self._unspoilt.append(position)
