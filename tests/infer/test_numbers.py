"""Edge cases of numbers, texts and dates: five ways of running them, one table of what they mean.

Each case is a field, what evidence gives for it, and a condition. It is run as a single record
(record plan), as a column of a table, as a definition over facts (fixpoint plan), as a step
(agenda plan), and by the brute-force oracle; all must say that the condition is true, false or
unknown, or that the value is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

import pytest

import heuron
from heuron.coercion import coerce
from heuron.diagnostics import RuleError
from heuron.knowledge.base import KnowledgeBase
from heuron.values import UNKNOWN
from naive import Oracle
from resolving import resolved
from sessions import TODAY

REFUSED = "refused"
HIGHEST = 2**53
NAN, INFINITY = float("nan"), float("inf")

CASES: list[tuple[str, object, str, object]] = [
    # number: a finite float
    ("number", 1e400, "c.x > 0", REFUSED),
    ("number", "1e400", "c.x > 0", REFUSED),
    ("number", 10**400, "c.x > 0", REFUSED),
    ("number", -INFINITY, "c.x < 0", REFUSED),
    ("number", "infinity", "c.x > 0", REFUSED),
    ("number", "nan", "c.x > 0", REFUSED),
    ("number", True, "c.x == 1", REFUSED),
    ("number", None, "c.x > 0", UNKNOWN),
    ("number", "", "c.x > 0", UNKNOWN),
    ("number", " 1_000 ", "c.x == 1000", True),
    ("number", "0x10", "c.x == 16", REFUSED),
    ("number", "\u0663", "c.x == 3", REFUSED),
    ("number", 1e308, "c.x * 10 is unknown", True),
    ("number", 1e308, "c.x * 10 > 0", UNKNOWN),
    ("number", 1e308, "c.x * 10 * 0 is unknown", True),
    ("number", -1e308, "c.x * 2 - c.x is unknown", True),
    ("number", 5e-324, "c.x / 2 == 0", True),
    ("number", 5e-324, "1 / c.x is unknown", True),
    ("number", 0.1, "c.x + 0.2 == 0.3", False),
    ("number", 0.1, "c.x * 3 > 0.3", True),
    # -0.0 is 0
    ("number", -0.0, "c.x == 0", True),
    ("number", -0.0, "c.x < 0", False),
    ("number", -0.0, "1 / c.x is unknown", True),
    ("number", 0.0, "-c.x == c.x", True),
    ("list of number", [-0.0], "0 in c.x", True),
    # Without a result
    ("number", 0.0, "c.x / c.x is unknown", True),
    ("number", 1.0, "c.x % 0 is unknown", True),
    ("number", -1.0, "sqrt(c.x) is unknown", True),
    ("number", 1e300, "floor(c.x) is unknown", True),
    ("number", 1e300, "round(c.x) is unknown", True),
    ("integer", 0, "1 // c.x is unknown", True),
    ("integer", 0, "1 % c.x is unknown", True),
    # integer: whole numbers within 2**53 either way
    ("integer", HIGHEST, "c.x == 9_007_199_254_740_992", True),
    ("integer", HIGHEST + 1, "c.x > 0", REFUSED),
    ("integer", -HIGHEST - 1, "c.x < 0", REFUSED),
    ("integer", "9007199254740993", "c.x > 0", REFUSED),
    ("integer", float(HIGHEST), "c.x > 0", True),
    ("integer", float(HIGHEST) + 2, "c.x > 0", REFUSED),
    ("integer", 2.0, "c.x == 2", True),
    ("integer", 2.5, "c.x == 2", REFUSED),
    ("integer", True, "c.x == 1", REFUSED),
    ("integer", INFINITY, "c.x > 0", REFUSED),
    ("list of integer", [HIGHEST + 1], "1 in c.x", REFUSED),
    ("integer", HIGHEST, "c.x + 1 is unknown", True),
    ("integer", HIGHEST, "c.x + 1 - 1 is unknown", True),
    ("integer", HIGHEST, "c.x + 1 + 0.5 is unknown", True),
    ("integer", HIGHEST, "c.x + 1.0 > 0", True),
    ("integer", -HIGHEST, "c.x - 1 is unknown", True),
    ("integer", HIGHEST - 1, "c.x + 1 == 9_007_199_254_740_992", True),
    ("integer", 321, "c.x * 28_059_810_762_433 is unknown", True),
    ("integer", 94_906_265, "c.x * c.x == 9_007_199_136_250_225", True),
    ("integer", 94_906_266, "c.x * c.x is unknown", True),
    ("integer", HIGHEST - 1, "c.x // 3 == 3_002_399_751_580_330", True),
    ("integer", HIGHEST - 1, "c.x % 7 == 3", True),
    ("integer", -7, "c.x // 2 == -4", True),
    ("integer", -7, "c.x % 2 == 1", True),
    ("integer", 5, "c.x % -3 == -1", True),
    ("number", 5.5, "c.x % -3 == -0.5", True),
    # One number line: beyond 2**53 floats skip whole numbers
    ("number", HIGHEST + 1, "c.x == 9_007_199_254_740_992", True),
    ("number", "9007199254740993", "c.x in [9_007_199_254_740_992]", True),
    # True is not 1, but counts as 1
    ("boolean", 1, "c.x == true", REFUSED),
    ("boolean", 1.0, "c.x == true", REFUSED),
    ("boolean", "yes", "c.x == true", True),
    ("boolean", True, "c.x + 1 == 2", True),
    ("boolean", True, "c.x + c.x == 2", True),
    ("boolean", False, "c.x * 2.5 == 0", True),
    # Rounding: halves away from zero, of the number as it is written
    ("number", 2.5, "round(c.x) == 3", True),
    ("number", -2.5, "round(c.x) == -3", True),
    ("number", 0.49999999999999994, "round(c.x) == 0", True),
    ("number", 2.675, "round(c.x, 2) == 2.68", True),
    ("number", 1234.5, "round(c.x, -2) == 1200", True),
    ("number", 1e300, "round(c.x, 2) == c.x", True),
    ("number", 1e20, "round(c.x, 10) == c.x", True),
    ("number", 5e-324, "round(c.x, 400) == c.x", True),
    # Texts: the empty one is a text; characters are those of Unicode
    ("text", "", 'c.x == ""', True),
    ("text", "", "c.x is unknown", False),
    ("text", "", "length(c.x) == 0", True),
    ("text", " ", 'c.x == ""', False),
    ("text", " ", 'trim(c.x) == ""', True),
    ("text", "unknown", 'c.x == "unknown"', True),
    ("text", None, 'c.x == ""', UNKNOWN),
    ("text", 1, 'c.x == "1"', REFUSED),
    ("text", "\u00e9", 'c.x == "\\u00e9"', True),
    ("text", "e\u0301", 'c.x == "\\u00e9"', False),
    ("text", "e\u0301", "length(c.x) == 2", True),
    ("text", "\U0001f600", "length(c.x) == 1", True),
    ("text", "stra\u00dfe", 'upper(c.x) == "STRASSE"', True),
    ("text", "\u0130", "length(lower(c.x)) == 2", True),
    ("text", "a\x00b", "length(c.x) == 3", True),
    ("text", "\ud800", "length(c.x) == 1", REFUSED),
    ("text", "abc", 'ends_with(c.x, "")', True),
    ("text", "abc", 'contains(c.x, "\\u00e9")', False),
    ("rot | gr\u00fcn", "GR\u00dcN", "c.x == gr\u00fcn", True),
    ("rot | gr\u00fcn", "gru\u0308n", "c.x == gr\u00fcn", True),
    ("rot | gr\u00fcn", "gruen", "c.x == gr\u00fcn", REFUSED),
    ('"3+" | "3-"', "3+", 'c.x == "3+"', True),
    ('"3+" | "3-"', "3", 'c.x == "3+"', REFUSED),
    # February 29, and the ends of months
    ("date", "2024-02-29", "c.x + years(1) == 2025-02-28", True),
    ("date", "2024-02-29", "c.x + years(4) == 2028-02-29", True),
    ("date", "2024-02-29", "c.x - years(1) == 2023-02-28", True),
    ("date", "2024-02-29", "c.x + days(366) == 2025-03-01", True),
    ("date", "2024-02-29", "c.x - 2023-03-01 == days(365)", True),
    ("date", "2024-01-31", "c.x + months(1) == 2024-02-29", True),
    ("date", "2024-03-31", "c.x - months(1) == 2024-02-29", True),
    ("date", "2024-02-29", "years_between(c.x, 2025-02-28) == 0", True),
    ("date", "2024-02-29", "years_between(c.x, 2025-03-01) == 1", True),
    ("date", "2024-02-29", "days_between(c.x, 2025-03-01) == 366", True),
    ("date", "2024-02-29", "weekday(c.x) == 4", True),
    ("date", date(2024, 2, 29), "day(c.x) == 29", True),
    ("date", "2000-02-29", "month(c.x) == 2", True),
    ("date", "2025-02-29", "day(c.x) == 29", REFUSED),
    ("date", "1900-02-29", "day(c.x) == 29", REFUSED),
    ("datetime", "2024-02-29T23:59", "c.x + minutes(1) == 2024-03-01T00:00", True),
    ("datetime", "2024-02-29T12:00", "c.x + years(1) == 2025-02-28T12:00", True),
    ("datetime", "2024-02-29T12:00", "days_between(c.x, 2024-03-01T00:00) == 0", True),
    ("datetime", datetime(2024, 2, 29, 12), "days_between(c.x, 2024-02-28T13:00) == -1", True),
    ("datetime", "2024-02-29T23:59+01:00", "day(c.x) == 29", REFUSED),
    # The ends of the calendar, and of durations
    ("date", "9999-12-31", "c.x + days(1) is unknown", True),
    ("date", "9999-12-31", "c.x + years(1) is unknown", True),
    ("date", "0001-01-01", "c.x - days(1) is unknown", True),
    ("date", "0001-01-01", "c.x - months(1) is unknown", True),
    ("date", "10000-01-01", "c.x > today()", REFUSED),
    ("date", "2024-02-29", "c.x + years(9_007_199_254_740_992) is unknown", True),
    ("duration", timedelta.max, "c.x > days(999_999_998)", True),
    ("datetime", "9999-12-31T23:59:59.999999", "c.x < 9999-12-31T23:59", False),
    ("datetime", datetime.max, "c.x - minutes(1) < 9999-12-31T23:59", True),
    ("datetime", datetime.max, "c.x + seconds(1) is unknown", True),
    ("duration", "999999999 days", "c.x + days(1) is unknown", True),
    ("duration", "999999999 days", "c.x * 2 is unknown", True),
    ("duration", "1e400 days", "c.x > days(3)", REFUSED),
    ("duration", "3 days", "c.x / 2 == hours(36)", True),
    ("duration", "3 days", "c.x / days(2) == 1.5", True),
    ("duration", "3 days", "c.x / days(0) is unknown", True),
    ("number", 1e300, "days(c.x) is unknown", True),
]

RECORD = """
type Case:
    x: {declared}
    flag: yes | no, optional
