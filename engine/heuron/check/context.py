"""What resolving knows while it works: declarations, diagnostics, and the names in scope."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol

from heuron.check import tree
from heuron.check.environment import Environment
from heuron.check.tree import ANY
from heuron.check.words import listed, meant
from heuron.diagnostics import Diagnostic, Related, Severity, SourceText, Span
from heuron.lang import ast
from heuron.values import UNKNOWN, Field, FieldType, Template

__all__ = ["Context", "Input", "LetEntry", "Placed", "Scope", "broken", "is_broken"]

MOST_EXPANSIONS = 100_000
"""How many times lets may be expanded in one knowledge base before it is called too much."""

DEEPEST = 120
"""How deep expressions may nest once their lets are expanded."""


def broken(span: Span) -> tree.Constant:
    """Return what stands for an expression that has an error: it goes with everything."""
    return tree.Constant(UNKNOWN, type=ANY, span=span)


def is_broken(node: tree.Expression) -> bool:
    """Return whether an expression stands for one that has an error of its own."""
    return isinstance(node, tree.Constant) and node.value is UNKNOWN and node.type == ANY


@dataclass(frozen=True, slots=True)
class Placed:
    """An item of a file with the prefix of the module that brought it ("" or "m.")."""

    item: ast.Item
    prefix: str


@dataclass(frozen=True, slots=True)
class LetEntry:
    """A `let` with the module it belongs to."""

    let: ast.Let
    prefix: str


@dataclass(frozen=True, slots=True)
class Input:
    """An argument of a let: as written, with the scope and module in which it was written.

    It is resolved at each place where the let reads it, so that it may be a level of what it is
    compared with there.
    """

    node: ast.Expression
    scope: Scope
    prefix: str
    expanding: tuple[str, ...]


class Scope:
    """The names of one rule (query, table, route, test), and of the groups inside it.

    `facts` are fact variables by type, `values` value variables by type, `predictions` variables
    bound by `predict` by model. `pattern` is the pattern whose slots are being read, as variable
    and type. `inputs` are the arguments of a let that is being expanded, `caller` the scope that
    calls it. `binders` says which slot binds each variable; every other place with it joins.
    `lost` are variables whose binding has an error: nothing more is said of them.
    """

    def __init__(self, outer: Scope | None = None) -> None:
        self.facts: dict[str, str] = dict(outer.facts) if outer else {}
        self.values: dict[str, FieldType] = dict(outer.values) if outer else {}
        self.predictions: dict[str, str] = dict(outer.predictions) if outer else {}
        self.inputs: dict[str, Input] = outer.inputs if outer else {}
        self.caller: Scope | None = outer.caller if outer else None
        self.pattern: tuple[str, str] | None = None
        self.slot_start: ast.Expression | None = None
        self.each: set[str] = set()
        self.binders: dict[str, ast.SlotBinding] = {}
        self.lost: set[str] = set(outer.lost) if outer else set()
        self.used: set[str] = outer.used if outer else set()
        self.hidden: dict[str, Span] = outer.hidden if outer else {}
        self.in_dispatch: bool = outer.in_dispatch if outer else False
        self.constant: str | None = None

    def inner(self) -> Scope:
        """Return the scope of a group inside this one: it sees these names, not the reverse."""
        return Scope(self)

    def has(self, name: str) -> bool:
        """Return whether a variable of any kind, or a let's parameter, has this name."""
        return (
            name in self.facts
            or name in self.values
            or name in self.predictions
            or name in self.inputs
            or name in self.lost
        )

    def type_of(self, variable: str) -> str | None:
        """Return the type of a fact variable, perhaps one that a let was given."""
        found = (scope.facts.get(variable) for scope in self.callers())
        return next((one for one in found if one is not None), None)

    def callers(self) -> Iterator[Scope]:
        """Yield this scope, and those of the lets around it, out to the rule's."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.caller

    def reader(self, variable: str) -> Scope | None:
        """Return the scope in which the slots of this fact's own pattern are being read."""
        for scope in self.callers():
            if scope.pattern is not None and scope.pattern[0] == variable:
                return scope
        return None

    def names(self) -> list[str]:
        """Return all variables."""
        return [*self.facts, *self.values, *self.predictions]


class Resolve(Protocol):
    """Resolves an expression; `expected` is the type of what it is compared with or put into."""

    def __call__(
        self,
        node: ast.Expression,
        scope: Scope,
        context: Context,
        expected: FieldType | None = None,
    ) -> tree.Expression: ...


class ResolveGroup(Protocol):
    """Resolves conditions that must all hold, and binds their variables in `scope`."""

    def __call__(
        self, conditions: Iterable[ast.Condition], scope: Scope, context: Context
    ) -> tuple[tree.Condition, ...]: ...


