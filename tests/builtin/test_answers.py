"""Natural questions to the built-in knowledge bases, and who answers them."""

from __future__ import annotations

from pathlib import Path

import pytest

import heuron
from heuron.dispatch import Dispatcher
from heuron.learn.store import Store

MODELS = Path(__file__).parents[2] / "models"
LARGE = {"worst_radius": 20.1, "worst_concave_points": 0.19}


def dispatcher(domain: str) -> Dispatcher:
    """Return a domain's dispatcher with the shipped models."""
    return Dispatcher(heuron.load(domain), Store(MODELS))


@pytest.mark.parametrize(
    ("domain", "evidence", "backend", "value"),
    [
        ("cancer", LARGE, "rules", "malignant"),
        (
            "cancer",
            {"worst_radius": 18, "worst_concave_points": 0.1, "worst_texture": 35},
            "model:forest",
            "malignant",
        ),
        ("iris", {"petal_length": 1.4}, "rules", "setosa"),
        ("iris", {"petal_length": 5, "petal_width": 1.7}, "refer", None),
        ("loan", {"age": 45, "income": 48_000, "history": "good"}, "rules", "accept"),
        ("loan", {"age": 30, "income": 8_000, "history": "poor"}, "model:credit_net", "refuse"),
        ("loan", {"age": 17, "income": 9_000}, "refer", None),
        ("garage", {"cranks": False, "lights": "dim"}, "rules", ("battery",)),
    ],
)
def test_who_answers(domain: str, evidence: dict[str, object], backend: str, value: object):
    answer = dispatcher(domain).ask(evidence)
    assert (backend, value) == (answer.backend, answer.value)


def test_the_law_does_not_fail_open():
    """Of an applicant whose age is unknown nobody knows that he is no minor."""
    expected = ("refer", ("age",))
    answer = dispatcher("loan").ask({"income": 90_000, "history": "good"})
    assert expected == (answer.backend, answer.needs)


def test_who_refers_says_what_the_others_lacked():
    expected = ("refer", ("bill_depth", "flipper_length"))
    answer = dispatcher("penguins").ask({"island": "Dream", "bill_length": 43})
    assert expected == (answer.backend, answer.needs)


def test_a_networks_contributions_lead_from_the_usual_record_to_its_score():
    """Shapley values: they add up, and a usual record is not malignant."""
    found = Store(MODELS).model("cancer", "network").explain(LARGE)
    assert found.base < 0.5 < found.total
    assert found.base + sum(part.amount for part in found.parts) == pytest.approx(found.total)
    confidence = dispatcher("cancer").ask(LARGE, via="network").confidence
    assert confidence == pytest.approx(found.total)


def test_all_backends_agree_on_a_large_irregular_tumour():
    found = dispatcher("cancer").ask(LARGE, via="all")
    assert found.agree is True
    assert found.answers["model:all_thirty"].value is None
