"""Tables of words give what a search of their cuts gives, whatever way they look it up."""

from __future__ import annotations

import random

import numpy as np
import pytest

from heuron.certainty import combine
from heuron.plan.columntables import NumberTable, first_hit, key_certainty, key_table

SCALES = (1e-300, 1e-5, 1.0, 100.0, 1e6, 1e15, 1e300)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("count", [1, 5, 13, 40, 200])
@pytest.mark.parametrize("complete", [False, True])
def test_words_of_numbers(scale: float, count: int, complete: bool) -> None:
    chance = np.random.default_rng(count)
    cuts = sorted({float(one) for one in chance.normal(size=count) * scale})
    # What is for one value alone begins with it and ends at the next float.
    cuts = sorted({*cuts, *(float(np.nextafter(one, np.inf)) for one in cuts[::3])})
    sets = [tuple(chance.integers(0, 2**52, 2).tolist()) for _ in range(len(cuts) + 1)]
    unknown = (5, 2**51)
    table = NumberTable(cuts, sets, unknown, complete)
    near = [np.nextafter(cuts, -np.inf), cuts, np.nextafter(cuts, np.inf)]
    far = [[0.0, -0.0, 1e308, -1e308, 5e-324], [] if complete else [np.nan]]
    values = np.concatenate([chance.normal(size=50) * scale, *near, *far])
    with np.errstate(all="ignore"):
        found = np.stack(table.look(values, len(values)), axis=1)
    for value, words in zip(values.tolist(), found.tolist(), strict=True):
        expected = sets[int(np.searchsorted(cuts, value, side="right"))]
        assert tuple(words) == (unknown if value != value else expected), value


def test_words_of_whole_numbers() -> None:
    chance = np.random.default_rng(0)
    for low in (-50, 0, 3, 70_000):
        cuts = sorted({float(one) / 2 for one in chance.integers(2 * low, 2 * low + 80, 30)})
        sets = [(one,) for one in chance.integers(0, 2**52, len(cuts) + 1).tolist()]
        table = NumberTable(cuts, sets, (0,), True)
        values = np.array([*range(low - 10, low + 60), 0, 2**53, -(2**53)])
        (found,) = table.look(values, len(values))
        expected = [sets[place][0] for place in np.searchsorted(cuts, values, side="right")]
        assert found.tolist() == expected


def test_keys_order_by_certainty_then_rank() -> None:
    speaking = [(0.5, 3, 0), (0.3, 1, 1), (-0.4, 2, 2), (1.0, 0, 3)]
    keys = key_table(speaking, 4, 7)
    for pattern, key in enumerate(keys.tolist()):
        said = [one for one, _, bit in speaking if pattern >> bit & 1]
        assert key_certainty(np.array([key]))[0] == max(combine(said), 0.0)
        assert key & 1023 == (8 if key else 0)
    # Of equal certainties the support of lower rank has the greater key.
    one, other = key_table([(0.5, 4, 0)], 1, 0), key_table([(0.5, 2, 0)], 1, 1)
    assert other[1] > one[1]


def test_an_unknown_row_hides_the_rows_after_it() -> None:
    chance = random.Random(0)
    rows = [[chance.choice((True, False, None)) for _ in range(60)] for _ in range(200)]
    rows += [[False] * 60, [None] * 60]
    sizes = (52, 8)

    def words(states: tuple[bool | None, ...]) -> list[np.ndarray]:
        found = []
        for part in (slice(0, 52), slice(52, 60)):
            bits = [[one in states for one in row[part]][::-1] for row in rows]
            found.append(np.array([sum(b << at for at, b in enumerate(row)) for row in bits]))
        return found

    hit = first_hit(words((True,)), words((True, None)), sizes)
    for row, place in zip(rows, hit.tolist(), strict=True):
        first = next((at for at, one in enumerate(row) if one is not False), None)
        assert place == (60 - first if first is not None and row[first] else 0)
    known = first_hit(words((True,)), None, sizes)
    for row, place in zip(rows, known.tolist(), strict=True):
        assert place == (60 - row.index(True) if True in row else 0)
