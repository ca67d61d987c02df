"""Induced rules beside a shallow tree of scikit-learn, on rows that neither has seen.

    python -m benchmarks.induce [FILE.csv TARGET]...

The built-in domains' data, scikit-learn's diabetes, and any files that are named. Rules
are induced from the training rows and asked about the held-out rows; the tree has as many leaves
and the same rows, cells encoded the same way. Where rules are silent they count as wrong; the
second figure lets the most common answer (the median) stand in, as the tree must answer always.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import mean, median

import numpy

import heuron
from heuron.learn.contract import Contract, contract_of
from heuron.learn.data import Table, load
from heuron.learn.induce import induce
from heuron.learn.induce.draft import draft
from heuron.learn.induce.find import goal_numbers
from heuron.learn.induce.project import drafted
from heuron.learn.induce.tree import encode
from heuron.learn.induce.write import rule_file
from heuron.learn.scorer.table import to_numbers
from heuron.learn.settings import DataSettings
from heuron.learn.source import read_source
from heuron.values import Value

SPLITS = 12
"""One split of 442 noisy rows says little."""
MODELS = Path(__file__).parent.parent / "models"


def tables(files: Sequence[str]) -> Iterator[tuple[str, Table]]:
    """Yield the tables by name."""
    for name in ("cancer", "iris", "penguins", "loan"):
        contract = contract_of(heuron.load(name))
        yield name, load(contract, folder=MODELS / name, root=MODELS)
    yield "diabetes", diabetes(0)
    for path, target in zip(files[::2], files[1::2], strict=True):
        yield Path(path).stem, drafted(Path(path), target, Path(path).stem).table


def diabetes(seed: int) -> Table:
    """Return scikit-learn's diabetes, a goal that is a number, split by a seed."""
    source = "sklearn:diabetes"
    made = draft(read_source(source, Path(), None), "target", "diabetes")
    contract = Contract(
        "diabetes", made.template, made.goal, tolerance=made.tolerance, percent=made.percent
    )
    settings = DataSettings(source, Path(), columns=made.columns, seed=seed)
    return load(contract, settings=settings)


def asked(table: Table, text: str, places: Sequence[int]) -> list[Value | None]:
    """Return what a rule file says of rows."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "induced.rules")
        path.write_text(text)
        kb = heuron.load(path)
    known = set(kb.template.names)
    rows = [{k: v for k, v in row.items() if k in known} for row in table.rows(places)]
    return [kb.ask(row).value for row in rows]


def tree_answers(table: Table, most: int, places: Sequence[int]) -> list[Value]:
    """Return what a tree with so many leaves says of rows."""
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    found = induce(table, most)
    trained = [at for at in table.places("training") if table.scored[at]]

    def encoded(rows: Sequence[int]) -> numpy.ndarray:
        return to_numbers(
            found.kinds, [[table.columns[name][at] for at in rows] for name in found.fields]
        )

    whole, _ = encode(found.kinds, encoded([*trained, *places]))
    kind = DecisionTreeRegressor if table.contract.is_regression else DecisionTreeClassifier
    tree = kind(max_leaf_nodes=most, random_state=0)
    tree.fit(whole[: len(trained)], goal_numbers(table.contract, table.truths(trained)))
    said = tree.predict(whole[len(trained) :])
    classes = table.contract.classes
    return [float(one) if not classes else classes[int(one)] for one in said]


def judged(table: Table, said: Sequence[Value | None], places: Sequence[int]) -> str:
    """Return how right answers are: share right of all, or the mean error."""
    truths = table.truths(places)
    if table.contract.is_regression:
        return f"{mean(abs(one - true) for one, true in zip(said, truths, strict=True)):.4g}"  # type: ignore[operator]
    return f"{mean(one == true for one, true in zip(said, truths, strict=True)):.3f}"


def line(name: str, table: Table, method: str, most: int) -> str:
    """Return a line of the table of results."""
    places = table.places("held_out")
    begin = time.process_time()
    found = induce(table, most, method)
    spent = time.process_time() - begin
    said = asked(table, rule_file(table.contract, found, "induced", None, None), places)
    truths = table.truths([at for at in table.places("training") if table.scored[at]])
    usual: Value = (
        median(truths)  # type: ignore[type-var]
        if table.contract.is_regression
        else max(table.contract.classes, key=truths.count)
    )
    filled = [usual if one is None else one for one in said]
    answered = sum(one is not None for one in said)
    alone = "" if table.contract.is_regression else judged(table, said, places)
    tree = judged(table, tree_answers(table, most, places), places)
    cells = (
        f"{name}, {len(places)} rows",
        f"{method}, {len(found.rules)} rules",
        f"{answered / len(places):.0%}",
        alone,
        judged(table, filled, places),
        tree,
        judged(table, [usual] * len(places), places),
        f"{spent:.2f} s",
    )
    return f"| {' | '.join(cells)} |"


def over_splits(method: str, most: int, splits: int) -> str:
    """Return a line for diabetes: the means over so many splits of the same rows."""
    found: list[tuple[float, float, float, float]] = []
    begin = time.process_time()
    for seed in range(splits):
        table = diabetes(seed)
        places = table.places("held_out")
        truths = table.truths([at for at in table.places("training") if table.scored[at]])
        usual: Value = median(truths)  # type: ignore[type-var]
        induced = induce(table, most, method)
        said = asked(table, rule_file(table.contract, induced, "induced", None, None), places)
        answers = [usual if one is None else one for one in said]
        found.append(
            (
                sum(one is not None for one in said) / len(places),
                float(judged(table, answers, places)),
                float(judged(table, tree_answers(table, most, places), places)),
                float(judged(table, [usual] * len(places), places)),
            )
        )
    answered, rules, tree, plain = (mean(column) for column in zip(*found, strict=True))
    cells = (f"diabetes, {splits} splits", f"{method}, {most} at most", f"{answered:.0%}", "")
    spent = f"{time.process_time() - begin:.1f} s"
    return f"| {' | '.join(cells)} | {rules:.4g} | {tree:.4g} | {plain:.4g} | {spent} |"


def main(arguments: Sequence[str]) -> None:
    """Print a table of results."""
    heads = ("data", "rules", "answered", "right of all", "the usual filled in", "tree", "usual")
    print(f"| {' | '.join((*heads, 'CPU'))} |")
    print("|---|---|---:|---:|---:|---:|---:|---:|")
    for name, table in tables(arguments):
        for method in ("tree", "list"):
            print(line(name, table, method, 8), flush=True)
    for method in ("tree", "list"):
        print(over_splits(method, 8, SPLITS), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
