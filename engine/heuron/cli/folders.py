"""The user's own folders: for what was compiled, for the ledger, for comparisons that can go on.

The only place that asks the environment where they are; lower layers are told.
"""

from __future__ import annotations

import os

__all__ = ["cache_folder", "comparisons_folder", "ledger_folder"]


def cache_folder() -> str | None:
    """Return the folder for compiled programs, or None when `HEURON_CACHE=off`."""
    given = os.environ.get("HEURON_CACHE", "")
    if given.lower() in ("off", "0", "no"):
        return None
    if given:
        return given
    import platformdirs

    return platformdirs.user_cache_dir("heuron", appauthor=False)


def ledger_folder() -> str | None:
    """Return the folder of the ledger, or None when `HEURON_LEDGER=off`.

    It is the project's `.heuron`, else one of the user's own.
    """
    given = os.environ.get("HEURON_LEDGER", "")
    if given.lower() in ("off", "0", "no"):
        return None
    if given:
        return given
    from heuron.knowledge.project import data_folder, find_project

    project = find_project(".")
    if project is not None and os.access(project, os.W_OK):
        return os.path.join(project, ".heuron")
    return os.path.join(data_folder(), "ledger")


def comparisons_folder() -> str:
    """Return the folder for comparisons that were stopped and can go on.

    It is in the project's `.heuron`, else one of the user's own.
    """
    from heuron.knowledge.project import data_folder, find_project

    project = find_project(".")
    if project is not None and os.access(project, os.W_OK):
        return os.path.join(project, ".heuron", "comparisons")
    return os.path.join(data_folder(), "comparisons")
