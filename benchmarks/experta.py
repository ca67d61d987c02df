"""The same rules on Heuron's own engine and on experta, where experta can run them.

    python -m benchmarks.experta [--markdown]

Needs the extra `experta`. Rules are loaded, facts are in a list; the time goes from the first
assert to quiescence through the public session, of the processor, medians, both engines in turn.
Facts are held by Heuron's working memory on both sides; matching and the agenda are experta's own
in the second column. A row whose firings or final facts differ is void.
"""

from __future__ import annotations

import sys
from collections import Counter
from importlib.util import find_spec
from statistics import median
from time import process_time

from benchmarks.engine import Row, chain, join, manners, stepped

import heuron
from heuron.knowledge.base import KnowledgeBase

ROWS = (
    *(manners(guests, 0.0, 3) for guests in (4, 8, 16)),
    *(stepped(f"chain of {length}", chain(length), 0.0) for length in (10, 20, 40)),
    *(join(count) for count in (25, 50, 100)),
)
"""Programs of the benchmark beside CLIPS, as far as experta can express them, three small sizes."""


def timed(kb: KnowledgeBase, row: Row, engine: str) -> tuple[float, tuple[int, Counter[str]]]:
    """Return the seconds of one run, and how many steps fired and what is held in the end."""
    session = kb.session(engine=engine)
    start = process_time()
    for type_name, values in row.facts:
        session.assert_(type_name, *values)
    run = session.run()
    seconds = process_time() - start
    return seconds, (run.cycles, Counter(str(fact) for fact in session.facts()))


def main(arguments: list[str]) -> int:
    """Print all rows; 1 when one is void."""
    markdown, failed = "--markdown" in arguments, 0
    if find_spec("experta") is None:
        print('experta is not installed: pip install "heuron[experta]"')
        return 0
    heads = ("program", "steps", "facts", "Heuron ms", "experta ms", "experta by Heuron")
    print(
        f"| {' | '.join(heads)} |\n|---|---:|---:|---:|---:|---:|" if markdown else "  ".join(heads)
    )
    for row in ROWS:
        kb = heuron.loads(row.rules)
        runs = [[timed(kb, row, engine) for engine in ("heuron", "experta")] for _ in range(3)]
        ours, theirs = (median(pair[at][0] for pair in runs) for at in (0, 1))
        (cycles, held), other = runs[0][0][1], runs[0][1][1]
        void = other != (cycles, held)
        failed |= void
        told = "VOID" if void else f"{theirs / ours:,.0f}"
        cells = (
            row.title,
            f"{cycles:,}",
            f"{held.total():,}",
            f"{ours * 1e3:.2f}",
            f"{theirs * 1e3:,.0f}",
            told,
        )
        print(f"| {' | '.join(cells)} |" if markdown else "  ".join(cells), flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
