"""Random trials by the thousand: engine and oracle side by side, with counts.

    python benchmarks/differential.py 20000          against the brute-force oracle
    python benchmarks/differential.py 5000 --clips   against CLIPS (needs `heuron[bench]`)

Of three trials one is about a single record, so that the record path takes part, one mixes
everything, one is about steps alone: plain ones, such that join by order, and such that are refused
now and then take turns. In half of them definitions run on the agenda plan as well as
on their own. In half of them, too, the numbers from which on the engine goes another way are as
low as they go (`thresholds.py`). In every second one the whole agenda is compared before each
firing; in the others searches stay suspended while facts change, and what several steps do is done
again in one run, as hosts do it. A difference is made smaller by
leaving out parts as long as it stays, and printed; the exit code is then 1. A second number is the
seed to begin with, `--processes 1` leaves the other cores alone.

Against CLIPS every third trial has definitions under its steps; of the others a third has
conditions inside conditions, and another one joins by order. The strategies take turns; rules get
tests that always hold until CLIPS counts them for as specific as we do.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import fields, replace
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "engine")]

from effects import count  # noqa: E402
from heuron.check import analyse  # noqa: E402
from heuron.check.tree import Base  # noqa: E402
from heuron.plan.lower import lower  # noqa: E402
from playing import (  # noqa: E402
    Outcome,
    by_engine,
    by_oracle,
    by_record,
    in_brief,
    record_of,
)
from strategies import (  # noqa: E402
    Trial,
    make_fallible,
    make_ordered,
    make_steps,
    make_trial,
)
from thresholds import lowered  # noqa: E402

PROCESSES = 2
CHUNK = 50
MOST_TRIES = 2_000
"""Smaller trials to try before a difference is small enough."""

STRATEGIES = ("depth",) * 5 + ("breadth", "lex", "mea", "simplicity", "complexity", "random(7)")
"""`depth`, which alone is searched lazily, in nearly half of the trials of steps.

