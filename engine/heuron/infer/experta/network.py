"""experta's classes for one program: fact classes, rules and an order of firing, made once.

experta keeps every predicate that it has seen for as long as the process lives, so the classes
are made once for a program and shared by its sessions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any

from heuron.diagnostics import RuleError
from heuron.infer.experta.shim import import_experta
from heuron.infer.host import HostFailed
from heuron.plan.experta import NUMBER, Element, ExpertaPlan, ExpertaRule
from heuron.values import UNKNOWN, Fact, Template, Value

__all__ = ["Network", "identity", "make_network"]

Fires = Callable[[Any, ExpertaRule, tuple[tuple[Value, ...], ...]], None]


@dataclass(frozen=True, slots=True)
class Network:
    """What sessions are made of: the engine's class, and how facts become experta's."""

    engine: type[Any]
    functions: Mapping[str, Callable[..., Any]]
    fact: Callable[[Fact], Any]


def make_network(
    plan: ExpertaPlan,
    templates: Mapping[str, Template],
    functions: Mapping[str, Callable[..., Any]],
    fires: Fires,
) -> Network:
    """Return the classes for a plan.

    Args:
        plan: A plan without problems.
        templates: The types of facts.
        functions: The plan's functions, compiled.
        fires: Called with the engine, the rule and the rows when an activation fires.
    """
    experta = import_experta()
    classes = {name: type(name, (experta.Fact,), {}) for name in templates}
    names = {
        type_name: {name: f"f{place}" for place, name in enumerate(fields)}
        for type_name, fields in plan.fields.items()
    }
    maker = _Maker(experta, classes, names, functions)
    body: dict[str, Any] = {f"rule{rule.index}": maker.rule(rule, fires) for rule in plan.rules}
    body["__strategy__"] = _strategy(plan.rules)
    engine = type("Rules", (experta.KnowledgeEngine,), body)

    def row(fact: Fact) -> tuple[Value, ...]:
        return (fact.number, *(fact[name] for name in templates[fact.type].names))

    def made(fact: Fact) -> Any:
        fields: dict[str, Any] = {"row": row(fact)}
        for name, key in names.get(fact.type, {}).items():
            value = fact.number if name == NUMBER else fact[name]
            # Unknown differs from nothing, so that it may be any value: right inside `not`.
            # What a `forall` asks for must be known to be the same: there it equals nothing.
            fields[key] = value
            fields[f"{key}known"] = object() if value is UNKNOWN else value
        return classes[fact.type](**fields)

    return Network(engine, functions, made)


class _Maker:
    """Makes rules from their elements."""

    def __init__(
        self,
        experta: Any,
        classes: Mapping[str, type[Any]],
        names: Mapping[str, Mapping[str, str]],
        functions: Mapping[str, Callable[..., Any]],
    ) -> None:
        self.experta = experta
        self.classes = classes
        self.names = names
        self.functions = functions

    def rule(self, rule: ExpertaRule, fires: Fires) -> Any:
        """Return a rule whose action calls `fires` with the rows that it matched."""
        elements = [self._element(rule, one) for one in rule.elements]
        if not rule.elements or rule.elements[0].kind != "fact":
            # A rule that begins with `not` or a test would never be activated.
            elements.insert(0, self.experta.InitialFact())

        def fire(engine: Any, **matched: Any) -> None:
            fires(engine, rule, tuple(matched[local]["row"] for local in rule.facts))

        fire.__name__ = f"rule{rule.index}"
        salience = rule.salience if rule.is_step else DEFINITION + rule.salience
        return self.experta.Rule(*elements, salience=salience)(fire)

    def _element(self, rule: ExpertaRule, one: Element) -> Any:
        experta = self.experta
        match one.kind:
            case "fact":
                return one.fact << self._pattern(rule, one)
            case "not":
                return experta.NOT(self._pattern(rule, one))
            case "exists":
                return experta.EXISTS(self._pattern(rule, one))
            case "forall":
                assert one.inner is not None
                leader = self._pattern(rule, one, "known")
                return experta.FORALL(leader, self._pattern(rule, one.inner, "known"))
        return experta.TEST(self._asked(rule, one))

    def _pattern(self, rule: ExpertaRule, one: Element, suffix: str = "") -> Any:
        """Return a fact with its predicate over the row, and names for what joins compare."""
        experta = self.experta
        fields: dict[str, Any] = {}
        if one.function:
            fields["row"] = experta.P(self._asked(rule, one))
        for name, shared in one.joins:
            fields[self.names[one.type_name][name] + suffix] = getattr(experta.MATCH, shared)
        return self.classes[one.type_name](**fields)

    def _asked(self, rule: ExpertaRule, one: Element) -> Callable[..., Any]:
        """Return an element's test, whose failure names the rule."""
        function = self.functions[one.function]

        # experta calls a test with the names that the function has.
        @wraps(function)
        def asked(*rows: Any, **named: Any) -> Any:
            try:
                return function(*rows, **named)
            except HostFailed as problem:
                message = f"Rule `{rule.name}` could not be tried: {problem.what}."
                raise RuleError(rule.problem("host-function", message)) from problem.__cause__

        return asked


DEFINITION = 1_000_000_000
"""Added to the salience of definitions, which are brought to their fixpoint before steps fire."""


def _strategy(rules: Iterable[ExpertaRule]) -> type[Any]:
    """Return the order of `depth` as far as experta knows what happened, ties decided.

    The newest fact first, then rule order, then the recency of the facts as the patterns stand;
    experta's own order leaves ties to the hashes of objects.
    """
    from experta.abstract import Strategy

    by_name = {f"rule{one.index}": one for one in rules}

    class Depth(Strategy):  # type: ignore[misc]
        """Highest salience, newest fact, rule order, recency."""

        def _update_agenda(self, agenda: Any, added: Any, removed: Any) -> None:
            if removed:
                gone = {identity(one) for one in removed}
                kept = [one for one in agenda.activations if identity(one) not in gone]
                agenda.activations[:] = kept
            for one in added:
                recency = [one.context[local].__factid__ for local in self.rule(one).facts]
                newest = max((fact.__factid__ for fact in one.facts), default=0)
                one.key = (one.rule.salience, newest, -self.rule(one).index, recency)
            agenda.activations += added
            agenda.activations.sort(key=lambda one: one.key)

        def rule(self, activation: Any) -> ExpertaRule:
            return by_name[activation.rule.__name__]

    return Depth


def identity(activation: Any) -> tuple[object, ...]:
    """Return what tells an activation from others: its rule, and the facts by number."""
    facts = frozenset(_number(fact) for fact in activation.facts)
    bound = frozenset(
        (name, _number(one))
        for name, one in activation.context.items()
        # experta names patterns without a name anew for each engine.
        if hasattr(one, "__factid__") and not name.startswith("__")
    )
    return activation.rule.__name__, facts, bound


def _number(fact: Any) -> object:
    """Return a fact's number and version; experta's own first fact has none."""
    return fact.get("row")
