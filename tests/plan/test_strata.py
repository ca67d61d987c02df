"""Strata: what is settled before what, and which plan each definition gets."""

from __future__ import annotations

from checking import resolved, rule_text
from heuron.plan.lower import lower
from heuron.plan.normal import Stratum

FAMILY = """
type Parent(parent: text, child: text)
type Ancestor(older: text, younger: text)
type Root(name: text)
type Person(name: text, generation: integer, kind: root | other)
"""


def strata(*rules: str, types: str = FAMILY) -> tuple[Stratum, ...]:
    return lower(resolved("".join(rules), types=types)).strata


def names(stratum: Stratum) -> tuple[list[str], list[str], list[str]]:
    parts = (stratum.record, stratum.tables, stratum.fixpoint)
    return tuple([one.name for one in part] for part in parts)  # type: ignore[return-value]


BASE = rule_text("Parent(parent: x, child: y)", "derive Ancestor(x, y)", "base")
STEP = rule_text(
    "Parent(parent: x, child: y)\nAncestor(older: y, younger: z)", "derive Ancestor(x, z)", "step"
)
ROOT = rule_text("Parent(parent: x)\nnot Ancestor(younger: x)", "derive Root(x)", "root")


def test_recursion_is_one_stratum_and_negation_stands_above_it():
    first, second = strata(BASE, STEP, ROOT)

    assert names(first) == ([], [], ["base", "step"])
    assert (first.derives, first.recursive) == (("Ancestor",), True)
    assert names(second) == ([], [], ["root"])
    assert (second.derives, second.recursive) == (("Root",), False)


def test_positive_readers_may_share_a_stratum():
    kin = rule_text("exists Ancestor(older: x, younger: y)", 'log "x"', "kin")
    copies = rule_text("Ancestor(older: x)", "derive Root(x)", "copies")

    assert [names(one)[2] for one in strata(BASE, copies, kin)] == [["base", "copies", "kin"]]


def test_readers_of_concluded_fields_stand_above_them():
    rates = rule_text("p: Person(generation == 0)", "conclude p.kind = root", "rates")
    uses = rule_text("p: Person(kind == root, name: n)", "derive Root(n)", "uses")
    logs = rule_text("Person(kind == root)", 'log "a root"', "logs")
    first, second = strata(logs, uses, rates)

    assert (names(first), first.concludes) == ((["rates"], [], []), (("Person", "kind"),))
    assert (sorted(names(second)[2]), second.derives) == (["uses"], ("Root",))
    assert names(second)[0] == ["logs"]


def test_an_aggregate_stands_above_what_it_sums_up():
    counts = rule_text(
        "p: Person(name: n)\nc = count(Ancestor(younger == n))\nc == 0",
        "conclude p.kind = root",
        "counts",
    )
    first, second = strata(counts, BASE)

    assert (first.derives, second.concludes) == (("Ancestor",), (("Person", "kind"),))


def test_every_definition_has_its_reason():
    rates = rule_text("p: Person(generation == 0)", "conclude p.kind = root", "rates")
    reasons = dict(pair for one in strata(BASE, STEP, ROOT, rates) for pair in one.reasons)

    assert reasons == {
        "base": "it derives facts",
        "step": "it joins facts",
        "root": "it asks about other facts",
        "rates": "it is about one record",
    }


def test_record_rules_and_tables_share_a_stratum_with_their_fixpoint():
    rates = rule_text("p: Person(generation == 0)", "conclude p.kind = root", "rates")
    table = "table t(Person -> kind), first hit:\n    generation -> kind\n    > 3 -> other\n"
    joins = rule_text("p: Person(name: n)\nParent(child: n)", "conclude p.kind = other", "joins")
    (only,) = strata(rates, table, joins)

    assert names(only) == (["rates"], ["t"], ["joins"])


def test_steps_are_in_no_stratum():
    step = rule_text("p: Person(kind == root)", "modify p: generation = 0", "changes")
    rates = rule_text('p: Person(name == "adam")', "conclude p.kind = root", "rates")
    program = lower(resolved(rates + step, types=FAMILY))

    assert [names(one) for one in program.strata] == [(["rates"], [], [])]
    assert [one.name for one in program.steps] == ["changes"]
