"""Built-in domains as comparisons see them, opened once for all tests."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import heuron
from heuron.dispatch import Dispatcher
from heuron.knowledge.project import find_domain
from heuron.learn.contract import contract_of
from heuron.learn.data import Table, load
from heuron.learn.store import Store

__all__ = ["opened"]


@cache
def opened(name: str) -> tuple[Dispatcher, Table]:
    """Return the dispatcher and the data of a built-in domain."""
    domain = find_domain(name)
    kb = heuron.load(domain)
    folder = Path(domain.models[-1])
    table = load(contract_of(kb), folder=folder, root=Path(domain.root))
    return Dispatcher(kb, Store(folder.parent)), table
