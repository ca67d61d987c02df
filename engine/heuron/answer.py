"""What comes back from a question: answers, firings, proofs and predictions. Data only.

Text and JSON are made from these; nothing here computes an answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from heuron.values import UNKNOWN, Value

if TYPE_CHECKING:
    from datetime import date

__all__ = [
    "Alternative",
    "Answer",
    "Contribution",
    "Firing",
    "Prediction",
    "Premise",
    "Proof",
    "Route",
    "Support",
    "Tried",
    "plain",
]


def plain(value: Value) -> object:
    """Return a value as JSON can hold it: dates in ISO form, unknown as None."""
    if value is UNKNOWN:
        return None
    if isinstance(value, (str, int, float, bool)) or value is None:
        return value
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    isoformat = getattr(value, "isoformat", None)
    return isoformat() if isoformat is not None else str(value)


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model says of one record.

    `value` is `UNKNOWN` when the model does not answer; `needs` then lists the required fields
    that were unknown. `confidence` is the calibrated probability of `value` (None for an
    uncalibrated model, whose raw number is `score`, and for regression). `probabilities` pairs
    every level with its probability in template order. `interval` is the prediction interval of
    a regression. `imputed` and `outside` name the optional fields that were filled in and the
    fields outside the training range.
    """

    value: Value
    confidence: float | None = None
    calibrated: bool = True
    score: float | None = None
    probabilities: tuple[tuple[Value, float], ...] = ()
    needs: tuple[str, ...] = ()
    imputed: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    interval: tuple[float, float] | None = None

    @property
    def answered(self) -> bool:
        """Whether the model gave a value."""
        return self.value is not UNKNOWN


@dataclass(frozen=True, slots=True)
class Contribution:
    """One rule's contribution to a concluded value: an activation and its certainty."""

    rule: str
    value: Value
    certainty: float
    because: str | None = None


@dataclass(frozen=True, slots=True)
class Firing:
    """A rule that fired: where it stands, what its variables were, which facts it matched.

    `bindings` pairs variables with values; `matched`, `asserted` and `retracted` are fact
    numbers. `certainty` is the activation's certainty (1 for steps and derivations).
    """

    rule: str
    bindings: tuple[tuple[str, Value], ...] = ()
    matched: tuple[int, ...] = ()
    asserted: tuple[int, ...] = ()
    retracted: tuple[int, ...] = ()
    certainty: float = 1.0
    because: str | None = None
    log: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Premise:
    """A condition that held, with the values that it read and where they came from.

    `text` is the condition as written, `read` the values in words ("worst_radius 20.1"),
    `source` is "given", "default", "initial fact", "computed", "model NAME" or "rule NAME".
    """

    text: str
    read: str
    source: str
    proof: Proof | None = None


@dataclass(frozen=True, slots=True)
class Support:
    """A rule that supports a conclusion, and why it fired."""

    rule: str
    title: str | None
    place: str
    certainty: float
    premises: tuple[Premise, ...] = ()
    because: str | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """Why a value or a fact holds: the rules behind it, down to what was given."""

    conclusion: str
    certainty: float | None
    supports: tuple[Support, ...] = ()
    against: tuple[Support, ...] = ()

    def __str__(self) -> str:
        return "\n".join(_lines(self, 0))

    def to_dict(self) -> dict[str, object]:
        """Return the proof as nested plain data."""
        return {
            "conclusion": self.conclusion,
            "certainty": _digits(self.certainty),
            "supports": [_support_dict(one) for one in self.supports],
            "against": [_support_dict(one) for one in self.against],
        }


def _support_dict(support: Support) -> dict[str, object]:
    return {
        "rule": support.rule,
        "title": support.title,
        "place": support.place,
        "certainty": _digits(support.certainty),
        "because": support.because,
        "premises": [
            {
                "text": one.text,
                "read": one.read,
                "source": one.source,
                "proof": one.proof.to_dict() if one.proof else None,
            }
            for one in support.premises
        ],
    }


def _lines(proof: Proof, depth: int) -> list[str]:
    pad = "  " * depth
    held = "" if proof.certainty is None else f"   {proof.certainty:.3g}"
    return [f"{pad}{proof.conclusion}{held}", *_reasons(proof, depth)]


def _reasons(proof: Proof, depth: int) -> list[str]:
    pad = "  " * depth
    lines: list[str] = []
    for sign, supports in (("because", proof.supports), ("against it", proof.against)):
        for support in supports:
            title = f' "{support.title}"' if support.title else ""
            lines.append(
                f"{pad}  {sign} {support.rule}{title}   {support.place}   {support.certainty:.3g}"
            )
            if support.because:
                lines.append(f"{pad}    {support.because}")
            for premise in support.premises:
                lines += _premise_lines(premise, depth + 2)
    return lines


