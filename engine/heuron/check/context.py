"""What resolving knows while it works: declarations, diagnostics, and the names in scope."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from heuron.check.environment import Environment
from heuron.check.tree import ANY, Expression
from heuron.diagnostics import Diagnostic, Related, Severity, SourceText, Span, nearest
from heuron.lang import ast
from heuron.values import Field, FieldType, Template

__all__ = ["Context", "LetEntry", "Placed", "Scope", "unknown_name_hint"]

MOST_EXPANSIONS = 20_000
"""How many times lets may be expanded in one knowledge base before it is called too much."""


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


class Scope:
    """The names of one rule (query, table, route, test), and of the groups inside it.

    `facts` are fact variables by type, `values` value variables by type, `predictions` variables
    bound by `predict` by model. `pattern` is the pattern whose slots are being read. `inputs` are
    the parameters of a let that is being expanded.
    """

    def __init__(self, outer: Scope | None = None) -> None:
        self.facts: dict[str, str] = dict(outer.facts) if outer else {}
        self.values: dict[str, FieldType] = dict(outer.values) if outer else {}
        self.predictions: dict[str, str] = dict(outer.predictions) if outer else {}
        self.inputs: dict[str, Expression] | None = None
        self.pattern: tuple[str, str] | None = None
        self.slot_start: ast.Expression | None = None
        self.each: set[str] = set()
        # Names bound in the outer scope join here; `bound_here` have met their binding place.
        self.bound_outside: frozenset[str] = frozenset(outer.names()) if outer else frozenset()
        self.bound_here: set[str] = set()
        self.used: set[str] = outer.used if outer else set()
        self.hidden: dict[str, Span] = outer.hidden if outer else {}
        self.in_dispatch: bool = outer.in_dispatch if outer else False

    def inner(self) -> Scope:
        """Return the scope of a group inside this one: it sees these names, not the reverse."""
        return Scope(self)

    def has(self, name: str) -> bool:
        """Return whether a variable of any kind has this name."""
        return name in self.facts or name in self.values or name in self.predictions

    def names(self) -> list[str]:
        """Return all variables."""
        return [*self.facts, *self.values, *self.predictions]


@dataclass(slots=True)
class Context:
    """The declarations of a knowledge base while it is resolved, and the diagnostics so far."""

    environment: Environment
    templates: dict[str, Template] = field(default_factory=dict)
    lets: dict[str, LetEntry] = field(default_factory=dict)
    concluded: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    many: set[tuple[str, str]] = field(default_factory=set)
    texts: dict[str, SourceText] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    prefix: str = ""
    goal_type: FieldType = ANY
    goal_record: str | None = None
    expanding: list[str] = field(default_factory=list)
    expansions: int = 0
    made_up: int = 0
    next_id: int = 0
    regexes: dict[str, str | None] = field(default_factory=dict)

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

    def text(self, span: Span) -> str:
        """Return a stretch of source on one line."""
        source = self.texts.get(span.file)
        return " ".join(source.text[span.start : span.end].split()) if source else ""

    def template(self, name: str, span: Span) -> Template | None:
        """Return a type by its written name, or report that there is none."""
        found = self.templates.get(self.prefix + name) or self.templates.get(name)
        if found is None:
            known = [one.removeprefix(self.prefix) for one in self.templates]
            near = nearest(name, known)
            hint = f"Did you mean {near}?" if near else _declared(known)
            self.error("unknown-type", f"There is no type {name}.", span, hint)
        return found

    def field(self, template: Template, name: str, span: Span) -> Field | None:
        """Return a field of a type, or report that there is none."""
        found = template.get(name)
        if found is None:
            near = nearest(name, template.names)
            hint = (
                f"Did you mean {near}?"
                if near
                else f"{template.name} has the fields {', '.join(template.names)}."
            )
            self.error("unknown-field", f'{template.name} has no field "{name}".', span, hint)
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


def _declared(names: Iterable[str]) -> str:
    shown = list(names)
    if not shown:
        return "Declare one with `type Name:`."
    return f"Declared types: {', '.join(shown[:8])}{', …' if len(shown) > 8 else ''}."


def unknown_name_hint(name: str, candidates: Mapping[str, object] | Iterable[str]) -> str | None:
    """Return a hint with the nearest name, or None."""
    near = nearest(name, candidates)
    return f"Did you mean {near}?" if near else None
