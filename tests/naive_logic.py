"""The oracle, first part: expressions and conditions in three-valued logic."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, timedelta
from functools import cache
from itertools import product
from typing import Any

from heuron.check import tree
from heuron.values import UNKNOWN, Value
from naive_functions import arithmetic, call, compare, number_in_range

Environment = dict[object, Any]
"""Variables to values (fact variables to numbers); (variable, field) to the value of an `each`."""


# What is true at one moment


@dataclass(frozen=True)
class Held:
    """A held fact: `values` without concluded fields, `given` the concluded ones given with it."""

    number: int
    type: str
    values: tuple[tuple[str, Value], ...]
    event: int
    given: tuple[tuple[str, Value], ...] = ()
    rank: tuple[object, ...] = ()
    """Among facts of one event: () for the asserted one, type and values for derived ones."""


@dataclass(frozen=True)
class Settled:
    """A concluded field: its values above 0 from the best down, and all certainties."""

    values: tuple[tuple[Value, float], ...]
    certainties: tuple[tuple[Value, float], ...]
    contradictions: tuple[Value, ...] = ()


@dataclass
class View:
    """Everything that holds after some event."""

    base: tree.Base
    today: date
    predict: Callable[[str, dict[str, Value]], Any]
    facts: dict[int, Held] = field(default_factory=dict)
    settled: dict[tuple[int, str], Settled] = field(default_factory=dict)

    def of_type(self, type_name: str) -> list[Held]:
        """Return the facts of a type in fact order."""
        found = [one for one in self.facts.values() if one.type == type_name]
        return sorted(found, key=lambda one: (bool(one.rank), one.rank, one.number))

    def values_of(self, number: int, name: str) -> tuple[tuple[Value, float], ...]:
        """Return the values of a field with their certainties; none when it is unknown."""
        fact = self.facts[number]
        if (fact.type, name) in self.base.concluded:
            return self.settled[number, name].values if (number, name) in self.settled else ()
        value = dict(fact.values)[name]
        return () if value is UNKNOWN else ((value, 1.0),)


# Three-valued logic


def all_of(truths: Sequence[Value]) -> Any:
    """Return Kleene's conjunction."""
    if any(one is False for one in truths):
        return False
    return UNKNOWN if any(one is UNKNOWN for one in truths) else True


def negation(truth: Value) -> Any:
    """Return Kleene's negation."""
    return UNKNOWN if truth is UNKNOWN else not truth


def any_of(truths: Sequence[Value]) -> Any:
    """Return Kleene's disjunction."""
    return negation(all_of([negation(one) for one in truths]))


# Expressions


@dataclass
class Trace:
    """What one activation read: certainties, and values of aggregates."""

    certainties: list[float] = field(default_factory=list)
    aggregates: list[Value] = field(default_factory=list)

    @property
    def certainty(self) -> float:
        """The minimum over everything read; 1 when nothing uncertain was read."""
        return min(self.certainties, default=1.0)


def evaluate(view: View, node: tree.Expression, scope: Environment, trace: Trace) -> Any:
    """Return the value of an expression, perhaps unknown. Every part is evaluated."""
    match node:
        case tree.Constant(value=value):
            return value
        case tree.Variable(name=name) | tree.FactVariable(name=name):
            return scope[name]
        case tree.FieldOf(variable=variable, field=name):
            if (variable, name) in scope:
                value, certainty = scope[variable, name]
                trace.certainties.append(certainty)
                return value
            return read(view, scope[variable], name, trace)
        case tree.ReferencedField(reference=reference, field=name):
            number = evaluate(view, reference, scope, trace)
            if number is UNKNOWN:
                return UNKNOWN
            return read(view, number, name, trace)
        case tree.Arithmetic(operator=operator, operands=operands):
            numbers = [evaluate(view, one, scope, trace) for one in operands]
            return arithmetic(operator, numbers)
        case tree.Compare(operator=operator, left=left, right=right):
            both = [evaluate(view, one, scope, trace) for one in (left, right)]
            levels = left.type.levels or right.type.levels
            if levels and operator not in ("==", "!="):
                both = [UNKNOWN if one is UNKNOWN else levels.index(one) for one in both]
            return compare(operator, *both)
        case tree.Membership(item=item, options=options, container=container):
            value = evaluate(view, item, scope, trace)
            choices = [evaluate(view, one, scope, trace) for one in options]
            if container is not None:
                listed = evaluate(view, container, scope, trace)
                choices = [UNKNOWN] if listed is UNKNOWN else list(listed)
            return any_of([compare("==", value, one) for one in choices])
        case tree.Holds(variable=variable, field=name, value=wanted):
            value = evaluate(view, wanted, scope, trace)
            values = view.values_of(scope[variable], name)
            if value is UNKNOWN or not values:
                return UNKNOWN
            trace.certainties += [certainty for one, certainty in values if one == value]
            return any(one == value for one, _ in values)
        case tree.IsUnknown(operand=operand):
            return evaluate(view, operand, scope, trace) is UNKNOWN
        case tree.Not(operand=operand):
            return negation(evaluate(view, operand, scope, trace))
        case tree.And(operands=operands):
            return all_of([evaluate(view, one, scope, trace) for one in operands])
        case tree.Or(operands=operands):
            return any_of([evaluate(view, one, scope, trace) for one in operands])
        case tree.Call(function=function, arguments=arguments):
            values = [evaluate(view, one, scope, trace) for one in arguments]
            return call(function, values, view.today)
        case tree.Aggregate():
            return aggregate(view, node, scope, trace)
        case tree.CertaintyOf(variable=variable, field=name, value=wanted):
            # CHOICE: the certainty is tested openly, so that reading it costs no certainty.
            return certainty_of(view, node, scope, trace)
        case tree.PredictionOf(variable=variable, attribute=attribute):
            prediction = scope[variable]
            value = UNKNOWN if prediction is None else getattr(prediction, attribute)
            return UNKNOWN if value is None else value
    raise AssertionError(f"no meaning for {node}")


