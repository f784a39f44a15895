from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensic_cli.faces.assignment import best_pairs

Gains = list[list[float]]
tables = st.tuples(st.integers(1, 5), st.integers(1, 5)).flatmap(
    lambda shape: st.lists(
        st.lists(
            st.sampled_from([0.0, -1.0, 0.1, 0.5, 1.0, 1.5, 2.25, 7.0]), min_size=shape[1], max_size=shape[1]
        ),
        min_size=shape[0],
        max_size=shape[0],
    )
)


def total(gains: Gains, pairs: list[tuple[int, int]]) -> float:
    return sum(gains[row][column] for row, column in pairs)


def best_by_trying_all(gains: Gains) -> float:
    n_rows, n_columns = len(gains), len(gains[0])
    # further columns that stand for "none"
    choices = permutations(range(n_columns + n_rows), n_rows)
    return max(
        sum(max(gains[row][column], 0) for row, column in enumerate(choice) if column < n_columns)
        for choice in choices
    )


@settings(deadline=None)
@given(gains=tables)
def test_no_other_pairing_gains_more(gains: Gains) -> None:
    assert total(gains, best_pairs(gains)) == pytest.approx(best_by_trying_all(gains))


@settings(deadline=None)
@given(gains=tables)
def test_each_row_and_column_is_used_once_and_no_pair_without_gain(gains: Gains) -> None:
    pairs = best_pairs(gains)
    assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == len(pairs)
    assert all(gains[row][column] > 0 for row, column in pairs)
    assert pairs == sorted(pairs)


def test_the_best_single_pair_is_given_up_for_a_better_whole() -> None:
    # greedy pairing would take (0, 0) for 5 and leave row 1 with nothing
    assert best_pairs([[5.0, 4.0], [4.0, 0.0]]) == [(0, 1), (1, 0)]


def test_a_good_pair_is_not_broken_to_make_two_poor_ones() -> None:
    assert best_pairs([[5.0, 1.0], [1.0, 0.0]]) == [(0, 0)]


def test_nothing_pairs_with_nothing() -> None:
    assert best_pairs([]) == []
    assert best_pairs([[], []]) == []


def test_a_large_table_is_solved() -> None:
    n = 64
    gains = [[float(1 + (row * 37 + column * 11) % 101) for column in range(n)] for row in range(n)]
    for row in range(n):
        gains[row][(row * 5 + 3) % n] = 1000.0
    assert best_pairs(gains) == [(row, (row * 5 + 3) % n) for row in range(n)]


@pytest.mark.parametrize("gains", [[[1.0], [1.0, 2.0]], [[float("nan")]], [[float("inf")]]])
def test_a_malformed_table_is_refused(gains: Gains) -> None:
    with pytest.raises(ValueError, match="gain"):
        best_pairs(gains)
