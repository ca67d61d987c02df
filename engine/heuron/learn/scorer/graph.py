"""Models that answer from an ONNX graph, by ONNX Runtime.

JSON: `{"kind": "onnx"}`, with `"link": "margin"` where its scores are distances. The store puts
the function that runs the graph under `session`; JSON alone can hold none. Such a model needs
numpy and the extra onnx for every answer, and is labelled so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy

__all__ = ["KIND", "check", "many", "one"]

KIND = "onnx"


def check(model: dict[str, Any], width: int, classes: int) -> None:
    """Check that there is a graph of `width` columns and `classes` classes (0: a number)."""
    import numpy

    session = model.get("session")
    if not callable(session):
        raise ValueError("its graph was not loaded")
    scores = session(numpy.zeros((2, width)))
    if scores.shape != (2, max(1, classes)) or scores.dtype != float:
        raise ValueError("its graph gives scores of another shape")


def one(
    model: dict[str, Any], width: int, classes: int
) -> Callable[[Sequence[float]], list[float]]:
    """Return the function for one row."""
    import numpy

    session, array = model["session"], numpy.array
    return lambda x: session(array((x,), dtype=float))[0].tolist()


def many(
    model: dict[str, Any], width: int, classes: int
) -> Callable[[numpy.ndarray[Any, Any]], numpy.ndarray[Any, Any]]:
    """Return the function for many rows: to one column a class, or one for a number."""
    session: Callable[[numpy.ndarray[Any, Any]], numpy.ndarray[Any, Any]] = model["session"]
    return session
