"""Write files so that a kill or a full disk at any moment leaves what was there before."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from typing import Final

from heuron.diagnostics import Diagnostic, RuleError, Severity

__all__ = ["REMOVING", "sweep", "write_artifact", "write_file"]

WRITING: Final = ".writing-"
REMOVING: Final = ".removing-"
"""How files and folders begin that are on their way in or out; a kill may leave one."""

LEFT: Final = 24 * 3600.0
"""After so many seconds such a one is nobody's any more."""


def write_file(path: str, content: bytes) -> None:
    """Replace a file in one step: written beside it, synced, renamed.

    Raises:
        RuleError: When it cannot be written; the old file is as it was.
    """
    folder = os.path.dirname(path) or "."
    try:
        os.makedirs(folder, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=WRITING, dir=folder)
        try:
            _put(handle, content)
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
        _sync_folder(folder)
    except OSError as error:
        raise _cannot(path, error) from None


def write_artifact(folder: str, files: Mapping[str, bytes]) -> None:
    """Write a folder of files in one step; an existing folder of that version is refreshed.

    The folder's name is the sum of its card, so what is refreshed is equal content, or repairs
    what was damaged; the card goes last.

    Raises:
        RuleError: When it cannot be written; nothing half-written is left under that name.
    """
    if os.path.isdir(folder):
        for name, content in sorted(files.items(), key=lambda one: one[0] == "card.json"):
            write_file(os.path.join(folder, name), content)
        return
    parent = os.path.dirname(folder)
    try:
        os.makedirs(parent, exist_ok=True)
        temporary = tempfile.mkdtemp(prefix=WRITING, dir=parent)
    except OSError as error:
        raise _cannot(parent, error) from None
    for one in (parent, os.path.dirname(parent)):
        sweep(one)
    try:
        os.chmod(temporary, 0o755)
        for name, content in files.items():
            path = os.path.join(temporary, name)
            _put(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), content)
        _sync_folder(temporary)
        os.rename(temporary, folder)
        _sync_folder(parent)
    except OSError as error:
        shutil.rmtree(temporary, ignore_errors=True)
        if not os.path.isdir(folder):  # else somebody wrote the very same version meanwhile
            raise _cannot(folder, error) from None
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def sweep(folder: str) -> None:
    """Remove what killed processes left in a folder long ago: folders, and drafts of files."""
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for name in names:
        path = os.path.join(folder, name)
        try:
            if not name.startswith((WRITING, REMOVING)):
                continue
            if os.stat(path).st_mtime < time.time() - LEFT:
                if os.path.isdir(path):
                    shutil.rmtree(path)
                else:
                    os.unlink(path)
        except OSError:
            continue


def _put(handle: int, content: bytes) -> None:
    with os.fdopen(handle, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _sync_folder(folder: str) -> None:
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _cannot(path: str, error: OSError) -> RuleError:
    message = f"{path} cannot be written: {error.strerror or error}"
    return RuleError(Diagnostic(Severity.ERROR, "not-found", message))
