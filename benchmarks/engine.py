"""The engine beside CLIPS: classic programs, three sizes each.

    python -m benchmarks.engine [NAME...] [--markdown]

Needs the extra `bench` (clipspy). Rules are loaded, facts are in a list; the time goes from the
first assert to quiescence. A ratio is Heuron's time by CLIPS's own, where CLIPS asserts its facts
itself in C; the column beside it has CLIPS with the facts asserted through its Python binding, as
Heuron's are. Heuron's collector policy is its own: off while a run lasts; what an
earlier run left is collected before the next one on both sides. A row whose firing
counts or final facts differ between the sides is void.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.programs.drawings import cubes
from benchmarks.sides import Given, on_clips, on_heuron

PROGRAMS = Path(__file__).parent / "programs"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the benchmark: a program in both languages, its facts, and the goal.

    CLIPS has one text for each order of conditions that is worth trying. `definitions` is the plan
    on which Heuron's definitions run: its own choice, or `agenda`.
    """

    title: str
    rules: str
    clips: tuple[str, ...]
    facts: list[Given]
    goal: float
    repeats: int = 5
    definitions: str = "fixpoint"


def text_of(name: str) -> str:
    """Return a program's text."""
    return (PROGRAMS / name).read_text(encoding="utf-8")


def manners(guests: int, goal: float, repeats: int) -> Row:
    """Seat guests; hobbies are drawn so that every guest can sit beside any of the other sex."""
    chance = random.Random(guests)
    facts: list[Given] = []
    for number in range(guests):
        sex = "m" if number % 2 else "f"
        # Two of three hobbies each: any two guests share at least one.
        for hobby in sorted(chance.sample((1, 2, 3), chance.choice((2, 3)))):
            facts.append(("Guest", (f"g{number}", sex, f"h{hobby}")))
    facts += [("LastSeat", (guests,)), ("Count", (1,)), ("Context", ("start",))]
    clips = text_of("manners.clp")
    for wide, narrow in (("last_seat", "lastseat"), ("yes)", "TRUE)"), ("no)", "FALSE)")):
        clips = clips.replace(wide, narrow)
    rules = text_of("manners.rules")
    return Row(f"Miss Manners, {guests} guests", rules, (clips,), facts, goal, repeats)


def waltz(regions: int, goal: float, repeats: int) -> Row:
    """Label the lines of a drawing of some cubes, each partly hidden by the one before it."""
    facts: list[Given] = [
        ("Line", (block, 1000 * a[0] + a[1], 1000 * b[0] + b[1])) for block, a, b in cubes(regions)
    ]
    facts.append(("Stage", ("reverse",)))
    title = f"Waltz, {regions} cubes"
    return Row(title, text_of("waltz.rules"), (text_of("waltz.clp"),), facts, goal, repeats)


REACH = "(deftemplate edge (slot a) (slot b)) (deftemplate reach (slot a) (slot b)) "
ONE = "(defrule one {} => (assert (reach (a ?x) (b ?y))))"
MORE = "(defrule more {} => (assert (reach (a ?x) (b ?z))))"
EDGE, NEXT, STEP = "(edge (a ?x) (b ?y))", "(edge (a ?y) (b ?z))", "(reach (a ?x) (b ?y))"


def reach(logical: bool) -> tuple[str, ...]:
    """Return the closure in CLIPS, in two orders; `logical` facts go with their reasons."""
    around = "(logical {})" if logical else "{}"
    return tuple(
        REACH + ONE.format(around.format(EDGE)) + MORE.format(around.format(order))
        for order in (f"{STEP} {NEXT}", f"{NEXT} {STEP}")
    )


