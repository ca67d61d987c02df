"""The sides of the benchmark of millions of rows, each run in a process of its own.

    python -m benchmarks.scale_sides SIDE FOLDER FILE RUNS

prints one JSON object: for each run seconds of the clock and of the processor, and what was
counted, so that sides that counted otherwise can be thrown out. What is imported is imported, and
what compiles is compiled, before the first run that counts.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, Final

from benchmarks.scale_data import CERTAIN, FIRST

__all__ = ["Side", "side"]

CHUNK: Final = 262_144
"""Rows of a chunk, on all sides that work in chunks; that of `heuron compare` of a large file."""

Side = Callable[[Path, str], Any]
"""From the project's folder and a file to what was counted."""


def heuron(domain: str, jobs: int | None) -> Side:
    """Return the comparison of a domain: for each backend [right, wrong, not answered]."""

    def run(folder: Path, file: str) -> Any:
        from heuron.compare.job import Job, Opened
        from heuron.compare.stream import Plan, compare_file
        from heuron.knowledge.project import find_domain

        found = find_domain(str(folder / "rules" / f"{domain}.rules"))
        cache = str(folder / "cache")  # as the command line has one
        job = Job(found, (str(folder / "models"),), file, "/", CHUNK, cache=cache)
        comparison = compare_file(Opened(job), Plan(jobs), timed=False)
        scores = comparison.backends.values()
        return [[one.right, one.wrong, one.not_answered] for one in scores]

    return run


def counted(cells: list[tuple[Any, ...]]) -> list[list[int]]:
    """Return [right, wrong, not answered] of (answer or None, truth, rows); twice, as the file's
    rules are their own dispatcher."""
    right = sum(rows for said, truth, rows in cells if said == truth)
    silent = sum(rows for said, _, rows in cells if said is None)
    whole = sum(rows for _, _, rows in cells)
    return [[right, whole - right - silent, silent]] * 2


def by_duckdb(domain: str) -> Side:
    """Return duckdb's query."""
    import duckdb

    def run(folder: Path, file: str) -> Any:
        connection = duckdb.connect()
        if domain == "table":
            whens = "".join(f" when {_sql(test)} then {at}" for at, (test, _) in enumerate(FIRST))
            text = f"select case{whens} end as hit, outcome, count(*) from '{file}' group by 1, 2"
            rows = connection.execute(text).fetchall()
            return counted([(None if h is None else FIRST[h][1], t, n) for h, t, n in rows])
        masks = ", ".join(f"{_sql(test)} as t{at}" for at, (test, _) in enumerate(FIRST))
        pattern = " + ".join(f"t{at}::integer * {1 << at}" for at in range(len(FIRST)))
        text = f"with r as (select outcome, {masks} from '{file}')"
        text += f" select {pattern} as pattern, outcome, count(*) from r group by 1, 2"
        return _by_pattern(connection.execute(text).fetchall())

    return run


def by_polars(domain: str) -> Side:
    """Return polars' query."""
    import polars as pl

    def run(folder: Path, file: str) -> Any:
        tests = [pl.sql_expr(_sql(test)) for test, _ in FIRST]
        frame = pl.scan_parquet(file)
        if domain == "table":
            chain: Any = pl
            for at, test in enumerate(tests):
                chain = chain.when(test).then(at)
            hit = chain.otherwise(None).alias("hit")
            rows = frame.select(hit, "outcome").group_by("hit", "outcome").len().collect().rows()
            return counted([(None if h is None else FIRST[h][1], t, n) for h, t, n in rows])
        bits = [test.cast(pl.Int16) * (1 << at) for at, test in enumerate(tests)]
        pattern = pl.sum_horizontal(bits).alias("pattern")
        rows = frame.select(pattern, "outcome").group_by("pattern", "outcome").len().collect()
        return _by_pattern(rows.rows())

    return run


def _sql(test: str) -> str:
    return "(" + test.replace("==", "=") + ")"


