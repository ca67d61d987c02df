"""Chains of firings: a rule whose new facts are seeds of the same search.

A recursive step such as "what is reached, and an edge from there, reaches further" spends its time
handing each new fact to the agenda and getting its search back. Where a search has one pattern
beside its seed, and the rule does nothing but assert facts of the seed's type, the searches around
the new facts can be gone through in one function, in the very order in which the agenda would
have: the newest fact first, each search resumed where a newer one interrupted it. Nothing but the
new facts changes meanwhile, so indexes follow when the chain ends. It does so, and gives
what is left of its searches to the agenda, when a new fact may complete something else, when a
value is not in its field's type, or when enough has fired.
"""

from __future__ import annotations

from re import findall

from heuron.check.reads import patterns
from heuron.check.tree import Assert, Binding, Pattern, Test
from heuron.plan.acting import asserted_values
from heuron.plan.derivation import tuple_of
from heuron.plan.firing import Firing
from heuron.plan.gates import seeding_gates
from heuron.plan.items import Item, items_of
from heuron.plan.matcher import Leaf
from heuron.plan.module import Module
from heuron.plan.searchbody import SearchBody

__all__ = ["Chain", "chain_of"]

REVERSED = "[::-1]"


class Chain:
    """Writes the function `name_chain(event, seed, rest)` of one search, and its use.

    `rest` are the rows that the search had still to look at when it was interrupted, or None.
    """

    def __init__(
        self, module: Module, name: str, firing: Firing, seed: Pattern, older: frozenset[str]
    ) -> None:
        self.module = module
        self.name = name
        self.firing = firing
        self.seed = seed
        self.older = older
        self.values: list[str] = []
        conditions = firing.rule.conditions
        (self.other,) = (one for one in patterns(conditions) if one is not seed)

    def use(self, body: SearchBody) -> None:
        """Write the way into the chain from a search that may fire."""
        writer = body.writer
        writer.line("if rest is not None:")
        # What was left may have gone since.
        writer.line("    gone, began, stale = -1, -1, True")
        writer.line("if fires:")
        writer.line(f"    if {self.name}_chain(event, seed, rest): yield ()")
        writer.line("    return")
        body.rest = "rest"

    def write(self) -> None:
        """Write the chain, and the start of a search that it left."""
        self.module.named("enter", "reaction.enter")
        self.module.named("ready", "reaction.ready")
        self.module.add(
            f"{self.name}_left",
            ("event", "given"),
            [f"    return {self.name}(event, given[0], True, given[1])"],
        )
        body = SearchBody(self.module, Leaf(_nothing, "return False"), self.older)
        writer, module = body.writer, self.module
        items = items_of(self.firing.rule.conditions)
        body.bind_seed(self.seed, items)
        body._ready(items)
        bound = dict(body.scope.values)
        candidates, used = self._candidates(body, items)
        find = module.find(self.other.type_name)
        older = ">=" if self.other.variable in self.older else ">"
        for line in (
            f"if rest is None: rest = {_oldest_first(candidates)}",
            f"else: rest = [one for one in rest[::-1] if {find}(one[0]) is one]",
            # What the rule reads besides stays as it is: only at the start may rows be newer.
            f"rest = [one for one in rest if not one[1] {older} event]",
            f"stack = {self.firing.step}.stack",
            "fired, enough = reaction.fired, min(len(reaction.fired) + 1024, reaction.most)",
            "first = number = memory.next_number",
            # Each new fact has an event of its own, so both are counted as one.
            "lag, room, frames, has_more = memory.event + 1 - number, left[0], [], False",
            "try:",
        ):
            writer.line(line)
        writer.depth += 1
        writer.line("while True:")
        writer.depth += 1
        self._pick(body, items, used, bound)
        self._fire(body)
        self._follow(body, bound)
        writer.depth -= 2
        self._enter(body)
        for line in (
            "if has_more:",
            f"    if rest: frames.append((seed, rest{self._named(bound)}))",
            f"    for seed, rest{self._named(bound)} in frames:",
            f"        entry = (seed[1], {self.firing.step}, (seed, rest[::-1]), {self.name}_left)",
            "        stack.append(entry)",
            "    if is_new:",
            f"        {self._gate()}(row)",
            "        if ready: enter()",
            "return has_more",
        ):
            writer.line(line)
        module.add(f"{self.name}_chain", ("event", "seed", "rest"), writer.lines)

    def _gate(self) -> str:
        return f"e{self.firing.changes.number(self.seed.type_name)}"

    def _named(self, bound: dict[str, str]) -> str:
        return "".join(f", {local}" for local in bound.values())

    def _candidates(self, body: SearchBody, items: list[Item]) -> tuple[str, list[Item]]:
        """Write the look-up of the rows of the other pattern; return it, the newest first."""
        keys, used = body._keys(self.other, items)
        body.waiting = items
        return body._candidates(self.other, keys), used

    def _pick(
        self, body: SearchBody, items: list[Item], used: list[Item], bound: dict[str, str]
    ) -> None:
        """Write the next row to look at, of the newest search that has one."""
        writer, scope = body.writer, body.scope
        frame = f"seed, rest{self._named(bound)}"
        for line in (
            "if not rest:",
            "    if not frames: break",
            f"    {frame} = frames.pop()",
            "r = rest.pop()",
        ):
            writer.line(line)
        body.loops = 1
        scope.rows[self.other.variable] = "r"
        scope.types[self.other.variable] = self.other.type_name
        for item in used:
            items.remove(item)
        body._ready(items)
        assert not items

    def _fire(self, body: SearchBody) -> None:
        """Write the firing: what is held already is asserted in vain."""
        writer, rule = body.writer, self.firing.rule
        (action,) = rule.actions
        assert isinstance(action, Assert)
        unfit: list[str] = []
        self.values = values = asserted_values(body, action, unfit)
        if unfit:
            writer.line(f"if not ({' and '.join(dict.fromkeys(unfit))}):")
            writer.line("    rest.append(r)")
            self._give_up(body, "False")
        rows = [one.variable for one in patterns(rule.conditions)]
        matched = "".join(f", {body.scope.rows[one]}" for one in rows)
        known = self.firing.changes.known(self.seed.type_name)
        writer.line(f"if {known}.setdefault({tuple_of(values)}, number) != number:")
        writer.line(f"    fired.append(({self.firing.step}, 0{matched}))")
        writer.line("    if len(fired) >= enough:")
        writer.depth += 1
        self._give_up(body, "False")
        writer.depth -= 1
        writer.line("    continue")
        module, literal = self.module, self.module.constants.literal(self.seed.type_name)
        module.named("types", "memory.types")
        module.named("told", "memory.told.add")
        for line in (
            f"row = (number, number + lag, {', '.join(values)})",
            f"{module.table(self.seed.type_name)}[number] = row",
            f"types[number] = {literal}",
            "told(number)",
            f"fired.append(({self.firing.step}, number{matched}))",
            "number += 1",
        ):
            writer.line(line)
        others = self._other_gates()
        writer.line(f"if {''.join(f'{one} or ' for one in others)}len(fired) >= enough:")
        self._give_up(body, "True")

    def _give_up(self, body: SearchBody, is_new: str) -> None:
        """Write the end of the chain, within a condition."""
        writer = body.writer
        writer.line(f"    has_more, is_new = True, {is_new}")
        writer.line("    break")

    def _other_gates(self) -> list[str]:
        """Return sources for "the new row may complete something else"."""
        changes = self.firing.changes
        gates = seeding_gates(self.module, changes.lazy, self.seed.type_name)
        tests = [" and ".join(one.tests) for one in gates if one.search != self.name]
        return [f"({one})" for one in dict.fromkeys(tests)]

    def _follow(self, body: SearchBody, bound: dict[str, str]) -> None:
        """Write the search around the new row, which comes before what is left of the others."""
        writer = body.writer
        next_one = SearchBody(self.module, body.leaf, self.older)
        next_one.write_on(writer)
        next_one.loops = 1
        items = items_of(self.firing.rule.conditions)
        next_one.bind_seed(self.seed, items, "row")
        self._bind_known(next_one, items)
        next_one._ready(items)
        keys, _ = next_one._keys(self.other, items)
        next_one.waiting, next_one.budget = items, "room"
        candidates = next_one._candidates(self.other, keys)
        further = _oldest_first(candidates)
        writer.line(f"if {further.removeprefix('[*').removesuffix('.values()]')}:")
        writer.line(f"    if rest: frames.append((seed, rest{self._named(bound)}))")
        writer.line(f"    seed, rest = row, {further}")
        sources = {local: next_one.scope.values[one] for one, local in bound.items()}
        changed = {local: source for local, source in sources.items() if local != source}
        if changed:
            writer.line(f"    {', '.join(changed)} = {', '.join(changed.values())}")

    def _bind_known(self, body: SearchBody, items: list[Item]) -> None:
        """Bind what the new row's fields are known to be: the values that it was made of."""
        places = self.module.layouts[self.seed.type_name].given
        for item in [*items]:
            one = item.condition
            if isinstance(one, Binding) and item.owner is self.seed:
                source = self.values[places.index(one.field)]
                if source.isidentifier() and source != "UNKNOWN":
                    body.scope.values[one.variable] = source
                    items.remove(item)

    def _enter(self, body: SearchBody) -> None:
        """Write the entry of all new rows into memory."""
        writer, module = body.writer, self.module
        literal = module.constants.literal
        type_name, rule = literal(self.seed.type_name), literal(self.firing.rule.name)
        module.named("end_chain", "reaction.end_chain")
        for line in (
            "finally:",
            "    left[0] = room",
            f"    if number != first: end_chain({type_name}, first, number - 1 + lag, {rule})",
        ):
            writer.line(line)


