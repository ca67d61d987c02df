"""A descent: the searches around a rule's own new facts, gone through in one loop.

Where a rule joins one fact of the type that it derives with one other fact, as a closure does, its
searches lie on each other like the steps of a stair: the new fact is searched around at once, and
what is left of the search that found it waits. That needs no generator for each fact: a search is
an iterator over the facts to join with and a few locals, so one loop goes down and up the stair.
The order is that of the searches of `plan.defining`; the facts are the same.

For the rule with index i, `xi(seeds, look)` is such a loop around some rows. It holds what it
derives, one number after the other from the memory's next one on. `look(count)` is called when so
many have been derived, sees that no limit is met, and returns at how many it is to be called
again.
"""

from __future__ import annotations

from re import findall

from heuron.check.reads import patterns
from heuron.check.tree import Aggregate, Bind, Binding, Pattern, Rule, Test, Variable
from heuron.check.walk import walk
from heuron.plan.definitionbody import DefinitionBody
from heuron.plan.derivation import derived_values, fitting, only_derivation, tuple_of
from heuron.plan.items import Item, items_of
from heuron.plan.module import Module
from heuron.plan.source import Writer

__all__ = ["descends", "write_descent"]

VALUES = ".values()"


def descends(rule: Rule, growing: frozenset[str]) -> bool:
    """Return whether a rule has a descent: it derives, of one own fact and one other, one fact.

    Args:
        rule: A definition.
        growing: The types that are derived together with the rule's.
    """
    action = only_derivation(rule)
    own = patterns(rule.conditions)
    if action is None or len(own) != 2 or any(one.identity is not None or one.each for one in own):
        return False
    if not all(isinstance(one, (Pattern, Test, Bind)) for one in rule.conditions):
        return False
    if any(isinstance(one, Aggregate) for one in walk(rule.conditions)):
        # What it searches would have to be counted in its midst.
        return False
    return [one.type_name for one in own if one.type_name in growing] == [action.type_name]


def write_descent(module: Module, rule: Rule, growing: frozenset[str]) -> str | None:
    """Write the descent of a rule and return its name; None where there is none."""
    if not descends(rule, growing):
        return None
    return _Descent(module, rule, growing).write()


class _Descent:
    """Writes one descent."""

    def __init__(self, module: Module, rule: Rule, growing: frozenset[str]) -> None:
        action = only_derivation(rule)
        assert action is not None
        self.module = module
        self.rule = rule
        self.growing = growing
        own = patterns(rule.conditions)
        (self.seed,) = (one for one in own if one.type_name == action.type_name)
        (self.other,) = (one for one in own if one is not self.seed)
        self.action = action
        self.writer = Writer()

    def write(self) -> str:
        """Write the function and return its name."""
        writer, module = self.writer, self.module
        type_name = module.constants.literal(self.action.type_name)
        self._lines(
            1,
            "number = first = memory.next_number",
            "event, room, enough, frames = memory.event, left[0], first + look(0), []",
            "try:",
            "    for seed in seeds:",
        )
        body, items = self._around("seed", 3, {})
        outer = dict(body.scope.values)
        source, used = self._candidates(body, items)
        self._lines(3, f"rest = iter({source})", "while True:", "    for r in rest:")
        begun = len(writer.lines)
        self._derive(body, items, used)
        words = {word for line in writer.lines[begun:] for word in findall(r"\w+", line)}
        # What the loop reads of its search, and so must find again when it comes back up.
        kept = {one: local for one, local in outer.items() if local in words}
        self._go_down(body, kept, "seed" in words)
        frame = ", ".join(["rest", *kept.values(), *(["seed"] if "seed" in words else [])])
        self._lines(
            4,
            "else:",
            "    if not frames:",
            "        break",
            f"    ({frame},) = frames.pop()",
        )
        self._lines(
            1,
            "finally:",
            "    left[0] = room",
            f"    memory.enter_derived({type_name}, number)",
        )
        name = f"x{self.rule.index}"
        module.add(name, ("seeds", "look"), writer.lines)
        return name

    def _lines(self, depth: int, *lines: str) -> None:
        self.writer.depth = depth
        for line in lines:
            self.writer.line(line)

    def _around(
        self, row: str, depth: int, known: dict[str, str]
    ) -> tuple[DefinitionBody, list[Item]]:
        """Begin a search around a row; return what of its conditions waits for the other row.

        Args:
            row: The local of the row.
            depth: How far the lines are indented.
            known: Locals of fields that are known to have values.
        """
        body = DefinitionBody(
            self.module, self.rule, self.action, frozenset(), self.growing, has_limit=False
        )
        body.write_on(self.writer)
        body.budget, body.loops = "room", 1
        self.writer.depth = depth
        items = items_of(self.rule.conditions)
        body.bind_seed(self.seed, items, row)
        for item in [*items]:
            one = item.condition
            if isinstance(one, Binding) and item.owner is self.seed and one.field in known:
                body.scope.values[one.variable] = known[one.field]
                items.remove(item)
        body._ready(items)
        return body, items

    def _candidates(self, body: DefinitionBody, items: list[Item]) -> tuple[str, list[Item]]:
        """Write the look-up of what a row is joined with, and the way past nothing."""
        keys, used = body._keys(self.other, items)
        body.waiting = items
        source = body._candidates(self.other, keys)
        self.writer.line(f"if not {source.removesuffix(VALUES)}:")
        self.writer.line("    continue")
        return source, used

    def _derive(self, body: DefinitionBody, items: list[Item], used: list[Item]) -> None:
        """Write what holds of the other row, and what is derived then."""
        writer = self.writer
        writer.depth = 5
        body.loops = 2
        body.scope.rows[self.other.variable] = "r"
        body.scope.types[self.other.variable] = self.other.type_name
        for item in used:
            items.remove(item)
        body._ready(items)
        assert not items
        values, doubtful = derived_values(body, self.action)
        if doubtful:
            self._lines(5, f"if {' or '.join(doubtful)}:", "    continue")
        literal = self.module.constants.literal(self.action.type_name)
        name = f"know{self.rule.index}"
        known = self.module.named(name, f"memory.known({literal}).setdefault")
        self.module.named("types", "memory.types")
        self._lines(
            5,
            f"if {known}({values}, number) != number:",
            "    continue",
            f"row = (number, event, {values[1:-1]})",
            f"{self.module.table(self.action.type_name)}[number] = row",
            f"types[number] = {literal}",
            "number += 1",
            "if number >= enough:",
            "    enough = first + look(number - first)",
        )

    def _go_down(self, body: DefinitionBody, kept: dict[str, str], keeps_seed: bool) -> None:
        """Write the search around the new row, which comes before what is left of this one."""
        writer = self.writer
        known = {}
        for name, value in self.action.values:
            source = fitting(body, self.action.type_name, name, value)
            if isinstance(value, Variable) and source.isidentifier():
                known[name] = source
        below, items = self._around("row", 5, known)
        source, _ = self._candidates(below, items)
        targets, sources = ["rest"], [f"iter({source})"]
        for one, local in kept.items():
            if local != below.scope.values[one]:
                targets.append(local)
                sources.append(below.scope.values[one])
        if keeps_seed:
            targets.append("seed")
            sources.append("row")
        frame = tuple_of(["rest", *kept.values(), *(["seed"] if keeps_seed else [])])
        writer.line(f"frames.append({frame})")
        writer.line(f"{', '.join(targets)} = {', '.join(sources)}")
        writer.line("break")
