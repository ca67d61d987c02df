"""What a dispatch block reads of a row, and between which constants it tells numbers apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from heuron.check.tree import (
    And,
    BackendOf,
    CertaintyOf,
    Compare,
    Constant,
    Either,
    Exists,
    FieldOf,
    IsUnknown,
    Membership,
    Negation,
    Not,
    Or,
    Pattern,
    Predict,
    PredictionOf,
    Route,
    Test,
)
from heuron.plan.columnexpressions import column_kind, encode
from heuron.plan.routequeries import Asked, parts_of

if TYPE_CHECKING:
    from heuron.dispatch.policy import Policy
    from heuron.knowledge.base import KnowledgeBase

__all__ = ["NotKinds", "Read", "reads_of"]


class NotKinds(Exception):
    """A block reads what does not fall into few kinds; the text says what."""


@dataclass(frozen=True, slots=True)
class Read:
    """Something that a block reads.

    Attributes:
        source: "backend", "field", or "strength": the certainty of a concluded field.
        name: The backend or the field.
        attribute: Of a backend: value, answered, certainty, confidence, or "same": whether a
            model and the rules gave the same value.
        cuts: The constants that a number is compared with; None where it is no number.
        decides_alone: Whether, where it is unknown, more than the kind decides (what the rules
            lacked, for a route that refers); such rows are asked about one by one.
    """

    source: str
    name: str
    attribute: str = ""
    cuts: tuple[float, ...] | None = None
    decides_alone: bool = False


def reads_of(kb: KnowledgeBase, policy: Policy, models: tuple[str, ...]) -> tuple[Read, ...]:
    """Return all that a policy reads.

    Raises:
        NotKinds: Rows cannot be told apart by that.
    """
    reader = _Reader(kb, models)
    blocks = [one.name for one in kb.tree.dispatches]
    if not blocks:
        for name in ("rules", *policy.models):
            reader.add("backend", name, "answered")
        return reader.reads
    place = blocks.index(policy.name)
    for route in kb.tree.dispatches[place].routes:
        reader.route(route, place)
    return reader.reads


class _Reader:
    def __init__(self, kb: KnowledgeBase, models: tuple[str, ...]) -> None:
        self._template = kb.template
        self._concluded = {field for kind, field in kb.concluded if kind == self._template.name}
        self._many = {field for kind, field in kb.tree.many if kind == self._template.name}
        self._models = models
        self._found: dict[tuple[str, str, str], tuple[set[float] | None, bool]] = {}
        self._variables: dict[str, str] = {}
        self._refers = False

    @property
    def reads(self) -> tuple[Read, ...]:
        return tuple(
            Read(*key, None if cuts is None else tuple(sorted(cuts)), alone)
            for key, (cuts, alone) in self._found.items()
        )

    def add(self, source: str, name: str, attribute: str = "", cut: float | None = None) -> None:
        """Note a read, perhaps with a constant that it is compared with."""
        if source == "backend" and name != "rules" and name not in self._models:
            return  # absent: everything about it is unknown, in every row
        cuts, alone = self._found.get((source, name, attribute), (None, False))
        numeric = self._is_number(source, name, attribute)
        if numeric:
            cuts = (cuts or set()) | ({cut} if cut is not None else set())
        of_rules = source in ("backend", "strength") or name in self._concluded
        alone = alone or (self._refers and of_rules)
        self._found[(source, name, attribute)] = (cuts, alone)

    def route(self, route: Route, place: int) -> None:
        """Note what a route reads."""
        self._variables = {}
        self._refers = route.backend == "refer" and bool(route.conditions)
        for part in parts_of(route, self._template.name, place):
            self._condition(part)
        if route.backend == "agree" and route.name is not None:
            self.add("backend", "rules", "answered")
            self.add("backend", route.name, "answered")
            self.add("backend", route.name, "same")

    def _is_number(self, source: str, name: str, attribute: str) -> bool:
        if source == "strength" or attribute in ("certainty", "confidence"):
            return True
        if source == "field":
            return column_kind(self._template[name].type) == "float"
        return False

    def _condition(self, node: Any) -> None:
        match node:
            case Predict():
                self._variables[node.variable] = node.model
                self.add("backend", node.model, "answered")
            case Test():
                self._expression(node.expression)
            case Pattern() if not (node.bindings or node.each or node.identity):
                for test in node.tests:
                    self._expression(test)
            case Negation() | Exists():
                for inner in node.conditions:
                    self._condition(inner)
            case Either():
                for branch in node.branches:
                    for inner in branch:
                        self._condition(inner)
            case Asked():
                raise NotKinds("it asks about facts")
            case _:
                raise NotKinds(type(node).__name__)

    def _expression(self, node: Any) -> None:
        match node:
            case Constant():
                pass
            case And() | Or():
                for one in node.operands:
                    self._expression(one)
            case Not() | IsUnknown():
                self._expression(node.operand)
            case Compare():
                self._compared(node.left, node.right)
                self._compared(node.right, node.left)
            case Membership() if node.container is None:
                for one in node.options:
                    self._compared(node.item, one)
            case FieldOf() | BackendOf() | PredictionOf() | CertaintyOf():
                self._read(node, None)
            case _:
                raise NotKinds(type(node).__name__)

    def _compared(self, node: Any, other: Any) -> None:
        """Note one side of a comparison; a number must be compared with a constant."""
        if isinstance(node, Constant):
            return
        is_number = column_kind(node.type) == "float"
        if is_number and not isinstance(other, Constant):
            raise NotKinds("it compares two numbers of a row")
        if column_kind(node.type) in (None, "text"):
            raise NotKinds("it compares texts")
        self._read(node, float(encode(other.value, "float")) if is_number else None)

    def _read(self, node: Any, cut: float | None) -> None:
        match node:
            case FieldOf():
                if node.field in self._many or column_kind(node.type) in (None, "text"):
                    raise NotKinds("it reads many values or texts")
                self.add("field", node.field, cut=cut)
            case CertaintyOf() if node.value is None and node.field not in self._many:
                self.add("strength", node.field, cut=cut)
            case BackendOf():
                self._backend(node.backend, node.attribute, node, cut)
            case PredictionOf():
                self._backend(self._variables[node.variable], node.attribute, node, cut)
            case _:
                raise NotKinds(type(node).__name__)

    def _backend(self, backend: str, attribute: str, node: Any, cut: float | None) -> None:
        if attribute not in ("value", "answered", "certainty", "confidence"):
            raise NotKinds(f"it reads what is {attribute}")
        if attribute == "value" and column_kind(node.type) not in ("level", "boolean"):
            raise NotKinds("it reads a quantity that a backend gave")
        self.add("backend", backend, "answered")
        self.add("backend", backend, attribute, cut)
