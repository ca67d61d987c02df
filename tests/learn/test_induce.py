"""Rules from examples: right, honest about how sure they are, and written so that they load."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

import heuron
from heuron.certainty import implied_certainty
from heuron.diagnostics import RuleError
from heuron.knowledge.testing import run_tests
from heuron.lang import ast
from heuron.lang.printer import format_text, print_file
from heuron.learn.contract import Contract, contract_of
from heuron.learn.data import Table, load
from heuron.learn.induce import induce
from heuron.learn.induce.conditions import Condition, matches, needed, round_cut, tighten
from heuron.learn.induce.draft import Draft, draft, plain_name
from heuron.learn.induce.project import drafted, project_files
from heuron.learn.induce.write import goal_item, rule_file
from heuron.learn.source import Raw

ROOT = Path(__file__).parent.parent.parent


def table_of(domain: str) -> Table:
    """The table of a built-in domain."""
    contract = contract_of(heuron.load(domain))
    return load(contract, None, folder=ROOT / "models" / domain, root=ROOT)


@pytest.fixture
def csv(tmp_path: Path) -> Callable[..., Path]:
    """Write a table: 'colour' and 'weight' decide 'kind', with a little noise."""

    def write(rows: int = 300, noise: float = 0.05, kind: str = "kind") -> Path:
        chance = random.Random(0)
        lines = [f"id,colour,weight (g),{kind}"]
        for at in range(rows):
            colour, weight = (
                chance.choice(["red", "green", "blue"]),
                round(chance.uniform(5, 95), 1),
            )
            heavy = colour != "red" and weight > 40
            if chance.random() < noise:
                heavy = not heavy
            lines.append(f"{at},{colour},{weight},{'plum' if heavy else 'pea'}")
        path = tmp_path / "fruit.csv"
        path.write_text("\n".join(lines) + "\n")
        return path

    return write


@pytest.mark.parametrize("method", ["tree", "list"])
@pytest.mark.parametrize("domain", ["cancer", "penguins", "iris", "loan"])
def test_rule_file_loads_and_answers_rightly(domain: str, method: str) -> None:
    table = table_of(domain)
    knowledge = heuron.load(domain)
    induced = induce(table, 6, method)
    text = rule_file(table.contract, induced, f"{domain}_induced", knowledge.question, None)
    assert format_text(text) == (text, ())
    rules = heuron.loads(text)
    places = table.places("held_out")
    answers = [one.value for one in rules.ask_many(table.rows(places))]
    answered = [
        one for one in zip(answers, table.truths(places), strict=True) if one[0] is not None
    ]
    assert len(answered) > 0.6 * len(places)
    assert sum(one == truth for one, truth in answered) > 0.88 * len(answered)


def test_same_table_gives_the_same_bytes() -> None:
    texts = {
        rule_file(table.contract, induce(table, 8, "list"), "x", None, None)
        for table in (table_of("iris"), table_of("iris"))
    }
    assert len(texts) == 1


def test_certainty_is_the_change_of_belief_out_of_fold() -> None:
    table = table_of("iris")
    for rule in induce(table).rules:
        expected = round(implied_certainty(rule.right, rule.fired, rule.base), 2)
        assert rule.certainty == min(0.99, expected)
        assert rule.right <= rule.fired


def test_noise_alone_gives_no_sure_rule(csv: Callable[..., Path]) -> None:
    """In-sample precision would promise what no new row keeps."""
    start = drafted(csv(noise=0.5), "kind", "fruit")
    assert [one for one in induce(start.table).rules if one.certainty > 0.4] == []


def test_held_out_rows_are_not_looked_at(csv: Callable[..., Path]) -> None:
    start = drafted(csv(), "kind", "fruit")
    before = induce(start.table)
    cells = dict(start.table.columns)
    goal = list(cells["kind"])
    for at in start.table.places("held_out"):
        goal[at] = "pea"
    cells["kind"] = goal
    from dataclasses import replace

    assert induce(replace(start.table, columns=cells)) == before


def test_conditions_merge_and_needless_ones_go() -> None:
    import numpy

    premise = tighten(tighten((), Condition(0, low=1.0)), Condition(0, high=3.0))
    assert premise == (Condition(0, low=1.0, high=3.0),)
    rows = numpy.array([[2.0, 0.0], [4.0, 0.0], [numpy.nan, 0.0]])
    assert needed((*premise, Condition(1, levels=(0,))), rows) == (Condition(0, high=3.0),)
    assert matches(premise, rows).tolist() == [True, False, False]


@pytest.mark.parametrize(
    ("below", "above", "cut"),
    [
        (16.7, 16.91, 16.8),
        (0.1391, 0.1456, 0.14),
        (63.0, 64.0, 63.0),
        (12000.0, 13000.0, 12000.0),
        (-2.5, -1.0, -2.0),
    ],
)
def test_cut_is_the_shortest_decimal_between(below: float, above: float, cut: float) -> None:
    assert round_cut(below, above) == cut
    assert below <= cut < above


def test_draft_guesses_types_ranges_and_units() -> None:
    raw = Raw(
        "t.csv",
        {
            "Row": [str(at) for at in range(40)],
            "petal length (cm)": [f"{at / 10}" for at in range(40)],
            "Smoker": ["yes", "no"] * 20,
            "city": ["Bern", "bern ", "Ulm", ""] * 10,
            "born": ["2001-02-03"] * 39 + ["1999-01-01"],
            "3p%": ["7"] * 39 + ["8"],
            "always": ["x"] * 40,
            "Class": ["0", "1", "2", "1"] * 10,
        },
        "",
    )
    made = draft(raw, "class", "flowers")
    shown = [
        (one.name, str(one.type), one.low, one.high, one.unit, one.optional)
        for one in made.template.fields
    ]
    assert shown == [
        ("petal_length", "number", 0, 10, "cm", False),
        ("smoker", "boolean", None, None, None, False),
        ("city", "Bern | Ulm", None, None, None, True),
        ("born", "date", None, None, None, False),
        ("x_3p", "integer", 0, 20, None, False),
        ("class", "0 | 1 | 2", None, None, None, False),
    ]
    assert made.goal == "class"
    assert made.columns == {"x_3p": "3p%"}
    assert made.left_out == (("Row", "it numbers the rows"), ("always", 'it is always "x"'))


def test_names_are_names_of_the_language() -> None:
    names = ["not", "2nd try", "Größe (m²)", "a-b", "€", ""]
    assert [plain_name(one) for one in names] == ["not_", "x_2nd_try", "grösse_m2", "a_b", "x", "x"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "bad-data"),
        ("a,b\n", "bad-data"),
        ("a,b\n1,x\n2,x\n", "too-few-rows"),
        ("a;b\n1;x\n2;y\n", "unknown-column"),
        ("b\nx\ny\n", "too-few-rows"),
        (",".join(f"c{at}" for at in range(600)) + ",b\n" + "1," * 600 + "x\n", "bad-data"),
    ],
)
def test_tables_that_teach_nothing_are_refused(tmp_path: Path, text: str, code: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text)
    target = "kind" if ";" in text else "b"
    with pytest.raises(RuleError) as caught:
        drafted(path, target, "t")
    assert caught.value.diagnostics[0].code == code


def test_numbers_get_rules_within_a_tolerance(tmp_path: Path) -> None:
    lines = ["size,price"]
    chance = random.Random(1)
    for _ in range(200):
        size = chance.choice([40, 80, 120])
        lines.append(f"{size},{size * 1000 + chance.randint(-1000, 1000)}")
    path = tmp_path / "houses.csv"
    path.write_text("\n".join(lines))
    start = drafted(path, "price", "houses")
    files = project_files(start, "houses.csv")
    knowledge = heuron.loads(files["rules/houses.rules"], models=("boosting",))
    assert knowledge.ask({"size": 80}).value == pytest.approx(80_000, rel=0.05)
    assert "within 10 %" in files["rules/houses.rules"]


def test_project_files_check_clean_and_their_tests_pass(csv: Callable[..., Path]) -> None:
    files = project_files(drafted(csv(), "kind", "fruit"), "fruit.csv")
    text = files["rules/fruit.rules"]
    assert format_text(text) == (text, ())
    knowledge = heuron.loads(text, models=("boosting", "logistic"))
    assert [one.passed for one in run_tests(knowledge).results] == [True] * 2
    assert 'weight: number in 0..200, unit "g"' in text
    assert sorted(files) == [
        ".gitignore",
        "README.md",
        "models/fruit/boosting.toml",
        "models/fruit/data.toml",
        "models/fruit/logistic.toml",
        "rules/fruit.rules",
    ]


def drafted_from(cells: list[str], goal: list[str] | None = None) -> Draft:
    """The draft of a table with one column of these cells beside a goal."""
    answers = goal or ["a", "b"] * (len(cells) // 2)
    return draft(Raw("t.csv", {"size": cells, "kind": answers}, "", first_line=2), "kind", "t")


NUMBERS = [f"{at}.5" for at in range(60)]


@pytest.mark.parametrize(
    ("cells", "kind", "unknown"),
    [
        (NUMBERS, "number", ()),
        ([*NUMBERS[:58], "old", "old"], "number", ("old",)),
        ([*NUMBERS[:58], "inf", "1e999"], "number", ("inf", "1e999")),
        (["0", "1", "2"] * 18 + ["3+"] * 6, "0 | 1 | 2 | 3+", ()),
        ([*NUMBERS[:50], *(f"x{at}" for at in range(10))], "text", ()),
        ([*NUMBERS[:30], *["old"] * 30], "text", ()),
        (["2026-01-01T10:00", "2026-01-01 11:30:00"] * 30, "datetime", ()),
        (["20260101", "20260102"] * 30, "integer", ()),
    ],
)
def test_a_few_texts_among_numbers_are_unknown(
    cells: list[str], kind: str, unknown: tuple[str, ...]
) -> None:
    made = drafted_from(cells)
    field = made.template["size"]
    assert str(field.type) == kind
    assert made.unknown == ({"size": unknown} if unknown else {})
    assert field.optional == bool(unknown)
    assert len(made.warnings) == bool(unknown)
    if unknown:
        assert f"t.csv:{2 + cells.index(unknown[0])}" in made.warnings[0].message


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("{},5", "decimal comma"),
        ("1 0{:02}", "groups of digits"),
        ("{} %", "a sign"),
        ("$1,0{:02}.50", "a sign"),
        ("{:02}.01.2026", "dates"),
        ("1/{:02}/26", "dates"),
    ],
)
def test_other_ways_to_write_are_named(cell: str, words: str) -> None:
    made = drafted_from([cell.format(at % 28 + 1) for at in range(40)] + ["1"] * 4)
    assert words in made.warnings[0].message
    assert made.warnings[0].hint


def test_a_target_of_many_texts_is_no_target() -> None:
    with pytest.raises(RuleError, match="60 different texts in 60 rows"):
        drafted_from(["1"] * 60, [f"text {at}" for at in range(60)])


def test_strays_are_unknown_in_the_project_too(tmp_path: Path) -> None:
    rows = [f"{at % 50}.5,{'plum' if at % 50 > 25 else 'pea'}" for at in range(100)]
    rows[7] = "old,pea"
    path = tmp_path / "fruit.csv"
    path.write_text("\n".join(["size,kind", *rows]))
    start = drafted(path, "kind", "fruit")
    assert [one.code for one in start.table.warnings if "old" in one.message] == ["wrong-value"]
    files = project_files(start, "fruit.csv")
    assert '[levels.size]\nunknown = ["old"]' in files["models/fruit/data.toml"]


def table_of_numbers(tmp_path: Path, whole: bool, slope: float, noise: float) -> Path:
    """Write houses whose price rises with their size, at another rate in town."""
    chance = random.Random(3)
    lines = ["size,town,price"]
    for _ in range(300):
        size, town = chance.uniform(40, 200), chance.random() < 0.5
        price = 100 + (2 * slope if town else slope) * size + chance.gauss(0, noise)
        shown = str(round(price)) if whole else f"{price:.2f}"
        lines.append(f"{size:.1f},{'yes' if town else 'no'},{shown}")
    path = tmp_path / "houses.csv"
    path.write_text("\n".join(lines))
    return path


def mean_error(table: Table, text: str) -> tuple[float, float]:
    """The mean error of a rule file's answers on held-out rows, and the share answered."""
    rules = heuron.loads(text)
    places = table.places("held_out")
    pairs = zip(rules.ask_many(table.rows(places)), table.truths(places), strict=True)
    apart = [abs(one.value - truth) for one, truth in pairs if one.value is not None]
    return sum(apart) / len(apart), len(apart) / len(places)


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("method", ["tree", "list"])
def test_a_number_that_rises_with_a_field_gets_a_line(
    whole: bool, method: str, tmp_path: Path
) -> None:
    start = drafted(table_of_numbers(tmp_path, whole, 20.0, 5.0), "price", "houses")
    induced = induce(start.table, 8, method)
    text = rule_file(start.contract, induced, "houses", None, None)
    assert format_text(text) == (text, ())
    assert ("round(" in text) == whole
    error, answered = mean_error(start.table, text)
    # Noise of 5 has a mean error of 4; prices are 1,000 to 8,000.
    assert error < 8
    assert answered > 0.9
    claimed = [one.error for one in induced.rules if one.error is not None]
    assert min(claimed) / 2 < error < 2 * max(claimed)
    project = project_files(start, "houses.csv")["rules/houses.rules"]
    results = run_tests(heuron.loads(project, models=("boosting",))).results
    assert [one.passed for one in results] == [True] * 2