@dataclass(slots=True)
class Context:
    """The declarations of a knowledge base while it is resolved, and the diagnostics so far.

    `resolve` and `resolve_group` are handed in: expressions hold conditions, conditions hold
    expressions, and modules that need each other cannot import each other. `damaged` are the
    names of items that could not be parsed, and the text is `incomplete` when a used file could
    not be read: what is said of names that are missing for this reason would be said twice.
    `many_reads` are the reads of fields with several values that nothing has taken care of yet.
    """

    environment: Environment
    resolve: Resolve
    resolve_group: ResolveGroup
    templates: dict[str, Template] = field(default_factory=dict)
    lets: dict[str, LetEntry] = field(default_factory=dict)
    concluded: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    many: set[tuple[str, str]] = field(default_factory=set)
    many_reads: list[tree.FieldOf] = field(default_factory=list)
    texts: dict[str, SourceText] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    damaged: set[str] = field(default_factory=set)
    said: set[str] = field(default_factory=set)
    incomplete: bool = False
    prefix: str = ""
    goal_type: FieldType = ANY
    expanding: tuple[str, ...] = ()
    expansions: int = 0
    depth: int = 0
    made_up: int = 0
    next_id: int = 0

    def error(
        self,
        code: str,
        message: str,
        span: Span | None,
        hint: str | None = None,
        related: tuple[Related, ...] = (),
    ) -> None:
        """Report an error."""
        self.diagnostics.append(Diagnostic(Severity.ERROR, code, message, span, hint, related))

    def warn(self, code: str, message: str, span: Span | None, hint: str | None = None) -> None:
        """Report a warning."""
        self.diagnostics.append(Diagnostic(Severity.WARNING, code, message, span, hint))

    def errors(self) -> int:
        """Return how many errors there are so far."""
        return sum(one.is_error for one in self.diagnostics)

    def text(self, span: Span) -> str:
        """Return a stretch of source on one line."""
        source = self.texts.get(span.file)
        return " ".join(source.text[span.start : span.end].split()) if source else ""

    def word(self, span: Span, name: str) -> Span:
        """Return the place of a word within a stretch of source: where the caret belongs."""
        source = self.texts.get(span.file)
        if source is not None:
            pattern = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
            found = pattern.search(source.text, span.start, span.end)
            if found is not None:
                return Span(span.file, found.start(), found.end())
        return span

    def quoted_after(self, span: Span, name: str) -> Span:
        """Return the place of the text in quotes that follows a word."""
        source = self.texts.get(span.file)
        word = self.word(span, name)
        if source is None or word == span:
            return span
        rest = source.text[word.end : span.end]
        quoted = re.match(r'\s*("[^"\\\n]*(?:\\.[^"\\\n]*)*")', rest)
        if quoted is None:
            return word
        return Span(span.file, word.end + quoted.start(1), word.end + quoted.end(1))

    def place(self, span: Span) -> str:
        """Return file and line of a span, for messages that speak of a second place."""
        source = self.texts.get(span.file)
        return f"{span.file}:{source.position(span.start)[0]}" if source else span.file

    def is_excused(self, name: str) -> bool:
        """Return whether a name may be missing because of a mistake that is reported already."""
        return self.incomplete or name in self.damaged

    def known_template(self, name: str) -> Template | None:
        """Return a type by its written name: the module's own, or one of the main file."""
        return self.templates.get(self.prefix + name) or self.templates.get(name)

    def template(self, name: str, span: Span, hint: str | None = None) -> Template | None:
        """Return a type by its written name, or report that there is none, with a hint if given."""
        found = self.known_template(name)
        if found is None and not self.is_excused(name):
            known = [one.removeprefix(self.prefix) for one in self.templates]
            some = f"Declared types: {listed(known)}." if known else "Declare one: `type Name:`."
            hint = hint or meant(name, known, some)
            self.error("unknown-type", f"There is no type {name}.", self.word(span, name), hint)
        return found

    def field(self, template: Template, name: str, span: Span) -> Field | None:
        """Return a field of a type, or report that there is none."""
        found = template.get(name)
        if found is None:
            fields = f"Its fields are {listed(template.names)}."
            hint = meant(name, template.names, fields)
            what = f'{template.name} has no field "{name}".'
            self.error("unknown-field", what, self.word(span, name), hint)
        return found

    def let(self, name: str) -> LetEntry | None:
        """Return a let by its written name."""
        return self.lets.get(self.prefix + name) or self.lets.get(name)

    def is_concluded(self, type_name: str, field_name: str) -> bool:
        """Return whether some rule or table concludes a field."""
        return (type_name, field_name) in self.concluded

    def make_up(self) -> str:
        """Return a new name for a pattern without a binder."""
        self.made_up += 1
        return f"_{self.made_up}"

    def number(self) -> int:
        """Return the next condition number of the present rule."""
        self.next_id += 1
        return self.next_id - 1

    def start_rule(self) -> None:
        """Start numbering conditions and made-up names anew."""
        self.next_id = 0
        self.made_up = 0
        self.many_reads.clear()

    def take_many(self, node: tree.Expression) -> bool:
        """Return whether an expression reads all values of a `many` field, and take care of it."""
        for place, one in enumerate(self.many_reads):
            if one is node:
                del self.many_reads[place]
                return True
        return False

    def end_rule(self) -> None:
        """Report fields with several values that are read as if they had one."""
        for one in self.many_reads:
            self.error(
                "type-mismatch",
                f"{self.text(one.span)} can have several values.",
                one.span,
                f"Ask for one with `==` or `in`, or bind each in a pattern, `{one.field}: x`.",
            )
        self.many_reads.clear()

    def say_where_used(self, said: int, name: str, span: Span) -> None:
        """Add where a let is used to the diagnostics, from number `said` on, about its inside."""
        for place in range(said, len(self.diagnostics)):
            one = self.diagnostics[place]
            if one.span is None or one.related:
                continue
            if one.span.file != span.file or not span.start <= one.span.start < span.end:
                used = Related(f"found where {name} is used, at {self.place(span)}", span)
                self.diagnostics[place] = replace(one, related=(used,))

    def is_first(self, what: str) -> bool:
        """Return whether this is said for the first time: one mistake, one message."""
        first = what not in self.said
        self.said.add(what)
        return first

    def may_expand(self, span: Span) -> bool:
        """Count one more expansion; report once that there are too many."""
        self.expansions += 1
        if self.expansions == MOST_EXPANSIONS and self.is_first("too-deep"):
            self.error(
                "too-deep",
                f"The lets of these files expand more than {MOST_EXPANSIONS:,} times.",
                span,
                "A let that uses another one twice doubles it: bind the value in a rule instead.",
            )
        return self.expansions < MOST_EXPANSIONS
