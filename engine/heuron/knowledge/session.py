"""A session: facts come and go, steps run, and everything that follows can be asked for."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from os import PathLike, fspath, getpid, replace, unlink
from typing import TYPE_CHECKING, Any

from heuron.diagnostics import Diagnostic, RuleError, Severity
from heuron.knowledge.naming import (
    check_type,
    field_of,
    given_by_place,
    number_of,
    number_of_held,
)
from heuron.values import Fact, Value

if TYPE_CHECKING:
    from heuron.answer import Firing, Proof
    from heuron.infer.events import Event
    from heuron.infer.session import Inference, State
    from heuron.knowledge.base import KnowledgeBase

__all__ = ["Session", "resumed", "rules_digest"]


class Session:
    """Working memory with a knowledge base's rules; made by `KnowledgeBase.session`.

    One thread at a time: sessions of one knowledge base may run in many threads, but each in its
    own. Under asyncio a session belongs to one task; `run` does not yield, so long runs go to a
    thread with `asyncio.to_thread`. The initial facts of the rule file are held from the start.
    """

    __slots__ = ("_state", "knowledge")

    def __init__(self, knowledge: KnowledgeBase, state: State) -> None:
        self.knowledge = knowledge
        self._state = state

    def assert_(self, type_name: str, /, *positional: object, **values: object) -> Fact:
        """Hold a fact and return it; an equal fact that is held is returned instead.

        Fields are given by name or in the type's order; None is unknown; a field of another type
        takes a fact or its number.

        Raises:
            RuleError: There is no such type or field, or a value is not accepted.
        """
        try:
            quick = self._state.quick.get(type_name)
        except TypeError:  # a list, or what else cannot be a key
            quick = None
        if quick is not None:
            fact = quick(positional, values)
            if fact is not None:
                return fact
        templates = self.knowledge.templates
        check_type(templates, type_name)
        given = given_by_place(templates[type_name], positional, values)
        return self._state.assert_(type_name, **given)

    def modify(self, fact: Fact | int, /, **changes: object) -> Fact | None:
        """Change fields of a held fact and return its new version (None: it equalled another).

        Raises:
            RuleError: The fact is not held, is derived, or a value is not accepted.
        """
        number = number_of(fact)
        self._state.modify(fact, **changes)
        return self._state.fact(number)

    def retract(self, fact: Fact | int, /) -> None:
        """End a held fact.

        Raises:
            RuleError: The fact is not held, is derived, or is referred to.
        """
        number_of(fact)
        self._state.retract(fact)

    def run(self, limit: int | None = None) -> Inference:
        """Fire steps until nothing can fire, or `limit` of them.

        Raises:
            LimitError: A limit was met; the message names the rules that went round.
            RuleError: An action cannot be carried out; memory is as before that firing.
            ValueError: The limit is negative.
        """
        if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int)):
            raise TypeError(f"the limit is a number of firings, not {limit!r}")
        if limit is not None and limit < 0:
            raise ValueError(f"the limit is a number of firings from 0, not {limit}")
        return self._state.run(limit)

    def step(self) -> Firing | None:
        """Fire one step; return its firing, or None when nothing can fire."""
        return self._state.step()

    def facts(self, type_name: str | None = None) -> tuple[Fact, ...]:
        """Return the held facts, told and derived: by type, then in fact order.

        Raises:
            RuleError: There is no such type.
        """
        if type_name is not None:
            check_type(self.knowledge.templates, type_name)
        return self._state.facts(type_name)

    def fact(self, fact: Fact | int, /) -> Fact | None:
        """Return a held fact by its number, or as it is now; None when it is not held.

        Raises:
            RuleError: The fact is of another session, as far as its type tells.
        """
        number_of(fact)
        return self._state.fact(fact)

    def agenda(self) -> tuple[Firing, ...]:
        """Return the steps that could fire now, the next one first."""
        return self._state.agenda()

    def value(self, fact: Fact | int, field: str) -> tuple[Value, float]:
        """Return the value of a fact's field, concluded ones too, and its certainty.

        An unknown field is `heuron.UNKNOWN` at certainty 0; of a `many` field it is the best value.

        Raises:
            RuleError: The fact is not held, or its type has no such field.
        """
        return self._state.value(*self._field_of(fact, field))

    def query(self, name: str, /, *positional: Value, **arguments: Value) -> tuple[Value, ...]:
        """Return the values of a named question, one for each match, in fact order.

        Raises:
            RuleError: There is no such query, its arguments are not its parameters, or a value is
                not of its parameter's type; every mistake is named.
        """
        return self._state.query(name, *positional, **arguments)

    def explain(self, fact: Fact | int, field: str | None = None, *, all: bool = False) -> Proof:
        """Return why a fact is held, or why a concluded field of it has its value.

        Args:
            fact: A fact, or its number.
            field: A concluded field; every rule that speaks for or against its value is named.
            all: Name every rule that gives the fact, with every activation, and not the first
                alone. The facts behind it are explained by their first reason each.

        Raises:
            RuleError: The fact is not held, or its type has no such field.
        """
        from heuron.explain.why import why, why_fact

        if field is None:
            return why_fact(self._state, number_of_held(self._memory_state, fact), every=all)
        return why(self._state, *self._field_of(fact, field))

    def _field_of(self, fact: Fact | int, field: str) -> tuple[int, str]:
        number = number_of_held(self._memory_state, fact)
        held = self._state.fact(number)
        assert held is not None
        return number, field_of(self.knowledge.templates[held.type], field)

    def save(self, path: str | PathLike[str]) -> None:
        """Write working memory to a JSON file; `kb.session(state=path)` takes it up again.

        It has the facts with their numbers, and which steps are still to fire. What follows from
        the facts is worked out anew, and listeners are not saved. The file appears whole or not
        at all.

        Raises:
            OSError: The file cannot be written.
        """
        path = fspath(path)
        body = json.dumps(self.saved(), ensure_ascii=False, indent=1, allow_nan=False)
        draft = f"{path}.{getpid()}.part"
        try:
            with open(draft, "w", encoding="utf-8") as stream:
                stream.write(body + "\n")
            replace(draft, path)
        except BaseException as problem:
            with suppress(OSError):
                unlink(draft)
            if isinstance(problem, OSError):
                # The caller knows the file, and nothing of its draft.
                raise OSError(problem.errno, problem.strerror, path) from None
            raise

    def saved(self) -> dict[str, object]:
        """Return what `save` writes, as data for JSON."""
        from heuron.infer.saving import state_as_data

        return state_as_data(self._state) | {"rules": rules_digest(self.knowledge)}

    def listen(self, listener: Callable[[Event], Any]) -> None:
        """Tell `listener` of everything that happens from now on; see `heuron.infer.events`.

        An error that a listener raises ends what was asked for, after what it was told of, which
        stands, and goes on to whoever asked for it.
        """
        if not callable(listener):
            raise TypeError(f"a listener is called with each event, and {listener!r} cannot be")
        self._state.listen(listener)

    @property
    def _memory_state(self) -> State:
        """What holds the facts, whatever runs the rules."""
        return self._state

    @property
    def state(self) -> State:
        """The running state itself, for tools."""
        return self._state


def rules_digest(knowledge: KnowledgeBase) -> str:
    """Return a sum of the rule files, wherever they stand."""
    from hashlib import sha256

    text = "\0".join(knowledge.files.values())
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def resumed(session: Session, saved: str | PathLike[str] | Mapping[str, object]) -> Session:
    """Return a new session, without facts, with what was saved taken up in it.

    Raises:
        RuleError: It is no saved session, or one of other rules.
        OSError: The file cannot be read.
    """
    from heuron.infer.saving import restore_state

    if not isinstance(saved, Mapping):
        if not isinstance(saved, str | PathLike):
            what = "a path, or what `Session.saved` returned"
            raise TypeError(f"the state of a session is {what}, not {saved!r}")
        path = fspath(saved)
        try:
            with open(path, encoding="utf-8") as stream:
                saved = json.load(stream)
        except (ValueError, RecursionError):
            raise _refused(f"`{path}` is no saved session.") from None
    if not isinstance(saved, Mapping):
        raise _refused("A saved session is a JSON object.")
    if "rules" not in saved:
        raise _refused("The JSON object is no saved session: `rules` is missing.")
    if saved["rules"] != rules_digest(session.knowledge):
        raise _refused("The session was saved with other rules.")
    restore_state(session.state, saved)
    return session


def _refused(message: str) -> RuleError:
    return RuleError(Diagnostic(Severity.ERROR, "state-refused", message))
