"""The ledger in words: training against answers, and when the two are even."""

from __future__ import annotations

from typing import TYPE_CHECKING

from heuron.cli.render import columns

if TYPE_CHECKING:
    from heuron.ledger.accounts import Backend, Summary

__all__ = ["account_lines", "duration", "rounded"]


def account_lines(found: Summary, domain: str | None, per_day: int | None) -> list[str]:
    """Return the ledger as lines for the terminal."""
    where = domain or "all domains"
    if not (found.training_runs or found.answers or found.evaluation_seconds):
        return [f"Nothing has been counted yet ({where}). `heuron ask` and `heuron train` count."]
    lines = [f"Processor time so far ({where})"]
    lines += columns(_sums(found), indent="  ")
    listed = [one for one in found.backends if one.answers or one.training_seconds]
    if listed:
        heads = ("", "training", "answers", "one answer", "even after")
        lines += ["", *columns([heads, *[_row(one, domain) for one in listed]], indent="  ")]
    return [*lines, "", *_verdict(found, per_day)]


def _sums(found: Summary) -> list[tuple[str, str, str]]:
    trainings = "training" if found.training_runs == 1 else "trainings"
    answers = "answer" if found.answers == 1 else "answers"
    rows = [
        (
            "training",
            duration(found.training_seconds),
            f"{found.training_runs:,} {trainings}, {found.training_rows:,} rows",
        ),
        ("answering", duration(found.inference_seconds), f"{found.answers:,} {answers}"),
    ]
    if found.explain_seconds:
        rows.append(("explaining", duration(found.explain_seconds), ""))
    if found.evaluation_seconds:
        rows.append(("comparing", duration(found.evaluation_seconds), ""))
    if found.process_seconds:
        note = "whole processes of `heuron ask`, start to end, the answers above included"
        rows.append(("commands", duration(found.process_seconds), note))
    return rows


def _row(one: Backend, domain: str | None) -> tuple[str, ...]:
    even = one.break_even_answers
    return (
        one.name if domain else f"{one.domain}  {one.name}",
        duration(one.training_seconds) if one.training_seconds else "",
        f"{one.answers:,}" if one.answers else "",
        "" if one.seconds_per_answer is None else duration(one.seconds_per_answer),
        "" if even is None else f"{rounded(even)} answers",
    )


def _verdict(found: Summary, per_day: int | None) -> list[str]:
    each, even = found.seconds_per_answer, found.break_even_answers
    if each is None:
        return ["No answer has been counted, so nothing can be said of break-even."]
    if even is None:
        return [f"One answer costs {duration(each)}. No training has been counted."]
    share = found.inference_seconds / found.training_seconds
    lines = [
        f"One answer costs {duration(each)}: answering costs as much as training after "
        f"{rounded(even)} answers; so far it has cost {_share(share)} of it.",
    ]
    commands, each_command = found.break_even_commands, found.seconds_per_command
    if commands is not None and each_command is not None:
        them = "1 cold command" if commands == 1 else f"{rounded(commands)} cold commands"
        lines.append(
            f"A command that answers one question costs {duration(each_command)} from start to "
            f"end, and they are even after {them}."
        )
    if per_day is not None:
        lines.append(f"At {per_day:,} answers a day that is after {_days(even / per_day)}.")
    return lines


def duration(seconds: float) -> str:
    """Return a time in the unit that suits it, with three digits."""
    if seconds == 0.0:
        return "0 s"
    for unit, size in (("h", 3600.0), ("min", 60.0), ("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{_three(seconds / size)} {unit}"
    return f"{_three(seconds / 1e-6)} µs"


def _three(number: float) -> str:
    digits = 0 if number >= 99.95 else 1 if number >= 9.995 else 2
    return f"{number:.{digits}f}"


def rounded(number: int) -> str:
    """Return a count to two digits that count: more would promise too much."""
    digits = len(str(number)) - 2
    return f"{round(number, -digits) if digits > 0 else number:,}"


def _share(share: float) -> str:
    if share >= 1.0:
        return f"{_three(share)} times"
    return f"{share * 100:.2g} %" if share >= 0.0005 else "less than 0.1 %"


def _days(days: float) -> str:
    if days < 1.0:
        return "less than a day"
    if days < 730:
        return f"{rounded(round(days))} days"
    return f"{rounded(round(days / 365.25))} years"
