"""Whom a dispatch block chooses for the rows of a piece.

A route reads little of a row: which value each side gave, on which side of 0.9 a confidence
lies. Rows that are alike in all that the block reads are of one kind, and the block itself is
asked about one row of each kind. A block that reads more than can be told apart so (arithmetic,
other facts, many values) is asked about every row. Imports numpy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from heuron.compare.joint import joint_codes
from heuron.compare.piece_rules import RulesSaid, evidence_of
from heuron.compare.route_reads import NotKinds, Read, reads_of
from heuron.compare.said import Said, same_of
from heuron.learn.coded_pieces import CodedPiece
from heuron.learn.contract import Contract
from heuron.plan.columnexpressions import encode
from heuron.values import UNKNOWN

if TYPE_CHECKING:
    from heuron.dispatch import Dispatcher
    from heuron.dispatch.backend import Model
    from heuron.dispatch.policy import Policy

__all__ = ["Router", "routers_of"]

Array = Any


def routers_of(
    dispatcher: Dispatcher, contract: Contract, today: date, models: Mapping[str, Model]
) -> dict[str, Router]:
    """Return a router for every policy of the file, by the name that reports give it."""
    found = {"dispatch": Router(dispatcher, contract, today, models, dispatcher.policy)}
    for one in dispatcher.other_policies:
        found[f"dispatch:{one.name}"] = Router(dispatcher, contract, today, models, one)
    return found


class Router:
    """A policy that is asked about kinds of rows; what it chose for a kind is kept."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        contract: Contract,
        today: date,
        models: Mapping[str, Model],
        policy: Policy,
    ) -> None:
        self._dispatcher = dispatcher
        self._contract = contract
        self._today = today
        self._models = models
        self._policy = policy
        self.labels = ("refer", "rules", *(f"model:{name}" for name in models))
        self._known: dict[tuple[int, ...], int] = {}
        self._reads: tuple[Read, ...] | None
        try:
            self._reads = reads_of(dispatcher.kb, policy, tuple(models))
        except NotKinds:
            self._reads = None

    def route(self, piece: CodedPiece, rules: RulesSaid, said: Mapping[str, Said]) -> Said:
        """Return who answers each row, and what."""
        places = self._places(piece, rules, said)
        counts = np.bincount(places, minlength=len(self.labels)).tolist()
        chosen = [at for at in range(1, len(self.labels)) if counts[at]]
        missing: Any = np.nan if self._contract.is_regression else np.int16(-1)
        values = np.full(piece.rows, missing) if len(chosen) != 1 or counts[0] else None
        for place in chosen:
            mine = said[self.labels[place]].values
            values = mine if values is None else np.where(places == place, mine, values)
        return Said(values, by=places, labels=self.labels)

    def _places(self, piece: CodedPiece, rules: RulesSaid, said: Mapping[str, Said]) -> Array:
        """Return the place of whoever answers each row, in `labels`."""
        if self._reads is None:
            return np.array([self._ask(piece, said, row) for row in range(piece.rows)])
        columns = []
        alone: Array = np.zeros(piece.rows, dtype=bool)
        for read in self._reads:
            codes, size, lacking = self._codes(read, piece, rules, said)
            columns.append((codes, size))
            if read.decides_alone:
                alone |= lacking
        kinds, keys = joint_codes(columns, piece.rows)
        known = [self._known.get(key) for key in keys]
        if None in known:
            firsts = np.zeros(len(keys), dtype=np.int64)
            firsts[kinds[::-1]] = np.arange(piece.rows - 1, -1, -1)
            for place, (key, first) in enumerate(zip(keys, firsts.tolist(), strict=True)):
                if known[place] is None:
                    known[place] = found = self._ask(piece, said, first)
                    if not alone[first]:
                        self._known[key] = found
        places: Array = np.array(known, dtype=np.int8).take(kinds)
        for row in np.flatnonzero(alone).tolist():
            places[row] = self._ask(piece, said, row)
        return places

    def _codes(
        self, read: Read, piece: CodedPiece, rules: RulesSaid, said: Mapping[str, Said]
    ) -> tuple[Array, int, Array]:
        """Return the kind of each row by one read, the number of kinds, and where it is unknown."""
        values, lacking = self._read(read, piece, rules, said)
        if read.cuts is None:
            size = int(values.max(initial=-1)) + 2
            return values + 1, size, lacking
        codes = np.zeros(piece.rows, dtype=np.int32)
        for cut in read.cuts:
            codes += (values >= cut).astype(np.int8)
            codes += (values > cut).astype(np.int8)
        unknown = values != values
        return np.where(unknown, 2 * len(read.cuts) + 1, codes), 2 * len(read.cuts) + 2, lacking

    def _read(
        self, read: Read, piece: CodedPiece, rules: RulesSaid, said: Mapping[str, Said]
    ) -> tuple[Array, Array]:
        """Return what is read (codes with -1, or numbers with NaN), and where it is unknown."""
        if read.source == "field":
            return self._field(read.name, piece, rules)
        if read.source == "strength":
            held = rules.certainties.get(read.name)
            column = np.zeros(piece.rows) if held is None else held
            return column, column <= 0
        label = "rules" if read.name == "rules" else f"model:{read.name}"
        one = said[label]
        answered = one.answered
        if read.attribute == "same":
            mine = said["rules"]
            same = same_of(self._contract, mine.values, one.values) & answered & mine.answered
            return same.astype(np.int32), ~answered
        if read.attribute == "answered":
            return answered.astype(np.int32), ~answered
        if read.attribute == "value":
            return one.values, ~answered
        if read.attribute == "certainty" and one.certainty is not None:
            return np.where(answered, one.certainty, 0.0), ~answered
        if read.attribute == "confidence" and label != "rules":
            held = one.confidence
            column = np.full(piece.rows, np.nan) if held is None else held
            return np.where(answered, column, 0.0), ~answered
        return np.zeros(piece.rows), ~answered

    def _field(self, name: str, piece: CodedPiece, rules: RulesSaid) -> tuple[Array, Array]:
        if name in self._contract.concluded:
            values = rules.values.get(name, np.full(piece.rows, -1))
        elif name in piece.columns and name != self._contract.goal:
            values = piece.columns[name].values
        else:
            field = self._contract.template[name]
            kind = "float" if field.type.is_numeric else "level"
            value = UNKNOWN if field.default is None else field.default
            values = np.full(piece.rows, encode(value, kind, field.type.levels))
        unknown = values != values if values.dtype.kind == "f" else values < 0
        return values, unknown

    def _ask(self, piece: CodedPiece, said: Mapping[str, Said], row: int) -> int:
        """Return the place of whoever answers one row."""
        evidence = evidence_of(self._dispatcher.kb, self._contract, piece, row)
        asked = self._dispatcher.consult(evidence, self._today)
        finding = self._dispatcher.kb.consider(evidence, today=self._today, hide_goal=True)
        asked.know(finding, {})
        predictions = {}
        for name, model in self._models.items():
            one = said[f"model:{name}"]
            known = model.predict(asked.record_for(model))
            if known.answered and one.confidence is not None:
                # A column's confidence may differ from a single one's in its last digit.
                level = self._contract.classes[int(one.values[row])]
                known = replace(known, value=level, confidence=float(one.confidence[row]))
            predictions[name] = known
        asked.know(None, predictions)
        answer = self._dispatcher.decide(asked, policy=self._policy)
        return self.labels.index(answer.backend or "refer")
