"""The arithmetic, functions and formats that generated code uses."""

from datetime import date, datetime, timedelta

import pytest

from heuron.check.functions import BUILT_IN
from heuron.plan import contract
from heuron.plan.contract import FUNCTIONS, Period
from heuron.plan.settle import best, settle
from heuron.plan.wording import form, is_format
from heuron.values import UNKNOWN

LEAP_DAY = date(2024, 2, 29)


def test_of_an_empty_list_nothing_is_one():
    """Not even something unknown; an unknown list may hold anything."""
    assert contract.among(UNKNOWN, ()) is False
    assert contract.among(UNKNOWN, (1,)) is UNKNOWN
    assert contract.among(1, UNKNOWN) is UNKNOWN
    assert contract.among(1, (2, UNKNOWN)) is UNKNOWN


@pytest.mark.parametrize(
    "result",
    [
        contract.div(1, 0),
        contract.div(1.0, 0.0),
        contract.floor_div(1, 0),
        contract.mod(1, 0),
        contract.mul(1e300, 1e300),
        contract.add(2**53, 1),
        contract.mul(2**53, 2),
        contract.add(UNKNOWN, 1),
        contract.sub(1, UNKNOWN),
        contract.neg(UNKNOWN),
        contract.add(date(9999, 12, 31), timedelta(days=1)),
        contract.add(date(9999, 1, 1), Period(12)),
        contract.sub(date(1, 1, 1), Period(1)),
        contract.add_all((1, 2, UNKNOWN, 4)),
        FUNCTIONS["sqrt"](-1.0),
        FUNCTIONS["abs"](UNKNOWN),
        FUNCTIONS["days"](1e300),
    ],
)
def test_what_has_no_result_is_unknown(result):
    assert result is UNKNOWN


@pytest.mark.parametrize(
    ("months", "expected"),
    [
        (12, date(2025, 2, 28)),
        (48, date(2028, 2, 29)),
        (1, date(2024, 3, 29)),
        (-1, date(2024, 1, 29)),
        (-12, date(2023, 2, 28)),
    ],
)
def test_months_are_clamped_to_the_last_day(months, expected):
    assert contract.add(LEAP_DAY, Period(months)) == expected


def test_a_period_moves_a_datetime_and_keeps_its_time():
    moved = contract.add(datetime(2024, 1, 31, 13, 30), Period(1))

    assert moved == datetime(2024, 2, 29, 13, 30)


def test_two_dates_differ_by_a_duration():
    assert contract.sub(date(2024, 3, 1), LEAP_DAY) == timedelta(days=1)


def test_the_checks_and_the_contract_have_the_same_functions():
    assert set(BUILT_IN) == set(FUNCTIONS) | {"today", "now"}


@pytest.mark.parametrize(
    ("value", "digits", "expected"), [(2.5, 0, 3), (-2.5, 0, -3), (0.125, 2, 0.13), (7, 0, 7)]
)
def test_halves_are_rounded_away_from_zero(value, digits, expected):
    assert FUNCTIONS["round"](value, digits) == expected


def test_whole_years_are_counted_as_an_age_is():
    assert FUNCTIONS["years_between"](LEAP_DAY, date(2025, 2, 28)) == 0
    assert FUNCTIONS["years_between"](LEAP_DAY, date(2025, 3, 1)) == 1


def test_a_sum_of_floats_does_not_depend_on_their_order():
    values = [1e16, 1.0, -1e16, 0.1, 0.2]

    assert contract.total(values, 0.0) == contract.total(values[::-1], 0.0)


def test_kleene():
    known = (True, False, UNKNOWN)
    for one in known:
        for other in known:
            conjunction = contract.all_of((one, other))
            negated = contract.negate(
                contract.any_of((contract.negate(one), contract.negate(other)))
            )
            assert conjunction is negated


@pytest.mark.parametrize(
    ("value", "spec", "expected"),
    [
        (15000.0, ",.0f", "15,000"),
        (1234.5, ",", "1,234.5"),
        (-1234.5, ",", "-1,234.5"),
        (-0.5, ",", "-0.5"),
        (0.256, ".1%", "25.6%"),
        (0.25, "%", "25%"),
        (3.14159, ".2f", "3.14"),
        (2.0, "f", "2.000000"),
        (0.1 + 0.2, None, "0.3"),
        (date(2026, 11, 4), "%d.%m.%Y", "04.11.2026"),
        (datetime(2026, 11, 4, 9, 5), "%H:%M", "09:05"),
        (UNKNOWN, ",.0f", "unknown"),
        (True, None, "true"),
        (("a", "b"), None, "[a, b]"),
    ],
)
def test_formats(value, spec, expected):
    assert form(value, spec) == expected


@pytest.mark.parametrize("spec", ["d", ".10f", "{0}", "%S", ">10", "_", "0", "%"])
def test_only_the_language_s_own_formats_are_formats(spec):
    assert is_format(spec) is (spec == "%")


def test_contributions_are_settled_best_first():
    contributions = [("a", 0.5, 2), ("b", 0.5, 1), ("c", 0.9, 3), ("c", -0.9, 4)]

    settled, contradiction = settle(contributions)

    assert best(settled) == (("b", 0.5), ("a", 0.5))
    assert not contradiction
    assert settle([("a", 1.0, 0), ("a", -1.0, 1)]) == ([("a", 0.0)], True)
