"""The module that the general plans generate: one `make` function that closes over a memory.

`make(memory, reaction, today, now, host, predict, left, stop)` returns a dictionary of functions
by name. Tables, indexes and settled fields are looked up once, when a session starts; the
functions reach them as closed-over locals. `reaction` is what follows the changes that steps make
(see `infer.reaction`). `left` is the budget of search steps, a list of one number; `stop()`
is called when it falls below zero.

A row is the tuple (number, event, *given fields in template order); see `Layout`.
"""

from __future__ import annotations

from collections.abc import Iterable

from heuron.check.tree import Condition
from heuron.plan.keys import LARGE, modified_fields
from heuron.plan.normal import Program
from heuron.plan.source import Constants
from heuron.values import Template

__all__ = ["Layout", "Module"]

HEAD = 2
"""The places before a row's first field: its number and its event."""


class Layout:
    """Where the given fields of a type stand in its rows, and which fields are concluded."""

    __slots__ = ("concluded", "given", "places", "template")

    def __init__(self, template: Template, concluded: Iterable[tuple[str, str]]) -> None:
        names = {field for type_name, field in concluded if type_name == template.name}
        self.template = template
        self.concluded = tuple(name for name in template.names if name in names)
        self.given = tuple(name for name in template.names if name not in names)
        self.places = {name: HEAD + place for place, name in enumerate(self.given)}


