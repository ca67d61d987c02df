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
    "(?i:yes|no)",
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
    "((ab?)c)+",
    "(?:a+)+$",
    "(?P<x>a+)*b",
    "(.*)*",
    r"([\]a]+)+b",
]

BROKEN = ["(", "[a", "*a", "a{2,1}", "(?P<x", "(?<=a+)b"]


@pytest.mark.parametrize("pattern", USEFUL)
def test_a_useful_pattern_passes(pattern: str) -> None:
    assert regex_problem(pattern) is None


@pytest.mark.parametrize("pattern", DANGEROUS)
def test_a_dangerous_pattern_is_refused(pattern: str) -> None:
    problem = "it repeats a group that can match one text in several ways"
    assert regex_problem(pattern) == problem


@pytest.mark.parametrize("pattern", BROKEN)
def test_a_broken_pattern_is_refused(pattern: str) -> None:
    assert regex_problem(pattern) is not None


@pytest.mark.parametrize("pattern", [r"(a)\1", r"(?P<x>a)(?P=x)", r"(a)(?(1)b|c)"])
def test_a_pattern_that_refers_back_is_refused(pattern: str) -> None:
    assert regex_problem(pattern) == "it refers back to a group"


def test_a_long_pattern_is_refused() -> None:
    assert regex_problem("a" * 1_000) is None
    assert regex_problem("a" * 1_001) == "it is longer than 1000 characters"
