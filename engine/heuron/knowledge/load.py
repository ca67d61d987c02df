"""From rule files to a knowledge base: parse, check, lower, compile; or all of it from the cache.

Owns the public `check`, `load` and `loads`. Loading is atomic: a knowledge base without errors,
or a `RuleError` with all of them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from heuron.diagnostics import Diagnostic, RuleError, Severity
from heuron.knowledge.base import KnowledgeBase
from heuron.knowledge.cache import Cache
from heuron.knowledge.parts import Parts
from heuron.knowledge.project import Domain, find_domain
from heuron.knowledge.sources import Sources, model_names

__all__ = ["check", "from_files", "load", "loads"]

Functions = Mapping[str, Callable[..., Any]]
Read = Callable[[str, str], tuple[str, Any]]


def check(
    path: str | os.PathLike[str], *, functions: Functions | None = None
) -> tuple[Diagnostic, ...]:
    """Return everything that is wrong with a rule file, errors and warnings in order of place.

    A bad file is never an exception, and neither is one that is not there.

    Args:
        path: A rule file, or the name of a domain.
        functions: Host functions that its rules may call.
    """
    from heuron.diagnostics import RuleError
    from heuron.knowledge.compile import analysed

    try:
        domain = find_domain(os.fspath(path))
        return analysed(_sources(domain), domain.shown, _models(domain), functions or {})[1]
    except RuleError as error:
        return error.diagnostics


def load(
    path: str | os.PathLike[str] | Domain,
    *,
    functions: Functions | None = None,
    goal: str | None = None,
    cache: str | None = None,
) -> KnowledgeBase:
    """Return the knowledge base of a rule file.

    Args:
        path: A rule file, the name of a domain (in the project's `rules/`, or built in), or a
            domain that was found.
        functions: Functions that its rules may call. Their type hints say what they take and
            give: str, int, float, bool, date, datetime, timedelta.
        goal: Another goal than the file's, `Type.field`: then it has no routes and no tests.
        cache: A folder for compiled programs, the user's alone; None: no cache.

    Raises:
        RuleError: The file is not there, or has errors; it holds them all.
    """
    domain = path if isinstance(path, Domain) else find_domain(os.fspath(path))
    models = _models(domain)
    known = _by_name(functions)
    kept = None
    if cache is not None:
        names = [domain.file, domain.root, domain.shown, repr(models), repr(goal)]
        names += _signatures(known)
        kept = Cache(cache, names)
        found = kept.read()
        if found is not None:
            return _unpacked(found, known)
    from heuron.knowledge.compile import compiled

    sources = _sources(domain)
    parts, engine = compiled(sources, domain.shown, models, known, domain.name, goal)
    if kept is not None:
        kept.write(sources.used, (parts.packed(), engine.code()))
    return KnowledgeBase(parts, engine, known)


def loads(
    text: str,
    *,
    name: str = "text",
    functions: Functions | None = None,
    models: tuple[str, ...] = (),
    read: Read | None = None,
) -> KnowledgeBase:
    """Return the knowledge base of a text.

    Args:
        text: The text of a rule file.
        name: What messages call it.
        functions: Functions that its rules may call; see `load`.
        models: The names of the domain's models.
        read: How files that it uses are read: `read(path, using)` returns the path to show and
            the text (of a workbook, `"prices.xlsx#Europe"`, the bytes, or the sheet as CSV text).
            Without it no file is read.

    Raises:
        RuleError: The text has errors; it holds them all.
    """
    from heuron.knowledge.compile import compiled

    if not isinstance(text, str):
        raise TypeError(f"the text of a rule file is a str, not {type(text).__name__}")
    known = _by_name(functions)
    texts = _Texts({name: text}, read)
    parts, engine = compiled(texts, name, models, known, name)
    return KnowledgeBase(parts, engine, known)


def from_files(
    files: dict[str, str], models: tuple[str, ...], functions: dict[str, Callable[..., Any]]
) -> KnowledgeBase:
    """Return the knowledge base of texts by path, the main one first: how one is unpickled."""
    from heuron.knowledge.compile import compiled

    main = next(iter(files))
    name = os.path.basename(main).removesuffix(".rules")
    parts, engine = compiled(_Texts(files, None), main, models, functions, name)
    return KnowledgeBase(parts, engine, functions)


class _Texts:
    """Texts that are at hand, and whatever a resolver gives; see `sources.Sources`."""

    def __init__(self, files: Mapping[str, str], read: Read | None) -> None:
        self.files = dict(files)
        self._read = read

    def main(self, shown: str) -> str:
        return self.files[shown]

    def read(self, path: str, using: str) -> tuple[str, str]:
        shown = os.path.normpath(os.path.join(os.path.dirname(using), path)).replace(os.sep, "/")
        if shown in self.files:
            return shown, self.files[shown]
        if self._read is None:
            raise RuleError(_unread(path))
        try:
            shown, text = self._read(path, using)
        except KeyError:  # of a resolver that looks paths up in a dict
            raise FileNotFoundError(path) from None
        self.files[shown] = text
        return shown, text

    def read_table(self, path: str, using: str) -> tuple[str, str]:
        from heuron.check.tablefiles import is_workbook

        shown, text = self.read(path, using)
        if is_workbook(path) and isinstance(text, bytes):
            from heuron.knowledge.workbook import sheet_text

            file, _, sheet = path.partition("#")
            text = self.files[shown] = sheet_text(text, file, sheet)
        return shown, text


def _unread(path: str) -> Diagnostic:
    message = f'"{path}" is not read: a text by itself reads no file.'
    hint = "Load it from a file with `load`, or give `loads` the argument `read`."
    return Diagnostic(Severity.ERROR, "not-found", message, hint=hint)


def _by_name(functions: Functions | None) -> dict[str, Callable[..., Any]]:
    if functions is not None and not isinstance(functions, Mapping):
        raise TypeError(f"functions are a dictionary, {{name: function}}, not {functions!r}")
    return dict(functions or {})


def _sources(domain: Domain) -> Sources:
    return Sources(domain.root, domain.file, domain.shown)


def _models(domain: Domain) -> tuple[str, ...]:
    return model_names(domain.models)


def _signatures(functions: Functions) -> list[str]:
    if not functions:
        return []
    from heuron.knowledge.functions import host_function

    return [f"{name} {host_function(name, one)}" for name, one in sorted(functions.items())]


def _unpacked(found: Any, functions: Functions) -> KnowledgeBase:
    from heuron.infer.load import Engine

    (light, heavy), code = found
    return KnowledgeBase(Parts(light, heavy), Engine.from_code(code), functions)
