"""Rules, models and the dispatcher on the same rows: who is right, and where they differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from heuron.compare.comparison import Comparison
    from heuron.compare.policies import Cost
    from heuron.dispatch import Dispatcher
    from heuron.learn.data import Table

__all__ = ["compare"]


def compare(
    dispatcher: Dispatcher,
    table: Table,
    *,
    seed: int = 0,
    timed: bool = True,
    cost: Cost | None = None,
) -> Comparison:
    """Compare rules, models and the dispatcher on the held-out rows of a table.

    Args:
        dispatcher: The knowledge base with its models and policy.
        table: The domain's data, typed and split (`heuron.learn.data.load`).
        seed: The seed of the bootstrap.
        timed: Whether answers are timed; without it the result is the same to the byte.
        cost: The price of a wrong answer and of none, to rank backends by.
    """
    from heuron.compare.collect import collect
    from heuron.compare.evaluate import evaluate

    return evaluate(collect(dispatcher, table, timed=timed), seed=seed, cost=cost)
