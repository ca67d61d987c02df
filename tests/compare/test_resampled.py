"""Statistics of many resamples at once are those of one after the other, to the last digit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heuron.compare.metrics import macro_f1
from heuron.compare.paired import cohen_kappa
from heuron.compare.resampled import kappa_of_many, macro_f1_of_many

VALUES = st.sampled_from(["a", "b", "c", None])


@pytest.mark.parametrize(
    ("one", "many"), [(macro_f1, macro_f1_of_many), (cohen_kappa, kappa_of_many)]
)
@given(
    cells=st.lists(st.tuples(VALUES, VALUES), unique=True, min_size=1, max_size=9),
    data=st.data(),
)
def test_as_one_by_one(one: object, many: object, cells: list[object], data: st.DataObject) -> None:
    row = st.lists(
        st.sampled_from([0, 0, 1, 2, 7, 10**9]), min_size=len(cells), max_size=len(cells)
    )
    counts = data.draw(st.lists(row, min_size=1, max_size=5))
    expected = [
        one({cell: n for cell, n in zip(cells, each, strict=True) if n})  # type: ignore[operator]
        for each in counts
    ]
    assert many(cells, np.array(counts)) == expected  # type: ignore[operator]
