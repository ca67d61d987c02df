"""Screening regular expressions: none that can take exponential time is used."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["regex_problem"]

LONGEST_REGEX: Final = 1_000


def regex_problem(pattern: str) -> str | None:
    """Return why a regular expression is not used, or None.

    Python's engine backtracks: a repetition inside a repetition, or one that repeats
    alternatives, can take exponential time.
    """
    if len(pattern) > LONGEST_REGEX:
        return f"it is longer than {LONGEST_REGEX} characters"
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        return str(error)
    if re.search(r"\\[1-9]|\(\?P=", pattern):
        return "it refers back to a group"
    depth: list[bool] = []
    at = 0
    while at < len(pattern):
        letter = pattern[at]
        if letter == "\\":
            at += 2
            continue
        if letter == "[":
            at = _class_end(pattern, at)
            continue
        if letter == "(":
            depth.append(False)
        elif letter == ")":
            repeats = depth.pop() if depth else False
            again = pattern[at + 1 : at + 2]
            if repeats and (
                again in ("*", "+") or (again == "{" and not _bounded(pattern, at + 1))
            ):
                return "it repeats a group that can match one text in several ways"
            if depth and (repeats or again in ("*", "+", "?", "{")):
                depth[-1] = True
        elif letter in "*+?{|" and depth and pattern[at - 1] != "(":
            depth[-1] = True
        at += 1
    return None


def _class_end(pattern: str, at: int) -> int:
    at += 1
    if pattern[at : at + 1] == "^":
        at += 1
    if pattern[at : at + 1] == "]":
        at += 1
    while at < len(pattern) and pattern[at] != "]":
        at += 2 if pattern[at] == "\\" else 1
    return at + 1


def _bounded(pattern: str, at: int) -> bool:
    """Return whether `{…}` repeats so few times that it does no harm."""
    found = re.match(r"\{(\d+)(?:,(\d*))?\}", pattern[at:])
    if found is None:
        return True
    most = found.group(2) if found.group(2) is not None else found.group(1)
    return most != "" and int(most) <= 4
