"""Dispatch blocks between plan and dispatcher: compiled to plain data, and back to a function."""

from __future__ import annotations

import linecache
import marshal
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from heuron.plan.contract import NAMES

if TYPE_CHECKING:
    from heuron.plan.dispatch import DispatchPlan

__all__ = ["CompiledDispatch", "compile_dispatch", "start_dispatch"]

CompiledDispatch = tuple[
    "str | None",
    tuple[tuple[int, str, "str | None", "str | None", str], ...],
    tuple[str, ...],
    bytes,
]
"""A block's name, its routes, the models it names, and its code: plain data for a cache."""


def compile_dispatch(plan: DispatchPlan) -> CompiledDispatch:
    """Return a planned block as plain data with compiled code."""
    source = plan.source
    digest = sha256(source.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    file = f"<heuron dispatch {digest}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    code = compile(source, file, "exec", dont_inherit=True)
    return plan.name, plan.routes, plan.models, marshal.dumps(code)


def start_dispatch(code: bytes, further: Mapping[str, object]) -> Callable[..., Any]:
    """Return the generator function of a block.

    Args:
        code: The code that `compile_dispatch` gave. It must come from this process, or from a
            cache that only this user can write.
        further: Names that the function may use beside the contract's.
    """
    names: dict[str, Any] = {**NAMES, **further}
    exec(marshal.loads(code), names)
    start: Callable[..., Any] = names["dispatch"]
    return start
