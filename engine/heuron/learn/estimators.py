"""Rules as a scikit-learn estimator, so that they go through cross-validation like any model.

Owns `RuleClassifier`. Rules that are given are not fitted: `fit` learns the classes, the columns
and how common each class is, and never changes the knowledge base. Without rules it induces some.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    assert_all_finite,
    check_is_fitted,
    column_or_1d,
    validate_data,
)

from heuron.coercion import level_of, slug
from heuron.learn.columns import read_cells
from heuron.learn.spec import default_features
from heuron.values import UNKNOWN, Template

if TYPE_CHECKING:
    from heuron.answer import Answer
    from heuron.knowledge.base import KnowledgeBase

__all__ = ["RuleClassifier", "checked_records"]

HAIR = 1e-12
"""Less than any certainty that a rule gives."""


def _has_probabilities(estimator: Any) -> bool:
    return bool(estimator.calibrate)


class RuleClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A knowledge base as a classifier.

    Parameters
    ----------
    kb : KnowledgeBase, str or path-like
        The rules: a knowledge base, the path or name of one, or the text of a rule file (with
        line ends in it). None: `fit` induces them from the examples.
    fields : sequence of str or mapping, default=None
        The field of each column in order, or field by column name. By default a data frame's
        columns find their fields by name or slug, and an array's columns are, in order, the
        fields that no rule concludes, less the goal, text, lists, dates and references.
    default : "prior" or a class, default="prior"
        The answer where the rules are silent: the most common class, or the one given.
    max_rules : int, default=8
        How many rules to induce, at most, when there is no knowledge base.
    calibrate : bool, default=False
        Whether to learn, from the training rows, how often each certainty is right. Only then
        there is `predict_proba`: a certainty by itself is no probability.

    Attributes
    ----------
    kb_ : KnowledgeBase
        The rules.
    classes_ : ndarray of shape (n_classes,)
        The classes in `y`.
    class_prior_ : ndarray of shape (n_classes,)
        How common each class was.
    fields_ : tuple of str or None
        The field of each column; None for a column that the rules do not know.
    n_features_in_ : int
        The number of columns.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        The columns' names, when they have names.
    """

    def __init__(
        self,
        kb: Any = None,
        *,
        fields: Any = None,
        default: Any = "prior",
        max_rules: int = 8,
        calibrate: bool = False,
    ) -> None:
        self.kb = kb
        self.fields = fields
        self.default = default
        self.max_rules = max_rules
        self.calibrate = calibrate

    def fit(self, X: Any, y: Any) -> RuleClassifier:
        """Learn the classes, the columns and the priors.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Records; missing values are unknown.
        y : array of shape (n_samples,)
            The goal's levels, by text or slug; booleans for a boolean goal.

        Returns
        -------
        self : RuleClassifier
            The estimator itself.
        """
        if self.kb is not None:
            self.kb_ = _knowledge(self.kb)
            if self.kb_.goal is None or self.kb_.goal.many:
                raise ValueError(f"{self.kb_.name} has no goal with a single value")
        if y is None:
            raise ValueError("RuleClassifier requires y to be passed, but the target y is None")
        X = self._checked(X, reset=True)
        target = column_or_1d(y, warn=True)
        assert_all_finite(target, input_name="y")
        check_classification_targets(target)
        if len(target) != _rows(X):
            raise ValueError(f"X has {_rows(X)} rows and y has {len(target)}")
        self.classes_, places = numpy.unique(target, return_inverse=True)
        self.class_prior_ = numpy.bincount(places) / len(places)
        if self.kb is None:
            self._induce(X, places)
        else:
            assert self.kb_.goal is not None
            self.fields_ = self._match_fields(self.kb_.template, self.kb_.goal.field)
            self._class_of = _classes_by_value(self.kb_, self.classes_)
        if self.default != "prior" and self.default not in self.classes_:
            raise ValueError(f'default is "prior" or a class, not {self.default!r}')
        if self.calibrate:
            self._fit_map(X, places)
        return self

    def predict(self, X: Any) -> Any:
        """Return the class of each record: the rules' answer, the default where they are silent."""
        places, _ = self._answers(X)
        return self.classes_[numpy.where(places < 0, self._fallback(), places)]

    def rule_answered(self, X: Any) -> Any:
        """Return for each record whether the rules gave an answer among the classes."""
        return self._answers(X)[0] >= 0

    def certainty(self, X: Any) -> Any:
        """Return the certainty of each record's answer, 0 where the rules are silent."""
        places, certainties = self._answers(X)
        return numpy.where(places < 0, 0.0, certainties[numpy.arange(len(places)), places])

    def decision_function(self, X: Any) -> Any:
        """Return certainties from -1 to 1: one column a class.

        For two classes a single column, the second class's certainty less the first's. Where
        the rules are silent, the default class is a hair above zero: what is predicted scores
        highest.
        """
        places, certainties = self._answers(X)
        certainties[places < 0, self._fallback()] += HAIR
        if len(self.classes_) == 2:
            return certainties[:, 1] - certainties[:, 0]
        return certainties

    @available_if(_has_probabilities)  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any) -> Any:
        """Return the probability of each class, as often as such a certainty was right."""
        places, certainties = self._answers(X)
        rows = numpy.arange(len(places))
        probabilities = numpy.tile(self.class_prior_, (len(places), 1))
        known = places >= 0
        right = self._map.predict(certainties[rows, places])
        rest = 1.0 - self.class_prior_[places]
        share = numpy.divide(1.0 - right, rest, out=numpy.zeros_like(rest), where=rest > 0)
        spread = probabilities * share[:, None]
        spread[rows, places] = numpy.where(rest > 0, right, 1.0)
        probabilities[known] = spread[known]
        return probabilities

    def _fallback(self) -> int:
        if self.default == "prior":
            return int(self.class_prior_.argmax())
        return int(numpy.flatnonzero(self.classes_ == self.default)[0])

    def _checked(self, X: Any, reset: bool) -> Any:
        return checked_records(self, X, reset=reset, finite="allow-nan")

    def _induce(self, X: Any, places: Any) -> None:
        from heuron.knowledge.load import loads
        from heuron.learn.induce.arrays import class_levels, induced_text

        named = getattr(self, "feature_names_in_", None)
        names = [f"x{at}" for at in range(self.n_features_in_)] if named is None else list(named)
        columns = [_cells(X, at) for at in range(self.n_features_in_)]
        text, self.fields_ = induced_text(
            names, columns, places, self.classes_.tolist(), self.max_rules
        )
        self.kb_ = loads(text, name="induced")
        levels = class_levels(self.classes_.tolist())
        self._class_of = {level: place for place, level in enumerate(levels)}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def _fit_map(self, X: Any, truth: Any) -> None:
        from sklearn.isotonic import IsotonicRegression

        places, certainties = self._answers(X)
        known = places >= 0
        self._map = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip")
        if known.any():
            held = certainties[numpy.arange(len(places)), places][known]
            self._map.fit(held, (places == truth)[known].astype(float))
        else:
            self._map.fit([0.0, 1.0], [float(self.class_prior_.max())] * 2)

    def _match_fields(self, template: Template, goal: str) -> tuple[str | None, ...]:
        names = [str(name) for name in getattr(self, "feature_names_in_", ())]
        if isinstance(self.fields, Mapping):
            found: Sequence[str | None] = [self.fields.get(name) for name in names]
        elif self.fields is not None:
            found = list(self.fields)
        elif names:
            by_slug = {slug(one): one for one in template.names}
            found = [by_slug.get(slug(name)) for name in names]
        else:
            from heuron.learn.contract import contract_of

            found = list(default_features(contract_of(self.kb_)))
        if len(found) != self.n_features_in_:
            raise ValueError(
                f"X has {self.n_features_in_} columns, and there are {len(found)} fields: give "
                "`fields`, or a data frame whose columns are named like the fields"
            )
        unknown = [one for one in found if one is not None and one not in template]
        if unknown:
            raise ValueError(f"{template.name} has no field {', '.join(map(repr, unknown))}")
        if not any(found):
            raise ValueError(f"no column of X is a field of {template.name}")
        return tuple(None if one == goal else one for one in found)

    def _answers(self, X: Any) -> tuple[Any, Any]:
        """Return the place of the class answered (-1: none), and the certainty of each class."""
        check_is_fitted(self)
        X = self._checked(X, reset=False)
        answers = self.kb_.ask_many(self._records(X))
        places = numpy.full(len(answers), -1)
        certainties = numpy.zeros((len(answers), len(self.classes_)))
        for row, answer in enumerate(answers):
            for value, certainty in _held(answer):
                place = self._class_of.get(value, -1)
                if place >= 0:
                    certainties[row, place] = certainty
            if answer.value is not None:
                places[row] = self._class_of.get(answer.value, -1)
        return places, certainties

    def _records(self, X: Any) -> list[dict[str, object]]:
        template = self.kb_.template
        columns = {}
        for at, name in enumerate(self.fields_):
            if name is not None:
                columns[name] = read_cells(template[name], _column(X, at))
        return [
            {name: cells[row] for name, cells in columns.items() if cells[row] is not UNKNOWN}
            for row in range(_rows(X))
        ]


