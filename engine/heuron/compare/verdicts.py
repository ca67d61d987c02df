"""The answers that a comparison gives, in sentences that can be read aloud.

Three questions: who is right, where do they differ, who should answer. Nothing is claimed that
the tests do not bear out, and nobody is called best where different rows are answered.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from heuron.compare.comparison import BackendScore, Comparison, PairScore
from heuron.compare.evaluate import COVERAGE_APART
from heuron.compare.outcomes import short_name
from heuron.compare.scorecard import AGAINST, RuleScore
from heuron.compare.slice_rules import region_words, slice_words
from heuron.compare.words import are, by_chance, called, listed, row_count, share

__all__ = [
    "SIGNIFICANT",
    "best_backend",
    "in_short",
    "verdicts",
    "where_they_differ",
    "who_is_right",
    "who_should_answer",
]

SIGNIFICANT: Final = 0.05
LARGE: Final = 50
"""A difference of so many points is large."""
TINY: Final = 0.01
"""Points of a difference that is too small to matter."""
NAMED: Final = 3
"""So many pairs or slices are told in sentences; the rest is counted."""


def verdicts(comparison: Comparison) -> list[str]:
    """Return all sentences: who is right, where they differ, who should answer."""
    return [
        *who_is_right(comparison),
        *where_they_differ(comparison),
        *who_should_answer(comparison),
    ]


def in_short(comparison: Comparison) -> str:
    """Return the three answers in one sentence."""
    if not comparison.held_out.rows:
        return "There are no rows to compare on."
    best = best_backend(comparison)
    if best is not None:
        parts = [f"{called(best)} {are(best)} right most often"]
    elif _apart(comparison):
        parts = ["nobody is called best, as not all answer the same rows"]
    elif any(_sure(pair) for pair in comparison.pairs):
        parts = ["some are right more often than others, but nobody than all"]
    else:
        parts = ["nobody is clearly ahead"]
    parts += _differ_in_short(_beside_models(comparison))
    score = comparison.backends.get("dispatch")
    if comparison.policies is not None:
        parts.append(f'"{comparison.policies.best.title}" costs least')
    elif score is not None:
        parts.append(f"the dispatcher is right on {share(score.accuracy)} of all rows")
    return _cap("; ".join(parts)) + "."


def _differ_in_short(pairs: Sequence[PairScore]) -> list[str]:
    """Return how often rules and models differ, at the least and at the most."""
    if not pairs:
        return []
    shares = sorted(1 - (one.agreement or 0.0) for one in pairs)
    low, high = (f"{100 * one:.0f}" for one in (shares[0], shares[-1]))
    models = "the model" if len(pairs) == 1 else "models"
    if shares[-1] == 0:
        return [f"rules and {models} say the same wherever both answer"]
    span = high if low == high else f"{low} to {high}"
    return [f"rules and {models} differ on {span} % of the rows both answer"]


def _beside_models(comparison: Comparison) -> list[PairScore]:
    """Return the pairs of the rules (with models where they use them) and each model."""
    rules = "rules+models" if "rules+models" in comparison.backends else "rules"
    pairs = [one for one in comparison.pairs if one.a == rules and one.b.startswith("model:")]
    return [one for one in pairs if one.rows_both]


def best_backend(comparison: Comparison) -> str | None:
    """Return the best backend, if their coverages allow it and the tests bear it out."""
    if _apart(comparison) or len(comparison.backends) < 2:
        return None
    leader = max(comparison.backends, key=lambda name: comparison.backends[name].right)
    for pair in comparison.pairs:
        if leader in (pair.a, pair.b) and (not _sure(pair) or _better(pair) != leader):
            return None
    return leader


def who_is_right(comparison: Comparison) -> list[str]:
    """Return in sentences who is right more often, or that nobody can be told to be."""
    backends = comparison.backends
    rows = comparison.held_out.rows
    if not rows:
        return ["There are no rows to compare on."]
    if len(backends) == 1:
        (name,) = backends
        return [f"Only {called(name)} answered: {_of_all(backends[name])}."]
    best = best_backend(comparison)
    if best is not None:
        lines = [f"{_cap(called(best))} {are(best)} best: {_of_all(backends[best])}."]
        return lines + _further(comparison)
    lines = []
    if _apart(comparison):
        lines.append(
            "Nobody is called best, as not all answer the same rows: "
            + "; ".join(_where_it_answers(name, one) for name, one in _ends(backends))
            + "."
        )
    else:
        shares = sorted(one.accuracy or 0.0 for one in backends.values())
        lines.append(
            f"Nobody is clearly ahead: each is right on {share(shares[0])} to "
            f"{share(shares[-1])} of the {row_count(rows)}."
        )
    return lines + _further(comparison)


def _further(comparison: Comparison) -> list[str]:
    told_apart = _told_apart(comparison.pairs)
    return [*told_apart, *_bad_rules(comparison.rules), *_copied(comparison)]


def _copied(comparison: Comparison) -> list[str]:
    """Say whose score copies would have raised most."""
    found = comparison.copies
    if found is None or not found.scores:
        return []
    alone = [one for one in found.scores if not one.backend.startswith("dispatch")]
    most = max(alone, key=lambda one: one.apparent)
    once, ignored = most.once[0] / most.once[1], most.ignored[0] / most.ignored[1]
    return [
        f"Copies: {found.copies} of {row_count(found.rows)} repeat an earlier one. Taken for rows "
        f"of their own, {called(most.backend)} would look right on {share(ignored)}; counted once, "
        f"right on {share(once)}: {100 * most.apparent:.1f} points were copies."
    ]


def _bad_rules(rules: Sequence[RuleScore]) -> list[str]:
    """Say of rules that what they say is less often true where they fire than elsewhere."""
    return [
        f"The rule {one.name} is right on {share(one.precision)} of the {row_count(one.fired)} it "
        f"fires on, where {share(one.base)} would be right anyway: it speaks against what it says."
        for one in rules
        if one.verdict == AGAINST
    ][:NAMED]


def where_they_differ(comparison: Comparison) -> list[str]:
    """Return in sentences how often rules and models differ, and in which regions."""
    lines = []
    pairs = _beside_models(comparison)
    if pairs:
        apart = [
            f"{one.rows_both - one.same} of {one.rows_both} ({short_name(one.b)})" for one in pairs
        ]
        who = "the model" if len(pairs) == 1 else "models"
        if any(one.same < one.rows_both for one in pairs):
            lines.append(f"Rules and {who} differ on {listed(apart)} rows that both answer.")
        else:
            lines.append(f"Rules and {who} say the same on every row that both answer.")
    silent = comparison.backends.get("rules")
    if silent is not None and silent.not_answered and silent.answered:
        lines.append(f"The rules are silent on {row_count(silent.not_answered)}.")
    return lines + _slices(comparison)


def who_should_answer(comparison: Comparison) -> list[str]:
    """Return in sentences how the dispatcher does, and what no choice can beat."""
    lines = []
    trial = comparison.policies
    score = comparison.backends.get("dispatch")
    if trial is not None:
        best = trial.best
        lines.append(
            f"Of {trial.tried} ways tried on {row_count(trial.rows_found)} of training, "
            f'"{best.title}" costs least; here, where it had no part in the choice, it costs '
            f"{best.cost:.3f} a row."
        )
        lines += _person(trial.cost.refer, best.cost)
    elif score is not None and score.rows:
        left = (
            f" and leaves {row_count(score.not_answered)} to a person" if score.not_answered else ""
        )
        lines.append(
            f"The file's dispatcher is right on {share(score.accuracy)} of all rows{left}."
        )
        lines += _better_alone(comparison)
    bound = comparison.best_possible
    if bound.accuracy is not None and len(comparison.backends) > 1:
        lines.append(
            f"Somebody who knew on every row whom to ask would be right on "
            f"{share(bound.accuracy)}; no dispatcher can do better."
        )
    if comparison.cost is not None and comparison.costs:
        lines.append(_cheapest(comparison))
    return lines


def _cheapest(comparison: Comparison) -> str:
    first, *others = comparison.costs
    alike = [short_name(one.backend) for one in others if not one.dearer]
    text = f"Of each by itself {called(first.backend)} {_cost(first.backend)} least, "
    text += f"{first.cost:.3f} a row"
    if alike:
        text += f", but cannot be told apart from {listed(alike)}"
    return f"{text}."


def _cost(backend: str) -> str:
    return "cost" if are(backend) == "are" else "costs"


def _person(price: float, cost: float) -> list[str]:
    """Say so where it would be cheaper to ask nobody."""
    if cost < price:
        return []
    same = "as much" if cost == price else "less"
    return [f"To leave every row to a person would cost {price:g} a row, which is {same}."]


def _better_alone(comparison: Comparison) -> list[str]:
    """Say of backends that they are right more often than the dispatcher, beyond chance."""
    found = []
    for pair in comparison.pairs:
        if "dispatch" in (pair.a, pair.b) and _sure(pair) and _better(pair) != "dispatch":
            name = _better(pair)
            who = _cap(called(name))
            found.append(f"{who} alone {are(name)} right more often where both answer.")
    return found


def _told_apart(pairs: Sequence[PairScore]) -> list[str]:
    """Say of every pair who is right more often, or what difference would not have shown."""
    lines, alike, sure = [], [], []
    for pair in pairs:
        if not pair.rows_both:
            lines.append(f"No row was answered by both {called(pair.a)} and {called(pair.b)}.")
        elif _sure(pair):
            sure.append(pair)
        else:
            alike.append(pair)
    for pair in sure[:NAMED]:
        better = _better(pair)
        worse = pair.b if better == pair.a else pair.a
        lines.append(
            f"{_cap(called(better))} {are(better)} right more often than {called(worse)} on the "
            f"{row_count(pair.rows_both)} both answered."
        )
    if len(sure) > NAMED:
        more = len(sure) - NAMED
        differ = "pair differs" if more == 1 else "pairs differ"
        lines.append(f"{more} more {differ} beyond chance: see the table.")
    if alike:
        if len(alike) == 1:
            who = f"{_cap(called(alike[0].a))} and {called(alike[0].b)}"
        else:
            who = "The other pairs" if sure else "No two"
        cannot = "can" if who == "No two" else "cannot"
        lines.append(
            f"{who} {cannot} be told apart on the rows both answered. On these rows {_size(alike)}."
        )
    return lines


def _slices(comparison: Comparison) -> list[str]:
    search = comparison.slices
    if search is None:
        return []
    first = search.looks[0]
    if search.too_few and first.b is not None:
        return [
            f"Too few disagreements of {called(first.a)} and {called(first.b)} to describe "
            f"({first.disagreements} on {row_count(first.rows_found)} of training)."
        ]
    found = search.slices
    lines = [
        f"Where {region_words(one)}, {slice_words(one)}; elsewhere that is so on "
        f"{one.elsewhere} of {one.elsewhere_rows} ({by_chance(one.p)})."
        for one in found[:NAMED]
    ]
    if len(found) > NAMED:
        lines.append(f"{len(found) - NAMED} more such regions: see the table.")
    if not found:
        lines.append("No region was confirmed in which one is right and another is not.")
    return lines


def _apart(comparison: Comparison) -> bool:
    coverages = [one.coverage or 0.0 for one in comparison.backends.values()]
    return bool(coverages) and max(coverages) - min(coverages) > COVERAGE_APART


def _ends(backends: object) -> list[tuple[str, BackendScore]]:
    """Return the backend that answers least, and the one that is right on most of all rows."""
    assert isinstance(backends, dict)
    least = min(backends, key=lambda name: backends[name].answered)
    most = max(backends, key=lambda name: backends[name].right)
    return [(name, backends[name]) for name in dict.fromkeys((least, most))]


def _where_it_answers(name: str, score: BackendScore) -> str:
    return (
        f"{called(name)} {'answer' if are(name) == 'are' else 'answers'} "
        f"{share(score.coverage)} and {are(name)} right on "
        f"{share(score.accuracy_where_covered)} of those"
    )


def _of_all(score: BackendScore) -> str:
    return f"right on {share(score.accuracy)} of all {row_count(score.rows)}"


def _sure(pair: PairScore) -> bool:
    return pair.holm_p is not None and pair.holm_p <= SIGNIFICANT


def _better(pair: PairScore) -> str:
    return pair.b if pair.b_only_right > pair.a_only_right else pair.a


def _size(pairs: Sequence[PairScore]) -> str:
    """Return in words the difference that would not show (the smallest and largest of many)."""
    sizes = sorted(100 * pair.would_not_show for pair in pairs)
    if round(sizes[0]) >= LARGE:
        return "even a large difference would probably not show"
    if sizes[-1] < TINY:
        return f"a difference over {TINY:g} points would have shown"
    # Of millions of rows the difference is a small part of a point.
    points = [f"{one:.0f}" if one >= 1 else f"{max(one, TINY):.2g}" for one in sizes]
    least = f"a difference under {points[0]} points would probably not show"
    if points[0] == points[-1]:
        return least
    most = "even a large one" if round(sizes[-1]) >= LARGE else f"one under {points[-1]}"
    return f"{least}, and between some of them not even {most.removeprefix('even ')}"


def _cap(text: str) -> str:
    return text[:1].upper() + text[1:]
