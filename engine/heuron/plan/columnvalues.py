"""Functions of single values that column code calls for what numpy has no form for."""

from __future__ import annotations

from heuron.check.tree import Aggregate, Expression
from heuron.plan.expression import Expressions
from heuron.plan.source import Constants, Writer

__all__ = ["function_source"]


class _Arguments:
    """The names of a function whose only variables are its arguments, `a0, a1, …`."""

    def variable(self, name: str) -> str:
        """Return an argument."""
        return name

    def _none(self, *_: object) -> str:
        raise AssertionError("what a function of values reads are its arguments")

    fact = field = values = certainty = referenced = prediction = backend = _none

    def aggregate(self, node: Aggregate) -> str:
        """There are no facts."""
        return self._none(node)


def function_source(node: Expression, arguments: int, constants: Constants) -> str:
    """Return the source of a function that gives the value of an expression, from its bracket on.

    Args:
        node: An expression that reads nothing but the variables `a0, a1, …`.
        arguments: How many these are.
        constants: Constants of the module.
    """
    writer = Writer()
    value = Expressions(_Arguments(), constants, writer).value(node)
    writer.line(f"return {value}")
    names = "".join(f"a{place}, " for place in range(arguments))
    return "\n".join([f"({names}today, now):", *writer.lines, ""])
