"""What an aggregate comes to, as source, once its values are listed."""

from __future__ import annotations

from typing import Final

from heuron.check.tree import Aggregate

__all__ = ["aggregate_source"]

AGGREGATES: Final = {
    "sum": "total({values}, {zero})",
    "count": "len({values})",
    "min": "least({values})",
    "max": "greatest({values})",
    "avg": "mean({values})",
    "collect": "collected({values})",
}


def aggregate_source(node: Aggregate, values: str) -> str:
    """Return source for the aggregate of the list that the source `values` stands for."""
    if node.function == "count" and node.value is not None:
        return f"counted({values})"
    zero = {"number": "0.0", "duration": "timedelta(0)"}.get(node.type.kind, "0")
    return AGGREGATES[node.function].format(values=values, zero=zero)
