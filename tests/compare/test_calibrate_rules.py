"""Scorecards of rules among each other, and certainties measured on training rows."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

import pytest

import heuron
from comparing import opened
from heuron.certainty import implied_certainty
from heuron.cli.app import main
from heuron.compare import compare
from heuron.compare.calibrate_rules import calibrate_rules
from heuron.diagnostics import RuleError
from heuron.dispatch import Dispatcher
from heuron.learn.data import Table

Opened = tuple[Dispatcher, Table]


def test_a_rules_absence_made_again_by_hand() -> None:
    """Each rule of `cancer` is taken out of the file, and every held-out row is asked again."""
    dispatcher, table = opened("cancer")
    rules = {one.name: one for one in compare(dispatcher, table, timed=False).rules}
    places = table.places("held_out")
    rows, truths = table.rows(places), table.truths(places)
    with_it = [dispatcher.kb.ask(row).value for row in rows]
    (text,) = dispatcher.kb.files.values()
    for name in ("large_and_irregular", "fine_texture"):
        (block,) = re.findall(rf"^rule {name} .*?(?=^rule |^dispatch|^# )", text, re.S | re.M)
        without = heuron.loads(
            re.sub(r"^test .*", "", text.replace(block, ""), flags=re.S | re.M),
            models=dispatcher.models,
        )
        answers = [without.ask(row).value for row in rows]
        pairs = list(zip(with_it, answers, truths, strict=True))
        loss = rules[name].loss
        assert loss is not None
        assert loss.lost == sum(a == truth != b for a, b, truth in pairs)
        assert loss.won == sum(b == truth != a for a, b, truth in pairs)
        assert loss.changed == sum(a != b for a, b, _ in pairs)


def test_overlaps_made_again_by_hand() -> None:
    dispatcher, table = opened("cancer")
    rules = compare(dispatcher, table, timed=False).rules
    fired = [dispatcher.kb.consider(row).fired for row in table.rows(table.places("held_out"))]
    for rule in rules:
        for other, rows in rule.overlaps:
            assert rows == sum(rule.name in names and other in names for names in fired)
        counts = [rows for _, rows in rule.overlaps]
        assert counts == sorted(counts, reverse=True)


def test_only_certainties_change() -> None:
    dispatcher, table = opened("cancer")
    found = calibrate_rules(dispatcher.kb, table)
    before = next(iter(dispatcher.kb.files.values())).splitlines()
    lines = [one for one in difflib.ndiff(before, found.text.splitlines()) if one[0] in "+-"]
    assert len(lines) == 2 * len(found.changed) > 0
    assert all(re.search(r"conclude t\.diagnosis = \w+, certainty 0\.\d+$", one) for one in lines)
    kb = heuron.loads(found.text, models=dispatcher.models)
    assert [rule.name for rule in kb.rules] == [rule.name for rule in dispatcher.kb.rules]


def test_a_certainty_made_again_by_hand() -> None:
    """Measured on training rows: the held-out rows have no part in it."""
    dispatcher, table = opened("cancer")
    changed = {name: after for name, _, after in calibrate_rules(dispatcher.kb, table).changed}
    places = table.places("training")
    truths = table.truths(places)
    fired = ["fine_texture" in dispatcher.kb.consider(row).fired for row in table.rows(places)]
    right = sum(one and truth == "benign" for one, truth in zip(fired, truths, strict=True))
    expected = implied_certainty(right, sum(fired), truths.count("benign") / len(truths))
    assert changed["fine_texture"] == pytest.approx(expected, abs=0.005)


RULES = """
domain small "Which?"

type Case(x: number, group: a | b, kind: odd | even)

goal Case.kind

# A comment that stays.
rule unsaid:
    when c: Case(x >= 0)
    then conclude c.kind = odd   # nothing stated

rule against "Wrong about its own rows":
    when c: Case(group == b)
    then:
        conclude c.kind = even, certainty -0.5

rule named:
    when c: Case(x >= 0)
    then conclude c.kind = odd, certainty strong

rule seldom:
    when c: Case(x > 1_000)
    then conclude c.kind = even, certainty 0.5

let strong = 0.9
"""


def test_what_is_written_how_and_what_is_left(tmp_path: Path) -> None:
    """A certainty that is not stated is added; a negative one keeps its meaning; lets stay."""
    from heuron.learn.contract import contract_of
    from heuron.learn.data import load

    kb = heuron.loads(RULES, name="small.rules")
    lines = ["x,group,kind"]
    lines += [f"{at},{'ab'[at % 2]},{'odd' if at % 3 else 'even'}" for at in range(300)]
    file = tmp_path / "small.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    table = load(contract_of(kb), file)
    found = calibrate_rules(kb, table)
    changed = {name: after for name, _, after in found.changed}
    assert re.search(r"conclude c\.kind = odd, certainty -?0\.\d+   # nothing stated", found.text)
    assert "# A comment that stays." in found.text
    assert "certainty strong" in found.text
    assert dict(found.kept) == {"named": "its certainty is computed", "seldom": "never fired"}
    # A third of each group is even, so `against` says no more than everybody knows.
    assert abs(changed["against"]) < 0.1
    assert heuron.loads(found.text, name="small.rules").rules


def test_a_file_of_new_rows_has_nothing_to_measure_on(patch: Opened) -> None:
    from dataclasses import replace

    dispatcher, table = patch
    new = replace(table, held_out=(True,) * len(table))
    with pytest.raises(RuleError) as error:
        calibrate_rules(dispatcher.kb, new)
    assert error.value.diagnostics[0].code == "no-training-rows"


def test_from_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "cancer.rules"
    assert main(["compare", "cancer", "--json", "--calibrate-rules", str(file)]) == 0
    said = capsys.readouterr().err
    assert "fine_texture: certainty 0.3 -> 0." in said
    assert file.read_text(encoding="utf-8").startswith("# Is this tumour malignant?")
