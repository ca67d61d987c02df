"""Rules over a whole table: 50 rules on a million rows, beside numpy and polars written by hand.

python -m benchmarks.columns [rows]
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import heuron

FIELDS = ("a", "b", "c", "d", "e")
LEVELS = ("v0", "v1", "v2", "v3")


def first_hit(chance: random.Random) -> tuple[str, list[tuple[int, int, int, int, str]]]:
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


def certain(chance: random.Random) -> str:
    """Return 50 rules with certainties, a chain over a middle field, and negative evidence."""
    text = "type R:\n" + "".join(f"    {name}: number, optional\n" for name in FIELDS)
    text += f"    middle: low | high\n    kind: {' | '.join(LEVELS)}\ngoal R.kind\n"
    text += "rule low:\n    when r: R(a <= 50)\n    then conclude r.middle = low\n"
    text += "rule high:\n    when r: R(a > 50)\n    then conclude r.middle = high, certainty 0.9\n"
    for number in range(48):
        one, other = chance.sample(FIELDS, 2)
        test = f"{one} > {chance.randint(0, 90)}, {other} <= {chance.randint(10, 100)}"
        if number % 3 == 0:
            test += f", middle == {chance.choice(['low', 'high'])}"
        certainty = chance.choice([0.9, 0.6, 0.3, -0.4])
        text += f"rule r{number}:\n    when r: R({test})\n"
        text += f"    then conclude r.kind = {chance.choice(LEVELS)}, certainty {certainty}\n"
    return text


def timed(run: Callable[[], Any], times: int = 5) -> float:
    """Return the median seconds of some runs, after one that is not counted."""
    run()
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def by_numpy(rows: list[tuple[int, int, int, int, str]], columns: list[Any]) -> Any:
    conditions = [(columns[i] > low) & (columns[j] <= high) for i, low, j, high, _ in rows]
    return np.select(conditions, [LEVELS.index(one[4]) for one in rows], -1)


def by_polars(rows: list[tuple[int, int, int, int, str]], frame: Any) -> Any:
    import polars as pl

    chain: Any = pl
    for i, low, j, high, level in rows:
        test = (pl.col(FIELDS[i]) > low) & (pl.col(FIELDS[j]) <= high)
        chain = chain.when(test).then(LEVELS.index(level))
    return frame.select(chain.otherwise(-1).alias("kind"))["kind"].to_numpy()


def main(size: int) -> None:
    """Print one line a case: microseconds a row, and the ratio to each peer."""
    chance = random.Random(0)
    text, rows = first_hit(chance)
    knowledge = heuron.loads(text)
    generator = np.random.default_rng(0)
    for count in (size // 4, size // 2, size):
        columns = [generator.integers(0, 100, count) for _ in FIELDS]
        frame = dict(zip(FIELDS, columns, strict=True))
        answers = knowledge.infer_table(frame)
        assert (answers.columns["kind"] == by_numpy(rows, columns)).all()
        mine = timed(lambda frame=frame: knowledge.infer_table(frame))
        peer = timed(lambda columns=columns: by_numpy(rows, columns))
        line = f"first hit, {count:,} rows: {mine / count * 1e6:.3f} µs a row"
        line += f"; numpy.select {peer / count * 1e6:.3f} ({mine / peer:.2f})"
        try:
            import polars as pl
        except ImportError:
            line += "; polars is not installed"
        else:
            table = pl.DataFrame(frame)
            assert (answers.columns["kind"] == by_polars(rows, table)).all()
            peer = timed(lambda table=table: by_polars(rows, table))
            line += f"; polars {peer / count * 1e6:.3f} ({mine / peer:.2f})"
        print(line, flush=True)
    knowledge = heuron.loads(certain(chance))
    for count in (size // 4, size // 2, size):
        columns = [generator.integers(0, 100, count).astype(float) for _ in FIELDS]
        for column in columns:
            column[generator.random(count) < 0.1] = np.nan
        frame = dict(zip(FIELDS, columns, strict=True))
        answers = knowledge.infer_table(frame)
        mine = timed(lambda frame=frame: knowledge.infer_table(frame), 3)
        line = f"missing, chains, certainty, {count:,} rows: {mine / count * 1e6:.3f} µs a row"
        print(f"{line}; {answers.one_by_one:,} rows one by one", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
