"""Files that use files, and tables in files."""

from __future__ import annotations

from heuron.check import Environment, analyse
from heuron.diagnostics import Diagnostic

FILES = {
    "base.rules": """
domain base
goal Person.kind
type Person(age: integer, kind: child | adult)
let majority = 18
rule grown:
    when p: Person(age >= majority)
    then conclude p.kind = adult
facts:
    Person(age = 40)
test "not brought":
    given p: Person(age = 20)
    expect p.kind == adult
""",
    "left.rules": 'use "base.rules"\nlet left = majority + 1\n',
    "right.rules": 'use "base.rules"\nlet right = majority - 1\n',
}


def read(path: str, using: str) -> tuple[str, str]:
    if path == "locked.rules":
        raise PermissionError(13, "Permission denied")
    if path not in FILES:
        raise FileNotFoundError(path)
    return path, FILES[path]


def check(text: str, **more: object) -> tuple[object, tuple[Diagnostic, ...]]:
    return analyse(text, "main.rules", Environment(read=read, **more))  # type: ignore[arg-type]


def test_a_used_file_brings_types_facts_lets_and_rules_alone():
    base, diagnostics = check(
        'use "base.rules"\nrule r:\n    when Person(age > majority)\n    then log "x"\n'
    )

    assert diagnostics == ()
    assert (base.domain, base.goal, base.tests) == (None, None, ())
    assert [one.name for one in base.rules] == ["grown", "r"]
    assert len(base.facts) == 1
    assert list(base.texts) == ["main.rules", "base.rules"]


def test_a_file_that_is_used_twice_is_brought_once():
    base, diagnostics = check(
        'use "left.rules"\nuse "right.rules"\ntype T(a: integer in right..left)\n'
    )

    assert diagnostics == ()
    assert [one.name for one in base.rules] == ["grown"]
    assert (base.templates["T"]["a"].low, base.templates["T"]["a"].high) == (17, 19)


def test_a_module_keeps_its_names_to_itself():
    text = """
use "base.rules" as b
type Person(name: text)
let majority = "x"
rule grown:
    when p: b.Person(age > b.majority, kind == adult), Person(name == majority)
    then log "{p.age}"
"""
    base, diagnostics = check(text)

    assert diagnostics == ()
    assert [one.name for one in base.rules] == ["b.grown", "grown"]
    assert sorted(base.templates) == ["Person", "b.Person"]
    assert base.concluded == {("b.Person", "kind"): ("b.grown",)}
    assert base.rules[0].conditions[0].tests[0].right.value == 18


def test_diagnostics_stand_in_the_file_that_has_the_mistake():
    FILES["wrong.rules"] = "\n\ntype T(a: integr)\n"
    _, diagnostics = check('use "wrong.rules"\n')

    assert [(one.span.file, one.line, one.column) for one in diagnostics] == [
        ("wrong.rules", 3, 11)
    ]


def test_why_a_file_cannot_be_read_is_said():
    _, diagnostics = check('use "locked.rules"\nuse "missing.rules"\n')

    assert [(one.code, one.message) for one in diagnostics] == [
        ("file", '"locked.rules" cannot be read: Permission denied.'),
        ("not-found", 'There is no file "missing.rules".'),
    ]


def test_without_a_reader_no_file_is_read():
    base, diagnostics = analyse(f'use "base.rules"\n{TABLE}', "main.rules")

    assert base is None
    assert [one.code for one in diagnostics] == ["not-found", "not-found"]


def test_a_long_chain_of_files_ends():
    def endless(path: str, using: str) -> tuple[str, str]:
        return path, f'use "{path}x"\n'

    base, diagnostics = analyse('use "a"\n', "main.rules", Environment(read=endless))

    assert base is None
    assert [one.code for one in diagnostics] == ["too-deep"]


TABLE = 'type T(a: integer, b: low | high)\ntable t(T -> b), first hit: from "t.csv"\n'


def test_a_table_in_a_file_is_a_table():
    rows = [["a", "b"], ["< 3", "low"], [], ["", "high"]]
    base, diagnostics = check(TABLE, read_table=lambda path, using: rows)
    (table,) = base.tables

    assert diagnostics == ()
    assert [(row.name, row.value.value) for row in table.rows] == [
        ("t[1]", "low"),
        ("t[2]", "high"),
    ]
    assert table.rows[1].tests == (None,)


def test_no_cell_of_a_table_gets_out_of_its_cell():
    for cell in (
        "low\nrule r:\n    when T(a > 3)\n    then halt",
        "low -> high",
        "a | b",
        "# x",
        "(",
    ):
        rows = [["a", "b"], ["< 3", cell]]
        base, diagnostics = check(TABLE, read_table=lambda path, using, rows=rows: rows)
        assert base is None
        assert {one.span.file for one in diagnostics} == {"t.csv"}
