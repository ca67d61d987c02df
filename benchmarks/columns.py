"""Rules over a whole table: 50 rules on a million rows, beside the same written by hand.

python -m benchmarks.columns [rows ...]

One thread on every side, processor time, medians of turns in which each side runs once. The
values of all sides are compared; a line whose values differ is void and stops the run.
"""

from __future__ import annotations

import os
import random
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

# Read by the libraries when they are imported.
os.environ.setdefault("POLARS_MAX_THREADS", "1")

import numpy as np

import heuron

FIELDS = ("a", "b", "c", "d", "e")
LEVELS = ("v0", "v1", "v2", "v3")
SIZES = (250_000, 1_000_000, 4_000_000)
TURNS = 5

FirstHit = tuple[int, int, int, int, str]
"""Column above, number, column below, number, level."""


@dataclass(frozen=True)
class Speaking:
    """A rule of the second program: two bounds, the middle field, and what it says of `kind`."""

    above: str
    low: int
    below: str
    high: int
    middle: str | None
    level: str
    certainty: float


# The first program: complete whole numbers, the first hit of fifty rows.


def first_hit(chance: random.Random) -> tuple[str, list[FirstHit]]:
    """Return a first-hit table of 50 rows over five whole columns, and its rows as numbers."""
    rows = []
    lines = []
    for _ in range(50):
        one, other = chance.sample(range(5), 2)
        low, high = chance.randint(0, 90), chance.randint(10, 100)
        level = chance.choice(LEVELS)
        rows.append((one, low, other, high, level))
        cells = ["-"] * 5
        cells[one], cells[other] = f"> {low}", f"<= {high}"
        lines.append(f"    {' | '.join(cells)} -> {level}")
    header = " | ".join(FIELDS)
    text = "type R:\n" + "".join(f"    {name}: integer\n" for name in FIELDS)
    text += f"    kind: {' | '.join(LEVELS)}\ngoal R.kind\n"
    text += f"table kind(R -> kind), first hit:\n    {header} -> kind\n" + "\n".join(lines) + "\n"
    return text, rows


def by_numpy(rows: list[FirstHit], columns: list[Any]) -> Any:
    """Return the first hits by `numpy.select`."""
    conditions = [(columns[i] > low) & (columns[j] <= high) for i, low, j, high, _ in rows]
    return np.select(conditions, [LEVELS.index(one[4]) for one in rows], -1)


def by_polars(rows: list[FirstHit], frame: Any) -> Any:
    """Return the first hits by one polars expression."""
    import polars as pl

    chain: Any = pl
    for i, low, j, high, level in rows:
        test = (pl.col(FIELDS[i]) > low) & (pl.col(FIELDS[j]) <= high)
        chain = chain.when(test).then(LEVELS.index(level))
    return frame.select(chain.otherwise(-1).alias("kind"))["kind"].to_numpy()


def by_duckdb(rows: list[FirstHit], connection: Any) -> Any:
    """Return the first hits by one `case` of SQL."""
    cases = " ".join(
        f"when {FIELDS[i]} > {low} and {FIELDS[j]} <= {high} then {LEVELS.index(level)}"
        for i, low, j, high, level in rows
    )
    sql = f"select case {cases} else -1 end as kind from rows"
    return connection.execute(sql).fetchnumpy()["kind"]


def duckdb_of(frame: dict[str, Any]) -> Any:
    """Return a connection of one thread with the columns as a table of its own."""
    import duckdb
    import pyarrow as pa

    connection = duckdb.connect(config={"threads": 1})
    table = pa.table(frame)
    connection.register("given", table)
    connection.execute("create table rows as select * from given")
    return connection


# The second program: missing values, a chain, certainties for and against.


def speaking(chance: random.Random) -> list[Speaking]:
    """Return 48 rules with certainties, a third of which read the middle field."""
    rules = []
    for number in range(48):
        one, other = chance.sample(FIELDS, 2)
        low, high = chance.randint(0, 90), chance.randint(10, 100)
        middle = chance.choice(["low", "high"]) if number % 3 == 0 else None
        certainty = chance.choice([0.9, 0.6, 0.3, -0.4])
        rules.append(Speaking(one, low, other, high, middle, chance.choice(LEVELS), certainty))
    return rules


def certain(rules: list[Speaking]) -> str:
    """Return the rules as a rule file, with the two rules for the middle field."""
    text = "type R:\n" + "".join(f"    {name}: number, optional\n" for name in FIELDS)
    text += f"    middle: low | high\n    kind: {' | '.join(LEVELS)}\ngoal R.kind\n"
    text += "rule low:\n    when r: R(a <= 50)\n    then conclude r.middle = low\n"
    text += "rule high:\n    when r: R(a > 50)\n    then conclude r.middle = high, certainty 0.9\n"
    for number, one in enumerate(rules):
        test = f"{one.above} > {one.low}, {one.below} <= {one.high}"
        test += f", middle == {one.middle}" if one.middle else ""
        text += f"rule r{number}:\n    when r: R({test})\n"
        text += f"    then conclude r.kind = {one.level}, certainty {one.certainty}\n"
    return text


