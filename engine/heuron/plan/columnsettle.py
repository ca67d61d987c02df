"""Concluded fields over whole columns: from the rules that fired to values and certainties.

Where all that rules say about a value of a field is constant, its certainty depends on nothing
but which of these rules fired: it is looked up from their bits (`plan.columntables`), as a key
that also decides ties. Otherwise the products of doubt are columns, multiplied in rule order as
for one record, so that all forms give the same floats.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Final

from heuron.certainty import from_products
from heuron.plan.columnexpressions import ColumnExpressions, encode
from heuron.plan.columnwords import Entry
from heuron.plan.source import Constants, Writer
from heuron.values import FieldType, Value

__all__ = [
    "RANK_BITS",
    "VALUE_BITS",
    "ConcludedField",
    "Contribution",
    "source_of_mask",
    "where_contradicted",
    "write_settled",
]

RANK_BITS: Final = 12
VALUE_BITS: Final = 10
"""How a key is made up, from its highest bit: certainty in steps of 1e-12, rank, value."""

MOST_BITS: Final = 14
"""So many rules that speak about one value are looked up together."""

MOST_STATES: Final = 64
"""States of a value that are followed to find out which certainties it can have."""


@dataclass(slots=True)
class Contribution:
    """What one action of a rule, or one row of a table, says about a concluded field.

    Attributes:
        certainty: The certainty that the author gave.
        order: (Rank of the rule, number of the action): what decides between equal certainties.
        value: The constant value; None where it is computed.
        computed: The local of the computed value, NaN where the rule did not fire or the field
            does not accept it.
        bits: The conditions that fire it, each with the certainty of what they read; empty where
            that is no constant.
        mask: The local of the mask where it fires, where there are no bits.
        weights: Locals of the certainties of what its conditions read.
    """

    certainty: float
    order: tuple[int, int]
    value: Value | None = None
    computed: str | None = None
    bits: list[tuple[Entry, float]] = field(default_factory=list)
    mask: str = ""
    weights: tuple[str, ...] = ()


@dataclass(slots=True)
class ConcludedField:
    """A concluded field while its columns are written.

    Attributes:
        name: The field.
        type: Its type.
        many: Whether several values may hold.
        number: The number that its locals carry: value `s`, certainty `c`, weight `w_`.
        said: The contributions, in rule order.
        first: The local of the row that hits, and the codes of the rows' values, where one
            first-hit table alone concludes the field.
        states: For each value, the certainties that it can have where it holds; None: many.
    """

    name: str
    type: FieldType
    many: bool
    number: int
    said: list[Contribution] = field(default_factory=list)
    first: tuple[str, list[float | int]] | None = None
    states: Mapping[Value, tuple[float, ...]] | None = None

    @property
    def values(self) -> list[Value]:
        """The constant values, in the order in which rules first name them."""
        found: dict[str, Value] = {}
        for one in self.said:
            if one.computed is None:
                found.setdefault(repr(one.value), one.value)
        return list(found.values())

    def about(self, value: Value) -> list[Contribution]:
        """Return what is said about a constant value, in rule order."""
        return [one for one in self.said if repr(one.value) == repr(value)]

    @property
    def is_constant(self) -> bool:
        """Whether no value is computed."""
        return all(one.computed is None for one in self.said)


def write_settled(
    one: ConcludedField,
    kind: str,
    levels: tuple[str, ...],
    by_level: bool,
    expressions: ColumnExpressions,
    constants: Constants,
    writer: Writer,
) -> None:
    """Write the lines that settle a field: its value, certainty and weight.

    Whether certainties of given values are read says `by_level`.
    Under `many` there are columns of certainties too, a level each (`expressions.certainties` by
    `field=level`), and of keys (`expressions.keys`); where there are no keys, there is no best
    value with its certainty.
    """
    unknown = "nan" if kind == "float" else "-1"
    if one.first is not None:
        hit, codes = one.first
        spelled = f"np.array(({unknown}, {''.join(f'{code!r}, ' for code in reversed(codes))}))"
        writer.line(f"s{one.number} = {constants.named(spelled)}.take({hit})")
        writer.line(f"c{one.number} = ({hit} > 0).astype(real)")
        return
    places = _places(one)
    if by_level:
        for value in one.values:
            made = _general_certainty(one, value, expressions)
            expressions.levels[f"{one.name}={value}"] = writer.keep(made, "m")
    keys = _keys(one, places, expressions, constants, writer) if one.is_constant else None
    if one.many:
        for value in one.values:
            local = f"{one.name}={value}"
            if keys is None:
                made = _general_certainty(one, value, expressions)
            else:
                expressions.keys[local] = keys[repr(value)]
                made = f"key_certainty({keys[repr(value)]})"
            expressions.certainties[local] = writer.keep(made, "m")
    if keys is not None and one.values:
        best = writer.fresh("y")
        first, *others = keys.values()
        writer.line(f"{best} = {first}")
        for other in others:
            writer.line(f"{best} = np.maximum({best}, {other})")
        spelled = "".join(f"{encode(value, kind, levels)!r}, " for value in one.values)
        codes_of = constants.named(f"np.array(({unknown}, {spelled}))")
        writer.line(f"s{one.number} = best_value({best}, {codes_of})")
        writer.line(f"c{one.number} = key_certainty({best})")
        return
    if one.many:
        return
    parts = ""
    for said in one.said:
        value = said.computed or repr(encode(said.value, kind, levels))
        order = places[said.order]
        mask, remaining = _mask(said, expressions), _remaining(said, expressions)
        parts += f"({value}, {mask}, {remaining}, {said.certainty > 0.0!r}, {order!r}), "
    found = f"s{one.number}, c{one.number}"
    if one.is_constant:
        writer.line(f"{found} = settled(({parts}), {unknown}, n)")
    else:
        writer.line(f"{found}, q{one.number} = settled_by_value(({parts}), {unknown}, n)")


def _places(one: ConcludedField) -> dict[tuple[int, int], int]:
    """Return the ranks of supports as they are used in keys: dense, from 0."""
    orders = sorted({said.order for said in one.said})
    return {order: place for place, order in enumerate(orders)}


# By key.


def _keys(
    one: ConcludedField,
    places: Mapping[tuple[int, int], int],
    expressions: ColumnExpressions,
    constants: Constants,
    writer: Writer,
) -> dict[str, str] | None:
    """Write the columns of keys by the spelling of values, or return None where it cannot be."""
    values = one.values
    if len(values) >= (1 << VALUE_BITS) - 1 or len(places) >= (1 << RANK_BITS) - 1:
        return None
    by_value = {repr(value): one.about(value) for value in values}
    keys = {}
    for at, (spelled, listed) in enumerate(by_value.items()):
        entries = entries_of(listed)
        if len(entries) > MOST_BITS or any(not said.bits for said in listed):
            keys[spelled] = _long_key(listed, places, at, expressions, constants, writer)
            continue
        pattern, bits = source_of_bits(entries)
        speaking = _speaking(listed, places, bits)
        table = constants.named(f"key_table({speaking}, {len(entries)!r}, {at!r})")
        keys[spelled] = writer.keep(f"{table}.take({pattern}, mode='clip')", "y")
    one.states = _states(one, by_value)
    return keys


def entries_of(listed: Iterable[Contribution]) -> list[Entry]:
    """Return the conditions that fire some contributions, each once."""
    return list({id(entry): entry for said in listed for entry, _ in said.bits}.values())


def _speaking(
    listed: Iterable[Contribution],
    places: Mapping[tuple[int, int], int],
    bits: Mapping[int, int],
) -> str:
    """Return source for what rules give by their bits: certainty, rank, bit."""
    inside = "".join(
        f"({said.certainty * weight!r}, {places[said.order]!r}, {bits[id(entry)]!r}), "
        for said in listed
        for entry, weight in said.bits
    )
    return f"({inside})"


def _long_key(
    listed: Sequence[Contribution],
    places: Mapping[tuple[int, int], int],
    at: int,
    expressions: ColumnExpressions,
    constants: Constants,
    writer: Writer,
) -> str:
    """Write the key of a value about which too much is said for one table.

    The products of the first rules come from a table, the others multiply them in rule order.
    """
    head: list[Contribution] = []
    for said in listed:
        if not said.bits or len(entries_of([*head, said])) > MOST_BITS:
            break
        head.append(said)
    products = {True: writer.fresh("p"), False: writer.fresh("p")}
    rank = writer.fresh("r")
    if head:
        entries = entries_of(head)
        pattern, bits = source_of_bits(entries)
        speaking = _speaking(head, places, bits)
        table = constants.named(f"doubt_table({speaking}, {len(entries)!r})")
        fired = writer.keep(pattern, "z")
        found = ", ".join((products[True], products[False], rank))
        writer.line(f"{found} = (one.take({fired}, mode='clip') for one in {table})")
    else:
        writer.line(f"{products[True]}, {products[False]}, {rank} = no_doubt(n)")
    rest = listed[len(head) :]
    for said in rest:
        mask, product = _mask(said, expressions), products[said.certainty > 0.0]
        writer.line(f"{product} *= doubt({mask}, {_remaining(said, expressions)}, n)")
        if said.certainty > 0.0 and not said.bits:
            writer.line(f"np.minimum({rank}, {places[said.order]!r}, out={rank}, where={mask})")
    supports = [(entry, said) for said in rest if said.certainty > 0.0 for entry, _ in said.bits]
    for start in range(0, len(supports), MOST_BITS):
        some = supports[start : start + MOST_BITS]
        pattern, bits = source_of_bits([entry for entry, _ in some])
        ranked = "".join(f"({places[said.order]!r}, {bits[id(one)]!r}), " for one, said in some)
        table = constants.named(f"rank_table(({ranked}), {len(some)!r})")
        writer.line(f"np.minimum({rank}, {table}.take({pattern}, mode='clip'), out={rank})")
    return writer.keep(f"made_key({products[True]}, {products[False]}, {rank}, {at!r})", "y")


def source_of_bits(entries: Iterable[Entry]) -> tuple[str, dict[int, int]]:
    """Return source for the bits of some conditions side by side, and where each one is."""
    ordered = sorted(entries, key=lambda entry: (entry.word, entry.bit))
    parts, bits, done = [], {}, 0
    runs: list[list[Entry]] = []
    for entry in ordered:
        if runs and runs[-1][-1].word == entry.word and runs[-1][-1].bit == entry.bit - 1:
            runs[-1].append(entry)
        else:
            runs.append([entry])
    for run in runs:
        source = f"part({run[0].word}, {run[0].bit!r}, {(1 << len(run)) - 1!r})"
        parts.append(f"{source} << {done!r}" if done else source)
        for entry in run:
            bits[id(entry)] = done
            done += 1
    return " | ".join(f"({one})" for one in parts) if len(parts) > 1 else parts[0], bits


def _states(
    one: ConcludedField, by_value: Mapping[str, Sequence[Contribution]]
) -> Mapping[Value, tuple[float, ...]] | None:
    """Return the certainties that each value can have, where they are not too many."""
    found: dict[Value, tuple[float, ...]] = {}
    for value in one.values:
        states = {(1.0, 1.0)}
        for said in by_value[repr(value)]:
            for positive, negative in tuple(states):
                if not said.bits:
                    return None
                for _, weight in said.bits:
                    strength = said.certainty * weight
                    if strength > 0.0:
                        states.add((positive * (1.0 - strength), negative))
                    else:
                        states.add((positive, negative * (1.0 + strength)))
            if len(states) > MOST_STATES:
                return None
        certainties = {from_products(*state) for state in states}
        found[value] = tuple(sorted(each for each in certainties if each > 0.0))
    return found


# By products of doubt.


def _mask(said: Contribution, expressions: ColumnExpressions) -> str:
    """Return the local of the mask where a contribution is made."""
    if not said.bits:
        return said.mask
    return source_of_mask([entry for entry, _ in said.bits], expressions)


def source_of_mask(entries: Iterable[Entry], expressions: ColumnExpressions) -> str:
    """Return the local of the mask where one of some conditions holds."""
    ordered = sorted(entries, key=lambda entry: entry.word)
    parts = []
    for word, group in groupby(ordered, key=lambda entry: entry.word):
        bits = sum(1 << entry.bit for entry in group)
        parts.append(expressions.keep(f"some({word}, {bits!r})", "b"))
    return parts[0] if len(parts) == 1 else expressions.keep(" | ".join(parts), "b")


def _remaining(said: Contribution, expressions: ColumnExpressions) -> str:
    """Return source for the factor of doubt that a contribution leaves where it is made."""
    certainty = float(said.certainty)
    if not said.weights:
        return repr(1.0 - abs(certainty))
    lowest = said.weights[0]
    for other in said.weights[1:]:
        lowest = expressions.keep(f"np.minimum({lowest}, {other})", "w_")
    return f"1.0 {'-' if certainty > 0 else '+'} {certainty!r} * {lowest}"


def where_contradicted(one: ConcludedField, expressions: ColumnExpressions) -> str | None:
    """Return the mask where certain rules speak for and against one value; None when none can.

    Asked after the field is settled.
    """
    if not one.is_constant:
        return f"q{one.number}"
    parts = []
    for value in one.values:
        sides = []
        for certainty in (1.0, -1.0):
            said = [each for each in one.about(value) if each.certainty == certainty]
            masks = [mask for each in said if (mask := _certain_mask(each, expressions))]
            sides.append(" | ".join(f"({mask})" for mask in masks))
        if all(sides):
            parts.append(f"(({sides[0]}) & ({sides[1]}))")
    return expressions.keep(" | ".join(parts), "q_") if parts else None


def _certain_mask(said: Contribution, expressions: ColumnExpressions) -> str:
    """Return the mask where a contribution is made for certain, or nothing when it never is."""
    if said.bits:
        certain = [(entry, weight) for entry, weight in said.bits if weight == 1.0]
        return _mask(replace(said, bits=certain), expressions) if certain else ""
    mask = f"column({said.mask}, n)"
    for weight in said.weights:
        mask += f" & ({weight} == 1.0)"
    return mask


def _general_certainty(one: ConcludedField, value: Value, expressions: ColumnExpressions) -> str:
    products = {True: "1.0", False: "1.0"}
    for said in one.about(value):
        sign = said.certainty > 0.0
        factor = f"doubt({_mask(said, expressions)}, {_remaining(said, expressions)}, n)"
        known = products[sign]
        products[sign] = expressions.keep(factor if known == "1.0" else f"{known} * {factor}", "p")
    return f"certainty({products[True]}, {products[False]}, n)"
