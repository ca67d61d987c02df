"""Working memory: the facts that are held now, with numbers, versions, indexes and conclusions.

A row is the tuple (number, event, *given fields in template order): what generated functions
match. Concluded fields are no part of it; what is settled about them stands beside, by number.
Facts are values: no two rows of a type have equal fields, compared by value (a dictionary finds
them by hash and then compares, so distinct facts with one hash stay apart).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from itertools import chain, repeat
from operator import itemgetter
from typing import Any, Final

from heuron.infer.ranges import RangeIndex
from heuron.infer.tallies import Tally
from heuron.values import UNKNOWN, Fact, Template, Value

__all__ = ["Index", "Memory", "Row", "Settled", "Shape"]

Row = tuple[Any, ...]
Entry = tuple[str, int, str, Row, tuple[bool, dict[str, Value]] | None]
"""What to undo: kind, number, type, the row before, and whether it was told and given what."""
HEAD = 2
EVENT: Final = itemgetter(1)
SELDOM: Final = 8
"""Looks at a table that cost no more than an index which every change must keep."""
UNKNOWN_TYPE: Final = type(UNKNOWN)

PLAIN: Final[dict[str, type]] = {
    "text": str,
    "integer": int,
    "number": float,
    "boolean": bool,
    "date": date,
    "datetime": datetime,
    "duration": timedelta,
    "enumeration": str,
}


class Shape:
    """What memory knows of a type: its template, given and concluded fields, reference fields.

    `places` are the places of the given fields among the values; `plain` the Python types of
    fields without bounds or pattern: a value of that type that a rule computed is accepted.
    """

    __slots__ = ("concluded", "given", "place", "places", "plain", "references", "template")

    def __init__(self, template: Template, concluded: Iterable[str], place: int) -> None:
        names = frozenset(concluded)
        self.template = template
        self.place = place
        self.given = tuple(name for name in template.names if name not in names)
        self.concluded = tuple(name for name in template.names if name in names)
        self.places = {name: at for at, name in enumerate(self.given)}
        self.plain = {
            name: PLAIN[field.type.kind]
            for name in self.given
            if (field := template[name]).type.kind in PLAIN
            and field.low is field.high is field.matching is None
        }
        self.references = tuple(
            (HEAD + at, str(template[name].type.target))
            for at, name in enumerate(self.given)
            if template[name].type.kind == "reference"
        )


class Index:
    """Rows of one type by the values at some places.

    `buckets` maps a key (one value, or a tuple of them) to rows by number. Rows in which one of
    these values is unknown stand apart: they match no key, and may match every key. An index is
    empty until it has been asked some times, or once by who will ask it often, and kept up to date
    from then on: who never looks anything up pays for no index, and who seldom does for a look at
    the table. `watchers` are told when that begins.
    """

    __slots__ = (
        "_key_of",
        "_looks",
        "_place",
        "_several",
        "_table",
        "_wake",
        "buckets",
        "is_kept",
        "vague",
        "watchers",
    )

    def __init__(
        self, table: dict[int, Row], places: tuple[int, ...], wake: Callable[[Index], None]
    ) -> None:
        self._several = len(places) > 1
        self._place = places[0]
        self._key_of = itemgetter(*places)
        self._table = table
        self._wake = wake
        self._looks = 0
        self.is_kept = False
        self.watchers: list[Callable[[], None]] = []
        self.buckets: dict[Any, dict[int, Row]] = {}
        self.vague: dict[int, Row] = {}

    def awake(self) -> Callable[..., Any]:
        """Keep the index from now on; return its look-up by key."""
        if not self.is_kept:
            self.is_kept = True
            self._fill()
            self._wake(self)
            for tell in self.watchers:
                tell()
            self.watchers.clear()
        return self.buckets.get

    def ask(self, key: Any, default: Any = None) -> Any:
        """Return the bucket of a key; the first few times it is looked for in the table."""
        if self._looks >= SELDOM:
            return self.awake()(key, default)
        self._looks += 1
        if self._is_vague(key):
            return default
        rows = self._table.values()
        if self._several:
            key_of = self._key_of
            return {row[0]: row for row in rows if key_of(row) == key} or default
        place = self._place
        return {row[0]: row for row in rows if row[place] == key} or default

    def ask_often(self) -> None:
        """Let the index be kept from the first look-up on."""
        self._looks = SELDOM

    def _fill(self) -> None:
        key_of, buckets = self._key_of, self.buckets
        get = buckets.get
        for row in self._table.values():
            key = key_of(row)
            bucket = get(key)
            if bucket is None:
                buckets[key] = {row[0]: row}
            else:
                bucket[row[0]] = row
        values = chain.from_iterable(buckets) if self._several else buckets
        if UNKNOWN_TYPE in {*map(type, values)}:
            vague = [buckets.pop(key) for key in [*buckets] if self._is_vague(key)]
            rows = [row for bucket in vague for row in bucket.values()]
            self.vague.update((row[0], row) for row in sorted(rows, key=EVENT))

    def _is_vague(self, key: Any) -> bool:
        if self._several:
            for value in key:  # noqa: SIM110 (a generator would cost more than the rest)
                if value is UNKNOWN:
                    return True
            return False
        return key is UNKNOWN

    def add(self, row: Row) -> None:
        """Enter a row."""
        key = self._key_of(row)
        if self._is_vague(key):
            self.vague[row[0]] = row
            return
        bucket = self.buckets.get(key)
        if bucket is None:
            self.buckets[key] = {row[0]: row}
        else:
            bucket[row[0]] = row

    def remove(self, row: Row) -> None:
        """Take a row out; an empty bucket goes too."""
        key = self._key_of(row)
        if self._is_vague(key):
            del self.vague[row[0]]
            return
        bucket = self.buckets[key]
        del bucket[row[0]]
        if not bucket:
            del self.buckets[key]

    def possible(self, key: Any) -> Collection[Row]:
        """Return the rows that have the key or may have it."""
        if not self.is_kept:
            self.awake()
        bucket = self.buckets.get(key)
        if bucket is not None:
            return [*bucket.values(), *self.vague.values()] if self.vague else bucket.values()
        return self._table.values() if self._is_vague(key) else self.vague.values()


class Settled:
    """What is settled about one concluded field, by fact number.

    `value` is the best value, `certainty` its certainty, `held` all pairs of value and certainty
    that hold, best first, and `levels` the certainty of every value that was spoken about.
    """

    __slots__ = ("certainty", "held", "levels", "value")

    def __init__(self) -> None:
        self.value: dict[int, Value] = {}
        self.certainty: dict[int, float] = {}
        self.held: dict[int, tuple[tuple[Value, float], ...]] = {}
        self.levels: dict[int, dict[Value, float]] = {}

    def clear(self) -> None:
        """Forget everything; the dictionaries stay, as generated code holds on to them."""
        self.value.clear()
        self.certainty.clear()
        self.held.clear()
        self.levels.clear()


Kept = Index | RangeIndex | Tally
"""What is kept up to date with the rows of a type, once it is asked often enough."""


class Memory:
    """The facts that are held now. Changed only by the recognise-act cycle and by truth.

    `told` are the numbers of facts that the host or a step asserted; all others are derived.
    `kept` are the indexes of each type that are up to date: those that are asked often enough.
    `gone` counts the rows that are held no longer: while it stays, every row that was held is.
    Tables and buckets stand in the order of events, the newest last.
    """

    __slots__ = (
        "_by_value",
        "_further",
        "_indexes",
        "_ranges",
        "_referring",
        "_settled",
        "_tables",
        "_tallies",
        "event",
        "given",
        "gone",
        "journal",
        "kept",
        "next_number",
        "shapes",
        "told",
        "types",
    )

    def __init__(self, shapes: Mapping[str, Shape]) -> None:
        self.shapes = shapes
        self.event = 0
        self.next_number = 1
        self.told: set[int] = set()
        self.journal: list[Entry] | None = None
        self.gone = 0
        self.types: dict[int, str] = {}
        self.given: dict[tuple[str, str], dict[int, Value]] = {}
        self._tables: dict[str, dict[int, Row]] = {name: {} for name in shapes}
        self._by_value: dict[str, dict[Row, int]] = {name: {} for name in shapes}
        self._indexes: dict[tuple[str, tuple[int, ...]], Index] = {}
        self._ranges: dict[tuple[str, int], RangeIndex] = {}
        self._tallies: dict[tuple[str, tuple[int, ...]], Tally] = {}
        self.kept: dict[str, list[Kept]] = {name: [] for name in shapes}
        self._further: dict[str, tuple[frozenset[Kept], list[Kept]]] = {}
        self._settled: dict[tuple[str, str], Settled] = {}
        self._referring: dict[str, tuple[tuple[str, int], ...]] = {}
        for target in shapes:
            self._referring[target] = tuple(
                (name, place)
                for name, shape in shapes.items()
                for place, referred in shape.references
                if referred == target
            )

    # What generated code asks for.

    def table(self, type_name: str) -> dict[int, Row]:
        """Return the rows of a type by number, in the order of their events."""
        return self._tables[type_name]

    def index(self, type_name: str, places: tuple[int, ...]) -> Index:
        """Return the index of a type by these places of its rows."""
        key = (type_name, places)
        if key not in self._indexes:
            keep = partial(self._keep, type_name)
            self._indexes[key] = Index(self._tables[type_name], places, keep)
        return self._indexes[key]

    def ranges(self, type_name: str, place: int) -> RangeIndex:
        """Return the index of a type by the order of one place of its rows; see `index`."""
        key = (type_name, place)
        if key not in self._ranges:
            keep = partial(self._keep, type_name)
            self._ranges[key] = RangeIndex(self._tables[type_name], place, keep)
        return self._ranges[key]

    def tally(self, type_name: str, places: tuple[int, ...]) -> Tally:
        """Return the numbers of rows of a type by these places; see `index`."""
        key = (type_name, places)
        if key not in self._tallies:
            keep = partial(self._keep, type_name)
            self._tallies[key] = Tally(self._tables[type_name], places, keep)
        return self._tallies[key]

    def further(self, type_name: str, own: Iterable[Kept]) -> list[Kept]:
        """Return the indexes of a type that are kept, now and later, beside those of the caller."""
        known = frozenset(own)
        listed = [one for one in self.kept[type_name] if one not in known]
        self._further[type_name] = (known, listed)
        return listed

    def _keep(self, type_name: str, index: Kept) -> None:
        self.kept[type_name].append(index)
        known, listed = self._further.get(type_name, (frozenset(), None))
        if listed is not None and index not in known:
            listed.append(index)

    def settled(self, type_name: str, field: str) -> Settled:
        """Return what is settled about a concluded field."""
        key = (type_name, field)
        if key not in self._settled:
            self._settled[key] = Settled()
        return self._settled[key]

    def order(self, row: Row) -> tuple[object, ...]:
        """Return a row's key in fact order: told facts by number, then derived ones by value."""
        number = row[0]
        if number in self.told:
            return (0, number)
        return (1, tuple([(value is not UNKNOWN, value) for value in row[HEAD:]]))

    def newest(self, row: Row) -> tuple[int, Any]:
        """Return a row's key for "newest first"; of one event told facts stand before derived."""
        return (-row[1], () if row[0] in self.told else self.order(row))

    def recent_derived(self, rows: Iterable[Row]) -> list[Row]:
        """Return rows of a derived type, the newest first, facts of one event in fact order."""
        return sorted(rows, key=self.newest)

    # Facts.

    def rows(self, type_name: str) -> Iterable[Row]:
        """Return the rows of a type in fact order."""
        return sorted(self._tables[type_name].values(), key=self.order)

    def row(self, number: int) -> Row | None:
        """Return the row of a fact, or None when it is not held."""
        type_name = self.types.get(number)
        return None if type_name is None else self._tables[type_name][number]

    def known(self, type_name: str) -> dict[Row, int]:
        """Return the numbers of the facts of a type by their values."""
        return self._by_value[type_name]

    def find(self, type_name: str, values: Row) -> int | None:
        """Return the number of the fact with these given fields."""
        return self._by_value[type_name].get(values)

    def fact(self, number: int) -> Fact:
        """Return a held fact with its given fields and, where settled, its concluded ones."""
        type_name = self.types[number]
        row, shape = self._tables[type_name][number], self.shapes[type_name]
        if not shape.concluded:
            return Fact(type_name, row[HEAD:], number, row[1], shape.given)
        values: dict[str, Value] = dict(zip(shape.given, row[HEAD:], strict=True))
        for field in shape.concluded:
            settled = self.settled(type_name, field)
            values[field] = settled.value.get(number, UNKNOWN)
        ordered = {name: values[name] for name in shape.template.names}
        return Fact(type_name, ordered, number, row[1])

    def __len__(self) -> int:
        return len(self.types)

    def facts(self, type_name: str | None = None) -> Iterator[Fact]:
        """Yield the held facts, of one type or of all in the order of declaration."""
        for name in self.shapes if type_name is None else (type_name,):
            for row in self.rows(name):
                yield self.fact(row[0])

    def add(self, type_name: str, values: Row, number: int | None = None) -> Row:
        """Hold a new fact of the present event; the caller has looked for an equal one."""
        if number is None:
            number = self.next_number
            self.next_number += 1
        if self.journal is not None:
            self.journal.append(("add", number, type_name, (), None))
        return self._enter(type_name, (number, self.event, *values))

    def derive(self, type_name: str, row: Row) -> None:
        """Hold a derived fact again, with the number and event that it had."""
        if self.journal is not None:
            self.journal.append(("add", row[0], type_name, (), None))
        self._enter(type_name, row)

    def derive_all(self, type_name: str, facts: Sequence[Row]) -> list[Row]:
        """Hold many new derived facts of the present event at once; return their rows.

        None of them may be held already.
        """
        first, event = self.next_number, self.event
        numbers = range(first, first + len(facts))
        self.next_number += len(facts)
        rows = [(number, event, *values) for number, values in zip(numbers, facts, strict=True)]
        if self.journal is not None:
            self.journal += [("add", number, type_name, (), None) for number in numbers]
        self.types.update(zip(numbers, repeat(type_name)))
        self._tables[type_name].update(zip(numbers, rows, strict=True))
        self._by_value[type_name].update(zip(facts, numbers, strict=True))
        for index in self.kept[type_name]:
            for row in rows:
                index.add(row)
        return rows

    def enter_derived(self, type_name: str, end: int) -> None:
        """Enter derived facts into the indexes that are in all other places already.

        Args:
            type_name: The type.
            end: The number behind that of the last of them; the first has `next_number`.
        """
        numbers = range(self.next_number, end)
        self.next_number = end
        if self.journal is not None:
            self.journal += [("add", number, type_name, (), None) for number in numbers]
        table = self._tables[type_name]
        for index in self.kept[type_name]:
            for number in numbers:
                index.add(table[number])

    def enter_rest(self, type_name: str, first: int, event: int) -> None:
        """Enter told facts into the indexes that are in their type's table already.

        Args:
            type_name: The type.
            first: The number of the first of them; the others have those that follow.
            event: The event of the last one. Numbers and events go on from there.
        """
        table = self._tables[type_name]
        self.next_number, self.event = next(reversed(table)) + 1, event
        kept = self.kept[type_name]
        for number in range(first, self.next_number) if kept else ():
            for index in kept:
                index.add(table[number])

    def _enter(self, type_name: str, row: Row) -> Row:
        number = row[0]
        self.types[number] = type_name
        self._tables[type_name][number] = row
        self._by_value[type_name][row[HEAD:]] = number
        for index in self.kept[type_name]:
            index.add(row)
        return row

    def replace(self, number: int, values: Row) -> Row:
        """Make a new version of a held fact, with the present event."""
        type_name = self.types[number]
        if self.journal is not None:
            old = self._tables[type_name][number]
            self.journal.append(("replace", number, type_name, old, None))
        return self._put(number, type_name, (number, self.event, *values))

    def _put(self, number: int, type_name: str, row: Row) -> Row:
        old = self._tables[type_name][number]
        self.gone += 1
        del self._by_value[type_name][old[HEAD:]]
        table = self._tables[type_name]
        # A new version goes to the end, so that tables and buckets stay in the order of events.
        del table[number]
        table[number] = row
        self._by_value[type_name][row[HEAD:]] = number
        for index in self.kept[type_name]:
            index.remove(old)
            index.add(row)
        return row

    def remove(self, number: int) -> Row:
        """End a held fact and return its last row."""
        type_name = self.types.pop(number)
        row = self._tables[type_name].pop(number)
        self.gone += 1
        del self._by_value[type_name][row[HEAD:]]
        for index in self.kept[type_name]:
            index.remove(row)
        given = {
            field: self.given[(type_name, field)].pop(number)
            for field in self.shapes[type_name].concluded
            if number in self.given.get((type_name, field), ())
        }
        if self.journal is not None:
            self.journal.append(("remove", number, type_name, row, (number in self.told, given)))
        self.told.discard(number)
        return row

    def exchange(self, type_name: str, old: Row | None, new: Row | None) -> None:
        """Put a row where another stood, or nothing, for a look at how memory was before.

        Neither the journal nor what was told hears of it.
        """
        for row, comes in ((old, False), (new, True)):
            if row is None:
                continue
            number = row[0]
            if comes:
                self._enter(type_name, row)
                continue
            del self.types[number]
            del self._tables[type_name][number]
            del self._by_value[type_name][row[HEAD:]]
            for index in self.kept[type_name]:
                index.remove(row)

    def referring(self, number: int) -> tuple[int, ...]:
        """Return the numbers of the told facts that refer to a fact, itself aside."""
        found: list[int] = []
        for type_name, place in self._referring[self.types[number]]:
            rows = self.index(type_name, (place,)).awake()(number, {})
            found += [one for one in rows if one in self.told and one != number]
        return tuple(sorted(found))

    # Told facts, and what is given about them.

    def tell(self, number: int) -> None:
        """Let a fact be held without reasons."""
        if number not in self.told:
            self.told.add(number)
            if self.journal is not None:
                self.journal.append(("tell", number, "", (), None))

    def give(self, number: int, field: str, value: Value) -> None:
        """Remember the value of a concluded field that was given with a fact."""
        self.given.setdefault((self.types[number], field), {})[number] = value

    # Undoing a firing that failed.

    def undo(self) -> None:
        """Take back everything in the journal, the last entry first, and end the journal."""
        journal = self.journal or []
        self.journal = None
        for kind, number, type_name, row, given in reversed(journal):
            if kind == "tell":
                self.told.discard(number)
            elif kind == "add":
                self.remove(number)
            elif kind == "replace":
                self._put(number, type_name, row)
            else:
                assert given is not None
                self._enter(type_name, row)
                told, values = given
                if told:
                    self.told.add(number)
                for field, value in values.items():
                    self.give(number, field, value)
        for type_name in {entry[2]: None for entry in journal if entry[0] in ("replace", "remove")}:
            self._put_in_order(type_name)

    def _put_in_order(self, type_name: str) -> None:
        """Let rows that were brought back stand where they stood, in the order of events."""
        buckets = [rows for index in self.kept[type_name] for rows in index.buckets.values()]
        for rows in (self._tables[type_name], *buckets):
            ordered = sorted(rows.values(), key=EVENT)
            rows.clear()
            rows.update((row[0], row) for row in ordered)
