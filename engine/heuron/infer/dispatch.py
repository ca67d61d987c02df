"""The compiled code of a dispatch block as a function."""

from __future__ import annotations

import marshal
from collections.abc import Callable, Mapping
from typing import Any

from heuron.plan.contract import NAMES

__all__ = ["start_dispatch"]


def start_dispatch(code: bytes, further: Mapping[str, object]) -> Callable[..., Any]:
    """Return the generator function of a block.

    Args:
        code: The marshalled code of what `plan.dispatch` wrote. It must come from this process
            or from a cache that only this user can write.
        further: Names that the function may use beside the contract's.
    """
    names: dict[str, Any] = {**NAMES, **further}
    exec(marshal.loads(code), names)
    start: Callable[..., Any] = names["dispatch"]
    return start
