"""Every statistic of one comparison made again from raw answers, with scipy and scikit-learn.

The rows are asked one by one; what the JSON holds is then worked out from these answers alone,
and at the end no number of the JSON may be left over. Bootstrap intervals are held against
scipy's own bootstrap of rows, with other draws: they agree within a tenth of their width or so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom, binomtest, bootstrap, fisher_exact, norm
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import brier_score_loss, cohen_kappa_score, f1_score, log_loss

from heuron.compare import compare
from heuron.compare.collect import gather_training
from heuron.compare.comparison import Comparison
from heuron.compare.costs import Cost
from heuron.compare.paired import holm
from heuron.compare.routes import THRESHOLDS
from heuron.dispatch import Dispatcher
from heuron.learn.data import Table

Opened = tuple[Dispatcher, Table]
Answers = dict[str, list[Any]]
PRICE = Cost(1.0, 0.3, (("yes", 2.0),))
LEVELS = ("yes", "no")
NO_STATISTICS = ("us_single", "us_batch", "us_quartiles")


@pytest.fixture(scope="module")
def comparison(patch: Opened) -> Comparison:
    return compare(*patch, timed=False, policies=True, cost=PRICE)


@pytest.fixture(scope="module")
def body(comparison: Comparison) -> dict[str, Any]:
    return comparison.to_dict()


@pytest.fixture(scope="module")
def truths(patch: Opened) -> list[Any]:
    _, table = patch
    return list(table.truths(table.places("held_out")))


@pytest.fixture(scope="module")
def raw(patch: Opened) -> Answers:
    """What everybody answers to each held-out row, asked by itself."""
    dispatcher, table = patch
    rows = table.rows(table.places("held_out"))
    vias = {"rules": "rules", **{f"model:{one}": one for one in dispatcher.models}}
    vias["dispatch"] = "dispatch"
    return {name: [dispatcher.ask(row, via=via) for row in rows] for name, via in vias.items()}


def values(raw: Answers, name: str) -> np.ndarray:
    return np.array([one.value or "" for one in raw[name]])


def wilson(hits: int, rows: int) -> list[float]:
    found = binomtest(int(hits), int(rows)).proportion_ci(method="wilson")
    return [found.low, found.high]


def agresti_min(first: int, second: int, rows: int) -> list[float]:
    """Agresti and Min (2005): half a row more in each cell, then the usual formula."""
    n = rows + 2
    a, b = (first + 0.5) / n, (second + 0.5) / n
    half = norm.ppf(0.975) * math.sqrt((a + b - (a - b) ** 2) / n)
    return [a - b - half, a - b + half]


def resampled(
    statistic: Callable[..., Any], *columns: Any, method: str = "percentile", draws: int = 2000
) -> tuple[float, float]:
    found = bootstrap(
        tuple(np.asarray(one) for one in columns),
        statistic,
        paired=True,
        vectorized=False,
        n_resamples=draws,
        method=method,
        rng=np.random.default_rng(5),
    ).confidence_interval
    return found.low, found.high


def near(interval: Sequence[float], expected: tuple[float, float], factor: float = 0.12) -> None:
    width = expected[1] - expected[0]
    assert interval == pytest.approx(expected, abs=factor * width + 1e-9)


def f1(truths: Any, said: Any) -> float:
    return float(f1_score(truths, said, labels=LEVELS, average="macro", zero_division=0.0))


def test_rows_and_base_rates(patch: Opened, body: dict[str, Any], truths: list[Any]) -> None:
    _, table = patch
    held_out = body["held_out"]
    assert (held_out["rows"], held_out["of"]) == (len(truths), len(table))
    assert (held_out["seed"], held_out["copies_left_out"], held_out["contradictions"]) == (0, 0, 0)
    assert (held_out["trained_on_left_out"], held_out["groups"]) == (0, None)
    assert body["base_rates"] == [
        [level, pytest.approx(truths.count(level) / len(truths))] for level in LEVELS
    ]


def test_counts_shares_and_confusions(
    body: dict[str, Any], raw: Answers, truths: list[Any]
) -> None:
    for name, score in body["backends"].items():
        said = values(raw, name)
        answered, right = said != "", said == np.array(truths)
        assert score["right"] == right.sum()
        assert score["wrong"] == (answered & ~right).sum()
        assert score["not_answered"] == (~answered).sum()
        assert score["coverage"] == pytest.approx(answered.mean())
        assert score["coverage_interval"] == pytest.approx(wilson(answered.sum(), len(said)))
        assert score["accuracy"] == pytest.approx(right.mean())
        assert score["accuracy_interval"] == pytest.approx(wilson(right.sum(), len(said)))
        assert score["accuracy_where_covered"] == pytest.approx(right[answered].mean())
        assert score["interval"] == pytest.approx(wilson(right.sum(), answered.sum()))
        assert score["macro_f1"] == pytest.approx(f1(truths, said))
        near(score["macro_f1_interval"], resampled(f1, truths, said, draws=600), 0.25)
        cells = {(truth, answer or ""): rows for truth, answer, rows in score["confusion"]}
        pairs = list(zip(truths, said.tolist(), strict=True))
        assert cells == {pair: pairs.count(pair) for pair in set(pairs)}
        by = [one.backend for one in raw[name]] if name == "dispatch" else []
        assert score["routes"] == {one: by.count(one) for one in set(by)}


def test_certainties(body: dict[str, Any], raw: Answers, truths: list[Any]) -> None:
    for name, score in body["backends"].items():
        if name != "rules":
            assert score["certainties"] == []
            continue
        rows = 0
        for part in score["certainties"]:
            inside = [
                (one, truth)
                for one, truth in zip(raw[name], truths, strict=True)
                if one.value is not None and part["low"] <= one.certainty <= part["high"]
            ]
            right = sum(one.value == truth for one, truth in inside)
            assert (part["rows"], part["right"]) == (len(inside), right)
            mean = np.mean([one.certainty for one, _ in inside])
            assert part["certainty"] == pytest.approx(mean)
            assert part["interval"] == pytest.approx(wilson(right, len(inside)))
            rows += len(inside)
        assert rows == score["right"] + score["wrong"]


def test_probabilities(body: dict[str, Any], raw: Answers, truths: list[Any]) -> None:
    yes = np.array([one == "yes" for one in truths])
    for name, score in body["backends"].items():
        if not name.startswith("model:"):
            assert score["log_loss"] is None
            assert score["coverage_curve"] == []
        if name == "dispatch":
            assert score["brier"] is score["calibration_error"] is score["certainty_map"] is None
            assert score["reliability"] == []
        if not name.startswith("model:"):
            continue
        assert score["certainty_map"] is None
        sure = np.array([one.confidence for one in raw[name]])
        right = np.array([o.value == t for o, t in zip(raw[name], truths, strict=True)])
        chance = np.where(values(raw, name) == "yes", sure, 1 - sure)
        assert score["brier"] == pytest.approx(brier_score_loss(yes, chance))
        assert score["log_loss"] == pytest.approx(log_loss(yes, chance))
        near(score["brier_interval"], resampled(np.mean, (yes - chance) ** 2))
        losses = -np.log(np.where(yes, chance, 1 - chance))
        near(score["log_loss_interval"], resampled(np.mean, losses))
        calibrated(score, sure, right)
        curve(score, sure, right)


def test_certainties_as_probabilities(
    patch: Opened, body: dict[str, Any], raw: Answers, truths: list[Any]
) -> None:
    """The map is scikit-learn's isotonic regression of the training rows, asked one by one."""
    dispatcher, table = patch
    places = table.places("training")
    said = [dispatcher.ask(row, via="rules") for row in table.rows(places)]
    known = [
        (one.certainty, one.value == truth)
        for one, truth in zip(said, table.truths(places), strict=True)
        if one.value is not None
    ]
    fitted = IsotonicRegression(out_of_bounds="clip").fit(*zip(*known, strict=True))
    score = body["backends"]["rules"]
    assert score["certainty_map"]["rows_found"] == len(known)
    points = score["certainty_map"]["points"]
    assert fitted.predict([sure for sure, _ in points]) == pytest.approx([one for _, one in points])
    answered = [one for one in raw["rules"] if one.value is not None]
    true = [t for one, t in zip(raw["rules"], truths, strict=True) if one.value is not None]
    right = np.array([one.value == truth for one, truth in zip(answered, true, strict=True)])
    chance = fitted.predict([one.certainty for one in answered])
    yes = np.where([one.value == "yes" for one in answered], chance, 1 - chance)
    expected = brier_score_loss([one == "yes" for one in true], yes)
    assert score["brier"] == pytest.approx(expected)
    near(score["brier_interval"], resampled(np.mean, (right - chance) ** 2))
    calibrated(score, chance, right)


