"""A rule text as its resolved tree, for the oracle."""

from __future__ import annotations

from pathlib import Path

from heuron.check import Environment, analyse
from heuron.check.tree import Base


def resolved(text: str, path: Path | None = None) -> Base:
    """Return the resolved tree of a text; its diagnostics are an error of the test."""
    folder = path.parent if path is not None else None

    def read(name: str, using: str) -> tuple[str, str]:
        assert folder is not None, f"{using} reads {name}"
        return name, (folder / name).read_text(encoding="utf-8")

    base, diagnostics = analyse(text, str(path or "test.rules"), Environment(read=read))
    assert base is not None, "\n".join(map(str, diagnostics))
    return base
