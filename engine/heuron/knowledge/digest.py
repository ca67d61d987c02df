"""What identifies the rules of a knowledge base, for models that read their conclusions.

Owns `rules_digest`. Comments, empty lines, tests, routes and the lines that name the domain and
its data change no conclusion, so they change no digest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

__all__ = ["rules_digest"]

NO_RULES: Final = ("test", "dispatch", "domain", "data")
"""Items at the left margin that conclude nothing."""


def rules_digest(files: Mapping[str, str]) -> str:
    """Return the SHA-256 of all that concludes something, in 64 hex digits.

    Args:
        files: The texts of the rule files and of the tables that they name, the main one first.
            Their paths do not count: a project may lie anywhere.
    """
    from hashlib import sha256

    texts = ("\n".join(_concluding(text)) for text in files.values())
    return sha256("\x1e".join(texts).encode()).hexdigest()


def _concluding(text: str) -> Iterator[str]:
    """Yield the lines that belong to items which may conclude something."""
    skipping = False
    for line in text.splitlines():
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        if not line[0].isspace():
            skipping = stripped.partition(" ")[0].rstrip(":") in NO_RULES
        if not skipping:
            yield line.rstrip()
