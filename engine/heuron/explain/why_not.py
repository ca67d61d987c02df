"""Why a value was not the answer: for each rule that concludes it, what failed first."""

from __future__ import annotations

from typing import Any

from heuron.check.tree import Bind, Condition, Expression, Pattern, Predict, Test
from heuron.explain.conditions import Concluding, by_index, concluding, opened
from heuron.explain.reading import leaves, name_of, spelled, written
from heuron.explain.why import place_of
from heuron.infer.session import State
from heuron.values import UNKNOWN, Value, show

__all__ = ["why_not"]


def why_not(state: State, number: int, field: str, value: Value) -> str:
    """Return in words why a fact's field does not have a value.

    For every rule that concludes the value, the first condition that failed or is unknown, with
    the value that it read; and whether it fired and lost.
    """
    return "\n".join(_Why(state, number, field, value).lines())


class _Why:
    def __init__(self, state: State, number: int, field: str, value: Value) -> None:
        state.refresh()
        self.state = state
        self.number = number
        self.field = field
        self.value = value
        self.texts = state.engine.texts
        self.rules: dict[int, dict[str, Any]] = state.engine.rules

    def lines(self) -> list[str]:
        """Return the explanation's lines."""
        state, field, value = self.state, self.field, self.value
        held = dict(state.values(self.number, field))
        if value in held:
            return [f"{field} is {show(value)}, with certainty {held[value]:.3g}."]
        key = (state.memory.types[self.number], field)
        found = [one for one in concluding(state.engine.program, key) if one.value in (value, None)]
        positive = [one for one in found if one.certainty > 0.0]
        negative = [one for one in found if one.certainty < 0.0]
        if not positive:
            lines = [f"No rule concludes {field} == {show(value)}."]
        else:
            lines = [self._outcome(held)]
        return lines + [line for one in (*positive, *negative) for line in self._rule(one)]

    def _outcome(self, held: dict[Value, float]) -> str:
        field, value = self.field, self.value
        level = self.state.levels(self.number, field).get(value)
        text = f"{field} is not {show(value)}"
        if held:
            best, certainty = next(iter(held.items()))
            text += f": {show(best)} has certainty {certainty:.3g}"
            if level is not None:
                text += f", {show(value)} {level:.3g}"
        elif level is not None:
            text += f": its certainty is {level:.3g}"
        return text + "."

    def _rule(self, one: Concluding) -> list[str]:
        rule = self.rules[one.index]
        title = f' "{rule["title"]}"' if rule["title"] else ""
        against = ", which speaks against it" if one.certainty < 0.0 else ""
        head = f"  {one.name}{title}   {place_of(rule)}{against}"
        fired = [
            (value, strength)
            for value, strength, _, index, _ in self.state.contributions(self.number, self.field)
            if index == one.index
        ]
        mine = [strength for value, strength in fired if value == self.value]
        if mine:
            return [head, f"    fired, with certainty {mine[0]:.3g}"]
        if fired:
            return [head, f"    fired, and concluded {show(fired[0][0])}"]
        if one.certainty < 0.0:
            return []
        return [head, f"    {self._failure(one)}"]

    def _failure(self, one: Concluding) -> str:
        conditions = opened(one.conditions, one.variable)
        facts = {one.variable: self.number}
        for at, condition in enumerate(conditions):
            truth = self.state.probe(conditions[: at + 1], facts)[0]
            if truth is not True:
                return self._failed(conditions[:at], condition, truth, facts, one.variable)
        for row in one.before:
            tests = tuple(Test(expression=test) for test in row.tests if test is not None)
            truth = self.state.probe(tests, facts)[0]
            if truth is not False:
                what = "hit" if truth is True else "is unknown, so nothing below it can hit"
                return f"the earlier row {row.name} {what}"
        reports = [name for kind, name, at in self.state.reports() if kind == "several-hits"]
        table = by_index(self.state.engine.program)[one.index]
        if isinstance(table, tuple) and table[0].name in reports:
            return f"several rows of {table[0].name} hit, so it concludes nothing"
        return "its conditions hold, but what it concludes is unknown"

    def _failed(
        self,
        before: tuple[Condition, ...],
        condition: Condition,
        truth: Value,
        facts: dict[str, int],
        home: str,
    ) -> str:
        state = "is unknown" if truth is UNKNOWN else "failed"
        match condition:
            case Test() | Bind():
                return self._test(before, condition.expression, state, facts, home)
            case Predict():
                return f"the model {condition.model} gave no answer"
            case Pattern():
                text = written(condition.span, self.texts) or f"{condition.type_name}(…)"
                if truth is UNKNOWN:
                    return f"whether there is a fact {text} is unknown"
                return f"there is no fact {text}"
            case _:
                text = written(condition.span, self.texts) or type(condition).__name__.lower()
                return f"{text} {state}"

    def _test(
        self,
        before: tuple[Condition, ...],
        expression: Expression,
        state: str,
        facts: dict[str, int],
        home: str,
    ) -> str:
        text = written(expression.span, self.texts) or spelled(expression, home)
        read = tuple(leaves(expression))
        found = self.state.probe(before, facts, None, read)[1]
        values = list(zip(read, found[0], strict=True)) if found else []
        unknown = [name_of(leaf, home) for leaf, value in values if value is UNKNOWN]
        if state == "is unknown" and unknown:
            return f"{text} is unknown: {', '.join(unknown)} is not known"
        words = ", ".join(f"{name_of(leaf, home)} is {show(value)}" for leaf, value in values)
        return f"{text} {state}: {words}" if words else f"{text} {state}"
