"""Short ways to check a text, for the tests of the checks and of lowering."""

from __future__ import annotations

from heuron.check import Environment, analyse
from heuron.check.tree import Base, Rule

TYPES = """
type Applicant:
    age: integer in 0..120
    income: number, optional
    history: good | poor | none, default none
    since: date, optional
    tags: list of text, optional
    risk: low | high
    decision: accept | refuse
type Loan:
    applicant: Applicant, optional
    amount: number
    old: boolean, optional
type Known(applicant: Applicant)
"""


def resolved(text: str, environment: Environment | None = None, types: str = TYPES) -> Base:
    """Return the tree of a text that must check without errors."""
    base, diagnostics = analyse(types + text, "test.rules", environment)
    assert base is not None, "\n".join(map(str, diagnostics))
    return base


def rule(conditions: str, actions: str = 'log "fired"', before: str = "") -> Rule:
    """Return the only rule of a text."""
    return resolved(before + rule_text(conditions, actions)).rules[0]


def said(text: str, environment: Environment | None = None, types: str = TYPES) -> list[str]:
    """Return code and message of every diagnostic of a text."""
    _, diagnostics = analyse(types + text, "test.rules", environment)
    return [f"{one.code}: {one.message}" for one in diagnostics]


def rule_text(conditions: str, actions: str = 'log "fired"', name: str = "r") -> str:
    """Return the text of a rule; conditions and actions stand on lines of their own."""
    body = conditions.strip().replace("\n", "\n        ")
    then = actions.replace("\n", "\n        ")
    return f"\nrule {name}:\n    when:\n        {body}\n    then:\n        {then}\n"


def codes(conditions: str, before: str = "") -> list[str]:
    """Return the codes of the errors of a rule with these conditions."""
    _, diagnostics = analyse(f"{TYPES}{before}{rule_text(conditions)}", "test.rules")
    return [one.code for one in diagnostics if one.is_error]