def test_rules_about_noisy_numbers_are_as_near_as_a_tree(tmp_path: Path) -> None:
    """Few rows are within 10 %; what rules say is worth as much as what a tree says."""
    from sklearn.datasets import load_diabetes
    from sklearn.tree import DecisionTreeRegressor

    frame = load_diabetes(as_frame=True, scaled=False).frame
    path = tmp_path / "diabetes.csv"
    frame.to_csv(path, index=False)
    table = drafted(path, "target", "diabetes").table
    induced = induce(table)
    error, answered = mean_error(table, rule_file(table.contract, induced, "d", None, None))
    assert answered > 0.9
    training, held = table.places("training"), table.places("held_out")
    x, y = frame.drop(columns="target").to_numpy(), frame["target"].to_numpy()
    tree = DecisionTreeRegressor(max_leaf_nodes=8, random_state=0).fit(x[training], y[training])
    apart = abs(tree.predict(x[held]) - y[held]).mean()
    usual = abs(y[held] - sorted(y[training])[len(training) // 2]).mean()
    assert error < 1.1 * apart
    assert error < 0.85 * usual
    fired = sum(one.fired for one in induced.rules)
    claimed = sum((one.error or 0.0) * one.fired for one in induced.rules) / fired
    assert 0.8 < claimed / error < 1.25
    assert all(one.certainty >= 0.01 for one in induced.rules)


def test_noise_alone_gives_no_line(tmp_path: Path) -> None:
    path = table_of_numbers(tmp_path, False, 0.0, 30.0)
    induced = induce(drafted(path, "price", "houses").table)
    assert [one for one in induced.rules if one.conclusion.column is not None] == []


@pytest.mark.parametrize(
    ("goal", "words"),
    [
        ([f"{at}.5" for at in range(100)], "goal T.kind, within 10 %"),
        ([f"{at - 50}.5" for at in range(100)], "goal T.kind, within 9"),
        (
            ["0.001", "0", "0.002", "-0.001"] * 5 + [f"{at / 1000}" for at in range(80)],
            "within 0.00",
        ),
    ],
)
def test_what_is_near_enough_is_no_share_of_nothing(goal: list[str], words: str) -> None:
    chance = random.Random(0)
    cells = [f"{chance.random():.5f}" for _ in goal]
    made = draft(Raw("t.csv", {"size": cells, "kind": goal}, "", first_line=2), "kind", "t")
    contract = Contract("t", made.template, "kind", tolerance=made.tolerance, percent=made.percent)
    assert made.tolerance
    text = format_text(print_file(ast.File("", (goal_item(contract),), ())))[0]
    assert words in text


def test_columns_whose_names_say_the_same_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    rows = [f"{at}.5,{'xy'[at % 2]},{at % 30 + 20},{'ab'[at % 3 == 0]}" for at in range(60)]
    path.write_text("\n".join(["a b,a_b,A-B,A_b (kg)", *rows]))
    start = drafted(path, "A_b (kg)", "t")
    table = start.table.columns
    assert [len(set(map(type, cells))) for cells in table.values()] == [1] * 4
    assert start.draft.columns["a_b"] == "a b"
    assert set(table[start.contract.goal]) == {"a", "b"}
    lines = project_files(start, "t.csv")["models/t/data.toml"]
    assert 'a_b = "a b"' in lines
