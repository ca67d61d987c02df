"""Answers to a file: JSON lines, CSV, parquet."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Final

from heuron.answer import Answer, plain
from heuron.cli.records import LINES, refused
from heuron.values import FieldType

__all__ = ["write_answers"]

GROUP: Final = 65_536
"""Answers of a row group of parquet; so many are held at a time."""


def write_answers(
    file: str,
    answers: Iterable[tuple[str, Answer]],
    kind: FieldType | None = None,
    many: bool = False,
) -> int:
    """Write answers to a CSV, parquet or JSON-lines file, whole or not at all; return how many.

    Answers are written as they come, so that only some of them are held at a time.

    Args:
        file: Where to write, by its ending.
        answers: Where each record stands, and the answer about it.
        kind: The type of the goal, for the type of a parquet column; None: text.
        many: Whether the goal has several values.

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
            count = _write_parquet(temporary, answers, _arrow_type(kind, many))
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


def _write_parquet(file: str, answers: Iterable[tuple[str, Answer]], value: str) -> int:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        hint = 'pip install "heuron[parquet]"'
        raise refused(file.removesuffix(".tmp"), "writing parquet needs pyarrow", hint) from None
    numbers = {"certainty": "float64", "confidence": "float64", "value": value}
    schema = pyarrow.schema([(name, numbers.get(name, "string")) for name in COLUMNS])
    count, waiting = 0, iter(answers)
    with pyarrow.parquet.ParquetWriter(file, schema) as writer:
        while rows := [_row(place, answer) for place, answer in islice(waiting, GROUP)]:
            writer.write_table(pyarrow.Table.from_pylist(rows, schema))
            count += len(rows)
    return count


def _arrow_type(kind: FieldType | None, many: bool) -> str:
    """Return the type of the column of values."""
    if kind is None or many:
        return "string"
    return {"number": "float64", "integer": "int64", "boolean": "bool"}.get(kind.kind, "string")
