"""Rules for experta: what its conditional elements can say of them, and what they cannot.

experta matches facts by their fields and by tests over matched facts. So a pattern becomes a
fact class with one predicate over the fact's row, a test that reads several facts a `TEST`, and
`not` a `NOT` of one fact that joins by equality alone. The predicates, tests and actions are
generated source, as for the other plans; the rest is plain data. What has no such form is named
in a diagnostic: certainty, tables, aggregates, `either` over facts, models, conditions inside
conditions, and derived facts that would have to go again (experta keeps no reasons).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from heuron.check import tree
from heuron.check.reads import free
from heuron.check.walk import walk
from heuron.diagnostics import Diagnostic, Severity, SourceText, Span
from heuron.plan.expression import Expressions
from heuron.plan.general import text_source
from heuron.plan.normal import Program
from heuron.plan.source import Constants, Writer

__all__ = ["NUMBER", "Element", "ExpertaPlan", "ExpertaRule", "plan_experta"]

NUMBER = "number"
"""The field in which joins compare facts themselves: a fact's number."""

Writes = Callable[[Expressions], str]
"""Writes source for a value with what it is given."""

SAYING = (tree.Because, tree.Log)
"""Actions that only say something."""


@dataclass(frozen=True, slots=True)
class Element:
    """A conditional element: `kind` is fact, not, exists, forall or test.

    `function` is its predicate over a row, or its test over facts by name; "" for none.
    `fact` is the name under which a positive pattern's fact is known; `joins` pairs fields with
    the names that they share with other patterns; `inner` is what a `forall` asks for.
    """

    kind: str
    type_name: str = ""
    function: str = ""
    fact: str = ""
    joins: tuple[tuple[str, str], ...] = ()
    inner: Element | None = None


@dataclass(frozen=True, slots=True)
class ExpertaRule:
    """A rule: its elements in order, and the functions of its actions, logs and bindings.

    The functions take the rows of `facts`, which are those of the patterns as they stand.
    """

    name: str
    index: int
    salience: int
    is_step: bool
    place: Span
    text: SourceText | None
    elements: tuple[Element, ...]
    facts: tuple[str, ...]
    variables: tuple[str, ...]
    effects: str
    logs: str
    bindings: str
    halts: bool

    def problem(self, code: str, message: str) -> Diagnostic:
        """Return an error that stands where the rule does."""
        one = Diagnostic(Severity.ERROR, code, message, self.place)
        return one if self.text is None else one.located(self.text)


@dataclass(frozen=True, slots=True)
class ExpertaPlan:
    """The rules of a program for experta, the source of their functions, and what is missing.

    `fields` are those that joins compare, by type. With `problems` there is nothing to run.
    """

    rules: tuple[ExpertaRule, ...]
    source: str
    fields: Mapping[str, tuple[str, ...]]
    derives: bool
    problems: tuple[Diagnostic, ...]


class _Inexpressible(Exception):
    """Something that experta has no form for; `span` is where it stands."""

    def __init__(self, what: str, span: Span) -> None:
        super().__init__(what)
        self.what = what
        self.span = span


def plan_experta(program: Program, texts: Mapping[str, SourceText]) -> ExpertaPlan:
    """Return a program's rules for experta.

    Args:
        program: The program in normal form.
        texts: The sources by file, for the lines of diagnostics.
    """
    definitions = [rule for one in program.strata for rule in (*one.record, *one.fixpoint)]
    rules = sorted((*definitions, *program.steps), key=lambda one: one.index)
    shared = _Shared(program)
    problems: list[Diagnostic] = []

    def report(name: str, problem: _Inexpressible) -> None:
        message = f"The engine experta cannot run `{name}`: {problem.what}."
        one = Diagnostic(Severity.ERROR, "not-on-experta", message, problem.span)
        source = texts.get(problem.span.file)
        problems.append(one.located(source) if source is not None else one)

    for table in (table for one in program.strata for table in one.tables):
        report(table.name, _Inexpressible("it has no decision tables", table.span))
    made = []
    for rule in rules:
        try:
            _refuse_growth_and_loss(rule, rules)
            made.append(_Rule(rule, shared).planned(texts.get(rule.span.file)))
        except _Inexpressible as problem:
            report(rule.name, problem)
    source = "\n".join([*shared.constants.lines, *shared.lines]) + "\n"
    fields = {name: tuple(one) for name, one in shared.joined.items()}
    derives = any(isinstance(one, tree.Derive) for rule in rules for one in rule.actions)
    return ExpertaPlan(tuple(made), source, fields, derives, tuple(problems))


