"""All backends' answers to one question in words, as `heuron ask --via all` shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from heuron.answer import Answer
from heuron.cli.answers import route_lines, said, value_words, why_lines
from heuron.cli.render import bold, columns

if TYPE_CHECKING:
    from heuron.dispatch.dispatcher import Dispatcher
    from heuron.dispatch.side_by_side import SideBySide

__all__ = ["side_by_side_lines"]


def side_by_side_lines(dispatcher: Dispatcher, found: SideBySide, *, why: bool) -> list[str]:
    """Return a line for each backend, and with `why` what led to each answer and to the route."""
    heading = dispatcher.kb.question or f"{found.dispatch.goal}?"
    lines = [f"{heading}   {bold(_agreement(found))}   dispatch takes: {_taken(found.dispatch)}"]
    lines += columns([said(answer) for answer in found.answers.values()], indent="  ")
    if why:
        for answer in found.answers.values():
            if answer.value is not None:
                lines += why_lines(answer)
    return lines + route_lines(found.dispatch)


def _agreement(found: SideBySide) -> str:
    values = [answer.value for answer in found.answers.values() if answer.value is not None]
    if not values:
        return "nobody answers"
    if found.agree is None:
        return f"one answer: {value_words(values[0])}"
    if found.agree:
        silent = len(values) < len(found.answers)
        who = f"the {len(values)} that answer" if silent else "all"
        return f"{who} agree: {value_words(values[0])}"
    return "they differ"


def _taken(answer: Answer) -> str:
    if answer.backend == "refer":
        return f"a person ({answer.reason})"
    return (answer.backend or "nobody").removeprefix("model:")
