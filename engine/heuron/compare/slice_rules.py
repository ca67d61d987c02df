"""Slices written as rules: a file of its own that checks clean and can be asked with `run`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from heuron.compare.regions import quoted

if TYPE_CHECKING:
    from heuron.compare.slices import Slice, SliceSearch

__all__ = ["slice_words", "slices_file"]

FACT = "Slice"


def slice_words(one: Slice, a: str, b: str) -> str:
    """Return in a sentence what a slice says."""
    if one.claim == "neither":
        return f"both are wrong on {one.neither} of {one.rows} rows"
    better, worse = (a, b) if one.claim == "a" else (b, a)
    more, less = (one.a_only, one.b_only) if one.claim == "a" else (one.b_only, one.a_only)
    return f"{better} alone is right on {more} of {one.rows} rows, {worse} alone on {less}"


def slices_file(files: Mapping[str, str], template: str, domain: str, search: SliceSearch) -> str:
    """Return a rule file that derives a fact for each record in a slice.

    Args:
        files: The texts of the knowledge base, from which the types are taken.
        template: The name of the goal's type.
        domain: The name of the domain.
        search: The slices.
    """
    from heuron.compare.outcomes import short_name

    a, b = short_name(search.a), short_name(search.b)
    lines = [
        f"# Where {a} and {b} differ in {domain}: found on {search.rows_found} training rows, "
        "confirmed on held-out rows.",
        "",
        *_declarations(files),
        f"type {FACT}(record: {template}, says: text)",
        "",
    ]
    for number, one in enumerate(search.slices, 1):
        lines += _rule(number, one, template, a, b)
    return "\n".join(lines).rstrip() + "\n"


def _rule(number: int, one: Slice, template: str, a: str, b: str) -> Sequence[str]:
    words = slice_words(one, a, b)
    said = {"a": f"only {a} is right", "b": f"only {b} is right"}
    claim = quoted(said.get(one.claim, "both are wrong"))
    return (
        f"rule slice_{number} {quoted(words)}:",
        f"    when r: {template}({one.text})",
        f"    then derive {FACT}(record = r, says = {claim})",
        "",
    )


def _declarations(files: Mapping[str, str]) -> list[str]:
    """Return the types, and the names that their bounds use, of all files as text."""
    from heuron.lang import ast
    from heuron.lang.parser import parse
    from heuron.lang.printer import print_item

    lines = []
    for path, text in files.items():
        file, _ = parse(text, path)
        for item in file.items:
            if isinstance(item, (ast.TypeDeclaration, ast.Let)):
                lines += [*print_item(item).rstrip().split("\n"), ""]
    return lines
