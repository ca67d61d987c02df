"""Steps against CLIPS: the same conflict set before every firing, and the same choice."""

from collections import Counter

import pytest

pytest.importorskip("clips", reason="needs heuron[bench]")

MODIFIED_IN_HALVES = (103513, 104274)
"""Seeds of programs in which a modified fact alone satisfies an `exists`."""


def test_random_steps_agree_with_clips():
    """In ties, which CLIPS leaves open, it takes ours; anything else must agree."""
    from clips_trials import compare

    compared = [compare(seed) for seed in range(60)]

    assert [one.end for one in compared if one.end != "same"] == []
    assert sum(one.firings for one in compared) >= 400
    assert sum(one.ties for one in compared) >= 10


def test_conditions_inside_conditions_agree_with_clips():
    """`forall`, and `not` and `exists` around each other."""
    from clips_trials import compare

    compared = [compare(seed, "deep") for seed in range(40)]

    assert [one.end for one in compared if one.end != "same"] == []
    assert sum(one.firings for one in compared) >= 250


def test_joins_by_order_agree_with_clips():
    """And rules that go on from the facts that they make."""
    from clips_trials import compare

    compared = [compare(seed, "ordered") for seed in range(20)]

    assert [one.end for one in compared if one.end != "same"] == []
    assert sum(one.firings for one in compared) >= 250


@pytest.mark.parametrize("strategy", ["breadth", "lex", "mea", "simplicity", "complexity"])
def test_strategies_agree_with_those_of_clips(strategy):
    from clips_trials import compare

    compared = [
        compare(seed, ("plain", "deep", "ordered")[seed % 3], strategy) for seed in range(30)
    ]

    assert [one.end for one in compared if one.end != "same"] == []
    assert sum(one.firings for one in compared) >= 150


@pytest.mark.parametrize("seed", MODIFIED_IN_HALVES)
def test_an_exists_fires_again_in_clips_after_a_modify_and_is_predicted_to(seed):
    from clips_trials import compare

    assert compare(seed).end == "as predicted in halves"


def test_another_difference_is_not_taken_for_a_modify_in_halves(monkeypatch):
    """A side whose steps come in another order differs, and is said to."""
    import clips_trials
    from clips_sides import Ours

    class Backwards(Ours):
        """An engine that would rather fire its last activation."""

        def agenda(self):
            return super().agenda()[::-1]

    monkeypatch.setattr(clips_trials, "Ours", Backwards)
    ends = {clips_trials.compare(seed).end for seed in range(20)}

    assert "different" in ends


def test_definitions_and_steps_above_them_agree_with_clips():
    """Derived facts and conclusions after every event, agendas before every firing."""
    from clips_definitions import STRATEGIES, compare

    compared = [compare(seed, STRATEGIES[seed % len(STRATEGIES)]) for seed in range(80)]
    counts = sum((one.counts for one in compared), Counter())

    assert [one.problem for one in compared if one.problem] == []
    assert counts["steps"] >= 100
    assert counts["derived facts"] >= 500
    assert counts["conclusions"] >= 500
    assert counts["fired before, and new to CLIPS"] >= 1


@pytest.mark.parametrize("what", ["facts", "conclusions", "agenda"])
def test_what_differs_under_definitions_is_noticed(monkeypatch, what):
    """An engine that loses one of its facts, conclusions or activations does not agree."""
    import clips_definitions

    class Losing(clips_definitions.Ours):
        """An engine that keeps silent about the last of them."""

    monkeypatch.setattr(clips_definitions, "Ours", Losing)
    monkeypatch.setattr(Losing, what, lambda self: getattr(super(Losing, self), what)()[:-1])

    assert any(clips_definitions.compare(seed).problem for seed in range(10))
