"""Warnings about data before anything is learned from them, with numbers and the way out.

Each check is a function from the table's columns to diagnostics. All look at training rows only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from heuron.answer import plain
from heuron.diagnostics import Diagnostic
from heuron.learn.contract import Contract
from heuron.learn.copies import is_id
from heuron.learn.leaks import (
    Columns,
    check_gives_away,
    check_row_order,
    feature_cells,
    warning,
)
from heuron.values import UNKNOWN, Value

__all__ = ["CHECKS", "code_like", "doubts"]

FEW: Final = 10
"""A goal's level with fewer training rows is warned of."""


def doubts(contract: Contract, columns: Columns, ordered: bool = False) -> list[Diagnostic]:
    """Return every warning about the training rows.

    Args:
        contract: The template and the goal.
        columns: Typed cells of the training rows by field, the goal among them, in file order.
        ordered: Whether the split keeps a group or a time together, so that order leaks nothing.
    """
    checks = [check for check in CHECKS if not (ordered and check is check_row_order)]
    return [one for check in checks for one in check(contract, columns)]


def check_ids(contract: Contract, columns: Columns) -> list[Diagnostic]:
    """Warn of fields with another value in every row."""
    found = []
    for name, cells in feature_cells(contract, columns):
        known = [None if cell is UNKNOWN else cell for cell in cells]
        if is_id(name, known):
            message = f"`{name}` has another value in each of {len(cells):,} rows, like an id."
            found.append(warning("id-like", message, f"leave `{name}` out of `features`"))
    return found


def check_constant(contract: Contract, columns: Columns) -> list[Diagnostic]:
    """Warn of fields with one and the same value in every row, or none at all."""
    found = []
    for name, cells in feature_cells(contract, columns):
        first = cells[0]
        if len(cells) < 2 or any(cell != first for cell in cells if cell is not first):
            continue
        what = "unknown" if first is UNKNOWN else _said(plain(first))
        message = f"`{name}` is {what} in all {len(cells):,} training rows: it tells nothing."
        hint = f"leave `{name}` out of `features`, or find rows in which it differs"
        found.append(warning("constant", message, hint))
    return found


def check_codes(contract: Contract, columns: Columns) -> list[Diagnostic]:
    """Warn of numbers that take a few whole values and do not rise or fall with the goal."""
    found = []
    for name, levels in code_like(contract, columns):
        shown = ", ".join(f"{level:g}" for level in levels)
        message = (
            f"`{name}` takes only the values {shown}, and the goal neither rises nor falls "
            "with them: they look like codes."
        )
        hint = f"declare an enumeration and map it under [levels.{name}]"
        found.append(warning("codes-as-numbers", message, hint))
    return found


def code_like(contract: Contract, columns: Columns) -> list[tuple[str, list[float]]]:
    """Return the numeric fields that look like codes, with their values in order."""
    goal = columns[contract.goal]
    found = []
    for name, cells in feature_cells(contract, columns):
        if not contract.template[name].type.is_numeric:
            continue
        counts = Counter(cell for cell in cells if cell is not UNKNOWN)
        whole = all(float(cell).is_integer() for cell in counts)  # type: ignore[arg-type]
        if not 3 <= len(counts) <= 12 or not whole or sum(counts.values()) < 50:
            continue
        levels = sorted(float(cell) for cell in counts)  # type: ignore[arg-type]
        if levels[-1] - levels[0] <= 20 and not _is_ordered(levels, cells, goal):
            found.append((name, levels))
    return found


def check_few_rows(contract: Contract, columns: Columns) -> list[Diagnostic]:
    """Warn of levels of the goal with few training rows."""
    if contract.is_regression:
        return []
    counts = Counter(columns[contract.goal])
    found = []
    for level in contract.classes:
        if counts[level] < FEW:
            message = f"`{contract.goal}` is {_said(level)} in {_rows(counts[level])}"
            hint = "get more rows of it, or do not ask a model about it"
            found.append(warning("few-rows", message, hint))
    return found


def _said(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _rows(count: int) -> str:
    if not count:
        return "no training row"
    return f"only {count} training {'row' if count == 1 else 'rows'}"


CHECKS: Final[tuple[Callable[[Contract, Columns], list[Diagnostic]], ...]] = (
    check_ids,
    check_constant,
    check_codes,
    check_few_rows,
    check_gives_away,
    check_row_order,
)


def _is_ordered(levels: Sequence[float], cells: Sequence[Value], goal: Sequence[Value]) -> bool:
    """Return whether the goal rises or falls with the levels, noise aside."""
    import numpy
    from scipy.stats import spearmanr

    numeric = all(isinstance(one, (int, float)) for one in goal)
    first = Counter(map(str, goal)).most_common(1)[0][0]
    at: dict[float, list[float]] = {level: [] for level in levels}
    for cell, answer in zip(cells, goal, strict=True):
        if cell is not UNKNOWN:
            at[float(cell)].append(float(answer) if numeric else float(str(answer) == first))  # type: ignore[arg-type]
    means = numpy.array([numpy.mean(at[level]) for level in levels])
    if numpy.ptp(means) < 0.1 * (numpy.std(numpy.concatenate(list(at.values()))) or 1.0):
        return True  # nothing to be misled about
    steps = numpy.diff(means)
    noise = 0.1 * numpy.ptp(means)
    if (steps >= -noise).all() or (steps <= noise).all():
        return True
    return bool(abs(spearmanr(range(len(means)), means).statistic) > 0.9)
