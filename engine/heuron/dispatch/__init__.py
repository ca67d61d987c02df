"""Who answers a query: backends, policies, the dispatcher.

`HybridClassifier` is a scikit-learn estimator and brings scikit-learn when it is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from heuron.dispatch.dispatcher import Dispatcher

if TYPE_CHECKING:
    from heuron.dispatch.hybrid import HybridClassifier

__all__ = ["Dispatcher", "HybridClassifier"]


def __getattr__(name: str) -> Any:
    if name != "HybridClassifier":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from heuron.dispatch.hybrid import HybridClassifier

    return HybridClassifier
