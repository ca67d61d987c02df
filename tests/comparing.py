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
