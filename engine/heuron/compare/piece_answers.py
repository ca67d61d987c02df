"""What every backend says of a piece of a table, as columns: codes and numbers, no objects a row.

Rules go through the column plan, models through their scorers' columns, routes by the kinds of
rows that they tell apart. Rules that join facts or ask models, and goals with many values, go
row by row, as in a comparison of few rows; the answers are the same. Imports numpy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from heuron.compare.patterns import Fired
from heuron.compare.piece_models import ask_model
from heuron.compare.piece_routes import Router, routers_of
from heuron.compare.piece_rules import ColumnRules
from heuron.compare.said import Said
from heuron.learn.coded_pieces import CodedPiece
from heuron.learn.contract import Contract

if TYPE_CHECKING:
    from heuron.dispatch import Dispatcher
    from heuron.dispatch.backend import Model

__all__ = ["Answerer", "Answers"]

Array = Any


@dataclass(frozen=True, slots=True)
class Answers:
    """What was said of the rows of a piece.

    Attributes:
        truths: The goal: places of levels, or numbers.
        said: By backend, in the order of reports.
        fired: Which rules contributed to the goal.
    """

    truths: Array
    said: Mapping[str, Said]
    fired: Fired


class Answerer:
    """Asks the rules, every model and every policy about pieces of a table.

    Args:
        dispatcher: The knowledge base with its models and policies.
        contract: The template and the goal.
        today: What `today()` is.
    """

    def __init__(self, dispatcher: Dispatcher, contract: Contract, today: date) -> None:
        self.dispatcher = dispatcher
        self.contract = contract
        self.today = today
        found = {name: dispatcher.bench.get(name) for name in dispatcher.models}
        self.models: dict[str, Model] = {
            name: model for name, model in found.items() if model is not None
        }
        kb = dispatcher.kb
        self.by_columns = (
            kb.engine.single_record
            and not kb.calls_models
            and not contract.many
            and all(hasattr(model, "predict_columns") for model in self.models.values())
        )
        if self.by_columns:
            self._rules = ColumnRules(kb, contract, today)
            self._routers: dict[str, Router] = routers_of(dispatcher, contract, today, self.models)

    @property
    def names(self) -> tuple[str, ...]:
        """The backends in the order of reports."""
        kb = self.dispatcher.kb
        both = ("rules+models",) if kb.calls_models else ()
        others = (f"dispatch:{one.name}" for one in self.dispatcher.other_policies)
        models = (f"model:{name}" for name in self.models)
        return ("rules", *both, *models, "dispatch", *others)

    def answers(self, piece: CodedPiece) -> Answers:
        """Return what everybody says of a piece."""
        if not self.by_columns:
            from heuron.compare.piece_by_rows import answers_by_rows

            return answers_by_rows(self.dispatcher, self.contract, self.today, piece)
        rules, fired = self._rules.ask(piece)
        said: dict[str, Said] = {"rules": rules.said}
        for name, model in self.models.items():
            start = perf_counter()
            one = ask_model(model, self.contract, piece, rules)
            said[f"model:{name}"] = replace(one, seconds=perf_counter() - start)
        for title, router in self._routers.items():
            start = perf_counter()
            one = router.route(piece, rules, said)
            said[title] = replace(one, seconds=perf_counter() - start)
        truths = np.asarray(piece.columns[self.contract.goal].values)
        return Answers(truths, said, fired)
