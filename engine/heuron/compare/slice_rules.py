"""Slices written as rules: a file of its own that checks clean and can be asked with `run`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from heuron.compare.regions import quoted
from heuron.compare.words import are, called
from heuron.values import show

if TYPE_CHECKING:
    from heuron.compare.slices import Slice, SliceSearch

__all__ = ["claim_words", "region_words", "slice_words", "slices_file"]

FACT = "Slice"


RELATIONS: Final = {">=": "is at least", "<": "is below", "==": "is"}
"""How the relation of a condition is read aloud."""


def region_words(one: Slice) -> str:
    """Return the conditions of a slice as they are read aloud."""
    parts = []
    for condition in one.when:
        bound = condition.bound
        shown = f"{bound:,.15g}" if isinstance(bound, float) else show(bound)
        parts.append(f"{condition.field} {RELATIONS[condition.relation]} {shown}")
    return " and ".join(parts)


def slice_words(one: Slice) -> str:
    """Return in a sentence what a slice says."""
    a = called(one.a)
    if one.b is None:
        return f"{a} {are(one.a)} wrong on {one.claimed} of {one.rows} rows"
    b = called(one.b)
    if one.claim == "neither":
        return f"{a} and {b} are both wrong on {one.neither} of {one.rows} rows"
    better, worse = (one.a, one.b) if one.claim == "a" else (one.b, one.a)
    more, less = (one.a_only, one.b_only) if one.claim == "a" else (one.b_only, one.a_only)
    return (
        f"{called(better)} alone {are(better)} right on {more} of {one.rows} rows, "
        f"{called(worse)} alone on {less}"
    )


def slices_file(files: Mapping[str, str], template: str, domain: str, search: SliceSearch) -> str:
    """Return a rule file that derives a fact for each record in a slice.

    Args:
        files: The texts of the knowledge base, from which the types are taken.
        template: The name of the goal's type.
        domain: The name of the domain.
        search: The slices.
    """
    lines = [
        f"# Where answers about {domain} differ, and where they are wrong: found on "
        f"{search.rows_found} training rows,",
        f"# confirmed on held-out rows ({search.candidates} candidates tested).",
        "",
        *_declarations(files),
        f"type {FACT}(record: {template}, says: text)",
        "",
    ]
    for number, one in enumerate(search.slices, 1):
        lines += _rule(number, one, template)
    return "\n".join(lines).rstrip() + "\n"


def _rule(number: int, one: Slice, template: str) -> Sequence[str]:
    return (
        f"rule slice_{number} {quoted(slice_words(one))}:",
        f"    when r: {template}({one.text})",
        f"    then derive {FACT}(record = r, says = {quoted(claim_words(one))})",
        "",
    )


def claim_words(one: Slice) -> str:
    """Return in a few words what is true in a slice more often than elsewhere."""
    a = called(one.a)
    if one.b is None:
        return f"{a} {are(one.a)} wrong"
    b = called(one.b)
    if one.claim == "neither":
        return f"both {a} and {b} are wrong"
    better = one.a if one.claim == "a" else one.b
    return f"only {called(better)} {are(better)} right"


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
