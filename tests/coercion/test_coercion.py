"""What each type of field accepts, case by case."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as some

from heuron.coercion import coerce, from_text, level_of, slug
from heuron.values import UNKNOWN, Fact, Field, FieldType


def field(kind: str, **more: object) -> Field:
    levels = more.pop("levels", ())
    element = more.pop("element", None)
    return Field("f", FieldType(kind, levels, element), **more)


REFERENCE = Field("f", FieldType("reference", target="T"))
NUMBER = field("number")
INTEGER = field("integer")
BOOLEAN = field("boolean")
TEXT = field("text")
COLOUR = field("enumeration", levels=("red", "dark_blue", "Off White", "3+", "3-"))
DATE = field("date")
MOMENT = field("datetime")
SPAN = field("duration")
NUMBERS = field("list", element=FieldType("number"))
WORDS = field("list", element=FieldType("text"))

ACCEPTED = [
    (NUMBER, 1, 1.0),
    (NUMBER, -0.0, 0.0),
    (NUMBER, Decimal("1.5"), 1.5),
    (NUMBER, numpy.float32(0.5), 0.5),
    (NUMBER, numpy.int64(7), 7.0),
    (NUMBER, "20.1", 20.1),
    (NUMBER, "15_000", 15000.0),
    (NUMBER, " -1e3 ", -1000.0),
    (NUMBER, 5e-324, 5e-324),
    (INTEGER, 2**53, 2**53),
    (INTEGER, -(2**53), -(2**53)),
    (INTEGER, 3.0, 3),
    (INTEGER, "12_000", 12000),
    (INTEGER, "20.0", 20),
    (BOOLEAN, True, True),
    (BOOLEAN, numpy.bool_(False), False),
    (BOOLEAN, "Yes", True),
    (BOOLEAN, "no", False),
    (TEXT, "", ""),
    (TEXT, "unknown", "unknown"),
    (TEXT, "naïve ☃", "naïve ☃"),
    (COLOUR, "red", "red"),
    (COLOUR, " RED ", "red"),
    (COLOUR, "Dark blue", "dark_blue"),
    (COLOUR, "off_white", "Off White"),
    (COLOUR, "3+", "3+"),
    (DATE, "2024-02-29", date(2024, 2, 29)),
    (DATE, datetime(2024, 2, 29), date(2024, 2, 29)),
    (MOMENT, "2026-11-24T13:30", datetime(2026, 11, 24, 13, 30)),
    (MOMENT, "2026-11-24", datetime(2026, 11, 24)),
    (MOMENT, date(2026, 11, 24), datetime(2026, 11, 24)),
    (SPAN, "3 days", timedelta(days=3)),
    (SPAN, "1 hour 30 minutes", timedelta(minutes=90)),
    (NUMBERS, [1, "2.5"], (1.0, 2.5)),
    (NUMBERS, "[1, 2]", (1.0, 2.0)),
    (NUMBERS, [], ()),
    (WORDS, ("a", ""), ("a", "")),
    (field("enumeration", levels=("1", "2")), 2, "2"),
    (REFERENCE, Fact("T", {}, 4), 4),
    (REFERENCE, 4, 4),
    (field("number", low=0, high=1), 1, 1.0),
    (field("text", matching="[0-9]{5}"), "75001", "75001"),
]

REFUSED = [
    (NUMBER, float("nan")),
    (NUMBER, float("inf")),
    (NUMBER, "1e400"),
    (NUMBER, 10**400),
    (NUMBER, "nan"),
    (NUMBER, "infinity"),
    (NUMBER, "١٢"),
    (NUMBER, "1,5"),
    (NUMBER, "abc"),
    (NUMBER, True),
    (NUMBER, [1]),
    (INTEGER, 2**53 + 1),
    (INTEGER, "9" * 5000),
    (INTEGER, 1.5),
    (INTEGER, "1.5"),
    (INTEGER, True),
    (INTEGER, float("nan")),
    (INTEGER, float("inf")),
    (BOOLEAN, 1),
    (BOOLEAN, 0.0),
    (BOOLEAN, "1"),
    (BOOLEAN, "maybe"),
    (TEXT, 75001),
    (TEXT, "\ud800"),
    (COLOUR, "purple"),
    (COLOUR, "3"),
    (COLOUR, True),
    (DATE, "2023-02-29"),
    (DATE, "20240229"),
    (DATE, datetime(2024, 2, 29, 1)),
    (DATE, 20240229),
    (MOMENT, "2026-11-24T13:30+01:00"),
    (SPAN, "3"),
    (SPAN, "3 fortnights"),
    (SPAN, "1e300 days"),
    (NUMBERS, [1, None]),
    (NUMBERS, [1, "x"]),
    (field("number", low=0, high=1), 1.5),
    (field("number", low=0, low_open=True), 0),
    (field("list", element=FieldType("number"), low=0), [1, -1]),
    (field("date", low=date(2020, 1, 1)), "2019-12-31"),
    (field("text", matching="[0-9]{5}"), "750011"),
    (field("text", matching="[0-9]{5}"), "75001\n"),
    (field("text", matching="a*"), "a" * 10_001),
    (REFERENCE, "tom"),
    (REFERENCE, Fact("U", {}, 4)),
    (REFERENCE, True),
]


@pytest.mark.parametrize(("of", "raw", "expected"), ACCEPTED)
def test_accepted(of: Field, raw: object, expected: object) -> None:
    actual = coerce(of, raw)
    assert expected == actual
    assert type(expected) is type(actual)
    assert repr(expected) == repr(actual)  # 0.0 and not -0.0


@pytest.mark.parametrize(("of", "raw"), REFUSED)
def test_refused(of: Field, raw: object) -> None:
    """The message names the field and says what it accepts."""
    with pytest.raises(ValueError, match="`f` accepts ") as caught:
        coerce(of, raw)
    assert of.accepts() in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("of", [NUMBER, INTEGER, BOOLEAN, COLOUR, DATE, MOMENT, SPAN, NUMBERS])
@pytest.mark.parametrize("raw", [None, UNKNOWN, "", "  ", "unknown"])
def test_unknown(of: Field, raw: object) -> None:
    assert coerce(of, raw) is UNKNOWN


def test_text_on_the_command_line() -> None:
    """A cell or word can be empty or `unknown`; JSON says null for that."""
    assert from_text(TEXT, "") is UNKNOWN
    assert from_text(TEXT, "unknown") is UNKNOWN
    assert from_text(TEXT, " a b ") == " a b "
    assert from_text(BOOLEAN, "1") is True
    assert from_text(BOOLEAN, "0") is False
    assert from_text(WORDS, "a, b") == ("a", "b")
    assert from_text(NUMBER, "1e3") == 1000.0


def test_a_level_named_unknown_is_a_level() -> None:
    assert coerce(field("enumeration", levels=("unknown", "known")), "unknown") == "unknown"


def test_slug() -> None:
    assert slug("Worst concave points") == "worst_concave_points"
    assert slug("  sepal length (cm)") == "sepal_length_cm"
    assert slug("ÉTÉ ﬁn") == "été_fin"
    assert slug("+") == ""


def test_levels_that_differ_only_in_signs_must_be_exact() -> None:
    assert level_of(COLOUR.type, "3 +") is None


@given(some.one_of(some.none(), some.booleans(), some.integers(), some.floats(), some.text()))
def test_a_value_or_a_message(raw: object) -> None:
    """Nothing but ValueError comes out, and what is accepted is accepted again unchanged."""
    for of in (NUMBER, INTEGER, BOOLEAN, TEXT, COLOUR, DATE, MOMENT, SPAN, NUMBERS, WORDS):
        for read in (coerce, from_text):
            if read is from_text and not isinstance(raw, str):
                continue
            try:
                value = read(of, raw)
            except ValueError:
                continue
            if value is not UNKNOWN:
                assert coerce(of, value) == value


def test_a_whole_number_that_is_too_big_says_so() -> None:
    for raw in (2**53 + 1, str(2**53 + 1)):
        with pytest.raises(ValueError, match=r"9007199254740993: beyond ±2\*\*53"):
            coerce(INTEGER, raw)
    with pytest.raises(ValueError, match="whole number, not"):
        coerce(INTEGER, "1__0")
