"""Decision tables in sheets of workbooks, and what CSV files and sheets have in common."""

from __future__ import annotations

import pickle
import zipfile
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import heuron

openpyxl = pytest.importorskip("openpyxl", reason="needs heuron[xlsx]")

RULES = """
type Parcel:
    weight: number >= 0
    zone: near | far | "over sea"
    express: boolean, default false
    sent: date, optional
    label: text, optional
    price: number
goal Parcel.price
table price(Parcel -> price), first hit: from "{source}"
"""

PRICES: list[list[Any]] = [
    ["Weight", "Zone", "Express", "Sent", "Label", "Price"],
    ["<= 2", "near", None, None, None, 4.9],
    ["<= 2", "not near", False, None, None, 9.9],
    [3, "far, over sea", True, None, None, 20],
    ["2..10", None, None, date(2026, 12, 24), None, 1],
    [None, None, None, None, "a | b", 2.5],
    [None, None, None, "< 2020-01-01", "Smith", 3],
    [None, None, None, None, None, 29],
]


def write(folder: Path, sheets: dict[str, list[list[Any]]], source: str = "prices.xlsx") -> Path:
    """Write a workbook and a rule file that reads it; return the rule file."""
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(row)
    workbook.save(folder / "prices.xlsx")
    path = folder / "parcels.rules"
    path.write_text(RULES.format(source=source), encoding="utf-8")
    return path


def codes(path: Path) -> list[tuple[str, str]]:
    folder = f"{path.parent}/"
    return [(one.code, one.message.replace(folder, "")) for one in heuron.check(path)]


@pytest.mark.parametrize(
    ("evidence", "price", "row"),
    [
        ({"weight": 1, "zone": "near"}, 4.9, 1),
        ({"weight": 1, "zone": "over sea"}, 9.9, 2),
        ({"weight": 3, "zone": "far", "express": True}, 20.0, 3),
        ({"weight": 3, "zone": "near", "sent": "2026-12-24"}, 1.0, 4),
        ({"weight": 11, "zone": "near", "sent": "2026-12-24", "label": "a | b"}, 2.5, 5),
        ({"weight": 11, "zone": "near", "sent": "2019-12-24", "label": "Smith"}, 3.0, 6),
        ({"weight": 11, "zone": "near", "sent": "2026-12-24", "label": "x"}, 29.0, 7),
    ],
)
def test_a_sheet_is_a_decision_table(tmp_path, evidence, price, row):
    """Numbers, truth values and dates are what they are in the sheet; texts need no quotes."""
    answer = heuron.load(write(tmp_path, {"Prices": PRICES})).ask(evidence)

    assert (answer.value, list(answer.rules)) == (price, [f"price[{row}]"])


def test_the_same_rows_mean_the_same_in_a_csv_file(tmp_path):
    kb = heuron.load(write(tmp_path, {"Prices": PRICES}))
    (text,) = [text for name, text in kb.files.items() if name.endswith(".xlsx")]
    (tmp_path / "prices.csv").write_text(text, encoding="utf-8")
    (tmp_path / "parcels.rules").write_text(RULES.format(source="prices.csv"), encoding="utf-8")
    other = heuron.load(tmp_path / "parcels.rules")

    for weight in (1, 3, 5, 11):
        for zone in ("near", "far", "over sea"):
            given = {"weight": weight, "zone": zone, "sent": "2026-12-24", "label": "Smith"}
            assert kb.ask(given).value == other.ask(given).value


def test_a_sheet_is_named_behind_a_hash(tmp_path):
    other = [["weight", "price"], [None, 1]]
    path = write(tmp_path, {"Old": other, "New prices": PRICES}, "prices.xlsx#new PRICES")

    assert heuron.load(path).ask({"weight": 1, "zone": "near"}).value == 4.9


