"""What a table of data becomes: typed rows, one split, warnings with numbers."""

from datetime import date
from pathlib import Path

import pytest

from heuron.diagnostics import RuleError
from heuron.learn.columns import type_columns
from heuron.learn.contract import Contract
from heuron.learn.copies import find_copies, is_id_like
from heuron.learn.data import load
from heuron.learn.settings import default_settings
from heuron.learn.source import Raw
from heuron.learn.split import by_hash, by_time, share_of, stratified
from heuron.values import UNKNOWN, Field, FieldType, Template

HEADER = "Age,income,COLOUR,member,since,note,good\n"
ROWS = "30,1000.5,red,yes,2024-02-29,x,1\n41,NA,Dark Blue,no,,NA,0\n52,,?,1,2020-01-01,,true\n"


def write(folder: Path, text: str, toml: str = "") -> Path:
    (folder / "cases.csv").write_bytes(text.encode())
    path = folder / "data.toml"
    path.write_text('source = "cases.csv"\n' + toml, encoding="utf-8")
    return path


def codes(error: pytest.ExceptionInfo[RuleError]) -> list[str]:
    return [one.code for one in error.value.diagnostics]


def test_a_code_may_say_that_a_cell_is_empty(people: Contract, tmp_path: Path) -> None:
    """99 years and the colour 9 are how some data say that nobody asked."""
    text = (HEADER + ROWS).replace("52,", "99,").replace("red", "9")
    path = write(tmp_path, text, "[levels.age]\nunknown = [99, -1]\n[levels.colour]\nunknown = 9\n")
    table = load(people, path)
    assert table.columns["age"] == [30, 41, UNKNOWN]
    assert table.columns["colour"] == [UNKNOWN, "dark blue", UNKNOWN]


def test_cells_become_typed_values(people: Contract, tmp_path: Path) -> None:
    table = load(people, write(tmp_path, HEADER + ROWS))
    assert table.columns == {
        "age": [30, 41, 52],
        "income": [1000.5, UNKNOWN, UNKNOWN],
        "colour": ["red", "dark blue", UNKNOWN],
        "member": [True, False, True],
        "since": [date(2024, 2, 29), UNKNOWN, date(2020, 1, 1)],
        "note": ["x", "NA", UNKNOWN],
        "good": [True, False, True],
    }
    assert table.rows([1]) == [{"age": 41, "colour": "dark blue", "member": False, "note": "NA"}]
    assert table.truths([0, 1]) == [True, False]


@pytest.mark.parametrize(
    "text",
    [
        "﻿" + HEADER + ROWS,
        (HEADER + ROWS).replace("\n", "\r\n"),
        (HEADER + ROWS).replace(",", ";"),
        (HEADER + ROWS).replace(",", "\t"),
    ],
    ids=["byte order mark", "Windows line ends", "semicolons", "tabs"],
)
def test_forms_of_csv(people: Contract, tmp_path: Path, text: str) -> None:
    table = load(people, write(tmp_path, text))
    assert table.columns["age"] == [30, 41, 52]
    assert table.goal == [True, False, True]


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("", "bad-data", "empty"),
        (HEADER, "bad-data", "no rows"),
        (HEADER + "1,2\n", "bad-data", "Line 2 has 2 cells, but the header has 7"),
        ("age,age\n1,2\n", "bad-data", 'Line 1 calls two columns "age"'),
        ("\n\nage,age\n1,2\n", "bad-data", 'Line 3 calls two columns "age"'),
        ("age,good\n1,1\n", "unknown-column", "member"),
        ((HEADER + ROWS).replace("30", "old"), "wrong-value", "cases.csv:2: `age` accepts"),
        ((HEADER + ROWS).replace("30", "130"), "wrong-value", "in 0..120"),
        ((HEADER + ROWS).replace("red", "purple"), "unmapped-level", "'purple'"),
        (HEADER + "30,1,red,yes,,x,\n", "too-few-rows", "known `good`"),
        ("caf\xe9", "not-text", "UTF-8"),
    ],
)
def test_bad_data(people: Contract, tmp_path: Path, text: str, code: str, words: str) -> None:
    path = write(tmp_path, text)
    if text == "caf\xe9":
        (tmp_path / "cases.csv").write_bytes(text.encode("latin-1"))
    with pytest.raises(RuleError) as caught:
        load(people, path)
    assert codes(caught) == [code]
    assert words in str(caught.value)


