"""The page of a comparison: self-contained, with every number's interval, the same each time."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from comparing import made_up, opened
from heuron.cli import comparing as command_parts
from heuron.cli.app import main
from heuron.compare import compare
from heuron.compare.copied import CopiesWorth, WithCopies
from heuron.compare.costs import Cost
from heuron.compare.evaluate import evaluate
from heuron.compare.intervals import wilson
from heuron.compare.outcomes import Timing
from heuron.compare.page import page
from heuron.dispatch import Dispatcher
from heuron.learn.data import Table

Opened = tuple[Dispatcher, Table]
VOID = ("meta", "br")


@pytest.fixture(scope="module")
def text() -> str:
    outcomes = made_up(400)
    timings = dict.fromkeys(outcomes.replies, Timing(5.0, 1.0, (4.0, 6.0)))
    return page(evaluate(replace(outcomes, timings=timings), cost=Cost()))


class Balance(HTMLParser):
    """Follows the open elements; raises where one is closed that is not open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_its_elements_are_closed_and_its_ids_are_single(text: str) -> None:
    reader = Balance()
    reader.feed(text)
    assert reader.open == []
    assert len(reader.ids) == len(set(reader.ids))


def test_it_needs_nothing_else_and_runs_nothing(text: str) -> None:
    assert "<script" not in text
    assert "@import" not in text
    loaded = re.findall(r'(?:src|href)="([^"]+)"|url\(([^)]+)\)', text)
    assert all("".join(one).startswith("#") for one in loaded)


def test_it_is_light_and_dark_and_narrow(text: str) -> None:
    assert "prefers-color-scheme: dark" in text
    assert "width=device-width" in text
    drawings = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    assert len(drawings) == 6
    for drawing in drawings:
        ElementTree.fromstring(drawing)
        assert "var(--ink)" in drawing
        # Colours that stand for others are all gone, and so is matplotlib's own black.
        assert not re.findall(r"#0\d0[0-9a-f]{3}", drawing)
        assert "#000000" not in drawing


def test_every_share_has_its_interval(text: str) -> None:
    body = text[text.index("<body>") :]
    cells = re.findall(r"<td[^>]*><span>(.*?)</span></td>", body)
    shares = [one for one in cells if "\u00a0%" in one]
    assert len(shares) > 10
    assert all(re.search(r"\[\d+\.\d, \d+\.\d\]", one) for one in shares)


def test_it_says_that_groups_count_instead_of_rows(text: str) -> None:
    outcomes = made_up(240)
    grouped = page(evaluate(replace(outcomes, groups=tuple(at // 4 for at in range(240)))))
    for part in (
        "240 rows of 960, in 60 groups",
        "Rows come in groups",
        "turn whole groups around",
    ):
        assert part in grouped
        assert part not in text


def test_it_says_what_was_compared_and_how(text: str) -> None:
    for part in ("240", "held out by their content, seed 0", "Wilson", "McNemar", "Holm"):
        assert part.replace("240", "400") in text


def test_what_comes_from_data_is_escaped() -> None:
    outcomes = made_up(60)
    named = replace(outcomes.held_out, source="<b>&.csv")
    assert "&lt;b&gt;&amp;.csv" in page(evaluate(replace(outcomes, held_out=named)))


def test_the_same_page_twice() -> None:
    first, second = (
        page(compare(*opened("iris"), timed=False, disagreements=True)) for _ in range(2)
    )
    assert first == second


def test_a_page_from_the_command(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    assert main(["compare", "loan", "--html", str(file), "--disagreements"]) == 0
    text = file.read_text(encoding="utf-8")
    assert "Row by row" in text
    assert text.startswith("<!doctype html>")


def test_a_missing_matplotlib_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(command_parts, "find_spec", lambda _: None)
    file = tmp_path / "report.html"
    assert main(["compare", "iris", "--html", str(file)]) == 1
    said = capsys.readouterr().err
    assert 'pip install "heuron[html]"' in said
    assert not file.exists()


def test_a_comparison_in_a_notebook() -> None:
    comparison = evaluate(made_up())
    frame = comparison.to_frame()
    assert list(frame.index) == list(comparison.backends)
    assert frame.loc["rules", "right"] == comparison.backends["rules"].right
    shown = comparison._repr_html_()
    assert shown.startswith("<p><b>cancer: Nobody is called best")
    assert "<svg" not in shown


def test_every_part_of_a_whole_comparison_is_on_the_page(patch: Opened, patch_folder: Path) -> None:
    """Plots of agreement, reliability, coverage, cost, regions, policies and copies; glossary."""
    found = compare(
        *patch, timed=False, policies=True, disagreements=True, cost=Cost(), specs=patch_folder
    )
    ends = wilson(80, 100), wilson(152, 160), (0.08, 0.21)
    worth = WithCopies("rules", (80, 100), (152, 160), *ends)
    text = page(replace(found, copies=CopiesWorth(160, 60, 5, (worth,))))
    for drawn in (
        "Share of rows that each got right",
        "Share of rows answered against",
        "Per cent of the rows both answered",
        "How often something is true in a region",
        "Confidence against the share",
        "Certainty of the rules' answers",
        "Certainty that rules claim",
        "Share of rows that each policy answers",
        "What a row costs under each policy",
        "with copies ignored",
    ):
        assert drawn in text
    assert 'class="matrix"' in text
    assert "<dt>kappa</dt>" in text
    assert "+15.0 points" in text
    balance = Balance()
    balance.feed(text)
    assert balance.open == []
