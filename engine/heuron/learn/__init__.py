"""The learned side: data, specs, training, compiled scorers, the store.

`Store` and `Model` are light: they import neither numpy nor scikit-learn. `RuleClassifier` is a
scikit-learn estimator and brings scikit-learn when it is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from heuron.learn.contract import Contract
    from heuron.learn.estimators import RuleClassifier
    from heuron.learn.model import Model
    from heuron.learn.scorer.pipeline import compile_pipeline
    from heuron.learn.store import Store

__all__ = ["Contract", "Model", "RuleClassifier", "Store", "compile_pipeline"]

PLACES = {
    "Contract": "contract",
    "Model": "model",
    "RuleClassifier": "estimators",
    "Store": "store",
    "compile_pipeline": "scorer.pipeline",
}


def __getattr__(name: str) -> Any:
    place = PLACES.get(name)
    if place is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{place}"), name)