def test_of_several_sheets_one_must_be_named(tmp_path):
    path = write(tmp_path, {"Old": PRICES, "New": PRICES})

    assert codes(path) == [("bad-table", '"prices.xlsx" has several sheets: Old, New.')]
    assert heuron.check(path)[0].hint == 'Say which one: from "prices.xlsx#Old".'


def test_a_sheet_that_is_not_there_is_named_with_those_that_are(tmp_path):
    path = write(tmp_path, {"Old": PRICES, "New": PRICES}, "prices.xlsx#Newer")

    assert codes(path) == [("not-found", '"prices.xlsx" has no sheet "Newer".')]
    assert heuron.check(path)[0].hint == "Its sheets: Old, New."


@pytest.mark.parametrize(
    ("row", "code", "message"),
    [
        (["many", None, None, None, None, 1], "unknown-name", 'Cell A3: "many" means nothing'),
        ([1, "nowhere", None, None, None, 1], "unknown-level", 'Cell B3: "nowhere" is none of'),
        ([1, None, 7, None, None, 1], "type-mismatch", "Cell C3: The column is true or false"),
        ([1, None, None, 7, None, 1], "type-mismatch", "Cell D3: The column is a date"),
        ([1, None, None, None, None, "dear"], "unknown-name", 'Cell F3: "dear" means nothing'),
        (["< <", None, None, None, None, 1], "syntax", "Cell A3: "),
    ],
)
def test_a_mistake_names_the_cell(tmp_path, row, code, message):
    path = write(tmp_path, {"Prices": [PRICES[0], PRICES[1], row]})
    (found,) = heuron.check(path)

    assert (found.code, found.message[: len(message)]) == (code, message)
    assert (Path(found.span.file).name, found.line) == ("prices.xlsx", 3)


def test_a_row_without_a_value_is_an_error(tmp_path):
    path = write(tmp_path, {"Prices": [PRICES[0], [1, "near", None, None, None, None]]})

    assert codes(path) == [("bad-table", '"prices.xlsx", cell F2: this row has no value.')]


def test_blank_rows_and_titles_above_keep_their_places(tmp_path):
    rows = [[], PRICES[0], [], PRICES[1], [1, "nowhere", None, None, None, 1]]
    (found,) = heuron.check(write(tmp_path, {"Prices": rows}))

    assert (found.message[:8], found.line) == ("Cell B5:", 5)


def changed(folder: Path, change: Any) -> Path:
    """Return the rule file of a workbook that was changed after it was written."""
    path = write(folder, {"Prices": PRICES})
    workbook = openpyxl.load_workbook(folder / "prices.xlsx")
    change(workbook["Prices"])
    workbook.save(folder / "prices.xlsx")
    return path


def test_merged_cells_are_an_error(tmp_path):
    path = changed(tmp_path, lambda sheet: sheet.merge_cells("A2:A3"))

    assert codes(path) == [
        ("bad-table", 'Sheet "Prices" of "prices.xlsx": the cells A2:A3 are merged.')
    ]


def test_a_formula_that_was_never_computed_is_an_error(tmp_path):
    def change(sheet: Any) -> None:
        sheet["F2"] = "=1+1"

    assert codes(changed(tmp_path, change)) == [
        (
            "bad-table",
            'Sheet "Prices" of "prices.xlsx", cell F2: its formula was never computed.',
        )
    ]


def test_an_error_value_is_an_error(tmp_path):
    def change(sheet: Any) -> None:
        sheet["A2"] = "#DIV/0!"

    assert codes(changed(tmp_path, change)) == [
        ("bad-table", 'Sheet "Prices" of "prices.xlsx", cell A2: #DIV/0! is no value.')
    ]


def test_what_is_no_workbook_is_an_error(tmp_path):
    path = write(tmp_path, {"Prices": PRICES})
    (tmp_path / "prices.xlsx").write_bytes(b"PK\x03\x04 nothing")
    assert [code for code, _ in codes(path)] == ["bad-data"]

    with zipfile.ZipFile(tmp_path / "prices.xlsx", "w") as archive:
        archive.writestr("readme.txt", "no sheets")
    assert [code for code, _ in codes(path)] == ["bad-data"]