def test_the_hint_is_the_line_to_add(people: Contract, tmp_path: Path) -> None:
    path = write(tmp_path, (HEADER + ROWS).replace("red", "7"))
    with pytest.raises(RuleError, match=r"\[levels\.colour\]  LEVEL = 7"):
        load(people, path)
    path = write(tmp_path, (HEADER + ROWS).replace("red", "7"), "[levels.colour]\nred = 7\n")
    assert load(people, path).columns["colour"][0] == "red"


def test_refused_cells_may_be_left_out(people: Contract, tmp_path: Path) -> None:
    toml = '[allow]\nincomplete-rows = "typing errors"\n'
    table = load(people, write(tmp_path, (HEADER + ROWS).replace("30", "old"), toml))
    assert len(table) == 2
    assert table.facts.left_out == 1


@pytest.mark.parametrize(
    ("toml", "place", "words"),
    [
        ("[splitt]\nseed = 1\n", "data.toml:2:2", "Did you mean `split`?"),
        ("[split]\nheld_out = 2\n", "data.toml:3:12", "between 0 and 1"),
        ("split = { seed = -1 }\n", "data.toml:2:18", "`seed`"),
        ('rules_saw = "some"\n', "data.toml:2:13", "nothing, training, all, unknown"),
        ('as_of = "2026-01-01"\n', "data.toml:2:9", "without quotes"),
        ('[columns]\nagee = "Age"\n', "data.toml:3:1", "Did you mean `age`?"),
        ("[levels.colour]\nrad = 1\n", "data.toml:3:1", "Did you mean `red`?"),
        ("[levels.age]\nx = 1\n", "data.toml:3:1", "no level `x`"),
        ('[split]\ngroup = "a"\ntime = "b"\n', "data.toml:4:8", "not both"),
        ('[columns]\nage = "Years"\n', "data.toml:3:7", 'no column "Years"'),
        ("held_out = = 2\n", "data.toml:2:12", "no TOML"),
    ],
)
def test_mistakes_in_data_toml_have_places(
    people: Contract, tmp_path: Path, toml: str, place: str, words: str
) -> None:
    with pytest.raises(RuleError) as caught:
        load(people, write(tmp_path, HEADER + ROWS, toml))
    assert place in str(caught.value)
    assert words in str(caught.value)


def test_a_path_stays_in_the_project(people: Contract, tmp_path: Path) -> None:
    inner = tmp_path / "models"
    inner.mkdir()
    write(tmp_path, HEADER + ROWS)
    (inner / "data.toml").write_text('source = "../cases.csv"\n')
    with pytest.raises(RuleError) as caught:
        load(people, inner / "data.toml")
    assert codes(caught) == ["outside-project"]
    assert len(load(people, inner / "data.toml", root=tmp_path)) == 3
    assert len(load(people, tmp_path / "cases.csv", folder=inner)) == 3


