"""What changed since an earlier comparison, and when a comparison says no."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import fisher_exact

from comparing import made_up
from heuron.cli.app import main
from heuron.compare.baseline import changes, newcombe
from heuron.compare.evaluate import evaluate
from heuron.compare.outcomes import Reply
from heuron.compare.page import page


def body(comparison: Any) -> dict[str, Any]:
    return json.loads(json.dumps({"command": "compare", **comparison.to_dict()}))


def test_nothing_changes_from_one_comparison_to_itself() -> None:
    comparison = evaluate(made_up())
    found = changes(body(comparison), comparison)
    assert {one.kind for one in found} == {"answered", "right", "fired", "precision", "value"}
    assert all(one.before == one.after and one.p == 1.0 and not one.bad for one in found)


def test_a_model_that_got_worse_is_drift_and_one_that_got_better_is_not() -> None:
    good = made_up()
    silent = tuple(
        Reply(None) if at % 3 == 0 else one for at, one in enumerate(good.replies["model:forest"])
    )
    worse = evaluate(replace(good, replies={**good.replies, "model:forest": silent}))
    bad = [one for one in changes(body(evaluate(good)), worse) if one.bad]
    assert [(one.kind, one.name) for one in bad] == [("answered", "forest")]
    assert bad[0].difference_interval[1] < 0
    better = [one for one in changes(body(worse), evaluate(good)) if one.sure]
    assert [(one.kind, one.name, one.bad) for one in better] == [("answered", "forest", False)]


def test_the_page_shows_what_changed() -> None:
    good = made_up()
    silent = tuple(
        Reply(None) if at % 3 == 0 else one for at, one in enumerate(good.replies["model:forest"])
    )
    worse = evaluate(replace(good, replies={**good.replies, "model:forest": silent}))
    text = page(worse, changes(body(evaluate(good)), worse))
    part = text[text.index("Since the earlier comparison") :]
    assert "forest answers" in part
    assert "Since the earlier comparison" not in page(worse)


def test_each_test_is_fishers_and_they_are_adjusted_together() -> None:
    before, after = evaluate(made_up(seed=7)), evaluate(made_up(seed=8))
    found = changes(body(before), after)
    for one in found:
        (a, m), (b, n) = one.before, one.after
        expected = fisher_exact([[a, m - a], [b, n - b]]).pvalue
        assert one.p == pytest.approx(expected)
        assert one.p <= one.holm_p <= min(1.0, len(found) * one.p) + 1e-12


def test_newcombes_own_example() -> None:
    """56 of 70 against 48 of 80: his table II, method 10, 0.0524 to 0.3339."""
    assert newcombe((56, 70), (48, 80)) == pytest.approx((0.0524, 0.3339), abs=5e-5)


@given(st.integers(1, 500), st.integers(1, 500), st.data())
def test_the_interval_holds_the_difference(m: int, n: int, data: st.DataObject) -> None:
    a, b = data.draw(st.integers(0, m)), data.draw(st.integers(0, n))
    low, high = newcombe((a, m), (b, n))
    assert -1 <= low <= a / m - b / n <= high <= 1


@pytest.fixture
def earlier(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert main(["compare", "iris", "--json"]) == 0
    file = tmp_path / "earlier.json"
    file.write_text(capsys.readouterr().out, encoding="utf-8")
    return file


def test_the_command_says_no(earlier: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["compare", "iris", "--baseline", str(earlier)]
    assert main([*command, "--fail-drift", "--fail-under", "0.5"]) == 0
    assert "Nothing changed beyond chance" in capsys.readouterr().out
    assert main(["compare", "iris", "--fail-under", "0.999"]) == 4
    assert "under 99.9 %" in capsys.readouterr().err
    told = json.loads(earlier.read_text(encoding="utf-8"))
    tree = told["backends"]["model:tree"]
    tree.update(right=10_000, wrong=0)
    earlier.write_text(json.dumps(told), encoding="utf-8")
    assert main([*command, "--fail-drift", "--json"]) == 4
    said = json.loads(capsys.readouterr().out)
    assert said["failed"] == ["right of tree changed beyond chance"]
    drift = [one["name"] for one in said["changes"] if one["drift"]]
    assert drift == ["tree"]
    assert main(command) == 0
    assert "tree is right when it answers" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("no json", "is no comparison"),
        ('{"command": "ask"}', "is no comparison"),
        ('{"command": "compare", "domain": "wine", "goal": "W.x"}', "of wine, not of iris"),
        ('{"command": "compare", "domain": "iris", "goal": "Iris.species"}', "lacks numbers"),
    ],
)
def test_what_is_no_baseline(
    content: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "x.json"
    file.write_text(content, encoding="utf-8")
    assert main(["compare", "iris", "--baseline", str(file)]) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("wrong", [["--fail-under", "90"], ["--fail-drift"]])
def test_limits_that_mean_nothing(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "iris", *wrong]) == 2
    assert wrong[0] in capsys.readouterr().err
