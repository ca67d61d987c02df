"""What parts of the resolved tree read and bind, with the scopes of names."""

from __future__ import annotations

from heuron.check import tree
from heuron.check.reads import concluded_reads, fact_types, fields_read, free, walk_typed
from heuron.check.walk import children, walk
from heuron.lang.parser import parse
from resolving import resolved

TYPES = """
type Person(name: text, age: integer, risk: high | low, boss: Person optional)
type Loan(owner: Person, amount: number)
rule risk:
    when p: Person(age > 3)
    then conclude p.risk = high
"""


def conditions(*written: str) -> tuple[tree.Condition, ...]:
    """Return the resolved conditions of a rule."""
    lines = "".join(f"        {one}\n" for one in written)
    base = resolved(f'{TYPES}rule r:\n    when:\n{lines}    then log "x"\n')
    return base.rules[1].conditions


def test_a_walk_goes_down_in_written_order() -> None:
    pattern, test = conditions("p: Person(age > 3, name == p.name)", "p.age + 1 < 5 or p.age > 9")
    kinds = [type(one).__name__ for one in walk((pattern, test))]
    assert kinds == [
        *("Pattern", "Compare", "FieldOf", "Constant", "Compare", "FieldOf", "FieldOf"),
        *("Test", "Or", "Compare", "Arithmetic", "FieldOf", "Constant", "Constant"),
        *("Compare", "FieldOf", "Constant"),
    ]
    assert [type(one) for one in children(test)] == [tree.Or]


def test_the_parsed_tree_is_walked_as_well() -> None:
    file, _ = parse("type T(x: list of number default [1])\n", "t.rules")
    kinds = [type(one).__name__ for one in walk(file)]
    assert kinds == [
        "File", "TypeDeclaration", "FieldDeclaration", "ListType", "NamedType", "ListLiteral",
        "Literal",
    ]  # fmt: skip


def test_what_a_group_binds_is_not_free() -> None:
    _, negated, bind = conditions(
        "p: Person(age: a)",
        "not Loan(owner == p, amount: x, amount > a)",
        "s = sum(l.amount for l: Loan(owner == p))",
    )
    assert free(negated) == ("p", "a")
    assert free(bind) == ("p",)


def test_local_facts_of_one_name_have_types_of_their_own() -> None:
    both = conditions("exists x: Person(x.risk == high)", "not x: Loan(x.amount > 3)")
    assert fields_read(both, {}) == (("x", "Person", "risk"), ("x", "Loan", "amount"))
    whole = {
        known["x"]: whole for node, known, whole in walk_typed(both, {}) if "x" in known and node
    }
    assert whole == {"Person": False, "Loan": True}
    assert fact_types(both) == {}


def test_bindings_references_and_certainty_are_told_apart() -> None:
    all_of = conditions(
        "p: Person(name: n, boss: b, certainty(risk) > 0.5)", "n != b.name", "p.boss.age > 3"
    )
    types = fact_types(all_of)
    assert fields_read(all_of, types) == (
        ("p", "Person", "name"),
        ("p", "Person", "boss"),
        ("", "Person", "name"),
        ("", "Person", "age"),
    )


def test_concluded_fields_count_at_their_own_level() -> None:
    concluded = {("Person", "risk")}
    all_of = conditions(
        "p: Person(risk == high)",
        "q: Person(risk: r)",
        "exists Person(risk == r)",
        "certainty(p.risk) > 0.3",
        "p.risk == q.risk",
    )
    types = fact_types(all_of)
    found = [concluded_reads(one, types, concluded) for one in all_of]
    p, q = ("p", "Person", "risk"), ("q", "Person", "risk")
    assert found == [(p,), (q,), (), (), (p, q)]
