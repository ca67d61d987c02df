"""Random blocks against a plain reading of what SEMANTICS says of routes, line by line."""

from __future__ import annotations

from functools import cache

from fakes import LOAN, FakeModel, FakeStore
from hypothesis import given, settings
from hypothesis import strategies as st

import heuron
from heuron.dispatch import Dispatcher

CONDITIONS = {
    "rules.certainty >= 0.9": lambda w: w["certainty"] >= 0.9,
    "rules.answered": lambda w: w["certainty"] > 0,
    "net.confidence >= 0.8": lambda w: w["confidence"] >= 0.8,
    "net.value == accept": lambda w: None if w["confidence"] == 0 else True,
    "Applicant(age < 18)": lambda w: None if w["age"] is None else w["age"] < 18,
    "Applicant(age >= 18)": lambda w: None if w["age"] is None else w["age"] >= 18,
}
"""A condition, and whether it holds (None: unknown) in a world of known answers."""

routes = st.lists(
    st.tuples(
        st.sampled_from(["rules", "model net", "refer", "agree net"]),
        st.lists(st.sampled_from(sorted(CONDITIONS)), max_size=3, unique=True),
    ),
    min_size=1,
    max_size=5,
)
worlds = st.fixed_dictionaries(
    {
        "income": st.sampled_from([1.0, 30_000.0, 60_000.0]),
        "age": st.sampled_from([None, 12, 30]),
        "confidence": st.sampled_from([0.0, 0.6, 0.95]),
    }
)


@cache
def knowledge(block: str) -> heuron.KnowledgeBase:
    return heuron.loads(f"{LOAN}\ndispatch:\n{block}", models=("net",))


def read(block: list[tuple[str, list[str]]], world: dict[str, object]) -> int | None:
    """Return the line that is taken.

    Every unknown condition here is unknown for lack of evidence: the age, or what the model
    needs.
    """
    for line, (backend, conditions) in enumerate(block, 1):
        held = [CONDITIONS[one](world) for one in conditions]
        if backend == "agree net":
            held.append(bool(world["certainty"] and world["confidence"]))
        if False not in held and (backend == "refer" or None not in held):
            return line
    return None


@settings(max_examples=150, deadline=None)
@given(routes, worlds)
def test_routes_are_read_as_written(
    block: list[tuple[str, list[str]]], world: dict[str, object]
) -> None:
    lines = [
        f"    {backend} {'when ' + ', '.join(conditions) if conditions else 'otherwise'}"
        if conditions or backend != "agree net"
        else f"    {backend}"
        for backend, conditions in block
    ]
    world["certainty"] = {1.0: 0.0, 30_000.0: 0.5, 60_000.0: 0.95}[float(str(world["income"]))]
    confidence = float(str(world["confidence"]))
    # A model that is sure of nothing does not answer: it needs what is never given.
    net = FakeModel(confidence=confidence, required=() if confidence else ("history",))
    evidence = {"income": world["income"]} | ({"age": world["age"]} if world["age"] else {})
    kb = knowledge("\n".join(lines) + "\n")
    answer = Dispatcher(kb, FakeStore(net=net)).ask(evidence)
    assert answer.route is not None
    assert answer.route.taken == read(block, world)
