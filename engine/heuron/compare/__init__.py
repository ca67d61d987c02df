"""Rules, models and the dispatcher on the same rows: who is right, and where they differ."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from heuron.compare.collect import Gathered
    from heuron.compare.comparison import Comparison
    from heuron.compare.costs import Cost
    from heuron.compare.folds import Folds
    from heuron.diagnostics import Diagnostic
    from heuron.dispatch import Dispatcher
    from heuron.learn.data import Table

__all__ = ["compare", "compare_domain", "no_out_of_fold"]


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
    folds: Folds | None = None,
    with_copies: bool = False,
    specs: Path | None = None,
    rule: str | None = None,
    packages: Sequence[str] = (),
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
        folds: Compare on all rows, models fitted again without each fold; what is found on rows
            of even folds is then confirmed on those of odd ones.
        with_copies: Whether it is measured what ignoring copies would make of the scores.
        specs: The folder of the models' specs; where out-of-fold answers are wanted and not here,
            models are fitted again from these.
        rule: The name of a rule whose wrong rows are listed.
        packages: Packages besides scikit-learn whose estimators the specs may name.

    Raises:
        RuleError: Policies are wanted, and no out-of-fold answers are here (`no-out-of-fold`);
            or there is no such rule.
    """
    from dataclasses import replace

    from heuron.compare import disagreements as differing
    from heuron.compare.certainty_map import fit_certainty_map, with_certainty_map
    from heuron.compare.collect import gather
    from heuron.compare.copies import copies_worth
    from heuron.compare.costs import Cost
    from heuron.compare.evaluate import evaluate
    from heuron.compare.folds import Folds, fold_rows, halves, with_folds
    from heuron.compare.policies import try_policies
    from heuron.compare.rule_rows import rule_rows
    from heuron.compare.slices import find_slices
    from heuron.diagnostics import RuleError

    price = cost or Cost()
    if folds is None:
        everyone = new = gather(dispatcher, table, timed=timed)
        found = evaluate(everyone.outcomes, seed=seed, cost=cost)
        fitted = fit_certainty_map(dispatcher.kb, table)
        found = with_certainty_map(found, everyone.outcomes, fitted, seed=seed)
        wanted = policies or slices
        training = _training(dispatcher, table, specs, packages) if wanted else None
    else:
        folded = fold_rows(dispatcher, table, folds, seed=seed, timed=timed)
        everyone = folded.gathered[0]
        found = with_folds(evaluate(everyone.outcomes, seed=seed, cost=cost), folded)
        training, new = halves(folded)
    if disagreements:
        rows = differing.disagreements(dispatcher, table, everyone)
        found = replace(found, disagreements=rows)
    if rule is not None:
        found = replace(found, rule_rows=rule_rows(table, everyone, rule))
    if slices and training is not None:
        found = replace(found, slices=find_slices(table, training, new, price))
    if policies:
        if training is None:
            raise RuleError(no_out_of_fold(dispatcher.kb.name))
        trial = try_policies(dispatcher, training, new, price, seed=seed)
        found = replace(found, policies=trial)
    if with_copies:
        cut = folds or Folds(specs or Path(), 5, packages=tuple(packages))
        found = replace(found, copies=copies_worth(dispatcher, table, cut, seed=seed))
    return found


def compare_domain(domain: str, data: str | None = None, **options: Any) -> Comparison:
    """Open a domain, its models and its data, and compare.

    Args:
        domain: A built-in name, a name in the project's rules/, or a path.
        data: A CSV or parquet file, all of whose rows are new; by default the domain's own rows.
        options: As for `compare`.

    Raises:
        RuleError: There is no such domain, or it has no data.
    """
    from heuron.dispatch import Dispatcher
    from heuron.knowledge.project import find_domain
    from heuron.learn.contract import contract_of
    from heuron.learn.data import load

    dispatcher = Dispatcher.open(domain)
    found = find_domain(domain)
    folders = [Path(one) for one in found.models]
    folder = next((one for one in folders if (one / "data.toml").is_file()), None)
    root = Path(found.root)
    everything = data is not None
    table = load(contract_of(dispatcher.kb), data, folder=folder, root=root, everything=everything)
    options.setdefault("specs", folder if options.get("policies") else None)
    return compare(dispatcher, table, **options)


def _training(
    dispatcher: Dispatcher, table: Table, specs: Path | None, packages: Sequence[str]
) -> Gathered | None:
    """Return training rows answered out of fold: as kept, else fitted again if there are specs."""
    from heuron.compare.collect import gather_training
    from heuron.compare.folds import training_unseen

    found = gather_training(dispatcher, table)
    if found is None and specs is not None and dispatcher.models:
        unseen = training_unseen(dispatcher, table, specs, packages)
        found = gather_training(dispatcher, table, unseen)
    return found


def no_out_of_fold(domain: str) -> Diagnostic:
    """Return what to say when something must be found on training rows, and cannot."""
    from heuron.diagnostics import Diagnostic, Severity

    message = (
        "Policies and slices are found on training rows, by what models said of them out of fold, "
        "and no such answers are here."
    )
    hint = f"Train a model where its data are: heuron train {domain}; or compare with --folds 5."
    return Diagnostic(Severity.ERROR, "no-out-of-fold", message, hint=hint)
