"""The dispatch plan: a block of routes as one generator function.

The function tries the routes in order and their conditions from left to right. Where it needs a
backend that was not asked yet it yields the backend's name, is suspended, and goes on with the
opinion that it is sent. So a backend is asked once, and only when a route needs it. Reading a
concluded field, or facts other than the record, counts as asking the rules.

The generated module has one function, `dispatch(get, today, now, host, has, same)`: `get` reads
the given fields of the record that was asked about, `has` says whether a model can be asked,
`same` whether two values count as equal. It returns (place of the route taken or -1, routes
tried, routes skipped, fields that were missing).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from heuron.check.tree import Base, Pattern, Predict, Route
from heuron.diagnostics import Diagnostic, RuleError, Severity
from heuron.plan.recordnames import RecordConditions
from heuron.plan.routenames import RULES, RouteNames
from heuron.plan.routequeries import Asked, Part, parts_of, reads_backends
from heuron.plan.routetext import why_parts
from heuron.plan.source import Constants, Writer

__all__ = ["DispatchPlan", "plan_dispatch"]

RouteLine = tuple[int, str, str | None, str | None, str]
"""Line, backend (rules, model, refer or agree), model, reason, the line as written."""


@dataclass(frozen=True, slots=True)
class DispatchPlan:
    """A dispatch block as source text, with what its routes are.

    `models` names the models that some route reads or uses, in order.
    """

    name: str | None
    source: str
    routes: tuple[RouteLine, ...]
    models: tuple[str, ...]


def plan_dispatch(base: Base, place: int = 0) -> DispatchPlan:
    """Return the plan of a dispatch block of a knowledge base with a goal.

    Args:
        base: The resolved tree; its program must be made `with_route_queries`.
        place: Which of its dispatch blocks.

    Raises:
        RuleError: A condition is beyond what routes can ask.
    """
    assert base.goal is not None, "a dispatch block needs a goal"
    return _RouteWriter(base, place).plan()


class _RouteWriter:
    def __init__(self, base: Base, place: int) -> None:
        assert base.goal is not None
        self.base = base
        self.place = place
        self.block = base.dispatches[place]
        template = base.templates[base.goal.type_name]
        concluded = [field for type_name, field in base.concluded if type_name == template.name]
        many = frozenset(field for type_name, field in base.many if type_name == template.name)
        self.constants = Constants()
        self.names = RouteNames(template, tuple(concluded), many, self.constants)

    def plan(self) -> DispatchPlan:
        bodies: list[str] = []
        for place, route in enumerate(self.block.routes):
            writer = Writer()
            self._route(writer, place, route)
            bodies += writer.lines
        backends = self.names.backends
        start = [f"    {' = '.join(backends.values())} = None"] if backends else []
        lines = [
            *self.constants.lines,
            "def dispatch(get, today, now, host, has, same):",
            *start,
            "    tried = []",
            "    skipped = []",
            "    missing = []",
            *bodies,
            "    return (-1, tried, skipped, missing)",
            # A block whose routes ask nobody is a generator all the same.
            "    yield",
            "",
        ]
        routes = tuple(
            (one.line, one.backend, one.name, one.reason, one.text) for one in self.block.routes
        )
        models = tuple(name for name in backends if name != "rules")
        return DispatchPlan(self.block.name, "\n".join(lines), routes, models)

    def _route(self, writer: Writer, place: int, route: Route) -> None:
        writer.line("for _ in ONCE:")
        writer.depth += 1
        if route.backend in ("model", "agree"):
            self._skip_absent(writer, route)
        if route.backend == "refer":
            writer.line("gaps = None")
        self.names.start(route)
        parts = parts_of(route, self.names.template.name, self.place)
        for part in parts:
            self._condition(writer, route, part)
        if route.backend == "agree":
            self._agree(writer, route)
        if route.backend == "refer":
            self._refer(writer, route, place, parts)
        writer.line(f"tried.append(({route.line!r}, True, {self._why(parts, route)}))")
        writer.line(f"return ({place!r}, tried, skipped, missing)")

    def _skip_absent(self, writer: Writer, route: Route) -> None:
        model = self.constants.literal(route.name)
        writer.line(f"if not has({model}):")
        writer.line(f"    skipped.append(({route.line!r}, {model}))")
        writer.line("    continue")

    def _condition(self, writer: Writer, route: Route, condition: Part) -> None:
        """Write one condition: go on when it holds, else leave the route."""
        if isinstance(condition, Predict):
            self.names.predict(condition)
            return
        conditions = RecordConditions(self.names, self.constants, writer)
        if isinstance(condition, Asked):
            true, false = self._asked(condition)
            writer.line(f"if not ({true}):")
            writer.depth += 1
        elif isinstance(condition, Pattern) and condition.each:
            held = self._some_value(writer, conditions, condition)
            true, false = f"{held} is True", f"{held} is False"
            writer.line(f"if not ({true}):")
            writer.depth += 1
        else:
            writer.line(f"if not ({conditions.true(condition)}):")
            writer.depth += 1
            # Written inside: what it reads more than `true` is read only when that failed, and
            # the locals that it keeps are not there for later conditions.
            variables = dict(self.names.variables)
            false = conditions.false(condition)
            self.names.variables = variables
        why = self._why((condition,), route)
        writer.line(f"if {false}:")
        writer.line(f"    tried.append(({route.line!r}, False, {why}))")
        writer.line("    continue")
        self._absent(writer, route, condition)
        if route.backend == "refer":
            # A later condition may still be false; only then does the route not concern us.
            writer.line(f"gaps = lack(gaps, get, {self._reads(condition)})")
        else:
            writer.line(f"tried.append(({route.line!r}, None, {why}))")
            writer.line("continue")
        writer.depth -= 1

    def _asked(self, asked: Asked) -> tuple[str, str]:
        """Return source for a condition about facts that is true, and that is false."""
        if reads_backends(asked):
            message = "A condition of a route reads a backend within one about facts."
            hint = "Write the two as conditions of their own."
            mistake = Diagnostic(Severity.ERROR, "not-yet", message, asked.span, hint)
            source = self.base.texts.get(asked.span.file)
            raise RuleError(mistake.located(source) if source else mistake)
        rules = self.names.ask(RULES)
        names = (self.constants.literal(one.name) for one in (asked.true, asked.false))
        return tuple(f"{rules}.holds({name})" for name in names)  # type: ignore[return-value]

    def _some_value(self, writer: Writer, conditions: RecordConditions, pattern: Pattern) -> str:
        """Write whether some value of a `many` field fits the pattern; return the local.

        Without a value what reads it is unknown, as with every unknown field.
        """
        held, loops = writer.fresh("h"), 0
        writer.line(f"{held} = False")
        for field in pattern.each:
            value, certainty = writer.fresh("e"), writer.fresh("t")
            pairs = writer.keep(self.names.values(pattern.variable, field), "p")
            writer.line(f"for {value}, {certainty} in {pairs} or NOTHING:")
            self.names.each[field] = (value, certainty)
            writer.depth += 1
            loops += 1
        writer.line(f"if {conditions.true(pattern)}:")
        writer.line(f"    {held} = True")
        writer.line("    break")
        writer.line(f"if not ({conditions.false(pattern)}):")
        writer.line(f"    {held} = UNKNOWN")
        writer.depth -= loops
        self.names.each.clear()
        return held

    def _absent(self, writer: Writer, route: Route, condition: Part) -> None:
        """Write that a route is skipped when what is unknown is a model that is absent."""
        for model in self.names.models_in(condition):
            if model == route.name:
                continue  # looked at before the route began
            literal = self.constants.literal(model)
            writer.line(f"if not has({literal}):")
            writer.line(f"    skipped.append(({route.line!r}, {literal}))")
            if route.backend != "refer":
                writer.line("    continue")

    def _reads(self, condition: Part) -> str:
        """Return source for what `lack` looks at: given fields, rules' fields, opinions."""
        given, concluded = self.names.fields_in(condition)
        others = self.names.others_in(condition) if isinstance(condition, Asked) else ()
        rules = self.names.local(RULES) if concluded else "None"
        opinions = [
            self.names.backends[name]
            for name in self.names.backends_in(condition)
            if name in self.names.backends
        ]
        listed = "".join(f"{one}, " for one in opinions)
        given_source = self.constants.literal(given)
        fields = f"{rules}, {self.constants.literal(concluded)}"
        return f"{given_source}, {fields}, ({listed}), {self.constants.literal(others)}"

    def _agree(self, writer: Writer, route: Route) -> None:
        assert route.name is not None
        rules = self.names.ask("rules")
        model = self.names.ask(route.name)
        writer.line(f"if not ({rules}.answered and {model}.answered):")
        seen = f"agreement({self.names.local('rules')}, {self.names.local(route.name)}, "
        seen += f"{self.constants.literal(route.name)})"
        writer.line(f"    tried.append(({route.line!r}, False, {seen}))")
        writer.line("    continue")
        both = f"{self.names.local('rules')}.value, {self.names.local(route.name)}.value"
        writer.line(f"if not same({both}):")
        writer.line(f"    tried.append(({route.line!r}, False, {seen}))")
        writer.line("    continue")

    def _refer(self, writer: Writer, route: Route, place: int, parts: Sequence[Part]) -> None:
        """Write that an unknown condition refers when evidence is lacking, and else does not."""
        if not route.conditions:
            return
        why = self._why(parts, route)
        writer.line("if gaps is not None:")
        writer.line(f"    tried.append(({route.line!r}, None, {why}))")
        writer.line("    if gaps:")
        writer.line(f"        return ({place!r}, tried, skipped, gaps)")
        writer.line("    continue")

    def _why(self, conditions: Sequence[Part], route: Route) -> str:
        if route.backend == "agree" and not conditions:
            rules, model = self.names.local("rules"), self.names.local(str(route.name))
            return f"agreement({rules}, {model}, {self.constants.literal(route.name)})"
        if not conditions:
            return "'otherwise'"
        parts = why_parts(conditions, self.base.texts, self.names)
        return f"words({', '.join(parts)})"