def test_parquet(people: Contract, tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    import pyarrow.parquet as parquet

    columns = {
        "age": [30, 41],
        "income": [1.5, None],
        "colour": ["green", None],
        "member": [True, False],
        "since": [date(2020, 1, 1), None],
        "note": ["a", "b"],
        "good": [0, 1],
    }
    parquet.write_table(pyarrow.table(columns), tmp_path / "cases.parquet")
    table = load(people, tmp_path / "cases.parquet")
    assert table.columns["since"][0] == date(2020, 1, 1)
    assert table.columns["income"][1] is UNKNOWN
    assert table.goal == [False, True]


def test_adding_and_reordering_rows_moves_no_row(people: Contract, tmp_path: Path) -> None:
    lines = [f"{20 + at % 90},{at},red,yes,,n{at % 7},{at % 2}\n" for at in range(300)]
    first = load(people, write(tmp_path, HEADER + "".join(lines)))
    more = [f"99,{at},green,no,,,1\n" for at in range(50)]
    second = load(people, write(tmp_path, HEADER + "".join(more + lines[::-1])))
    sides = dict(zip(second.keys, second.held_out, strict=True))
    assert [sides[key] for key in first.keys] == list(first.held_out)
    assert 0.15 < sum(first.held_out) / 300 < 0.35


def test_scikit_learn_tables_are_stratified(iris: Contract, cancer: Contract) -> None:
    table = load(iris, "sklearn:iris")
    held = table.truths(table.places("held_out"))
    assert table.facts.to_dict() == {
        "rows": 38,
        "of": 150,
        "split": "stratified",
        "seed": 0,
        "copies_left_out": 0,
        "contradictions": 0,
        "left_out": 0,
    }
    assert sorted(held.count(level) for level in iris.classes) == [12, 13, 13]
    assert len(load(cancer, "sklearn:breast_cancer").places("held_out")) == 143


def test_copies_stay_on_one_side_and_are_scored_once(people: Contract, tmp_path: Path) -> None:
    lines = [f"{20 + at % 90},{at * 7},red,yes,,,{at % 2}\n" for at in range(60)]
    table = load(people, write(tmp_path, HEADER + "".join(lines * 3)))
    sides: dict[object, set[bool]] = {}
    for income, held in zip(table.columns["income"], table.held_out, strict=True):
        sides.setdefault(income, set()).add(held)
    assert all(len(side) == 1 for side in sides.values())
    assert table.facts.rows == sum(held == {True} for held in sides.values())
    assert table.facts.copies_left_out == 2 * table.facts.rows
    assert "copied-rows" in [one.code for one in table.warnings]
    ignored = load(
        people, write(tmp_path, HEADER + "".join(lines * 3), '[split]\ncopies = "ignore"\n')
    )
    assert ignored.facts.copies_left_out == 0


def test_a_few_equal_rows_are_reported_and_stay_where_they_are(
    people: Contract, tmp_path: Path
) -> None:
    lines = [f"{20 + at % 90},{at * 7},red,yes,,,{at % 2}\n" for at in range(60)]
    table = load(people, write(tmp_path, HEADER + "".join([*lines, *lines[:3]])))
    (found,) = [one for one in table.warnings if one.code == "equal-rows"]
    assert found.message.startswith("3 of 63 rows are equal to an earlier row (3 pairs")
    assert table.facts.copies_left_out == 0
    toml = '[allow]\nequal-rows = "twins"\n'
    silenced = load(people, write(tmp_path, HEADER + "".join([*lines, *lines[:3]]), toml))
    assert "equal-rows" not in [one.code for one in silenced.warnings]


def test_equal_rows_that_chance_brings_are_not_spoken_of(people: Contract, tmp_path: Path) -> None:
    lines = [f"{20 + at % 7},{at % 4},red,yes,,,{at % 2}\n" for at in range(200)]
    codes = [one.code for one in load(people, write(tmp_path, HEADER + "".join(lines))).warnings]
    assert "equal-rows" not in codes
    assert "copied-rows" not in codes


def test_a_constant_field_is_named(people: Contract, tmp_path: Path) -> None:
    lines = [f"{20 + at % 90},{at * 7 % 31},red,yes,,,{at % 2}\n" for at in range(60)]
    table = load(people, write(tmp_path, HEADER + "".join(lines)))
    found = [one.message.rstrip(".") for one in table.warnings if one.code == "constant"]
    rows = len(table.places("training"))
    assert found == [
        f"`{name}` is {what} in all {rows} training rows: it tells nothing"
        for name, what in (("colour", "red"), ("member", "true"), ("since", "unknown"))
    ]


def test_chance_brings_equal_rows_that_are_no_copies() -> None:
    columns = {"a": [at % 2 for at in range(80)], "y": [at % 4 // 2 for at in range(80)]}
    found = find_copies(columns, "y")
    assert found.pairs > 5
    assert not found.counted


def test_an_empty_cell_matches_anything() -> None:
    rows = [(at, at * 3, at % 5, "y") for at in range(30)]
    gaps = [(at, None, at % 5, "y") for at in range(6)]
    columns = {
        name: [row[place] for row in [*gaps, *rows]]
        for place, name in enumerate(["a", "b", "c", "y"])
    }
    found = find_copies({name: [float(c) if c != "y" and c is not None else c for c in cells]
                         for name, cells in columns.items()}, "y")  # fmt: skip
    assert found.counted
    assert found.group[6:12] == [0, 1, 2, 3, 4, 5]


def test_contradictions_are_counted() -> None:
    columns = {"a": [1.0, 1.0, 2.0], "b": ["x", "x", "y"], "y": [True, False, True]}
    assert find_copies(columns, "y").contradictions == 2


def test_ids() -> None:
    assert is_id_like([f"P{at}" for at in range(30)])
    assert is_id_like(list(range(30)))
    assert not is_id_like([at / 7 for at in range(30)])
    assert not is_id_like([str(at / 7) for at in range(30)])
    assert not is_id_like([at % 10 for at in range(30)])


def numbers_and_goal() -> Contract:
    fields = (
        Field("row", FieldType("integer")),
        Field("leak", FieldType("number")),
        Field("code", FieldType("integer")),
        Field("weak", FieldType("number")),
        Field("y", FieldType("enumeration", ("a", "b", "c"))),
    )
    return Contract("doubtful", Template("Row", fields), "y")


def test_doubts_have_numbers(tmp_path: Path) -> None:
    lines = ["row,leak,code,weak,y\n"]
    for at in range(120):
        level = "abb"[at % 3] if at > 2 else "c"
        code = {"a": 1, "b": 0 if at % 2 else 2, "c": 3}[level]
        lines.append(f"{at},{'abc'.index(level) + at / 1e4},{code},{at * 37 % 11 / 10},{level}\n")
    (tmp_path / "cases.csv").write_text("".join(lines))
    found = {
        one.code: one.message for one in load(numbers_and_goal(), tmp_path / "cases.csv").warnings
    }
    assert "`row`" in found["id-like"]
    assert "`code` takes only the values" in found["codes-as-numbers"]
    assert "training rows" in found["few-rows"]


def test_a_feature_that_gives_the_target_away(tmp_path: Path) -> None:
    lines = ["row,leak,code,weak,y\n"]
    for at in range(150):
        lines.append(f"{at % 9},{at % 2 + at / 1e4},{at % 5},{at * 37 % 11 / 10},{'ab'[at % 2]}\n")
    (tmp_path / "cases.csv").write_text("".join(lines))
    found = {one.code: one for one in load(numbers_and_goal(), tmp_path / "cases.csv").warnings}
    assert "`leak` alone is right on 100.0%" in found["gives-away"].message


def test_groups_and_time(people: Contract, tmp_path: Path) -> None:
    lines = [f"{20 + at % 90},{at},red,yes,20{at % 20 + 10}-01-01,g{at % 12},{at % 2}\n"
             for at in range(120)]  # fmt: skip
    grouped = load(people, write(tmp_path, HEADER + "".join(lines), '[split]\ngroup = "note"\n'))
    notes = grouped.columns["note"]
    sides = {(note, held) for note, held in zip(notes, grouped.held_out, strict=True)}
    assert grouped.facts.split == "group"
    assert len(sides) == len(set(notes))
    later = load(people, write(tmp_path, HEADER + "".join(lines), '[split]\ntime = "since"\n'))
    held = [day for day, one in zip(later.columns["since"], later.held_out, strict=True) if one]
    kept = [day for day, one in zip(later.columns["since"], later.held_out, strict=True) if not one]
    assert min(held) > max(kept)


def test_shares_of_keys() -> None:
    keys = [f"{at:016x}" for at in range(4000)]
    assert 0.23 < sum(by_hash(keys, 0.25, 0)) / 4000 < 0.27
    assert share_of(keys[0], 0) != share_of(keys[0], 1)
    assert by_time([1, None, 3, 2], 0.25) == [False, False, True, False]
    held = stratified(keys[:10], ["a"] * 6 + ["b"] * 4, 0.5, 0)
    assert (sum(held[:6]), sum(held[6:])) == (3, 2)


def test_codes_that_are_no_levels_are_to_be_said_by_a_person(tmp_path: Path) -> None:
    """Which code is which level cannot be guessed: a wrong guess turns every answer round."""
    contract = Contract(
        "fruit",
        Template("Fruit", (Field("kind", FieldType("enumeration", levels=("small", "3+"))),)),
        "kind",
    )
    raw = Raw("a.csv", {"kind": ["1", "0", "1"]}, "")
    found = type_columns(contract, default_settings("a.csv", tmp_path), raw, {"kind": "kind"}).found
    assert [one.code for one in found] == ["unmapped-level"]
    assert found[0].hint == (
        "say in data.toml what they mean:  "
        '[levels.kind]  small = …  "3+" = …  (write 0 or 1 for each …)'
    )
