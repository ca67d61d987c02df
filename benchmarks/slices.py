"""Slices: how often a planted region is found, and how often one is where none was planted.

python -m benchmarks.slices        200 seeds of each

Answers are made up. Without a plant each side is wrong on a fifth of the rows, wherever they are;
with one, where the colour is red, the rules are right on 95 % and the model on 60 %.
"""

from __future__ import annotations

import random
import sys
from time import perf_counter

from heuron.compare.collect import Gathered
from heuron.compare.costs import Cost
from heuron.compare.outcomes import HeldOut, Outcomes, Reply
from heuron.compare.slices import find_slices
from heuron.learn.contract import Contract
from heuron.learn.data import SplitFacts, Table
from heuron.values import Field, FieldType, Template, Value

COLOURS = ("red", "green", "blue")
ANSWER = FieldType("enumeration", ("yes", "no"))
TEMPLATE = Template(
    "Case",
    (
        *(Field(name, FieldType("number")) for name in "uvwxyz"),
        Field("colour", FieldType("enumeration", COLOURS)),
        Field("smoker", FieldType("boolean")),
        Field("answer", ANSWER),
    ),
)


def made_up(seed: int, *, planted: bool, rows: int = 2000) -> tuple[Table, Gathered, Gathered]:
    """Return a table, and what was said of its training and of its held-out rows."""
    draw = random.Random(seed)
    columns: dict[str, list[Value]] = {
        name: [draw.random() for _ in range(rows)] for name in "uvwxyz"
    }
    columns["colour"] = [draw.choice(COLOURS) for _ in range(rows)]
    columns["smoker"] = [draw.random() < 0.3 for _ in range(rows)]
    columns["answer"] = [draw.choice(("yes", "no")) for _ in range(rows)]
    held_out = tuple(draw.random() < 0.4 for _ in range(rows))
    contract = Contract("made_up", TEMPLATE, "answer")
    table = Table(
        contract,
        "made up",
        columns,
        tuple(str(at) for at in range(rows)),
        held_out,
        tuple(range(rows)),
        (True,) * rows,
        SplitFacts(sum(held_out), rows, "hash", seed, 0, 0),
        (),
        "",
    )
    said: dict[str, list[Reply]] = {"rules": [], "model:forest": []}
    for colour, truth in zip(columns["colour"], columns["answer"], strict=True):
        special = planted and colour == "red"
        for name, right in (("rules", 0.95), ("model:forest", 0.6)):
            chance = right if special else 0.8
            other = "no" if truth == "yes" else "yes"
            said[name].append(Reply(truth if draw.random() < chance else other))
    return table, _part(table, said, "training"), _part(table, said, "held_out")


def _part(table: Table, said: dict[str, list[Reply]], part: str) -> Gathered:
    places = table.places(part)
    replies = {name: tuple(listed[at] for at in places) for name, listed in said.items()}
    held_out = HeldOut(len(places), len(table), "hash")
    outcomes = Outcomes(table.contract, held_out, tuple(table.truths(places)), replies)
    return Gathered(outcomes, tuple(places), (), (), {}, None)


def main() -> int:
    """Print the shares; leave with 1 when more than 5 % found what is not there."""
    seeds = range(200)
    start = perf_counter()
    nothing = [find_slices(*made_up(seed, planted=False), Cost()) for seed in seeds]
    planted = [find_slices(*made_up(seed, planted=True), Cost()) for seed in seeds]
    seconds = perf_counter() - start
    false = sum(bool(one and one.slices) for one in nothing)
    found = sum(any("colour == red" in part.text for part in one.slices) for one in planted if one)
    tested = sum(one.candidates for one in nothing if one)
    print(f"nothing planted: {false} of {len(seeds)} report any ({tested} candidates tested)")
    print(f"a region planted: found in {found} of {len(seeds)}")
    print(f"{seconds:.1f} s")
    return int(false > 0.05 * len(seeds))


if __name__ == "__main__":
    sys.exit(main())
