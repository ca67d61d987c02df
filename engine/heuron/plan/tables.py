"""Decision tables as source: rows in order, and what each hit policy makes of them."""

from __future__ import annotations

from collections.abc import Callable

from heuron.check.tree import Row, Table
from heuron.plan.expression import Expressions
from heuron.plan.source import Constants, Writer

__all__ = ["write_table", "write_unknown_rows"]


def row_tests(row: Row, expressions: Expressions) -> tuple[str, str]:
    """Return source for "all cells are true" and for "some cell is false"."""
    tests = [one for one in row.tests if one is not None]
    true = " and ".join(expressions.true(one) for one in tests) or "True"
    false = " or ".join(expressions.false(one) for one in tests) or "False"
    return true, false


def write_table(
    table: Table,
    expressions: Expressions,
    constants: Constants,
    writer: Writer,
    hit: Callable[[int], None],
    number: str = "",
) -> None:
    """Write a table about the record that its names stand for.

    Args:
        table: The table.
        expressions: Where its tests are written.
        constants: The module's constants.
        writer: The function; `reports` must be a list there.
        hit: Writes what happens when the row at a place has been chosen.
        number: Source for the number of the record's fact, when reports are to have it.
    """
    single = table.hit in ("unique", "any")
    if single:
        writer.line("h = []")
    # A loop that runs once: the rows stand one after another, however many there are.
    writer.line("for _ in ONCE:")
    writer.depth += 1
    for place, row in enumerate(table.rows):
        true, false = row_tests(row, expressions)
        writer.line(f"if {true}:")
        writer.depth += 1
        if single:
            writer.line(f"h.append({place!r})")
        else:
            hit(place)
            if table.hit == "first":
                writer.line("break")
        writer.depth -= 1
        if table.hit == "first" and true != "True":
            # `first` goes on only when every earlier row is false, not when one is unknown.
            writer.line(f"if not ({false}):")
            writer.line("    break")
    writer.line("pass")
    writer.depth -= 1
    if single:
        name = constants.literal(table.name)
        report = f"('several-hits', {name}{number and ', '}{number})"
        _single_hit(table, expressions, report, writer, hit)


def _single_hit(
    table: Table,
    expressions: Expressions,
    report: str,
    writer: Writer,
    hit: Callable[[int], None],
) -> None:
    """Write what follows the rows of a `unique` or `any` table, whose hits are in `h`."""
    if table.hit == "unique":
        writer.line("if len(h) > 1:")
    else:
        values = "".join(f"{expressions.value(row.value)}, " for row in table.rows)
        writer.line(f"if differ(h, ({values})):")
    writer.line(f"    reports.append({report})")
    writer.line("elif h:")
    writer.depth += 1
    for place in range(len(table.rows)):
        writer.line(f"if {place!r} in h:")
        writer.depth += 1
        hit(place)
        writer.depth -= 1
    writer.line("pass")
    writer.depth -= 1


def write_unknown_rows(table: Table, expressions: Expressions, writer: Writer) -> None:
    """Write a table so that the indexes of its unknown rows are appended to `found`."""
    writer.line("for _ in ONCE:")
    writer.depth += 1
    for place, row in enumerate(table.rows):
        true, false = row_tests(row, expressions)
        writer.line(f"if {true}:")
        writer.line("    break" if table.hit == "first" else "    pass")
        writer.line(f"elif not ({false}):")
        writer.line(f"    found.append({table.index + place!r})")
    writer.line("pass")
    writer.depth -= 1
