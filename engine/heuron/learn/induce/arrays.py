"""Rules from plain columns and labels: how `RuleClassifier` induces when it has no rules.

Owns `induced_text`, which makes a rule file of what scikit-learn hands to `fit`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy

from heuron.learn.columns import read_cells
from heuron.learn.contract import Contract
from heuron.learn.folds import split_folds
from heuron.learn.induce.draft import guess_type, plain_name
from heuron.learn.induce.find import Induced, induce_rules
from heuron.learn.induce.write import rule_file
from heuron.learn.scorer.table import to_numbers
from heuron.values import Field, FieldType, Template

__all__ = ["class_levels", "induced_text"]

FEWEST: Final = 10
"""With fewer rows nothing can be said of rows not seen, so no rule is made."""


def class_levels(classes: Sequence[object]) -> tuple[str, ...]:
    """Return a level for each class: its own text, or `c0`, `c1`, … where texts do not do."""
    texts = [str(one).strip() for one in classes]
    distinct = len({text.casefold() for text in texts}) == len(texts)
    if distinct and all(text and text.isprintable() and text != "unknown" for text in texts):
        return tuple(texts)
    return tuple(f"c{at}" for at in range(len(texts)))


def induced_text(
    names: Sequence[str], columns: Sequence[Any], places: Any, classes: Sequence[object], most: int
) -> tuple[str, tuple[str | None, ...]]:
    """Return the text of a rule file, and the field of each column.

    Args:
        names: The columns' names.
        columns: Cells of each column: an array of floats (NaN: unknown), or Python values.
        places: The place of each row's class.
        classes: The classes.
        most: The most rules.
    """
    fields: list[Field] = []
    for name, cells in zip(names, columns, strict=True):
        called, number = plain_name(name), 1
        while called in {one.name for one in fields}:
            number += 1
            called = f"{plain_name(name)}_{number}"
        fields.append(Field(called, _type_of(cells), optional=True))
    goal = "answer"
    while goal in {one.name for one in fields}:
        goal += "_"
    levels = class_levels(classes)
    template = Template("Row", (*fields, Field(goal, FieldType("enumeration", levels))))
    contract = Contract("induced", template, goal)
    used = [at for at, one in enumerate(fields) if one.type.kind not in ("text", "date")]
    kinds = tuple(_kind(fields[at].type) for at in used)
    cells = [_typed(fields[at], columns[at]) for at in used]
    numbers = to_numbers(kinds, cells) if used else numpy.zeros((len(places), 0))
    fold = _folds(places)
    rules = induce_rules(contract, kinds, numbers, places, fold, most, "tree")
    found = tuple(fields[at].name for at in used)
    induced = Induced(found, kinds, tuple(rules), False, len(places), len(places))
    return rule_file(contract, induced, "induced", None, None), tuple(one.name for one in fields)


def _folds(places: Any) -> Any:
    if len(places) < FEWEST or len(numpy.unique(places)) < 2:
        return numpy.full(len(places), -1)
    return split_folds(places, range(len(places)), False, 0)


def _type_of(cells: Any) -> FieldType:
    if isinstance(cells, numpy.ndarray) and cells.dtype.kind in "fiu":
        return FieldType("number")
    return guess_type(cells)


def _typed(field: Field, cells: Any) -> Any:
    return cells if isinstance(cells, numpy.ndarray) else read_cells(field, cells)


def _kind(kind: FieldType) -> Any:
    return list(kind.levels) if kind.kind == "enumeration" else kind.kind
