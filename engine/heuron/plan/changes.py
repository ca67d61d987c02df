"""What steps do to memory, as one generated function for each type and kind of change.

`hold(values)` holds a fact, `change(row, …)` makes a new version with some other fields, `end(row)`
ends a fact. Each keeps tables and indexes, makes the event, and starts the searches that the
event concerns. They return the number of what is now held, its negative when it ended, and 0
where nothing changed, which is no event. Values are in their fields' types by then.

A type that definitions read, or steps that are not searched lazily, is *followed*: its changes go
to the cycle, which brings the definitions to their fixpoint. So does every change as long as
somebody listens. See `infer.reaction`.
"""

from __future__ import annotations

from collections.abc import Iterable

from heuron.check.tree import Pattern, ReferencedField, Rule
from heuron.check.walk import walk
from heuron.plan.conclusions import definitions
from heuron.plan.derivation import tuple_of
from heuron.plan.gates import Gate, ending_gates, seeding_gates, write_gates
from heuron.plan.module import HEAD, Module
from heuron.plan.normal import Program
from heuron.plan.source import Writer

__all__ = ["Changes", "followed_types", "referred_types"]


def followed_types(program: Program, lazy: Iterable[Rule]) -> frozenset[str]:
    """Return the types that something else than lazily searched steps reads."""
    names = {type_name for type_name, _ in program.concluded} | set(program.derived)
    others = [one for one in program.steps if one not in lazy]
    for item in (*definitions(program), *others):
        names.add(getattr(item, "type_name", ""))
        conditions = getattr(item, "conditions", item)
        for node in walk(conditions):
            if isinstance(node, Pattern):
                names.add(node.type_name)
            elif isinstance(node, ReferencedField):
                names.add(node.target)
    return frozenset(names)


def referred_types(program: Program) -> frozenset[str]:
    """Return the types that fields of some type refer to."""
    return frozenset(
        str(field.type.target)
        for template in program.templates.values()
        for field in template.fields
        if field.type.kind == "reference"
    )


