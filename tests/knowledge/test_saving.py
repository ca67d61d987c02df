"""Sessions that are saved and taken up again, run in threads, and run under asyncio."""

from __future__ import annotations

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import heuron
from heuron.diagnostics import RuleError

COUNTER = """
type Ticket(n: integer, note: text, optional: text)
type Done(n: integer)
type Late(n: integer)
rule work:
    when t: Ticket(n: x)
    then assert Done(x)
rule late:
    when:
        Done(n: x, n > 2)
    then derive Late(x)
rule note:
    salience 1
    when Late(n: x)
    then:
        assert Ticket(x - 10, "late", "")
"""

KINDS = """
type Thing:
    text: text, optional
    count: integer, optional
    size: number, optional
    on: boolean, optional
    hue: red | green, optional
    day: date, optional
    at: datetime, optional
    span: duration, optional
    names: list of text, optional
    other: Thing, optional
    grade: low | high, optional
goal Thing.grade
rule big:
    when t: Thing(size > 2)
    then conclude t.grade = high, certainty 0.8
"""


def test_a_file_that_cannot_be_written_is_named_itself(tmp_path):
    session = heuron.loads("type N(n: integer)\n").session()
    path = tmp_path / "nowhere" / "state.json"
    with pytest.raises(FileNotFoundError) as caught:
        session.save(path)

    assert caught.value.filename == str(path)


def test_a_session_goes_on_after_saving(tmp_path: Path) -> None:
    knowledge = heuron.loads(COUNTER)
    session = knowledge.session()
    for n in range(1, 5):
        session.assert_("Ticket", n, "new", "")
    session.run(3)
    session.save(tmp_path / "state.json")

    again = knowledge.session(state=tmp_path / "state.json")
    assert again.facts() == session.facts()
    assert again.agenda() == session.agenda()

    assert again.run().firings == session.run().firings
    assert again.facts() == session.facts()
    # What has fired does not fire again, and numbers go on.
    assert again.run().firings == []
    assert again.assert_("Done", 99).number == session.assert_("Done", 99).number
    assert [one.name for one in tmp_path.iterdir()] == ["state.json"]


def test_values_of_every_type_come_back() -> None:
    knowledge = heuron.loads(KINDS)
    session = knowledge.session()
    first = session.assert_("Thing", text="", size=2.5, names=["a", "unknown"], count=2**53)
    session.assert_(
        "Thing",
        text="unknown",
        on=False,
        hue="red",
        day=date(2024, 2, 29),
        at=datetime(2024, 2, 29, 12, 30, 1, 5),
        span=timedelta(days=-1, seconds=5, microseconds=7),
        other=first,
        size=-0.0,
        grade="low",
    )
    saved = json.loads(json.dumps(session.saved()))
    again = knowledge.session(state=saved)

    assert repr(again.facts()) == repr(session.facts())
    assert again.saved() == saved
    assert again.value(first, "grade") == ("high", 0.8)


def damaged(change: Any) -> dict[str, Any]:
    session = heuron.loads(KINDS).session()
    session.assert_("Thing", text="a", size=1.0)
    saved: dict[str, Any] = json.loads(json.dumps(session.saved()))
    change(saved)
    return saved


@pytest.mark.parametrize(
    "change",
    [
        lambda saved: saved.clear(),
        lambda saved: saved.update(rules="0"),
        lambda saved: saved.update(format="heuron-session/9"),
        lambda saved: saved.update(facts=None),
        lambda saved: saved.update(event=-1),
        lambda saved: saved.update(next=1),
        lambda saved: saved["facts"].append(saved["facts"][0]),
        lambda saved: saved["facts"][0].update(type="Nothing"),
        lambda saved: saved["facts"][0].update(number=True),
        lambda saved: saved["facts"][0]["values"].update(size="big"),
        lambda saved: saved["facts"][0]["values"].update(size=float("nan")),
        lambda saved: saved["facts"][0]["values"].update(hue="pink"),
        lambda saved: saved["facts"][0]["values"].update(span={"weeks": 1e9}),
        lambda saved: saved["facts"][0]["values"].update(other=7),
        lambda saved: saved["facts"][0]["values"].pop("text"),
        lambda saved: saved.update(waiting=[{"rule": "big", "event": 1, "matched": []}]),
    ],
)
def test_what_is_damaged_is_refused(change: Any) -> None:
    with pytest.raises(RuleError) as caught:
        heuron.loads(KINDS).session(state=damaged(change))

    assert caught.value.diagnostics[0].code == "state-refused"


def test_what_is_no_json_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    for text in ("", "[]", "{", "[" * 100_000, '{"facts": 1}'):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(RuleError) as caught:
            heuron.loads(KINDS).session(state=path)
        assert caught.value.diagnostics[0].code == "state-refused"


def count_to(knowledge: heuron.KnowledgeBase, most: int) -> list[object]:
    session = knowledge.session()
    for n in range(most):
        session.assert_("Ticket", n, "new", "")
    fired = [one.rule for one in session.run().firings]
    return [fired, session.facts("Done"), session.facts("Late")]