def test_a_workbook_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("heuron.knowledge.workbook.BIGGEST", 1_000)

    assert codes(write(tmp_path, {"Prices": PRICES})) == [
        ("file", '"prices.xlsx" is too big when it is unpacked.')
    ]


def test_an_old_workbook_is_refused_with_what_to_do(tmp_path):
    path = write(tmp_path, {"Prices": PRICES}, "prices.xls")

    assert codes(path) == [("bad-table", '"prices.xls" is no kind of table.')]


def test_without_openpyxl_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "openpyxl", None)
    path = write(tmp_path, {"Prices": PRICES})

    assert codes(path) == [("needs-package", '"prices.xlsx" needs openpyxl to be read.')]
    assert heuron.check(path)[0].hint == 'pip install "heuron[xlsx]"'


def test_a_workbook_outside_the_project_is_not_read(tmp_path):
    inside = tmp_path / "project" / "rules"
    inside.mkdir(parents=True)
    path = write(inside, {"Prices": PRICES}, "../../prices.xlsx")
    (inside / "prices.xlsx").rename(tmp_path / "prices.xlsx")
    assert [code for code, _ in codes(path)] == ["outside-project"]

    (inside / "link.xlsx").symlink_to(tmp_path / "prices.xlsx")
    path.write_text(RULES.format(source="link.xlsx#Prices"), encoding="utf-8")
    assert [code for code, _ in codes(path)] == ["outside-project"]


def test_a_knowledge_base_with_a_workbook_is_cached_until_the_workbook_changes(tmp_path):
    path = write(tmp_path, {"Prices": PRICES})
    cache = str(tmp_path / "cache")
    given = {"weight": 1, "zone": "near"}
    first = heuron.load(path, cache=cache).ask(given).value
    again = heuron.load(path, cache=cache).ask(given).value
    write(tmp_path, {"Prices": [PRICES[0], ["<= 2", "near", None, None, None, 5.5]]})

    assert (first, again, heuron.load(path, cache=cache).ask(given).value) == (4.9, 4.9, 5.5)


def test_it_travels_without_its_workbook(tmp_path):
    kb = heuron.load(write(tmp_path, {"Prices": PRICES}))
    (tmp_path / "prices.xlsx").unlink()
    other = pickle.loads(pickle.dumps(kb))

    assert other.ask({"weight": 1, "zone": "near"}).value == 4.9


def test_a_text_gets_its_workbook_from_a_resolver(tmp_path):
    write(tmp_path, {"Prices": PRICES})
    data = (tmp_path / "prices.xlsx").read_bytes()
    text = RULES.format(source="prices.xlsx#prices")
    kb = heuron.loads(text, read=lambda path, using: (path, data))

    assert kb.ask({"weight": 1, "zone": "near"}).value == 4.9
    with pytest.raises(heuron.RuleError, match="reads no file"):
        heuron.loads(text)


TIMES = """
type Job:
    begin: datetime, optional
    length: duration, optional
    pay: number
goal Job.pay
table pay(Job -> pay), first hit: from "prices.xlsx"
"""


def test_moments_and_durations(tmp_path):
    rows = [
        ["begin", "length", "pay"],
        [datetime(2026, 1, 1, 13, 30), None, 1],
        [datetime(2026, 1, 2), None, 2],
        [None, timedelta(hours=12), 3],
        [None, "< 2 days", 4],
    ]
    path = write(tmp_path, {"Pay": rows})
    path.write_text(TIMES, encoding="utf-8")
    kb = heuron.load(path)
    asked = [
        {"begin": "2026-01-01T13:30"},
        {"begin": "2026-01-02T00:00"},
        {"begin": "2026-01-03", "length": "12 hours"},
        {"begin": "2026-01-03", "length": "13 hours"},
    ]

    assert [kb.ask(one).value for one in asked] == [1, 2, 3, 4]