def _by_pattern(rows: list[tuple[int, str, int]]) -> list[list[int]]:
    """Return the counts of rows by the rules that fired, certainties combined by hand.

    Belief in a value is what the doubts of the rules for it leave, as in MYCIN.
    """
    cells = []
    for pattern, truth, count in rows:
        doubt: dict[str, float] = {}
        first: dict[str, int] = {}
        for at, ((_, value), certainty) in enumerate(zip(FIRST, CERTAIN, strict=True)):
            if pattern >> at & 1:
                doubt[value] = doubt.get(value, 1.0) * (1.0 - certainty)
                first.setdefault(value, at)
        held = {value: round(1.0 - one, 12) for value, one in doubt.items()}
        said = max(held, key=lambda value: (held[value], -first[value]), default=None)
        cells.append((said, truth, count))
    return counted(cells)


def by_pipeline(ready: bool) -> Side:
    """Return scikit-learn's pipeline on frames of the same chunks.

    Args:
        ready: Whether the pipeline's `predict_proba` alone is timed, its frames read before.
    """
    kept: dict[str, Any] = {}

    def run(folder: Path, file: str) -> Any:
        if "pipeline" not in kept:
            kept["pipeline"] = _pipeline(folder)
        if not ready:
            frames = _frames(file)
        else:
            if file not in kept:
                kept[file] = list(_frames(file))
            frames = kept[file]
        return sum(len(kept["pipeline"].predict_proba(one)) for one in frames)

    return run


def by_estimator(folder: Path, file: str) -> Any:
    """Run the estimator alone on matrices of the same chunks, which were encoded before."""
    if "estimator" not in MATRICES:
        MATRICES["estimator"] = _pipeline(folder)
    pipeline = MATRICES["estimator"]
    if file not in MATRICES:
        MATRICES[file] = [pipeline[0].transform(one) for one in _frames(file)]
    return sum(len(pipeline[1].predict_proba(one)) for one in MATRICES[file])


MATRICES: Final[dict[str, Any]] = {}


def _frames(file: str) -> Any:
    import pyarrow.parquet as pq

    names = ["outcome"]
    with pq.ParquetFile(file) as source:
        wanted = [one for one in source.schema_arrow.names if one not in names]
        for batch in source.iter_batches(CHUNK, columns=wanted):
            yield batch.to_pandas()


def _pipeline(folder: Path) -> Any:
    """Return what one would write by hand: scaled numbers, levels as columns, a regression."""
    import pandas
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    table = pandas.read_csv(folder / "models" / "both" / "few.csv")
    numbers = make_column_selector(dtype_include="number")
    levels = make_column_selector(dtype_exclude="number")
    columns = make_column_transformer((StandardScaler(), numbers), (OneHotEncoder(
        sparse_output=False), levels))  # fmt: skip
    pipeline = make_pipeline(columns, LogisticRegression(max_iter=1000))
    return pipeline.fit(table.drop(columns="outcome"), table["outcome"])


def side(name: str) -> Side:
    """Return a side by its name."""
    what, _, domain = name.partition(":")
    match what:
        case "heuron":
            return heuron(domain, None)
        case "serial":
            return heuron(domain, 1)
        case "duckdb":
            return by_duckdb(domain)
        case "polars":
            return by_polars(domain)
        case "pipeline":
            return by_pipeline(domain == "ready")
        case "estimator":
            return by_estimator
    raise ValueError(name)


def main(name: str, folder: str, file: str, runs: int) -> None:
    """Run a side so many times after one that does not count; print what was measured."""
    run = side(name)
    run(Path(folder), file)
    clock, processor, found = [], [], None
    for _ in range(runs):
        began, spent = perf_counter(), process_time()
        found = run(Path(folder), file)
        processor.append(process_time() - spent)
        clock.append(perf_counter() - began)
    print(json.dumps({"clock": clock, "processor": processor, "counted": found}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
