"""Encoding and a linear model in one generated function: no columns are made in between.

Owns `fused`. A one-hot column times its weight is a look-up of the weight by level. Sums are
added in another order than over columns, so they differ by rounding. Only numbers and indexes
enter the generated text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import exp
from typing import TYPE_CHECKING, Any, Final

from heuron.learn.scorer.linear import link_one

if TYPE_CHECKING:
    from heuron.learn.scorer.form import Form

__all__ = ["fused"]

MOST_WEIGHTS: Final = 300
"""With more weights the columns are made, and a loop adds them up."""
MOST_TERMS: Final = 40
"""So many terms in one expression: the compiler nests them."""

LOGISTIC: Final = """
    if s0 >= 0.0:
        small = exp(-s0)
        return [1.0 / (1.0 + small), small / (1.0 + small)]
    small = exp(s0)
    return [small / (1.0 + small), 1.0 / (1.0 + small)]
"""


def fused(form: Form) -> Callable[[Sequence[float]], list[float]] | None:
    """Return the function from a row of inputs to a linear model's scores; None for others."""
    model = form.model
    if model["kind"] != "linear" or len(form.encode) * len(model["weights"]) > MOST_WEIGHTS:
        return None
    scope: dict[str, Any] = {"exp": exp, "finish": link_one(model["link"])}
    row = "".join(f"v{at}, " for at in range(len(form.inputs)))
    lines = ["def score(row):", f"    {row}= row"]
    lines += [
        f"    c{place} = {_scaled(step)}"
        for place, step in enumerate(form.encode)
        if step[0] in ("scale", "times")
    ]
    for place, (weights, bias) in enumerate(zip(model["weights"], model["bias"], strict=True)):
        terms, tables = _terms(form, weights, place)
        scope |= tables
        lines.append(f"    s{place} = {float(bias)!r}")
        lines += [
            f"    s{place} += " + " + ".join(terms[at : at + MOST_TERMS])
            for at in range(0, len(terms), MOST_TERMS)
        ]
    sums = ", ".join(f"s{place}" for place in range(len(model["bias"])))
    end = LOGISTIC if model["link"] == "logistic" else f"\n    return finish([{sums}])"
    exec("\n".join(lines) + end, scope)
    return scope["score"]  # type: ignore[no-any-return]


def _scaled(step: Sequence[Any]) -> str:
    if step[0] == "scale":
        return f"(v{step[1]} - {float(step[2])!r}) / {float(step[3])!r}"
    return f"v{step[1]} * {float(step[2])!r} + {float(step[3])!r}"


def _terms(form: Form, weights: Sequence[float], row: int) -> tuple[list[str], dict[str, Any]]:
    """Return the terms of a weighted sum, and the look-ups of weights by level that they use."""
    terms: list[str] = []
    tables: dict[str, Any] = {}
    for place, (step, weight) in enumerate(zip(form.encode, weights, strict=True)):
        source = step[1]
        if step[0] in ("scale", "times"):
            terms.append(f"{float(weight)!r} * c{place}")
        elif step[0] == "is":
            name = f"t{row}_{source}"
            if name not in tables:
                tables[name] = dict.fromkeys(map(float, range(len(form.kinds[source]))), 0.0)
                terms.append(f"{name}[v{source}]")
            tables[name][float(step[2])] += float(weight)
        elif step[0] == "equals":
            terms.append(f"({float(weight)!r} if v{source} == {float(step[2])!r} else 0.0)")
        else:
            terms.append(f"{float(weight)!r} * v{source}")
    return terms, tables
