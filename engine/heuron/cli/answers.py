"""Answers in words, as `heuron ask` shows them."""

from __future__ import annotations

from heuron.answer import Answer, Tried
from heuron.cli.render import bold, columns
from heuron.values import show

__all__ = ["answer_lines", "route_lines", "said", "value_words", "why_lines"]


def value_words(value: object) -> str:
    """Return an answer's value in words; nothing known is "unknown"."""
    if value is None:
        return "unknown"
    if isinstance(value, tuple):
        return ", ".join(show(one) for one in value) or "unknown"
    return show(value)


def said(answer: Answer) -> tuple[str, str, str, str]:
    """Return who answered, what, how sure, and what to know about it, as the cells of a row."""
    backend = (answer.backend or "nobody").removeprefix("model:")
    if answer.value is None:
        needs = f"needs {_listed(answer.needs)}" if answer.needs else ""
        return backend, "no answer", "", answer.reason or needs
    return backend, value_words(answer.value), _sureness(answer), _remarks(answer)


def _listed(names: tuple[str, ...]) -> str:
    """Return names in a row, of many the first ones and how many more there are."""
    if len(names) <= 5:
        return ", ".join(names)
    return f"{', '.join(names[:4])} and {len(names) - 4} more"


def _sureness(answer: Answer) -> str:
    if answer.interval is not None:
        return f"between {show(answer.interval[0])} and {show(answer.interval[1])}"
    if answer.confidence is not None:
        return f"confidence {answer.confidence:.3f}"
    if answer.certainty is not None:
        return f"certainty {answer.certainty:.3g}"
    if answer.score is not None:
        return f"score {answer.score:.3f} (not calibrated)"
    return ""


def _remarks(answer: Answer) -> str:
    parts = [", ".join(answer.rules)] if answer.rules else []
    if answer.imputed:
        parts.append(f"{', '.join(answer.imputed)} unknown, filled in")
    if answer.outside:
        parts.append(f"{', '.join(answer.outside)} outside what it was trained on")
    return "; ".join(parts)


def answer_lines(question: str | None, answer: Answer, *, has_routes: bool = True) -> list[str]:
    """Return one answer in words: the question, the value, who gave it, and the route.

    Where the author wrote no routes (`has_routes`), none are shown, and nobody is referred to.
    """
    heading = question or f"{answer.goal}?"
    if answer.backend == "refer" and not has_routes:
        lines = [f"{heading}   {bold('unknown')}"]
        # The last route of those without a block says "nobody knows (why)".
        if why := (answer.reason or "").removeprefix("nobody knows").strip(" ()"):
            lines.append(f"  {why}")
    elif answer.backend == "refer":
        # A route without a reason of its own says just that.
        why = (answer.reason or "").removeprefix("a person decides").strip()
        colon = ": " if why == answer.reason else " "
        lines = [f"{heading}   {bold('a person decides')}{colon if why else ''}{why}"]
    else:
        lines = [f"{heading}   {bold(value_words(answer.value))}"]
        backend, _, sureness, remarks = said(answer)
        if answer.value is not None or answer.reason is not None:
            lines += columns([(backend, sureness or "no answer", remarks)], indent="  ")
    rows = [
        ("also", value_words(one.value), f"certainty {one.certainty:.3g}")
        for one in answer.alternatives
        if one.certainty is not None
    ]
    lines += columns(rows, indent="  ")
    if has_routes:
        lines += route_lines(answer)
    if answer.needs:
        what = "Needs" if answer.value is None else "Unknown, and could change it"
        lines.append(f"{what}: {_listed(answer.needs)}.")
    return lines


def why_lines(answer: Answer) -> list[str]:
    """Return what led to an answer: the rules' proof, or what moved a model."""
    lines = str(answer.why()).splitlines()
    if answer.backend == "rules":
        return [f"Rules: {value_words(answer.value)}, because", *(f"  {one}" for one in lines)]
    return lines


def route_lines(answer: Answer) -> list[str]:
    """Return how the dispatcher came to the answer: the line that held, and those before it."""
    route = answer.route
    if route is None:
        return []
    lines = [_tried(one) for one in route.tried]
    lines += [
        f"Skipped: {name} has not been trained, or cannot be used here." for name in route.skipped
    ]
    return lines


def _tried(one: Tried) -> str:
    how = {True: "held", False: "did not hold", None: "is unknown"}[one.held]
    why = f" ({one.why})" if one.why and one.why != "otherwise" else ""
    backend = one.backend.removeprefix("model:").replace("agree:", "agree ")
    return f"Route: line {one.line}, {backend}, {how}{why}."
