"""The engine against the brute-force oracle, and against itself on rewritten programs.

A trial in which nothing fires proves nothing, so it does not count. `benchmarks/differential.py`
runs many more of these.
"""

from contextlib import nullcontext
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from effects import KINDS, kinds_that_fired
from heuron.check import analyse
from heuron.check.tree import Base
from heuron.infer.events import Event as Told
from heuron.plan.lower import lower
from playing import Outcome, by_engine, by_oracle, by_record, in_brief, record_of
from strategies import (
    Event,
    RuleText,
    Trial,
    fallible_trials,
    make_steps,
    make_trial,
    ordered_trials,
    step_trials,
    trials,
)
from thresholds import lowered

MANY = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
FEW = settings(MANY, max_examples=30)


EITHER_PLAN = pytest.mark.parametrize("plan", ["fixpoint", "agenda"])
"""The plan on which definitions run: the one for them, or that of steps."""


def checked(trial: Trial) -> Base:
    """Return the resolved tree; the few trials that do not check are not counted."""
    base, _ = analyse(trial.text, "trial.rules")
    assume(base is not None)
    assert base is not None
    return base


def without_steps(trial: Trial) -> Trial:
    """Return a trial with its definitions only: what these say depends on no order."""
    return replace(trial, rules=tuple(one for one in trial.rules if one.name[0] == "r"))


def fixpoint(outcome: Outcome) -> tuple[object, ...]:
    """Return what does not depend on names of rules or the order of anything."""
    return outcome.facts, [sorted(one.items(), key=repr) for one in outcome.conclusions]


@EITHER_PLAN
@MANY
@given(trials(), st.booleans())
def test_sessions_agree_with_the_oracle(plan, trial, peek):
    base = checked(trial)
    expected = by_oracle(base, trial, peek)
    assume(expected.has_effect)

    assert expected == by_engine(base, trial, peek, definitions=plan)


@MANY
@given(step_trials(), st.booleans())
def test_steps_agree_with_the_oracle(trial, peek):
    """With `peek` on the whole agenda, without it while searches are suspended."""
    base = checked(trial)
    expected = by_oracle(base, trial, peek)
    assume(expected.has_effect)

    assert expected == by_engine(base, trial, peek)


@EITHER_PLAN
@FEW
@given(st.one_of(trials(), step_trials()), st.booleans())
def test_what_is_done_from_some_size_on_agrees_with_the_oracle(plan, trial, peek):
    """Slices of range indexes, finer indexes, searches in several functions, and the like."""
    base = checked(trial)
    expected = by_oracle(base, trial, peek)
    assume(expected.has_effect)

    with lowered():
        assert expected == by_engine(base, trial, peek, definitions=plan)


@FEW
@given(trials(plain=True))
def test_tables_of_rule_sets_agree_with_the_oracle(trial):
    base = checked(trial)
    assume(lower(base).single_record)
    oracle = by_oracle(base, trial)
    assume(oracle.has_effect)

    with lowered():
        assert record_of(oracle, base) == by_record(base, trial)


STRATEGIES = ("breadth", "lex", "mea", "simplicity", "complexity", "random(7)")


@FEW
@given(st.one_of(trials(), step_trials()), st.sampled_from(STRATEGIES))
def test_every_strategy_agrees_with_the_oracle(trial, strategy):
    base = checked(trial)
    expected = by_oracle(base, trial, strategy=strategy)
    assume(expected.has_effect)

    assert expected == by_engine(base, trial, strategy=strategy)


@EITHER_PLAN
@FEW
@given(st.one_of(trials(), step_trials()), st.sampled_from(("depth", "lex")))
def test_a_saved_session_goes_on_as_the_first_one_would_have(plan, trial, strategy):
    base = checked(trial)
    expected = by_engine(base, trial, strategy=strategy)
    assume(any(expected.fired))

    assert expected == by_engine(base, trial, strategy=strategy, saving=True, definitions=plan)


@settings(MANY, max_examples=60)
@given(ordered_trials(), st.booleans(), st.booleans())
def test_joins_by_order_agree_with_the_oracle(trial, peek, low):
    base = checked(trial)
    expected = by_oracle(base, trial, peek)
    assume(expected.has_effect)

    with lowered() if low else nullcontext():
        assert expected == by_engine(base, trial, peek)


@MANY
@given(st.one_of(ordered_trials(), step_trials(), trials()), st.booleans())
def test_a_run_that_goes_on_to_its_end_agrees_with_the_oracle(trial, low):
    """Nobody looks at memory in between, so that steps fire on the spot."""
    base = checked(trial)
    expected = in_brief(by_oracle(base, trial))
    assume(expected is not None)

    with lowered() if low else nullcontext():
        assert expected == by_engine(base, trial, at_once=True)


@FEW
@given(fallible_trials(), st.booleans(), st.sampled_from(("depth", "lex")))
def test_steps_that_are_refused_leave_all_as_it_was(trial, peek, strategy):
    base = checked(trial)
    expected = by_oracle(base, trial, peek, strategy)
    assume(any(one == ("refused",) for run in expected.fired for one in run))

    assert expected == by_engine(base, trial, peek, strategy)


@MANY
@given(trials(plain=True))
def test_both_paths_agree_with_the_oracle_on_one_record(trial):
    base = checked(trial)
    assume(lower(base).single_record)
    oracle = by_oracle(base, trial)
    assume(oracle.has_effect)
    expected = record_of(oracle, base)

    assert expected == record_of(by_engine(base, trial), base)
    assert expected == by_record(base, trial)


