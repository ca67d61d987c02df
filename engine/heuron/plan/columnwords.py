"""Conditions as bits of words: which rules hold on a row, looked up column by column.

A test that reads one column alone, and compares it with constants, is decided by the column's
value. So for each column there is a table from its value to a word, a whole number with one bit
for each condition, set where the condition's tests of that column hold; the conditions that hold
on a row are the conjunction of the words of its columns. A column of numbers falls into intervals
between the constants that it is compared with. What reads several columns comes as a mask of its
own. The tables themselves are made by `plan.columntables` when the source is loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from math import inf, nextafter
from typing import Final

from heuron.check.tree import (
    And,
    Compare,
    Constant,
    Expression,
    FieldOf,
    IsUnknown,
    Membership,
    Not,
    Or,
    Variable,
)
from heuron.plan.allowed import MIRRORED
from heuron.plan.columnexpressions import Column, encode
from heuron.plan.source import Constants, Writer
from heuron.values import UNKNOWN, Value

__all__ = ["BITS", "Entry", "one_column", "write_words"]

BITS: Final = 52
"""Conditions in one word: so many bits are exact in a float, whose exponent tells the highest."""

FEW: Final = 3
"""To look up a column of floats costs about as much as this many comparisons."""

Truth = bool | None
Find = Callable[[FieldOf | Variable], Column | None]


@dataclass(slots=True, eq=False)
class Entry:
    """A condition that becomes a bit.

    Attributes:
        tests: By the local of a column, the column and the tests that read it alone.
        masks: Locals of the masks that must hold too, or True and False.
        possible: The bit is set where the tests are unknown, too.
        word: The local of the word, once `write_words` has been called.
        bit: The place in the word.
    """

    tests: dict[str, tuple[Column, list[Expression]]] = field(default_factory=dict)
    masks: list[str] = field(default_factory=list)
    possible: bool = False
    word: str = ""
    bit: int = 0

    def test(self, column: Column, node: Expression) -> None:
        """Add a test of one column."""
        self.tests.setdefault(column.local, (column, []))[1].append(node)

    def copied(self) -> Entry:
        """Return an entry that asks for the same."""
        tests = {local: (column, list(nodes)) for local, (column, nodes) in self.tests.items()}
        return Entry(tests, list(self.masks), self.possible)

    def holds(self, local: str, value: float | str | None) -> bool:
        """Return whether the tests of a column let a value through (None: unknown)."""
        column, nodes = self.tests[local]
        found = [_truth(node, value, column) for node in nodes]
        return all(one is not False if self.possible else one is True for one in found)


# Tests of one column.


def one_column(node: Expression, find: Find) -> Column | None:
    """Return the column that a test compares with constants, if it reads no other; or None."""
    found: dict[str, Column] = {}

    def leaf(one: Expression) -> Column | None:
        column = find(one) if isinstance(one, (FieldOf, Variable)) else None
        if column is not None:
            found[column.local] = column
        return column

    def fits(column: Column | None, operator: str, values: Iterable[Value]) -> bool:
        if column is None or column.kind == "list":
            return False
        if column.kind in ("text", "boolean") and operator not in ("==", "!="):
            return False
        return all(
            one is not UNKNOWN and (column.kind != "level" or one in column.levels)
            for one in values
        )

    def simple(one: Expression) -> bool:
        match one:
            case Constant():
                return isinstance(one.value, bool)
            case Not():
                return simple(one.operand)
            case And() | Or():
                return all(simple(part) for part in one.operands)
            case IsUnknown():
                return leaf(one.operand) is not None
            case Compare(left=Constant() as constant):
                return fits(leaf(one.right), one.operator, (constant.value,))
            case Compare(right=Constant() as constant):
                return fits(leaf(one.left), one.operator, (constant.value,))
            case Membership(container=None):
                values = [part.value for part in one.options if isinstance(part, Constant)]
                return len(values) == len(one.options) and fits(leaf(one.item), "==", values)
            case FieldOf() | Variable():
                return one.type.kind == "boolean" and leaf(one) is not None
        return False

    return next(iter(found.values())) if simple(node) and len(found) == 1 else None


def _truth(node: Expression, value: float | str | None, column: Column) -> Truth:
    """Return what a test of one column is for a value, as it stands in the column."""
    match node:
        case Constant():
            return node.value is True
        case Not():
            truth = _truth(node.operand, value, column)
            return None if truth is None else not truth
        case And() | Or():
            decisive = isinstance(node, Or)
            found = [_truth(one, value, column) for one in node.operands]
            if decisive in found:
                return decisive
            return None if None in found else not decisive
        case IsUnknown():
            return value is None
        case Compare(left=Constant() as constant):
            return _compared(value, MIRRORED[node.operator], _code(constant.value, column))
        case Compare(right=Constant() as constant):
            return _compared(value, node.operator, _code(constant.value, column))
        case Membership():
            if value is None:
                return None if node.options else False
            return value in [_code(one, column) for one in _constants(node)]
    return None if value is None else bool(value)


def _compared(value: float | str | None, operator: str, other: float | str) -> Truth:
    if value is None:
        return None
    match operator:
        case "==":
            return value == other
        case "!=":
            return value != other
    assert not isinstance(value, str)
    assert not isinstance(other, str)
    match operator:
        case "<":
            return value < other
        case "<=":
            return value <= other
        case ">":
            return value > other
    return value >= other


def _code(value: Value, column: Column) -> float | str:
    return str(value) if column.kind == "text" else encode(value, column.kind, column.levels)


def _constants(node: Expression) -> list[Value]:
    """Return the constants that a test of one column compares it with."""
    match node:
        case Not():
            return _constants(node.operand)
        case And() | Or():
            return [value for one in node.operands for value in _constants(one)]
        case Compare(left=Constant() as constant) | Compare(right=Constant() as constant):
            return [constant.value]
        case Membership():
            return [one.value for one in node.options if isinstance(one, Constant)]
    return []


# Words.


def write_words(
    words: Sequence[Sequence[Entry]],
    compare: Callable[[Column, Expression], str],
    constants: Constants,
    writer: Writer,
) -> None:
    """Write the lines that find the words of some conditions.

    Args:
        words: For each word its conditions, from the lowest bit; at most `BITS`.
        compare: Returns the mask on which a test is true, for columns that are not looked up.
        constants: Constants of the module, where the tables go.
        writer: The function's lines.
    """
    _use_masks(words, compare)
    columns: dict[str, Column] = {}
    for entries in words:
        for bit, entry in enumerate(entries):
            entry.bit = bit
            columns |= {local: column for local, (column, _) in entry.tests.items()}
    parts: list[list[str]] = [[] for _ in words]
    for local, column in columns.items():
        places = [at for at, word in enumerate(words) if any(local in one.tests for one in word)]
        table = _table(column, [words[at] for at in places], constants)
        found = [writer.fresh("t") for _ in places]
        by_run = column.kind in ("text", "list") and not column.levels
        call = f"look({table}, {local}, n)" if by_run else f"{table}.look({local}, n)"
        writer.line(f"{', '.join(found)}, = {call}")
        for at, one in zip(places, found, strict=True):
            parts[at].append(one)
    for entries, looked_up in zip(words, parts, strict=True):
        word = writer.fresh("w")
        everything = (1 << len(entries)) - 1
        if looked_up:
            writer.line(f"{word} = {looked_up[0]}")
            for other in looked_up[1:]:
                writer.line(f"{word} &= {other}")
        else:
            writer.line(f"{word} = np.full(n, {everything!r})")
        for entry in entries:
            entry.word = word
            for mask in dict.fromkeys(entry.masks):
                if mask != "True":
                    writer.line(f"gate({word}, {mask}, {entry.bit!r})")


def _use_masks(
    words: Sequence[Sequence[Entry]], compare: Callable[[Column, Expression], str]
) -> None:
    """Turn tests of columns of numbers that hardly any condition reads into masks."""
    readers: dict[str, list[Entry]] = {}
    for entries in words:
        for entry in entries:
            for local, (column, _) in entry.tests.items():
                if column.kind == "float":
                    readers.setdefault(local, []).append(entry)
    for local, listed in readers.items():
        if len(listed) <= FEW and not any(one.possible for one in listed):
            for entry in listed:
                column, nodes = entry.tests.pop(local)
                entry.masks += [compare(column, node) for node in nodes]


def _table(column: Column, words: Sequence[Sequence[Entry]], constants: Constants) -> str:
    """Return the constant with a column's table for some words."""
    base = [
        sum(1 << one.bit for one in entries if column.local not in one.tests) for entries in words
    ]
    tested = [
        (at, entry)
        for at, entries in enumerate(words)
        for entry in entries
        if column.local in entry.tests
    ]

    def word_of(value: float | str | None) -> list[int]:
        found = list(base)
        for at, entry in tested:
            if entry.holds(column.local, value):
                found[at] |= 1 << entry.bit
        return found

    unknown = tuple(word_of(None))
    match column.kind:
        case "float":
            cuts, sets = _intervals(column, base, tested)
            spelled = f"number_table({cuts}, {sets}, {unknown!r}, {column.complete!r})"
        case "text" if column.levels:
            sets = "".join(f"{tuple(word_of(text))!r}, " for text in column.levels)
            spelled = f"level_table(({sets}{unknown!r},))"
        case "text" | "list":
            named, other = _named_texts(column, base, tested)
            spelled = f"text_table({column.field!r}, {named}, {other!r}, {unknown!r})"
        case _:
            count = len(column.levels) if column.kind == "level" else 2
            sets = "".join(f"{tuple(word_of(code))!r}, " for code in range(count))
            spelled = f"level_table(({sets}{unknown!r},))"
    return constants.named(spelled)


