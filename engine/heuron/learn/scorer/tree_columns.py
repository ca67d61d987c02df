"""Trees for many rows at once: all rows of a chunk go down a tree together. Needs numpy.

Owns `compile_columns`. Sums are added tree after tree, as the compiled function for one row adds
them, so that both agree to the bit. Large tables go through `tree_walkers`, which is faster and
gives the same bits; this is what they are held against, and what answers without them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import numpy

from heuron.learn.scorer.linear import link_columns
from heuron.learn.scorer.tree_walkers import Add, fast_adder, is_worth
from heuron.learn.scorer.trees import Nodes

__all__ = ["compile_columns"]

Numbers = numpy.ndarray[Any, Any]

DROP: Final = 0.7
"""Rows that have arrived are dropped when fewer than this share is still going."""
TRIED: Final = 64
"""On so many rows a fast walker has to agree with the plain one before it is used."""


def compile_columns(
    model: dict[str, Any], nodes: Nodes, width: int
) -> Callable[[Numbers], Numbers]:
    """Compile a checked model of trees: from encoded rows to one column a class or number."""
    is_sum = model["kind"] == "boosting"
    start = [float(one) for one in model["start"]] if is_sum else [0.0] * len(nodes.values[0])
    plain = _plain_adder(nodes, len(start), is_sum)
    fast: list[Add | None] = []
    rows = 0

    def adder(x: Numbers) -> Add:
        nonlocal rows
        if not fast:
            rows += len(x)
            if not is_worth(rows, len(nodes.roots)):
                return plain
            found = fast_adder(nodes, width, len(start), is_sum)
            agrees = found is not None and numpy.array_equal(
                _sums(found, start, x[:TRIED]), _sums(plain, start, x[:TRIED])
            )
            fast.append(found if agrees else None)
        return fast[0] or plain

    def score(x: Numbers) -> Numbers:
        sums = _sums(adder(x), start, x)
        return link_columns(model["link"], sums) if is_sum else sums / len(nodes.roots)

    return score


def _sums(add: Add, start: Sequence[float], x: Numbers) -> Numbers:
    sums = numpy.empty((len(x), len(start)))
    sums[:] = start
    add(x, sums)
    return sums


class _Flat(NamedTuple):
    """The nodes as numpy arrays.

    `children` holds for each node where it goes on the right and on the left; a leaf goes on to
    itself. `missing_left` is None where no tree has learned from missing values.
    """

    feature: Numbers
    cut: Numbers
    children: Numbers
    inner: Numbers
    missing_left: Numbers | None
    values: Numbers
    place: Numbers


def _plain_adder(nodes: Nodes, outputs: int, is_sum: bool) -> Add:
    """Return a function that adds each tree's leaves to the sums of its rows, in numpy alone."""
    known: list[_Flat] = []

    def add(x: Numbers, sums: Numbers) -> None:
        if not known:
            known.append(_flat(nodes))
        flat = known[0]
        part = numpy.ascontiguousarray(x.T)
        totals = [numpy.ascontiguousarray(sums[:, place]) for place in range(outputs)]
        for turn, root in enumerate(nodes.roots):
            leaves = flat.place.take(_arrive(flat, part, root))
            if is_sum:
                totals[turn % outputs] += flat.values[:, 0].take(leaves)
                continue
            for place, total in enumerate(totals):
                total += flat.values[:, place].take(leaves)
        for place, total in enumerate(totals):
            sums[:, place] = total

    return add


def _flat(nodes: Nodes) -> _Flat:
    feature = numpy.array(nodes.feature)
    inner = feature >= 0
    itself = numpy.arange(len(inner))
    children = numpy.empty(2 * len(inner), dtype=numpy.int32)
    children[0::2] = numpy.where(inner, nodes.right, itself)
    children[1::2] = numpy.where(inner, nodes.left, itself)
    missing = nodes.missing_left
    return _Flat(
        feature=numpy.where(inner, feature, 0),
        cut=numpy.array(nodes.cut, dtype=float),
        children=children,
        inner=inner,
        missing_left=None if missing is None else numpy.array(missing, dtype=bool),
        values=numpy.array(nodes.values, dtype=float),
        place=numpy.array(nodes.place),
    )


def _arrive(flat: _Flat, part: Numbers, root: int) -> Numbers:
    """Return the leaf that each row falls into; `part` has one line a column."""
    count = part.shape[1]
    cells = part.ravel()
    base = (flat.feature * count).astype(numpy.int32 if cells.size < 2**31 else numpy.int64)
    live = numpy.arange(count, dtype=numpy.int32)
    at = numpy.full(count, root, dtype=numpy.int32)
    done = at.copy()
    while len(live):
        values = cells.take(base.take(at) + live)
        goes_left = values <= flat.cut.take(at)
        if flat.missing_left is not None:
            goes_left |= flat.missing_left.take(at) & numpy.isnan(values)
        at = flat.children.take(2 * at + goes_left)
        done[live] = at
        going = flat.inner.take(at)
        left = int(numpy.count_nonzero(going))
        if not left:
            break
        if left < DROP * len(at):
            live, at = live[going], at[going]
    return done
