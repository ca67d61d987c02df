"""The user's own folders: for what was compiled, for trained models, for the list of trusted sums.

The only place that asks the environment where they are; lower layers are told.
"""

from __future__ import annotations

import os

__all__ = ["cache_folder", "data_folder"]


def cache_folder() -> str | None:
    """Return the folder for compiled programs, or None when `HEURON_CACHE=off`."""
    given = os.environ.get("HEURON_CACHE", "")
    if given.lower() in ("off", "0", "no"):
        return None
    if given:
        return given
    import platformdirs

    return platformdirs.user_cache_dir("heuron", appauthor=False)


def data_folder() -> str:
    """Return the folder for what belongs to the user outside any project."""
    import platformdirs

    return platformdirs.user_data_dir("heuron", appauthor=False)
