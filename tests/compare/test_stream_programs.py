"""Rules of every shape: a stream of pieces counts what a comparison of single rows counts."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

import heuron
from heuron.compare import compare
from heuron.compare.job import Job, Opened
from heuron.compare.stream import Plan, compare_file
from heuron.dispatch import Dispatcher
from heuron.knowledge.project import find_domain
from heuron.learn.contract import contract_of
from heuron.learn.data import load

TYPE = """
type Case:
    a: number in 0..10, optional
    b: integer in 0..10, optional
    c: red | green | blue, optional
    d: boolean, optional
{fields}
"""
LEVELS = TYPE.format(fields="    y: yes | no | never") + "goal Case.y\n"

PROGRAMS = {
    "chains, with certainties for and against": LEVELS.replace(
        "    y:", "    m: low | high\n    y:"
    )
    + """
rule low:
    when x: Case(a < 5)
    then conclude x.m = low, certainty 0.7
rule lower:
    when x: Case(b < 3)
    then conclude x.m = low, certainty 0.5
rule high:
    when x: Case(a >= 5)
    then conclude x.m = high
rule one:
    when x: Case(m == low, c == red)
    then conclude x.y = yes, certainty 0.8
rule two:
    when x: Case(m == high)
    then conclude x.y = no, certainty 0.6
rule three:
    when x: Case(d)
    then conclude x.y = yes, certainty -0.4
""",
    "a computed field": LEVELS.replace("    y:", "    r: number in 0..3\n    y:")
    + """
rule ratio:
    when x: Case(a > 0, b > 0)
    then conclude x.r = x.b / x.a, certainty 0.8
rule large:
    when x: Case(r > 1)
    then conclude x.y = yes, certainty 0.9
rule unsure:
    when x: Case(r is unknown, d)
    then conclude x.y = no, certainty 0.5
rule either_way:
    when:
        x: Case(a >= 0)
        either:
            x.r < 0.5
        or:
            x.c == green
    then conclude x.y = never, certainty 0.7
""",
    "a first-hit table": LEVELS
    + """
table y(Case -> y), first hit:
    a   | b    | c          -> y
    < 2 | -    | red, green -> yes
    -   | >= 7 | -          -> no
    > 4 | -    | not blue   -> never
""",
    "a table and rules, ties and contradictions": LEVELS
    + """
table y(Case -> y), first hit:
    a   | c   -> y
    < 2 | red -> yes
rule sure:
    when x: Case(d)
    then conclude x.y = yes
rule never:
    when x: Case(d, a > 8)
    then conclude x.y = yes, certainty -1
rule tied:
    when x: Case(b > 4)
    then conclude x.y = no, certainty 0.6
rule other:
    when x: Case(b > 6)
    then conclude x.y = never, certainty 0.6
""",
    "a quantity by constants": TYPE.format(fields="    y: number")
    + """
goal Case.y, within 1
rule small:
    when x: Case(a < 4)
    then conclude x.y = 2, certainty 0.8
rule middle:
    when x: Case(b > 5)
    then conclude x.y = 5, certainty 0.5
rule also:
    when x: Case(a < 1)
    then conclude x.y = 2, certainty 0.3
""",
    "a quantity that is computed": TYPE.format(fields="    y: number")
    + """
goal Case.y, within 10 %
rule sum:
    when x: Case(c != blue)
    then conclude x.y = x.a + x.b, certainty 0.8
""",
    "conclusions in the data": LEVELS.replace("    y:", "    m: low | high, optional\n    y:")
    + """
rule low:
    when x: Case(a < 5)
    then conclude x.m = low, certainty 0.7
rule one:
    when x: Case(m == low)
    then conclude x.y = yes, certainty 0.8
rule two:
    when x: Case(m == high)
    then conclude x.y = no, certainty 0.6
""",
    "facts that join": LEVELS
    + """
type Wanted(colour: text)
facts:
    Wanted("red")
    Wanted("blue")
rule wanted:
    when:
        x: Case(a > 2)
        exists Wanted(colour == "red")
    then conclude x.y = yes, certainty 0.8
rule other:
    when x: Case(a <= 2, b > 1)
    then conclude x.y = no, certainty 0.8
