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
    disagreements: bool = False,
) -> Comparison:
    """Compare rules, models and the dispatcher on the held-out rows of a table.

    Args:
        dispatcher: The knowledge base with its models and policy.
        table: The domain's data, typed and split (`heuron.learn.data.load`).
        seed: The seed of the bootstrap.
        timed: Whether answers are timed; without it the result is the same to the byte.
        cost: The price of a wrong answer and of none, to rank backends by.
        disagreements: Whether the rows on which backends differ are listed, with the reasons.
    """
    from dataclasses import replace

    from heuron.compare import disagreements as differing
    from heuron.compare.collect import gather
    from heuron.compare.evaluate import evaluate

    held_out = gather(dispatcher, table, timed=timed)
    found = evaluate(held_out.outcomes, seed=seed, cost=cost)
    if disagreements:
        rows = differing.disagreements(dispatcher, table, held_out)
        found = replace(found, disagreements=rows)
    return found
