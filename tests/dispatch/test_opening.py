"""`Dispatcher.open`: a domain by its name, with the models that the command line would use."""

from __future__ import annotations

from pathlib import Path

import pytest

from heuron.dispatch import Dispatcher
from heuron.knowledge.project import built_in_folder
from heuron.learn import Store

RULES = """domain cancer "Whose rules?"
type Tumour:
    size: number
    diagnosis: benign | malignant
goal Tumour.diagnosis
rule large:
    when t: Tumour(size > 10)
    then conclude t.diagnosis = malignant
dispatch mine:
    rules otherwise
"""


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home and a working folder without anything in them."""
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.delenv("HEURON_TRUST", raising=False)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")


def test_a_built_in_domain_brings_its_models() -> None:
    dispatcher = Dispatcher.open("cancer")
    assert list(dispatcher.models) == Store(Path(built_in_folder()) / "models").names("cancer")
    answer = dispatcher.ask({"worst_radius": 16.0, "worst_concave_points": 0.13}, via="forest")
    assert (answer.backend, answer.value) == ("model:forest", "benign")


def test_a_project_s_rules_come_before_the_built_in_ones(tmp_path: Path) -> None:
    rules = tmp_path / "work" / "rules"
    rules.mkdir()
    (rules / "cancer.rules").write_text(RULES, encoding="utf-8")
    dispatcher = Dispatcher.open("cancer", policy="mine")
    assert dispatcher.policy.name == "mine"
    assert dispatcher.ask({"size": 11}).value == "malignant"
    assert Dispatcher.open("rules/cancer.rules").ask({"size": 11}).backend == "rules"


def test_outside_a_project_a_model_of_one_s_own_comes_first(tmp_path: Path) -> None:
    own = tmp_path / "home" / "heuron" / "models"
    dispatcher = Dispatcher.open("cancer")
    assert dispatcher.bench.store is not None
    assert dispatcher.bench.store.roots[0] == str(own)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("domain", "more", "message"),
    [
        ("cancr", {}, "There is no domain"),
        ("family", {}, "family has no goal"),
        ("cancer", {"policy": "none"}, "no dispatch block `none`"),
    ],
)
def test_what_cannot_be_opened(domain: str, more: dict[str, str], message: str) -> None:
    from heuron import RuleError

    with pytest.raises(RuleError, match=message):
        Dispatcher.open(domain, **more)
