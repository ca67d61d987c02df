"""`heuron compare` as it is called."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from heuron.cli.app import main


@pytest.fixture(autouse=True)
def _no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEURON_CACHE", "off")
    monkeypatch.setenv("HEURON_LEDGER", "off")


def test_the_report(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "iris", "--cost", "wrong=1,refer=0.2"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("iris: Nobody is called best, as not all answer the same rows;")
    assert "\n38 of 150 rows that no model was trained on" in text
    assert "Of each by itself the rules cost least, " in " ".join(text.split())


def test_json_has_the_documented_keys(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "iris", "--json"]) == 0
    body = json.loads(capsys.readouterr().out)
    assert (body["format"], body["command"], body["domain"]) == (1, "compare", "iris")
    documented = {
        "backends": "right wrong not_answered coverage accuracy accuracy_where_covered interval "
        "macro_f1 brier calibration_error us_single us_batch",
        "pairs": "a b rows_both agreement kappa a_only_right b_only_right difference_interval "
        "mcnemar_p holm_p",
        "rules": "name fired right certainty precision interval implied_certainty",
    }
    for part, keys in documented.items():
        every = body[part].values() if part == "backends" else body[part]
        for one in every:
            assert set(keys.split()) <= set(one)
    assert set(body["held_out"]) >= {"rows", "of", "split", "seed", "copies_left_out"}
    assert body["slices"] == []


def test_parquet_and_csv_give_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import pyarrow.csv
    import pyarrow.parquet

    source = next(Path.cwd().glob("models/penguins/penguins.csv"))
    table = pyarrow.csv.read_csv(source)
    pyarrow.parquet.write_table(table, tmp_path / "again.parquet")
    found = []
    for file in (source, tmp_path / "again.parquet"):
        assert main(["compare", "penguins", "--data", str(file), "--json"]) == 0
        body = json.loads(capsys.readouterr().out)
        for score in body["backends"].values():
            del score["us_single"], score["us_batch"], score["us_quartiles"]
        del body["held_out"]["source"]
        found.append(body)
    assert found[0]["held_out"] == found[1]["held_out"]
    assert found[0]["backends"] == found[1]["backends"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["iris", "--cost", "wrng=1"], "--cost cannot be read"),
        (["iriss"], "iris"),
        (["iris", "--policy", "none"], "no dispatch block `none`"),
        (["iris", "--data", "nowhere.csv"], "nowhere.csv"),
        (["garage"], "no data"),
        (["family"], "goal"),
    ],
)
def test_mistakes_are_named(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", *arguments]) == (2 if "--cost" in arguments else 1)
    assert message in capsys.readouterr().err
