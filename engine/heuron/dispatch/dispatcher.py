"""The dispatcher: one question to rules and models, and the choice of who answers it.

Owns `Dispatcher`. On the way of a query it imports neither numpy nor scikit-learn, and nothing
of the parser, the checks or the plans when the knowledge base comes from the cache.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from itertools import repeat
from time import perf_counter, thread_time
from typing import TYPE_CHECKING, Literal, overload

from heuron.answer import Answer, Predict
from heuron.diagnostics import Diagnostic, RuleError, Severity, nearest
from heuron.dispatch.backend import Bench, Models
from heuron.dispatch.consultation import Consultation
from heuron.dispatch.policy import NAMES, Policy, RouteLine, default_policy
from heuron.infer.dispatch import start_dispatch
from heuron.knowledge.base import KnowledgeBase
from heuron.knowledge.evidence import Evidence
from heuron.knowledge.finding import Finding
from heuron.values import Value

if TYPE_CHECKING:
    from heuron.dispatch.side_by_side import SideBySide
    from heuron.ledger import Counter, Ledger

__all__ = ["Dispatcher"]

Given = Mapping[str, object] | Evidence


class Dispatcher:
    """Answers questions by rules, by a model, or by whom the dispatch block chooses.

    Args:
        kb: The knowledge base; it needs a goal.
        store: The trained models; None: there are none.
        policy: The name of a dispatch block; by default the first one.
        ledger: Where answers are counted, each for the backend that gave it; None: nowhere.

    Raises:
        RuleError: There is no goal, or no block of that name.
    """

    def __init__(
        self,
        kb: KnowledgeBase,
        store: Models | None = None,
        *,
        policy: str | None = None,
        ledger: Ledger | None = None,
    ) -> None:
        template = kb.template
        assert kb.goal is not None
        self.kb = kb
        self.goal = kb.goal.field
        self.bench = Bench(store, kb.name, template, self.goal, kb.digest)
        self.same = _sameness(kb)
        self._store = store
        self._policy: Policy | None = None
        self._block = policy
        self._ledger = ledger
        # By the name of who answered: its counter, and the answers until one is timed.
        self._taken: dict[str, Counter] = {}
        self._left: dict[str, Iterator[object]] = {}
        self._timing = ledger is not None
        self.concluded = frozenset(
            field for type_name, field in kb.concluded if type_name == template.name
        )
        if policy is not None:
            self._policy = self.policy_named(policy)

    @classmethod
    def open(
        cls, domain: str, *, policy: str | None = None, ledger: Ledger | None = None
    ) -> Dispatcher:
        """Return the dispatcher of a domain with all its trained models, as `heuron ask` has it.

        Args:
            domain: A built-in name, a name in the project's `rules/`, or a path of a rule file.
            policy: The name of a dispatch block; by default the first one.
            ledger: Where answers are counted; None: nowhere.

        Raises:
            RuleError: There is no such domain, its file has errors, it has no goal, or no block
                of that name.
        """
        from heuron.knowledge.load import load
        from heuron.knowledge.project import find_domain, store_folders, trusted_file
        from heuron.learn.store import Store

        found = find_domain(domain)
        store = Store(*store_folders(found), trusted=trusted_file)
        return cls(load(found), store, policy=policy, ledger=ledger)

    @property
    def models(self) -> tuple[str, ...]:
        """The names of the models that can answer, sorted."""
        return self.bench.names

    @property
    def policy(self) -> Policy:
        """The policy in use: the dispatch block, or the default where there is none."""
        if self._policy is None:
            if self.kb.blocks:
                self._policy = self._compiled(0)
            else:
                self._policy = default_policy(self.bench.selected)
        return self._policy

    @property
    def other_policies(self) -> tuple[Policy, ...]:
        """The named dispatch blocks that are not in use."""
        names = [block.name for block in self.kb.blocks if block.name]
        return tuple(self.policy_named(name) for name in names if name != self.policy.name)

    def policy_named(self, name: str) -> Policy:
        """Return the dispatch block of that name.

        Raises:
            RuleError: There is none.
        """
        names = [block.name for block in self.kb.blocks]
        if name in names:
            return self._compiled(names.index(name))
        known = [one for one in names if one]
        near = nearest(name, known)
        hint = f"Did you mean `{near}`?" if near else None
        message = f"{self.kb.name} has no dispatch block `{name}`."
        raise RuleError(Diagnostic(Severity.ERROR, "unknown-name", message, hint=hint))

    def _compiled(self, place: int) -> Policy:
        block = self.kb.blocks[place]
        routes = [RouteLine(*one) for one in block.routes]
        return Policy(block.name, routes, block.models, start_dispatch(block.code, NAMES))

    @overload  # "all" is a text too, but no other text gives answers side by side
    def ask(  # type: ignore[overload-overlap]
        self,
        evidence: Given,
        via: Literal["all"],
        strict: bool = False,
        today: date | None = None,
    ) -> SideBySide: ...

    @overload
    def ask(
        self,
        evidence: Given,
        via: str = "dispatch",
        strict: bool = False,
        today: date | None = None,
    ) -> Answer: ...

    def ask(
        self,
        evidence: Given,
        via: str = "dispatch",
        strict: bool = False,
        today: date | None = None,
    ) -> Answer | SideBySide:
        """Answer one question.

        Args:
            evidence: `{field: value}`, perhaps with facts of other types; what it says of the
                goal's field itself is left out.
            via: "dispatch", "rules", the name of a model, or "all" for all of them side by side.
            strict: Whether a route that is skipped because its model is absent is an error.
            today: What `today()` is; by default the present day.

        Raises:
            RuleError: Evidence is not accepted, or there is no such model; under `strict` also
                when a route's model is absent.
            LimitError: A limit was met.
        """
        if self._timing:
            return self._timed(evidence, via, strict, today)
        self.bench.loading = 0.0
        start = perf_counter()
        asked = self.consult(evidence, today)
        if via == "all":
            return self._side_by_side(asked, strict, start)
        answer = self._via(asked, via, strict)
        elapsed = perf_counter() - start
        # The answer is new, and nobody has seen it yet.
        object.__setattr__(answer, "elapsed_us", round(elapsed * 1e6, 1))
        # Written out here, for a call would cost more than counting does.
        try:
            left = self._left[asked.taken]
        except KeyError:
            left = self._begin(asked.taken, answer, max(0.0, elapsed - self.bench.loading))
        for _ in left:
            break
        else:
            self._turn(asked.taken)
        return answer

    def _begin(self, taken: str, answer: Answer, seconds: float) -> Iterator[object]:
        """Return where answers of a backend are counted from now on; the first took so long."""
        if self._ledger is None:
            self._left[taken] = left = repeat(None)
            return left
        counter = self._counter(answer.backend)
        if not counter.answers:
            counter.sample(seconds)
        self._taken[taken], self._left[taken] = counter, counter.left
        return counter.left

    def _turn(self, taken: str) -> None:
        """Count an answer for which none was left, and time the next one if it is one in 64."""
        counter = self._taken[taken]
        self._timing = counter.turn()
        self._left[taken] = counter.left

    def _timed(
        self, evidence: Given, via: str, strict: bool, today: date | None
    ) -> Answer | SideBySide:
        """Answer, and take in the processor time that it took.

        Reading the processor's clock takes longer than counting, so few answers come here: the
        first, and those after one in 64.
        """
        self._timing = False
        began = thread_time()
        answer = self.ask(evidence, via, strict, today)
        spent = thread_time() - began
        if via == "all":  # answers side by side count themselves
            self._timing = True
            return answer
        assert isinstance(answer, Answer)
        counter, loading = self._counter(answer.backend), self.bench.loading
        if not loading:
            counter.sample(spent)
        elif counter.answers == 1:
            counter.sample(max(0.0, spent - loading))
        return answer

    def _counter(self, backend: str | None) -> Counter:
        """Return the ledger's counter of a backend."""
        assert self._ledger is not None
        return self._ledger.counter(self.kb.name, backend or "rules")

    def consult(self, evidence: Given, today: date | None = None) -> Consultation:
        """Return a consultation about one record, in which nobody has been asked yet.

        Raises:
            RuleError: Evidence is not accepted.
        """
        kb = self.kb
        given = kb.evidence(evidence)
        if self.goal in given.record:
            record = {name: one for name, one in given.record.items() if name != self.goal}
            given = given._replace(record=record)
        host = kb.host(today=today)

        def ask_rules(predict: Predict) -> Finding:
            return kb.consider(given, today=host.today, predict=predict)

        blank = Answer(kb.name, kb.goal_name, today=host.today)
        return Consultation(
            blank, given.record, self.bench, self.concluded, ask_rules, host, given.facts
        )

    def decide(
        self, asked: Consultation, strict: bool = False, policy: Policy | None = None
    ) -> Answer:
        """Return the answer of whom the policy (or another) chooses in a consultation."""
        answer = asked.decide(policy or self.policy, self.same)
        if strict and answer.route is not None and answer.route.skipped:
            raise RuleError([self._absent(name) for name in answer.route.skipped])
        return answer

    def _via(self, asked: Consultation, via: str, strict: bool) -> Answer:
        if via == "dispatch":
            return self.decide(asked, strict)
        if via != "rules" and self.bench.get(via) is None:
            raise RuleError(self._absent(via))
        asked.taken = via
        return asked.answer(via)

    def _side_by_side(self, asked: Consultation, strict: bool, start: float) -> SideBySide:
        from heuron.dispatch.side_by_side import SideBySide, agreement

        answers = {}
        for name in ("rules", *self.models):
            self.bench.loading, began = 0.0, thread_time()
            answer = asked.answer(name)
            answers["rules" if name == "rules" else f"model:{name}"] = answer
            if self._ledger is not None:
                seconds = max(0.0, thread_time() - began - self.bench.loading)
                self._counter(answer.backend).count(seconds)
        dispatch = self.decide(asked, strict)
        object.__setattr__(dispatch, "elapsed_us", round((perf_counter() - start) * 1e6, 1))
        return SideBySide(answers, dispatch, agreement(answers, self.same))

    def _absent(self, name: str) -> Diagnostic:
        """Return what is wrong with a model that cannot be asked."""
        self.bench.get(name)
        if name in self.bench.refused:
            return self.bench.refused[name]
        why = self.bench.why_not.get(name, "")
        message = f"{self.kb.name} cannot ask the model `{name}`: {why}"
        specs = (*self.kb.models, *self.models)
        if name in specs:
            hint = f"train it: heuron train {self.kb.name} {name}"
        else:
            near = nearest(name, ("dispatch", "rules", "all", *specs))
            known = ", ".join(dict.fromkeys(specs)) or "none"
            hint = f"Did you mean `{near}`? " if near else ""
            hint += f"Its models are: {known}." if specs else "It has no models."
            message = f"{self.kb.name} has no model `{name}`."
        return Diagnostic(Severity.ERROR, "model-absent", message, hint=hint)


def _sameness(kb: KnowledgeBase) -> Callable[[Value, Value], bool]:
    """Return the test of whether two values of the goal count as the same answer."""
    assert kb.goal is not None
    if kb.goal.tolerance is None:
        return _equal
    from heuron.learn.contract import contract_of

    return contract_of(kb).is_right


def _equal(first: Value, second: Value) -> bool:
    return first == second
