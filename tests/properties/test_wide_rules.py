"""Rules with 15 to 30 patterns: generated loops nest at most 15, and mean the same beyond."""

from __future__ import annotations

import re

import pytest

from heuron.check import analyse
from heuron.plan.general import plan_general
from heuron.plan.lower import lower
from playing import by_engine, by_oracle
from random_wide import FEWEST, WideMaker
from resolving import resolved
from trial_parts import FromRandom, Trial

SEEDS = (0, 2, 5, 10, 12, 26, 30, 36, 44, 60)
"""Programs that fire, and in which brute force comes to an end soon."""
PLAIN = (3, 7, 15, 19, 27, 31, 35, 39)
"""The same of programs that CLIPS can run."""


def trial_of(seed: int, plain: bool = False) -> Trial:
    """Return the program of a seed."""
    return WideMaker(FromRandom(seed), plain).program()


def test_wide_definitions_and_steps_agree_with_the_oracle():
    steps = definitions = 0
    found = set()
    for seed in SEEDS:
        trial = trial_of(seed)
        base, _ = analyse(trial.text, "trial.rules")
        assert base is not None, trial.text
        expected = by_oracle(base, trial, seed % 4 == 0)

        assert by_engine(base, trial, seed % 4 == 0) == expected, (seed, trial.text)
        fired = {one[0] for run in (*expected.fired, *expected.definitions) for one in run}
        found |= {
            word
            for rule in trial.rules
            if rule.name in fired
            for word in re.findall(
                r"not|exists|forall|either|count|sum|max", "\n".join(rule.conditions)
            )
        }
        steps += sum(map(len, expected.fired))
        definitions += sum(map(len, expected.definitions))
    assert steps >= 20
    assert definitions >= 20
    assert found == {"not", "exists", "forall", "either", "count", "sum", "max"}


def test_wide_rules_agree_with_clips():
    pytest.importorskip("clips", reason="needs heuron[bench]")
    from clips_sides import Ours, Theirs
    from clips_trials import side_by_side

    firings = 0
    for seed in PLAIN:
        trial = trial_of(seed, True)
        base = resolved(trial.text)
        comparison = side_by_side(trial, base, Ours(base), Theirs(base))

        assert comparison.end == "same", (seed, trial.text)
        firings += comparison.firings
    assert firings >= 50


def test_the_rules_are_wide_and_their_loops_nest_no_deeper_than_they_may():
    nested = 0
    for seed in SEEDS:
        trial = trial_of(seed)
        for rule in trial.rules:
            patterns = [one for one in rule.conditions if re.match(r"(t\d: )?[A-Z]\w*\(", one)]
            assert len(patterns) >= FEWEST
        nested = max(nested, *map(loops, sources(trial)))
    assert 10 <= nested <= 15


def sources(trial: Trial) -> list[str]:
    """Return the generated source of a program, function by function."""
    source = plan_general(lower(resolved(trial.text))).source
    return [one for one in re.split(r"\n(?=def )", source) if one.startswith("def ")]


def loops(function: str) -> int:
    """Return how deep the loops of a function nest."""
    deepest, open_at = 0, []
    for line in function.split("\n"):
        indent = len(line) - len(line.lstrip())
        if line.strip():
            while open_at and open_at[-1] >= indent:
                open_at.pop()
            if line.lstrip().startswith(("for ", "while ")):
                open_at.append(indent)
                deepest = max(deepest, len(open_at))
    return deepest
