"""The tables of functions: checked, computed and documented are the same."""

from __future__ import annotations

import re
from pathlib import Path

from heuron.check.functions import AGGREGATES, BUILT_IN, OLD_NAMES
from heuron.plan.contract import FUNCTIONS

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "language.md"


def test_what_is_checked_is_computed() -> None:
    assert set(BUILT_IN) - set(FUNCTIONS) == {"today", "now"}
    assert set(FUNCTIONS) <= set(BUILT_IN)


def test_the_reference_lists_every_function() -> None:
    section = PAGE.read_text(encoding="utf-8").split("### Expressions")[1].split("### ")[0]
    listed = set(re.findall(r"`(\w+)\(", section))
    assert listed == {*BUILT_IN, *AGGREGATES, "certainty"}


def test_names_from_elsewhere_lead_to_ours() -> None:
    assert set(OLD_NAMES.values()) <= {*BUILT_IN, *AGGREGATES}
    assert not set(OLD_NAMES) & {*BUILT_IN, *AGGREGATES}
