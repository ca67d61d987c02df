"""The record plan for many rules: look up, field by field, which rules can hold at all.

A simple rule about one record tests given fields against constants and concludes constants. For
a hundred of them and more, each field has a table from its value to the set of rules whose tests
on it hold (`plan.cuts`); the rules that fire are the intersection of the sets. So the time of an
answer grows with the fields and the rules that fire, and hardly with the rules. Other rules stand
between as they are, and everything happens in rule order, as in the plain function.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

from heuron.plan.allowed import Simple
from heuron.plan.source import Constants, Writer
from heuron.values import Field, Template, Value

__all__ = ["Effects", "Group", "groups_of", "write_hits", "write_lookup"]

MANY = 100
"""Fewer simple rules in a stratum are written out one by one."""

RULES_FOR_A_FIELD = 8
"""To look up one field costs about as much as this many rules written out."""

LARGEST = 1024
"""Rules in one set: the tables grow with its square."""

LEAST_CUTS = 8
"""A field with fewer cuts is searched; with more it has a grid, where a value is found at once."""

CELLS_FOR_A_CUT = 16
LARGEST_GRID = 1 << 14

Grid = tuple[float, float, int]
Effects = tuple[list[str], list[str]]
"""Source of pairs: (place in P, factor), and (place in L, contribution)."""


@dataclass(frozen=True, slots=True)
class Group:
    """Simple rules, in rule order, that are looked up together."""

    number: int
    rules: tuple[Simple, ...]


def groups_of(rules: list[Simple], first: int) -> list[Group]:
    """Return simple rules of one stratum in groups, or none when looking up would not pay."""
    fields = {name for one in rules for name in one.allowed.fields}
    if len(rules) < max(MANY, RULES_FOR_A_FIELD * len(fields)):
        return []
    parts = range(0, len(rules), LARGEST)
    return [
        Group(first + number, tuple(rules[start : start + LARGEST]))
        for number, start in enumerate(parts)
    ]


def write_lookup(
    group: Group,
    template: Template,
    given: Mapping[str, str],
    constants: Constants,
    writer: Writer,
) -> None:
    """Write the lines that find the rules of a group which fire, as the bits of one number."""
    size = len(group.rules)
    spans: dict[str, list[tuple[int, float, float]]] = {}
    choices: dict[str, list[tuple[int, bool, tuple[Value, ...]]]] = {}
    for place, one in enumerate(group.rules):
        bit = size - 1 - place
        for name, (low, high) in one.allowed.spans.items():
            spans.setdefault(name, []).append((bit, low, high))
        for name, (holds, values) in one.allowed.choices.items():
            choices.setdefault(name, []).append((bit, holds, values))
    parts: list[str] = []
    found: list[str] = []
    for name, listed in spans.items():
        base = _rest(size, [one[0] for one in listed])
        spelled = ", ".join(
            f"({bit!r}, {_float(low)}, {_float(high)})" for bit, low, high in listed
        )
        table = constants.named(f"cut_table({base}, ({spelled},))")
        cuts, sets = constants.named(f"{table}[0]"), constants.named(f"{table}[1]")
        unknown = constants.named(f"{sets}[-1]")
        local = given[name]
        searched = f"{sets}[bisect({cuts}, {local})]"
        parts.append(f"({unknown} if {local} is UNKNOWN else {searched})")
        grid = _grid(template[name], [cut for one in listed for cut in one[1:]])
        if grid is None:
            found.append(parts[-1])
        else:
            looked_up = _in_grid(grid, cuts, sets, local, constants)
            if template[name].low is None:
                # Below a grid that the cuts alone began there are no cuts.
                lowest = constants.named(f"{sets}[0]")
                looked_up = f"{lowest} if {local} < {grid[0]!r} else {looked_up}"
            found.append(f"({unknown} if {local} is UNKNOWN else {looked_up})")
    for name, chosen in choices.items():
        base = _rest(size, [one[0] for one in chosen])
        spelled = ", ".join(
            f"({bit!r}, {holds!r}, {constants.literal(values)})" for bit, holds, values in chosen
        )
        table = constants.named(f"choice_table({base}, ({spelled},))")
        find, other = constants.named(f"{table}[0].get"), constants.named(f"{table}[1]")
        parts.append(f"{find}({given[name]}, {other})")
        found.append(parts[-1])
    bits = f"m{group.number}"
    everything = constants.named(f"(1 << {size!r}) - 1")
    if found == parts:
        writer.line(f"{bits} = {' & '.join(parts) or everything}")
        return
    writer.line("try:")
    writer.line(f"    {bits} = {' & '.join(found)}")
    writer.line("except OFF_GRID:")
    writer.line(f"    {bits} = {' & '.join(parts)}")


def _grid(field: Field, bounds: list[float]) -> Grid | None:
    """Return where a grid over a field's cuts begins, its cells a unit, and how many; or None.

    It covers the declared range, or half as much again as the cuts do.
    """
    cuts = sorted({one for one in bounds if -inf < one < inf})
    if len(cuts) < LEAST_CUTS:
        return None
    margin = (cuts[-1] - cuts[0]) / 4
    low = cuts[0] - margin if field.low is None else float(field.low)  # type: ignore[arg-type]
    high = cuts[-1] + margin if field.high is None else float(field.high)  # type: ignore[arg-type]
    cells = min(LARGEST_GRID, 1 << (CELLS_FOR_A_CUT * len(cuts)).bit_length())
    width = high - low
    if not 1e-100 < width < 1e100:
        return None
    # The greatest value of the range stays inside.
    return low, (cells - 1) / width, cells


def _in_grid(grid: Grid, cuts: str, sets: str, local: str, constants: Constants) -> str:
    """Return source for the set of rules of a value in a grid."""
    low, scale, cells = grid
    spelled = f"grid_table({cuts}, {sets}, {low!r}, {scale!r}, {cells!r})"
    table = constants.named(spelled)
    below, cut, above = (constants.named(f"{table}[{place}]") for place in range(3))
    start = local if low == 0.0 else f"({local} - {low!r})"
    cell = f"(j := int({start} * {scale!r}))"
    return f"{below}[j] if {local} < {cut}[{cell}] else {above}[j]"


def _rest(size: int, bits: list[int]) -> str:
    """Return source for the set of all rules but some."""
    without = 0
    for bit in bits:
        without |= 1 << bit
    return hex((1 << size) - 1 & ~without)


def _float(value: float) -> str:
    return {inf: "INFINITE", -inf: "-INFINITE"}.get(value, repr(value))


def write_hits(
    group: Group,
    effects: list[Effects],
    done: int,
    constants: Constants,
    writer: Writer,
) -> None:
    """Write the loop over the rules that fire among the first `done` of a group.

    Args:
        group: The rules; `write_lookup` has been written before.
        effects: What each rule of the group contributes.
        done: How many rules of the group, from the first, the loop goes through.
        constants: The constants of the module.
        writer: The function's lines.
    """
    bits = f"m{group.number}"
    rest = len(group.rules) - done
    left = f"{bits} >= {constants.named(f'1 << {rest!r}')}" if rest else bits
    is_plain = all(len(products) == 1 and not lists for products, lists in effects)
    rows = []
    for one, (products, lists) in zip(group.rules, effects, strict=True):
        what = products[0][1:-1] if is_plain else f"({_listed(products)}), ({_listed(lists)})"
        rows.append(f"({one.rule.index!r}, {what})")
    table = constants.named(f"hit_rows(({', '.join(rows)},))")
    writer.line(f"while {left}:")
    writer.depth += 1
    writer.line(f"i, b, {'k, q' if is_plain else 'v, w'} = {table}[{bits}.bit_length()]")
    writer.line(f"{bits} ^= b")
    writer.line("hit(i)")
    if is_plain:
        writer.line("P[k] *= q")
    else:
        writer.line("for k, q in v:")
        writer.line("    P[k] *= q")
        writer.line("for k, q in w:")
        writer.line("    L[k].append(q)")
    writer.depth -= 1


def _listed(parts: list[str]) -> str:
    return "".join(f"{one}, " for one in parts)
