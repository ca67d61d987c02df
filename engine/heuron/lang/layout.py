"""Lines: their indentation, where they are broken, and which comment goes with which line."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field

from heuron.lang.ast import Comment
from heuron.lang.sections import FIRST_WORD

__all__ = ["STEP", "WIDTH", "Line", "fits", "render", "with_comments"]

WIDTH = 100
"""The column after which lines are broken."""

STEP = "    "
"""One level of indentation."""


@dataclass(slots=True)
class Line:
    """A logical line: its level, its text, and the offset where its first node stood.

    Comments stand `above` it, `beside` it and `below` it. A `whole` line is never broken.
    """

    level: int
    text: str
    start: int | None = None
    above: list[str] = field(default_factory=list)
    beside: str | None = None
    below: list[str] = field(default_factory=list)
    whole: bool = False


def fits(level: int, text: str) -> bool:
    """Whether a text on that level ends within `WIDTH`."""
    return len(STEP) * level + len(text) <= WIDTH


def render(lines: Iterable[Line]) -> list[str]:
    """Return the physical lines: comments above, long lines broken, the comment beside."""
    shown: list[str] = []
    for line in lines:
        blanks = STEP * line.level
        shown += [blanks + comment if comment else "" for comment in line.above]
        broken = [blanks + line.text] if line.whole else _broken(line.text, line.level)
        if line.beside is not None:
            broken[-1] += f"  {line.beside}"
        shown += broken
        shown += [blanks + comment if comment else "" for comment in line.below]
    return shown


def with_comments(lines: list[Line], comments: Iterable[Comment]) -> None:
    """Put each comment above or beside the line that it belongs to, or below the last.

    Args:
        lines: the lines of one item, changed in place.
        comments: the comments that belong to the item, in the text's order.
    """
    anchors = [(line.start, index) for index, line in enumerate(lines) if line.start is not None]
    starts = [start for start, _ in anchors]
    for comment in comments:
        found = bisect_right(starts, comment.span.start)
        if comment.beside is not None:
            _beside(lines, anchors[max(0, found - 1)][1], comment.text, comment.beside)
        elif found < len(anchors):
            _alone_before(lines, anchors[found][1], comment)
        elif lines[-1].level == 0:
            # Inside the brackets of an item of one line: below it, it would be the next item's.
            lines[-1].above.append(comment.text)
        else:
            lines[-1].below += _alone(comment)


def _beside(lines: list[Line], index: int, text: str, word: str) -> None:
    """Put a comment beside the line at `index`, or a line after it that begins with `word`."""
    for later in range(index, len(lines)):
        if _first_word(lines[later].text) == word:
            index = later
            break
        # Lines without a node of their own (`when:`) belong to the place before the next node.
        if later > index and lines[later].start is not None:
            break
    line = lines[index]
    if line.beside is None:
        line.beside = text
    else:
        line.above.append(text)


def _first_word(text: str) -> str:
    found = FIRST_WORD.match(text)
    return found.group(1) if found else ""


def _alone_before(lines: list[Line], index: int, comment: Comment) -> None:
    """Put a comment above a line, above the `when:` and such before it, or below the last block."""
    first = index
    while first > 0 and lines[first - 1].start is None:
        first -= 1
    fitting = [
        candidate
        for candidate in range(first, index + 1)
        if lines[candidate].level * len(STEP) <= comment.indent
    ]
    deepest = max(lines[candidate].level for candidate in range(first, index + 1))
    if first and lines[first - 1].level > deepest and comment.indent > deepest * len(STEP):
        lines[first - 1].below += _alone(comment)
    else:
        lines[fitting[-1] if fitting else first].above += _alone(comment)


def _alone(comment: Comment) -> list[str]:
    return ["", comment.text] if comment.apart else [comment.text]


def _broken(text: str, level: int, inside: bool = False) -> list[str]:
    """Break a line that is too long at its commas and bars, or inside its brackets.

    Args:
        text: the line.
        level: its level.
        inside: whether it stands inside brackets, where it may be broken at `and` and `or` too.
    """
    if fits(level, text):
        return [STEP * level + text]
    pieces = _after_separators(text, ",|")
    if len(pieces) > 1 and not inside:
        return _filled(pieces, level)
    if len(pieces) == 1 and inside:
        pieces = _before_operators(text)
    if len(pieces) > 1:
        return [line for piece in pieces for line in _broken(piece, level, piece != text)]
    group = _largest_group(text)
    if group is None:
        return [STEP * level + text]
    opening, closing = group
    lines = [STEP * level + text[: opening + 1]]
    for piece in _after_separators(text[opening + 1 : closing], ","):
        lines += _broken(piece, level + 1, True)
    return [*lines, STEP * level + text[closing:]]


def _filled(pieces: list[str], level: int) -> list[str]:
    """Put as many pieces on a line as fit; the lines after the first go one level deeper."""
    rows = [pieces[0]]
    for piece in pieces[1:]:
        if fits(level + (len(rows) > 1), f"{rows[-1]} {piece}"):
            rows[-1] += f" {piece}"
        else:
            rows.append(piece)
    return [line for index, row in enumerate(rows) for line in _broken(row, level + (index > 0))]


def _after_separators(text: str, separators: str) -> list[str]:
    """Return the pieces of a text after each separator outside brackets and quotes."""
    characters = _outside_quotes(text)
    return _cut(text, [at + 1 for at, depth, one in characters if not depth and one in separators])


def _before_operators(text: str) -> list[str]:
    """Return the pieces of a text before each `or`, else `and`, else `+`, outside brackets."""
    places = [at for at, depth, one in _outside_quotes(text) if not depth and one == " "]
    for operator in (" or ", " and ", " + "):
        cuts = [at for at in places if text.startswith(operator, at)]
        if cuts:
            return _cut(text, cuts)
    return [text]


def _cut(text: str, places: list[int]) -> list[str]:
    ends = [*places, len(text)]
    pieces = [text[begin:end].strip() for begin, end in zip([0, *places], ends, strict=True)]
    return [piece for piece in pieces if piece]


def _largest_group(text: str) -> tuple[int, int] | None:
    """Return the places of the outermost brackets around the most text, if there is any."""
    best = None
    opening = 0
    for at, depth, character in _outside_quotes(text):
        if character in "([" and depth == 0:
            opening = at
        elif (
            character in ")]"
            and depth == 1
            and at - opening > 1
            and (best is None or at - opening > best[1] - best[0])
        ):
            best = opening, at
    return best


def _outside_quotes(text: str) -> Iterable[tuple[int, int, str]]:
    """Yield place, depth of brackets (before it) and each character outside quotes."""
    quoted = False
    at = depth = 0
    while at < len(text):
        character = text[at]
        if quoted and character == "\\":
            at += 1
        elif character == '"':
            quoted = not quoted
        elif not quoted:
            yield at, depth, character
            if character in "([":
                depth += 1
            elif character in ")]":
                depth -= 1
        at += 1
