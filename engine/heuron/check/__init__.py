"""Checking a rule file: names, types, safety, strata. Returns diagnostics, raises nothing.

What checks is imported when it is first used: those who only read a resolved tree (`check.tree`),
as explanations do, need neither the parser nor the checks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from heuron.check.analysis import CHECKS, analyse, check_text
    from heuron.check.environment import Environment

__all__ = ["CHECKS", "Environment", "analyse", "check_text"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from heuron.check import analysis, environment

    return getattr(environment if name == "Environment" else analysis, name)
