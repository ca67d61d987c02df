"""What a lazy search does with an activation: gives it to the agenda, or fires it on the spot.

A step that can only assert, modify and retract, with values that are in their fields' types
already, need not go through the agenda for every activation: the search carries the actions out
itself, tells the agenda's list of firings, and goes on with its loops. It hands over when the
agenda has something to put before it: when a change started another search (which then stands
above it, or in the stack of a higher salience), or when as many steps have fired as may fire now.

Whatever is out of the ordinary is given to the agenda as an activation: values that are not in
their fields' types, two variables for one fact that is changed, an activation somebody only looks
at, changes that others must follow.
"""

from __future__ import annotations

from heuron.check.reads import patterns, variable_types
from heuron.check.tree import (
    Assert,
    Because,
    Call,
    Halt,
    Log,
    Modify,
    Negation,
    Pattern,
    Retract,
    Rule,
    Test,
)
from heuron.check.walk import walk
from heuron.plan.acting import can_fail_halfway, fits_plainly, perhaps_equal, prepare_actions
from heuron.plan.changes import Changes
from heuron.plan.derivation import tuple_of
from heuron.plan.matcher import LOOPS, Body
from heuron.plan.scope import Scope

__all__ = ["Firing", "activation", "firing_of"]


def activation(scope: Scope, rows: list[str], values: list[str]) -> str:
    """Return source for an activation: the matched rows, the other values."""
    matched = tuple_of([scope.rows[one] for one in rows])
    return f"({matched}, {tuple_of([scope.local(one) for one in values])})"


class Firing:
    """Writes the firing of one rule's activations inside its searches."""

    def __init__(self, rule: Rule, changes: Changes) -> None:
        self.rule = rule
        self.changes = changes
        module = changes.module
        self.step = module.named(f"step{rule.index}", f"reaction.steps[{rule.index!r}]")
        # One rule of each higher salience: its stack is that of the salience.
        higher: dict[int, Rule] = {}
        for one in changes.lazy:
            if one.salience > rule.salience:
                higher.setdefault(one.salience, one)
        self._higher = tuple(
            module.named(f"step{one.index}", f"reaction.steps[{one.index!r}]")
            for one in higher.values()
        )
        self.values = f"p{rule.index}"
        """The name of the function that computes an activation's other values from its rows."""
        types = variable_types(rule.conditions)
        self.changed = frozenset(
            types[one.variable] for one in rule.actions if isinstance(one, (Modify, Retract))
        )
        """The types of the facts that the rule ends or makes new versions of."""
        self._is_blocked = any(isinstance(one, Negation) for one in rule.conditions)

    @property
    def is_brief(self) -> bool:
        """Whether one result and the rows are all that a record of a firing needs."""
        rule = self.rule
        kinds = (Pattern, Test, Negation)
        return len(rule.actions) == 1 and all(isinstance(one, kinds) for one in rule.conditions)

    def write_values(self, values: list[str]) -> None:
        """Write `pi(rows)`, the other values of an activation, which a brief record leaves out."""
        layouts, module = self.changes.module.layouts, self.changes.module
        sources: dict[str, str] = {}
        for at, one in enumerate(patterns(self.rule.conditions)):
            places = layouts[one.type_name].places
            for binding in one.bindings:
                sources.setdefault(binding.variable, f"rows[{at}][{places[binding.field]}]")
        source = tuple_of([sources[one] for one in values])
        module.add(self.values, ("rows",), [f"    return {source}"])
        module.export(self.values)

    def begin(self, body: Body) -> None:
        """Write what a search needs to know before its loops."""
        writer = body.writer
        writer.line(f"stack = {self.step}.stack")
        for place, step in enumerate(self._higher):
            writer.line(f"higher{place} = {step}.stack")
        if self._is_blocked:
            writer.line(f"woken = {self.step}.woken")
        self._look(body)

    def _look(self, body: Body) -> None:
        """Write the look at what may have changed while the agenda was at work."""
        body.writer.line("fires, depth = alone and reaction.fires, len(stack)")
        body.writer.line("fired, until = reaction.fired, reaction.until")

    def _look_again(self, body: Body) -> None:
        body.writer.line("stale = memory.gone != gone")
        self._look(body)

    def give(self, body: Body, rows: list[str], values: list[str]) -> None:
        """Write the firing of an activation, or its gift to the agenda."""
        writer, scope = body.writer, body.scope
        if self._is_blocked:
            key = tuple_of([f"({scope.rows[one]}[0], {scope.rows[one]}[1])" for one in rows])
            # What was blocked since belongs to what unblocked it.
            writer.line(f"if not fires or not woken or woken.get({key}, -1) <= event:")
            writer.depth += 1
        unfit = [
            f"{scope.rows[first]} is not {scope.rows[second]}"
            for first, second in perhaps_equal(self.rule)
        ]
        actions = self.rule.actions
        carry_out = prepare_actions(body, actions, self.changes, self.rule.name, unfit)
        writer.line(f"if {' and '.join(['fires', *dict.fromkeys(unfit)])}:")
        writer.depth += 1
        done = carry_out()
        found = activation(scope, rows, values)
        if self.changed:
            writer.line("stale = True")
        if self.is_brief:
            matched = ", ".join(scope.rows[one] for one in rows)
            writer.line(f"fired.append(({self.step}, {done[0]}, {matched}))")
        else:
            writer.line(f"fired.append(({self.step}, {found[1:-1]}, {tuple_of(done)}, (None, ())))")
        others = "".join(f"higher{place} or " for place in range(len(self._higher)))
        writer.line(f"if {others}len(stack) != depth or len(fired) >= until:")
        writer.line("    yield ()")
        writer.depth += 1
        self._look_again(body)
        writer.depth -= 2
        writer.line("else:")
        writer.line(f"    yield {found}")
        writer.depth += 1
        self._look_again(body)
        writer.depth -= 1 + self._is_blocked


def firing_of(rule: Rule, changes: Changes) -> Firing | None:
    """Return how a rule fires within its searches, or None where it must not."""
    if can_fail_halfway(changes.module.program, rule, changes.followed, are_distinct=True):
        return None
    if any(first == second for first, second in perhaps_equal(rule)):
        return None
    if len(patterns(rule.conditions)) >= LOOPS or not _is_plain(rule, changes):
        return None
    return Firing(rule, changes)


def _is_plain(rule: Rule, changes: Changes) -> bool:
    if any(isinstance(one, (Because, Log, Halt)) for one in rule.actions):
        return False
    if any(isinstance(one, Call) and one.host for one in walk((rule.actions, rule.conditions))):
        return False
    return all(_fits(rule, one, changes) for one in rule.actions)


def _fits(rule: Rule, action: object, changes: Changes) -> bool:
    layouts = changes.module.layouts
    if isinstance(action, Assert):
        layout = layouts[action.type_name]
        given = dict(action.values)
        return not (set(given) & set(layout.concluded)) and all(
            fits_plainly(layout.template[name], given.get(name)) for name in layout.given
        )
    if isinstance(action, Modify):
        types = {one.variable: one.type_name for one in patterns(rule.conditions)}
        template = layouts[types[action.variable]].template
        return all(fits_plainly(template[name], node) for name, node in action.changes)
    return True
