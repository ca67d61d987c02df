"""However a file is made, it gets an answer or a diagnostic, and soon."""

from __future__ import annotations

import pytest

from checking import codes, resolved, rule_text, said
from heuron.plan.lower import lower


def lets(count: int, value: str) -> str:
    return "let a0 = 1\n" + "".join(f"let a{n} = {value.format(n - 1)}\n" for n in range(1, count))


@pytest.mark.parametrize(
    "expression",
    [
        " + ".join(["1"] * 100_000),
        "income + " + " + ".join(["age"] * 20_000),
        " * ".join(["9007199254740991"] * 2_000),
        "(" * 90 + "age" + ")" * 90,
    ],
    ids=["sum", "fields", "product", "brackets"],
)
def test_long_and_deep_expressions_check_and_lower(expression):
    program = lower(resolved(rule_text(f"a: Applicant(age > {expression})")))
    assert program.order


@pytest.mark.parametrize(
    ("before", "name"),
    [
        ("let f(x) = x + x", "f(" * 80 + "1" + ")" * 80),
        (lets(40, "a{0} + a{0}"), "a39"),
        (lets(2_000, "a{0} + 1"), "a1999"),
        (lets(20, "(" * 60 + "a{0}" + " + 1)" * 60), "a19"),
    ],
    ids=["doubled", "doubled chain", "long chain", "deep"],
)
def test_lets_that_expand_to_too_much_are_reported(before, name):
    assert "too-deep" in codes(f"a: Applicant(age > {name})", before)


def test_lets_in_long_circles_are_reported_once():
    text = "".join(f"let a{n} = a{(n + 1) % 500} + 1\n" for n in range(500))

    assert [one.split(":")[0] for one in said(text)] == ["let-cycle"]


def test_long_chains_of_definitions_get_one_stratum_each():
    types = "".join(f"type D{n}(x: integer)\n" for n in range(300))
    rules = "".join(
        rule_text(f"D{n}(x: v)\nnot D{n + 1}(x > v)", f"derive D{n + 2}(v)", f"r{n}")
        for n in range(298)
    )
    program = lower(resolved(rules, types=types))

    assert len(program.strata) == 298


def test_a_long_circle_of_negations_is_found():
    types = "".join(f"type D{n}(x: integer)\n" for n in range(300))
    rules = "".join(
        rule_text(
            f"D{n}(x: v)\nnot D{(n + 7) % 300}(x > v)", f"derive D{(n + 1) % 300}(v)", f"r{n}"
        )
        for n in range(300)
    )

    assert [one.split(":")[0] for one in said(rules, types=types)] == ["negation-cycle"]


def test_a_thousand_mistakes_are_a_thousand_diagnostics():
    text = "".join(rule_text("a: Applicant(agee > 3)", 'log "x"', f"r{n}") for n in range(1_000))

    assert len(said(text)) == 1_000


def test_names_that_look_like_the_checker_s_own_do_no_harm():
    text = "type _1(_2: integer)\n" + rule_text("_1: _1(_2: _3)\n_1(_2: _3)\n_1(_2 > _3)")

    assert said(text) == []
