"""The rows on which a rule was wrong, a notebook, tables, and a written dispatch that is used."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import heuron
from comparing import opened
from heuron.cli.app import main
from heuron.compare import compare, compare_domain
from heuron.compare.report import report
from heuron.diagnostics import RuleError
from heuron.dispatch import Dispatcher
from heuron.learn.data import Table
from heuron.learn.store import Store

Opened = tuple[Dispatcher, Table]


def test_a_rules_wrong_rows_made_again_by_hand(patch: Opened) -> None:
    _, table = patch
    comparison = compare(*patch, timed=False, slices=False, rule="high")
    found = comparison.rule_rows
    assert found is not None
    expected = []
    fired = 0
    for place in table.places("held_out"):
        if table.columns["y"][place] >= 0.5:  # type: ignore[operator]
            fired += 1
            if table.goal[place] != "yes":
                expected.append((place + 1, "yes", "no"))
    assert (found.fired, len(found.wrong)) == (fired, len(expected))
    assert [(one.row, one.said, one.truth) for one in found.wrong] == expected
    assert f"high: wrong on {len(expected)} rows of {fired} it fired on" in report(comparison)
    json.dumps(comparison.to_dict(), allow_nan=False)


def test_an_unknown_rule_is_named(patch: Opened) -> None:
    with pytest.raises(RuleError) as error:
        compare(*patch, timed=False, slices=False, rule="hihg")
    (diagnostic,) = error.value.diagnostics
    assert diagnostic.message == "No rule `hihg` concludes `answer`."
    assert diagnostic.hint == "Did you mean `high`?"


def test_from_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "iris.ipynb"
    assert main(["compare", "iris", "--rule", "nothing", "--json"]) == 1
    assert "No rule `nothing` concludes" in capsys.readouterr().out
    assert main(["compare", "iris", "--notebook", str(file)]) == 0
    book = json.loads(file.read_text(encoding="utf-8"))
    assert (book["nbformat"], book["nbformat_minor"]) == (4, 5)
    assert len({cell["id"] for cell in book["cells"]}) == len(book["cells"])
    code = ["".join(cell["source"]) for cell in book["cells"] if cell["cell_type"] == "code"]
    for one in code:
        compile(one, "cell", "exec")
    names: dict[str, object] = {}
    exec(code[0], names)
    again = names["comparison"]
    assert again._repr_html_().startswith("<p><b>iris: ")  # type: ignore[attr-defined]
    (shown,) = (cell["outputs"] for cell in book["cells"] if cell.get("outputs"))
    assert shown[0]["data"]["text/html"][0].startswith("<p><b>iris: ")


def test_tables_of_pandas_and_polars() -> None:
    comparison = compare(*opened("iris"), timed=False)
    pandas_frame, polars_frame = comparison.to_frame(), comparison.to_frame("polars")
    assert list(pandas_frame.index) == polars_frame["backend"].to_list()
    assert pandas_frame["right"].tolist() == polars_frame["right"].to_list()
    with pytest.raises(ValueError, match="pandas"):
        comparison.to_frame("spreadsheet")


def test_a_domain_is_opened_by_name() -> None:
    by_name = compare_domain("iris", timed=False)
    assert by_name.to_dict() == compare(*opened("iris"), timed=False).to_dict()


def test_a_written_dispatch_gives_the_same_numbers_when_it_is_used(
    patch: Opened,
    patch_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(patch_folder)
    file = tmp_path / "best.rules"
    assert main(["compare", "patch", "--write-dispatch", str(file), "--json"]) == 0
    policies = json.loads(capsys.readouterr().out)["policies"]
    (best,) = (one for one in policies["scores"] if one["name"] == policies["chosen"])
    project = tmp_path / "project"
    shutil.copytree(patch_folder, project)
    rules = project / "rules" / "patch.rules"
    old = rules.read_text(encoding="utf-8")
    new = old.replace("\ndispatch:", f"\n{file.read_text(encoding='utf-8')}\ndispatch before:", 1)
    rules.write_text(new, encoding="utf-8")
    assert heuron.check(str(rules)) == ()
    used = Dispatcher(heuron.load(str(rules)), Store(project / "models"))
    score = compare(used, patch[1], timed=False, slices=False).backends["dispatch"]
    counts = (score.right, score.wrong, score.not_answered)
    assert counts == (best["right"], best["wrong"], best["referred"])
