"""From a dictionary to an answer: microseconds for one question to the rules.

    python -m benchmarks.ask

`value` reads the value and the certainty; `all` reads everything, as `--json` does. The work
from evidence to answer is checking ten fields, the rules' function, and the answer itself. The
cyclic garbage collector is off while timing.
"""

from __future__ import annotations

import gc
import os
import random
import sys
import tempfile
from collections.abc import Callable
from statistics import median
from time import perf_counter

from benchmarks.record import FIELDS, rules, timed

import heuron
from heuron.knowledge.base import KnowledgeBase


def row(title: str, kb: KnowledgeBase, evidence: list[dict[str, object]]) -> None:
    """Print a line: medians over some records."""

    def each(action: Callable[[dict[str, object]], object]) -> float:
        return median(timed(lambda one=one: action(one), repeats=7) for one in evidence)

    def value(one: dict[str, object]) -> object:
        answer = kb.ask(one)
        return answer.value, answer.certainty

    print(
        f"{title:28} value {each(value):7.2f} µs   with rules "
        f"{each(lambda one: kb.ask(one).rules):7.2f} µs   all "
        f"{each(lambda one: kb.ask(one).to_dict()):7.2f} µs"
    )


def loading(count: int) -> None:
    """Print how long a file takes from its text and from the cache."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "big.rules")
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(rules(count, 0.005))
        cache = os.path.join(folder, "cache")
        times = []
        for _ in range(4):
            start = perf_counter()
            heuron.load(path, cache=cache).ask({})
            times.append(perf_counter() - start)
        size = sum(
            os.path.getsize(os.path.join(cache, "programs", name))
            for name in os.listdir(os.path.join(cache, "programs"))
        )
    print(
        f"{count:,} rules: from text {times[0] * 1e3:,.0f} ms, "
        f"from the cache {median(times[1:]) * 1e3:,.1f} ms ({size / 1e6:.1f} MB)"
    )


def main() -> None:
    """Print all rows."""
    chance = random.Random(1)
    print(f"Python {sys.version.split()[0]}; medians of 7 runs, ten random records each")
    gc.disable()
    for count, width in ((50, 0.04), (1_000, 0.005)):
        evidence: list[dict[str, object]] = [
            {f"f{place}": chance.uniform(0, 1000) for place in range(FIELDS)} for _ in range(10)
        ]
        row(f"{count:,} rules, 10 numbers", heuron.loads(rules(count, width)), evidence)
    cancer: list[dict[str, object]] = [{"worst_radius": 20.1, "worst_concave_points": 0.19}]
    row("cancer, 2 numbers", heuron.load("cancer"), cancer)
    loan: list[dict[str, object]] = [{"age": 40, "income": 20_000, "Loan": [{"amount": 15_000}]}]
    row("loan, 2 numbers, 1 loan", heuron.load("loan"), loan)
    gc.enable()
    loading(1_000)


if __name__ == "__main__":
    main()
