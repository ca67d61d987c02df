"""Scikit-learn's iris data as frames, and the template that rules about them start with."""

from __future__ import annotations

import numpy
import pandas
from sklearn.datasets import load_iris

__all__ = ["TEMPLATE", "iris_frame"]

TEMPLATE = """
domain iris "Which iris is this?"

type Iris:
    sepal_length: number, optional
    sepal_width: number, optional
    petal_length: number
    petal_width: number
    species: setosa | versicolor | virginica

goal Iris.species
"""


def iris_frame() -> tuple[pandas.DataFrame, numpy.ndarray]:
    """Return the measurements under the names of the template, and the species."""
    bunch = load_iris(as_frame=True)
    names = [name.removesuffix(" (cm)") for name in bunch.feature_names]
    return bunch.data.set_axis(names, axis=1), bunch.target_names[bunch.target]
