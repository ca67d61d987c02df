"""Rules and a model as one scikit-learn estimator: who answers which row is a policy.

Owns `HybridClassifier`.
"""

from __future__ import annotations

from typing import Any, Final

import numpy
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.linear_model import LogisticRegression
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from heuron.learn.estimators import RuleClassifier, checked_records

__all__ = ["HybridClassifier"]

POLICIES: Final = ("rules_first", "model_first")
TRAIN_ON: Final = ("all", "silent")


class HybridClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Rules where they are sure enough, a model elsewhere; or the other way round.

    Parameters
    ----------
    kb : KnowledgeBase, str or path-like, default=None
        The rules, as for `RuleClassifier`; None: they are induced.
    estimator : classifier, default=None
        The model; by default a logistic regression.
    policy : "rules_first" or "model_first", default="rules_first"
        "rules_first": the rules answer with a certainty of `threshold` or more, else the model.
        "model_first": the model answers with a probability of `threshold` or more, else the
        rules, and where they are silent the model after all.
    threshold : float, default=0.8
        How sure the first of the two must be.
    train_on : "all" or "silent", default="all"
        The rows that the model is fitted on: all, or those on which the rules give no answer (all
        again, where those have fewer than two classes).

    Attributes
    ----------
    rules_ : RuleClassifier
        The rules.
    estimator_ : classifier
        The fitted model.
    classes_ : ndarray of shape (n_classes,)
        The classes in `y`.
    n_features_in_ : int
        The number of columns.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        The columns' names, when they have names.
    """

    def __init__(
        self,
        kb: Any = None,
        estimator: Any = None,
        policy: str = "rules_first",
        threshold: float = 0.8,
        train_on: str = "all",
    ) -> None:
        self.kb = kb
        self.estimator = estimator
        self.policy = policy
        self.threshold = threshold
        self.train_on = train_on

    def fit(self, X: Any, y: Any) -> HybridClassifier:
        """Fit the rules' classes and the model.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Records.
        y : array of shape (n_samples,)
            The goal's levels.

        Returns
        -------
        self : HybridClassifier
            The estimator itself.
        """
        if self.policy not in POLICIES:
            raise ValueError(f"policy is rules_first or model_first, not {self.policy!r}")
        if self.train_on not in TRAIN_ON:
            raise ValueError(f"train_on is all or silent, not {self.train_on!r}")
        if y is None:
            raise ValueError("HybridClassifier requires y to be passed, but the target y is None")
        X = self._checked(X, reset=True)
        self.rules_ = RuleClassifier(self.kb).fit(X, y)
        self.classes_ = self.rules_.classes_
        if len(self.classes_) < 2:
            raise ValueError(f"HybridClassifier needs two classes, and y has one class: {y[0]!r}")
        labels = numpy.asarray(y).reshape(-1)
        rows = numpy.ones(len(labels), dtype=bool)
        if self.train_on == "silent":
            silent = ~self.rules_.rule_answered(X)
            if len(numpy.unique(labels[silent])) > 1:
                rows = silent
        part = X if rows.all() else _part(X, rows)
        self.estimator_ = clone(self._model()).fit(part, labels[rows])
        return self

    def predict(self, X: Any) -> Any:
        """Return the class of each record, by whom the policy chooses."""
        by_rules = self.answered_by_rules(X)
        X = self._checked(X, reset=False)
        found = numpy.asarray(self.estimator_.predict(X)).copy()
        if by_rules.any():
            found[by_rules] = self.rules_.predict(X)[by_rules]
        return found

    def answered_by_rules(self, X: Any) -> Any:
        """Return for each record whether the rules answer it, and not the model."""
        check_is_fitted(self)
        X = self._checked(X, reset=False)
        answered = self.rules_.rule_answered(X)
        if self.policy == "rules_first":
            return answered & (self.rules_.certainty(X) >= self.threshold)
        if not hasattr(self.estimator_, "predict_proba"):
            raise ValueError("model_first needs a model with predict_proba")
        return answered & (self.estimator_.predict_proba(X).max(axis=1) < self.threshold)

    def _model(self) -> Any:
        return LogisticRegression(max_iter=1000) if self.estimator is None else self.estimator

    def _checked(self, X: Any, reset: bool) -> Any:
        finite = "allow-nan" if get_tags(self._model()).input_tags.allow_nan else True
        return checked_records(self, X, reset=reset, finite=finite)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = get_tags(self._model()).input_tags.allow_nan
        return tags


def _part(X: Any, rows: Any) -> Any:
    """Return some rows of an array or frame; a mask in brackets is columns to polars."""
    return X.filter(rows) if hasattr(X, "get_columns") else X[rows]
