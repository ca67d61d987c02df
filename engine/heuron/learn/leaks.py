"""Two ways in which data give the answer away: one feature does, or the order of the rows does.

Owns the checks for them, which `doubts` runs beside others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from heuron.diagnostics import Diagnostic, Severity
from heuron.learn.contract import Contract
from heuron.learn.copies import is_id
from heuron.values import UNKNOWN, Value

if TYPE_CHECKING:
    from heuron.learn.scorer.table import Numbers

__all__ = ["Columns", "check_gives_away", "check_row_order", "feature_cells", "warning"]

Columns = Mapping[str, Sequence[Value]]
"""Typed cells of the training rows by field."""

GIVEN_AWAY: Final = 0.97
"""A feature that is right so often by itself gives the target away, if the rest does not."""
GIVEN_AWAY_RANK: Final = 0.99
"""The same of a number, for its rank correlation with a numeric goal."""
WELL_BELOW: Final = 0.10
MOST_GIVERS: Final = 3
MOST_ROWS: Final = 2000
MOST_FEATURES: Final = 200
FOLDS: Final = 5
FEWEST_NEIGHBOURS: Final = 50
ALIKE: Final = 0.5
"""Neighbours that differ by less, against two rows of a level by chance, know each other."""


def warning(code: str, message: str, hint: str) -> Diagnostic:
    """Return a warning about data, which have no place in a file."""
    return Diagnostic(Severity.WARNING, code, message, None, hint)


def feature_cells(contract: Contract, columns: Columns) -> list[tuple[str, Sequence[Value]]]:
    """Return the cells of fields that a model could read."""
    return [
        (name, cells)
        for name, cells in columns.items()
        if name != contract.goal
        and name not in contract.concluded
        and contract.template[name].type.kind not in ("text", "list", "reference")
    ]


def check_gives_away(contract: Contract, columns: Columns) -> list[Diagnostic]:
    """Warn of features (up to three) that are almost always right while the others are not.

    Each feature alone gets a tree of depth two, judged by five-fold balanced accuracy; where the
    goal is a number, its rank correlation with the goal counts.
    """
    goal = columns[contract.goal][:MOST_ROWS]
    if contract.is_regression:
        judge, enough = _rank_alone, GIVEN_AWAY_RANK
    else:
        judge, enough = _right_alone, GIVEN_AWAY
        if min(Counter(goal).values(), default=0) < FOLDS or len(set(goal)) < 2:
            return []
    features = feature_cells(contract, columns)[:MOST_FEATURES]
    scores = [(judge(cells[:MOST_ROWS], goal), name) for name, cells in features]
    scores.sort(key=lambda one: (-one[0], one[1]))
    givers = [one for one in scores if one[0] >= enough]
    rest = scores[len(givers) :]
    if not givers or not rest or len(givers) > min(MOST_GIVERS, len(rest)):
        return []
    second, other = rest[0]
    if givers[-1][0] - second < WELL_BELOW:
        return []
    hint = "leave `{}` out of `features`"
    if contract.is_regression:
        words = f"; the next feature, `{other}`, has {second:.3f}: is it made from the answer?"
        says = "`{}` alone has a rank correlation of {:.3f} with the goal"
    else:
        words = f", the next feature, `{other}`, on {second:.1%}: was it recorded after the answer?"
        says = "`{}` alone is right on {:.1%} of the training rows (mean of the levels)"
    return [
        warning("gives-away", says.format(name, best) + words, hint.format(name))
        for best, name in givers
    ]


def check_row_order(contract: Contract, columns: Columns) -> list[Diagnostic]:
    """Warn where neighbouring rows are alike, beyond what the goal explains.

    A person's visits, or measurements minutes apart, stand next to each other; a split by rows
    puts some on each side. Tables that are sorted by a feature are passed over.
    """
    goal = columns[contract.goal][:MOST_ROWS]
    rows = len(goal)
    if rows < FEWEST_NEIGHBOURS:
        return []
    import numpy

    strata = numpy.zeros(rows, dtype=int)
    if contract.is_regression:
        if abs(_rank_alone(list(range(rows)), goal)) > 0.9:
            return []
    else:
        numbers = {value: at for at, value in enumerate(dict.fromkeys(goal))}
        strata = numpy.array([numbers[value] for value in goal])
    ratios = []
    for name, cells in feature_cells(contract, columns)[:MOST_FEATURES]:
        cells = cells[:rows]
        known = [None if cell is UNKNOWN else cell for cell in cells]
        if is_id(name, known) or contract.template[name].type.kind in ("date", "datetime"):
            continue
        ranks = _ranks(cells)
        steps = numpy.diff(ranks[~numpy.isnan(ranks)])
        if len(steps) and ((steps >= 0).all() or (steps <= 0).all()) and ranks.any():
            return []
        ratio = _neighbour_ratio(ranks, strata)
        if ratio is not None:
            ratios.append(ratio)
    if not ratios or (mean := sum(ratios) / len(ratios)) >= ALIKE:
        return []
    message = (
        f"Rows next to each other are alike: they differ by {mean:.2f} of what two rows with one "
        "answer do by chance, so a split by rows puts relatives on both sides."
    )
    hint = 'say what belongs together:  [split]  group = "COLUMN", or time = "COLUMN"'
    return [warning("row-order", message, hint)]


def _neighbour_ratio(ranks: Numbers, strata: Numbers) -> float | None:
    """Return the mean difference of neighbours against that of rows of one stratum by chance."""
    import numpy

    same = (strata[1:] == strata[:-1]) & ~numpy.isnan(ranks[1:]) & ~numpy.isnan(ranks[:-1])
    if same.sum() < FEWEST_NEIGHBOURS // 2:
        return None
    near = numpy.abs(numpy.diff(ranks))[same].mean()
    chance = numpy.random.default_rng(0)
    far, weights = [], []
    for stratum in range(int(strata.max()) + 1):
        cells = ranks[(strata == stratum) & ~numpy.isnan(ranks)]
        if len(cells) > 1:
            far.append(numpy.abs(cells - chance.permutation(cells)).mean())
            weights.append(int(same[strata[1:] == stratum].sum()))
    if not sum(weights):
        return None
    usual = float(numpy.average(far, weights=weights))
    return float(near) / usual if usual > 0.0 else None


def _ranks(cells: Sequence[Value]) -> Numbers:
    """Return cells as numbers from 0 to 1 by rank, levels by their frequency; NaN if unknown."""
    import numpy
    from scipy.stats import rankdata

    numbers = _numbers(cells)
    known = ~numpy.isnan(numbers)
    if known.any():
        numbers[known] = (rankdata(numbers[known]) - 1) / max(1, int(known.sum()) - 1)
    return numbers


def _numbers(cells: Sequence[Value]) -> Numbers:
    """Return cells as numbers: levels by their place among the texts that occur."""
    import numpy

    places = {value: float(at) for at, value in enumerate(sorted({str(cell) for cell in cells}))}
    return numpy.array(
        [
            numpy.nan
            if cell is UNKNOWN
            else float(cell)
            if isinstance(cell, (int, float))
            else places[str(cell)]
            for cell in cells
        ]
    )


def _rank_alone(cells: Sequence[Value], goal: Sequence[Value]) -> float:
    """Return the absolute rank correlation of a number with the goal; of levels nothing."""
    import numpy
    from scipy.stats import spearmanr

    if not all(isinstance(cell, (int, float)) or cell is UNKNOWN for cell in cells):
        return 0.0
    numbers, truth = _numbers(cells), numpy.array(goal, dtype=float)
    known = ~numpy.isnan(numbers)
    if known.sum() < FOLDS or numpy.ptp(numbers[known]) == 0 or numpy.ptp(truth[known]) == 0:
        return 0.0
    return abs(float(spearmanr(numbers[known], truth[known]).statistic))


def _right_alone(cells: Sequence[Value], goal: Sequence[Value]) -> float:
    """Return the cross-validated balanced accuracy of one feature by itself."""
    import numpy
    from sklearn.tree import DecisionTreeClassifier

    column = _numbers(cells)[:, None]
    depth = 2 if all(isinstance(cell, (int, float)) for cell in cells) else 4
    levels, truth = numpy.unique([str(one) for one in goal], return_inverse=True)
    # Each level in turn over the folds.
    fold = numpy.empty(len(truth), dtype=int)
    fold[numpy.argsort(truth, kind="stable")] = numpy.arange(len(truth)) % FOLDS
    right = numpy.zeros(len(levels))
    for number in range(FOLDS):
        away = fold == number
        tree: Any = DecisionTreeClassifier(max_depth=depth, random_state=0)
        tree.fit(column[~away], truth[~away])
        hit = truth[away][tree.predict(column[away]) == truth[away]]
        right += numpy.bincount(hit, minlength=len(levels))
    return float((right / numpy.bincount(truth, minlength=len(levels))).mean())
