"""Searches that cannot end in time are stopped when that is seen, and no others."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from heuron.diagnostics import LimitError
from heuron.infer import hopeless, limits
from heuron.infer.host import Host
from heuron.infer.limits import Budget, Limits
from heuron.infer.session import State
from playing import by_engine
from resolving import resolved
from sessions import TODAY, engine_of
from strategies import make_steps, make_trial

TYPES = """
type A(n: integer, k: low | high)
type B(n: integer)
type C(n: integer)
type D(n: integer)
type E(n: integer)
"""
CROSS = "A(n: x), B(n: y), C(n: z), x + y + z < 0"
FOUR = "A(n: x), B(n: y), C(n: z), E(n: w), x + y + z + w < 0"
FEW = Limits(steps=3_000_000, seconds=1e6)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask soon, and often, whether a search can end in time."""
    monkeypatch.setattr(limits, "PATIENCE", 0.0)
    monkeypatch.setattr(limits, "CHUNK", 20_000)


def state_of(rules: str, limits: Limits = FEW, **options: str) -> State:
    """Return a session of some rules about the types above."""
    return engine_of(TYPES + rules).session(Host(today=TODAY), limits, **options)


def fill(state: State, count: int, types: str = "ABC") -> None:
    """Add facts of some types."""
    for number in range(count):
        for name in types:
            state.add(name, {"n": number})


def stopped(act: Callable[[], object]) -> str:
    """Return what is said of a search that is stopped for being hopeless."""
    with pytest.raises(LimitError) as caught:
        act()
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "limit"
    assert diagnostic.line is not None
    assert diagnostic.message.startswith("Rule `r` was stopped: it would search ")
    assert "join them by a field" in str(diagnostic.hint)
    return diagnostic.message


def listened(state: State) -> list[int]:
    """Return a list of the search steps after which a session is asked whether it can end."""
    calls: list[int] = []
    judge = state._budget.judge
    assert judge is not None

    def look(seconds: float, steps: int, left: float) -> None:
        calls.append(steps)
        state._budget._patience = 0.0
        judge(seconds, steps, left)

    state._budget.judge = look
    return calls


def test_a_cross_join_is_stopped_with_its_candidates_and_how_long_it_would_take() -> None:
    state = state_of(f"rule r:\n    when {CROSS}\n    then derive D(x)\n")
    fill(state, 600)

    message = stopped(state.run)
    assert "through combinations of 600 A, 600 B, 600 C" in message
    assert "through at least" in message


def test_time_is_said_where_time_is_short() -> None:
    unlimited = Limits(steps=10**14, seconds=20.0)
    state = state_of(f"rule r:\n    when {CROSS}\n    then derive D(x)\n", unlimited)
    fill(state, 3000)

    assert "it would search for at least" in stopped(state.run)


@pytest.mark.parametrize("definitions", ["fixpoint", "agenda"])
@pytest.mark.parametrize(
    "rule",
    [
        f"rule r:\n    when {CROSS}\n    then derive D(x)\n",
        # Recursive: what it derives is matched again.
        f"rule r:\n    when {CROSS}, not E(n == x)\n    then derive D(x)\n"
        "rule s:\n    when D(n: x), x < 0\n    then derive D(x + 1)\n",
        "rule r:\n    when D(n: u), B(n: y), C(n: z), u + y + z < 0\n    then derive D(z)\n"
        "rule s:\n    when A(n: x)\n    then derive D(x)\n",
        "rule r:\n    when a: A(n: x), B(n: y), C(n: z), x + y + z < 0\n"
        "    then conclude a.k = low\n",
        f"rule r:\n    when {CROSS}, exists B(n == x)\n    then derive D(x)\n",
    ],
    ids=["derive", "not", "recursive", "conclude", "exists"],
)
def test_definitions_of_every_kind(rule: str, definitions: str) -> None:
    if definitions == "agenda" and "D(n: u)" in rule:
        pytest.skip("each new fact is searched for by itself, and no such search is hopeless")
    state = state_of(rule, definitions=definitions)
    fill(state, 600)
    stopped(state.run)


@pytest.mark.parametrize("strategy", ["depth", "breadth", "lex"])
@pytest.mark.parametrize("also", ["", ", exists B(n == x)"], ids=["plain", "exists"])
def test_steps_of_every_kind(also: str, strategy: str) -> None:
    state = state_of(f"rule r:\n    when {FOUR}{also}\n    then assert D(x)\n", strategy=strategy)
    fill(state, 400, "BCE")
    state.run()

    def go() -> None:
        fill(state, 3, "A")
        state.run()

    stopped(go)


@pytest.mark.parametrize("definitions", ["fixpoint", "agenda"])
@pytest.mark.parametrize("together", [True, False])
def test_facts_that_are_added_later(definitions: str, together: bool) -> None:
    """Many at once, or one alone with three types of others."""
    state = state_of(f"rule r:\n    when {FOUR}\n    then derive D(x)\n", definitions=definitions)
    fill(state, 600, "BCE")
    state.run()
    for number in range(300 if together else 1):
        state.add("A", {"n": number})
    sizes = f"{300 if together else 1} A, 600 B, 600 C, 600 E"
    assert sizes in stopped(state.run)


@pytest.mark.parametrize(
    "rules",
    [
        # Looked up by a field.
        "rule r:\n    when A(n: x), B(n == x), C(n == x), x < 0\n    then derive D(x)\n",
        # One type alone is no join.
        "rule r:\n    when A(n: x), x < 0\n    then derive D(x)\n",
        # A third of the steps that are left.
        "rule r:\n    when A(n: x), B(n: y), x + y < 0\n    then derive D(x)\n",
    ],
)
def test_what_ends_in_time_goes_on(rules: str) -> None:
    state = state_of(rules)
    fill(state, 1000)
    assert state.run().quiescent


