"""A SQL query over declared files as a source: what it sees, and what it must not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from heuron.cli.app import main
from heuron.diagnostics import RuleError
from heuron.learn.source import Query, read_source

pytest.importorskip("duckdb")

FILES = {"visits": "visits.csv", "people": "people.csv"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "secret.csv").write_text("a,b\n1,2\n")
    (tmp_path / "visits.csv").write_text(
        "person;day;cost\n1;2024-01-02;10.5\n2;2024-02-03;NA\n1;2024-03-04;2\n"
    )
    (tmp_path / "people.csv").write_text("id,code,city\n1,007,NA\n2,010,Bonn\n", newline="\r\n")
    return tmp_path


def read(folder: Path, text: str, files: dict[str, str] = FILES) -> dict[str, list[object]]:
    return dict(read_source(Query(text, files), folder, folder).columns)


def test_cells_have_the_type_that_all_of_them_have(folder: Path) -> None:
    """Numbers and dates are compared as such; 007 stays a code, and NA is empty in a number."""
    text = """select person, city, code, sum(cost) as cost, min(day) as first
              from visits join people on person = id group by all order by person"""
    found = read(folder, text)
    assert found == {
        "person": [1, 2],
        "city": ["NA", "Bonn"],
        "code": ["007", "010"],
        "cost": [12.5, None],
        "first": found["first"],
    }
    assert [str(one) for one in found["first"]] == ["2024-01-02", "2024-02-03"]


def test_parquet_files_may_be_joined(folder: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    parquet.write_table(pyarrow.table({"id": [1, 2], "age": [30, 40]}), folder / "ages.parquet")
    files = {**FILES, "ages": "ages.parquet"}
    text = "select city, age from people join ages using (id) order by age"
    assert read(folder, text, files) == {"city": ["NA", "Bonn"], "age": [30, 40]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("select * from read_csv('secret.csv')", "fails"),
        ("select * from read_text('{folder}/secret.csv')", "disabled"),
        ("select * from '{folder}/secret.csv'", "fails"),
        ("select * from glob('/*')", "disabled"),
        ("select * from FILES", "fails"),
        ("copy people to '{folder}/out.csv'", "one SELECT"),
        ("install httpfs", "one SELECT"),
        ("set enable_external_access = true", "one SELECT"),
        ("select 1 as a; select 2 as b", "one SELECT"),
        ("insert into people values (3, '4', 'x') returning *", "one SELECT"),
        ("", "one SELECT"),
        ("selct 1", "syntax error"),
        ("select city from peple", "does not exist"),
        ("select id, id from people", 'called "id"'),
        ("select * from people where id > 99", "selects no rows"),
    ],
)
def test_query_reads_its_own_files_and_does_nothing_else(
    folder: Path, text: str, message: str
) -> None:
    with pytest.raises(RuleError, match=message):
        read(folder, text.replace("{folder}", str(folder)))
    assert not (folder / "out.csv").exists()


def test_files_stay_in_the_project(folder: Path) -> None:
    inner = folder / "inner"
    inner.mkdir()
    with pytest.raises(RuleError, match="outside the project"):
        read_source(Query("from s", {"s": "../secret.csv"}), inner, inner)


DATA = """[source]
query = '''
select age, spent > 50 as good
from people join (select person, sum(cost) as spent from visits group by person) on person = id
'''
[source.files]
people = "people.csv"
visits = "visits.csv"
"""
RULES = "domain shop\ntype Person:\n    age: integer\n    good: boolean\ngoal Person.good\n"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.setenv("HEURON_LEDGER", "off")
    models = tmp_path / "shop" / "models" / "shop"
    models.mkdir(parents=True)
    (tmp_path / "shop" / "rules").mkdir()
    (tmp_path / "shop" / "rules" / "shop.rules").write_text(RULES)
    people = [f"{number},{20 + number % 50}" for number in range(120)]
    (models / "people.csv").write_text("\n".join(["id,age", *people]) + "\n")
    visits = [f"{number % 120},{20 + (number % 120) % 50}" for number in range(240)]
    (models / "visits.csv").write_text("\n".join(["person,cost", *visits]) + "\n")
    (models / "data.toml").write_text(DATA)
    (models / "tree.toml").write_text('estimator = "sklearn.tree.DecisionTreeClassifier"\n')
    monkeypatch.chdir(tmp_path / "shop")
    return models


def test_domain_trains_and_compares_on_a_query(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "shop", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["models"][0]["score"]["accuracy"] == 1.0
    assert main(["compare", "shop", "--json"]) == 0
    held = json.loads(capsys.readouterr().out)["held_out"]
    assert held["of"] == 120
    assert main(["models", "show", "shop", "tree", "--json"]) == 0
    assert "a query over people.csv, visits.csv" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("select age", "select agee", "data.toml:2:"),
        ("query =", "qery =", "Did you mean `query`"),
        ('visits = "visits.csv"', 'visits = "visits.exe"', "is a CSV or parquet file"),
        ('visits = "visits.csv"', 'visits = "../../../secret.csv"', "outside the project"),
        ('visits = "visits.csv"', 'visits = "absent.csv"', "No data at"),
        ("people = ", '"my people" = ', "no name of a table"),
        ("[source.files]", "[files]", "No key `files`"),
    ],
)
def test_mistakes_in_a_query_have_a_place(
    shop: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, message: str
) -> None:
    (shop / "data.toml").write_text(DATA.replace(old, new))
    (shop.parent.parent.parent / "secret.csv").write_text("a,b\n1,2\n")
    assert main(["train", "shop"]) == 1
    assert message in capsys.readouterr().err
    assert not (shop / "tree").exists()
