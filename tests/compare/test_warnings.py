"""What a comparison warns of, from the command line: each where it is so, and not elsewhere."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from heuron.cli.app import main

RULES = """
domain step "Is it high?"

type Case:
    x: number in 0..100
    z: number in 0..100
    high: yes | no

goal Case.high

rule above:
    when c: Case(x >= 50)
    then conclude c.high = yes, certainty 0.8

rule below:
    when c: Case(x < 50)
    then conclude c.high = no, certainty 0.8
"""
SAW = "The rules' author may have seen these rows: read the rules' score as an upper bound"


def cases(rows: int, seed: int = 1) -> list[str]:
    """Return lines of x, z and the answer, a tenth of them turned."""
    draw = random.Random(seed)
    lines = []
    for _ in range(rows):
        x, z = round(draw.uniform(0, 100), 3), round(draw.uniform(0, 100), 3)
        yes = (x >= 50) != (draw.random() < 0.1)
        lines.append(f"{x},{z},{'yes' if yes else 'no'}")
    return lines


class Project:
    """A folder with rules and rows; `warnings` compares and returns what it warns of."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.models = folder / "models" / "step"
        self.models.mkdir(parents=True)
        (folder / "rules").mkdir()
        (folder / "rules" / "step.rules").write_text(RULES, encoding="utf-8")
        self._capsys = capsys

    def compared(
        self, lines: list[str], settings: str = "", saw: str = "nothing", header: str = "x,z,high"
    ) -> tuple[dict[str, object], str]:
        """Return the JSON of a comparison, and its report as one line."""
        text = "\n".join([header, *lines]) + "\n"
        (self.models / "cases.csv").write_text(text, encoding="utf-8")
        data = f'source = "cases.csv"\nrules_saw = "{saw}"\n{settings}'
        (self.models / "data.toml").write_text(data, encoding="utf-8")
        assert main(["compare", "step", "--json"]) == 0
        body = json.loads(self._capsys.readouterr().out)
        assert main(["compare", "step"]) == 0
        return body, " ".join(self._capsys.readouterr().out.split())


@pytest.fixture
def project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Project:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HEURON_LEDGER", "off")
    monkeypatch.setenv("HEURON_CACHE", "off")
    return Project(tmp_path, capsys)


def warned(body: dict[str, object], part: str) -> bool:
    warnings = body["warnings"]
    assert isinstance(warnings, list)
    return any(part in one for one in warnings)


def test_nothing_to_warn_of(project: Project) -> None:
    body, text = project.compared(cases(600))
    assert body["warnings"] == []
    assert "Notes" not in text


@pytest.mark.parametrize(("saw", "said"), [("all", True), ("unknown", True), ("training", False)])
def test_rules_that_saw_these_rows(project: Project, saw: str, said: bool) -> None:
    body, text = project.compared(cases(600), saw=saw)
    assert warned(body, SAW) is said
    assert text.count(SAW) == said


def test_copies(project: Project) -> None:
    body, text = project.compared(cases(400) * 2)
    held_out = body["held_out"]
    assert isinstance(held_out, dict)
    assert held_out["copies_left_out"] == held_out["rows"] > 60
    assert f"{held_out['rows']} copies left out" in text
    assert warned(body, "400 of 800 rows are equal to an earlier row")
    assert "they share a side and are scored once" in text


def test_contradictions(project: Project) -> None:
    """Twenty rows that stand there with both answers."""
    lines = cases(600)
    turned = [one.replace("yes", "?").replace("no", "yes").replace("?", "no") for one in lines[:20]]
    body, text = project.compared([*lines, *turned])
    held_out = body["held_out"]
    assert isinstance(held_out, dict)
    assert held_out["contradictions"] == 40
    assert warned(body, "40 rows differ from another row in the target alone")
    assert "40 rows differ from another row in the target alone." in text


def test_reversed_answers(project: Project) -> None:
    """Data that write 1 where the levels say no."""
    lines = [one.replace("yes", "1").replace("no", "0") for one in cases(600)]
    swapped = "[levels.high]\nyes = 0\nno = 1\n"
    body, text = project.compared(lines, swapped)
    assert warned(body, "answers of rules look reversed: check [levels] in data.toml")
    assert "Answers of rules look reversed" in text
    body, _ = project.compared(lines, "[levels.high]\nyes = 1\nno = 0\n")
    assert not warned(body, "reversed")


def test_few_groups(project: Project) -> None:
    """Six hundred rows of forty people are ten people held out."""
    lines = [f"{one},p{at % 40}" for at, one in enumerate(cases(600))]
    body, text = project.compared(lines, '[split]\ngroup = "person"\n', header="x,z,high,person")
    held_out = body["held_out"]
    assert isinstance(held_out, dict)
    assert held_out["groups"] < 30
    assert warned(body, f"only {held_out['groups']} groups of rows: nothing here is firm")
    assert f"in {held_out['groups']} groups, which count instead of rows" in text
    many = [f"{one},p{at % 300}" for at, one in enumerate(cases(600))]
    body, _ = project.compared(many, '[split]\ngroup = "person"\n', header="x,z,high,person")
    assert not warned(body, "groups of rows")


def test_few_rows_of_a_level_and_in_all(project: Project) -> None:
    rare = [one for one in cases(2000) if one.endswith("no")][:560] + [
        one for one in cases(2000) if one.endswith("yes")
    ][:40]
    body, _ = project.compared(rare)
    assert warned(body, "rows are yes: read its figures with care")
    body, _ = project.compared(cases(60))
    assert warned(body, "rows: nothing here is firm")
