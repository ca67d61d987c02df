"""Slices: a planted region is found and confirmed, and nothing is where nothing was planted."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from benchmarks.slices import CORNER, MISTAKES, RED, Plant, finds, made_up
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, fisher_exact

import heuron
from comparing import opened
from heuron.cli.app import main
from heuron.compare import compare
from heuron.compare.costs import Cost
from heuron.compare.regions import Condition, atoms_of, find_regions, shortest_between
from heuron.compare.report import report
from heuron.compare.slice_rules import claim_words, region_words
from heuron.compare.slices import Slice, SliceSearch, find_slices
from heuron.compare.verdicts import where_they_differ
from heuron.dispatch import Dispatcher
from heuron.learn.data import Table
from heuron.values import UNKNOWN, Field, FieldType, Template

Opened = tuple[Dispatcher, Table]


@pytest.fixture(scope="module")
def search(patch: Opened) -> SliceSearch:
    found = compare(*patch, timed=False).slices
    assert found is not None
    return found


def test_the_planted_regions_are_found(search: SliceSearch) -> None:
    """Among the blue the model is right, elsewhere the rules are."""
    for look in search.looks[:2]:
        mine = [one for one in search.slices if one.b == look.b]
        assert any("colour == blue" in one.text for one in mine if one.claim == "b")
        assert all("blue" not in one.text for one in mine if one.claim == "a")
    assert [(one.a, one.b) for one in search.looks] == [
        ("rules", search.looks[0].b),
        ("rules", search.looks[1].b),
        ("rules", None),
        (search.looks[0].b, None),
        (search.looks[1].b, None),
    ]
    assert all(
        one.candidates <= most for one, most in zip(search.looks, (10, 4, 2, 2, 2), strict=True)
    ), [one.candidates for one in search.looks]
    assert all(len(one.when) <= 2 and one.rows >= 30 for one in search.slices)


def test_the_mistakes_of_each_side_are_described(search: SliceSearch) -> None:
    """The rules do not know that blue is different; the models know nothing else of y."""
    wrong = {one.a: one.text for one in search.slices if one.claim == "wrong"}
    assert "colour == blue" in wrong["rules"]
    models = [text for name, text in wrong.items() if name != "rules"]
    assert models
    assert all("blue" not in text for text in models)


def test_a_slice_made_again_by_hand(patch: Opened, search: SliceSearch) -> None:
    dispatcher, table = patch
    one = next(one for one in search.slices if one.claim == "b")
    places = table.places("held_out")
    assert one.b is not None
    model = one.b.removeprefix("model:")
    inside: list[tuple[bool, bool]] = []
    outside: list[tuple[bool, bool]] = []
    for row, truth in zip(table.rows(places), table.truths(places), strict=True):
        side = inside if all(part.holds(row[part.field]) for part in one.when) else outside
        said = (dispatcher.ask(row, via="rules").value, dispatcher.ask(row, via=model).value)
        side.append((said[0] == truth, said[1] == truth))
    assert (len(inside), len(outside)) == (one.rows, one.elsewhere_rows)
    b_only = sum(b and not a for a, b in inside)
    a_only = sum(a and not b for a, b in inside)
    away = sum(b and not a for a, b in outside)
    assert (one.a_only, one.b_only, one.elsewhere) == (a_only, b_only, away)
    counts = [[b_only, len(inside) - b_only], [away, len(outside) - away]]
    fisher = fisher_exact(counts, alternative="greater").pvalue
    sign = binomtest(b_only, a_only + b_only, alternative="greater").pvalue
    single = max(fisher, sign)
    assert single <= one.p <= search.candidates * single + 1e-12


def test_nothing_is_found_where_nothing_was_planted() -> None:
    found = [find_slices(*made_up(seed), Cost()) for seed in range(20)]
    assert sum(bool(one and one.slices) for one in found) <= 1


@pytest.mark.parametrize("plant", [RED, CORNER, MISTAKES])
@pytest.mark.parametrize("numeric", [False, True])
def test_a_planted_region_is_found_in_made_up_answers(plant: Plant, numeric: bool) -> None:
    """One condition, two conditions, one side's mistakes; about levels and about a quantity."""
    for seed in range(3):
        assert finds(find_slices(*made_up(seed, planted=plant, numeric=numeric), Cost()), plant)


def test_visits_of_people_are_no_evidence_of_their_own() -> None:
    """People live in regions and are answered alike; taken for rows, some region always shows."""
    kept, loose = [], []
    for seed in range(12):
        table, *parts = made_up(seed, rows=3000, groups=True)
        kept.append(find_slices(table, *parts, Cost()))
        apart = [replace(one, outcomes=replace(one.outcomes, groups=None)) for one in parts]
        loose.append(find_slices(table, *apart, Cost()))
    assert sum(bool(one and one.slices) for one in kept) <= 2
    assert sum(bool(one and one.slices) for one in loose) >= 5


