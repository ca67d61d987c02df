"""Printing: a tree as text in the one canonical form, which `heuron fmt` writes.

`parse(print_file(tree))` gives `tree` again, and printing twice gives the same text.
"""

from __future__ import annotations

from collections.abc import Sequence

from heuron.diagnostics import NOWHERE, Diagnostic, Severity, SourceText, Span
from heuron.lang import ast
from heuron.lang.layout import render, with_comments
from heuron.lang.print_expressions import condition_text, expression_text
from heuron.lang.print_items import action_text, condition_lines, item_lines

__all__ = [
    "format_text",
    "print_action",
    "print_condition",
    "print_expression",
    "print_file",
    "print_item",
]


def print_expression(expression: ast.Expression) -> str:
    """Return an expression as text, on one line, with as few brackets as possible."""
    return expression_text(expression)


def print_condition(condition: ast.Condition) -> str:
    """Return a condition as text; only `either` takes more than one line."""
    if isinstance(condition, ast.EitherCondition):
        return "\n".join(render(condition_lines(condition, 0)))
    return condition_text(condition)


def print_action(action: ast.Action) -> str:
    """Return an action as text, on one line."""
    return action_text(action)


def print_item(item: ast.Item) -> str:
    """Return an item as text, without its comments and without a line end."""
    return "\n".join(render(item_lines(item)))


def print_file(file: ast.File) -> str:
    """Return a file as text: items with one blank line between them, and comments in place.

    One-line items that stood on adjoining lines stay together.
    """
    shares = _shares(file)
    shown: list[str] = []
    before: tuple[ast.Item, int] | None = None
    for item, (above, within) in zip(file.items, shares, strict=False):
        lines = item_lines(item)
        with_comments(lines, within)
        text = render(lines)
        if before is not None and (above or len(text) > 1 or not _adjoining(*before, item)):
            shown.append("")
        shown += [*_above(above, item.span.start), *text]
        end = max([item.span.end, *(comment.span.end for comment in within)])
        # An item of several lines adjoins nothing.
        before = item, (end if len(text) == 1 else -1)
    last, _ = shares[-1]
    if last:
        shown += [*([""] if shown else []), *_above(last, None)]
    return "\n".join(shown) + "\n" if shown else ""


def _shares(file: ast.File) -> list[tuple[list[ast.Comment], list[ast.Comment]]]:
    """Return for each item the comments above it and those that belong to its lines.

    One more pair, at the end, holds the comments below all items.
    """
    shares: list[tuple[list[ast.Comment], list[ast.Comment]]] = [
        ([], []) for _ in range(len(file.items) + 1)
    ]
    index = 0
    for comment in file.comments:
        place = comment.span.start
        while index < len(file.items) and file.items[index].span.end <= place:
            index += 1
        inside = index < len(file.items) and file.items[index].span.start <= place
        if inside:
            shares[index][1].append(comment)
        elif index and comment.beside is not None:
            # Beside the last line of the item above.
            shares[index - 1][1].append(comment)
        elif index and not shares[index][0] and _ends_in(comment, file.items[index - 1]):
            shares[index - 1][1].append(comment)
        else:
            shares[index][0].append(comment)
    return shares


def _ends_in(comment: ast.Comment, item: ast.Item) -> bool:
    """Whether a comment after an item is the end of its block: both are indented."""
    return comment.indent > 0 and item_lines(item)[-1].level > 0


def _above(comments: Sequence[ast.Comment], item_start: int | None) -> list[str]:
    """Return comments that stand above an item; a blank line after one is kept."""
    if not comments:
        return []
    lines: list[str] = []
    for comment in comments:
        if comment.apart and lines:
            lines.append("")
        lines.append(comment.text)
    if item_start is not None and item_start - comments[-1].span.end > 1:
        lines.append("")
    return lines


def _adjoining(before: ast.Item, end: int, item: ast.Item) -> bool:
    """Whether two one-line items are to stand on adjoining lines, as their author had them.

    `end` is where the first one's line ends, negative when it took more than one line.
    """
    if end < 0:
        return False
    if item.span is NOWHERE or before.span is NOWHERE:
        return type(item) is type(before)
    return item.span.start - end == 1


def format_text(text: str, path: str = "<text>") -> tuple[str | None, tuple[Diagnostic, ...]]:
    """Return the text of a rule file in its canonical form.

    The result is parsed again and compared, so that formatting can never change a meaning.

    Returns:
        The formatted text and no errors, or None and the diagnostics that say why not.
    """
    # Imported here: printing a node, as explanations do, must not load Lark.
    from heuron.lang.parser import parse

    _, diagnostics = parse(text, path)
    if diagnostics:
        return None, diagnostics
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n")
    # Without blanks at the ends of lines, the distance of two items tells if a line is between.
    file, _ = parse("\n".join(line.rstrip() for line in plain.split("\n")), path)
    formatted = print_file(file)
    again, mistakes = parse(formatted, path)
    comments = sorted(comment.text for comment in file.comments)
    if mistakes or again != file or comments != sorted(one.text for one in again.comments):
        message = "Formatting would change what this file means, so it is left as it is."
        hint = "Please report it with this file."
        whole = Span(path, 0, len(text))
        failure = Diagnostic(Severity.ERROR, "internal", message, whole, hint)
        return None, (failure.located(SourceText(path, text)),)
    return formatted, ()