def read(view: View, number: int, name: str, trace: Trace) -> Any:
    """Return a field's value, the most certain one of several."""
    values = view.values_of(number, name)
    # CHOICE: a field that is read and found unknown costs no certainty (it has none).
    trace.certainties += [certainty for _, certainty in values[:1]]
    return values[0][0] if values else UNKNOWN


def certainty_of(view: View, node: tree.CertaintyOf, scope: Environment, trace: Trace) -> float:
    """Return the certainty of a field's value, or of a given value; 0 when there is none."""
    number = scope[node.variable]
    if node.value is None:
        values = view.values_of(number, node.field)
        return values[0][1] if values else 0.0
    wanted = evaluate(view, node.value, scope, trace)
    settled = view.settled.get((number, node.field))
    return next((c for one, c in settled.certainties if one == wanted), 0.0) if settled else 0.0


def aggregate(view: View, node: tree.Aggregate, scope: Environment, trace: Trace) -> Any:
    """Return an aggregate over all matches; unknown if one of them is, in whole or in value."""
    found = list(matches(view, node.conditions, scope))
    values, unknown = [], any(one.truth is UNKNOWN for one in found)
    for one in found:
        if one.truth is True:
            inner = Trace([one.trace.certainty])
            if node.value is not None:
                values.append(evaluate(view, node.value, one.scope, inner))
                unknown = unknown or values[-1] is UNKNOWN
            else:
                values.append(True)
            trace.certainties.append(inner.certainty)
    zero = timedelta(0) if node.type.kind == "duration" else 0
    result = UNKNOWN if unknown else fold(node.function, values, zero)
    trace.aggregates.append(result)
    return result


def fold(function: str, values: list[Any], zero: Any) -> Any:
    """Return the aggregate of known values, in fact order; `zero` is the sum over nothing."""
    match function:
        case "count":
            return len(values)
        case "sum":
            return arithmetic("+", [zero, *values]) if values else zero
        case "collect":
            return tuple(values)
    if not values:
        return UNKNOWN
    if function == "avg":
        return number_in_range(sum(values, zero) / len(values))
    return min(values) if function == "min" else max(values)


# Conditions


@dataclass(frozen=True)
class Match:
    """One combination of facts for some conditions: whether they hold, and what was read."""

    scope: Environment
    truth: Value
    trace: Trace
    matched: tuple[int, ...]


def candidates(view: View, pattern: tree.Pattern) -> Iterator[tuple[Held, Environment]]:
    """Yield every fact of the pattern's type, once for each value of its `each` fields."""
    for fact in view.of_type(pattern.type_name):
        several = [view.values_of(fact.number, name) or ((UNKNOWN, 1.0),) for name in pattern.each]
        for values in product(*several):
            names = [(pattern.variable, name) for name in pattern.each]
            yield fact, dict(zip(names, values, strict=True))


