"""A dispatch block at work: drives the generated function, and asks whom it wants asked.

Owns the names that generated dispatch functions may use beside the contract's, and the default
policy of a knowledge base without a block.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any, NamedTuple

from heuron.answer import Route, Tried
from heuron.dispatch.opinion import Opinion, RulesOpinion
from heuron.values import UNKNOWN, Value, show

__all__ = ["NAMES", "Decision", "Policy", "RouteLine", "default_policy"]


class RouteLine(NamedTuple):
    """A line of a block: `backend` is rules, model, refer or agree; `text` is it as written."""

    line: int
    backend: str
    name: str | None
    reason: str | None
    text: str

    @property
    def label(self) -> str:
        """The backend as answers name it."""
        if self.backend in ("model", "agree"):
            return f"{self.backend}:{self.name}"
        return self.backend


class Decision(NamedTuple):
    """The route that a policy took (None: no route), how it got there, and what was missing.

    `missing` names the fields for lack of which a `refer` route could not be ruled out.
    """

    line: RouteLine | None
    route: Route
    missing: tuple[str, ...]


Asked = Generator[str, Opinion, "tuple[int, list[Any], list[Any], list[str]]"]


class Policy:
    """A dispatch block, compiled: its name, its routes, the models that it reads or uses."""

    __slots__ = ("_labels", "_start", "models", "name", "routes")

    def __init__(
        self,
        name: str | None,
        routes: Sequence[RouteLine],
        models: tuple[str, ...],
        start: Callable[..., Asked],
    ) -> None:
        self.name = name
        self.routes = tuple(routes)
        self.models = models
        self._start = start
        self._labels = {one.line: one.label for one in self.routes}

    def decide(
        self,
        ask: Callable[[str], Opinion],
        get: Callable[..., Value],
        *,
        has: Callable[[str], bool],
        same: Callable[[Value, Value], bool],
        today: Value = UNKNOWN,
        now: Value = UNKNOWN,
        host: Callable[..., Value] | None = None,
    ) -> Decision:
        """Return the route taken; `ask` is called at most once for each backend.

        Args:
            ask: Asks a backend: "rules" or the name of a model.
            get: Reads a given field of the record, `get(name, value when it is missing)`.
            has: Whether a model can be asked.
            same: Whether two values of the goal count as the same answer.
            today: The date of `today()`.
            now: The time of `now()`.
            host: Calls a function of the host program.
        """
        run = self._start(get, today, now, host, has, same)
        try:
            wanted = next(run)
            while True:
                wanted = run.send(ask(wanted))
        except StopIteration as stop:
            place, tried, skipped, missing = stop.value
        route = self._route(place, tried, skipped)
        line = None if place < 0 else self.routes[place]
        return Decision(line, route, tuple(dict.fromkeys(missing)))

    def _route(self, place: int, tried: list[Any], skipped: list[Any]) -> Route:
        labels = self._labels
        return Route(
            taken=None if place < 0 else self.routes[place].line,
            tried=tuple(Tried(line, labels[line], held, why) for line, held, why in tried),
            skipped=tuple(dict.fromkeys(model for _, model in skipped)),
        )


def default_policy(model: str | None) -> Policy:
    """Return what happens without a block: rules when they answer, the selected model, a person.

    Args:
        model: The selected model, or None where the domain has none that could answer.
    """
    routes = [RouteLine(1, "rules", None, None, "rules when rules.answered")]
    if model is not None:
        text = f"model {model} when {model}.answered"
        routes.append(RouteLine(2, "model", model, None, text))
    last = len(routes) + 1
    routes.append(RouteLine(last, "refer", None, "nobody knows", "refer otherwise"))

    def start(*_: object) -> Asked:
        tried: list[Any] = []
        for place, route in enumerate(routes[:-1]):
            name = route.name or "rules"
            opinion = yield name
            answered = opinion.answered is True
            tried.append((route.line, answered, f"{name}.answered {show(answered)}"))
            if answered:
                return place, tried, [], []
        tried.append((last, True, "otherwise"))
        return last - 1, tried, [], []

    return Policy(None, routes, () if model is None else (model,), start)


# What generated functions call.


def seen(opinion: Opinion | None, attribute: str) -> str:
    """Return an attribute that was read, with a space before it; nothing if it was not read."""
    if opinion is None:
        return ""
    said = seen_value(getattr(opinion, attribute))
    silent = opinion.answered is not True and attribute in ("certainty", "confidence")
    return f"{said} (no answer)" if silent else said


def seen_field(opinion: RulesOpinion | None, field: str) -> str:
    """Return a concluded field that was read."""
    return "" if opinion is None else seen_value(opinion.field(field))


def seen_strength(opinion: RulesOpinion | None, field: str) -> str:
    """Return a certainty that was read."""
    return "" if opinion is None else seen_value(opinion.strength(field))


def seen_value(value: Value) -> str:
    """Return a value in words, with a space before it."""
    if isinstance(value, float):
        return f" {show(float(f'{value:.4g}'))}" if abs(value) < 1e15 else f" {show(value)}"
    return f" {show(value)}"


def lack(
    gaps: list[str] | None,
    get: Callable[..., Value],
    given: tuple[str, ...],
    rules: RulesOpinion | None,
    concluded: tuple[str, ...],
    opinions: tuple[Opinion | None, ...],
    others: tuple[str, ...],
) -> list[str]:
    """Return the fields whose absence left a condition unknown, after those found before.

    They are the given fields that it reads, what the rules would have needed for the concluded
    fields that it reads, what a backend needed that it reads and that gave no answer, and
    fields of other facts ("Loan.amount").
    """
    found = [] if gaps is None else gaps
    found += [name for name in given if get(name, UNKNOWN) is UNKNOWN]
    if rules is not None:
        found += [need for name in concluded for need in rules.lacks(name)]
    found += [
        need
        for opinion in opinions
        if opinion is not None and opinion.answered is not True
        for need in opinion.needs
    ]
    found += others
    return found


def agreement(rules: Opinion | None, model: Opinion | None, name: str) -> str:
    """Return in words what rules and a model said."""
    parts = []
    for label, opinion in (("rules", rules), (name, model)):
        if opinion is not None:
            said = seen_value(opinion.value) if opinion.answered is True else " no answer"
            parts.append(f"{label}:{said}")
    return ", ".join(parts)


NAMES = {
    "agreement": agreement,
    "lack": lack,
    "seen": seen,
    "seen_field": seen_field,
    "seen_strength": seen_strength,
    "seen_value": seen_value,
}
"""What generated dispatch functions may call beside the names of the contract."""