def _nothing(body: object) -> None:
    return None


def _oldest_first(newest_first: str) -> str:
    """Return source for a list of its own of rows, the oldest first."""
    if newest_first.endswith(REVERSED):
        return newest_first.removesuffix(REVERSED)
    return f"{newest_first}{REVERSED}"


def chain_of(
    module: Module, name: str, firing: Firing | None, seed: Pattern, older: frozenset[str]
) -> Chain | None:
    """Return the chain of a search, or None where its firings do not seed it again so simply."""
    if firing is None or len(firing.rule.actions) != 1:
        return None
    (action,) = firing.rule.actions
    conditions = firing.rule.conditions
    own = patterns(conditions)
    others = [one for one in own if one is not seed]
    if not isinstance(action, Assert) or action.type_name != seed.type_name or len(others) != 1:
        return None
    if others[0].type_name == seed.type_name or any(one.identity is not None for one in own):
        return None
    if not all(isinstance(one, (Pattern, Test)) for one in conditions):
        return None
    if any(one.type_name in module.program.derived for one in own):
        return None
    # What is asked of each new row must not need those that are not entered yet.
    pending = {module.table(seed.type_name)}
    gates = seeding_gates(module, firing.changes.lazy, seed.type_name)
    pending |= {f"g{number}" for _, number in module.indexes.get(seed.type_name, ())}
    pending |= {f"has{number}" for _, number in module.tallies.get(seed.type_name, ())}
    for gate in gates:
        words = {word for test in gate.tests for word in findall(r"[a-z]+[0-9]+", test)}
        if gate.search != name and (not gate.tests or words & pending):
            return None
    return Chain(module, name, firing, seed, older)