ONE = "A(n: x), B(n: y), C(n: z), x + y + z == 1170, x - y == 0, y - z == 0"
"""Facts of 390 alone, which are among the last thirtieth of all combinations."""


@pytest.mark.parametrize(
    "last",
    [
        "rule last:\n    when D()\n    then halt\n",
        "rule last:\n    when D(), b: B()\n    then retract b\n",
        "rule last:\n    when D(), c: C(n > 0)\n    then modify c: n = 0\n",
        "rule last:\n    when D()\n    then assert E(1)\n",
    ],
    ids=["halt", "retract", "modify", "not"],
)
def test_a_search_that_a_firing_may_end_goes_on(last: str) -> None:
    also = ", not E()" if "E(1)" in last else ""
    rules = f"rule r:\n    when {ONE}{also}\n    then assert D(x)\n{last}"
    state = state_of(rules, Limits(steps=7_000_000, seconds=1e6))
    fill(state, 400)
    calls = listened(state)
    assert state.run().firings[0].rule == "r"
    assert calls


def test_a_run_of_a_few_firings_goes_on() -> None:
    state = state_of(
        f"rule r:\n    when {ONE}\n    then assert D(x)\n", Limits(steps=7_000_000, seconds=1e6)
    )
    fill(state, 400)
    calls = listened(state)
    with pytest.raises(LimitError, match="7,000,000 search steps"):
        # Whether more could fire is not known before all is looked through.
        state.run(1)
    assert calls


def test_a_step_is_not_kept_waiting_by_what_comes_after_it() -> None:
    state = state_of(
        f"rule r:\n    when {ONE}\n    then assert D(x)\n", Limits(steps=7_000_000, seconds=1e6)
    )
    fill(state, 400)
    firing = state.step()
    assert firing is not None
    assert firing.rule == "r"


def test_a_sample_takes_nothing_from_the_run() -> None:
    """Neither steps nor what it finds: the result is that of a run that is not looked at."""
    rules = "rule r:\n    when A(n: x), B(n: y), x + y > 1990\n    then derive D(x)\n"
    looked_at, alone = state_of(rules), state_of(rules)
    asked = listened(looked_at)
    alone._budget.judge = None
    for state in (looked_at, alone):
        fill(state, 1000, "AB")
        state.run()
    assert asked
    assert looked_at.facts() == alone.facts()
    assert sum(looked_at._budget.left) == sum(alone._budget.left)


@pytest.mark.parametrize("definitions", ["fixpoint", "agenda"])
def test_no_run_that_ends_by_itself_is_stopped(
    monkeypatch: pytest.MonkeyPatch, definitions: str
) -> None:
    """Uneven joins: what they take is known, so the limit is set just above it."""
    monkeypatch.setattr(limits, "CHUNK", 100)
    chance = Random(5)
    asked = 0
    for _ in range(25):
        kinds = [
            chance.choice(["x == y", "x < y", "x > y", "x % 7 == y", "x + y == 3"]) for _ in "ab"
        ]
        rules = f"rule r:\n    when A(n: x), B(n: y), C(n: z), {kinds[0]}, "
        rules += kinds[1].replace("x", "z") + "\n    then derive D(x)\n"
        rules += "rule s:\n    when D(n: x), A(n: y), x < y, x < 3\n    then derive D(y)\n"
        numbers = [
            [chance.choice([0, 1, 3, chance.randrange(80)]) for _ in range(60)] for _ in "ABC"
        ]
        taken = 0
        for known in (False, True):
            most = taken + 1000 if known else 10**12
            state = state_of(rules, Limits(steps=most, seconds=1e9), definitions=definitions)
            if known:
                calls = listened(state)
            else:
                state._budget.judge = None
            for half in (slice(0, 30), slice(30, 60)):
                for name, some in zip("ABC", numbers, strict=True):
                    for number in some[half]:
                        state.add(name, {"n": number})
                state.run()
                taken = max(taken, most - state._budget._rest - state._budget.left[0])
        asked += len(calls)
    assert asked > 500


@pytest.mark.parametrize("steps", [False, True])
def test_random_programs_do_what_they_do_unlooked_at(
    monkeypatch: pytest.MonkeyPatch, steps: bool
) -> None:
    monkeypatch.setattr(limits, "CHUNK", 2)
    asked: list[int] = []
    judge = hopeless.judge

    def look(state: State, budget: Budget, taken: float, steps: int, left: float) -> None:
        asked.append(steps)
        budget._patience = 0.0
        judge(state, budget, taken, steps, left)

    for seed in range(25):
        trial = make_steps(seed) if steps else make_trial(seed)
        base = resolved(trial.text)
        monkeypatch.setattr(hopeless, "judge", look)
        looked_at = by_engine(base, trial)
        monkeypatch.setattr(hopeless, "judge", lambda *arguments: None)
        assert by_engine(base, trial) == looked_at
    assert len(asked) > 100


def test_names_are_those_of_generated_searches(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is looked for among the calls under way is what the generators write."""
    monkeypatch.setattr(limits, "CHUNK", 1_000)
    state = state_of(f"rule r:\n    when {CROSS}\n    then derive D(x)\n")
    seen = []

    def look(seconds: float, steps: int, left: float) -> None:
        seen.append(hopeless._at_work(state))

    state._budget.judge = look
    fill(state, 60)
    state.run()
    state.add("A", {"n": 100})
    state.run()
    assert None not in seen
    assert {None if one is None or one.seeds is None else len(one.seeds) for one in seen} == {
        None,
        1,
    }
