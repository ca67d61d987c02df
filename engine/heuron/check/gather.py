"""From one file to all that it uses: items in order, each with the prefix of its module."""

from __future__ import annotations

import re

from heuron.check.context import Context, Placed
from heuron.diagnostics import RuleError, SourceText
from heuron.lang import ast
from heuron.lang.parser import parse

__all__ = ["gather"]

BROUGHT = (ast.Use, ast.TypeDeclaration, ast.Facts, ast.Let, ast.Rule, ast.Table, ast.Query)
"""What `use` brings; a used file's domain, goal, data, dispatch and tests stay behind."""

LONGEST_CHAIN = 50
"""How many files deep `use` may go."""

NAMED = re.compile(r"^(?:type|let|rule|table|query)[ \t]+(\w+)", re.MULTILINE)
"""Where an item is named; only asked of texts with a mistake."""


def gather(text: str, path: str, context: Context) -> list[Placed]:
    """Parse a file and the files it uses; a used file's items come before its user's."""
    found: list[Placed] = []
    _enter(text, path, "", [path], set(), found, context)
    return found


def _enter(
    text: str,
    path: str,
    prefix: str,
    chain: list[str],
    seen: set[tuple[str, str]],
    found: list[Placed],
    context: Context,
) -> None:
    context.texts[path] = SourceText(path, text)
    seen.add((path, prefix))
    file, diagnostics = parse(text, path)
    context.diagnostics += diagnostics
    if diagnostics:
        _note_damage(text, file, context)
    is_main = len(chain) == 1
    for item in file.items:
        if isinstance(item, ast.Use):
            _use(item, path, prefix, chain, seen, found, context)
        elif is_main or isinstance(item, BROUGHT):
            found.append(Placed(item, prefix))


def _note_damage(text: str, file: ast.File, context: Context) -> None:
    """Note the names of items that are written but could not be parsed."""
    parsed = {getattr(one, "name", None) for one in file.items}
    context.damaged.update(name for name in NAMED.findall(text) if name not in parsed)
    # A type that was left out may have held anything that is not found now.
    if not any(isinstance(one, ast.Goal) for one in file.items) and re.search(r"(?m)^goal\b", text):
        context.damaged.add("goal")


def _use(
    node: ast.Use,
    path: str,
    prefix: str,
    chain: list[str],
    seen: set[tuple[str, str]],
    found: list[Placed],
    context: Context,
) -> None:
    reader = context.environment.read
    if reader is None:
        context.incomplete = True
        context.error(
            "not-found",
            f'"{node.path}" is not read: this text was loaded without a way to read files.',
            node.span,
            "Load it from a file, or give `loads` a resolver.",
        )
        return
    try:
        shown, text = reader(node.path, path)
    except RuleError as error:
        context.incomplete = True
        for one in error.diagnostics:
            context.error(one.code, one.message, node.span, one.hint)
        return
    except FileNotFoundError:
        context.incomplete = True
        context.error("not-found", f'There is no file "{node.path}".', node.span)
        return
    except (OSError, ValueError) as error:
        context.incomplete = True
        reason = getattr(error, "strerror", None) or str(error)
        context.error("file", f'"{node.path}" cannot be read: {reason}.', node.span)
        return
    inner = prefix if node.alias is None else f"{prefix}{node.alias}."
    if shown in chain:
        circle = " → ".join([*chain[chain.index(shown) :], shown])
        context.error("use-cycle", f"These files use each other: {circle}.", node.span)
        return
    if len(chain) >= LONGEST_CHAIN:
        context.error("too-deep", f"Files use each other {LONGEST_CHAIN} deep.", node.span)
        return
    if (shown, inner) not in seen:
        _enter(text, shown, inner, [*chain, shown], seen, found, context)