def test_a_region_of_few_people_is_too_small() -> None:
    """Some people with many visits: enough rows, too few groups to say anything."""
    table, training, held_out = made_up(0, planted=RED, rows=3000)
    few = [
        replace(one, outcomes=replace(one.outcomes, groups=tuple(at % 20 for at in one.places)))
        for one in (training, held_out)
    ]
    search = find_slices(table, *few, Cost())
    assert search is not None
    assert search.too_few
    assert search.looks[0].disagreements >= 30 > search.looks[0].independent


def test_too_few_disagreements_are_not_described() -> None:
    search = find_slices(*made_up(0, planted=RED, rows=100), Cost())
    assert search is not None
    assert search.too_few
    assert search.slices == ()
    dispatcher, table = opened("iris")
    comparison = compare(dispatcher, table, timed=False)
    told = "Too few disagreements" in report(comparison)
    # Out-of-fold answers do not travel with the models.
    assert told == (comparison.slices is not None)


NUMBERS = Template("Case", (Field("x", FieldType("number")),))


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.integers(0, 60))
def test_regions_are_never_small_and_always_true(seed: int, shift: int) -> None:
    """What a region's conditions say is what it counts, unknown cells left out."""
    import random

    draw = random.Random(seed)
    cells = [UNKNOWN if draw.random() < 0.1 else draw.uniform(0, 100) for _ in range(200)]
    hits = [one is not UNKNOWN and shift <= one < shift + 40 for one in cells]  # type: ignore[operator]
    regions = find_regions(atoms_of(NUMBERS, {"x": cells}, range(200)), hits, 4)
    assert regions
    for region in regions:
        rows = [at for at in range(200) if region.holds({"x": cells}, at)]
        assert 30 <= len(rows) <= 170
        assert sum(hits[at] for at in rows) / len(rows) > sum(hits) / 200


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6))
def test_cuts_are_short_and_between(low: float, width: float) -> None:
    high = low + width
    assert low < shortest_between(low, high) <= high
    assert shortest_between(0.123456, 0.187654) == 0.16


def test_conditions_are_written_as_the_language_has_them() -> None:
    texts = [
        Condition("x", ">=", 0.5).text,
        Condition("x", "<", 12.0).text,
        Condition("colour", "==", "red").text,
        Condition("her2", "==", "3+").text,
        Condition("smoker", "==", True).text,
    ]
    assert texts == ["x >= 0.5", "x < 12", "colour == red", 'her2 == "3+"', "smoker == true"]
    assert not Condition("x", ">=", 0.5).holds(UNKNOWN)


def test_written_rules_check_clean_and_hold(
    patch: Opened,
    patch_folder: Path,
    search: SliceSearch,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(patch_folder)
    file = tmp_path / "differ.rules"
    assert main(["compare", "patch", "--json", "--write-rules", str(file)]) == 0
    body = json.loads(capsys.readouterr().out)
    assert [one["when"] for one in body["slices"]] == [one.text for one in search.slices]
    assert sum(one["candidates"] for one in body["slice_looks"]) == search.candidates
    assert body["slice_search"] == body["slice_looks"][0]
    assert heuron.check(str(file)) == ()
    _, table = patch
    kb = heuron.load(str(file))
    for row in table.rows(table.places("held_out")[:40]):
        session = kb.session()
        session.assert_("Case", **row)
        session.run()
        expected = {
            claim_words(one)
            for one in search.slices
            if all(part.holds(row[part.field]) for part in one.when)
        }
        assert expected == {fact["says"] for fact in session.facts("Slice")}


def test_slices_are_data(search: SliceSearch) -> None:
    for one in search.slices:
        assert isinstance(one, Slice)
        body = one.to_dict()
        assert set(body) >= {"when", "rows", "a_right", "b_right", "p"}
        assert one.claimed + one.elsewhere <= one.rows + one.elsewhere_rows


def test_regions_are_read_aloud_with_what_is_so_elsewhere(
    patch: Opened, search: SliceSearch
) -> None:
    comparison = compare(*patch, timed=False)
    lines = where_they_differ(comparison)
    first = search.slices[0]
    (line,) = (one for one in lines if one.startswith(f"Where {region_words(first)}, "))
    assert f"{first.claimed} of {first.rows} rows" in line
    assert f"elsewhere that is so on {first.elsewhere} of {first.elsewhere_rows} (by chance" in line
    assert "colour is blue" in " ".join(lines)
    assert "==" not in " ".join(lines)
