"""Where knowledge bases and models are: in the project, the user's own, built in, or at a path.

Owns the search for a domain by name and for the project's folder. Reads names of files only,
and the `domain` line of a rule file for a list; everything else is the loader's work.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from heuron.diagnostics import Diagnostic, RuleError, Severity

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "Domain",
    "built_in_folder",
    "data_folder",
    "domains",
    "find_domain",
    "find_project",
    "headline",
    "rule_files",
    "store_folders",
    "trusted_file",
]

MARKS = ("rules", "models", "pyproject.toml", ".git")
"""What makes a folder a project: the search goes upwards to the first that holds one."""

SUFFIX = ".rules"


class Domain(NamedTuple):
    """A knowledge base that was found, not yet read.

    `name` is the file's name without its ending, `file` the path of the rule file, `root` the
    folder that its paths must stay in, `models` the folders of its models, nearest first (they
    need not exist), `shown` the path to print.
    """

    name: str
    file: str
    root: str
    models: tuple[str, ...]
    shown: str
    built_in: bool


def find_project(start: str) -> str | None:
    """Return the nearest folder from `start` upwards that is a project, or None."""
    folder = os.path.abspath(start)
    while True:
        if any(os.path.exists(os.path.join(folder, mark)) for mark in MARKS):
            return folder
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above


def built_in_folder() -> str:
    """Return the folder that holds the built-in `rules/` and `models/`.

    In an installed wheel it lies inside the package; in an editable checkout it is the
    repository's own folder, two above the package.
    """
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    inside = os.path.join(package, "builtin")
    if os.path.isdir(inside):
        return inside
    return os.path.dirname(os.path.dirname(package))


def data_folder() -> str:
    """Return the folder for what belongs to the user outside any project."""
    import platformdirs

    return platformdirs.user_data_dir("heuron", appauthor=False)


def trusted_file() -> Path:
    """Return the user's list of trusted sums: `$HEURON_TRUST`, else in the user's data folder."""
    from pathlib import Path

    return Path(os.environ.get("HEURON_TRUST") or os.path.join(data_folder(), "trusted.txt"))


def store_folders(domain: Domain) -> list[str]:
    """Return the folders of trained models that a domain can use, the nearest first.

    They are the project's, or outside any project the user's own, and the built-in ones.
    """
    roots = [os.path.dirname(folder) for folder in domain.models]
    if domain.built_in and find_project(".") is None:
        roots.insert(0, os.path.join(data_folder(), "models"))
    return roots


def find_domain(domain: str, start: str = ".") -> Domain:
    """Return the knowledge base that `domain` names.

    Args:
        domain: A path of a rule file, or the name of one in the project's `rules/`, or the name
            of a built-in one.
        start: The folder from which the project is searched upwards.

    Raises:
        RuleError: There is no such file or name (`not-found`); the hint says what there is.
    """
    if domain.endswith(SUFFIX) or os.sep in domain or "/" in domain:
        return _at_path(domain, start)
    project = find_project(start)
    for folder in _folders(project):
        file = os.path.join(folder, "rules", domain + SUFFIX)
        if _is_plain_name(domain) and os.path.isfile(file):
            return _domain(domain, file, folder, project)
    raise RuleError(_unknown(domain, start))


def domains(start: str = ".") -> list[tuple[Domain, str | None]]:
    """Return every domain of the project and every built-in one, with its question.

    A file without a `domain` line is a part of others and is not listed. A project's file hides
    the built-in one of its name.
    """
    found: dict[str, tuple[Domain, str | None]] = {}
    project = find_project(start)
    for folder in _folders(project):
        rules = os.path.join(folder, "rules")
        if not os.path.isdir(rules):
            continue
        for entry in sorted(os.listdir(rules)):
            name = entry.removesuffix(SUFFIX)
            file = os.path.join(rules, entry)
            if name == entry or name in found or not os.path.isfile(file):
                continue
            heading = headline(file)
            if heading is not None:
                found[name] = _domain(name, file, folder, project), heading[1]
    return [found[name] for name in sorted(found)]


def rule_files(start: str = ".") -> list[str]:
    """Return the paths of all rule files of the project's `rules/`, from `start`; none without."""
    project = find_project(start)
    if project is None:
        return []
    folder = os.path.join(project, "rules")
    relative = os.path.relpath(folder, start)
    return [os.path.join(relative, name) for name in _names_in(folder)]


def headline(file: str) -> tuple[str, str | None] | None:
    """Return the name and the question of a rule file's `domain` line, or None without one.

    Looks at single lines, so that a list of domains needs no parser and no clean file.
    """
    try:
        with open(file, encoding="utf-8", errors="replace") as stream:
            for line in stream:
                if line.startswith("domain "):
                    name, _, rest = line[len("domain ") :].strip().partition(" ")
                    parts = rest.split('"')
                    return name, parts[1] if len(parts) >= 3 else None
    except OSError:
        return None
    return None


def _folders(project: str | None) -> list[str]:
    built_in = built_in_folder()
    if project is None or os.path.realpath(project) == os.path.realpath(built_in):
        return [built_in]
    return [project, built_in]


def _is_plain_name(name: str) -> bool:
    """Whether a name stays inside its folder and is no hidden file."""
    return bool(name) and name[0] != "." and os.path.basename(name) == name


def _domain(name: str, file: str, folder: str, project: str | None) -> Domain:
    built_in = os.path.realpath(folder) == os.path.realpath(built_in_folder())
    models = tuple(os.path.join(one, "models", name) for one in _folders(project))
    shown = os.path.relpath(file, folder).replace(os.sep, "/")
    return Domain(name, file, folder, models, shown, built_in)


def _at_path(path: str, start: str) -> Domain:
    file = os.path.abspath(os.path.join(start, path))
    if os.path.isdir(file):
        raise RuleError(
            _error(f'"{path}" is a folder, not a rule file.', _listing(_names_in(file)))
        )
    if not os.path.isfile(file):
        raise RuleError(_no_file(path, file))
    folder = os.path.dirname(file)
    project = find_project(folder)
    root = project if project is not None else folder
    name = os.path.basename(file).removesuffix(SUFFIX)
    found = _domain(name, file, root, project)
    return found._replace(shown=path.replace(os.sep, "/"))


def _names_in(folder: str) -> list[str]:
    try:
        return sorted(one for one in os.listdir(folder) if one.endswith(SUFFIX))
    except OSError:
        return []


def _no_file(path: str, file: str) -> Diagnostic:
    from heuron.diagnostics import nearest

    there = _names_in(os.path.dirname(file))
    near = nearest(os.path.basename(file), there)
    if near is not None:
        hint = f'Did you mean "{os.path.join(os.path.dirname(path), near)}"?'
    else:
        hint = _listing(there) or "Give the path of a .rules file, or a name from `heuron domains`."
    return _error(f'There is no file "{path}".', hint)


def _unknown(domain: str, start: str) -> Diagnostic:
    from heuron.diagnostics import nearest

    names = [one.name for one, _ in domains(start)]
    near = nearest(domain, names)
    hint = f'Did you mean "{near}"? ' if near is not None else ""
    hint += f"There are: {', '.join(names)}. A path that ends in .rules works too."
    return _error(f'There is no domain "{domain}".', hint)


def _listing(names: list[str]) -> str | None:
    return f"It holds: {', '.join(names)}." if names else None


def _error(message: str, hint: str | None) -> Diagnostic:
    return Diagnostic(Severity.ERROR, "not-found", message, hint=hint)
