"""Conditions that can never hold: against a field's declaration, or against each other.

Comparisons with constants that must hold together narrow what a field can be; where nothing is
left, the last of them can never hold. Only what is certain is said: a value that is computed, or
compared with another fact's, is taken as it may be.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from heuron.check import tree
from heuron.check.domains import SHARES, SIGNED, Domain, domain_of, of_type
from heuron.check.reads import fact_types
from heuron.check.walk import walk
from heuron.diagnostics import Diagnostic, Severity, Span
from heuron.values import Field

__all__ = ["check_never"]

OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
MIRRORED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}

Term = tree.Expression
"""What is compared: a field of a matched fact, a certainty, a confidence."""


def check_never(base: tree.Base) -> Iterator[Diagnostic]:
    """Warn of conditions that no facts can satisfy."""
    reader = _Reader(base)
    for rule in base.rules:
        yield from reader.group(rule.conditions, _Known())
    for table in base.tables:
        for row in table.rows:
            known = _Known(types={table.variable: table.type_name})
            for test in row.tests:
                if test is not None:
                    yield from reader.narrow(test, True, known)
    for dispatch in base.dispatches:
        for route in dispatch.routes:
            yield from reader.group(route.conditions, _Known())
    for query in base.queries:
        yield from reader.group(query.conditions, _Known())


@dataclass(slots=True)
class _Known:
    """What must hold together with what is read next.

    `types` are those of fact variables, `aliases` the terms that value variables stand for,
    `domains` what each term can still be, `asked` the conditions that made it so.
    """

    types: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, Term] = field(default_factory=dict)
    domains: dict[Term, Domain] = field(default_factory=dict)
    asked: dict[Term, list[tuple[tree.Expression, bool]]] = field(default_factory=dict)

    def copy(self) -> _Known:
        """Return the same, to be narrowed apart."""
        asked = {term: list(some) for term, some in self.asked.items()}
        return _Known(dict(self.types), dict(self.aliases), dict(self.domains), asked)


class _Reader:
    def __init__(self, base: tree.Base) -> None:
        self.base = base
        self.computed = _computed(base)

    # Conditions.

    def group(self, conditions: Iterable[tree.Condition], known: _Known) -> Iterator[Diagnostic]:
        """Read conditions that hold together; in whatever order, variables mean the same."""
        conditions = tuple(conditions)
        for one in conditions:
            match one:
                case tree.Pattern():
                    known.types[one.variable] = one.type_name
                    for binding in one.bindings:
                        self._bind(one.variable, binding, known)
                case tree.Bind() if isinstance(one.expression, tree.FieldOf):
                    known.aliases.setdefault(one.variable, one.expression)
        for one in conditions:
            yield from self._condition(one, known)

    def _bind(self, variable: str, binding: tree.Binding, known: _Known) -> None:
        template = self.base.templates[known.types[variable]]
        term = tree.FieldOf(variable, binding.field, type=template[binding.field].type)
        known.aliases.setdefault(binding.variable, term)

    def _condition(self, one: tree.Condition, known: _Known) -> Iterator[Diagnostic]:
        match one:
            case tree.Pattern():
                for test in one.tests:
                    yield from self.narrow(test, True, known)
            case tree.Test():
                yield from self.narrow(one.expression, True, known)
            case tree.Bind():
                yield from self._inside(one.expression, known)
            case tree.Negation() | tree.Exists():
                yield from self.group(one.conditions, known.copy())
            case tree.Forall():
                yield from self.group((one.pattern, *one.have), known.copy())
            case tree.Either():
                for branch in one.branches:
                    yield from self.group(branch, known.copy())

    def _inside(self, expression: tree.Expression, known: _Known) -> Iterator[Diagnostic]:
        for node in walk(expression):
            if isinstance(node, tree.Aggregate):
                yield from self.group(node.conditions, known.copy())

    # Expressions.

    def narrow(self, node: tree.Expression, sense: bool, known: _Known) -> Iterator[Diagnostic]:
        """Take in that an expression is true, or (`sense` False) false."""
        match node:
            case tree.Not():
                yield from self.narrow(node.operand, not sense, known)
            case tree.And() | tree.Or():
                if isinstance(node, tree.And) is sense:
                    for one in node.operands:
                        yield from self.narrow(one, sense, known)
                else:
                    for one in node.operands:
                        yield from self.narrow(one, sense, known.copy())
            case tree.Compare():
                yield from self._inside(node, known)
                yield from self._compared(node, sense, known)
            case tree.Membership() | tree.FieldOf():
                yield from self._inside(node, known)
                yield from self._left(node, sense, known)
            case _:
                yield from self._inside(node, known)

    def _compared(self, node: tree.Compare, sense: bool, known: _Known) -> Iterator[Diagnostic]:
        left, right = self._term(node.left, known), self._term(node.right, known)
        if left is None or right is None:
            yield from self._left(node, sense, known)
            return
        operator = node.operator if sense else OPPOSITE[node.operator]
        if left == right:
            if operator in ("<", ">", "!="):
                yield _never(self._text(node, sense), ": it compares a value with itself", node)
        elif not self._domain(left, known).can_be(operator, self._domain(right, known)):
            why = f": {self._words(left, known)}, and {self._words(right, known)}"
            if known.asked.get(left) or known.asked.get(right):
                why = " together with what else is asked of these values"
            yield _never(self._text(node, sense), why, node)

    def _narrowed(
        self, node: tree.Expression, sense: bool, known: _Known
    ) -> tuple[Term, Domain] | None:
        """Return the term that a test compares with constants, and what is left of it."""
        match node:
            case tree.Compare():
                left, right = node.left, node.right
                operator = node.operator if sense else OPPOSITE[node.operator]
                if isinstance(left, tree.Constant):
                    left, right, operator = right, left, MIRRORED[operator]
                term = self._term(left, known)
                if term is not None and isinstance(right, tree.Constant):
                    return term, self._domain(term, known).compared(operator, right.value)
            case tree.Membership() if node.container is None:
                options = [one.value for one in node.options if isinstance(one, tree.Constant)]
                term = self._term(node.item, known)
                if term is not None and len(options) == len(node.options):
                    left_over = self._domain(term, known)
                    if sense:
                        return term, left_over.among(options)
                    for value in options:
                        left_over = left_over.compared("!=", value)
                    return term, left_over
            case tree.FieldOf() if node.type.kind == "boolean":
                term = self._term(node, known)
                if term is not None:
                    return term, self._domain(term, known).compared("==", sense)
        return None

    def _left(self, node: tree.Expression, sense: bool, known: _Known) -> Iterator[Diagnostic]:
        """Take in what is left of a term; where it is nothing, say so and leave it as it was."""
        found = self._narrowed(node, sense, known)
        if found is None:
            return
        term, now = found
        asked = known.asked.setdefault(term, [])
        if not now.is_empty:
            known.domains[term] = now
            asked.append((node, sense))
            return
        text, alone = self._text(node, sense), _Known(known.types, known.aliases)
        if isinstance(node, tree.Membership) and not node.options:
            yield _never(text, ": the list is empty", node)
            return
        if self._excludes(node, sense, alone):
            yield _never(text, f": {self._words(term, known)}", node)
            return
        culprits = [one for one in asked if self._excludes(node, sense, self._after(*one, alone))]
        if any(one.span != node.span and _overlap(one.span, node.span) for one, _ in culprits):
            # The two ends of one range; what a `let` stands for has one span in all its places.
            yield _never(text, ": its ends are the wrong way round", node)
            return
        against = " and ".join(f"`{self._text(*one)}`" for one in culprits[:1] or asked)
        yield _never(text, f" together with {against}", node)

    def _excludes(self, node: tree.Expression, sense: bool, known: _Known) -> bool:
        found = self._narrowed(node, sense, known)
        return found is not None and found[1].is_empty

    def _after(self, node: tree.Expression, sense: bool, known: _Known) -> _Known:
        found = self._narrowed(node, sense, known)
        assert found is not None
        return _Known(known.types, known.aliases, {found[0]: found[1]})

    # Terms.

    def _term(self, node: tree.Expression, known: _Known) -> Term | None:
        match node:
            case tree.Variable():
                return known.aliases.get(node.name)
            case tree.FieldOf():
                return node if node.variable in known.types else None
            case tree.ReferencedField() | tree.CertaintyOf() | tree.BackendOf():
                return node
            case tree.PredictionOf() if node.attribute == "confidence":
                return node
        return None

    def _field(self, term: Term, known: _Known) -> tuple[str, Field] | None:
        match term:
            case tree.FieldOf():
                type_name = known.types[term.variable]
            case tree.ReferencedField():
                type_name = term.target
            case _:
                return None
        return type_name, self.base.templates[type_name][term.field]

    def _domain(self, term: Term, known: _Known) -> Domain:
        if term in known.domains:
            return known.domains[term]
        match term:
            case tree.CertaintyOf():
                return SIGNED
            case tree.PredictionOf():
                return SHARES
            case tree.BackendOf():
                return {"certainty": SIGNED, "confidence": SHARES}.get(
                    term.attribute, of_type(term.type)
                )
        found = self._field(term, known)
        assert found is not None
        type_name, declared = found
        if (type_name, declared.name) in self.computed:
            return of_type(declared.type)
        return domain_of(declared)

    def _words(self, term: Term, known: _Known) -> str:
        """Return in words what a term can be."""
        found = self._field(term, known)
        if found is not None:
            return f"{found[0]}.{found[1].name} is {found[1].accepts()}"
        if isinstance(term, tree.CertaintyOf) or getattr(term, "attribute", "") == "certainty":
            return "a certainty is from -1 to 1"
        if getattr(term, "attribute", "") == "value":
            return f"it is one of {', '.join(term.type.levels)}"
        return "a confidence is from 0 to 1"

    def _text(self, node: tree.Expression, sense: bool) -> str:
        source = self.base.texts.get(node.span.file)
        text = "…" if source is None else source.text[node.span.start : node.span.end]
        text = " ".join(text.split())
        return text if sense else f"not ({text})"


def _overlap(one: Span, other: Span) -> bool:
    return one.file == other.file and one.start < other.end and other.start < one.end


def _never(text: str, why: str, node: tree.Expression) -> Diagnostic:
    message = f"`{text}` can never hold{why}."
    hint = "Mend the condition, or leave out what depends on it."
    return Diagnostic(Severity.WARNING, "never-holds", message, node.span, hint)


def _computed(base: tree.Base) -> set[tuple[str, str]]:
    """Return the concluded fields that rules compute: bounds do not hold for these."""
    found: set[tuple[str, str]] = set()
    for rule in base.rules:
        types = fact_types(rule.conditions)
        for one in rule.actions:
            if isinstance(one, tree.Conclude) and not isinstance(one.value, tree.Constant):
                found.add((types[one.variable], one.field))
    for table in base.tables:
        if any(not isinstance(row.value, tree.Constant) for row in table.rows):
            found.add((table.type_name, table.field))
    return found
