"""The general plan: every rule, table and query of a program as functions over a memory.

For the rule with index i the module has `mi(out)`, which calls `out` with (rows, values,
certainty) for each activation; `mi_s0(out, seeds)`, `mi_s1`, … seeded by its positive patterns in
turn; `ai(rows, values)`, the effects of a definition's actions, or a step's actions carried out
(see `plan.acting`); `wi(rows, values)`, its reason in words, and
`oi(rows, values)`, its lines for the log. A rule that does nothing but derive one fact also has
`di(known, fresh)` and `di_s0(known, fresh, seeds)`, …, which put what follows into `known` by
value. `zn(told)` derives the facts of a whole stratum as plain tuples (see `plan.fixpoint`).
`cn(…)` accepts the values of a fact (see `plan.accepting`).
`ni(out)` finds the combinations that are possible but not true, for what an answer needs.
A table with index i has `mi(out, reports)`, which calls `out` with (place of the row, fact's row,
value, certainty), `mi_s0(out, reports, seeds)` for some facts only, and `ni(out)`; the query i has
`qi(…)`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from heuron.check.reads import patterns
from heuron.check.tree import (
    Action,
    Aggregate,
    Because,
    Bind,
    Conclude,
    Condition,
    Derive,
    Expression,
    Hole,
    Log,
    Pattern,
    Predict,
    Query,
    Rule,
    Table,
)
from heuron.check.walk import walk
from heuron.plan.accepting import write_accepting
from heuron.plan.acting import write_actions
from heuron.plan.changes import Changes
from heuron.plan.conclusions import definitions
from heuron.plan.derivation import derived_values, fitting, only_derivation, tuple_of
from heuron.plan.expression import Expressions
from heuron.plan.fixpoint import write_fixpoint
from heuron.plan.lazy import is_lazy, write_lazy
from heuron.plan.matcher import Body, Leaf
from heuron.plan.module import Module
from heuron.plan.normal import Program
from heuron.plan.scope import MatchNames, Scope
from heuron.plan.source import Writer
from heuron.plan.tables import write_table, write_unknown_rows
from heuron.values import Value

__all__ = ["CONCLUDE", "DERIVE", "GeneralPlan", "plan_conditions", "plan_general"]

# What the first place of an effect says.
CONCLUDE, DERIVE = range(2)


@dataclass(frozen=True, slots=True)
class GeneralPlan:
    """The general plan of a program: source text, and which functions it has.

    `names` are the functions that `make` returns.
    """

    source: str
    names: tuple[str, ...]


def plan_general(program: Program) -> GeneralPlan:
    """Return the general plan of a program."""
    module = Module(program)
    names: list[str] = []
    for item in definitions(program):
        if isinstance(item, Table):
            names += _table(module, item)
        else:
            names += _rule(module, item)
    names += _steps(module, program)
    names += write_accepting(module)
    for stratum in program.strata:
        plain = write_fixpoint(module, stratum)
        if plain is not None:
            names.append(plain)
    for place, query in enumerate(program.queries):
        names.append(_query(module, f"q{place}", query))
    for name in names:
        module.export(name)
    return GeneralPlan(module.source(), tuple(names))


def _steps(module: Module, program: Program) -> list[str]:
    """Write the steps: lazy searches first, then what is seldom asked of rules that have them."""
    changes = Changes(module, tuple(one for one in program.steps if is_lazy(program, one)))
    names: list[str] = []
    for step in changes.lazy:
        names += write_lazy(changes, step, *variables(step))
    for step in program.steps:
        module.is_cold = step in changes.lazy
        names += _rule(module, step, changes)
    module.is_cold = False
    return names + changes.write()


def plan_conditions(
    program: Program,
    conditions: tuple[Condition, ...],
    facts: Mapping[str, str],
    values: Sequence[str] = (),
    predictions: Sequence[str] = (),
    wanted: Sequence[Expression] = (),
) -> str:
    """Return a module about conditions whose variables are partly bound outside.

    Its functions `true(…)` and `possible(…)` say whether the conditions hold together somewhere,
    `find(out, …)` calls `out` with the values of the wanted expressions for each such place. They
    take one row for each fact, then the values, then the predictions.

    Args:
        program: The program that the conditions belong to.
        conditions: The conditions.
        facts: Fact variables that are bound outside, with their types.
        values: Other variables that are bound outside.
        predictions: Variables that stand for predictions.
        wanted: Expressions whose values `find` gives.
    """
    module = Module(program)
    module.is_passing = True
    scope = Scope()
    for place, (variable, type_name) in enumerate(facts.items()):
        scope.rows[variable] = f"f{place}"
        scope.types[variable] = type_name
    scope.values.update((name, f"z{place}") for place, name in enumerate(values))
    scope.predictions.update((name, f"p{place}") for place, name in enumerate(predictions))
    parameters = scope.locals()
    for name, possible in (("true", False), ("possible", True)):
        asked = Body(module, scope.inner(), possible, Leaf(_nothing, "return False"))
        call = asked.ask(conditions, possible)
        module.add(name, parameters, [f"    return {call}"])
        module.export(name)

    def emit(body: Body) -> None:
        body.writer.line(f"out({tuple_of([body.expressions.value(one) for one in wanted])})")

    leaf = Leaf(emit, "return", ("out",))
    finder = Body(module, scope.inner(), False, leaf)
    finder.write("find", ("out", *parameters), conditions)
    module.export("find")
    return module.source()


def _nothing(body: Body) -> None:
    return None


def _rule(module: Module, rule: Rule, changes: Changes | None = None) -> list[str]:
    name = f"m{rule.index}"
    weighed = not rule.is_step
    scope = _match(module, rule, name, None, weighed)
    names = [name]
    for place, pattern in enumerate(patterns(rule.conditions)):
        names.append(f"{name}_s{place}")
        _match(module, rule, names[-1], pattern, weighed)
    derivation = only_derivation(rule)
    if derivation is not None:
        seeds: list[Pattern | None] = [None, *patterns(rule.conditions)]
        for place, seed in enumerate(seeds):
            names.append(f"d{rule.index}" if seed is None else f"d{rule.index}_s{place - 1}")
            _deriving(module, rule, derivation, names[-1], seed)
    _possible(module, rule, f"n{rule.index}")
    names.append(f"n{rule.index}")
    effects = tuple(one for one in rule.actions if not isinstance(one, (Because, Log)))
    names.append(f"a{rule.index}")

    def act(body: Body, actions: tuple[Action, ...]) -> str:
        assert changes is not None
        return write_actions(body, actions, changes, rule.name)

    _action_function(module, rule, scope, names[-1], effects, _effects if changes is None else act)
    because = tuple(one for one in rule.actions if isinstance(one, Because))
    if because:
        names.append(f"w{rule.index}")
        _action_function(module, rule, scope, names[-1], because, _reason)
    logs = tuple(one for one in rule.actions if isinstance(one, Log))
    if logs:
        names.append(f"o{rule.index}")
        _action_function(module, rule, scope, names[-1], logs, _log_lines)
    return names


def variables(rule: Rule | Query) -> tuple[list[str], list[str]]:
    """Return the fact variables and the other variables of a rule, in the order as written."""
    rows = [one.variable for one in patterns(rule.conditions)]
    values: list[str] = []
    for one in rule.conditions:
        match one:
            case Pattern():
                values += [binding.variable for binding in one.bindings]
                values += [f"{one.variable}.{field}" for field in one.each]
            case Bind() | Predict():
                values.append(one.variable)
    return rows, list(dict.fromkeys(values))


def held_local(scope: Scope, name: str) -> str:
    """Return the local of a variable, or of the value of a `many` field in this match."""
    if scope.has(name):
        return scope.local(name)
    variable, _, field = name.rpartition(".")
    return scope.each[(variable, field)][0]


def _match(module: Module, rule: Rule, name: str, seed: Pattern | None, weighed: bool) -> Scope:
    rows, values = variables(rule)

    def emit(body: Body) -> None:
        scope = body.scope
        matched = tuple_of([scope.rows[one] for one in rows])
        # What a step's aggregates came to is part of what its refraction goes by.
        noted = body.noted if rule.is_step else []
        held = tuple_of([*(held_local(scope, one) for one in values), *noted])
        body.writer.line(f"out(({matched}, {held}, {body.lowest()}))")

    parameters = ("out",) if seed is None else ("out", "seeds")
    leaf = Leaf(emit, "return", parameters)
    body = Body(module, Scope(), False, leaf, weighed)
    body.write(name, parameters, rule.conditions, seed)
    return body.scope


def _possible(module: Module, rule: Rule, name: str) -> None:
    """Write the function that finds what is possible and not true."""
    rows, _ = variables(rule)
    conditions = tuple(one for one in rule.conditions if not _reads_model(one, rule))

    def emit(body: Body) -> None:
        checks = [one for one in map(body.true, body.checks) if one != "True"]
        if checks:
            body.writer.line(f"if not ({' and '.join(checks)}):")
            body.writer.line(f"    out({tuple_of([body.scope.rows[one] for one in rows])})")
        else:
            body.writer.line("pass")

    leaf = Leaf(emit, "return", ("out",))
    Body(module, Scope(), True, leaf).write(name, ("out",), conditions)


def _reads_model(condition: Condition, rule: Rule) -> bool:
    from heuron.check.reads import free

    models = {one.variable for one in rule.conditions if isinstance(one, Predict)}
    return isinstance(condition, Predict) or bool(models & set(free(condition)))


def _action_function(
    module: Module,
    rule: Rule,
    matched: Scope,
    name: str,
    actions: tuple[Action, ...],
    write: Callable[[Body, tuple[Action, ...]], str],
) -> None:
    rows, values = variables(rule)
    scope = Scope()
    body = Body(module, scope, False, Leaf(_nothing, "return ()"))
    writer = body.writer
    for place, variable in enumerate(rows):
        scope.rows[variable] = f"r{place}"
        scope.types[variable] = matched.types[variable]
    for place, variable in enumerate(values):
        if variable in matched.predictions:
            scope.predictions[variable] = f"u{place}"
        elif variable in matched.values:
            scope.values[variable] = f"u{place}"
        else:
            owner, _, field = variable.rpartition(".")
            scope.each[(owner, field)] = (f"u{place}", "1.0")
    if rows:
        writer.line(f"{tuple_of(list(scope.rows.values()))} = rows")
    if values:
        locals_ = [f"u{place}" for place in range(len(values))]
        # What a step's aggregates came to stands behind its variables.
        rest = any(isinstance(one, Aggregate) for one in walk(rule.conditions))
        writer.line(f"({', '.join(locals_)}, {'*_' if rest else ''}) = values")
    result = write(body, actions)
    writer.line(f"return {result}")
    module.add(name, ("rows", "values"), writer.lines)


def _effects(body: Body, actions: tuple[Action, ...]) -> str:
    return tuple_of([_effect(body, one) for one in actions])


def _effect(body: Body, action: Action) -> str:
    literal = body.module.constants.literal
    match action:
        case Conclude():
            row, type_name = body.scope.rows[action.variable], body.scope.types[action.variable]
            template = body.module.program.templates[type_name]
            value = fitting(body, template.name, action.field, action.value)
            key = literal((type_name, action.field))
            return f"({CONCLUDE}, {key}, {row}[0], {value}, {float(action.certainty)!r})"
        case Derive():
            return _derivation(body, action)
    raise AssertionError(f"no effect: {type(action).__name__}")


def _derivation(body: Body, action: Derive) -> str:
    """Return source for a derived fact's effect, or None where a necessary field is unknown."""
    values, doubtful = derived_values(body, action)
    effect = f"({DERIVE}, {body.module.constants.literal(action.type_name)}, {values})"
    return f"(None if {' or '.join(doubtful)} else {effect})" if doubtful else effect


