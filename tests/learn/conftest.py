"""Contracts of scikit-learn's tables, and a way to write specs and data in a test."""

from collections.abc import Callable
from pathlib import Path

import pytest

from heuron.coercion import slug
from heuron.learn.contract import Contract
from heuron.learn.read_spec import read_spec
from heuron.learn.spec import Spec
from heuron.values import Field, FieldType, Template


def field(name: str, kind: str, **more: object) -> Field:
    levels = more.pop("levels", ())
    return Field(name, FieldType(kind, levels), **more)


def numeric_contract(domain: str, names: list[str], goal: Field, **more: object) -> Contract:
    fields = tuple(field(slug(name.split("(")[0]), "number") for name in names)
    return Contract(domain, Template("Row", (*fields, goal)), goal.name, **more)


@pytest.fixture
def iris() -> Contract:
    names = ["petal length", "petal width", "sepal length", "sepal width"]
    levels = ("setosa", "versicolor", "virginica")
    return numeric_contract("iris", names, field("species", "enumeration", levels=levels))


@pytest.fixture
def cancer() -> Contract:
    names = ["worst radius", "worst concave points", "worst texture", "mean area"]
    levels = ("malignant", "benign")
    return numeric_contract("cancer", names, field("diagnosis", "enumeration", levels=levels))


@pytest.fixture
def wine() -> Contract:
    names = ["alcohol", "malic acid", "flavanoids", "hue", "proline"]
    levels = ("class_0", "class_1", "class_2")
    return numeric_contract("wine", names, field("kind", "enumeration", levels=levels))


@pytest.fixture
def diabetes() -> Contract:
    goal = field("progression", "number")
    return numeric_contract("diabetes", ["age", "bmi", "bp", "s5"], goal, tolerance=50.0)


@pytest.fixture
def people() -> Contract:
    fields = (
        field("age", "integer", low=0, high=120),
        field("income", "number", optional=True),
        field("colour", "enumeration", levels=("red", "green", "dark blue"), optional=True),
        field("member", "boolean"),
        field("since", "date", optional=True),
        field("note", "text", optional=True),
        field("good", "boolean"),
    )
    return Contract("people", Template("Person", fields), "good")


@pytest.fixture
def write_spec(tmp_path: Path) -> Callable[[Contract, str], Spec]:
    def write(contract: Contract, text: str, name: str = "model") -> Spec:
        path = tmp_path / f"{name}.toml"
        path.write_text(text, encoding="utf-8")
        return read_spec(contract, path, f"{name}.toml")

    return write
