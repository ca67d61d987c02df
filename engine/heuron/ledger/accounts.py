"""The ledger added up: training against inference, and after how many answers they are even."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from heuron.ledger.book import KINDS, Ledger
from heuron.ledger.database import Row, ledger_rows

__all__ = ["COLD", "Backend", "Summary", "break_even", "summary"]

COLD: Final = "ask"
"""The backend of `process` entries of commands that answered one question and ended."""


@dataclass(frozen=True, slots=True)
class Backend:
    """What one backend of one domain has cost; seconds are processor time."""

    domain: str
    name: str
    training_seconds: float = 0.0
    answers: int = 0
    seconds_per_answer: float | None = None

    @property
    def inference_seconds(self) -> float:
        """What all its answers have cost, estimated from those that were timed."""
        return (self.seconds_per_answer or 0.0) * self.answers

    @property
    def break_even_answers(self) -> int | None:
        """After how many answers its inference has cost as much as its training."""
        return break_even(self.training_seconds, self.seconds_per_answer)

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "domain": self.domain,
            "backend": self.name,
            "training_seconds": self.training_seconds,
            "answers": self.answers,
            "seconds_per_answer": self.seconds_per_answer,
            "break_even_answers": self.break_even_answers,
        }


@dataclass(frozen=True, slots=True)
class Summary:
    """The ledger of one domain, or of all, added up. Times are processor seconds.

    `cold_commands` is how many commands answered one question and ended, `cold_seconds` what
    their processes have cost from start to end.
    """

    training_seconds: float
    training_runs: int
    training_rows: int
    explain_seconds: float
    process_seconds: float
    evaluation_seconds: float
    cold_commands: int
    cold_seconds: float
    backends: tuple[Backend, ...]

    @property
    def answers(self) -> int:
        """How many answers were given."""
        return sum(one.answers for one in self.backends)

    @property
    def inference_seconds(self) -> float:
        """What all answers have cost, evidence to value."""
        return sum(one.inference_seconds for one in self.backends)

    @property
    def seconds_per_answer(self) -> float | None:
        """What one answer costs on average; None before the first."""
        return self.inference_seconds / self.answers if self.answers else None

    @property
    def break_even_answers(self) -> int | None:
        """After how many answers inference has cost as much as training, if ever."""
        return break_even(self.training_seconds, self.seconds_per_answer)

    @property
    def seconds_per_command(self) -> float | None:
        """What one command that answers one question costs; None before the first."""
        return self.cold_seconds / self.cold_commands if self.cold_commands else None

    @property
    def break_even_commands(self) -> int | None:
        """After how many such commands their processes have cost as much as training."""
        return break_even(self.training_seconds, self.seconds_per_command)

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "training": {
                "seconds": self.training_seconds,
                "runs": self.training_runs,
                "rows": self.training_rows,
            },
            "inference": {"seconds": self.inference_seconds, "answers": self.answers},
            "explain": self.explain_seconds,
            "process": self.process_seconds,
            "evaluation": self.evaluation_seconds,
            "seconds_per_answer": self.seconds_per_answer,
            "break_even_answers": self.break_even_answers,
            "cold": {
                "commands": self.cold_commands,
                "seconds_per_command": self.seconds_per_command,
                "break_even_commands": self.break_even_commands,
            },
            "backends": [one.to_dict() for one in self.backends],
        }


def break_even(training_seconds: float, seconds_each: float | None) -> int | None:
    """Return after how many answers inference has cost as much as training, or None."""
    if not seconds_each or training_seconds <= 0.0:
        return None
    return max(1, round(training_seconds / seconds_each))


def summary(ledger: Ledger, domain: str | None = None) -> Summary:
    """Return a ledger added up, for one domain or for all."""
    return _summarise(ledger_rows(ledger, domain))


def _summarise(rows: Sequence[Row]) -> Summary:
    seconds = dict.fromkeys(KINDS, 0.0)
    runs = dict.fromkeys(KINDS, 0)
    training_rows = cold_commands = 0
    cold_seconds = 0.0
    training: dict[tuple[str, str], float] = {}
    answers: dict[tuple[str, str], tuple[int, float | None]] = {}
    for kind, domain, name, spent, timed, answered, row_count, run_count in rows:
        seconds[kind] += spent
        runs[kind] += run_count
        if kind == "answer":
            answers[domain, name] = (answered, spent / timed if timed else None)
        elif kind in ("train", "tune", "optimise"):
            training_rows += row_count
            training[domain, name] = training.get((domain, name), 0.0) + spent
        elif kind == "process" and name == COLD:
            cold_commands += run_count
            cold_seconds += spent
    backends = tuple(
        Backend(*key, training.get(key, 0.0), *answers.get(key, (0, None)))
        for key in sorted({**training, **answers})
    )
    return Summary(
        training_seconds=seconds["train"] + seconds["tune"] + seconds["optimise"],
        training_runs=runs["train"] + runs["tune"] + runs["optimise"],
        training_rows=training_rows,
        explain_seconds=seconds["explain"],
        process_seconds=seconds["process"],
        evaluation_seconds=seconds["evaluation"],
        cold_commands=cold_commands,
        cold_seconds=cold_seconds,
        backends=backends,
    )