""",
}


def write_rows(path: Path, rows: int, numeric: bool, concluded: bool) -> None:
    """Write random rows, one cell in eight empty."""
    draw = random.Random(5)

    def cell(value: object) -> str:
        return "" if draw.random() < 1 / 8 else str(value)

    lines = ["a,b,c,d" + (",m" if concluded else "") + ",y"]
    for _ in range(rows):
        cells = [
            cell(draw.choice([round(draw.random() * 10, 2), draw.randrange(11)])),
            cell(draw.randrange(11)),
            cell(draw.choice(["red", "green", "blue"])),
            cell(draw.choice(["true", "false"])),
        ]
        if concluded:
            cells.append(draw.choice(["", "", "low", "high"]))
        cells.append(
            cell(round(draw.random() * 12, 1) if numeric else draw.choice(["yes", "no", "never"]))
        )
        lines.append(",".join(cells))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def counted(body: dict[str, Any]) -> dict[str, Any]:
    """Return what depends on counts alone."""
    for score in body["backends"].values():
        for name in ("us_single", "us_batch", "us_quartiles"):
            del score[name]
    for score in body["backends"].values():
        for name in [name for name in score if name.endswith("error_interval")]:
            # Means over many numbers have normal intervals in a stream.
            del score[name]
    return {name: value for name, value in body.items() if name not in ("warnings", "held_out")}


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_stream_counts_what_single_rows_count(name: str, kind: str, tmp_path: Path) -> None:
    text = PROGRAMS[name]
    rules = tmp_path / "cases.rules"
    rules.write_text(f'domain cases "What is y?"\n{text}', encoding="utf-8")
    data = tmp_path / "cases.csv"
    write_rows(data, 400, "y: number" in text, "in the data" in name)
    domain = find_domain(str(rules))
    kb = heuron.load(domain)
    dispatcher = Dispatcher(kb)
    table = load(contract_of(kb), str(data), root=tmp_path, everything=True)
    whole = compare(dispatcher, table, timed=False).to_dict()
    if kind == "parquet":
        import pyarrow.csv
        import pyarrow.parquet

        content = pyarrow.csv.read_csv(data)
        data = tmp_path / "cases.parquet"
        pyarrow.parquet.write_table(content, data, row_group_size=150)
    expected = counted(whole)
    for rows, workers in ((37, 1), (37, 3), (1000, 1)):
        job = Job(domain, (str(tmp_path),), str(data), str(tmp_path), rows)
        streamed = compare_file(Opened(job), Plan(workers), timed=False).to_dict()
        assert counted(streamed) == expected


def test_programs_have_something_to_count(tmp_path: Path) -> None:
    """Each program answers, and each of its rules fires, so that the counts are no zeros."""
    for name, text in PROGRAMS.items():
        rules = tmp_path / "cases.rules"
        rules.write_text(f'domain cases "What is y?"\n{text}', encoding="utf-8")
        data = tmp_path / "cases.csv"
        write_rows(data, 400, "y: number" in text, "in the data" in name)
        job = Job(find_domain(str(rules)), (str(tmp_path),), str(data), str(tmp_path), 100)
        found = compare_file(Opened(job), Plan(1), timed=False)
        assert all(one.fired for one in found.rules), name
        assert found.backends["rules"].right, name


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_follows_from_firing_is_what_the_engine_says(name: str, tmp_path: Path) -> None:
    """Contributions from the rules that fired, beside those of a session that infers anew."""
    from heuron.compare.decided import Decided
    from heuron.compare.shots import contributions

    text = PROGRAMS[name]
    kb = heuron.loads(f'domain cases "What is y?"\n{text}')
    if not kb.engine.single_record:
        return
    contract = contract_of(kb)
    write_rows(tmp_path / "cases.csv", 200, "y: number" in text, False)
    table = load(contract, str(tmp_path / "cases.csv"), root=tmp_path, everything=True)
    decided = Decided(kb.engine)
    host = kb.host()
    looked = 0
    for row in table.rows(table.places("all")):
        evidence = kb.evidence(row)
        record = {key: one for key, one in evidence.record.items() if key != contract.goal}
        found = decided.contributions(record, host)
        if found is not None:
            looked += 1
            assert found == contributions(kb, evidence, None)
    either = "a computed field"
    assert looked == (0 if name in (either, "a quantity that is computed") else len(table))


def test_reading_parquet_needs_no_pandas(tmp_path: Path) -> None:
    """Arrow imports it by itself where it is installed, which takes longer than many a run."""
    import subprocess
    import sys

    import pyarrow.csv
    import pyarrow.parquet

    (tmp_path / "cases.rules").write_text(
        f'domain cases "What is y?"\n{PROGRAMS["a first-hit table"]}', encoding="utf-8"
    )
    write_rows(tmp_path / "cases.csv", 100, False, False)
    content = pyarrow.csv.read_csv(tmp_path / "cases.csv").drop_null()
    pyarrow.parquet.write_table(content, tmp_path / "cases.parquet")
    program = (
        "import sys\nfrom heuron.cli.app import main\n"
        "code = main(['compare', 'cases.rules', '--data', 'cases.parquet', '--chunk', '10'])\n"
        "sys.exit(code or int('pandas' in sys.modules))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