def closure(title: str, edges: Iterable[tuple[int, int]], goal: float) -> list[Row]:
    """Find what can be reached: facts derived with their reasons, as CLIPS's `logical` ones are.

    A second row has CLIPS keep no reasons, which Heuron's derived facts always have.
    """
    facts: list[Given] = [("Edge", edge) for edge in edges]
    rules = text_of("closure.rules")
    kept = Row(f"closure, {title}", rules, reach(logical=True), facts, goal, 3)
    plain = Row(f"closure, {title}; CLIPS without reasons", rules, reach(False), facts, goal, 3)
    return [kept, plain]


def searched(title: str, edges: Iterable[tuple[int, int]], goal: float) -> Row:
    """Find what can be reached by the same definitions, made to run on the agenda plan."""
    facts: list[Given] = [("Edge", edge) for edge in edges]
    rules, clips = text_of("closure.rules"), reach(logical=True)
    return Row(f"closure on the agenda, {title}", rules, clips, facts, goal, 5, "agenda")


def stepped(title: str, edges: Iterable[tuple[int, int]], goal: float) -> Row:
    """Find what can be reached by rules that assert, one step at a time: the agenda plan."""
    facts: list[Given] = [("Edge", edge) for edge in edges]
    rules = text_of("closure.rules").replace("derive", "assert")
    return Row(f"closure by steps, {title}", rules, reach(logical=False), facts, goal, 3)


def chain(length: int) -> list[tuple[int, int]]:
    """Return a chain of edges."""
    return [(number, number + 1) for number in range(length)]


def graph(nodes: int, count: int) -> list[tuple[int, int]]:
    """Return so many different random edges."""
    chance = random.Random(nodes)
    found: dict[tuple[int, int], None] = {}
    while len(found) < count:
        found[(chance.randrange(nodes), chance.randrange(nodes))] = None
    return list(found)


JOIN = """
domain join
type Left(key: integer, value: integer)
type Right(key: integer, value: integer)
type Both(key: integer, left: integer, right: integer)
rule both:
    when:
        Left(key: k, value: v)
        Right(key == k, value: w)
    then derive Both(k, v, w)
"""
JOIN_CLIPS = """
(deftemplate left (slot key) (slot value))
(deftemplate right (slot key) (slot value))
(deftemplate both (slot key) (slot left) (slot right))
(defrule both (left (key ?k) (value ?v)) (right (key ?k) (value ?w))
  => (assert (both (key ?k) (left ?v) (right ?w))))
"""


def join(count: int) -> Row:
    """Join two types by a key that occurs once in each."""
    chance = random.Random(count)
    keys = list(range(count))
    facts: list[Given] = []
    for type_name in ("Left", "Right"):
        chance.shuffle(keys)
        facts += [(type_name, (key, chance.randrange(1000))) for key in keys]
    title = f"equality join, {count:,} with {count:,}"
    return Row(title, JOIN, (JOIN_CLIPS,), facts, 2.0, 3)


PAIRS = """
domain pairs
type Control(at: integer)
type Low(x: integer)
type High(y: integer)
type Found(at: integer, x: integer, y: integer)
rule found:
    when:
        Control(at: n)
        Low(x: a)
        High(y: b, y >= a)
    then assert Found(n, a, b)
rule tick:
    salience -1
    when c: Control(at < 200)
    then modify c: at = c.at + 1
"""
PAIRS_CLIPS = """
(deftemplate control (slot at))
(deftemplate low (slot x))
(deftemplate high (slot y))
(deftemplate found (slot at) (slot x) (slot y))
(defrule found {} => (assert (found (at ?n) (x ?a) (y ?b))))
(defrule tick (declare (salience -1)) ?c <- (control (at ?n&:(< ?n 200)))
  => (modify ?c (at (+ ?n 1))))
"""


