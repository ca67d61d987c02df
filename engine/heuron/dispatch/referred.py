"""Why a question was left to a person: what those who were asked said, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass

from heuron.answer import Answer, Proof
from heuron.values import show

__all__ = ["Referred", "referred"]


@dataclass(frozen=True, slots=True)
class Referred(Proof):
    """What led to a referral; `said` pairs who was asked with the reasons given."""

    said: tuple[tuple[str, Proof], ...] = ()

    def __str__(self) -> str:
        lines = [] if self.said else [self.conclusion]
        for _, proof in self.said:
            lines += str(proof).splitlines()
        return "\n".join(lines)

    def to_dict(self) -> dict[str, object]:
        """Return the reasons by who was asked, as nested plain data."""
        said = {name: proof.to_dict() for name, proof in self.said}
        whole = Proof(self.conclusion, self.certainty, self.supports, self.against)
        return {**whole.to_dict(), "asked": said}


def referred(answers: dict[str, Answer]) -> Referred:
    """Return what the answers say that led to no answer, the rules' as a proof.

    Args:
        answers: By "rules" or a model's name what it answered, in the order of the asking.
    """
    found = []
    for name, answer in answers.items():
        proof = answer.why()
        if name == "rules":
            proof = _of_rules(answer, proof)
        found.append((name, proof))
    conclusion = "a person decides" if found else "a person decides, and nobody was asked"
    return Referred(conclusion, None, said=tuple(found))


def _of_rules(answer: Answer, proof: Proof) -> Proof:
    """Return the rules' proof with a conclusion that says whose it is."""
    if answer.value is None:
        needs = f", they need {', '.join(answer.needs)}" if answer.needs else ""
        return Proof(f"rules: no answer{needs}", None, proof.supports, proof.against)
    values = answer.value if isinstance(answer.value, tuple) else (answer.value,)
    said = ", ".join(show(one) for one in values)
    return Proof(f"rules: {said}", answer.certainty, proof.supports, proof.against)
