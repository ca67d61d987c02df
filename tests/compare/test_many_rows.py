"""What a report says of millions of rows, made up as counts."""

from __future__ import annotations

import pytest

from comparing import LEVELS, contract
from heuron.compare.evaluate_tally import evaluate_tally
from heuron.compare.outcomes import HeldOut
from heuron.compare.report import report
from heuron.compare.tally import Tally


@pytest.mark.parametrize(
    ("apart", "words"),
    [
        (0, "a difference over 0.01 points would have shown"),
        (400, "a difference under 0.012 points would probably not show"),
        (40_000, "a difference under 0.084 points would probably not show"),
    ],
)
def test_a_difference_that_would_not_show_is_never_nothing(apart: int, words: str) -> None:
    """Two backends that are right equally often, and on the same rows but for some."""
    cells = {(0, 0, 0): 500_000, (1, 1, 1): 500_000 - 2 * apart, (0, 0, 1): apart, (0, 1, 0): apart}
    tally = Tally(rows=1_000_000, read=1_000_000, cells={key: n for key, n in cells.items() if n})
    names = ("rules", "dispatch")
    held_out = HeldOut(1_000_000, 1_000_000, "all rows", 0)
    found = evaluate_tally(
        contract("cancer", "Tumour", "diagnosis", LEVELS),
        tally,
        names,
        held_out=held_out,
        rules=(),
    )
    text = " ".join(report(found).split())
    assert words in text
    assert "few rows" not in text