def pairs(count: int) -> list[Row]:
    """Search for the one pair that fits, again after each of 200 changes of a third fact."""
    facts: list[Given] = [("Low", (count + place,)) for place in range(count)]
    facts += [("High", (place + 1,)) for place in range(count)]
    facts.append(("Control", (0,)))
    control, rest = "(control (at ?n))", "(low (x ?a)) (high (y ?b&:(>= ?b ?a)))"
    clips = tuple(PAIRS_CLIPS.format(order) for order in (f"{control} {rest}", f"{rest} {control}"))
    title = f"inequality join {count} x {count}, 200 changes"
    return [
        Row(title, PAIRS, clips, facts, 1.0, 3),
        Row(f"{title}; CLIPS in our order", PAIRS, clips[:1], facts, 1.0, 3),
    ]


ROWS: dict[str, Callable[[], list[Row]]] = {
    "manners": lambda: [manners(16, 0.8, 5), manners(64, 0.1, 3), manners(128, 0.04, 1)],
    "waltz": lambda: [waltz(12, 2.0, 3), waltz(25, 2.0, 3), waltz(50, 2.0, 3)],
    "closure": lambda: [
        *closure("chain of 300", chain(300), 0.8),
        *closure("chain of 500", chain(500), 0.8),
        *closure("300 nodes, 900 edges", graph(300, 900), 0.5),
    ],
    "join": lambda: [join(10_000), join(20_000), join(40_000)],
    "pairs": lambda: [*pairs(100), *pairs(200), *pairs(300)],
    "agenda": lambda: [
        searched("chain of 150", chain(150), 1.5),
        searched("chain of 300", chain(300), 1.5),
        searched("300 nodes, 900 edges", graph(300, 900), 1.5),
        stepped("chain of 150", chain(150), 1.5),
        stepped("chain of 300", chain(300), 1.5),
        stepped("300 nodes, 900 edges", graph(300, 900), 1.5),
    ],
}


def measured(row: Row, markdown: bool) -> bool:
    """Print one row; return whether both sides did the same."""
    ours = on_heuron(row.rules, row.facts, row.repeats, row.definitions)
    alone, bound = on_clips(row.clips, row.facts, row.repeats)
    ratio = ours.seconds / alone.seconds
    verdict = "meets its goal" if ratio <= row.goal else f"misses {row.goal}"
    same = ours.outcome == alone.outcome == bound.outcome
    if not same:
        verdict = f"VOID: {difference(ours.outcome, alone.outcome)}"
    cells = (
        row.title,
        f"{ours.outcome[0]:,}",
        f"{ours.seconds * 1e3:,.1f}",
        f"{alone.seconds * 1e3:,.1f}",
        f"{bound.seconds * 1e3:,.1f}",
        f"{ratio:.3f}",
        f"{verdict}{f' ({alone.note})' if alone.note else ''}",
    )
    if markdown:
        print(f"| {' | '.join(cells)} |", flush=True)
    else:
        title, fired, *times, told = cells
        print(f"{title:56} {fired:>9} {''.join(f'{one:>11}' for one in times)}  {told}", flush=True)
    return same


def difference(ours: tuple[int, object], other: tuple[int, object]) -> str:
    """Return in words how two outcomes differ."""
    if ours[0] != other[0]:
        return f"{ours[0]:,} firings here, {other[0]:,} in CLIPS"
    return "other final facts"


def main(arguments: list[str]) -> int:
    """Print all rows, or those of the named groups; 1 when one is void."""
    markdown = "--markdown" in arguments
    names = [one for one in arguments if not one.startswith("--")] or list(ROWS)
    heads = ("program", "firings", "Heuron ms", "CLIPS ms", "clipspy ms", "ratio", "goal")
    if markdown:
        print(f"| {' | '.join(heads)} |\n|---|---:|---:|---:|---:|---:|---|")
    else:
        print(f"{heads[0]:56} {heads[1]:>9} {''.join(f'{one:>11}' for one in heads[2:6])}")
    try:
        import clips  # noqa: F401
    except ImportError:
        print("CLIPS is not here: pip install 'heuron[bench]'")
        return 0
    good = [measured(row, markdown) for name in names for row in ROWS[name]()]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