class Changes:
    """Names the changes that steps make, and writes their functions when all are known."""

    def __init__(self, module: Module, lazy: tuple[Rule, ...]) -> None:
        self.module = module
        self.lazy = lazy
        self.followed = followed_types(module.program, lazy)
        self.referred = referred_types(module.program)
        self._numbers = {name: place for place, name in enumerate(module.program.templates)}
        self._holds: dict[str, None] = {}
        self._changes: dict[tuple[str, tuple[str, ...]], str] = {}
        self._ends: dict[str, None] = {}
        self._seeding: dict[str, list[Gate]] = {}
        self._ending: dict[str, list[Gate]] = {}

    def number(self, type_name: str) -> int:
        """Return the number that the functions of a type have in their names."""
        return self._numbers[type_name]

    def known(self, type_name: str) -> str:
        """Return the name of a type's facts by value."""
        literal = self.module.constants.literal(type_name)
        return self.module.named(f"known{self._numbers[type_name]}", f"memory.known({literal})")

    def hold(self, type_name: str) -> str:
        """Return the name of the function that holds facts of a type."""
        self._holds[type_name] = None
        return f"hold{self._numbers[type_name]}"

    def change(self, type_name: str, fields: tuple[str, ...]) -> str:
        """Return the name of the function that changes these fields of facts of a type."""
        number = self._numbers[type_name]
        return self._changes.setdefault((type_name, fields), f"change{number}_{len(self._changes)}")

    def end(self, type_name: str) -> str:
        """Return the name of the function that ends facts of a type."""
        self._ends[type_name] = None
        return f"end{self._numbers[type_name]}"

    def write(self) -> list[str]:
        """Write the gates of all types and the functions asked for; return the gates' names."""
        names = []
        for type_name, number in self._numbers.items():
            seeding = seeding_gates(self.module, self.lazy, type_name)
            self._seeding[type_name] = seeding
            self._ending[type_name] = ending_gates(self.module, self.lazy, type_name)
            for letter, gates in (("e", seeding), ("f", self._ending[type_name])):
                if gates:
                    names.append(f"{letter}{number}")
                    write_gates(self.module, names[-1], type_name, gates)
        self._names = frozenset(names)
        for type_name in self._holds:
            self._write_hold(type_name)
        for (type_name, fields), name in self._changes.items():
            self._write_change(type_name, fields, name)
        for type_name in self._ends:
            self._write_end(type_name)
        return names

    # Their parts.

    def _begin(self, type_name: str) -> tuple[Writer, str, str, str]:
        """Return a writer, the names of a type's table and of its facts by value, its literal."""
        module = self.module
        literal = module.constants.literal(type_name)
        return Writer(), module.table(type_name), self.known(type_name), literal

    def _others(self, writer: Writer, type_name: str, *calls: str) -> None:
        """Keep the indexes beside this module's own."""
        own = tuple_of(
            [f"i{number}" for _, number in self.module.indexes.get(type_name, ())]
            + [f"tally{number}" for _, number in self.module.tallies.get(type_name, ())]
        )
        literal = self.module.constants.literal(type_name)
        number = self._numbers[type_name]
        name = self.module.named(f"further{number}", f"memory.further({literal}, {own})")
        writer.line(f"if {name}:")
        writer.line(f"    for index in {name}:")
        for call in calls:
            writer.line(f"        index.{call}")

    def _react(
        self, writer: Writer, type_name: str, old: str, new: str, gates: list[tuple[str, str]]
    ) -> None:
        """Write what follows a change: the cycle's look at it, or the searches it starts."""
        literal = self.module.constants.literal(type_name)
        self.module.named("follow", "reaction.follow")
        if type_name in self.followed:
            writer.line(f"follow({literal}, {old}, {new})")
            return
        writer.line(f"if reaction.follows_all: follow({literal}, {old}, {new})")
        only = self._seeding.get(type_name, ())
        if len(gates) == len(only) == 1 and gates[0][1] == "row":
            # There is nothing to be put in order: the search goes where it belongs at once.
            (gate,) = only
            writer.line(f"elif {' and '.join(gate.tests) or 'True'}:")
            entry = f"(event, {gate.step}, row, {gate.search})"
            writer.line(f"    {gate.step}.stack.append({entry})")
            return
        if gates:
            self.module.named("ready", "reaction.ready")
            self.module.named("enter", "reaction.enter")
            writer.line("else:")
            for name, row in gates:
                writer.line(f"    {name}({row})")
            writer.line("    if ready: enter()")

    def _write_hold(self, type_name: str) -> None:
        writer, table, by_value, literal = self._begin(type_name)
        self.module.named("types", "memory.types")
        self.module.named("told", "memory.told.add")
        for line in (
            "number = memory.next_number",
            f"if {by_value}.setdefault(values, number) != number:",
            "    return 0",
            "memory.next_number = number + 1",
            "event = memory.event = memory.event + 1",
            "row = (number, event) + values",
            f"types[number] = {literal}",
            f"{table}[number] = row",
            "told(number)",
        ):
            writer.line(line)
        fields = self.module.layouts[type_name].template
        known = {
            place
            for name, place in self.module.layouts[type_name].places.items()
            if not fields[name].optional and fields[name].default is None
        }
        for places, index in self.module.indexes.get(type_name, ()):
            _enter(writer, index, places, "row", all(one in known for one in places))
        for places, tally in self.module.tallies.get(type_name, ()):
            _count(writer, tally, places)
        self._others(writer, type_name, "add(row)")
        writer.line("if memory.journal is not None:")
        writer.line(f"    memory.journal.append(('add', number, {literal}, (), None))")
        number = self._numbers[type_name]
        gates = [(f"e{number}", "row")] if f"e{number}" in self._names else []
        self._react(writer, type_name, "None", "row", gates)
        writer.line("return number")
        self.module.add(f"hold{number}", ("values",), writer.lines)

    def _write_change(self, type_name: str, fields: tuple[str, ...], name: str) -> None:
        writer, table, by_value, literal = self._begin(type_name)
        layout, module = self.module.layouts[type_name], self.module
        new = {layout.places[field]: f"x{at}" for at, field in enumerate(fields)}
        same = [f"({x} is old[{place}] or {x} == old[{place}])" for place, x in new.items()]
        values = tuple_of([new.get(place, f"old[{place}]") for place in layout.places.values()])
        literals = [module.constants.literal(field) for field in fields]
        named = ", ".join(f"{one}: x{at}" for at, one in enumerate(literals))
        module.named("merge", "reaction.merge")
        for line in (
            f"if {' and '.join(same)}:",
            "    return 0",
            "number = old[0]",
            f"values = {values}",
            f"if {by_value}.setdefault(values, number) != number:",
            f"    return merge(number, {{{named}}})",
            f"del {by_value}[old[{HEAD}:]]",
            "event = memory.event = memory.event + 1",
            "row = (number, event) + values",
            # A new version goes to the end: tables and buckets stand in the order of events.
            f"del {table}[number]",
            f"{table}[number] = row",
            "memory.gone += 1",
        ):
            writer.line(line)
        for places, index in module.indexes.get(type_name, ()):
            if new.keys().isdisjoint(places):
                _renew(writer, index, places)
            else:
                _leave(writer, index, places)
                _enter(writer, index, places, "row", False, True)
        for places, tally in module.tallies.get(type_name, ()):
            if not new.keys().isdisjoint(places):
                _recount(writer, tally, places)
        self._others(writer, type_name, "remove(old)", "add(row)")
        writer.line("if memory.journal is not None:")
        writer.line(f"    memory.journal.append(('replace', number, {literal}, old, None))")
        number = self._numbers[type_name]
        gates = []
        ending = ending_gates(module, self.lazy, type_name, frozenset(fields))
        if ending == self._ending[type_name] and ending:
            gates.append((f"f{number}", "old"))
        elif ending:
            gates.append((f"f{name}", "old"))
            write_gates(module, f"f{name}", type_name, ending)
        if f"e{number}" in self._names:
            gates.append((f"e{number}", "row"))
        self._react(writer, type_name, "old", "row", gates)
        writer.line("return number")
        module.add(name, ("old", *new.values()), writer.lines)

    def _write_end(self, type_name: str) -> None:
        writer, table, by_value, literal = self._begin(type_name)
        module = self.module
        module.named("end_told", "memory.told.discard")
        module.named("forget", "reaction.asserted_by.single.pop")
        writer.line("number = old[0]")
        if type_name in self.referred:
            module.named("fault", "reaction.fault")
            writer.line("if memory.referring(number): fault(number)")
        if any(key[0] == type_name for key in module.program.concluded):
            writer.line("memory.event += 1")
            writer.line("memory.remove(number)")
        else:
            for line in (
                f"del {table}[number]",
                f"del {by_value}[old[{HEAD}:]]",
                "del types[number]",
                "memory.event += 1",
                "memory.gone += 1",
            ):
                writer.line(line)
            module.named("types", "memory.types")
            for places, index in module.indexes.get(type_name, ()):
                _leave(writer, index, places)
            for places, tally in module.tallies.get(type_name, ()):
                _uncount(writer, tally, places)
            self._others(writer, type_name, "remove(old)")
            writer.line("if memory.journal is not None:")
            writer.line(
                f"    memory.journal.append(('remove', number, {literal}, old, (True, {{}})))"
            )
            writer.line("end_told(number)")
        writer.line("forget(number, None)")
        number = self._numbers[type_name]
        gates = [(f"f{number}", "old")] if f"f{number}" in self._names else []
        self._react(writer, type_name, "old", "None", gates)
        writer.line("return -number")
        module.add(f"end{number}", ("old",), writer.lines)