class Module:
    """Collects the functions of one generated module, and what they close over."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.constants = Constants()
        self.layouts = {
            name: Layout(template, program.concluded)
            for name, template in program.templates.items()
        }
        self._header: dict[str, str] = {}
        self._numbers: dict[tuple[object, ...], int] = {}
        self._functions: list[str] = []
        self._names: list[str] = []
        self._counts: dict[str, int] = {}
        self.modified = modified_fields(program)
        """The fields of each type that steps modify: see `plan.keys`."""
        self.is_cold = False
        """Whether what is written is seldom called: its indexes are made when it is, if ever."""
        self.is_passing = False
        """Whether what is written is for one question: it must leave nothing in memory."""
        self.indexes: dict[str, list[tuple[tuple[int, ...], int]]] = {}
        """The indexes of each type, as (places, number), in the order in which they are made."""
        self.tallies: dict[str, list[tuple[tuple[int, ...], int]]] = {}
        """The tallies of each type, in the same form."""
        self.bodies: dict[tuple[object, ...], str] = {}
        self.kept: dict[tuple[object, ...], tuple[Condition, ...]] = {}

    def is_concluded(self, type_name: str, field: str) -> bool:
        """Return whether some rule concludes the field."""
        return (type_name, field) in self.program.concluded

    def is_many(self, type_name: str, field: str) -> bool:
        """Return whether the field may have several values."""
        return (type_name, field) in self.program.many

    def table(self, type_name: str) -> str:
        """Return the name of the dictionary of a type's rows by number."""
        name = f"t{self._number('t', type_name)}"
        self._header[name] = f"{name} = memory.table({self.constants.literal(type_name)})"
        return name

    def index(self, type_name: str, places: tuple[int, ...], often: bool = True) -> tuple[str, str]:
        """Return sources for an index's exact look-up and for its look-up of what may match.

        Args:
            type_name: The type.
            places: The places of its rows that make the key.
            often: Whether it is asked for many keys, so that it is kept from the first one on.
        """
        literal = self.constants.literal(type_name)
        if self.is_cold and ("i", type_name, places) not in self._numbers:
            index = f"memory.index({literal}, {places!r})"
            return f"{index}.awake()", f"{index}.possible"
        number = self._number("i", type_name, places)
        if (places, number) not in self.indexes.setdefault(type_name, []):
            self.indexes[type_name].append((places, number))
        self._header[f"i{number}"] = f"i{number} = memory.index({literal}, {places!r})"
        self._header[f"i{number}_buckets"] = f"i{number}_buckets = i{number}.buckets"
        self._waking(f"i{number}", f"g{number}", f"i{number}.ask", f"i{number}_buckets.get")
        if often:
            self._header[f"i{number}_often"] = f"i{number}.ask_often()"
        self._header[f"y{number}"] = f"y{number} = i{number}.possible"
        return f"g{number}", f"y{number}"

    def narrowed(self, exact: str, test: str) -> str:
        """Return the name of a look-up that is true if some row `one` of a bucket passes a test.

        Args:
            exact: The look-up of the bucket. Of a large one nothing is looked at.
            test: Source of the test.
        """
        name = f"{exact}_{self._number(exact, test)}"
        self._header[name] = (
            f"def {name}(key):\n"
            f"    bucket = {exact}(key)\n"
            f"    if bucket is None: return False\n"
            f"    if len(bucket) > {LARGE}: return True\n"
            f"    for one in bucket.values():\n"
            f"        if {test}: return True\n"
            f"    return False"
        )
        return name

    def tally(self, type_name: str, places: tuple[int, ...]) -> str:
        """Return the name of what has a key `in` it if some row has it."""
        number = self._number("tally", type_name, places)
        if (places, number) not in self.tallies.setdefault(type_name, []):
            self.tallies[type_name].append((places, number))
        literal = self.constants.literal(type_name)
        name = f"tally{number}"
        self._header[name] = f"{name} = memory.tally({literal}, {places!r})"
        self._header[f"{name}_counts"] = f"{name}_counts = {name}.counts"
        self._header[f"{name}_get"] = f"{name}_get = {name}.counts.get"
        self._waking(name, f"has{number}", name, f"{name}_counts")
        return f"has{number}"

    def _waking(self, kept: str, ask: str, seldom: str, often: str) -> None:
        """Write the flag `…_on`, whether something is kept by now, and the name to ask it by.

        The name stands for `seldom` until then, and from then on for `often`.
        """
        lines = [f"{kept}_on = {kept}.is_kept", f"{ask} = {often} if {kept}_on else {seldom}"]
        if not self.is_passing:
            lines += [
                f"def {kept}_watch():",
                f"    nonlocal {kept}_on, {ask}",
                f"    {kept}_on, {ask} = True, {often}",
                f"if not {kept}_on: {kept}.watchers.append({kept}_watch)",
            ]
        self._header[f"{kept}_on"] = "\n".join(lines)

    def ranges(self, type_name: str, place: int) -> str:
        """Return the name of the index of a type by the order of one place of its rows."""
        name = f"j{self._number('j', type_name, place)}"
        literal = self.constants.literal(type_name)
        return self.named(name, f"memory.ranges({literal}, {place!r})")

    def settled(self, type_name: str, field: str, what: str) -> str:
        """Return the name of a look-up in a concluded field by fact number.

        `what` is value, certainty, held (pairs of value and certainty) or levels.
        """
        number = self._number("s", type_name, field)
        key = f"{self.constants.literal(type_name)}, {self.constants.literal(field)}"
        self._header[f"s{number}"] = f"s{number} = memory.settled({key})"
        name = f"s{number}_{what}"
        self._header[name] = f"{name} = s{number}.{what}.get"
        return name

    def find(self, type_name: str) -> str:
        """Return the name of the look-up of a type's rows by number."""
        name = f"{self.table(type_name)}_get"
        self._header[name] = f"{name} = {self.table(type_name)}.get"
        return name

    def newest_first(self, type_name: str, rows: str) -> str:
        """Return source for a list of its own of a table's or bucket's rows, the newest first."""
        if type_name not in self.program.derived:
            return f"[*{rows}.values()][::-1]"
        return self.recent_derived(f"{rows}.values()")

    def recent_derived(self, rows: str) -> str:
        """Return source for rows of a derived type in the order that `newest_first` gives."""
        self._header["recent_derived"] = "recent_derived = memory.recent_derived"
        return f"recent_derived({rows})"

    def named(self, name: str, source: str) -> str:
        """Let the functions close over something under a name; return the name."""
        self._header[name] = f"{name} = {source}"
        return name

    def order(self) -> str:
        """Return the name of the function that gives a row's key in fact order."""
        self._header["order"] = "order = memory.order"
        return "order"

    def _number(self, *key: object) -> int:
        kind = str(key[0])
        if key not in self._numbers:
            self._counts[kind] = self._counts.get(kind, -1) + 1
            self._numbers[key] = self._counts[kind]
        return self._numbers[key]

    def fresh(self, prefix: str) -> str:
        """Return a new name for a function."""
        self._counts[prefix] = self._counts.get(prefix, -1) + 1
        return f"{prefix}{self._counts[prefix]}"

    def add(self, name: str, parameters: Iterable[str], lines: Iterable[str]) -> None:
        """Add a function; its lines are indented by one level within the function."""
        self._functions.append(f"    def {name}({', '.join(parameters)}):")
        self._functions += [f"    {line}" for line in lines]

    def export(self, name: str) -> None:
        """Let `make` return this function."""
        self._names.append(name)

    def source(self) -> str:
        """Return the module's source."""
        exported = ", ".join(f"{name!r}: {name}" for name in self._names)
        return "\n".join(
            [
                *self.constants.lines,
                "def make(memory, reaction, today, now, host, predict, left, stop):",
                *(f"    {line}" for text in self._header.values() for line in text.splitlines()),
                *self._functions,
                f"    return {{{exported}}}",
                "",
            ]
        )
