"""A project folder from a table: template, starter rules, two model specs, dispatch and tests.

Owns the texts of the files; who calls it writes them, trains and compares.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from heuron.diagnostics import Diagnostic, RuleError, Severity
from heuron.lang import ast
from heuron.learn.contract import Contract
from heuron.learn.data import Table, load
from heuron.learn.doubts import code_like
from heuron.learn.induce.conditions import matches
from heuron.learn.induce.draft import Draft, draft
from heuron.learn.induce.find import Induced, InducedRule, induce
from heuron.learn.induce.write import (
    Item,
    file_text,
    goal_item,
    literal_of,
    number_of,
    rule_items,
    rule_names,
    type_item,
)
from heuron.learn.scorer.table import to_numbers
from heuron.learn.settings import DataSettings
from heuron.learn.source import read_source
from heuron.values import UNKNOWN, FieldType, Template, Value

__all__ = ["Start", "drafted", "project_files"]

TESTS = 2
SURE_RULES = 0.9
"""Rules that are right so often on rows not seen answer before the model."""
SURE_MODEL = 0.8

MODELS = {
    False: (
        ("logistic", "sklearn.linear_model.LogisticRegression", "Logistic regression", ""),
        (
            "boosting",
            "sklearn.ensemble.HistGradientBoostingClassifier",
            "Gradient boosting",
            "\n[hyperparameters]\nmax_iter = 60\nlearning_rate = 0.1\nmax_leaf_nodes = 15\n",
        ),
    ),
    True: (
        ("ridge", "sklearn.linear_model.Ridge", "Ridge regression", ""),
        (
            "boosting",
            "sklearn.ensemble.HistGradientBoostingRegressor",
            "Gradient boosting",
            "\n[hyperparameters]\nmax_iter = 60\nlearning_rate = 0.1\nmax_leaf_nodes = 15\n",
        ),
    ),
}
"""Name, estimator, title and hyperparameters of the two specs, for levels and for numbers."""


@dataclass(frozen=True, slots=True)
class Start:
    """A drafted template, its contract, and the table read by it."""

    draft: Draft
    contract: Contract
    table: Table


def drafted(path: Path, target: str, name: str) -> Start:
    """Draft a template for a table and read the table by it.

    Args:
        path: A CSV or parquet file.
        target: The column to ask for.
        name: The domain's name.

    Raises:
        RuleError: The file cannot be read as a table, or there is nothing to learn.
    """
    raw = read_source(path.name, path.parent, None)
    made = draft(raw, target, name)
    settings = DataSettings(
        path.name,
        path.parent,
        rules_saw="training",
        columns=made.columns,
        levels={name: {"unknown": texts} for name, texts in made.unknown.items()},
    )
    if len(made.template.fields) < 2:
        message = f"{raw.name} has no column beside the target that could matter."
        raise RuleError(Diagnostic(Severity.ERROR, "too-few-rows", message))
    contract = _contract(made, name)
    table = load(contract, settings=settings)
    codes = dict(code_like(contract, _training(table)))
    if codes:
        # Numbers that only name something: as levels they can be asked for one by one.
        made = replace(made, template=_with_levels(made.template, codes))
        contract = _contract(made, name)
        table = load(contract, settings=settings)
    return Start(made, contract, replace(table, warnings=(*made.warnings, *table.warnings)))


def _contract(made: Draft, name: str) -> Contract:
    return Contract(
        domain=name,
        template=made.template,
        goal=made.goal,
        tolerance=made.tolerance,
        percent=made.percent,
    )


def _training(table: Table) -> dict[str, list[Value]]:
    places = table.places("training")
    return {name: [cells[at] for at in places] for name, cells in table.columns.items()}


def _with_levels(template: Template, codes: Mapping[str, Sequence[float]]) -> Template:
    fields = [
        replace(
            one,
            type=FieldType("enumeration", tuple(f"{level:g}" for level in codes[one.name])),
            low=None,
            high=None,
            unit=None,
        )
        if one.name in codes
        else one
        for one in template.fields
    ]
    return Template(template.name, tuple(fields), template.title)


def project_files(
    start: Start, source: str, induced: Induced | None = None, model: str | None = None
) -> dict[str, str]:
    """Return the files of a new project by path: rules, data.toml, two specs, a README.

    Args:
        start: From `drafted`.
        source: The data file's name, which is to lie beside data.toml.
        induced: The starter rules; by default at most eight.
        model: The model that the dispatcher asks; by default the second.
    """
    name = start.contract.domain
    specs = MODELS[start.contract.is_regression]
    rules = induce(start.table) if induced is None else induced
    found = {
        f"rules/{name}.rules": _rules(start, rules, model or specs[1][0]),
        f"models/{name}/data.toml": _data_toml(start, source),
        "README.md": _readme(start, [spec[0] for spec in specs]),
        ".gitignore": "/.heuron/\nestimator.joblib\noof.json\nrun.json\n",
    }
    for model, estimator, title, more in specs:
        text = f'title = "{title} on all fields"\nestimator = "{estimator}"\nseed = 0\n{more}'
        found[f"models/{name}/{model}.toml"] = text
    return found


def _rules(start: Start, induced: Induced, model: str) -> str:
    contract = start.contract
    goal = goal_item(contract)
    question = f"What is {contract.goal.replace('_', ' ')}?"
    left = [f'Left out: column "{one}", for {why}.' for one, why in start.draft.left_out]
    items = [
        Item(ast.Domain(contract.domain, question)),
        Item(type_item(contract, induced), tuple(left)),
        Item(goal),
        *rule_items(contract, induced),
        Item(_dispatch(contract, induced, model)),
        *[Item(one) for one in _tests(start, induced)],
    ]
    heading = [
        f"Begun by Heuron from {start.table.source}: types, ranges and levels are guesses from the",
        f"cells; the rules were induced from {induced.rows:,} training rows of {induced.of:,}, and "
        "no held-out row was",
        "looked at. Each certainty is the change of belief that the rule was worth out of fold.",
        "All of it is yours now: give fields units, questions and ranges, mend and add rules.",
    ]
    return file_text(items, heading)


def _dispatch(contract: Contract, induced: Induced, model: str) -> ast.Dispatch:
    """Return who answers: rules that are almost always right, a sure model, both if they agree."""

    def at_least(backend: str, measure: str, least: float) -> tuple[ast.Condition, ...]:
        read = ast.Attribute(ast.Name(backend), measure)
        return (ast.TestCondition(ast.Comparison(read, ((">=", number_of(least)),))),)

    if contract.is_regression:
        routes = [
            ast.Route(kind, name, None, (ast.TestCondition(ast.Attribute(of, "answered")),))
            for kind, name, of in (
                ("model", model, ast.Name(model)),
                ("rules", None, ast.Name("rules")),
            )
        ]
        reason = "neither side answers"
    else:
        # Certainty is no share of right answers: what these rules have at least is as good as.
        sure = [one.certainty for one in induced.rules if one.precision >= SURE_RULES]
        routes = []
        if sure:
            routes = [ast.Route("rules", None, None, at_least("rules", "certainty", min(sure)))]
        routes.append(ast.Route("model", model, None, at_least(model, "confidence", SURE_MODEL)))
        if induced.rules:
            routes.append(ast.Route("agree", model, None, None))
        reason = "neither side is sure, and they differ"
    routes.append(ast.Route("refer", None, reason, None))
    return ast.Dispatch(None, tuple(routes))


def _tests(start: Start, induced: Induced) -> list[ast.Test]:
    """Return tests of the rules that fire most, each on the first training row that fits."""
    named = list(zip(induced.rules, rule_names(start.contract, induced), strict=True))
    named.sort(key=lambda one: -one[0].fired)
    tests = [_test(start, induced, rule, name) for rule, name in named[:TESTS] if rule.premise]
    return [one for one in tests if one is not None]


def _test(start: Start, induced: Induced, rule: InducedRule, name: str) -> ast.Test | None:
    contract, table = start.contract, start.table
    used = [induced.fields[one.column] for one in rule.premise]
    columns = [table.columns[one] for one in induced.fields]
    held = matches(rule.premise, to_numbers(induced.kinds, columns))
    truths = table.goal
    rows = [at for at in table.places("training") if held[at]]
    said = dict(zip(rows, _answers(induced, rule, columns, rows), strict=True))
    right = [at for at in rows if contract.is_right(said[at], truths[at])]
    if not right:
        return None
    given = tuple(
        ast.Argument(one, literal_of(contract, one, table.columns[one][right[0]]))
        for one in used
        if table.columns[one][right[0]] is not UNKNOWN
    )
    concluded = ast.Attribute(ast.Name("case"), contract.goal)
    expected = ast.TestCondition(_expected(contract, rule, concluded, said[right[0]]))
    fact = ast.FactExpression("case", contract.template.name, given)
    title = name.replace("_", " ")
    return ast.Test(title, (fact,), (ast.Expect(expected, name),))


def _answers(
    induced: Induced, rule: InducedRule, columns: Sequence[Sequence[Value]], rows: Sequence[int]
) -> list[Value]:
    """Return what a rule says of rows."""
    if rule.conclusion.column is None:
        return [rule.value] * len(rows)
    numbers = to_numbers(induced.kinds, [[cells[at] for at in rows] for cells in columns])
    return [float(one) for one in rule.conclusion.answers(numbers)]


def _expected(
    contract: Contract, rule: InducedRule, concluded: ast.Expression, said: Value
) -> ast.Expression:
    """Return the test of a conclusion; a line is tested within a rounding of its numbers."""
    if rule.conclusion.column is None:
        return ast.Comparison(concluded, (("==", literal_of(contract, contract.goal, said)),))
    assert isinstance(said, float)
    slack = max(1.0 if rule.conclusion.whole else 0.0, 1e-6 * abs(said))
    low, high = (number_of(float(f"{end:.12g}")) for end in (said - slack, said + slack))
    return ast.Comparison(low, (("<=", concluded), ("<=", high)))


def _data_toml(start: Start, source: str) -> str:
    lines = [f"source = {_quoted(source)}", 'rules_saw = "training"', ""]
    lines += ["[split]", "held_out = 0.25", "seed = 0"]
    if start.draft.columns:
        lines += ["", "[columns]"]
        lines += [f"{one} = {_quoted(column)}" for one, column in start.draft.columns.items()]
    for name, texts in start.draft.unknown.items():
        codes = ", ".join(_quoted(text) for text in texts)
        lines += ["", f"[levels.{name}]", f"unknown = [{codes}]"]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    import json

    return json.dumps(text, ensure_ascii=False)


def _readme(start: Start, models: Sequence[str]) -> str:
    name = start.contract.domain
    return f"""# {name}

Begun by `heuron new` from {start.table.source}.

| | |
|---|---|
| `rules/{name}.rules` | the template, rules to begin with, who answers what, and tests |
| `models/{name}/data.toml` | the data and the rows that are held out |
| `models/{name}/{models[0]}.toml`, `{models[1]}.toml` | how two models are made |

```
heuron describe {name}
heuron ask {name} …
heuron test rules/{name}.rules
heuron train {name}
heuron compare {name}
```
"""
