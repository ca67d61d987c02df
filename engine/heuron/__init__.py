"""Heuron: rules and models behind one question.

The public names below are imported when they are first used, so that `import heuron` pulls in
neither the parser nor numpy nor scikit-learn. Dispatch, models and comparisons have packages of
their own: `heuron.dispatch`, `heuron.learn`, `heuron.compare`.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from heuron.answer import Answer, Firing, Proof, Route
    from heuron.diagnostics import Diagnostic, HeuronError, LimitError, RuleError, Severity
    from heuron.infer.events import Event
    from heuron.infer.inference import Inference
    from heuron.infer.limits import Limits
    from heuron.knowledge.base import KnowledgeBase
    from heuron.knowledge.load import check, load, loads
    from heuron.knowledge.session import Session
    from heuron.values import UNKNOWN, Fact, Field, FieldType, Template

__version__ = "0.1.0"

__all__ = [
    "UNKNOWN",
    "Answer",
    "Diagnostic",
    "Event",
    "Fact",
    "Field",
    "FieldType",
    "Firing",
    "HeuronError",
    "Inference",
    "KnowledgeBase",
    "LimitError",
    "Limits",
    "Proof",
    "Route",
    "RuleError",
    "Session",
    "Severity",
    "Template",
    "__version__",
    "check",
    "load",
    "loads",
]

_HOMES: Final = {
    "answer": ("Answer", "Firing", "Proof", "Route"),
    "diagnostics": ("Diagnostic", "HeuronError", "LimitError", "RuleError", "Severity"),
    "infer.events": ("Event",),
    "infer.inference": ("Inference",),
    "infer.limits": ("Limits",),
    "knowledge.base": ("KnowledgeBase",),
    "knowledge.load": ("check", "load", "loads"),
    "knowledge.session": ("Session",),
    "values": ("UNKNOWN", "Fact", "Field", "FieldType", "Template"),
}
"""Which module each public name lives in."""


def __getattr__(name: str) -> object:
    for module, names in _HOMES.items():
        if name in names:
            value = getattr(import_module(f"heuron.{module}"), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module 'heuron' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)


class _Package(ModuleType):
    """This package as a module whose function `check` its folder `check/` does not hide.

    Importing a submodule sets it as an attribute of its package: without this, `heuron.check`
    would be the function or the folder, whichever was used last.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if name == "check" and isinstance(value, ModuleType):
            return
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