@EITHER_PLAN
@FEW
@given(trials(), st.randoms(use_true_random=False))
def test_permuting_conditions_changes_nothing(plan, trial, random):
    def permuted(rule: RuleText) -> RuleText:
        return replace(rule, conditions=tuple(random.sample(rule.conditions, len(rule.conditions))))

    trial = without_steps(trial)
    other = replace(trial, rules=tuple(map(permuted, trial.rules)))
    expected = by_engine(checked(trial), trial)
    assume(expected.has_effect)

    assert fixpoint(expected) == fixpoint(by_engine(checked(other), other, definitions=plan))


@EITHER_PLAN
@FEW
@given(trials(), st.randoms(use_true_random=False))
def test_permuting_rules_changes_no_fixpoint(plan, trial, random):
    """Rule order only decides ties, which programs without negative evidence seldom have."""
    trial = without_steps(trial)
    other = replace(trial, rules=tuple(random.sample(trial.rules, len(trial.rules))))
    expected = by_engine(checked(trial), trial)
    assume(expected.has_effect)
    actual = by_engine(checked(other), other, definitions=plan)
    assume(not any(tied(one) for one in expected.conclusions))

    assert fixpoint(expected) == fixpoint(actual)


def tied(conclusions: dict[object, tuple[object, object]]) -> bool:
    """Return whether two values of some field are equally certain."""
    return any(
        len({certainty for _, certainty in levels}) < len(levels)
        for _, levels in conclusions.values()
    )


@EITHER_PLAN
@FEW
@given(trials(), st.randoms(use_true_random=False))
def test_the_order_of_facts_changes_no_fixpoint(plan, trial, random):
    trial = without_steps(trial)
    first = trial.script[: trial.script.index(Event("run"))]
    referring = [one for one in first if one.type in ("Part", "Token")]
    plain = [one for one in first if one not in referring]
    script = (*random.sample(plain, len(plain)), *random.sample(referring, len(referring)))
    trial = replace(trial, script=(*first, Event("run")))
    other = replace(trial, script=(*script, Event("run")))
    base = checked(trial)
    expected = by_engine(base, trial)
    assume(expected.has_effect)
    # Of two facts that are equal but for evidence of a concluded field the first one is held.
    assume(not any(name in GIVEN for one in first for name, _ in one.values))

    assert fixpoint(expected) == fixpoint(by_engine(base, other, definitions=plan))


GIVEN = ("grade", "rank", "cause", "score", "dear")


@EITHER_PLAN
@FEW
@given(trials(), st.integers(0, 3), st.sampled_from(["red", "blue"]))
def test_a_fact_that_is_asserted_and_retracted_leaves_no_trace(plan, trial, n, mood):
    """In what is held and defined; a step may well fire again after what blocked it has gone."""
    trial = without_steps(trial)
    ghost = Event("assert", "ghost", "Token", (("n", n + 10), ("mood", mood)))
    place = len(trial.script) - 1
    script = (*trial.script[:place], ghost, Event("retract", "ghost"), *trial.script[place:])
    other = replace(trial, script=script)
    base = checked(trial)
    expected = by_engine(base, trial)
    assume(expected.has_effect)

    assert expected == by_engine(base, other, definitions=plan)


@FEW
@given(trials())
def test_both_plans_of_definitions_tell_the_same_events(trial):
    """Facts that are derived after one event come in another order, and have other numbers."""
    base = checked(trial)
    told = [events(base, trial, plan) for plan in ("fixpoint", "agenda")]
    assume(any(one[1] in ("derived", "concluded") for one in told[0]))

    assert told[0] == told[1]


def events(base: Base, trial: Trial, plan: str) -> list[tuple[object, ...]]:
    """Return what a listener is told, in an order of its own."""
    heard: list[tuple[object, ...]] = []

    def hear(event: Told) -> None:
        fact, firing = event.fact, event.firing
        # References are numbers.
        held = fact and [one for one in fact.values.items() if one[0] not in REFERENCES]
        rule = firing and firing.rule
        name = fact and fact.type
        heard.append((event.number, event.kind, name, held, event.field, event.values, rule))

    by_engine(base, trial, definitions=plan, listener=hear)
    return sorted(heard, key=repr)


REFERENCES = ("owner", "about", "item")


@FEW
@given(trials())
def test_the_same_trial_gives_the_same_outcome(trial):
    base = checked(trial)

    assert repr(by_engine(base, trial)) == repr(by_engine(checked(trial), trial))


def test_most_random_programs_check_and_have_effects():
    """What the properties above count on."""
    valid = effects = 0
    for seed in range(60):
        trial = make_trial(seed)
        base, _ = analyse(trial.text, "trial.rules")
        if base is not None:
            valid += 1
            effects += by_oracle(base, trial).has_effect
    assert (valid >= 57, effects >= 38) == (True, True)


def test_every_condition_action_and_expression_fires_in_some_random_program():
    """A kind that no program fires would be a kind that no property tests."""
    missing = set(KINDS)
    for seed in range(500):
        trial = make_steps(seed) if seed % 5 == 4 else make_trial(seed)
        base, _ = analyse(trial.text, "trial.rules")
        if base is not None:
            missing -= kinds_that_fired(base, by_oracle(base, trial))
        if not missing:
            break

    assert missing == set()


pytestmark = pytest.mark.filterwarnings("error")
