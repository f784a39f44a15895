"""The assignment problem: which detection continues which track, all at once."""

from __future__ import annotations

import math
from collections.abc import Sequence


def best_pairs(gains: Sequence[Sequence[float]]) -> list[tuple[int, int]]:
    """Pairs rows with columns so that the sum of the gains is largest (Kuhn-Munkres).

    Greedy pairing would give the best pair first and leave a bad one for the next: two people who
    cross would lose their tracks. O(n^2 m) with n the smaller side; at most a few dozen faces.

    Args:
        gains: one row a track, one column a face; above 0 where the pair is allowed, the more the
            better. A pair at 0 or below is never made.

    Returns:
        (row, column), sorted by row; each row and each column at most once.

    Raises:
        ValueError: rows of different lengths, or a gain that is not finite.
    """
    n_columns = len(gains[0]) if gains else 0
    if any(len(row) != n_columns for row in gains):
        raise ValueError("The rows of gains differ in length.")
    if not all(math.isfinite(gain) for row in gains for gain in row):
        raise ValueError("A gain is not finite.")
    if not gains or n_columns == 0:
        return []
    if len(gains) > n_columns:
        flipped = [list(column) for column in zip(*gains, strict=True)]
        return sorted((row, column) for column, row in best_pairs(flipped))
    # A pair that is not allowed costs as much as none: nothing.
    costs = [[-max(gain, 0.0) for gain in row] for row in gains]
    row_of_column = _cheapest_rows(costs)
    return sorted(
        (row, column)
        for column, row in enumerate(row_of_column)
        if row is not None and gains[row][column] > 0
    )


def _cheapest_rows(costs: Sequence[Sequence[float]]) -> list[int | None]:
    """Row assigned to each column (None: free) at the least total cost; rows <= columns.

    Rows enter one at a time along the shortest augmenting path; the potentials keep all reduced
    costs non-negative. Index 0 is a virtual row and column.
    """
    n_rows, n_columns = len(costs), len(costs[0])
    row_potential = [0.0] * (n_rows + 1)
    column_potential = [0.0] * (n_columns + 1)
    row_at = [0] * (n_columns + 1)
    for row in range(1, n_rows + 1):
        row_at[0] = row
        column = 0
        slack = [math.inf] * (n_columns + 1)
        came_from = [0] * (n_columns + 1)
        visited = [False] * (n_columns + 1)
        while row_at[column] != 0:
            visited[column] = True
            current = row_at[column]
            step, nearest = math.inf, 0
            for j in range(1, n_columns + 1):
                if visited[j]:
                    continue
                reduced = costs[current - 1][j - 1] - row_potential[current] - column_potential[j]
                if reduced < slack[j]:
                    slack[j], came_from[j] = reduced, column
                if slack[j] < step:
                    step, nearest = slack[j], j
            for j in range(n_columns + 1):
                if visited[j]:
                    row_potential[row_at[j]] += step
                    column_potential[j] -= step
                else:
                    slack[j] -= step
            column = nearest
        while column:
            previous = came_from[column]
            row_at[column] = row_at[previous]
            column = previous
    return [row_at[j] - 1 if row_at[j] else None for j in range(1, n_columns + 1)]
