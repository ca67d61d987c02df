"""Sessions opened, run and closed, ten thousand of them: what they cost, and that memory is flat.

    python -m benchmarks.sessions [--count N]

For each program: the processor time of a session (open it, assert its facts, run it, ask it), and
the memory of the process and the number of live objects after every tenth of the sessions. The
first tenth fills caches; from then on nothing may grow.
"""

from __future__ import annotations

import gc
import sys
from time import process_time

import heuron
from heuron.knowledge.base import KnowledgeBase

COUNTER = """
type Ticket(n: integer, state: open | done)
type Left(n: integer)
rule work:
    when t: Ticket(n: x, state == open), x > 0
    then modify t: state = done
rule left:
    when t: Ticket(n: x, state == open), x <= 0
    then assert Left(x)
"""


def family(kb: KnowledgeBase) -> None:
    """Derive, ask and explain."""
    session = kb.session()
    for number in range(10):
        session.assert_("Parent", parent=f"p{number}", child=f"p{number + 1}")
    session.run()
    assert "p0" in session.query("ancestors_of", who="p10")
    str(session.explain(session.facts("Ancestor")[0]))


def counter(kb: KnowledgeBase) -> None:
    """Take steps, heard by a listener that holds the session."""
    session = kb.session()
    session.listen(lambda event: session.knowledge)
    for number in range(10):
        session.assert_("Ticket", n=number, state="open")
    assert session.run().cycles == 10


def stopped(kb: KnowledgeBase) -> None:
    """End with an error."""
    session = kb.session(limits=heuron.Limits(firings=3))
    for number in range(10):
        session.assert_("Ticket", n=number, state="open")
    try:
        session.run()
    except heuron.LimitError:
        return
    raise AssertionError("the limit was not met")


def resident() -> float:
    """Return the memory of this process in megabytes."""
    with open("/proc/self/statm", encoding="ascii") as stream:
        return int(stream.read().split()[1]) * 4096 / 1e6


def measured(title: str, kb: KnowledgeBase, use: object, count: int) -> bool:
    """Print one row; return whether memory stayed flat."""
    assert callable(use)
    marks: list[tuple[float, int]] = []
    start = process_time()
    for number in range(count):
        use(kb)
        if (number + 1) % (count // 10) == 0:
            gc.collect()
            marks.append((resident(), len(gc.get_objects())))
    each = (process_time() - start) / count
    (first, objects), (last, after) = marks[0], marks[-1]
    flat = last - first < 2.0 and abs(after - objects) < 500
    print(
        f"{title:34} {count:>8,} {each * 1e6:>10.0f} {first:>10.1f} {last:>10.1f} "
        f"{after - objects:>+9,}  {'flat' if flat else 'GROWS'}",
        flush=True,
    )
    return flat and gc.isenabled()


def main(arguments: list[str]) -> int:
    """Print all rows; 1 when memory grows."""
    count = int(arguments[arguments.index("--count") + 1]) if "--count" in arguments else 10_000
    heads = ("sessions", "µs each", "MB at 10%", "MB at end")
    print(f"{'':34} {heads[0]:>8} {''.join(f'{one:>11}' for one in heads[1:])}  objects")
    steps = heuron.loads(COUNTER)
    good = [
        measured("derive, ask, explain", heuron.load("family"), family, count),
        measured("steps, with a listener", steps, counter, count),
        measured("stopped at a limit", steps, stopped, count),
    ]
    return int(not all(good))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