def _refuse_growth_and_loss(rule: tree.Rule, rules: Iterable[tree.Rule]) -> None:
    """Refuse a rule that derives facts which may lose their reasons in this program."""
    derive = next((one for one in rule.actions if isinstance(one, tree.Derive)), None)
    if derive is None:
        return
    for one in walk(rule.conditions):
        if isinstance(one, (tree.Negation, tree.Forall)):
            what = "it keeps no reasons, so a derived fact may rest on no `not` or `forall`"
            raise _Inexpressible(what, one.span)
    for other in rules:
        for action in other.actions:
            if isinstance(action, (tree.Retract, tree.Modify)):
                what = (
                    "it keeps no reasons, so no derived fact may lose its own "
                    f"where `{other.name}` changes facts"
                )
                raise _Inexpressible(what, derive.span)


@dataclass(slots=True)
class _Shared:
    """What the rules of a program share: constants, source lines, joined fields."""

    program: Program
    constants: Constants = field(default_factory=Constants)
    lines: list[str] = field(default_factory=list)
    joined: dict[str, dict[str, None]] = field(default_factory=dict)
    functions: int = 0

    def place(self, type_name: str, name: str) -> int:
        """Return where a field stands in a row: the number of the fact comes first."""
        return 1 + self.program.templates[type_name].names.index(name)

    def join(self, type_name: str, name: str) -> None:
        """Note that a field of a type is compared in a join."""
        self.joined.setdefault(type_name, {})[name] = None

    def function(self, parameters: tuple[str, ...], writer: Writer, result: str) -> str:
        """Add a function of facts, or of one row, and return its name."""
        name = f"f{self.functions}"
        self.functions += 1
        self.lines.append(f"def {name}({', '.join(parameters)}):")
        self.lines += [*writer.lines, f"    return {result}"]
        return name


class _Names:
    """How expressions read rows: locals named after their patterns, fields by their places."""

    def __init__(self, rule: _Rule) -> None:
        self.rule = rule

    def variable(self, name: str) -> str:
        """Return the source of what a value variable is bound to."""
        return self.rule.values[name]

    def fact(self, name: str) -> str:
        """Return source for a fact's number, the first of its row."""
        return f"{self.rule.rows[name][0]}[0]"

    def field(self, variable: str, field: str) -> str:
        """Return source for a field of a matched fact."""
        local, type_name = self.rule.rows[variable]
        return f"{local}[{self.rule.shared.place(type_name, field)!r}]"

    def referenced(self, reference: str, target: str, field: str) -> str:
        """Refuse a reference that is no join."""
        raise AssertionError("references are refused before")

    values = certainty = prediction = backend = referenced

    def aggregate(self, node: tree.Aggregate) -> str:
        """Refuse an aggregate."""
        raise AssertionError("aggregates are refused before")


REFUSED: Mapping[type, str] = {
    tree.Aggregate: "it has no aggregates over groups",
    tree.CertaintyOf: "it knows no certainty",
    tree.Holds: "it knows no field with several values",
    tree.Predict: "it asks no models",
    tree.PredictionOf: "it asks no models",
    tree.ReferencedField: "this reference is no join",
    tree.Conclude: "it concludes no fields",
}