def combinations(
    view: View, patterns: Sequence[tree.Pattern], scope: Environment
) -> Iterator[tuple[Environment, tuple[int, ...]]]:
    """Yield every combination of facts, with what they bind.

    What is false already is left out: a false match counts nowhere, and there are many.
    """
    if not patterns:
        yield scope, ()
        return
    pattern = patterns[0]
    for fact, several in candidates(view, pattern):
        inner = {**scope, pattern.variable: fact.number, **several}
        for binding in pattern.bindings:
            inner[binding.variable] = bound(view, pattern, binding, inner, Trace())
        if not any(is_false(view, one, inner) for one in pattern.tests):
            for found, rest in combinations(view, patterns[1:], inner):
                yield found, (fact.number, *rest)


def is_false(view: View, test: tree.Expression, scope: Environment) -> bool:
    """Return whether a test is false; what reads something not yet bound is not false yet."""
    try:
        return evaluate(view, test, scope, Trace()) is False
    except KeyError:
        return False


def matches(
    view: View, conditions: Sequence[tree.Condition], scope: Environment
) -> Iterator[Match]:
    """Yield the combinations of facts for the positive patterns: true, unknown or false."""
    patterns = [one for one in conditions if isinstance(one, tree.Pattern)]
    for found, matched in combinations(view, patterns, scope):
        inner, trace = dict(found), Trace()
        bind_values(view, conditions, inner)
        truth = truth_of(view, conditions, inner, trace)
        yield Match(inner, truth, trace, matched)


def bound(
    view: View, pattern: tree.Pattern, binding: tree.Binding, scope: Environment, trace: Trace
) -> Any:
    """Return the value that `field: x` binds."""
    node = tree.FieldOf(type=tree.ANY, variable=pattern.variable, field=binding.field)
    return evaluate(view, node, scope, trace)


def bind_values(view: View, conditions: Sequence[tree.Condition], scope: Environment) -> None:
    """Bind every `x = …`, in whatever order they stand: each when what it reads is bound."""
    waiting = [one for one in conditions if isinstance(one, tree.Bind)]
    while waiting:
        later = []
        for one in waiting:
            try:
                scope[one.variable] = evaluate(view, one.expression, scope, Trace())
            except KeyError:
                later.append(one)
        if len(later) == len(waiting):
            if any(isinstance(one, tree.Predict) for one in conditions):
                return
            raise AssertionError(f"nothing binds what {later} reads")
        waiting = later


def truth_of(
    view: View, conditions: Sequence[tree.Condition], scope: Environment, trace: Trace
) -> Any:
    """Return whether all conditions hold; models are asked when all the others do."""
    asked = [one for one in conditions if isinstance(one, tree.Predict)]
    names = {one.variable for one in asked}
    names |= {
        one.variable for one in conditions if isinstance(one, tree.Bind) and reads(one, names)
    }
    after = [one for one in conditions if reads(one, names)]
    before = [one for one in conditions if one not in asked and one not in after]
    truth = all_of([holds(view, one, scope, trace) for one in before])
    if asked and truth is True:
        for one in asked:
            record = {name: value for name, value in view.facts[scope[one.record]].values}
            scope[one.variable] = view.predict(one.model, record)
        bind_values(view, conditions, scope)
        truth = all_of([holds(view, one, scope, trace) for one in after])
    return truth


def reads(node: object, names: set[str]) -> bool:
    """Return whether a variable of these names is read anywhere in a node."""
    readers = (tree.Variable, tree.PredictionOf)
    return bool(names) and any(
        (one.name if isinstance(one, tree.Variable) else one.variable) in names
        for one in walk(node)
        if isinstance(one, readers)
    )


def holds(view: View, condition: tree.Condition, scope: Environment, trace: Trace) -> Any:
    """Return whether one condition is true, false or unknown in a scope."""
    match condition:
        case tree.Pattern(bindings=bindings, tests=tests, identity=identity):
            values = [bound(view, condition, one, scope, trace) for one in bindings]
            truths: list[Value] = [UNKNOWN if one is UNKNOWN else True for one in values]
            truths += [evaluate(view, one, scope, trace) for one in tests]
            if identity is not None:
                number = evaluate(view, identity, scope, trace)
                truths.append(compare("==", number, scope[condition.variable]))
            return all_of(truths)
        case tree.Test(expression=expression):
            return evaluate(view, expression, scope, trace)
        case tree.Bind(expression=expression):
            known = evaluate(view, expression, scope, trace)
            return UNKNOWN if known is UNKNOWN else True
        case tree.Negation(conditions=conditions):
            return negation(any_of([one.truth for one in matches(view, conditions, scope)]))
        case tree.Exists(conditions=conditions):
            return best(list(matches(view, conditions, scope)), trace)
        case tree.Either(branches=branches):
            return best([one for some in branches for one in matches(view, some, scope)], trace)
        case tree.Forall(pattern=pattern, have=have):
            every = []
            for one in matches(view, (pattern,), scope):
                having = any_of([inner.truth for inner in matches(view, have, one.scope)])
                every.append(any_of([negation(one.truth), having]))
            return all_of(every)
    raise AssertionError(f"no meaning for {condition}")