Tested = Sequence[tuple[int, Entry]]


def _own_constants(column: Column, entry: Entry) -> list[float | str]:
    nodes = entry.tests[column.local][1]
    return list(dict.fromkeys(_code(one, column) for node in nodes for one in _constants(node)))


def _intervals(column: Column, base: list[int], tested: Tested) -> tuple[str, str]:
    """Return source for the cuts of a column of numbers, and the words between them.

    An interval begins with its cut. What is only for one value ends at the next float.
    """
    now = list(base)
    changes: dict[float, list[int]] = {}
    for at, entry in tested:
        own = sorted(float(one) for one in _own_constants(column, entry))
        held = entry.holds(column.local, -inf)
        now[at] |= held << entry.bit
        for cut in sorted({edge for one in own for edge in (one, nextafter(one, inf))}):
            holds = entry.holds(column.local, cut)
            if holds is not held:
                changes.setdefault(cut, [0] * len(base))[at] ^= 1 << entry.bit
                held = holds
    sets = [tuple(now)]
    cuts = []
    for cut in sorted(changes):
        now = [one ^ change for one, change in zip(now, changes[cut], strict=True)]
        if tuple(now) != sets[-1]:
            cuts.append(cut)
            sets.append(tuple(now))
    spelled = "".join(f"{_float(one)}, " for one in cuts)
    return f"({spelled})", f"({''.join(f'{one!r}, ' for one in sets)})"


def _float(value: float) -> str:
    return {inf: "INFINITE", -inf: "-INFINITE"}.get(value, repr(value))


def _named_texts(column: Column, base: list[int], tested: Tested) -> tuple[str, tuple[int, ...]]:
    """Return source for the words of the texts that tests name, and the word of all others."""
    other = list(base)
    changes: dict[str, list[int]] = {}
    for at, entry in tested:
        own = _own_constants(column, entry)
        unnamed = "".join(map(str, own)) + "."
        held = entry.holds(column.local, unnamed)
        other[at] |= held << entry.bit
        for text in own:
            if entry.holds(column.local, text) is not held:
                changes.setdefault(str(text), [0] * len(base))[at] ^= 1 << entry.bit
    named = "".join(
        f"{text!r}: {tuple(one ^ x for one, x in zip(other, change, strict=True))!r}, "
        for text, change in changes.items()
    )
    return f"{{{named}}}", tuple(other)
