"""Answers to a file: JSON lines, CSV, parquet."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from heuron.answer import Answer, plain
from heuron.cli.records import LINES, refused

__all__ = ["write_answers"]


def write_answers(file: str, answers: Iterable[tuple[str, Answer]]) -> int:
    """Write answers to a CSV, parquet or JSON-lines file, whole or not at all; return how many.

    Raises:
        RuleError: The file's ending is of no known kind.
    """
    suffix = Path(file).suffix.lower()
    temporary = f"{file}.tmp"
    if Path(file).is_dir():
        raise refused(file, "a folder")
    if not Path(file).absolute().parent.is_dir():
        raise refused(file, "its folder is not there", "Make the folder first.")
    try:
        if suffix in LINES:
            count = _write_lines(temporary, answers)
        elif suffix == ".csv":
            count = _write_csv(temporary, answers)
        elif suffix in (".parquet", ".pq"):
            count = _write_parquet(temporary, answers)
        else:
            hint = "Answers are written to .jsonl, .csv or .parquet."
            raise refused(file, "of no known kind", hint)
        Path(temporary).replace(file)
    except OSError as error:
        if error.filename == temporary:
            # The user knows of the file that was asked for, not of the one that becomes it.
            raise OSError(error.errno, error.strerror, file) from None
        raise
    finally:
        Path(temporary).unlink(missing_ok=True)
    return count


def _write_lines(file: str, answers: Iterable[tuple[str, Answer]]) -> int:
    count = 0
    with open(file, "w", encoding="utf-8") as stream:
        for place, answer in answers:
            body = {"format": 1, "command": "ask", "record": place, **answer.to_dict()}
            stream.write(json.dumps(body, ensure_ascii=False) + "\n")
            count += 1
    return count


COLUMNS = ("record", "value", "certainty", "confidence", "backend", "reason", "rules", "needs")


def _row(place: str, answer: Answer) -> dict[str, object]:
    value = plain(answer.value)
    return {
        "record": place,
        "value": ", ".join(map(str, value)) if isinstance(value, list) else value,
        "certainty": _digits(answer.certainty),
        "confidence": _digits(answer.confidence),
        "backend": answer.backend,
        "reason": answer.reason,
        "rules": ", ".join(answer.rules),
        "needs": ", ".join(answer.needs),
    }


def _digits(number: float | None) -> float | None:
    """Return a number with 12 digits, as in the JSON form."""
    return None if number is None else float(f"{number:.12g}")


def _write_csv(file: str, answers: Iterable[tuple[str, Answer]]) -> int:
    import csv

    count = 0
    with open(file, "w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS)
        writer.writeheader()
        for place, answer in answers:
            writer.writerow(_row(place, answer))
            count += 1
    return count


def _write_parquet(file: str, answers: Iterable[tuple[str, Answer]]) -> int:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        hint = "pip install heuron[parquet]"
        raise refused(file.removesuffix(".tmp"), "writing parquet needs pyarrow", hint) from None
    rows = [_row(place, answer) for place, answer in answers]
    columns = {name: [row[name] for row in rows] for name in COLUMNS}
    pyarrow.parquet.write_table(pyarrow.table(columns), file)
    return len(rows)
