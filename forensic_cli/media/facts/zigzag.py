"""The zigzag order of JPEG's frequencies (ITU-T T.81, figure A.6)."""

from __future__ import annotations


def _zigzag() -> tuple[tuple[int, int], ...]:
    places = [(row, column) for row in range(8) for column in range(8)]
    # Odd diagonals run down, even ones up.
    places.sort(key=lambda place: (sum(place), place[0] if sum(place) % 2 else place[1]))
    return tuple(places)


# (vertical, horizontal) frequency of each of the 64 entries.
ZIGZAG = _zigzag()
