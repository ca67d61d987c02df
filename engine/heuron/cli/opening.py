"""How commands open a domain: its knowledge base from the cache, its models from their folders."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heuron.cli.folders import cache_folder, ledger_folder
from heuron.knowledge.base import KnowledgeBase
from heuron.knowledge.load import load
from heuron.knowledge.project import Domain, find_domain, store_folders, trusted_file

if TYPE_CHECKING:
    from heuron.dispatch.dispatcher import Dispatcher
    from heuron.learn.settings import DataSettings
    from heuron.learn.store import Store
    from heuron.ledger import Ledger

__all__ = [
    "data_settings",
    "day",
    "listed_files",
    "open_dispatcher",
    "open_domain",
    "open_ledger",
    "open_store",
    "opened_models",
    "trusted_file",
]


def open_domain(name: str, goal: str | None = None) -> tuple[Domain, KnowledgeBase]:
    """Return a domain by name or path, and its knowledge base, perhaps with another goal.

    Raises:
        RuleError: There is no such domain, or its file has errors.
    """
    domain = find_domain(name)
    return domain, load(domain, goal=goal, cache=cache_folder())


def open_store(domain: Domain) -> Store:
    """Return the trained models that a domain can use, the nearest first.

    They are the project's, or outside any project the user's own, and the built-in ones.
    """
    from heuron.learn.store import Store

    roots = store_folders(domain)
    cache = cache_folder()
    checked = None if cache is None else os.path.join(cache, "checked")
    return Store(*roots, checked=checked, trusted=trusted_file)


def opened_models(name: str) -> tuple[str, tuple[str, ...], Store]:
    """Return what models call a domain, the names of its specs, and its store."""
    found, knowledge = open_domain(name)
    return knowledge.name, knowledge.models, open_store(found)


def open_dispatcher(
    domain: Domain,
    knowledge: KnowledgeBase,
    ledger: Ledger | None = None,
    policy: str | None = None,
) -> Dispatcher:
    """Return the dispatcher of a domain with its models, which counts into a ledger.

    `policy` names the dispatch block; without it the first one is used.
    """
    from heuron.dispatch.dispatcher import Dispatcher

    return Dispatcher(knowledge, open_store(domain), policy=policy, ledger=ledger)


def open_ledger(lasting: bool = False) -> Ledger:
    """Return the ledger of the project or the user; one that writes nothing when it is off.

    A command that is `lasting` writes on the way what it has counted, others at their end.
    """
    from heuron.cli.render import note
    from heuron.ledger import Ledger
    from heuron.ledger.book import INTERVAL

    return Ledger(ledger_folder(), note, INTERVAL if lasting else None)


def data_settings(domain: Domain, knowledge: KnowledgeBase) -> DataSettings | None:
    """Return what the nearest `data.toml` of a domain says, or None where there is none."""
    for folder in domain.models:
        path = Path(folder) / "data.toml"
        if path.is_file() and knowledge.goal is not None:
            from heuron.learn.contract import contract_of
            from heuron.learn.settings import read_settings

            return read_settings(contract_of(knowledge), path)
    return None


def listed_files() -> list[str]:
    """Return the rule files of the project.

    Raises:
        RuleError: There are none: whoever asks for all of them must not be told that all is well.
    """
    from heuron.diagnostics import Diagnostic, RuleError, Severity
    from heuron.knowledge.project import rule_files

    found = rule_files()
    if not found:
        message = "There is no rule file in rules/ here, nor above."
        hint = "Give the path of one, or the name of a domain such as loan."
        raise RuleError(Diagnostic(Severity.ERROR, "not-found", message, hint=hint))
    return found


def day(text: str | None) -> Any:
    """Return a date from the command line, or None.

    Raises:
        RuleError: It is no date.
    """
    if text is None:
        return None
    from datetime import date

    from heuron.diagnostics import Diagnostic, RuleError, Severity

    try:
        return date.fromisoformat(text)
    except ValueError:
        message = f'"{text}" is no date.'
        raise RuleError(
            Diagnostic(Severity.ERROR, "usage", message, hint="Write it as 2026-11-24.")
        ) from None
