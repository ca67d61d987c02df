"""A template for a table that has none: types, ranges and levels, as far as the cells tell.

Owns `Draft` and `draft`. What it writes is a beginning: ranges are wider than the data, and a
person knows better what a column means.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from math import ceil, floor, log10
from typing import Any, Final

from heuron.coercion import FALSE, TRUE, slug
from heuron.diagnostics import Diagnostic, RuleError, Severity, nearest
from heuron.lang.lexemes import HARD_WORDS
from heuron.learn.columns import by_name
from heuron.learn.copies import is_id
from heuron.learn.induce.strays import as_numbers, other_writing, strays
from heuron.learn.source import EMPTY, Raw
from heuron.values import INTEGER_LIMIT, Field, FieldType, Template

__all__ = ["Draft", "draft", "guess_type", "plain_name"]

MOST_COLUMNS: Final = 500
MOST_LEVELS: Final = 30
TOLERANCE: Final = 10.0
"""Per cent within which a number counts as right until a person says otherwise."""
MOST_GOAL_CODES: Final = 10
"""A target of so many different whole numbers is read as codes of classes."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A template and a goal for a table.

    `columns` maps fields to those columns that their names do not find; `left_out` holds columns
    that are no fields, with the reason. `unknown` maps fields of numbers to the few texts in their
    columns, which are to be read as unknown; `warnings` say so. `tolerance` (in per cent where
    `percent` holds) is how far an answer may be off from a goal that is a number.
    """

    template: Template
    goal: str
    columns: dict[str, str] = field(default_factory=dict)
    left_out: tuple[tuple[str, str], ...] = ()
    unknown: dict[str, tuple[str, ...]] = field(default_factory=dict)
    tolerance: float | None = None
    percent: bool = False
    warnings: tuple[Diagnostic, ...] = ()

    @property
    def is_regression(self) -> bool:
        """Whether the goal is a number."""
        return self.template[self.goal].type.is_numeric


def draft(raw: Raw, target: str, name: str) -> Draft:
    """Return a template for a table, named for the domain.

    Args:
        raw: The cells as they were read.
        target: The column to ask for.
        name: The domain's name.

    Raises:
        RuleError: There is no such column, it has a single value, or there are too many columns.
    """
    column = _target_column(raw, target)
    if len(raw.columns) > MOST_COLUMNS:
        message = (
            f"{raw.name} has {len(raw.columns):,} columns; a template that people read has at "
            f"most {MOST_COLUMNS}"
        )
        hint = "keep the columns that can matter, and start from those"
        raise RuleError(Diagnostic(Severity.ERROR, "bad-data", message, None, hint))
    fields: list[Field] = []
    columns: dict[str, str] = {}
    left_out: list[tuple[str, str]] = []
    unknown: dict[str, tuple[str, ...]] = {}
    found: list[Diagnostic] = []
    goal, tolerance, percent = "", None, False
    for one, cells in raw.columns.items():
        texts = [_text(cell) for cell in cells]
        known = [text for text in texts if text not in EMPTY]
        odd = strays(known)
        if odd:
            found.append(_stray(raw, one, texts, odd))
            known = [text for text in known if text not in odd]
        found += _written_otherwise(raw, one, known)
        why = None if one == column else _useless(one, known)
        if why is not None:
            left_out.append((one, why))
            continue
        called = _field_name(one, {field.name for field in fields})
        columns[called] = one
        if odd:
            unknown[called] = odd
        made = _field(called, one, known, len(known) < len(texts), one == column)
        if one == column:
            goal = called
            _check_goal(raw, one, known, made)
            tolerance, percent = _tolerance(known) if made.type.is_numeric else (None, False)
        fields.append(made)
    title = "".join(word.capitalize() for word in name.split("_")) or "Case"
    template = Template(title, tuple(fields))
    column_of = by_name(raw.columns)
    columns = {called: one for called, one in columns.items() if column_of(called) != one}
    return Draft(
        template, goal, columns, tuple(left_out), unknown, tolerance, percent, tuple(found)
    )


def plain_name(text: str) -> str:
    """Return a text as a name of the rule language."""
    name = slug(text)
    name = "".join(
        letter for letter in name if letter == "_" or letter.isidentifier() or letter.isdigit()
    )
    name = unicodedata.normalize("NFC", name).strip("_")
    if not name or not name.isidentifier():
        name = f"x_{name}" if name else "x"
    return f"{name}_" if name in HARD_WORDS else name


def guess_type(cells: Sequence[Any]) -> FieldType:
    """Return the type that cells have by the look of them."""
    known = [text for text in map(_text, cells) if text not in EMPTY]
    return _kind(known, False)[0] if known else FieldType("text")


def _target_column(raw: Raw, target: str) -> str:
    if target in raw.columns:
        return target
    by_slug = {slug(one): one for one in raw.columns}
    if slug(target) in by_slug:
        return by_slug[slug(target)]
    near = nearest(target, list(raw.columns))
    shown = ", ".join(list(raw.columns)[:12]) + (" …" if len(raw.columns) > 12 else "")
    hint = f'Did you mean "{near}"?' if near else f"it has {shown}"
    message = f'{raw.name} has no column "{target}".'
    raise RuleError(Diagnostic(Severity.ERROR, "unknown-column", message, None, hint))


def _check_goal(raw: Raw, column: str, known: Sequence[str], made: Field) -> None:
    values = set(known)
    message = hint = None
    if len(values) < 2:
        what = f'only the value "{next(iter(values))}"' if values else "no value at all"
        message = f'Column "{column}" of {raw.name} has {what}: there is nothing to learn.'
        hint = "--target names the column that is to be answered: is it another one?"
    elif made.type.kind == "enumeration" and len(made.type.levels) > max(
        MOST_LEVELS, len(known) // 5
    ):
        message = (
            f'Column "{column}" of {raw.name} has {len(made.type.levels):,} different texts in '
            f"{len(known):,} rows: an answer is one of a few levels, or a number."
        )
        hint = f'like "{known[0][:40]}"; write numbers as numbers, or put rare texts together'
    if message is not None:
        raise RuleError(Diagnostic(Severity.ERROR, "too-few-rows", message, None, hint))


def _tolerance(known: Sequence[str]) -> tuple[float, bool]:
    """Return how far an answer may be off, and whether in per cent of the true number.

    A share of nothing is nothing: where a goal can be 0 or below, it is a tenth of the width that
    nine in ten of its numbers lie in, with one digit.
    """
    numbers = sorted(map(float, known))
    if numbers[0] > 0:
        return TOLERANCE, True
    width = numbers[len(numbers) * 19 // 20] - numbers[len(numbers) // 20]
    return float(f"{(width or numbers[-1] - numbers[0]) / 10:.1g}"), False


def _stray(raw: Raw, column: str, texts: Sequence[str], odd: Sequence[str]) -> Diagnostic:
    """Return what is said of texts among numbers: how many, where, and what becomes of them."""
    rows = [at for at, text in enumerate(texts) if text in odd]
    shown = ", ".join(f'"{text[:40]}"' for text in odd)
    message = (
        f'Column "{column}" has {shown} among its numbers, in {len(rows):,} of {len(texts):,} '
        f"rows (first {raw.place(rows[0])}): read as unknown."
    )
    hint = "mend the cells, if they stand for something else"
    return Diagnostic(Severity.WARNING, "wrong-value", message, None, hint)


def _written_otherwise(raw: Raw, column: str, known: Sequence[str]) -> list[Diagnostic]:
    otherwise = other_writing(known)
    if otherwise is None or len(set(known)) <= MOST_GOAL_CODES:
        return []
    what, remedy = otherwise
    message = (
        f'Column "{column}" of {raw.name} looks like {what} ("{known[0][:40]}"): as they '
        "are, its cells are texts."
    )
    return [Diagnostic(Severity.WARNING, "wrong-value", message, None, remedy)]


def _text(cell: Any) -> str:
    if cell is None or cell != cell:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, (date, datetime)):
        return cell.isoformat()
    return str(cell).strip()


def _useless(column: str, known: Sequence[str]) -> str | None:
    """Return why a column can be no field that matters, if so."""
    if not known:
        return "it is empty"
    if len(set(known)) == 1:
        return f'it is always "{known[0][:40]}"'
    numbers = as_numbers(known)
    if numbers is None:
        return "it has another text in every row" if is_id(column, known) else None
    whole = [int(one) for one in numbers if one.is_integer()]
    # Spreadsheets write the row's number into a column without a name.
    if len(whole) == len(numbers) and is_id(slug(column) or "row", whole):
        return "it numbers the rows"
    return None


def _field_name(column: str, taken: set[str]) -> str:
    base = plain_name(column.split("(")[0]) if slug(column.split("(")[0]) else plain_name(column)
    name, number = base, 1
    while name in taken:
        number += 1
        name = f"{base}_{number}"
    return name


def _field(name: str, column: str, known: Sequence[str], gaps: bool, is_goal: bool) -> Field:
    kind, low, high = _kind(known, is_goal)
    unit = None
    if "(" in column and column.rstrip().endswith(")") and kind.is_numeric:
        unit = column.rstrip()[:-1].rsplit("(", 1)[1].strip() or None
    optional = gaps and not is_goal
    return Field(
        name,
        kind,
        None if is_goal else low,
        None if is_goal else high,
        unit=unit,
        optional=optional,
    )


def _kind(known: Sequence[str], is_goal: bool) -> tuple[FieldType, Any, Any]:
    folded = {one.casefold() for one in known}
    if folded <= {*TRUE, *FALSE} or folded == {"0", "1"}:
        return FieldType("boolean"), None, None
    numbers = as_numbers(known)
    if numbers is not None:
        whole = all(one.is_integer() and abs(one) < INTEGER_LIMIT for one in numbers)
        if is_goal and whole and len(set(numbers)) <= MOST_GOAL_CODES:
            return FieldType("enumeration", _levels(known)), None, None
        written = whole and not any("." in one or "e" in one.casefold() for one in known)
        low, high = _range(min(numbers), max(numbers), written)
        return FieldType("integer" if written else "number"), low, high
    for kind, read in (("date", date.fromisoformat), ("datetime", datetime.fromisoformat)):
        if all(_is_moment(one, read) for one in set(known)):
            return FieldType(kind), None, None
    levels = _levels(known)
    if is_goal or (len(levels) <= MOST_LEVELS and len(levels) * 5 <= max(len(known), 10)):
        return FieldType("enumeration", levels), None, None
    return FieldType("text"), None, None


def _is_moment(text: str, read: Callable[[str], date]) -> bool:
    try:
        read(text)
    except ValueError:
        return False
    # 20260101 is a number of a case more often than a day.
    return len(text) >= 10 and text[4] == "-"


def _levels(known: Sequence[str]) -> tuple[str, ...]:
    """Return the levels: of spellings that differ only in case, the most common one."""
    counts = Counter(known)
    by_case: dict[str, str] = {}
    for text, _ in sorted(counts.items(), key=lambda one: (-one[1], one[0])):
        by_case.setdefault(text.casefold(), text)
    levels = list(by_case.values())
    if as_numbers(levels) is not None:
        return tuple(sorted(levels, key=lambda one: (float(one), one)))
    return tuple(sorted(levels, key=lambda one: (one.casefold(), one)))


def _range(low: float, high: float, whole: bool) -> tuple[Any, Any]:
    """Return a range about twice as wide as the data, with round ends, from zero if it can be."""
    size = _round_up(2 * max(abs(low), abs(high), 1 if whole else 1e-300))
    if high <= 1.0 and low >= 0.0 and not whole:
        size = 1.0 if high > 0.1 else size
    top = int(size) if whole or size.is_integer() else size
    return (0 if low >= 0 else -top), top


def _round_up(number: float) -> float:
    """Return the next of 1, 2, 5, 10, 20, … at or above a positive number."""
    power = floor(log10(number))
    for digit in (1, 2, 5, 10):
        size = float(f"{digit}e{power}")
        if size >= number:
            return size
    return float(ceil(number))