def calibrated(score: Mapping[str, Any], sure: np.ndarray, right: np.ndarray) -> None:
    """Ten bins of equal mass by rank, ties together in the bin of their middle rank."""
    order = np.argsort(sure, kind="stable")
    place = np.empty(len(sure), dtype=int)
    for one in np.unique(sure):
        ranks = np.flatnonzero(sure[order] == one)
        place[sure == one] = int(10 * (ranks[0] + ranks[-1] + 1) // (2 * len(sure)))
    bins = [np.flatnonzero(place == at) for at in range(10) if (place == at).any()]
    assert len(bins) == len(score["reliability"])
    for rows, part in zip(bins, score["reliability"], strict=True):
        assert (part["rows"], part["right"]) == (len(rows), right[rows].sum())
        assert part["confidence"] == pytest.approx(sure[rows].mean())
        assert part["interval"] == pytest.approx(wilson(right[rows].sum(), len(rows)))
    of_row = np.empty(len(sure))
    for rows in bins:
        of_row[rows] = sure[rows].mean()

    def error(hits: np.ndarray, means: np.ndarray) -> float:
        gaps = [abs((hits - means)[means == one].sum()) for one in set(means)]
        return float(sum(gaps) / len(hits))

    assert score["calibration_error"] == pytest.approx(error(right, of_row))
    near(
        score["calibration_error_interval"],
        tuple(max(0.0, one) for one in resampled(error, right, of_row, method="basic")),  # type: ignore[arg-type]
        0.2,
    )
    draw = np.random.default_rng(3)
    perfect = []
    for _ in range(4000):
        hits = draw.random(len(sure)) < sure
        gaps = [abs((hits[rows] - sure[rows]).sum()) for rows in bins]
        perfect.append(sum(gaps) / len(sure))
    assert score["calibration_error_perfect"] == pytest.approx(np.mean(perfect), rel=0.03)


def curve(score: Mapping[str, Any], sure: np.ndarray, right: np.ndarray) -> None:
    points = list(zip(score["coverage_curve"], score["coverage_curve_intervals"], strict=True))
    assert points[-1][0] == [len(sure), right.sum()]
    for (answers, good), interval in points:
        least = np.sort(sure)[len(sure) - answers]
        assert (sure >= least).sum() == answers
        assert right[sure >= least].sum() == good
        assert interval == pytest.approx(wilson(good, answers))


def test_pairs(body: dict[str, Any], raw: Answers, truths: list[Any]) -> None:
    expected = []
    for pair, (a, b) in zip(body["pairs"], combinations(body["backends"], 2), strict=True):
        assert (pair["a"], pair["b"]) == (a, b)
        first, second = values(raw, a), values(raw, b)
        both = (first != "") & (second != "")
        first, second, true = first[both], second[both], np.array(truths)[both]
        rows, same = len(first), first == second
        a_only = int(((first == true) & (second != true)).sum())
        b_only = int(((second == true) & (first != true)).sum())
        assert pair["rows_both"] == rows
        assert pair["agreement"] == pytest.approx(same.mean())
        assert pair["agreement_interval"] == pytest.approx(wilson(same.sum(), rows))
        assert (pair["a_only_right"], pair["b_only_right"]) == (a_only, b_only)
        assert pair["kappa"] == pytest.approx(cohen_kappa_score(first, second))
        if same.all():
            assert pair["kappa_interval"] == pytest.approx([1.0, 1.0])
        else:
            near(
                pair["kappa_interval"], resampled(cohen_kappa_score, first, second, draws=600), 0.25
            )
        assert pair["difference_interval"] == pytest.approx(agresti_min(a_only, b_only, rows))
        p = binomtest(a_only, a_only + b_only).pvalue if a_only + b_only else 1.0
        assert pair["mcnemar_p"] == pytest.approx(p)
        assert pair["resampled_p"] is None
        expected.append(p)
        shows(pair["would_not_show"], a_only + b_only, rows)
    order = sorted(range(len(expected)), key=expected.__getitem__)
    highest = 0.0
    for rank, at in enumerate(order):
        highest = max(highest, min(1.0, expected[at] * (len(expected) - rank)))
        assert body["pairs"][at]["holm_p"] == pytest.approx(highest)


def shows(difference: float, uneven: int, rows: int) -> None:
    """That difference is found four times in five by McNemar's exact test on so many rows."""
    against = uneven / 2 / rows
    share = min(1.0, 2 * against + difference)
    power = 0.0
    for speak in range(rows + 1):
        for_first = binom(speak, (against + difference) / share)
        extreme = int(binom.ppf(0.025, speak, 0.5)) - 1 if speak else -1
        while binom.cdf(extreme + 1, speak, 0.5) <= 0.025:
            extreme += 1
        found = for_first.sf(speak - extreme - 1) + for_first.cdf(extreme) if extreme >= 0 else 0.0
        power += binom.pmf(speak, rows, share) * found
    assert power == pytest.approx(0.8, abs=0.01)


def test_views_bound_and_costs(body: dict[str, Any], raw: Answers, truths: list[Any]) -> None:
    true = np.array(truths)
    right = {name: values(raw, name) == true for name in raw}
    for view in body["views"]:
        rows = values(raw, view["rows_of"]) != ""
        assert view["rows"] == rows.sum()
        for name, share in view["accuracy"].items():
            assert share == pytest.approx(right[name][rows].mean())
            assert view["intervals"][name] == pytest.approx(
                wilson(right[name][rows].sum(), rows.sum())
            )
    best = np.any([right[name] for name in raw if name != "dispatch"], axis=0)
    bound = body["best_possible"]
    assert (bound["right"], bound["accuracy"]) == (best.sum(), pytest.approx(best.mean()))
    assert bound["interval"] == pytest.approx(wilson(best.sum(), len(best)))
    assert body["cost"] == {"wrong": 1.0, "refer": 0.3, "by_truth": [["yes", 2.0]]}
    paid = {name: prices(values(raw, name), true) for name in raw}
    means = [one["cost"] for one in body["costs"]]
    assert means == sorted(means)
    least = paid[body["costs"][0]["backend"]]
    for one in body["costs"]:
        mine = paid[one["backend"]]
        assert one["cost"] == pytest.approx(mine.mean())
        near(one["interval"], resampled(np.mean, mine))
        if one["more_than_least"] is not None and not np.array_equal(mine, least):
            near(one["more_than_least"], resampled(np.mean, mine - least))


def prices(said: np.ndarray, true: np.ndarray) -> np.ndarray:
    wrong = np.where(true == "yes", 2.0, 1.0)
    return np.where(said == true, 0.0, np.where(said == "", 0.3, wrong))


def test_scorecards(patch: Opened, body: dict[str, Any], truths: list[Any]) -> None:
    """Exactly one of the two rules fires on each row, so without it there is no answer."""
    dispatcher, table = patch
    rows = table.rows(table.places("held_out"))
    fired = [dispatcher.kb.consider(row).fired for row in rows]
    for card, (level, claimed) in zip(body["rules"], (("yes", 0.8), ("no", 0.6)), strict=True):
        mine = [truth for names, truth in zip(fired, truths, strict=True) if card["name"] in names]
        right = mine.count(level)
        assert (card["fired"], card["right"]) == (len(mine), right)
        assert card["certainty"] == pytest.approx(claimed)
        assert card["precision"] == pytest.approx(right / len(mine))
        assert card["interval"] == pytest.approx(wilson(right, len(mine)))
        base = truths.count(level) / len(truths)
        assert card["base"] == pytest.approx(base)
        p = (right + 2 * base) / (len(mine) + 2)
        assert p > base
        assert card["implied_certainty"] == pytest.approx((p - base) / (1 - base))
        assert card["overlaps"] == []
        assert card["without"] == {
            "lost": right,
            "won": 0,
            "changed": len(mine),
            "difference_interval": pytest.approx(agresti_min(0, right, len(truths))),
        }


def test_slices(
    comparison: Comparison, body: dict[str, Any], patch: Opened, raw: Answers, truths: list[Any]
) -> None:
    _, table = patch
    rows = table.rows(table.places("held_out"))
    relations = {
        ">=": lambda value, bound: value >= bound,
        "<": lambda value, bound: value < bound,
        "==": lambda value, bound: value == bound,
    }
    single = []
    for one in body["slices"]:
        a, b = values(raw, one["a"]), values(raw, one["b"] or one["a"])
        both = (a != "") & (b != "")
        inside = np.array(
            [
                all(
                    relations[c["relation"]](row[c["field"]], c["bound"]) for c in one["conditions"]
                )
                for row in rows
            ]
        )
        right_a, right_b = a == np.array(truths), b == np.array(truths)
        of_claim = {"a": right_a & ~right_b, "b": right_b & ~right_a, "wrong": ~right_a}
        claim = of_claim.get(one["claim"], ~right_a & ~right_b)
        here, away = both & inside, both & ~inside
        hits, others = int((claim & here).sum()), int((claim & away).sum())
        assert (one["rows"], one["elsewhere_rows"]) == (here.sum(), away.sum())
        assert (one["claimed"], one["elsewhere"]) == (hits, others)
        assert one["claimed_interval"] == pytest.approx(wilson(hits, here.sum()))
        assert one["elsewhere_interval"] == pytest.approx(wilson(others, away.sum()))
        assert one["a_right"] == (right_a & here).sum()
        table_of = [[hits, int(here.sum()) - hits], [others, int(away.sum()) - others]]
        p = fisher_exact(table_of, alternative="greater").pvalue
        if one["b"] is not None:
            a_only, b_only = ((right_a & ~right_b & here).sum(), (right_b & ~right_a & here).sum())
            assert one["b_right"] == (right_b & here).sum()
            assert (one["a_only_right"], one["b_only_right"]) == (a_only, b_only)
            assert one["neither_right"] == (~right_a & ~right_b & here).sum()
            assert one["difference_interval"] == pytest.approx(
                agresti_min(a_only, b_only, here.sum())
            )
            if one["claim"] in ("a", "b"):
                sign = binomtest(hits, int(a_only + b_only), alternative="greater").pvalue
                p = max(p, sign)
        single.append(p)
    assert single
    # The slices that are told have the smallest p-values of all that were tested, so Holm's
    # factors begin with the number tested, and go down by one.
    order = sorted(range(len(single)), key=single.__getitem__)
    tested = round(body["slices"][order[0]]["p"] / single[order[0]])
    assert comparison.slices is not None
    assert len(single) <= tested <= comparison.slices.candidates
    expected = holm([*single, *[1.0] * (tested - len(single))])
    assert [one["p"] for one in body["slices"]] == pytest.approx(expected[: len(single)])


def test_looks(body: dict[str, Any], patch: Opened) -> None:
    training = gather_training(*patch)
    assert training is not None
    outcomes = training.outcomes
    for one in body["slice_looks"]:
        a = outcomes.replies[one["a"]]
        b = outcomes.replies[one["b"] or one["a"]]
        rows = [
            (x.value, y.value, truth)
            for x, y, truth in zip(a, b, outcomes.truths, strict=True)
            if x.value is not None and y.value is not None
        ]
        differ = sum(x != truth if one["b"] is None else x != y for x, y, truth in rows)
        assert (one["rows_found"], one["disagreements"]) == (len(rows), differ)
        assert one["groups_of_disagreements"] == differ
        assert one["too_few"] == (differ < 30)
        assert 0 <= one["candidates"] <= 10
    assert body["slice_search"] == body["slice_looks"][0]


Said = tuple[Any, Any]
"""A value (or None) and how sure it is."""


def decide(
    name: str, bound: float, rules: Said, models: Mapping[str, Said], order: list[str]
) -> Any:
    """Return what a policy answers, None for a person: written anew, without dispatch blocks."""
    best, second = models[order[0]], models[order[1]]
    sure = rules[0] is not None and rules[1] >= bound
    match name:
        case "rules_first":
            return rules[0] if rules[0] is not None else best[0]
        case "model_first":
            return best[0] if best[0] is not None else rules[0]
        case "agreement":
            return best[0] if best[0] == rules[0] else None
        case "sure_rules_first":
            return rules[0] if sure else best[0]
        case "veto":
            return None if rules[0] is not None and rules[0] != best[0] else best[0]
        case "vote":
            listed = [rules[0], best[0], second[0]]
            return next((one for one in listed if one and listed.count(one) > 1), None)
        case "by_confidence":
            return best[0] if best[1] >= bound else rules[0]
    assert name == "cascade"
    return next((one[0] for one in (rules, *models.values()) if one[0] and one[1] >= bound), None)


def test_policies(
    comparison: Comparison, body: dict[str, Any], patch: Opened, raw: Answers, truths: list[Any]
) -> None:
    trial, rows = body["policies"], len(truths)
    training = gather_training(*patch)
    assert training is not None
    replies, true = training.outcomes.replies, np.array(training.outcomes.truths)
    assert trial["rows_found"] == len(true)
    assert trial["tried"] == 6 + 3 * len(THRESHOLDS)
    assert trial["cost"] == body["cost"]
    found_cost = {
        name: prices(np.array([one.value or "" for one in replies[name]]), true).mean()
        for name in ("model:logistic", "model:tree")
    }
    ranked = [one.removeprefix("model:") for one in sorted(found_cost, key=found_cost.__getitem__)]
    cascade = next(one for one in trial["scores"] if one["name"] == "cascade")
    smallest = cascade["title"].partition("rules, ")[2].split(", ")

    def answers(name: str, bound: float, held_out: bool) -> np.ndarray:
        order = smallest if name == "cascade" else ranked
        listed = []
        for at in range(rows if held_out else len(true)):
            pick = (lambda one: raw[one][at]) if held_out else (lambda one: replies[one][at])  # noqa: B023
            rules = pick("rules")
            models = {
                one: (pick(f"model:{one}").value, pick(f"model:{one}").confidence) for one in order
            }
            said = decide(name, bound, (rules.value, rules.certainty or 0.0), models, order)
            listed.append(said or "")
        return np.array(listed)

    for one in trial["scores"]:
        if one["name"] == "dispatch":
            said = values(raw, "dispatch")
            own = np.array([reply.value or "" for reply in replies["dispatch"]])
            assert one["cost_found"] == pytest.approx(prices(own, true).mean())
            assert one["tried"] == 1
        else:
            bounds = THRESHOLDS if one["tried"] > 1 else (0.0,)
            assert one["tried"] == len(bounds)
            costs = [prices(answers(one["name"], bound, False), true).mean() for bound in bounds]
            assert one["cost_found"] == pytest.approx(min(costs))
            said = answers(one["name"], bounds[int(np.argmin(costs))], True)
        held(one, said, np.array(truths))
    cheapest = min(trial["scores"], key=lambda one: one["cost_found"])
    assert trial["chosen"] == cheapest["name"]


def held(one: Mapping[str, Any], said: np.ndarray, true: np.ndarray) -> None:
    """The figures of a policy on the held-out rows."""
    answered, right, rows = said != "", said == true, len(said)
    assert one["right"] == right.sum()
    assert one["wrong"] == (answered & ~right).sum()
    assert one["referred"] == (~answered).sum()
    assert one["accuracy"] == pytest.approx(right.mean())
    assert one["accuracy_interval"] == pytest.approx(wilson(right.sum(), rows))
    assert one["accuracy_where_covered"] == pytest.approx(right[answered].mean())
    assert one["interval"] == pytest.approx(wilson(right.sum(), answered.sum()))
    assert one["referred_share"] == pytest.approx((~answered).mean())
    assert one["referred_interval"] == pytest.approx(wilson((~answered).sum(), rows))
    paid = prices(said, true)
    assert one["cost"] == pytest.approx(paid.mean())
    near(one["cost_interval"], resampled(np.mean, paid))


def numbers(body: Any, path: str = "") -> set[str]:
    """Return the paths of all numbers, names of backends, rules and fields left out."""
    if isinstance(body, bool) or body is None or isinstance(body, str):
        return set()
    if isinstance(body, (int, float)):
        return {path}
    if isinstance(body, dict):
        named = path in ("backends", "views.accuracy", "views.intervals", "backends.routes")
        items = [(path if named else f"{path}.{key}".strip("."), one) for key, one in body.items()]
    else:
        items = [(path, one) for one in body]
    return set().union(*(numbers(one, key) for key, one in items)) if items else set()


def test_no_number_is_left_over(body: dict[str, Any]) -> None:
    """Each number of the JSON is named in a test above, or is a time."""
    with open(__file__, encoding="utf-8") as stream:
        source = stream.read()
    for path in sorted(numbers(body)):
        last = path.rpartition(".")[2]
        assert last in NO_STATISTICS or f'"{last}"' in source, path
