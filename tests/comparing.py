"""Built-in domains as comparisons see them, opened once, and made-up replies."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import cache
from pathlib import Path

import heuron
from heuron.compare.outcomes import HeldOut, Outcomes, Reply
from heuron.compare.scorecard import Shot
from heuron.dispatch import Dispatcher
from heuron.knowledge.project import find_domain
from heuron.learn.contract import Contract, contract_of
from heuron.learn.data import Table, load
from heuron.learn.store import Store
from heuron.values import Field, FieldType, Template

__all__ = ["LEVELS", "contract", "made_up", "opened", "other"]

LEVELS = ("malignant", "benign")


def contract(
    domain: str,
    type_name: str,
    goal: str,
    levels: tuple[str, ...],
    tolerance: float | None = None,
    percent: bool = False,
) -> Contract:
    """Return a contract made up for replies."""
    kind = FieldType("enumeration", levels) if levels else FieldType("number")
    template = Template(type_name, (Field(goal, kind),))
    return Contract(domain, template, goal, tolerance=tolerance, percent=percent)


def other(level: str) -> str:
    """Return the other of the two levels."""
    return LEVELS[1 - LEVELS.index(level)]


def made_up(rows: int = 240, seed: int = 7) -> Outcomes:
    """Rules that leave a fifth unanswered, a model that answers all, a dispatcher on top."""
    draw = random.Random(seed)
    truths = [draw.choice(["malignant", "benign", "benign"]) for _ in range(rows)]
    rules, model, shots = [], [], []
    for truth in truths:
        said = truth if draw.random() < 0.95 else other(truth)
        silent = draw.random() < 0.2
        rules.append(Reply(None) if silent else Reply(said))
        if not silent:
            shots.append(
                Shot("large" if said == "malignant" else "small", said, 0.9, said == truth)
            )
        chance = draw.choice([0.6, 0.8, 0.9, 0.99])
        said = truth if draw.random() < chance else other(truth)
        model.append(Reply(said, chance, ((said, chance), (other(said), 1 - chance))))
    dispatch = [
        replace(first, by="rules")
        if first.value is not None
        else replace(second, by="model:forest")
        if second.confidence is not None and second.confidence >= 0.8
        else Reply(None, by="refer")
        for first, second in zip(rules, model, strict=True)
    ]
    return Outcomes(
        contract=contract("cancer", "Tumour", "diagnosis", LEVELS),
        held_out=HeldOut(rows, 4 * rows, "hash", 0),
        truths=tuple(truths),
        replies={
            "rules": tuple(rules),
            "model:forest": tuple(model),
            "dispatch": tuple(dispatch),
        },
        rules=("large", "small", "never"),
        shots=tuple(shots),
    )


@cache
def opened(name: str) -> tuple[Dispatcher, Table]:
    """Return the dispatcher and the data of a built-in domain."""
    domain = find_domain(name)
    kb = heuron.load(domain)
    folder = Path(domain.models[-1])
    table = load(contract_of(kb), folder=folder, root=Path(domain.root))
    return Dispatcher(kb, Store(folder.parent)), table


PATCH = """
domain patch "Is the answer yes?"

type Case:
    x: number in 0..1
    y: number in 0..1
    colour: red | green | blue
    answer: yes | no

goal Case.answer

rule high "A high y means yes":
    when c: Case(y >= 0.5)
    then conclude c.answer = yes, certainty 0.8

rule low "A low y means no":
    when c: Case(y < 0.5)
    then conclude c.answer = no, certainty 0.6

dispatch:
    model logistic when logistic.confidence >= 0.9
    rules when rules.answered
    refer "nobody answers" otherwise
"""
SPEC = """
title = "A model that sees x and the colour only"
estimator = "{estimator}"
features = {features}
"""


def planted(folder: Path, rows: int = 1600, seed: int = 1) -> tuple[Dispatcher, Table]:
    """Return a project in which rules and models are right in known regions.

    The truth is x >= 0.5 among the blue and y >= 0.5 among the others, a tenth of it turned. The
    rules know y alone, the models x and the colour.
    """
    from heuron.learn.train import train

    (folder / "rules").mkdir()
    models = folder / "models" / "patch"
    models.mkdir(parents=True)
    draw = random.Random(seed)
    lines = ["x,y,colour,answer"]
    for _ in range(rows):
        x, y = round(draw.random(), 3), round(draw.random(), 3)
        colour = draw.choice(("red", "green", "blue"))
        yes = (x if colour == "blue" else y) >= 0.5
        if draw.random() < 0.1:
            yes = not yes
        lines.append(f"{x},{y},{colour},{'yes' if yes else 'no'}")
    (folder / "rules" / "patch.rules").write_text(PATCH, encoding="utf-8")
    (models / "cases.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (models / "data.toml").write_text('source = "cases.csv"\nrules_saw = "nothing"\n')
    for name, estimator, features in (
        ("logistic", "sklearn.linear_model.LogisticRegression", '["x", "colour"]'),
        ("tree", "sklearn.tree.DecisionTreeClassifier", '["x", "colour"]'),
    ):
        text = SPEC.format(estimator=estimator, features=features)
        if name == "tree":
            text += "[hyperparameters]\nmax_depth = 4\n"
        (models / f"{name}.toml").write_text(text, encoding="utf-8")
    kb = heuron.load(str(folder / "rules" / "patch.rules"))
    store = Store(models.parent)
    table = load(contract_of(kb), folder=models, root=folder)
    train(contract_of(kb), models, store, root=folder, table=table)
    return Dispatcher(kb, store), table
