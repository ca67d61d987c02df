"""Compiled programs on disk, so that asking again needs no parser.

One entry a knowledge base and environment. An entry lists every file that the program was made
from, with the sum of its content; it is used only when all of them are as they were, and when
Heuron's own code and Python are the same. Whatever is wrong with the cache (not there, not ours,
damaged, not writable) is passed over in silence: then the program is compiled again.

An entry holds compiled code, as `__pycache__` does, so the folder must be the user's alone: it is
made with mode 700, and one that belongs to somebody else or that others may write is not used.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import sys
from collections.abc import Sequence

__all__ = ["Cache"]

MAGIC = b"heuron-program/1\n"

CODE = ("lang", "check", "plan", "infer", "explain", "knowledge")
"""The packages that decide what a compiled program looks like."""


class Cache:
    """The entry of one knowledge base in the cache folder.

    Args:
        folder: The cache folder, made when something is written.
        names: What tells this entry from others: the file, what it is shown as, the models and
            host functions that are known.
    """

    def __init__(self, folder: str, names: Sequence[str]) -> None:
        self.folder = os.path.join(folder, "programs")
        key = "\0".join([_code_stamp(), sys.version, *names])
        digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
        self.file = os.path.join(self.folder, digest[:40])

    def read(self) -> object | None:
        """Return the program, or None when there is none that is still right."""
        try:
            if not _is_ours(self.folder):
                return None
            with open(self.file, "rb") as stream:
                data = stream.read()
            sums, program = data[len(MAGIC) : len(MAGIC) + 32], data[len(MAGIC) + 32 :]
            if not data.startswith(MAGIC) or hashlib.sha256(program).digest() != sums:
                return None
            used, body = pickle.loads(program)
            if any(_sum(path) != content for path, content in used):
                return None
            found: object = pickle.loads(body)
            return found
        except Exception:
            # A cache is never a reason to fail: whatever it was, compiling mends it.
            return None

    def write(self, used: Sequence[str], program: object) -> None:
        """Keep a program, whole or not at all.

        Args:
            used: The paths of all files that it was made from.
            program: Plain data, and code objects made into bytes by `marshal`.
        """
        try:
            os.makedirs(self.folder, mode=0o700, exist_ok=True)
            if not _is_ours(self.folder):
                return
            sums = [(path, _sum(path)) for path in used]
            body = pickle.dumps((sums, pickle.dumps(program, 5)), 5)
            temporary = f"{self.file}.{os.getpid()}"
            with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                out.write(MAGIC + hashlib.sha256(body).digest() + body)
            os.replace(temporary, self.file)
        except Exception:
            return


def _sum(path: str) -> bytes | None:
    try:
        with open(path, "rb") as stream:
            return hashlib.sha256(stream.read()).digest()
    except OSError:
        return None


def _is_ours(folder: str) -> bool:
    """Whether a folder is there, is the user's own, and is closed to others' writing."""
    try:
        found = os.stat(folder)
    except OSError:
        return False
    if os.name != "posix":
        return True
    return found.st_uid == os.getuid() and not found.st_mode & 0o022


def _code_stamp() -> str:
    """Return what changes when Heuron's own code does: its version and its newest files."""
    from heuron import __version__

    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    newest = 0
    for name in CODE:
        with os.scandir(os.path.join(package, name)) as entries:
            for entry in entries:
                if entry.name.endswith((".py", ".lark")):
                    newest = max(newest, entry.stat().st_mtime_ns)
    return f"{__version__} {newest}"