def _premise_lines(premise: Premise, depth: int) -> list[str]:
    proof, read = premise.proof, premise.read or premise.text
    if proof is not None and read == proof.conclusion:
        return _lines(proof, depth)
    lines = [f"{'  ' * depth}{read}   {premise.source}"]
    return lines if proof is None else lines + _lines(proof, depth + 1)


@dataclass(frozen=True, slots=True)
class Tried:
    """A route that was tried: its line in the block (from 1), and why it held or did not.

    `held` is None when its condition was unknown.
    """

    line: int
    backend: str
    held: bool | None
    why: str


@dataclass(frozen=True, slots=True)
class Route:
    """How the dispatcher came to a backend: the line taken (from 1), those tried and skipped."""

    taken: int | None
    tried: tuple[Tried, ...] = ()
    skipped: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "taken": self.taken,
            "tried": [
                {"line": one.line, "backend": one.backend, "held": one.held, "why": one.why}
                for one in self.tried
            ],
            "skipped": list(self.skipped),
        }


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another value that has support, with its certainty (rules) or confidence (a model)."""

    value: Value
    certainty: float | None = None
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a query.

    `value` is None when nobody knows or a person decides; `backend` is "rules", "model:NAME",
    "refer" or None. `certainty` is the rules', from -1 to 1, `confidence` the model's calibrated
    probability: they are different things and never both set by one backend. `rules` names the
    rules that support the value, `needs` the unknown fields that could have made a difference.
    `score` is that of a model whose confidence is not calibrated; `today` is what `today()` was.
    """

    domain: str
    goal: str
    value: Value | None = None
    certainty: float | None = None
    confidence: float | None = None
    calibrated: bool | None = None
    interval: tuple[float, float] | None = None
    backend: str | None = None
    route: Route | None = None
    rules: tuple[str, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    needs: tuple[str, ...] = ()
    imputed: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    reason: str | None = None
    elapsed_us: float | None = field(default=None, compare=False)
    score: float | None = None
    today: date | None = None
    explainer: Explainer | None = field(default=None, compare=False, repr=False)

    def why(self) -> Proof:
        """Return the proof of the value: rules, places, values read, down to what was given."""
        if self.explainer is None:
            return Proof("no explanation was kept with this answer", None)
        return self.explainer.why()

    def why_not(self, value: object) -> str:
        """Return, for every rule that concludes `value`, the first condition that failed."""
        if self.explainer is None:
            return "no explanation was kept with this answer"
        return self.explainer.why_not(value)

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form (without format and command; see docs/reference/json.md)."""
        return {
            "domain": self.domain,
            "goal": self.goal,
            "value": plain(self.value),
            "certainty": _digits(self.certainty),
            "confidence": _digits(self.confidence),
            "calibrated": self.calibrated,
            "interval": list(self.interval) if self.interval else None,
            "backend": self.backend,
            "route": self.route.to_dict() if self.route else None,
            "rules": list(self.rules),
            "alternatives": [
                {
                    "value": plain(one.value),
                    "certainty": _digits(one.certainty),
                    "confidence": _digits(one.confidence),
                }
                for one in self.alternatives
            ],
            "needs": list(self.needs),
            "imputed": list(self.imputed),
            "outside": list(self.outside),
            "reason": self.reason,
            "score": _digits(self.score),
            "today": None if self.today is None else self.today.isoformat(),
            "elapsed_us": None if self.elapsed_us is None else round(self.elapsed_us, 1),
        }


def _digits(number: float | None) -> float | None:
    """Return a number with 12 digits: the last ones are the rounding of binary fractions."""
    return None if number is None else float(f"{number:.12g}")


def _left_behind() -> None:
    """Return what an answer in another process has for an explainer."""


class Explainer:
    """Explains one answer on request; made by whoever answered."""

    __slots__ = ("_why", "_why_not")

    def __init__(self, why: Callable[[], Proof], why_not: Callable[[object], str]) -> None:
        self._why = why
        self._why_not = why_not

    def __reduce__(self) -> tuple[object, ...]:
        # What explains holds the engine and functions: an answer travels without it.
        return (_left_behind, ())

    def why(self) -> Proof:
        """Return the proof of the answer's value."""
        return self._why()

    def why_not(self, value: object) -> str:
        """Return why `value` was not the answer."""
        return self._why_not(value)


Predict = Callable[[str, Mapping[str, Value]], Prediction | None]
"""How rules reach a model: its name and the record's known values to a prediction.

None says that there is no such model; one that cannot answer gives a prediction that says so.
"""
