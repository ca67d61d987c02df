"""Asking of conditions, outside any rule, whether they hold in a session."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from heuron.answer import Prediction
from heuron.plan.general import plan_conditions
from heuron.values import UNKNOWN, Value

if TYPE_CHECKING:
    from heuron.infer.load import Engine
    from heuron.infer.session import State

__all__ = ["Probe", "probe"]


class Probe:
    """Conditions compiled once, to be asked of any session of an engine.

    `types` are those of fact variables that are bound outside, in order; `values` and `models`
    name other variables that are: plain ones, and those that stand for predictions.
    """

    __slots__ = ("_make", "_wanted")

    def __init__(
        self,
        engine: Engine,
        conditions: tuple[Any, ...],
        types: Mapping[str, str],
        values: tuple[str, ...] = (),
        models: tuple[str, ...] = (),
        wanted: tuple[Any, ...] = (),
    ) -> None:
        source = plan_conditions(
            engine.program, conditions, types, list(values), list(models), wanted
        )
        self._make: Callable[..., Any] = engine.compiled("condition", source)["make"]
        self._wanted = bool(wanted)

    def ask(
        self, state: State, arguments: tuple[Any, ...]
    ) -> tuple[Value, list[tuple[Value, ...]]]:
        """Return whether the conditions hold together somewhere, and the wanted values there.

        Args:
            state: The session.
            arguments: A row for each fact variable, then values, then predictions.
        """
        functions = self._make(*state.closed_over())
        found: list[tuple[Value, ...]] = []
        with state.limited():
            truth: Value = True
            if not functions["true"](*arguments):
                truth = UNKNOWN if functions["possible"](*arguments) else False
            elif self._wanted:
                functions["find"](found.append, *arguments)
        return truth, found


def probe(
    state: State,
    conditions: tuple[Any, ...],
    facts: Mapping[str, int],
    values: Mapping[str, Value],
    wanted: tuple[Any, ...],
) -> tuple[Value, list[tuple[Value, ...]]]:
    """Return what `State.probe` does."""
    state.refresh()
    types = {name: state.memory.types[number] for name, number in facts.items()}
    models = {
        name: value
        for name, value in values.items()
        if value is None or isinstance(value, Prediction)
    }
    others = {name: value for name, value in values.items() if name not in models}
    asked = Probe(state.engine, conditions, types, tuple(others), tuple(models), wanted)
    rows = [state.memory.row(number) for number in facts.values()]
    return asked.ask(state, (*rows, *others.values(), *models.values()))