def certain_by_polars(rules: list[Speaking], frame: Any) -> Any:
    """Return value and certainty, and the certainty of each level, by polars expressions."""
    import polars as pl

    products: dict[tuple[str, bool], Any] = {}
    for one in rules:
        test = (pl.col(one.above) > one.low) & (pl.col(one.below) <= one.high)
        weight = 1.0
        if one.middle is not None:
            test &= (pl.col("a") <= 50) if one.middle == "low" else (pl.col("a") > 50)
            weight = 1.0 if one.middle == "low" else 0.9
        left = pl.when(test).then(1.0 - abs(one.certainty * weight)).otherwise(1.0)
        key = one.level, one.certainty > 0
        products[key] = products[key] * left if key in products else left
    certainties = []
    for level in LEVELS:
        up, down = products.get((level, True), pl.lit(1.0)), products.get((level, False))
        remaining = up if down is None else up / down
        certainty = pl.when(remaining < 1.0).then(1.0 - remaining).otherwise(0.0)
        certainties.append(certainty.round(12).alias(level))
    held = frame.lazy().select(certainties)
    best = pl.max_horizontal(*LEVELS)
    chain: Any = pl.when(best <= 0.0).then(-1)
    for at, level in enumerate(LEVELS):
        chain = chain.when(pl.col(level) == best).then(at)
    return held.select(chain.alias("kind"), best.alias("certainty"), *LEVELS).collect()


def turns(sides: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """Return the median processor seconds of each side, run in turn after one uncounted turn."""
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(TURNS + 1):
        for name, run in sides.items():
            start = time.process_time()
            run()
            if turn:
                seconds[name].append(time.process_time() - start)
    return {name: statistics.median(found) for name, found in seconds.items()}


def line(title: str, count: int, found: dict[str, float]) -> None:
    """Print one line: nanoseconds a row for each side, and the ratio to it."""
    mine = found.pop("heuron")
    parts = [f"{title}, {count:>9,} rows: {mine / count * 1e9:6.1f} ns a row"]
    parts += [f"{name} {one / count * 1e9:.0f} ({mine / one:.2f})" for name, one in found.items()]
    print("; ".join(parts), flush=True)


def main(sizes: tuple[int, ...]) -> None:
    """Print one line a program and size."""
    import polars as pl

    chance = random.Random(0)
    text, rows = first_hit(chance)
    rules = speaking(chance)
    complete, partial = heuron.loads(text), heuron.loads(certain(rules))
    generator = np.random.default_rng(0)
    for count in sizes:
        columns = [generator.integers(0, 100, count) for _ in FIELDS]
        frame = dict(zip(FIELDS, columns, strict=True))
        table, connection = pl.DataFrame(frame), duckdb_of(frame)
        found = complete.infer_table(frame).columns["kind"]
        assert (found == by_numpy(rows, columns)).all()
        assert (found == by_polars(rows, table)).all()
        assert (found == by_duckdb(rows, connection)).all()
        sides: dict[str, Callable[[], Any]] = {
            "heuron": lambda frame=frame: complete.infer_table(frame),
            "polars": lambda table=table: by_polars(rows, table),
            "duckdb": lambda connection=connection: by_duckdb(rows, connection),
            "numpy.select": lambda columns=columns: by_numpy(rows, columns),
        }
        line("first hit", count, turns(sides))
        connection.close()
    for count in sizes:
        columns = [generator.integers(0, 100, count).astype(float) for _ in FIELDS]
        for column in columns:
            column[generator.random(count) < 0.1] = np.nan
        frame = dict(zip(FIELDS, columns, strict=True))
        table = pl.DataFrame(frame).fill_nan(None)
        answers = partial.infer_table(frame)
        assert answers.one_by_one == 0
        by_hand = certain_by_polars(rules, table)
        certainties = by_hand["certainty"].to_numpy()
        assert np.abs(certainties - answers.certainties).max() < 1e-11
        # Where two values are equally certain, polars was not told which rule comes first.
        reached = np.stack([by_hand[level].to_numpy() for level in LEVELS])
        clear = (reached >= certainties - 1e-11).sum(axis=0) == 1
        same = by_hand["kind"].to_numpy() == answers.columns["kind"]
        assert same[clear].all()
        assert clear.mean() > 0.5
        sides = {
            "heuron": lambda frame=frame: partial.infer_table(frame),
            "polars": lambda table=table: certain_by_polars(rules, table),
        }
        line("missing, chain, certainty", count, turns(sides))


if __name__ == "__main__":
    main(tuple(map(int, sys.argv[1:])) or SIZES)