class _Rule:
    """Plans one rule."""

    def __init__(self, rule: tree.Rule, shared: _Shared) -> None:
        self.rule = rule
        self.shared = shared
        self.rows: dict[str, tuple[str, str]] = {}
        self.values: dict[str, str] = {}
        self.fields: dict[str, tuple[str, str]] = {}
        self.joins: dict[tuple[str, str], str] = {}
        self.elements: list[Element] = []

    def planned(self, text: SourceText | None) -> ExpertaRule:
        """Return the rule, whose file has this text, or raise what it cannot say."""
        for node in walk((self.rule.conditions, self.rule.actions)):
            what = REFUSED.get(type(node))
            if what is not None:
                raise _Inexpressible(what, getattr(node, "span", self.rule.span))
        for condition in self.rule.conditions:
            self._condition(condition)
        facts = tuple(local for local, _ in self.rows.values())
        elements = tuple(self._with_joins(one) for one in self.elements)
        actions = [one for one in self.rule.actions if not isinstance(one, SAYING)]
        logs = [one for one in self.rule.actions if isinstance(one, tree.Log)]
        return ExpertaRule(
            self.rule.name,
            self.rule.index,
            self.rule.salience,
            self.rule.is_step,
            self.rule.span,
            text,
            elements,
            facts,
            tuple(self.rows),
            self._function(facts, lambda write: _tuple(_effect(one, write) for one in actions)),
            self._function(facts, lambda write: self._texts(logs, write)),
            self._function(facts, lambda write: _tuple(self._bound(write))),
            any(isinstance(one, tree.Halt) for one in self.rule.actions),
        )

    # Conditions

    def _condition(self, node: tree.Condition) -> None:
        match node:
            case tree.Pattern():
                self._pattern(node)
            case tree.Test(expression=expression):
                self._test(expression)
            case tree.Bind(variable=name, expression=expression):
                writer = Writer()
                self.values[name] = self._expressions(writer).value(expression)
                if writer.lines:
                    raise _Inexpressible("this expression is too deep", node.span)
                self._known(name)
            case tree.Either(branches=branches):
                self._test(_any_of(branches, node))
            case tree.Negation(conditions=conditions):
                self.elements.append(self._inside("not", conditions, node.span))
            case tree.Exists(conditions=conditions):
                element = self._inside("exists", conditions, node.span)
                if element.joins:
                    what = "its EXISTS joins with nothing outside"
                    raise _Inexpressible(what, node.span)
                self.elements.append(element)
            case tree.Forall(pattern=pattern, have=have):
                self.elements.append(self._forall(pattern, have, node.span))
            case _:
                raise _Inexpressible("it has no such condition", node.span)

    def _pattern(self, node: tree.Pattern) -> None:
        local = f"r{len(self.rows)}"
        self.rows[node.variable] = (local, node.type_name)
        self._bind(node)
        own, others = self._parted(node)
        if node.identity is not None:
            others.append(_is_number_of(node, node.identity))
        function = self._predicate(node, local, own, "true")
        self.elements.append(Element("fact", node.type_name, function, local))
        for test in others:
            self._test(test)

    def _bind(self, node: tree.Pattern) -> None:
        names = _Names(self)
        for one in node.bindings:
            self.values[one.variable] = names.field(node.variable, one.field)
            self.fields[one.variable] = (node.variable, one.field)

    def _parted(self, node: tree.Pattern) -> tuple[list[tree.Expression], list[tree.Expression]]:
        """Return the tests that read the pattern's own fact alone, and the others."""
        bound = {node.variable, *(one.variable for one in node.bindings)}
        own = [one for one in node.tests if bound.issuperset(free(one))]
        return own, [one for one in node.tests if one not in own]

    def _predicate(
        self, node: tree.Pattern, local: str, tests: list[tree.Expression], form: str
    ) -> str:
        """Write the predicate over a row of a pattern: bindings known, tests true or possible."""
        writer = Writer()
        expressions = self._expressions(writer)
        write = expressions.true if form == "true" else expressions.possible
        parts = [f"({write(one)})" for one in tests]
        if form == "true":
            names = _Names(self)
            parts += [
                f"({names.field(node.variable, one.field)} is not UNKNOWN)" for one in node.bindings
            ]
        if not parts:
            return ""
        return self.shared.function((local,), writer, f"True if {' and '.join(parts)} else False")

    def _test(self, expression: tree.Expression) -> None:
        self._add_test(lambda write: write.true(expression))

    def _known(self, name: str) -> None:
        self._add_test(lambda write: f"({self.values[name]}) is not UNKNOWN")

    def _add_test(self, condition: Writes) -> None:
        # experta hands over facts, by the names of the parameters.
        reads = tuple(local for local, _ in self.rows.values())
        writer = Writer()
        for local in reads:
            writer.line(f"{local} = {local}['row']")
        result = f"True if {condition(self._expressions(writer))} else False"
        function = self.shared.function(reads, writer, result)
        self.elements.append(Element("test", function=function))

    def _inside(self, kind: str, conditions: tuple[tree.Condition, ...], span: Span) -> Element:
        """Return `not` or `exists` of one fact."""
        if len(conditions) != 1 or not isinstance(conditions[0], tree.Pattern):
            what = "its NOT and EXISTS are about one fact, without conditions inside"
            raise _Inexpressible(what, span)
        form = "possible" if kind == "not" else "true"
        return self._scoped(kind, conditions[0], form)

    def _scoped(self, kind: str, node: tree.Pattern, form: str) -> Element:
        """Return a pattern with names of its own, joined by equality with what is outside."""
        outside = dict(self.rows), dict(self.values), dict(self.fields)
        local = "row"
        self.rows[node.variable] = (local, node.type_name)
        self._bind(node)
        own, others = self._parted(node)
        if node.identity is not None:
            others.append(_is_number_of(node, node.identity))
        function = self._predicate(node, local, own, form)
        joins = tuple(self._join(node, one, outside[2]) for one in others)
        self.rows, self.values, self.fields = outside
        return Element(kind, node.type_name, function, joins=joins)

    def _join(
        self, node: tree.Pattern, test: tree.Expression, outside: Mapping[str, tuple[str, str]]
    ) -> tuple[str, str]:
        """Return the field and the shared name of an equality with a field outside."""
        if isinstance(test, tree.Compare) and test.operator == "==":
            for inner, outer in ((test.left, test.right), (test.right, test.left)):
                field = self._own_field(node, inner)
                target = self._outer_field(outer, outside)
                if field is not None and target is not None and target[0] in self.rows:
                    variable, name = target
                    type_name = self.rows[variable][1]
                    shared = self.joins.setdefault(target, f"j{len(self.joins)}")
                    self.shared.join(type_name, name)
                    self.shared.join(node.type_name, field)
                    return field, shared
        what = "inside `not` it joins by the equality of two fields alone"
        raise _Inexpressible(what, test.span)

    def _own_field(self, node: tree.Pattern, one: tree.Expression) -> str | None:
        if isinstance(one, tree.FieldOf) and one.variable == node.variable:
            return one.field
        if isinstance(one, tree.FactVariable) and one.name == node.variable:
            return NUMBER
        return None

    def _outer_field(
        self, one: tree.Expression, outside: Mapping[str, tuple[str, str]]
    ) -> tuple[str, str] | None:
        match one:
            case tree.FieldOf(variable=variable, field=field):
                return variable, field
            case tree.FactVariable(name=name):
                return name, NUMBER
            case tree.Variable(name=name):
                return outside.get(name)
        return None

    def _forall(
        self, pattern: tree.Pattern, have: tuple[tree.Condition, ...], span: Span
    ) -> Element:
        """Return `forall P have Q`: both about one fact, joined by equality, nothing outside."""
        if len(have) != 1 or not isinstance(have[0], tree.Pattern):
            what = "its FORALL asks for one fact, without conditions inside"
            raise _Inexpressible(what, span)
        before = dict(self.rows), dict(self.values), dict(self.fields), dict(self.joins)
        self.rows, self.values, self.fields, self.joins = {}, {}, {}, {}
        known = {pattern.variable, *(one.variable for one in pattern.bindings)}
        outer = [one for one in free((pattern, have[0])) if one in before[0] or one in before[1]]
        if outer:
            raise _Inexpressible("its FORALL joins with nothing outside", span)
        leader = self._scoped("fact", pattern, "possible")
        self.rows = {pattern.variable: ("row", pattern.type_name)}
        self._bind(pattern)
        follower = self._scoped("fact", have[0], "true")
        joins = tuple(
            (name, shared) for (variable, name), shared in self.joins.items() if variable in known
        )
        self.rows, self.values, self.fields, self.joins = before
        return Element("forall", pattern.type_name, leader.function, joins=joins, inner=follower)

    def _with_joins(self, element: Element) -> Element:
        """Return a positive pattern with the fields that are joined inside `not`."""
        if element.kind != "fact":
            return element
        (variable,) = (name for name, (local, _) in self.rows.items() if local == element.fact)
        joins = tuple((name, j) for (of, name), j in self.joins.items() if of == variable)
        return Element("fact", element.type_name, element.function, element.fact, joins)

    # Source

    def _expressions(self, writer: Writer) -> Expressions:
        return Expressions(_Names(self), self.shared.constants, writer)  # type: ignore[arg-type]

    def _function(self, parameters: tuple[str, ...], write: Writes) -> str:
        writer = Writer()
        return self.shared.function(parameters, writer, write(self._expressions(writer)))

    def _texts(self, logs: list[tree.Log], write: Expressions) -> str:
        literal = self.shared.constants.literal
        return _tuple(text_source(one.parts, write, literal) for one in logs)

    def _bound(self, write: Expressions) -> Iterable[str]:
        literal = self.shared.constants.literal
        return (f"({literal(name)}, {source})" for name, source in self.values.items())