def _key(places: tuple[int, ...], row: str) -> str:
    parts = ", ".join(f"{row}[{place}]" for place in places)
    return parts if len(places) == 1 else f"({parts})"


def _enter(
    writer: Writer,
    index: int,
    places: tuple[int, ...],
    row: str,
    known: bool,
    is_open: bool = False,
) -> None:
    """Write the entry of a row in an index; where a value may be unknown it decides itself.

    `is_open` says that the index is known to be kept.
    """
    if not is_open:
        writer.line(f"if i{index}_on:")
    writer.line(f"    key = {_key(places, row)}")
    writer.line(f"    bucket = g{index}(key)")
    new = f"i{index}_buckets[key] = {{number: {row}}}" if known else f"i{index}.add({row})"
    writer.line(f"    if bucket is None: {new}")
    writer.line(f"    else: bucket[number] = {row}")


def _leave(writer: Writer, index: int, places: tuple[int, ...]) -> None:
    """Write the removal of the row `old` from an index."""
    writer.line(f"if i{index}_on:")
    writer.line(f"    key = {_key(places, 'old')}")
    writer.line(f"    bucket = g{index}(key)")
    writer.line(f"    if bucket is None: i{index}.remove(old)")
    writer.line("    else:")
    writer.line("        del bucket[number]")
    writer.line(f"        if not bucket: del i{index}_buckets[key]")


def _renew(writer: Writer, index: int, places: tuple[int, ...]) -> None:
    """Write the move of a new version to the end of the bucket in which the old one was."""
    writer.line(f"if i{index}_on:")
    writer.line(f"    bucket = g{index}({_key(places, 'old')})")
    writer.line("    if bucket is None:")
    writer.line(f"        i{index}.remove(old)")
    writer.line(f"        i{index}.add(row)")
    writer.line("    else:")
    writer.line("        del bucket[number]")
    writer.line("        bucket[number] = row")


def _count(writer: Writer, tally: int, places: tuple[int, ...]) -> None:
    """Write that the row `row` is counted."""
    writer.line(f"if tally{tally}_on:")
    writer.line(f"    key = {_key(places, 'row')}")
    writer.line(f"    tally{tally}_counts[key] = tally{tally}_get(key, 0) + 1")


def _recount(writer: Writer, tally: int, places: tuple[int, ...]) -> None:
    """Write that the row `row` is counted for the row `old`."""
    _uncount(writer, tally, places)
    writer.line(f"    key = {_key(places, 'row')}")
    writer.line(f"    tally{tally}_counts[key] = tally{tally}_get(key, 0) + 1")


def _uncount(writer: Writer, tally: int, places: tuple[int, ...]) -> None:
    """Write that the row `old` is counted no longer."""
    writer.line(f"if tally{tally}_on:")
    writer.line(f"    key = {_key(places, 'old')}")
    writer.line(f"    count = tally{tally}_counts[key] - 1")
    writer.line(f"    if count: tally{tally}_counts[key] = count")
    writer.line(f"    else: del tally{tally}_counts[key]")
