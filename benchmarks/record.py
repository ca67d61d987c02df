"""The record plan: microseconds for one answer, for 50 and for 1,000 rules.

Run with `python benchmarks/record.py`. Prints the median of several runs of each row; fired rules
and certainty are kept in every answer. The cyclic garbage collector is off while timing.
"""

from __future__ import annotations

import gc
import random
import sys
from collections.abc import Callable
from statistics import median
from time import perf_counter

from heuron.check import analyse
from heuron.infer.host import Host
from heuron.infer.load import Engine
from heuron.plan.lower import lower
from heuron.plan.record import plan_record

FIELDS = 10


def rules(count: int, width: float, seed: int = 0) -> str:
    """Return a knowledge base of `count` rules over ten numbers in 0..1000.

    Each rule tests two fields; `width` is about the share of rules that fire for a random record.
    """
    chance = random.Random(seed)
    lines = ["domain bench", "type Case:"]
    lines += [f"    f{place}: number in 0..1000" for place in range(FIELDS)]
    lines += ["    verdict: accept | refuse | refer", "goal Case.verdict"]
    side = width**0.5 * 1000
    for number in range(count):
        first, second = chance.sample(range(FIELDS), 2)
        low, high = chance.uniform(0, 1000 - side), chance.uniform(0, 1000 - side)
        verdict = chance.choice(("accept", "refuse", "refer"))
        certainty = round(chance.uniform(0.1, 0.6), 2) * chance.choice((1, 1, 1, -1))
        lines.append(f"rule r{number}:")
        lines.append(
            f"    when c: Case({low:.1f} <= f{first} < {low + side:.1f}, "
            f"{high:.1f} <= f{second} < {high + side:.1f})"
        )
        lines.append(f"    then conclude c.verdict = {verdict}, certainty {certainty}")
    return "\n".join(lines) + "\n"


def engine_of(text: str) -> tuple[Engine, float, float]:
    """Return an engine, the seconds for check and lowering, and those for plan and compiling."""
    start = perf_counter()
    base, diagnostics = analyse(text, "bench.rules")
    assert base is not None, diagnostics
    engine = Engine(lower(base), base.texts)
    checked = perf_counter()
    engine.record({}, Host())
    return engine, checked - start, perf_counter() - checked


def timed(action: Callable[[], object], repeats: int = 15, calls: int = 2_000) -> float:
    """Return the median microseconds of one call."""
    found = []
    for _ in range(repeats):
        start = perf_counter()
        for _ in range(calls):
            action()
        found.append((perf_counter() - start) / calls * 1e6)
    return median(found)


def row(title: str, engine: Engine, chance: random.Random) -> None:
    """Print a line: median over ten records, answers with and without what an answer needs."""
    host = Host()
    names = [f"f{place}" for place in range(FIELDS)]
    records = [{name: chance.uniform(0, 1000) for name in names} for _ in range(10)]
    record, function = engine.record, engine.record_function()
    fired = [len(record(one, host).fired) for one in records]
    plain = median(
        timed(lambda one=one: function(one.get, None, None, None, None)) for one in records
    )
    whole = median(timed(lambda one=one: record(one, host)) for one in records)
    print(
        f"{title:28} {min(fired):4} to {max(fired):3} fire   function {plain:7.2f} µs   "
        f"engine.record {whole:7.2f} µs"
    )


def main() -> None:
    """Print all rows."""
    gc.disable()
    chance = random.Random(1)
    print(f"Python {sys.version.split()[0]}; medians of 15 runs, ten random records each")
    for count, width in ((50, 0.04), (1_000, 0.005), (1_000, 0.14)):
        engine, check, compiling = engine_of(rules(count, width))
        row(f"{count:,} rules", engine, chance)
        lines = plan_record(engine.program).source.count("\n")
        start = perf_counter()
        code = engine.code()
        again = perf_counter()
        Engine.from_code(code).record({}, Host())
        print(
            f"    read, check, lower {check * 1e3:.0f} ms; "
            f"plan and compile {compiling * 1e3:.0f} ms "
            f"({lines:,} lines); code {len(code) / 1e3:.0f} kB in {(again - start) * 1e3:.0f} ms, "
            f"from code to answer {(perf_counter() - again) * 1e3:.1f} ms"
        )


if __name__ == "__main__":
    main()