def _tuple(parts: Iterable[str]) -> str:
    return f"({''.join(f'{one}, ' for one in parts)})"


def _effect(action: tree.Action, write: Expressions) -> str:
    """Return source for what an action does: its kind, its type or fact, its values."""
    match action:
        case (
            tree.Assert(type_name=type_name, values=values)
            | tree.Derive(type_name=type_name, values=values)
        ):
            return f"('assert', {type_name!r}, {_pairs(values, write)})"
        case tree.Modify(variable=variable, changes=changes):
            fact = write.value(tree.FactVariable(variable, type=tree.ANY))
            return f"('modify', {fact}, {_pairs(changes, write)})"
        case tree.Retract(variable=variable):
            return f"('retract', {write.value(tree.FactVariable(variable, type=tree.ANY))}, ())"
    assert isinstance(action, tree.Halt)
    return "('halt', 0, ())"


def _pairs(values: tuple[tuple[str, tree.Expression], ...], write: Expressions) -> str:
    return _tuple(f"({name!r}, {write.value(value)})" for name, value in values)


def _is_number_of(node: tree.Pattern, identity: tree.Expression) -> tree.Compare:
    own = tree.FactVariable(node.variable, type=identity.type, span=node.span)
    return tree.Compare("==", own, identity, type=tree.BOOLEAN, span=node.span)


def _any_of(branches: tuple[tuple[tree.Condition, ...], ...], node: tree.Either) -> tree.Expression:
    """Return `either` as one test, if it is about what is matched already."""
    alternatives: list[tree.Expression] = []
    for branch in branches:
        tests: list[tree.Expression] = []
        for one in branch:
            match one:
                case tree.Test(expression=expression):
                    tests.append(expression)
                case tree.Either(branches=inner):
                    tests.append(_any_of(inner, one))
                case _:
                    what = "its OR would fire once for each branch that holds"
                    raise _Inexpressible(what, one.span)
        alternatives.append(tree.And(tuple(tests), type=tree.BOOLEAN, span=node.span))
    return tree.Or(tuple(alternatives), type=tree.BOOLEAN, span=node.span)
