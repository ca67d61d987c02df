"""The usual policies written as dispatch blocks, with the thresholds to try."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from heuron.learn.contract import Contract, contract_of

if TYPE_CHECKING:
    from heuron.dispatch import Dispatcher

__all__ = ["THRESHOLDS", "Candidate", "candidates"]

THRESHOLDS: Final = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.97, 0.99)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A policy to try: its name, what it is in words, and the lines of its block."""

    name: str
    title: str
    lines: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Whether it has a route `agree`."""
        return any(line.startswith("agree ") for line in self.lines)

    def block(self, name: str) -> str:
        """Return it as a dispatch block of that name."""
        return f"dispatch {name}:\n" + "".join(f"    {line}\n" for line in self.lines)


def candidates(dispatcher: Dispatcher, models: Sequence[str]) -> list[Candidate]:
    """Return the policies to try; one with a threshold is there once for each.

    Args:
        dispatcher: Knows the models, and whether the goal is a quantity.
        models: The names of the models, the best first; there is at least one.
    """
    best = models[0]
    kb = dispatcher.kb
    numeric = kb.goal is not None and kb.template[kb.goal.field].type.is_numeric
    answered = f"model {best} when {best}.answered"
    nobody = 'refer "nobody answers" otherwise'
    unsure = 'refer "nobody is sure enough" otherwise'
    found = [
        Candidate(
            "rules_first", f"rules, else {best}", ("rules when rules.answered", answered, nobody)
        ),
        Candidate(
            "model_first", f"{best}, else rules", (answered, "rules when rules.answered", nobody)
        ),
        Candidate(
            "agreement",
            f"only what rules and {best} agree on",
            (f"agree {best}", f'refer "rules and {best} do not agree" otherwise'),
        ),
    ]
    for bound in THRESHOLDS:
        sure = f"rules when rules.certainty >= {bound}"
        title = f"rules from certainty {bound}, else {best}"
        found.append(Candidate("sure_rules_first", title, (sure, answered, nobody)))
    found.append(_veto(best, contract_of(kb)))
    if len(models) > 1:
        found.append(_vote(best, models[1], contract_of(kb)))
    if numeric:
        return found  # models of quantities have no confidence to be sure by
    for bound in THRESHOLDS:
        sure = f"model {best} when {best}.confidence >= {bound}"
        title = f"{best} from confidence {bound}, else rules"
        lines = (sure, "rules when rules.answered", unsure)
        found.append(Candidate("by_confidence", title, lines))
    return found + _cascades(dispatcher, models, unsure)


def _veto(best: str, contract: Contract) -> Candidate:
    differ = f"rules.answered and {best}.answered and {_values('rules', best, contract)[1]}"
    return Candidate(
        "veto",
        f"{best}, unless the rules contradict it",
        (
            f'refer "the rules contradict {best}" when {differ}',
            f"model {best} when {best}.answered",
            'refer "no model answers" otherwise',
        ),
    )


def _values(first: str, second: str, contract: Contract) -> tuple[str, str]:
    """Return as conditions that two give the same answer, and that they do not."""
    a, b = f"{first}.value", f"{second}.value"
    if not contract.is_regression:
        return f"{a} == {b}", f"{a} != {b}"
    allowed = f"{contract.tolerance or 0:.15g}"
    if contract.percent:
        allowed += f" / 100 * abs({b})"
    return f"abs({a} - {b}) <= {allowed}", f"abs({a} - {b}) > {allowed}"


def _vote(first: str, second: str, contract: Contract) -> Candidate:
    same = f"{first}.answered and {second}.answered and {_values(first, second, contract)[0]}"
    return Candidate(
        "vote",
        f"what two of rules, {first} and {second} say",
        (
            f"agree {first}",
            f"agree {second}",
            f"model {first} when {same}",
            'refer "no two agree" otherwise',
        ),
    )


def _cascades(dispatcher: Dispatcher, models: Sequence[str], unsure: str) -> list[Candidate]:
    """Return the cascades: rules, then models from the smallest on, the first that is sure."""
    order = sorted(models, key=lambda name: (_size(dispatcher, name), name))
    found = []
    for bound in THRESHOLDS:
        lines = [f"rules when rules.certainty >= {bound}"]
        lines += [f"model {name} when {name}.confidence >= {bound}" for name in order]
        title = f"the first that is sure from {bound}: rules, {', '.join(order)}"
        found.append(Candidate("cascade", title, (*lines, unsure)))
    return found


def _size(dispatcher: Dispatcher, name: str) -> int:
    """Return the bytes of a model's numbers: what it costs, and the same on every machine."""
    folder = getattr(dispatcher.bench.get(name), "folder", None)
    if folder is None:
        return 0
    files = [os.path.join(folder, one) for one in ("scorer.json", "scorer.bin")]
    return sum(os.path.getsize(one) for one in files if os.path.isfile(one))
