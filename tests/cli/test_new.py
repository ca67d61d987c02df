"""`heuron new` and `heuron induce` as they are called."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from heuron.cli.app import main


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A table of fruit, in a place that is no project."""
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.setenv("HEURON_TRUST", str(tmp_path / "trusted.txt"))
    monkeypatch.setenv("HEURON_LEDGER", "off")
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    chance = random.Random(0)
    lines = ["colour,weight,kind"]
    for _ in range(240):
        colour, weight = chance.choice(["red", "green"]), round(chance.uniform(5, 95), 1)
        lines.append(f"{colour},{weight},{'plum' if colour == 'red' and weight > 40 else 'pea'}")
    path = work / "fruit.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_new_makes_a_project_that_answers(
    table: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new", "fruit.csv", "--target", "kind", "basket"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("basket/rules/basket.rules\n")
    assert "rows that no model was trained on" in shown
    assert sorted(path.name for path in Path("basket/models/basket").iterdir()) == [
        "boosting",
        "boosting.toml",
        "data.toml",
        "fruit.csv",
        "logistic",
        "logistic.toml",
    ]
    monkeypatch.chdir("basket")
    assert main(["check", "basket"]) == 0
    assert main(["fmt", "--check", "rules/basket.rules"]) == 0
    assert main(["test", "rules/basket.rules"]) == 0
    capsys.readouterr()
    assert main(["ask", "basket", "colour=red", "weight=80", "--via", "all"]) == 0
    assert "plum" in capsys.readouterr().out


def test_tests_of_large_numbers_hold(
    table: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a line says is written with more digits than its slack has."""
    chance = random.Random(1)
    lines = ["area,price"]
    for _ in range(200):
        area = round(chance.uniform(20, 200), 2)
        lines.append(f"{area},{100_000 + 753.137 * area + chance.uniform(-50, 50):.2f}")
    (table.parent / "homes.csv").write_text("\n".join(lines) + "\n")
    assert main(["new", "homes.csv", "--target", "price"]) == 0
    monkeypatch.chdir("homes")
    rules = Path("rules/homes.rules").read_text()
    assert "<= case.price <=" in rules
    capsys.readouterr()
    assert main(["test", "rules/homes.rules"]) == 0, capsys.readouterr().out


def test_what_new_spends_stands_in_the_ledger_of_the_project(
    table: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("HEURON_LEDGER")
    assert main(["new", "fruit.csv", "--target", "kind", "basket"]) == 0
    monkeypatch.chdir("basket")
    capsys.readouterr()
    assert main(["ledger", "--json"]) == 0
    shown = capsys.readouterr().out
    assert json.loads(shown)["training"]["runs"] == 2


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["new", "fruit.csv"], 2, "Give --target COLUMN"),
        (["new", "fruit.csv", "--target", "knd"], 1, 'you mean "kind"'),
        (["new", "absent.csv", "--target", "kind"], 1, "absent.csv"),
        (["new", "fruit.csv", "--target", "kind", "."], 2, "not empty"),
        (["induce", "fruit.csv"], 2, "needs --target"),
        (["induce", "fruit.csv", "--target", "kind", "--method", "net"], 2, "tree or list"),
    ],
)
def test_mistakes_leave_nothing_behind(
    table: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: int, message: str
) -> None:
    assert main(words) == code
    assert message in capsys.readouterr().err
    assert [path.name for path in table.parent.iterdir()] == ["fruit.csv"]


def test_training_that_fails_leaves_no_folder(
    table: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import heuron.cli.new

    def fail(root: Path, domain: str) -> object:
        raise OSError(28, "No space left on device", str(root))

    monkeypatch.setattr(heuron.cli.new, "_train", fail)
    assert main(["new", "fruit.csv", "--target", "kind", "basket"]) == 1
    assert [path.name for path in table.parent.iterdir()] == ["fruit.csv"]


def test_induce_writes_a_file_that_checks_clean(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["induce", "fruit.csv", "--target", "kind", "--method", "list"]) == 0
    assert main(["check", "fruit.rules"]) == 0
    assert main(["induce", "fruit.csv", "--target", "kind"]) == 2
    assert "there already" in capsys.readouterr().err
    assert main(["induce", "fruit.csv", "--target", "kind", "--force", "--rules", "2"]) == 0


def test_induce_from_a_domain_to_stdout(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["induce", "iris", "--out", "-"]) == 0
    shown = capsys.readouterr().out
    assert 'domain iris_induced "' in shown
    assert 'data "sklearn:iris"' in shown
    Path("mine.rules").write_text(shown)
    assert main(["check", "mine.rules"]) == 0


def test_new_and_induce_as_json(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "fruit.csv", "--target", "kind", "basket", "--json"]) == 0
    body = json.loads(capsys.readouterr().out)
    assert body["command"] == "new"
    assert (body["domain"], body["goal"], body["folder"]) == ("basket", "kind", "basket")
    assert all(Path("basket", one).is_file() for one in body["files"])
    assert [one["name"] for one in body["models"]] == ["boosting", "logistic"]
    assert all(Path(one["folder"], "card.json").is_file() for one in body["models"])
    assert set(body["comparison"]["backends"]) >= {"rules", "model:boosting", "dispatch"}

    assert main(["induce", "fruit.csv", "--target", "kind", "--json"]) == 0
    body = json.loads(capsys.readouterr().out)
    assert (body["command"], body["file"], body["text"]) == ("induce", "fruit.rules", None)
    names = [one["name"] for one in body["rules"]]
    text = Path("fruit.rules").read_text()
    assert names
    assert all(f"rule {one}:" in text for one in names)
    assert main(["induce", "fruit.csv", "--target", "kind", "--json", "--out", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["text"] == text

    assert main(["new", "fruit.csv", "--target", "knd", "other", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "unknown-column"


def test_the_dispatcher_asks_the_better_model(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new", "fruit.csv", "--target", "kind", "basket", "--json"]) == 0
    body = json.loads(capsys.readouterr().out)
    best = max(body["models"], key=lambda one: float(one["score"]["right"]))["name"]
    text = Path("basket/rules/basket.rules").read_text()
    assert f"model {best} when {best}.confidence >= 0.8" in text
    assert f"agree {best}" in text
    rules, dispatch = (body["comparison"]["backends"][one] for one in ("rules", "dispatch"))
    assert dispatch["right"] >= rules["right"]


def test_a_project_about_a_number(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = ["size,price", *(f"{at % 83 + at / 400:.3f},{3 * (at % 83) + 20}" for at in range(200))]
    table.write_text("\n".join(lines) + "\n")
    assert main(["new", "fruit.csv", "--target", "price", "houses", "--json"]) == 0
    body = json.loads(capsys.readouterr().out)
    errors = {one["name"]: one["score"]["mean_absolute_error"] for one in body["models"]}
    best = min(errors, key=lambda name: errors[name])
    text = Path("houses/rules/houses.rules").read_text()
    assert f"model {best} when {best}.answered" in text
    assert "rules when rules.answered" in text
    assert "* h.size" in text
    assert body["comparison"]["backends"]["dispatch"]["not_answered"] == 0


def test_induce_warns_of_the_data(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [*table.read_text().splitlines(), "red,3.25,plum", "red,3.25,pea"]
    table.write_text("\n".join(lines) + "\n")
    assert main(["induce", "fruit.csv", "--target", "kind"]) == 0
    assert "2 rows differ from another row in the target alone" in capsys.readouterr().err
