"""Slices: how often a planted region is found, and how often one is where none was planted.

python -m benchmarks.slices        200 seeds of each

Answers are made up. Where nothing is planted each side is wrong on a fifth of the rows, wherever
they are; rows of groups are visits of people, most of whom are answered alike.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from time import process_time
from typing import Final

from heuron.compare.collect import Gathered
from heuron.compare.costs import Cost
from heuron.compare.outcomes import HeldOut, Outcomes, Reply
from heuron.compare.slices import SliceSearch, find_slices
from heuron.learn.contract import Contract
from heuron.learn.data import SplitFacts, Table
from heuron.values import Field, FieldType, Template, Value

COLOURS = ("red", "green", "blue")
NUMBERS = "uvwxyz"
SIDES: Final = ("rules", "model:forest", "model:linear")
ANSWER = FieldType("enumeration", ("yes", "no"))
CASE = (
    *(Field(name, FieldType("number")) for name in NUMBERS),
    Field("colour", FieldType("enumeration", COLOURS)),
    Field("smoker", FieldType("boolean")),
)
TEMPLATE = Template("Case", (*CASE, Field("answer", ANSWER)))
QUANTITY = Template("Case", (*CASE, Field("answer", FieldType("number"))))

Row = dict[str, Value]


@dataclass(frozen=True, slots=True)
class Plant:
    """A region, and how often each side is right in it; elsewhere all are right on 80 %.

    `words` are conditions one of which a slice must name, and `claims` what it must claim.
    """

    title: str
    holds: Callable[[Row], bool]
    right: tuple[float, float, float]
    words: tuple[str, ...]
    claims: tuple[str, ...]


RED: Final = Plant(
    "rules right on 95 %, the forest on 60 % where colour is red",
    lambda row: row["colour"] == "red",
    (0.95, 0.6, 0.8),
    ("colour == red",),
    ("a",),
)
CORNER: Final = Plant(
    "both models right on 95 %, rules on 45 % where x >= 0.6 and smoker",
    lambda row: bool(row["x"] >= 0.6 and row["smoker"]),  # type: ignore[operator]
    (0.45, 0.95, 0.95),
    ("x >=", "smoker == true"),
    ("b",),
)
MISTAKES: Final = Plant(
    "the second model wrong on half where y < 0.3",
    lambda row: bool(row["y"] < 0.3),  # type: ignore[operator]
    (0.8, 0.8, 0.5),
    ("y <",),
    ("wrong",),
)


def made_up(
    seed: int,
    *,
    planted: Plant | None = None,
    rows: int = 2000,
    groups: bool = False,
    numeric: bool = False,
) -> tuple[Table, Gathered, Gathered]:
    """Return a table, and what was said of its training and of its held-out rows.

    Args:
        seed: The seed.
        planted: The region, if there is one.
        rows: How many rows there are.
        groups: Whether rows are visits, one to nine a person: a person has one colour, smokes or
            does not, keeps u and v, and is answered rightly nearly always or seldom.
        numeric: Whether the goal is a number, right within 5.
    """
    draw = random.Random(seed)
    people = _people(draw, rows) if groups else list(range(rows))
    columns: dict[str, list[Value]] = {
        name: [draw.random() for _ in range(rows)] for name in NUMBERS
    }
    columns["colour"] = [draw.choice(COLOURS) for _ in range(rows)]
    columns["smoker"] = [draw.random() < 0.3 for _ in range(rows)]
    columns["answer"] = [
        draw.uniform(0, 500) if numeric else draw.choice(("yes", "no")) for _ in range(rows)
    ]
    for name in ("u", "v", "colour", "smoker"):
        columns[name] = [columns[name][person] for person in people]
    held = [draw.random() < 0.4 for _ in range(rows)]
    held_out = tuple(held[person] for person in people)
    luck = [{name: draw.choice((0.99, 0.99, 0.99, 0.23)) for name in SIDES} for _ in range(rows)]
    template = QUANTITY if numeric else TEMPLATE
    contract = Contract("made_up", template, "answer", tolerance=5.0 if numeric else None)
    table = Table(
        contract,
        "made up",
        columns,
        tuple(str(at) for at in range(rows)),
        held_out,
        tuple(people),
        (True,) * rows,
        SplitFacts(sum(held_out), rows, "group" if groups else "hash", seed, 0, 0),
        (),
        "",
    )
    said: dict[str, list[Reply]] = {name: [] for name in SIDES}
    for at, person in enumerate(people):
        row = {name: cells[at] for name, cells in columns.items()}
        special = planted is not None and planted.holds(row)
        for place, name in enumerate(SIDES):
            chance = planted.right[place] if planted and special else 0.8
            if groups and not special:
                chance = luck[person][name]
            said[name].append(_reply(row["answer"], draw.random() < chance))
    return table, _part(table, said, "training"), _part(table, said, "held_out")


def _people(draw: random.Random, rows: int) -> list[int]:
    """Return for each row the first row of its person."""
    people: list[int] = []
    while len(people) < rows:
        first = len(people)
        people += [first] * draw.randint(1, 9)
    return people[:rows]


def _reply(truth: Value, right: bool) -> Reply:
    if isinstance(truth, float):
        return Reply(truth + (2 if right else 40))
    other = "no" if truth == "yes" else "yes"
    return Reply(truth if right else other)


def _part(table: Table, said: dict[str, list[Reply]], part: str) -> Gathered:
    places = table.places(part)
    replies = {name: tuple(listed[at] for at in places) for name, listed in said.items()}
    held_out = HeldOut(len(places), len(table), "hash")
    groups = tuple(table.groups[at] for at in places)
    outcomes = Outcomes(
        table.contract,
        held_out,
        tuple(table.truths(places)),
        replies,
        groups=groups if len(set(groups)) < len(groups) else None,
    )
    return Gathered(outcomes, tuple(places), (), (), {}, None)


def finds(search: SliceSearch | None, plant: Plant) -> bool:
    """Return whether some slice names the planted region and claims what is true there."""
    return search is not None and any(
        one.claim in plant.claims and all(word in one.text for word in plant.words)
        for one in search.slices
    )


def main() -> int:
    """Print the shares; leave with 1 when more than 5 % found what is not there."""
    seeds = range(200)
    failed = False
    for title, groups, numeric in (
        ("levels", False, False),
        ("a quantity", False, True),
        ("visits of people", True, False),
    ):
        start = process_time()
        rows = 6000 if groups else 2000
        found = [
            find_slices(*made_up(seed, rows=rows, groups=groups, numeric=numeric), Cost())
            for seed in seeds
        ]
        any_found = sum(bool(one and one.slices) for one in found)
        tested = sum(one.candidates for one in found if one)
        share = 100 * any_found / len(seeds)
        failed |= share > 5
        print(
            f"nothing planted, {title}: {any_found} of {len(seeds)} report any ({share:.1f} %; "
            f"{tested:,} candidates tested), {process_time() - start:.0f} s",
            flush=True,
        )
        for plant in (RED, CORNER, MISTAKES):
            start = process_time()
            met = sum(
                finds(
                    find_slices(
                        *made_up(seed, planted=plant, rows=rows, groups=groups, numeric=numeric),
                        Cost(),
                    ),
                    plant,
                )
                for seed in seeds
            )
            print(f"  {plant.title}: found in {met}, {process_time() - start:.0f} s", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
