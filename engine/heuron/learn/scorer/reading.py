"""From a record to a row of inputs as numbers: one function generated for a scorer.

Owns `compile_reader`. The usual value of an input costs a look-up and a comparison; all that is
odd about one (unknown, outside what the model knows, a date to convert) goes to `_Odd`. Only
numbers and indexes enter the generated text; names and functions are bound to it from outside.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from heuron.learn.scorer.inputs import conversion, is_levels
from heuron.values import UNKNOWN

if TYPE_CHECKING:
    from heuron.learn.scorer.form import Form

__all__ = ["IMPUTED", "NEEDED", "OUTSIDE", "Noted", "Reader", "compile_reader", "sorted_out"]

RARE: Final = 5
"""A level with fewer training rows is outside what the model knows."""

WIDER: Final = 0.1
"""A number is outside when it lies over this share of the training range's width beyond it."""

MOST_INLINE: Final = 500
"""With more inputs a loop reads them: generated text would be slow to compile."""

NEEDED, IMPUTED, OUTSIDE = 0, 1, 2

Noted = list[tuple[int, str]]
"""What was odd about which inputs, in their order."""

Reader = Callable[[Callable[[str], Any]], tuple[tuple[Any, ...], Noted]]
"""From a record's look-up to the row, None where an input is needed, and what was odd."""


def compile_reader(form: Form) -> Reader:
    """Return the function that reads a record's inputs."""
    odds = [_Odd(form, at) for at in range(len(form.inputs))]
    if len(odds) > MOST_INLINE:
        return _looping(odds)
    scope: dict[str, Any] = {}
    lines = ["def read(get):", "    noted = []"]
    for at, (odd, kind) in enumerate(zip(odds, form.kinds, strict=True)):
        scope |= {f"n{at}": odd.name, f"odd{at}": odd.number, f"d{at}": odd.usual_places}
        if is_levels(kind) or kind == "boolean":
            lines.append(f"    v{at} = d{at}(get(n{at}))")
            lines.append(f"    if v{at} is None: v{at} = odd{at}(get(n{at}), noted)")
        elif odd.convert is not None:
            lines.append(f"    v{at} = odd{at}(get(n{at}), noted)")
        else:
            usual = f"{odd.low!r} <= v{at} <= {odd.high!r}"
            if odd.low == float("-inf"):  # whatever is a number equals itself
                usual = f"v{at} == v{at}"
            lines.append(f"    v{at} = get(n{at})")
            lines.append(f"    if v{at} is None or not {usual}: v{at} = odd{at}(v{at}, noted)")
    row = "".join(f"v{at}, " for at in range(len(form.inputs)))
    lines.append(f"    return ({row}), noted")
    # Each function has a namespace of its own, whose names cannot be a user's.
    exec("\n".join(lines), scope)
    return scope["read"]  # type: ignore[no-any-return]


def sorted_out(noted: Noted) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return the names of the inputs that are needed, were imputed, and are outside."""
    return (
        tuple([name for what, name in noted if what == NEEDED]),
        tuple([name for what, name in noted if what == IMPUTED]),
        tuple([name for what, name in noted if what == OUTSIDE]),
    )


def _looping(odds: list[_Odd]) -> Reader:
    def read(get: Callable[[str], Any]) -> tuple[tuple[Any, ...], Noted]:
        noted: Noted = []
        return tuple([odd.number(get(odd.name), noted) for odd in odds]), noted

    return read


class _Odd:
    """What to make of an input's value that is not as usual."""

    __slots__ = ("convert", "fill", "high", "low", "name", "rare", "usual_places")

    def __init__(self, form: Form, at: int) -> None:
        kind, seen = form.kinds[at], form.seen[at]
        self.name = form.inputs[at]
        self.fill = form.fill[at]
        self.convert = conversion(kind)
        self.low, self.high = float("-inf"), float("inf")
        self.rare: frozenset[float] = frozenset()
        places: dict[Any, float] = {}
        if is_levels(kind) or kind == "boolean":
            self.rare = frozenset(float(one) for one, rows in enumerate(seen or ()) if rows < RARE)
            places = {level: float(place) for place, level in enumerate(_levels(kind))}
        elif seen is not None:
            margin = WIDER * (seen[1] - seen[0])
            self.low, self.high = seen[0] - margin, seen[1] + margin
        usual = {level: place for level, place in places.items() if place not in self.rare}
        self.usual_places = usual.get

    def number(self, value: Any, noted: Noted) -> float | None:
        """Return the value as a number, what fills its gap, or None; and note what is odd."""
        if value is None or value is UNKNOWN or value != value:
            if self.fill is None:
                noted.append((NEEDED, self.name))
            else:
                noted.append((IMPUTED, self.name))
            return self.fill
        if self.convert is not None:
            value = self.convert(value)
            if value is None:  # a level that the model has never heard of
                noted.append((NEEDED, self.name))
                noted.append((OUTSIDE, self.name))
                return None
        if not self.low <= value <= self.high or value in self.rare:
            noted.append((OUTSIDE, self.name))
        return value  # type: ignore[no-any-return]


def _levels(kind: Any) -> list[Any]:
    return [False, True] if kind == "boolean" else list(kind)