def test_sessions_of_one_knowledge_base_run_in_threads() -> None:
    """Each in its own; all begin together, so that the first use is shared too."""
    knowledge = heuron.loads(COUNTER)
    gate = threading.Barrier(8)

    def work(most: int) -> list[object]:
        gate.wait()
        return count_to(knowledge, most)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(work, range(20, 28)))

    assert found == [count_to(heuron.loads(COUNTER), most) for most in range(20, 28)]


def test_sessions_run_beside_each_other_under_asyncio() -> None:
    knowledge = heuron.loads(COUNTER)

    async def stepwise(most: int) -> list[str]:
        session = knowledge.session()
        for n in range(most):
            session.assert_("Ticket", n, "new", "")
        fired = []
        while (firing := session.step()) is not None:
            fired.append(firing.rule)
            await asyncio.sleep(0)
        return fired

    async def main() -> list[Any]:
        in_thread = asyncio.to_thread(count_to, knowledge, 6)
        return await asyncio.gather(stepwise(4), stepwise(6), in_thread)

    first, second, third = asyncio.run(main())
    assert first == count_to(knowledge, 4)[0]
    assert second == third[0] == count_to(knowledge, 6)[0]


def test_a_listener_is_told_and_costs_nothing_before() -> None:
    session = heuron.loads(COUNTER).session()
    session.assert_("Ticket", 1, "new", "")
    told: list[tuple[str, str]] = []
    session.listen(
        lambda event: told.append(
            (event.kind, event.fact.type if event.fact else event.firing.rule)  # type: ignore[union-attr]
        )
    )
    session.assert_("Ticket", 3, "new", "")
    session.run()

    assert told == [
        ("asserted", "Ticket"),
        ("asserted", "Done"),
        ("derived", "Late"),
        ("fired", "work"),
        ("asserted", "Ticket"),
        ("fired", "note"),
        ("asserted", "Done"),
        ("fired", "work"),
        ("asserted", "Done"),
        ("fired", "work"),
    ]


REASONS = """
type T:
    n: integer
    at: date optional
    for: duration optional
    f: low | high
    g: yes | no
goal T.g
type Seen(n: integer, by: T)
rule high:
    when t: T(n > 3)
    then conclude t.f = high, certainty 0.7
rule higher:
    when t: T(n > 5)
    then:
        conclude t.f = high, certainty 0.5
        because "{t.n} is more than five"
rule low:
    when t: T(n < 9)
    then conclude t.f = low, certainty 0.2
rule yes:
    when t: T(f == high)
    then conclude t.g = yes
rule seen:
    when t: T(n: x)
    then derive Seen(x, t)
rule also_seen:
    when t: T(n: x), x > 0
    then derive Seen(x, t)
rule grow:
    when t: T(n: x, at == 2024-02-29), x < 6
    then modify t: n = x + 1
"""


def test_certainties_and_reasons_come_back(tmp_path: Path) -> None:
    """They are worked out anew from what was saved, and come out the same."""
    knowledge = heuron.loads(REASONS)
    session = knowledge.session()
    session.assert_("T", n=4, at="2024-02-29", **{"for": "3 days"})
    session.assert_("T", n=7, f="low")
    session.step()
    path = tmp_path / "state.json"
    session.save(path)
    again = knowledge.session(state=path)

    for _ in range(2):
        assert again.facts() == session.facts()
        for fact in session.facts():
            assert again.explain(fact, all=True) == session.explain(fact, all=True)
        for fact in session.facts("T"):
            for field in ("f", "g"):
                assert again.value(fact, field) == session.value(fact, field)
                assert again.explain(fact, field) == session.explain(fact, field)
        assert again.agenda() == session.agenda()
        assert again.saved() == session.saved()
        again.run()
        session.run()


def test_two_threads_in_one_session_are_told_so() -> None:
    started, go_on = threading.Event(), threading.Event()

    def slow(n: int) -> int:
        started.set()
        go_on.wait(10)
        return n

    text = "type T(n: integer)\nrule r:\n    when t: T(n: x), slow(x) > 0\n    then retract t\n"
    session = heuron.loads(text, functions={"slow": slow}).session()
    other = threading.Thread(target=lambda: (session.assert_("T", n=1), session.run()))
    other.start()
    started.wait(10)
    for use in (session.run, session.facts, lambda: session.assert_("T", n=2)):
        with pytest.raises(RuntimeError, match="another thread"):
            use()
    go_on.set()
    other.join()
    assert session.facts() == ()
    assert session.run().quiescent


@pytest.mark.parametrize("facts", [3, [3], [{"number": 1, "type": "N", "event": 1, "values": 3}]])
def test_what_has_another_form_is_refused_in_words(facts: Any) -> None:
    knowledge = heuron.loads("type N(n: integer)\n")
    saved = knowledge.session().saved() | {"facts": facts}
    with pytest.raises(RuleError, match="another form than"):
        knowledge.session(state=saved)