def _deriving(module: Module, rule: Rule, action: Derive, name: str, seed: Pattern | None) -> None:
    """Write a search that derives: what is not in `known` yet goes there with its reason.

    A fact that follows again and again costs a tuple and a look-up each time, and no more.
    """
    rows, values = variables(rule)

    def emit(body: Body) -> None:
        writer, scope = body.writer, body.scope
        source, doubtful = derived_values(body, action)
        if doubtful:
            writer.line(f"if not ({' or '.join(doubtful)}):")
            writer.depth += 1
        fact = writer.fresh("w")
        writer.line(f"{fact} = {source}")
        writer.line(f"if {fact} not in known:")
        matched = tuple_of([scope.rows[one] for one in rows])
        held = tuple_of([held_local(scope, one) for one in values])
        writer.line(f"    known[{fact}] = ({rule.index!r}, ({matched}, {held}, 1.0))")
        writer.line(f"    fresh({fact})")
        writer.depth -= bool(doubtful)

    parameters = ("known", "fresh") if seed is None else ("known", "fresh", "seeds")
    body = Body(module, Scope(), False, Leaf(emit, "return", parameters))
    body.write(name, parameters, rule.conditions, seed)


def text_source(
    parts: tuple[str | Hole, ...], expressions: Expressions, literal: Callable[[Value], str]
) -> str:
    """Return source for a text with holes."""
    pieces = []
    for part in parts:
        if isinstance(part, Hole):
            spec = "None" if part.format is None else literal(part.format)
            pieces.append(f"form({expressions.value(part.expression)}, {spec})")
        else:
            pieces.append(literal(part))
    return f"words({', '.join(pieces)})"


