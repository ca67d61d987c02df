"""Rule files that the tests of knowledge bases share."""

from __future__ import annotations

from pathlib import Path

import pytest

import heuron
from heuron.knowledge.base import KnowledgeBase

FRUIT = """domain fruit "What fruit is this?"

type Fruit:
    colour: red | yellow | green
    weight: number in 0..5000, unit "g"
    ripe: boolean, optional
    origin: text, default "here"
    shape: round | long
    name: cherry | banana | apple

goal Fruit.name

rule round_one:
    when f: Fruit(weight < 20)
    then conclude f.shape = round, certainty 0.8

rule cherry "Small, round and red":
    when f: Fruit(colour == red, shape == round)
    then conclude f.name = cherry, certainty 0.9

rule apple:
    when f: Fruit(weight in 80..300, ripe == true)
    then conclude f.name = apple, certainty 0.5

rule heavy_apple:
    when f: Fruit(weight > 100)
    then conclude f.name = apple, certainty 0.5

rule no_cherry:
    when f: Fruit(ripe == false)
    then conclude f.name = cherry, certainty -0.5

dispatch:
    refer "too heavy for us" when Fruit(weight > 4000)
    rules when rules.certainty >= 0.7
    refer "nobody is sure" otherwise

test "a small red one":
    given f: Fruit(colour = red, weight = 8)
    expect f.name == cherry because cherry
"""


@pytest.fixture
def fruit() -> KnowledgeBase:
    return heuron.loads(FRUIT, name="fruit.rules")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a knowledge base in two files, one of which uses a table."""
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "fruit.rules").write_text(FRUIT + '\nuse "more.rules"\n')
    (rules / "more.rules").write_text('type Basket(name: text)\n\nfacts:\n    Basket("wicker")\n')
    return tmp_path