def checked_records(estimator: Any, X: Any, *, reset: bool, finite: bool | str) -> Any:
    """Return records checked for shape, and for numbers where rules are induced from an array.

    Args:
        estimator: Has `kb`: with one, or with a frame, cells are left as they are.
        X: The records.
        reset: Whether they say how many columns there are, as in `fit`.
        finite: What numbers may be, as scikit-learn's `ensure_all_finite` has it.
    """
    if estimator.kb is not None or hasattr(X, "columns"):
        validate_data(estimator, X, reset=reset, skip_check_array=True)
        return X
    return validate_data(estimator, X, reset=reset, dtype=float, ensure_all_finite=finite)


def _knowledge(kb: Any) -> KnowledgeBase:
    from heuron.knowledge.base import KnowledgeBase
    from heuron.knowledge.load import load, loads

    if isinstance(kb, KnowledgeBase):
        return kb
    if isinstance(kb, str) and "\n" in kb:
        return loads(kb)
    if isinstance(kb, (str, os.PathLike)):
        return load(kb)
    raise ValueError(f"kb is a knowledge base, a path or a text, not {type(kb).__name__}")


def _classes_by_value(kb: KnowledgeBase, classes: Any) -> dict[object, int]:
    """Return the place of the class that each value of the goal stands for."""
    assert kb.goal is not None
    field = kb.template[kb.goal.field]
    found: dict[object, int] = {}
    for place, label in enumerate(classes.tolist()):
        if field.type.kind == "boolean" and label in (0, 1):
            found[bool(label)] = place
        elif field.type.kind == "enumeration" and isinstance(label, str):
            level = level_of(field.type, label)
            if level is not None:
                found[level] = place
        elif field.type.kind not in ("boolean", "enumeration"):
            found[label] = place
    if not found:
        raise ValueError(
            f"no class in y ({', '.join(map(str, classes[:6].tolist()))}) is a value of "
            f"`{field.name}`, which accepts {field.accepts()}"
        )
    return found


def _held(answer: Answer) -> list[tuple[object, float]]:
    held = [(one.value, one.certainty or 0.0) for one in answer.alternatives]
    if answer.value is not None:
        held.append((answer.value, answer.certainty or 0.0))
    return held


def _rows(X: Any) -> int:
    return int(X.shape[0]) if hasattr(X, "shape") else len(X)


def _cells(X: Any, at: int) -> Any:
    """Return a column as numbers where it has numbers, else as Python values."""
    cells = _column(X, at)
    if all(cell is None or type(cell) in (int, float) for cell in cells):
        return numpy.array([numpy.nan if cell is None else cell for cell in cells], dtype=float)
    return cells


def _column(X: Any, at: int) -> list[Any]:
    if hasattr(X, "iloc"):
        column = X.iloc[:, at]
        return [
            None if missing else cell for cell, missing in zip(column, column.isna(), strict=True)
        ]
    if hasattr(X, "get_columns"):
        return X.get_columns()[at].to_list()  # type: ignore[no-any-return]
    return numpy.asarray(X, dtype=None)[:, at].tolist()  # type: ignore[no-any-return]
