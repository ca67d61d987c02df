"""The short way from words to a command's arguments, for words that leave no doubt.

Typer reads a command's arguments with the help of a library that takes longer to import than an
answer takes. Where every word is a plain argument or a known option with its value, the same
definition (the function's annotations) says all there is to know. Anything else, `--help` and
every mistake included, is left to Typer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from inspect import signature
from typing import Any, get_args, get_type_hints

from typer.models import ArgumentInfo, OptionInfo

__all__ = ["quick_arguments"]


def quick_arguments(command: Callable[..., int], words: Sequence[str]) -> dict[str, Any] | None:
    """Return the keyword arguments that words mean to a command, or None: then ask Typer."""
    options: dict[str, str] = {}
    kinds: dict[str, str] = {}
    places: list[str] = []
    for name, hint in get_type_hints(command, include_extras=True).items():
        if name == "return":
            continue
        kind, info = get_args(hint)
        kinds[name] = _kind(kind)
        if isinstance(info, ArgumentInfo):
            places.append(name)
        elif isinstance(info, OptionInfo):
            for spelled in info.param_decls or (f"--{name.replace('_', '-')}",):
                options[spelled] = name
    found = _read(words, options, kinds, places)
    defaults = {one.name: one.default for one in signature(command).parameters.values()}
    if found is None or any(
        default is signature(command).empty and name not in found
        for name, default in defaults.items()
    ):
        return None
    return {**defaults, **found}


def _kind(hint: Any) -> str:
    """Return what a parameter takes: a flag, a text, texts, or something else."""
    if hint is bool:
        return "flag"
    named = [one for one in get_args(hint) or (hint,) if one is not type(None)]
    if hint == list[str] or named == [list[str]]:
        return "texts"
    return "text" if named == [str] else "other"


def _read(
    words: Sequence[str], options: dict[str, str], kinds: dict[str, str], places: list[str]
) -> dict[str, Any] | None:
    found: dict[str, Any] = {}
    free = list(places)
    rest = iter(words)
    for word in rest:
        if word.startswith("-") and word != "-":
            spelled, equals, value = word.partition("=")
            name = options.get(spelled)
            kind = kinds.get(name or "", "other")
            if name is None or kind == "other" or (kind == "flag" and equals):
                return None
            if kind == "flag":
                found[name] = True
                continue
            if not equals:
                value = next(rest, "--")
                # A value that looks like an option may be a forgotten value: Typer decides.
                if value.startswith("-") and value != "-":
                    return None
        else:
            if not free:
                return None
            name, value = free[0], word
            kind = kinds[name]
            if kind == "text":
                free.pop(0)
        if kind == "texts":
            found.setdefault(name, []).append(value)
        elif kind == "text":
            found[name] = value
        else:
            return None
    return found