def best(alternatives: list[Match], trace: Trace) -> Any:
    """Return whether some alternative is true; the most certain one counts."""
    certainties = [one.trace.certainty for one in alternatives if one.truth is True]
    trace.certainties += [max(certainties)] if certainties else []
    return any_of([one.truth for one in alternatives])


# Activations


@dataclass(frozen=True)
class Activation:
    """A rule whose conditions hold for some facts."""

    rule: tree.Rule
    scope: Environment
    matched: tuple[int, ...]
    certainty: float
    key: tuple[object, ...]
    """The rule, the versions of its facts, and its values: what refraction goes by."""


def activations(view: View, rule: tree.Rule) -> Iterator[Activation]:
    """Yield the activations of a rule, in fact order."""
    references, acting = joins(rule), acting_references(rule)
    for one in matches(view, rule.conditions, {}):
        # What an action reads of a referred fact is a join, so the fact must be there.
        leads = [evaluate(view, each.reference, one.scope, Trace()) for each in acting]
        if one.truth is True and UNKNOWN not in leads:
            versions = [(view.facts[n].number, view.facts[n].event) for n in one.matched]
            versions += [
                (n, view.facts[n].event)
                for node in references
                for n in [evaluate(view, node.reference, one.scope, Trace())]
                if n is not UNKNOWN
            ]
            # CHOICE: values bound from concluded fields, and of aggregates that stand in a test,
            # count like the values of `=` bindings; those of given fields follow the version.
            values = [
                (str(name), value if isinstance(name, str) else value[0])
                for name, value in one.scope.items()
                if not isinstance(name, str) or name not in fact_variables(rule)
            ]
            key = (rule.name, tuple(versions), tuple(values), tuple(one.trace.aggregates))
            yield Activation(rule, one.scope, one.matched, one.trace.certainty, key)


def joins(rule: tree.Rule) -> list[tree.ReferencedField]:
    """Return the references of a rule that are joins, so that the referred fact is matched too.

    CHOICE: `l.applicant.income` is a join where nothing can be true without it: in a comparison,
    a conjunction, a binding or an action. Inside `not`, `or`, `is unknown` and conditions with a
    scope of their own it is only read.
    """
    found: list[tree.ReferencedField] = []

    def collect(node: object) -> None:
        match node:
            case tree.Pattern(tests=tests) | tree.And(operands=tests):
                for one in tests:
                    collect(one)
            case tree.Test(expression=expression):
                collect(expression)
            case tree.Compare() | tree.Membership() | tree.Bind():
                inside = {id(one) for part in aggregates_in(node) for one in walk(part)}
                found.extend(
                    one
                    for one in walk(node)
                    if isinstance(one, tree.ReferencedField) and id(one) not in inside
                )

    for condition in rule.conditions:
        collect(condition)
    return found + acting_references(rule)


def acting_references(rule: tree.Rule) -> list[tree.ReferencedField]:
    """Return the references that a rule's actions follow; texts are no reason not to fire."""
    actions = [one for one in rule.actions if not isinstance(one, (tree.Because, tree.Log))]
    return [one for one in walk(tuple(actions)) if isinstance(one, tree.ReferencedField)]


def aggregates_in(node: object) -> list[tree.Aggregate]:
    """Return the aggregates in a node."""
    return [one for one in walk(node) if isinstance(one, tree.Aggregate)]


def fact_variables(rule: tree.Rule) -> set[str]:
    """Return the variables of a rule that stand for facts."""
    return {one.variable for one in rule.conditions if isinstance(one, tree.Pattern)}


def walk(node: object) -> Iterator[Any]:
    """Yield a node of the tree and everything in it."""
    if isinstance(node, tuple):
        for one in node:
            yield from walk(one)
    elif is_dataclass(node):
        yield node
        for name in parts_of(type(node)):
            yield from walk(getattr(node, name))


@cache
def parts_of(kind: Any) -> tuple[str, ...]:
    """Return the fields of a class of nodes that may hold further nodes."""
    return tuple(one.name for one in fields(kind) if one.name not in ("type", "span"))
