"""Rules, models and the dispatcher on the same rows: who is right, and where they differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from heuron.compare.collect import Gathered
    from heuron.compare.comparison import Comparison
    from heuron.compare.costs import Cost
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
    policies: bool = False,
) -> Comparison:
    """Compare rules, models and the dispatcher on the held-out rows of a table.

    Args:
        dispatcher: The knowledge base with its models and policy.
        table: The domain's data, typed and split (`heuron.learn.data.load`).
        seed: The seed of the bootstrap.
        timed: Whether answers are timed; without it the result is the same to the byte.
        cost: The price of a wrong answer and of none, to rank backends by.
        disagreements: Whether the rows on which backends differ are listed, with the reasons.
        policies: Whether other ways to choose who answers are tried, by `cost` or the usual one;
            that needs the models' out-of-fold answers to the training rows.

    Raises:
        RuleError: Policies are wanted, and no out-of-fold answers are here (`no-out-of-fold`).
    """
    from dataclasses import replace

    from heuron.compare import disagreements as differing
    from heuron.compare.collect import gather
    from heuron.compare.costs import Cost
    from heuron.compare.evaluate import evaluate
    from heuron.compare.policies import try_policies

    held_out = gather(dispatcher, table, timed=timed)
    found = evaluate(held_out.outcomes, seed=seed, cost=cost)
    if disagreements:
        rows = differing.disagreements(dispatcher, table, held_out)
        found = replace(found, disagreements=rows)
    if policies:
        training = _training(dispatcher, table)
        trial = try_policies(dispatcher, training, held_out, cost or Cost(), seed=seed)
        found = replace(found, policies=trial)
    return found


def _training(dispatcher: Dispatcher, table: Table) -> Gathered:
    """Return what everybody says of the training rows.

    Raises:
        RuleError: There are none, or the models' out-of-fold answers are not here.
    """
    from heuron.compare.collect import gather_training
    from heuron.diagnostics import Diagnostic, RuleError, Severity

    training = gather_training(dispatcher, table)
    if training is not None:
        return training
    message = (
        "Policies are chosen on training rows, by what models said of them out of fold, and no "
        "such answers are here."
    )
    hint = f"They are kept where a model is trained: heuron train {dispatcher.kb.name}"
    raise RuleError(Diagnostic(Severity.ERROR, "no-out-of-fold", message, hint=hint))
