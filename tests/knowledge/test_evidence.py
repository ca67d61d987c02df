"""Evidence: three ways to write it, every mistake named at once."""

from __future__ import annotations

import pytest

from heuron.diagnostics import RuleError
from heuron.knowledge.evidence import Evidence, from_words, read_evidence
from heuron.values import UNKNOWN, Field, FieldType, Template

NUMBER = FieldType("number")
APPLICANT = Template(
    "Applicant",
    (
        Field("age", FieldType("integer"), low=0, high=120),
        Field("income", NUMBER, low=0.0, unit="EUR/year"),
        Field("history", FieldType("enumeration", ("good", "poor", "none")), default="none"),
        Field("employed", FieldType("boolean"), optional=True),
        Field("note", FieldType("text"), optional=True),
    ),
)
LOAN = Template(
    "Loan",
    (
        Field("applicant", FieldType("reference", target="Applicant")),
        Field("amount", NUMBER, low=0.0, low_open=True),
        Field("bank", FieldType("reference", target="Bank"), optional=True),
    ),
)
BANK = Template("Bank", (Field("name", FieldType("text")),))
TEMPLATES = {one.name: one for one in (APPLICANT, LOAN, BANK)}


def read(raw: dict[str, object]) -> Evidence:
    return read_evidence(raw, TEMPLATES, "Applicant")


def mistakes(raw: dict[str, object]) -> list[tuple[str, str, str | None]]:
    with pytest.raises(RuleError) as caught:
        read(raw)
    return [(one.code, one.message, one.hint) for one in caught.value.diagnostics]


def test_words_become_typed_and_defaults_fill_what_is_missing() -> None:
    evidence = read(from_words(["age=40", "income=20_000"]))
    known = {"age": 40, "income": 20000.0, "history": "none"}
    assert evidence == Evidence(known, named=("age", "income"))
    assert type(evidence.record["income"]) is float


def test_an_explicit_unknown_stays_unknown() -> None:
    assert read(from_words(["history=unknown"])).record["history"] is UNKNOWN
    assert read({"history": None}).record["history"] is UNKNOWN


def test_a_missing_field_without_default_is_left_out() -> None:
    assert read({}).record == {"history": "none"}


def test_a_written_fact_refers_to_the_record_that_is_asked_about() -> None:
    evidence = read(from_words(["age=40"], ["Loan(amount=15_000)"]))
    assert evidence.facts == (("Loan", {"amount": 15000.0, "applicant": 0}),)


def test_written_facts_may_name_each_other() -> None:
    evidence = read(from_words([], ['b: Bank("First, \\"best\\"")', "Loan(amount=1, bank=b)"]))
    assert evidence.facts == (
        ("Bank", {"name": 'First, "best"'}),
        ("Loan", {"amount": 1.0, "bank": 1, "applicant": 0}),
    )


def test_json_holds_the_record_and_other_facts_by_type() -> None:
    typed = read({"Applicant": {"age": 40}, "Loan": [{"amount": 1}, {"amount": 2}]})
    mixed = read({"age": 40, "Loan": [{"amount": 1}, {"amount": 2}]})
    assert typed == mixed
    assert [values["amount"] for _, values in typed.facts] == [1.0, 2.0]


def test_json_may_nest_a_referenced_fact() -> None:
    evidence = read({"Loan": {"amount": 1, "bank": {"name": "First"}}})
    assert evidence.facts == (
        ("Bank", {"name": "First"}),
        ("Loan", {"amount": 1.0, "bank": 1, "applicant": 0}),
    )


def test_every_mistake_is_named_at_once() -> None:
    found = mistakes(from_words(["agee=40", "income=-1", "history=god", "employed=maybe"]))
    assert found == [
        ("unknown-field", "`Applicant` has no field `agee`.", "Did you mean `age`?"),
        ("wrong-value", "`income` accepts a number >= 0 (EUR/year), not -1.", None),
        (
            "unknown-level",
            '`history` accepts one of good, poor, none, not "god".',
            "Did you mean good?",
        ),
        ("wrong-value", '`employed` accepts true or false, not "maybe".', None),
    ]


@pytest.mark.parametrize(
    ("words", "facts", "message"),
    [
        (["age"], [], '"age" is no evidence.'),
        (["=3"], [], '"=3" is no evidence.'),
        (["age=1", "age=2"], [], "`age` is given twice."),
        ([], ["Loan"], '"Loan" cannot be read as a fact: there is no ( after Loan.'),
        ([], ["Loan(amount=1"], '"Loan(amount=1" cannot be read as a fact: there is no ) at its'),
        ([], ['Bank("x'], '"Bank("x" cannot be read as a fact: a text has no closing quote.'),
        ([], ["Loan() x"], '"Loan() x" cannot be read as a fact: x stands after its end.'),
        ([], ["Loan(amount=)"], '"Loan(amount=)" cannot be read as a fact: a value is missing.'),
    ],
)
def test_what_cannot_be_read_is_quoted(words: list[str], facts: list[str], message: str) -> None:
    with pytest.raises(RuleError) as caught:
        from_words(words, facts)
    assert caught.value.diagnostics[0].message.startswith(message)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ({"Applicant": [{"age": 1}, {"age": 2}]}, "bad-evidence"),
        ({"Applicant": {"age": 1}, "age": 2}, "bad-evidence"),
        ({"age": 2, "Applicant": {"age": 1}}, "bad-evidence"),
        ({"Loan": 3}, "bad-evidence"),
        ({"Lone": {"amount": 3}}, "unknown-field"),
        (from_words([], ["Lone(amount=3)"]), "unknown-type"),
        (from_words([], ["Bank(a, b)"]), "wrong-arguments"),
        (from_words([], ["Loan(amount=1, bank=b)"]), "wrong-value"),
        ({"Loan": {"amount": 0}}, "wrong-value"),
    ],
)
def test_a_mistake_has_its_code(raw: dict[str, object], code: str) -> None:
    assert [one[0] for one in mistakes(raw)] == [code]
