"""Files that a comparison writes: each checks clean and, used, gives what was promised."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

import heuron
from comparing import opened
from heuron.cli.app import main
from heuron.compare.calibrate_rules import calibrate_rules
from heuron.dispatch import Dispatcher
from heuron.learn.data import Table

Opened = tuple[Dispatcher, Table]


@pytest.fixture
def folder(
    patch: Opened, patch_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A copy of the trained project, which may be changed."""
    del patch
    copy = tmp_path / "project"
    shutil.copytree(patch_folder, copy)
    monkeypatch.chdir(copy)
    monkeypatch.setenv("HEURON_LEDGER", "off")
    monkeypatch.setenv("HEURON_CACHE", "off")
    return copy


def compared(capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    assert main(["compare", "patch", "--json", *options]) == 0
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(
    "cost", ["wrong=1,refer=0.2", "wrong=1,refer=0.01", "wrong=1,refer=5", "wrong=1,no=8,refer=0.5"]
)
def test_a_written_dispatch_does_what_its_score_says(
    folder: Path, capsys: pytest.CaptureFixture[str], cost: str
) -> None:
    """The block goes into the rule file in the place of the first, and everything runs again."""
    before = compared(capsys, "--policies", "--cost", cost, "--write-dispatch", "best.txt")
    trial = before["policies"]
    (promised,) = (one for one in trial["scores"] if one["name"] == trial["chosen"])
    text = Path("best.txt").read_text(encoding="utf-8")
    assert f"({cost_words(before)})" in text
    assert f"{promised['cost']:.4f}" in text
    rules = folder / "rules" / "patch.rules"
    old = rules.read_text(encoding="utf-8")
    if promised["block"]:
        assert promised["block"] in text
        rules.write_text(old[: old.index("dispatch:")] + text, encoding="utf-8")
    assert main(["check", "rules/patch.rules"]) == 0
    capsys.readouterr()
    after = compared(capsys, "--cost", cost)
    score = after["backends"]["dispatch"]
    assert (score["right"], score["wrong"], score["not_answered"]) == (
        promised["right"],
        promised["wrong"],
        promised["referred"],
    )
    (paid,) = (one for one in after["costs"] if one["backend"] == "dispatch")
    assert paid["cost"] == pytest.approx(promised["cost"])


def cost_words(body: dict[str, Any]) -> str:
    cost = body["policies"]["cost"]
    parts = [f"wrong {cost['wrong']:g}"]
    parts += [f"wrong about {level} {price:g}" for level, price in cost["by_truth"]]
    return ", ".join([*parts, f"a person {cost['refer']:g}"])


def test_every_policy_checks_clean_in_the_file(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not the chosen one alone: each that was tried is a block that people may take."""
    rules = folder / "rules" / "patch.rules"
    old = rules.read_text(encoding="utf-8")
    trial = compared(capsys, "--policies")["policies"]
    blocks = [one["block"] for one in trial["scores"] if one["block"]]
    rules.write_text(old + "\n" + "\n".join(blocks), encoding="utf-8")
    assert main(["check", "rules/patch.rules"]) == 0
    capsys.readouterr()
    again = compared(capsys)["backends"]
    for one in trial["scores"]:
        name = "dispatch" if one["name"] == "dispatch" else f"dispatch:{one['name']}"
        score = again[name]
        assert (score["right"], score["not_answered"]) == (one["right"], one["referred"]), name


def test_written_rules_say_of_new_rows_what_the_slices_say(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Counted on the held-out rows by the rule file itself, each region has its rows."""
    body = compared(capsys, "--write-rules", "differ.rules")
    assert main(["check", "differ.rules"]) == 0
    assert main(["fmt", "--check", "differ.rules"]) == 0
    capsys.readouterr()
    text = Path("differ.rules").read_text(encoding="utf-8")
    types, *rules = re.split(r"^(?=rule )", text, flags=re.M)
    assert len(rules) == len(body["slices"]) > 0
    _, table = planted_again(folder)
    rows = table.rows(table.places("held_out"))
    for number, (one, rule) in enumerate(zip(body["slices"], rules, strict=True), 1):
        assert rule.startswith(f"rule slice_{number} ")
        assert f"{one['claimed']} of {one['rows']} rows" in rule
        kb = heuron.loads(types + rule)
        held = 0
        for row in rows:
            session = kb.session()
            session.assert_("Case", **row)
            session.run()
            held += len(tuple(session.facts("Slice")))
        # The rules answer every row, and so do the models: a slice's rows are all those in it.
        assert held == one["rows"]


def planted_again(folder: Path) -> Opened:
    from heuron.learn.contract import contract_of
    from heuron.learn.data import load
    from heuron.learn.store import Store

    kb = heuron.load(str(folder / "rules" / "patch.rules"))
    models = folder / "models" / "patch"
    return Dispatcher(kb, Store(models.parent)), load(contract_of(kb), folder=models, root=folder)


CERTAINTY = re.compile(rb"certainty -?[0-9.]+")


def test_calibrated_rules_differ_in_certainties_alone_and_stay(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Comments, blanks and line ends stand, byte for byte; calibrated again, nothing changes."""
    rules = folder / "rules" / "patch.rules"
    odd = rules.read_bytes().replace(b"goal Case.answer", b"goal   Case.answer   # \xc3\xa4 odd\t")
    rules.write_bytes(odd)
    compared(capsys, "--calibrate-rules", "better.rules")
    new = Path("better.rules").read_bytes()
    assert new != odd
    assert CERTAINTY.sub(b"certainty", new) == CERTAINTY.sub(b"certainty", odd)
    rules.write_bytes(new)
    assert main(["check", "rules/patch.rules"]) == 0
    capsys.readouterr()
    after = compared(capsys, "--calibrate-rules", "again.rules")
    assert Path("again.rules").read_bytes() == new
    # What a rule claims is now what its training rows imply; the held-out rows agree.
    assert {one["verdict"] for one in after["rules"]} == {"as claimed"}


@pytest.mark.parametrize("name", ["cancer", "iris", "penguins"])
def test_built_in_rules_calibrated_twice_are_calibrated(name: str) -> None:
    dispatcher, table = opened(name)
    once = calibrate_rules(dispatcher.kb, table)
    (old,) = dispatcher.kb.files.values()
    plain = CERTAINTY.sub(b"certainty", old.encode())
    assert CERTAINTY.sub(b"certainty", once.text.encode()) == plain
    kb = heuron.loads(once.text, name=f"{name}.rules", models=dispatcher.models)
    again = calibrate_rules(kb, table)
    assert again.changed == ()
    assert again.text == once.text
