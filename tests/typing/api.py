"""The public API as a user would write it; checked by mypy, not run."""

from __future__ import annotations

from datetime import date

import heuron
from heuron import Answer, Diagnostic, KnowledgeBase, Proof, Session
from heuron.dispatch import Dispatcher
from heuron.learn import Store


def double(number: float) -> float:
    return 2 * number


diagnostics: tuple[Diagnostic, ...] = heuron.check("rules/loan.rules")
kb: KnowledgeBase = heuron.load("rules/loan.rules", functions={"double": double})
answer: Answer = kb.ask({"age": 40, "income": 20_000}, today=date(2026, 11, 24))
certainty: float | None = answer.certainty
proof: Proof = answer.why()
words: str = answer.why_not("accept")
answers: list[Answer] = kb.ask_many([{"age": 40}])

session: Session = kb.session()
searched: Session = kb.session(definitions="agenda")
fact: heuron.Fact = session.assert_("Parent", parent="tom", child="bob")
session.run(limit=10)
found: tuple[object, ...] = session.query("ancestors_of", who="ann")

dispatcher = Dispatcher(kb, Store("models"))
opened: Dispatcher = Dispatcher.open("cancer")
routed: Answer = dispatcher.ask({"age": 40}, via="rules")
side_by_side = dispatcher.ask({"age": 40}, via="all")
agree: bool | None = side_by_side.agree
