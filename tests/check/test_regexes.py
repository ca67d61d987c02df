"""Screening regular expressions: what may take exponential time is refused, the rest is not."""

from __future__ import annotations

import pytest

from heuron.check.regexes import regex_problem

USEFUL = [
    "[0-9]{5}",
    "[0-9]{5}(-[0-9]{4})?",
    r"\d{2,4}/\d+",
    "[^@]+@[^@]+",
    "(FR|DE|IT)[0-9]+",
    "[A-Z][a-z]*( [A-Z][a-z]*){0,3}",
    r"(\([0-9]+\))?[0-9 ]+",
    "(?:abc){3}",
    "(?P<year>[0-9]{4})-(?P<month>[0-9]{2})",
    r"([a-z]+\.)+[a-z]+",
    "(a|b)*",
    "(ab?c)+",
    ".*a.*",
    r"[)(*+]+\)",
    "[]a]+",
    "[^]a]+",
    "(?:[a-z])+",
    "",
]

DANGEROUS = [
    "(a+)+b",
    "(a*)*",
    "((a+))+b",
    "(a|aa)+b",
    "(a?){30}a{30}",
    "(a?)*",
    "(a+){5,}b",
    "(a{1,})+b",
    "(?:a+)+$",
    "(?P<x>a+)*b",
    "(.*)*",
    r"([\]a]+)+b",
]

MANY = ["a*a*a*b", ".*.*.*x", ".*Ω.*Ω.*Ω.*", "a+.*a+b+c*[bc]*"]

BROKEN = ["(", "[a", "*a", "a{2,1}", "(?P<x", "(?<=a+)b"]


@pytest.mark.parametrize("pattern", USEFUL)
def test_a_useful_pattern_passes(pattern: str) -> None:
    assert regex_problem(pattern) is None


@pytest.mark.parametrize("pattern", DANGEROUS)
def test_a_dangerous_pattern_is_refused(pattern: str) -> None:
    problem = "it repeats a group that can match one text in several ways"
    assert regex_problem(pattern) == problem


@pytest.mark.parametrize("pattern", MANY)
def test_neighbours_that_trade_letters_are_refused(pattern: str) -> None:
    assert regex_problem(pattern) == "its repetitions can divide one text in too many ways"


@pytest.mark.parametrize("pattern", ["(?i)yes", "(?i:yes)|no", "(?si)a.b"])
def test_a_pattern_that_ignores_case_is_refused(pattern: str) -> None:
    """Letters would overlap that look apart: `(?i)(a|A)+b`."""
    assert regex_problem(pattern) == "it ignores case"


@pytest.mark.parametrize("pattern", BROKEN)
def test_a_broken_pattern_is_refused(pattern: str) -> None:
    assert regex_problem(pattern) is not None


@pytest.mark.parametrize("pattern", [r"(a)\1", r"(?P<x>a)(?P=x)", r"(a)(?(1)b|c)"])
def test_a_pattern_that_refers_back_is_refused(pattern: str) -> None:
    assert regex_problem(pattern) == "it refers back to a group"


def test_a_long_pattern_is_refused() -> None:
    assert regex_problem("a" * 1_000) is None
    assert regex_problem("a" * 1_001) == "it is longer than 1,000 characters"


def test_each_part_is_looked_at_once_however_deep_it_stands():
    assert regex_problem("(" * 300 + "a" + ")*" * 300) is not None
