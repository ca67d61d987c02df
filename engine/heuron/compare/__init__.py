"""Rules, models and the dispatcher on the same rows: who is right, and where they differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from heuron.compare.comparison import Comparison
    from heuron.compare.costs import Cost
    from heuron.diagnostics import Diagnostic
    from heuron.dispatch import Dispatcher
    from heuron.learn.data import Table

__all__ = ["compare", "no_out_of_fold"]


def compare(
    dispatcher: Dispatcher,
    table: Table,
    *,
    seed: int = 0,
    timed: bool = True,
    cost: Cost | None = None,
    disagreements: bool = False,
    policies: bool = False,
    slices: bool = True,
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
        slices: Whether regions are looked for in which one side is right and the other is not,
            where there are out-of-fold answers.

    Raises:
        RuleError: Policies are wanted, and no out-of-fold answers are here (`no-out-of-fold`).
    """
    from dataclasses import replace

    from heuron.compare import disagreements as differing
    from heuron.compare.collect import gather, gather_training
    from heuron.compare.costs import Cost
    from heuron.compare.evaluate import evaluate
    from heuron.compare.policies import try_policies
    from heuron.compare.slices import find_slices
    from heuron.diagnostics import RuleError

    held_out = gather(dispatcher, table, timed=timed)
    found = evaluate(held_out.outcomes, seed=seed, cost=cost)
    if disagreements:
        rows = differing.disagreements(dispatcher, table, held_out)
        found = replace(found, disagreements=rows)
    training = gather_training(dispatcher, table) if policies or slices else None
    if slices and training is not None:
        found = replace(found, slices=find_slices(table, training, held_out, cost or Cost()))
    if policies:
        if training is None:
            raise RuleError(no_out_of_fold(dispatcher.kb.name))
        trial = try_policies(dispatcher, training, held_out, cost or Cost(), seed=seed)
        found = replace(found, policies=trial)
    return found


def no_out_of_fold(domain: str) -> Diagnostic:
    """Return what to say when something must be found on training rows, and cannot."""
    from heuron.diagnostics import Diagnostic, Severity

    message = (
        "Policies and slices are found on training rows, by what models said of them out of fold, "
        "and no such answers are here."
    )
    hint = f"They are kept where a model is trained: heuron train {domain}"
    return Diagnostic(Severity.ERROR, "no-out-of-fold", message, hint=hint)