Their number has no factor with those by which other choices take turns: each meets each.
"""


def trial_of(seed: int) -> Trial:
    """Return the trial of a seed."""
    if seed % 3 == 2:
        return (make_steps, make_ordered, make_fallible)[seed // 3 % 3](seed)
    return make_trial(seed, plain=seed % 3 == 0)


def strategy_of(trial: Trial) -> str:
    """Return the strategy to run a trial with: mostly `depth`."""
    if trial.seed is None or trial.seed % 3 != 2:
        return "depth"
    return STRATEGIES[trial.seed // 9 % len(STRATEGIES)]


def differences(trial: Trial, counts: Counter[str]) -> list[str] | None:
    """Return what differs between oracle and engine; None for a trial that does not check."""
    base, _ = analyse(trial.text, "trial.rules")
    if base is None:
        return None
    peek = trial.seed is not None and trial.seed % 2 == 1
    strategy = strategy_of(trial)
    counts[f"strategy {strategy}"] += 1
    expected = by_oracle(base, trial, peek, strategy)
    count(base, expected, counts)
    low = trial.seed is not None and trial.seed // 2 % 2 == 1
    counts["with low thresholds"] += low
    with lowered() if low else nullcontext():
        return by_sides(base, trial, expected, peek, strategy, counts)


def by_sides(
    base: Base, trial: Trial, expected: Outcome, peek: bool, strategy: str, counts: Counter[str]
) -> list[str]:
    """Return how the engine, on all its plans that can run a trial, differs from the oracle."""
    try:
        found = compared(expected, by_engine(base, trial, peek, strategy))
        if trial.seed is not None and trial.seed // 4 % 2 and any(expected.definitions):
            counts["definitions on the agenda plan as well"] += 1
            again = by_engine(base, trial, peek, strategy, definitions="agenda")
            found += [f"definitions on the agenda: {one}" for one in compared(expected, again)]
        brief = None if peek else in_brief(expected)
        if brief is not None:
            counts["runs at once as well"] += 1
            again = by_engine(base, trial, False, strategy, at_once=True)
            found += [f"in one run: {one}" for one in compared(brief, again)]
        asserted = sum(one.do == "assert" for one in trial.script)
        if lower(base).single_record and asserted == len(expected.conclusions) == 1:
            counts["record path"] += 1
            record, wanted = by_record(base, trial), record_of(expected, base)
            found += [
                f"record {name}: oracle {wanted[name]}, engine {record[name]}"
                for name in wanted
                if wanted[name] != record[name]
            ]
    except Exception as problem:
        return [f"crash: {type(problem).__name__}: {problem}"]
    return found


def compared(expected: Outcome, actual: Outcome) -> list[str]:
    """Return the parts of two outcomes that differ, in words."""
    return [
        f"{one.name}:\n  oracle {getattr(expected, one.name)}\n  engine {getattr(actual, one.name)}"
        for one in fields(expected)
        if getattr(expected, one.name) != getattr(actual, one.name)
    ]


def smaller(trial: Trial) -> Iterator[Trial]:
    """Yield trials with parts left out, the largest parts first."""
    for name in ("script", "rules", "tables", "queries", "facts"):
        parts = getattr(trial, name)
        size = len(parts)
        while size:
            for start in range(0, len(parts), size):
                yield replace(trial, **{name: parts[:start] + parts[start + size :]})
            size //= 2
    for place, rule in enumerate(trial.rules):
        for name in ("conditions", "actions"):
            parts = getattr(rule, name)
            for at in range(len(parts) if name == "conditions" or len(parts) > 1 else 0):
                less = replace(rule, **{name: parts[:at] + parts[at + 1 :]})
                yield replace(trial, rules=(*trial.rules[:place], less, *trial.rules[place + 1 :]))
    for place, table in enumerate(trial.tables):
        for at in range(len(table.rows) if len(table.rows) > 1 else 0):
            less_rows = replace(table, rows=table.rows[:at] + table.rows[at + 1 :])
            yield replace(
                trial, tables=(*trial.tables[:place], less_rows, *trial.tables[place + 1 :])
            )


def minimised(trial: Trial, differs: Callable[[Trial], bool]) -> Trial:
    """Return the trial with everything left out that the difference does not need."""
    tries = 0
    found = True
    while found and tries < MOST_TRIES:
        found = False
        for one in smaller(trial):
            tries += 1
            if differs(one):
                trial, found = one, True
                break
    return trial


def run(seeds: range) -> tuple[Counter[str], list[int]]:
    """Return the counts of some trials, and the seeds of those that differ."""
    counts: Counter[str] = Counter()
    different = []
    for seed in seeds:
        found = differences(trial_of(seed), counts)
        counts["trials"] += 1
        counts["did not check"] += found is None
        if found:
            different.append(seed)
    return counts, different


def show(seed: int) -> None:
    """Print the smallest trial that still differs, and how."""

    def differs(trial: Trial) -> bool:
        return bool(differences(trial, Counter()))

    trial = minimised(trial_of(seed), differs)
    print(f"\n--- seed {seed}\n{trial.text}")
    for event in trial.script:
        print(f"{event.do} {event.label} {event.type} {dict(event.values)}")
    print("\n".join(differences(trial, Counter()) or ()))


def kind_of(seed: int) -> str:
    """Return what the steps of a trial against CLIPS are like (`clips_trials.MAKERS`)."""
    return ("plain", "deep", "ordered")[seed // 3 % 3]


def has_definitions(seed: int) -> bool:
    """Return whether a trial against CLIPS derives facts and concludes fields: every third one."""
    return seed % 3 == 2


def strategy_for_definitions(seed: int) -> str:
    """Return the strategy of such a trial."""
    import clips_definitions

    return clips_definitions.STRATEGIES[seed // 3 % len(clips_definitions.STRATEGIES)]


def run_clips(seeds: range) -> tuple[Counter[str], list[int]]:
    """Return how trials against CLIPS ended, and the seeds of those that differ."""
    import clips_definitions
    from clips_trials import CLIPS_STRATEGIES, compare

    counts: Counter[str] = Counter()
    different = []
    for seed in seeds:
        if has_definitions(seed):
            with lowered() if seed // 12 % 2 else nullcontext():
                sides = clips_definitions.compare(seed, strategy_for_definitions(seed))
            counts += Counter({f"with definitions: {name}": n for name, n in sides.counts.items()})
            counts["trials"] += 1
            counts["with definitions: trials"] += 1
            counts["with definitions: trials with steps fired"] += sides.counts["steps"] > 0
            if sides.counts["different"]:
                different.append(seed)
            continue
        strategy = CLIPS_STRATEGIES[seed // 9 % len(CLIPS_STRATEGIES)]
        with lowered() if seed // 2 % 2 else nullcontext():
            comparison = compare(seed, kind_of(seed), strategy)
        counts["trials"] += 1
        counts[f"strategy {strategy}"] += 1
        counts[f"steps, {kind_of(seed)}"] += 1
        counts["firings that agreed"] += comparison.firings
        counts["trials with firings"] += comparison.firings > 0
        counts["ties, in which CLIPS was made to take ours"] += comparison.ties
        counts[f"ended: {comparison.end}"] += 1
        if comparison.end == "different":
            different.append(seed)
    return counts, different


def show_clips(seed: int) -> None:
    """Print a trial in which CLIPS differs."""
    import clips_definitions
    from clips_trials import CLIPS_STRATEGIES, compare

    if has_definitions(seed):
        sides = clips_definitions.compare(seed, strategy_for_definitions(seed))
        print(f"\n--- seed {seed}\n{sides.trial.text}\n{sides.problem}")
        return
    comparison = compare(seed, kind_of(seed), CLIPS_STRATEGIES[seed // 9 % len(CLIPS_STRATEGIES)])
    print(f"\n--- seed {seed}\n{comparison.trial.text}")
    print(f"after {comparison.firings} firings\n  ours {comparison.ours}")
    print(f"  CLIPS {comparison.theirs}")


def main(arguments: list[str]) -> int:
    """Run so many trials, from the seed that may follow, and print the counts."""
    processes = PROCESSES
    if "--processes" in arguments:
        at = arguments.index("--processes")
        processes = int(arguments[at + 1])
        arguments = arguments[:at] + arguments[at + 2 :]
    numbers = [int(one) for one in arguments if one != "--clips"]
    work, shown = (run_clips, show_clips) if "--clips" in arguments else (run, show)
    number, first = [*numbers, *(1_000, 0)[len(numbers) :]][:2]
    started = time.perf_counter()
    chunks = [
        range(at, min(at + CHUNK, first + number)) for at in range(first, first + number, CHUNK)
    ]
    counts: Counter[str] = Counter()
    different: list[int] = []
    with ProcessPoolExecutor(processes) as pool:
        for done, (some, seeds) in enumerate(pool.map(work, chunks), 1):
            counts += some
            different += seeds
            if sys.stderr.isatty():
                print(f"\r{done * CHUNK:,} trials", end="", file=sys.stderr)
    for name, times in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
        print(f"{times:>9,}  {name}")
    print(f"{len(different):>9,}  differences, in {time.perf_counter() - started:,.0f} s")
    for seed in different[:10]:
        shown(seed)
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