def _reason(body: Body, actions: tuple[Action, ...]) -> str:
    texts = _texts(body, actions)
    return texts[0] if len(texts) == 1 else f"' '.join(({', '.join(texts)},))"


def _log_lines(body: Body, actions: tuple[Action, ...]) -> str:
    return tuple_of(_texts(body, actions))


def _texts(body: Body, actions: tuple[Action, ...]) -> list[str]:
    literal = body.module.constants.literal
    return [
        text_source(one.parts, body.expressions, literal)
        for one in actions
        if isinstance(one, (Because, Log))
    ]


def _table_body(module: Module, table: Table, writer: Writer) -> Body:
    scope = Scope()
    scope.rows[table.variable] = "r"
    scope.types[table.variable] = table.type_name
    body = Body(module, scope, False, Leaf(_nothing, "return"), True)
    body.writer = writer
    body.expressions = Expressions(MatchNames(body), module.constants, writer)
    return body


def _table(module: Module, table: Table) -> list[str]:
    name, unknown = f"m{table.index}", f"n{table.index}"
    records = f"{module.table(table.type_name)}.values()"
    _hits(module, table, name, ("out", "reports"), records)
    _hits(module, table, f"{name}_s0", ("out", "reports", "seeds"), "seeds")
    writer = Writer()
    writer.line(f"for r in {records}:")
    writer.depth += 1
    body = _table_body(module, table, writer)
    writer.line("found = []")
    write_unknown_rows(table, body.expressions, writer)
    writer.line("for place in found:")
    writer.line("    out((place, r))")
    module.add(unknown, ("out",), writer.lines)
    return [name, f"{name}_s0", unknown]


def _hits(
    module: Module, table: Table, name: str, parameters: tuple[str, ...], records: str
) -> None:
    writer = Writer()
    writer.line(f"for r in {records}:")
    writer.depth += 1
    body = _table_body(module, table, writer)

    def hit(place: int) -> None:
        row = table.rows[place]
        body.weights = []
        for test in row.tests:
            if test is not None:
                body.weigh_test(test)
        value = fitting(body, table.type_name, table.field, row.value)
        writer.line(f"out(({place!r}, r, {value}, {body.lowest()}))")

    write_table(table, body.expressions, module.constants, writer, hit, "r[0]")
    module.add(name, parameters, writer.lines)


def _query(module: Module, name: str, query: Query) -> str:
    scope = Scope()
    for place, parameter in enumerate(query.parameters):
        scope.values[parameter] = f"a{place}"
    rows, _ = variables(query)

    def emit(body: Body) -> None:
        value = body.expressions.value(query.value)
        numbers = tuple_of([f"{body.scope.rows[one]}[0]" for one in rows])
        body.writer.line(f"out(({numbers}, {value}))")

    parameters = ("out", *scope.values.values())
    Body(module, scope, False, Leaf(emit, "return", parameters)).write(
        name, parameters, query.conditions
    )
    return name
