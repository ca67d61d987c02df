"""The built-in rule files: clean, formatted, tested, and right on what they claim to be."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import heuron
from heuron.lang.printer import format_text
from heuron.learn.contract import contract_of
from heuron.learn.data import Table, load

ROOT = Path(__file__).parents[2]
RULES = ROOT / "rules"
FILES = sorted(path.name for path in RULES.glob("*.rules"))
DOMAINS = ("cancer", "family", "garage", "iris", "loan", "penguins")
WITH_DATA = ("cancer", "iris", "loan", "penguins")


def table(domain: str) -> Table:
    """Return the domain's rows."""
    return load(contract_of(heuron.load(domain)), folder=ROOT / "models" / domain, root=ROOT)


def test_the_built_in_files_are_these():
    assert sorted([*(f"{domain}.rules" for domain in DOMAINS), "regions.rules"]) == FILES


@pytest.mark.parametrize("file", FILES)
def test_checks_without_errors_or_warnings(file: str):
    assert heuron.check(RULES / file) == ()


@pytest.mark.parametrize("file", FILES)
def test_is_formatted(file: str):
    text = (RULES / file).read_text(encoding="utf-8")
    assert format_text(text, file)[0] == text


@pytest.mark.parametrize("domain", DOMAINS)
def test_says_where_its_rules_come_from(domain: str):
    text = (RULES / f"{domain}.rules").read_text(encoding="utf-8")
    opening = text.split(f"\ndomain {domain}", 1)[0].lower()
    assert "rules come from" in opening or "the rules are definitions" in opening
    assert re.search(r"\bright\b", opening)


@pytest.mark.parametrize("domain", DOMAINS)
def test_asks_a_question(domain: str):
    kb = heuron.load(domain)
    assert kb.name == domain
    assert kb.question is not None
    assert kb.question.endswith("?")


@pytest.mark.parametrize("domain", WITH_DATA)
def test_is_right_as_often_as_its_opening_says(domain: str):
    """A number in a comment goes stale unless something counts again."""
    text = (RULES / f"{domain}.rules").read_text(encoding="utf-8")
    opening = " ".join(text.split(f"\ndomain {domain}", 1)[0].replace("#", " ").split())
    claim = re.search(r"of the ([\d,]+) they answer (\d+), of those (\d+) rightly", opening)
    assert claim is not None
    rows = table(domain)
    places = rows.places("all")
    answers = heuron.load(domain).ask_many(rows.rows(places), today=rows.as_of)
    given = [answer.value is not None for answer in answers]
    right = [
        answer.value == truth for answer, truth in zip(answers, rows.truths(places), strict=True)
    ]
    claimed = tuple(int(number.replace(",", "")) for number in claim.groups())
    assert claimed == (len(places), sum(given), sum(right))


@pytest.mark.parametrize("domain", WITH_DATA)
def test_data_read_without_complaint(domain: str):
    assert table(domain).warnings == ()


def test_cancer_declares_all_thirty_measurements():
    import sklearn.datasets

    names = {
        str(name).replace(" ", "_") for name in sklearn.datasets.load_breast_cancer().feature_names
    }
    template = heuron.load("cancer").template
    assert names == {field.name for field in template.fields} - {"shape", "diagnosis"}
    asked = [field.name for field in template.fields if field.ask is not None]
    assert asked == ["worst_radius", "worst_concave_points"]


def test_penguins_keep_their_empty_cells():
    rows = table("penguins")
    empty = [sum(value is heuron.UNKNOWN for value in rows.columns[name]) for name in ("sex",)]
    assert (len(rows), empty) == (344, [11])
