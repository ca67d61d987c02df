"""What changed since an earlier comparison, with a test for each change.

The earlier one is read from its JSON. Both count as samples of their own, also where the rows
are the same; for those the tests are cautious.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from heuron.answer import plain
from heuron.compare.comparison import Comparison
from heuron.compare.intervals import Interval, wilson
from heuron.compare.outcomes import short_name
from heuron.compare.paired import holm
from heuron.diagnostics import Diagnostic, RuleError, Severity

__all__ = ["Change", "changes", "newcombe", "read_baseline"]

SIGNIFICANT: Final = 0.05
EXACT_UP_TO: Final = 20_000
"""With more rows a normal distribution serves as well as Fisher's exact test."""

Counted = tuple[str, str, int, int]
"""What is counted: its kind, its name, how many, of how many."""


@dataclass(frozen=True, slots=True)
class Change:
    """A share before and after.

    `kind` is "answered" or "right" (of a backend's answers), "fired" or "precision" (of a rule),
    or "value" (how common a value of the goal is). Counts are (how many, of how many).
    """

    kind: str
    name: str
    before: tuple[int, int]
    after: tuple[int, int]
    p: float
    holm_p: float

    @property
    def difference_interval(self) -> Interval:
        """The interval of (share after - share before)."""
        return newcombe(self.after, self.before)

    @property
    def sure(self) -> bool:
        """Whether chance does not explain it."""
        return self.holm_p <= SIGNIFICANT

    @property
    def bad(self) -> bool:
        """Whether it counts as drift: sure, and no improvement."""
        rises = self.after[0] * self.before[1] > self.before[0] * self.after[1]
        better = rises and self.kind in ("answered", "right", "precision")
        return self.sure and not better

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "kind": self.kind,
            "name": self.name,
            "before": list(self.before),
            "after": list(self.after),
            "difference_interval": list(self.difference_interval),
            "p": self.p,
            "holm_p": self.holm_p,
            "drift": self.bad,
        }


def read_baseline(path: str, domain: str, goal: str) -> Mapping[str, Any]:
    """Return an earlier comparison of the same domain.

    Args:
        path: A file with the JSON of a comparison.
        domain: The domain's name.
        goal: Its goal, as `Type.field`.

    Raises:
        RuleError: The file is no comparison, or one of something else.
        OSError: It cannot be read.
    """
    try:
        body = json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError:
        body = None
    if not isinstance(body, dict) or body.get("command") != "compare":
        raise _wrong(f'"{path}" is no comparison as `heuron compare --json` prints it')
    said = (body.get("domain"), body.get("goal"))
    if said != (domain, goal):
        raise _wrong(f'"{path}" is a comparison of {said[0]}, not of {domain}')
    try:
        _counts_of(body)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _wrong(f'"{path}" lacks numbers of a comparison') from None
    return body


def changes(earlier: Mapping[str, Any], comparison: Comparison) -> tuple[Change, ...]:
    """Return every share that both comparisons have, with p-values adjusted over all of them.

    Args:
        earlier: An earlier comparison as read by `read_baseline`.
        comparison: The present one.
    """
    before, after = _counts_of(earlier), _counts_of(comparison.to_dict())
    shared = [key for key in after if key in before and before[key][1] and after[key][1]]
    single = [_difference(before[key], after[key]) for key in shared]
    adjusted = holm(single)
    return tuple(
        Change(*key, before[key], after[key], p, both)
        for key, p, both in zip(shared, single, adjusted, strict=True)
        if both is not None
    )


def newcombe(first: tuple[int, int], second: tuple[int, int]) -> Interval:
    """Return the interval of a difference of two shares of different rows (Newcombe, 1998).

    It is made of the Wilson intervals of both: his method 10.
    """
    (a, m), (b, n) = first, second
    (low_a, high_a), (low_b, high_b) = wilson(a, m), wilson(b, n)
    p, q = a / m, b / n
    down = ((p - low_a) ** 2 + (high_b - q) ** 2) ** 0.5
    up = ((high_a - p) ** 2 + (q - low_b) ** 2) ** 0.5
    return max(-1.0, p - q - down), min(1.0, p - q + up)


def _difference(before: tuple[int, int], after: tuple[int, int]) -> float:
    """Return the two-sided p-value of two shares being the same."""
    (a, m), (b, n) = before, after
    if m + n <= EXACT_UP_TO:
        from scipy.stats import fisher_exact

        return float(fisher_exact([[a, m - a], [b, n - b]]).pvalue)
    from scipy.special import erfc

    share = (a + b) / (m + n)
    spread = share * (1 - share) * (1 / m + 1 / n)
    return 1.0 if spread == 0 else float(erfc(abs(a / m - b / n) / (2 * spread) ** 0.5))


def _counts_of(body: Mapping[str, Any]) -> dict[tuple[str, str], tuple[int, int]]:
    return {(kind, name): (int(many), int(of)) for kind, name, many, of in _counted(body)}


def _counted(body: Mapping[str, Any]) -> Iterator[Counted]:
    rows = body["held_out"]["rows"]
    for name, score in body["backends"].items():
        answered = score["right"] + score["wrong"]
        yield "answered", short_name(name), answered, answered + score["not_answered"]
        yield "right", short_name(name), score["right"], answered
    for rule in body["rules"]:
        yield "fired", rule["name"], rule["fired"], max(rows, rule["fired"])
        yield "precision", rule["name"], rule["right"], rule["fired"]
    for value, share in body["base_rates"]:
        yield "value", str(plain(value)), round(share * rows), rows


def _wrong(message: str) -> RuleError:
    hint = "write one with: heuron compare DOMAIN --json > earlier.json"
    return RuleError(Diagnostic(Severity.ERROR, "bad-baseline", f"{message}.", hint=hint))
