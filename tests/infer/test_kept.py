"""Indexes and tallies agree with a look at the table, whenever they begin to be kept."""

from hypothesis import given
from hypothesis import strategies as st

from heuron.infer.memory import Index
from heuron.infer.tallies import Tally
from heuron.values import UNKNOWN

values = st.one_of(st.sampled_from(["red", "blue"]), st.just(UNKNOWN))
doings = st.sampled_from(["add", "remove", "renew", "ask", "ask"])
scripts = st.lists(st.tuples(doings, values, values), max_size=60)


def played(script, kept):
    """Change a table and what is kept of it; yield the table and the key of each question."""
    table, listed = {}, []
    one = kept(table, listed.append)
    for event, (do, *fields) in enumerate(script, 1):
        row = (event, event, *fields)
        if do == "ask":
            yield table, one, tuple(fields)
        elif do == "add" or not table:
            table[event] = row
            for index in listed:
                index.add(row)
        else:
            number = min(table)
            old = table.pop(number)
            for index in listed:
                index.remove(old)
            if do == "renew":
                table[number] = (number, event, *fields)
                for index in listed:
                    index.add(table[number])


@given(scripts)
def test_a_tally_has_the_keys_of_the_rows(script):
    for table, tally, key in played(script, lambda table, keep: Tally(table, (2, 3), keep)):
        if UNKNOWN not in key:
            assert (key in tally) == any(row[2:] == key for row in table.values())
            assert not tally.is_kept or all(tally.counts.values())


@given(scripts)
def test_an_index_gives_the_rows_with_a_key_in_their_order(script):
    for table, index, key in played(script, lambda table, keep: Index(table, (2, 3), keep)):
        # An unknown is equal to nothing, though a tuple with it is equal to itself.
        rows = [row for row in table.values() if UNKNOWN not in key and row[2:] == key]

        assert list(index.ask(key, {}).values()) == rows


@given(scripts)
def test_who_asks_often_has_the_rows_that_stand_apart_with_the_first_look_up(script):
    for table, index, key in played(script, lambda table, keep: Index(table, (2, 3), keep)):
        index.ask_often()
        index.ask(key)

        assert list(index.vague.values()) == [row for row in table.values() if UNKNOWN in row]


def test_what_is_asked_often_is_kept_and_says_so():
    kept, told = [], []
    table = {1: (1, 1, "red")}
    index, tally = Index(table, (2,), kept.append), Tally(table, (2,), kept.append)
    for one in (index, tally):
        one.watchers += [lambda: told.append(True), lambda: told.append(False)]

    assert "red" in tally
    assert "blue" not in tally
    assert [index.ask("red") for _ in range(8)] == [table] * 8
    assert (kept, told) == ([], [])
    assert index.ask("red") == table
    assert (kept, told) == ([index], [True, False])
    assert "red" in tally
    assert "blue" not in tally
    assert (kept, told) == ([index, tally], [True, False] * 2)
    assert tally.counts == {"red": 1}