goal Case.flag
rule yes:
    when:
        c: Case()
        {condition}
    then conclude c.flag = "yes"
rule no:
    when:
        c: Case()
        not ({condition})
    then conclude c.flag = "no"
"""

FACTS = """
type Case(x: {declared})
type Flag(v: text)
rule yes:
    when:
        c: Case()
        {condition}
    then {makes} Flag("yes")
rule no:
    when:
        c: Case()
        not ({condition})
    then {makes} Flag("no")
"""
TRUTH = {"yes": True, "no": False, None: UNKNOWN, UNKNOWN: UNKNOWN}


@cache
def loaded(text: str) -> KnowledgeBase:
    """Return the knowledge base of a text."""
    return heuron.loads(text)


def as_record(declared: str, raw: Any, condition: str) -> object:
    """Ask about one record: the record plan."""
    knowledge = loaded(RECORD.format(declared=declared, condition=condition))
    return TRUTH[knowledge.ask({"x": raw}, today=TODAY).value]


def as_column(declared: str, raw: Any, condition: str) -> object:
    """Ask about a table of the same record several times: columns."""
    knowledge = loaded(RECORD.format(declared=declared, condition=condition))
    values = knowledge.infer_table({"x": [raw] * 3}, TODAY).values
    assert len(values) == 3
    assert len(set(values)) == 1
    return TRUTH[values[0]]


def by_facts(declared: str, raw: Any, condition: str, makes: str) -> object:
    """Hold one fact in a session; return what follows."""
    text = FACTS.format(declared=declared, condition=condition, makes=makes)
    session = loaded(text).session(TODAY)
    session.assert_("Case", x=raw)
    session.run()
    flags = [one["v"] for one in session.facts("Flag")]
    assert len(flags) <= 1
    return TRUTH[flags[0] if flags else None]


def as_definition(declared: str, raw: Any, condition: str) -> object:
    """Let a definition derive: the fixpoint plan."""
    return by_facts(declared, raw, condition, "derive")


def as_step(declared: str, raw: Any, condition: str) -> object:
    """Let a step assert: the agenda plan."""
    return by_facts(declared, raw, condition, "assert")


def by_oracle(declared: str, raw: Any, condition: str) -> object:
    """Ask the brute-force matcher."""
    base = resolved(RECORD.format(declared=declared, condition=condition))
    try:
        value = coerce(base.templates["Case"]["x"], raw)
    except ValueError:
        return REFUSED
    oracle = Oracle(base, TODAY)
    oracle.add("Case", {"x": value})
    found = [one.values for (_, name), one in oracle.conclusions().items() if name == "flag"]
    return TRUTH[found[0][0][0] if found and found[0] else None]


WAYS: list[Callable[[str, Any, str], object]] = [
    as_record,
    as_column,
    as_definition,
    as_step,
    by_oracle,
]


@pytest.mark.parametrize(("declared", "raw", "condition", "expected"), CASES)
def test_five_ways_and_one_meaning(declared, raw, condition, expected):
    """SEMANTICS 9: values are coerced on entry, and what is out of range is unknown."""
    said: dict[str, object] = {}
    codes: dict[str, str] = {}
    for way in WAYS:
        try:
            said[way.__name__] = way(declared, raw, condition)
        except RuleError as problem:
            codes[way.__name__] = problem.diagnostics[0].code
            said[way.__name__] = REFUSED

    assert set(codes.values()) <= {"wrong-value", "unknown-level"}
    assert said == dict.fromkeys(said, expected)


@pytest.mark.parametrize("declared", ["number", "integer"])
def test_nan_is_refused_in_a_record_and_an_empty_cell_in_a_table(declared):
    """SEMANTICS 9: libraries of tables write a missing number as NaN."""
    for way in (as_record, as_definition, as_step):
        with pytest.raises(RuleError) as caught:
            way(declared, NAN, "c.x > 0")
        assert caught.value.diagnostics[0].code == "wrong-value"
    assert by_oracle(declared, NAN, "c.x > 0") == REFUSED

    assert as_column(declared, NAN, "c.x > 0") is UNKNOWN


def test_minus_zero_is_zero_in_what_is_concluded_and_held_too():
    """SEMANTICS 9: the same input gives the same bytes, whatever the sign was lost in."""
    knowledge = heuron.loads(
        "type C:\n    x: number\n    y: number\ngoal C.y\n"
        "rule turn:\n    when c: C()\n    then conclude c.y = -c.x\n"
    )
    facts = heuron.loads(
        "type C(x: number)\ntype D(x: number)\ntype E(x: number)\n"
        "rule d:\n    when c: C()\n    then derive D(-c.x)\n"
        "rule e:\n    when c: C()\n    then assert E(-c.x)\n"
    ).session()
    for zero in (0.0, -0.0):
        facts.assert_("C", zero)
    facts.run()
    said = [
        knowledge.ask({"x": 0.0}).value,
        knowledge.infer_table({"x": [0.0]}).values[0],
        *(one["x"] for one in facts.facts()),
    ]

    assert [repr(one) for one in said] == ["0.0"] * 5


@pytest.mark.parametrize(
    ("declared", "condition"),
    [
        ("boolean", "c.x == 1"),
        ("integer", "c.x == true"),
        ("boolean", "c.x > 0"),
        ("text", "c.x == 1"),
        ("date", "c.x == 1"),
        ("number", 'c.x == "1"'),
        ("duration", "c.x == 3"),
    ],
)
def test_what_has_different_types_is_not_compared(declared, condition):
    """SEMANTICS 9: True against 1 is said when the file is checked, not unequal when it runs."""
    with pytest.raises(RuleError) as caught:
        heuron.loads(RECORD.format(declared=declared, condition=condition))

    assert {one.code for one in caught.value.diagnostics} == {"type-mismatch"}


@pytest.mark.parametrize("literal", ["1e400", "9_007_199_254_740_993", "2025-02-29"])
def test_a_rule_file_writes_no_value_that_evidence_could_not_give(literal):
    """SEMANTICS 9: what no field could hold is an error where it is written."""
    kind = "date" if "-" in literal else "number" if "e" in literal else "integer"
    with pytest.raises(RuleError):
        heuron.loads(RECORD.format(declared=kind, condition=f"c.x < {literal}"))
