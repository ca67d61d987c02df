"""A made-up project for the benchmark of millions of rows: rules, a model's spec, a large file.

Nine columns and the goal. The rules stand once as a table that the first fitting row of answers,
once as rules with certainties; the queries of the peers are written from the same numbers.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np

__all__ = ["CERTAIN", "FIRST", "write_project", "write_rows"]

REGIONS: Final = ("north", "south", "east", "west")
PLANS: Final = ("basic", "plus", "premium")
GROUP: Final = 1_000_000
"""Rows of a row group, as pyarrow writes them."""

FIRST: Final = (
    ("late > 5 and plan == 'basic'", "leaves"),
    ("calls > 8 and tenure < 24", "leaves"),
    ("balance < -500 and income < 20000", "leaves"),
    ("tenure >= 120 and calls <= 4", "stays"),
    ("region == 'west' and discount > 0.2", "stays"),
    ("age >= 60 and late <= 2", "stays"),
    ("plan == 'premium' and balance > 1000", "stays"),
    ("income > 60000 and calls <= 6", "stays"),
    ("age < 25 and tenure < 12", "leaves"),
    ("discount <= 0.05 and late > 3", "leaves"),
    ("region == 'north' and calls > 6", "leaves"),
    ("balance > 0 and tenure >= 48", "stays"),
)
"""Conditions, and what the first that holds answers."""

CERTAIN: Final = (0.9, 0.7, 0.6, 0.8, 0.4, 0.5, 0.7, 0.6, 0.5, 0.4, 0.3, 0.6)
"""How certain each of them is where all that hold count."""

FIELDS: Final = (
    "age", "tenure", "income", "balance", "calls", "late", "discount", "region", "plan",
)  # fmt: skip

TYPE: Final = """
type Customer:
    age: integer in 18..100
    tenure: integer in 0..600
    income: number in 0..1_000_000
    balance: number
    calls: integer in 0..200
    late: integer in 0..200
    discount: number in 0..1
    region: north | south | east | west
    plan: basic | plus | premium
    outcome: stays | leaves

goal Customer.outcome
"""

DISPATCH: Final = """
dispatch:
    model logistic when logistic.confidence >= 0.9
    rules when rules.answered
    model logistic
"""

SPEC: Final = """
title = "Logistic regression on all nine columns"
estimator = "sklearn.linear_model.LogisticRegression"
seed = 0
[hyperparameters]
max_iter = 1000
"""

FOREST: Final = """
title = "A forest on all nine columns"
estimator = "sklearn.ensemble.RandomForestClassifier"
seed = 0
[hyperparameters]
n_estimators = {trees}
min_samples_leaf = 20
"""

DOMAINS: Final = ("table", "certain", "both", "heavy")
"""The domains: a first-hit table; rules with certainties; these and a logistic model; a forest."""


def rules_text(name: str) -> str:
    """Return the rule file of a domain."""
    text = f'domain {name} "Does the customer stay?"\n{TYPE}'
    for number, ((condition, value), certainty) in enumerate(zip(FIRST, CERTAIN, strict=True), 1):
        tests = condition.replace(" and ", ", ").replace("'", "")
        if name == "table":
            cells = dict(_cell(test) for test in tests.split(", "))
            if number == 1:
                text += "\ntable outcome(Customer -> outcome), first hit:\n"
                text += f"    {' | '.join(FIELDS)} -> outcome\n"
            text += f"    {' | '.join(cells.get(one, '-') for one in FIELDS)} -> {value}\n"
        else:
            text += f"\nrule r{number}:\n    when c: Customer({tests})\n"
            text += f"    then conclude c.outcome = {value}, certainty {certainty}\n"
    if name == "heavy":
        return text + DISPATCH.replace("logistic", "forest")
    return text + (DISPATCH if name == "both" else "")


def _cell(test: str) -> tuple[str, str]:
    field, operator, value = test.split()
    return field, value if operator == "==" else f"{operator} {value}"


def write_project(folder: Path, rows: int = 20_000, trees: int = 300) -> None:
    """Write the rules, and train the models on some rows that are not in the large file."""
    (folder / "rules").mkdir(parents=True)
    for name in DOMAINS:
        (folder / "rules" / f"{name}.rules").write_text(rules_text(name), encoding="utf-8")
    columns = made_rows(rows, np.random.default_rng(1))
    lines = [",".join(columns)]
    lines += [",".join(map(str, row)) for row in zip(*_texts(columns).values(), strict=True)]
    text = "\n".join(lines) + "\n"
    _train(folder, "both", "logistic", SPEC, text)
    _train(folder, "heavy", "forest", FOREST.format(trees=trees), text)


def _train(folder: Path, domain: str, model: str, spec: str, rows: str) -> None:
    import heuron
    from heuron.learn.contract import contract_of
    from heuron.learn.data import load
    from heuron.learn.store import Store
    from heuron.learn.train import train

    specs = folder / "models" / domain
    specs.mkdir(parents=True)
    (specs / "few.csv").write_text(rows, encoding="utf-8")
    (specs / "data.toml").write_text('source = "few.csv"\nrules_saw = "nothing"\n')
    (specs / f"{model}.toml").write_text(spec, encoding="utf-8")
    contract = contract_of(heuron.load(str(folder / "rules" / f"{domain}.rules")))
    table = load(contract, folder=specs, root=folder)
    train(contract, specs, Store(specs.parent), root=folder, table=table)


def made_rows(rows: int, draw: np.random.Generator) -> dict[str, Any]:
    """Return columns of made-up customers: numbers, and the places of levels."""
    columns: dict[str, Any] = {
        "age": draw.integers(18, 91, rows),
        "tenure": draw.integers(0, 241, rows),
        "income": np.round(draw.gamma(4.0, 9_000.0, rows).clip(0, 1e6), 2),
        "balance": np.round(draw.normal(600.0, 1_500.0, rows), 2),
        "calls": draw.poisson(5.0, rows).clip(0, 200),
        "late": draw.poisson(2.5, rows).clip(0, 200),
        "discount": np.round(draw.random(rows) * 0.4, 3),
        "region": draw.integers(0, 4, rows),
        "plan": draw.integers(0, 3, rows),
    }
    odds = (
        1.2
        + 0.012 * columns["tenure"]
        - 0.25 * columns["calls"]
        - 0.3 * columns["late"]
        + 0.0004 * columns["balance"]
        + 3.0 * columns["discount"]
        + 0.3 * columns["plan"]
        - 0.2 * (columns["region"] == 0)
    )
    columns["outcome"] = (draw.random(rows) > 1.0 / (1.0 + np.exp(-odds))).astype(np.int64)
    return columns


def _texts(columns: dict[str, Any]) -> dict[str, Any]:
    levels = {"region": REGIONS, "plan": PLANS, "outcome": ("stays", "leaves")}
    return {
        name: np.array(levels[name])[one] if name in levels else one
        for name, one in columns.items()
    }


def write_rows(path: Path, rows: int, seed: int = 0) -> None:
    """Write a parquet file of so many made-up rows, with pyarrow's own settings."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    draw = np.random.default_rng(seed)
    writer = None
    for start in range(0, rows, GROUP):
        table = pa.table(_texts(made_rows(min(GROUP, rows - start), draw)))
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    assert writer is not None
    writer.close()
