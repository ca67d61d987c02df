"""A comparison as text: the answer first, then tables that fit a terminal, then their meaning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from heuron.compare.baseline import Change
from heuron.compare.block import WIDTH, Block, render
from heuron.compare.comparison import BackendScore, Comparison, PairScore
from heuron.compare.evaluate import NOBODY_BEST
from heuron.compare.outcomes import short_name
from heuron.compare.report_details import (
    change_block,
    copies_block,
    cost_block,
    disagreement_block,
    policy_block,
    rule_block,
    rule_rows_block,
    slice_block,
)
from heuron.compare.verdicts import in_short, where_they_differ, who_is_right, who_should_answer
from heuron.compare.words import chance, number, percent, points, row_count, time
from heuron.learn.data import SAW_TEXT
from heuron.values import show

__all__ = ["SPLITS", "headline", "mapped_words", "report"]

SAW: Final = SAW_TEXT.rstrip(".")
FEW_PAIRS: Final = 6
"""Up to so many pairs all are in the table; of more, those with rules or a dispatcher."""
MISTAKES: Final = 3
"""So many kinds of mistakes of a backend are named."""
SPLITS: Final = {
    "hash": "held out by their content",
    "group": "held out by group",
    "time": "the latest",
    "stratified": "held out at random",
}
"""How a split is said."""


def report(
    comparison: Comparison,
    changes: Sequence[Change] | None = None,
    *,
    brief: bool = False,
    width: int = WIDTH,
    colour: bool = False,
) -> str:
    """Return the report of a comparison, without a last newline.

    Args:
        comparison: What is told.
        changes: What changed since an earlier comparison, if there is one.
        brief: Whether the answers and the first table are enough.
        width: The columns of the terminal.
        colour: Whether titles are set in bold and notes fainter.
    """
    blocks = [
        Block(f"{comparison.domain}: {in_short(comparison)}", (headline(comparison),)),
        Block("Who is right?", tuple(who_is_right(comparison))),
        Block("Where do they differ?", tuple(where_they_differ(comparison))),
        Block("Who should answer?", tuple(who_should_answer(comparison))),
        _backends(comparison),
    ]
    if not brief:
        blocks += [
            _same_rows(comparison),
            _mistakes(comparison),
            _errors(comparison),
            _probabilities(comparison),
            _pairs(comparison),
            slice_block(comparison),
            _certainties(comparison),
            rule_block(comparison),
            rule_rows_block(comparison),
            copies_block(comparison),
            cost_block(comparison),
            policy_block(comparison),
            disagreement_block(comparison),
        ]
    blocks += [
        change_block(changes),
        Block("Notes", tuple(_notes(comparison))),
        _next(comparison, brief),
    ]
    return render(blocks, width=width, colour=colour)


def headline(comparison: Comparison) -> str:
    """Return in a sentence which rows are compared."""
    rows = comparison.held_out
    if rows.folds is not None:
        often = "" if rows.repeats == 1 else f", {rows.repeats} times"
        what = f"All {row_count(rows.rows)}, each answered by models fitted without it"
        notes = [f"{rows.folds} folds{often}, seed {rows.seed}"]
    elif rows.split == "all rows":
        what = f"{_cap(row_count(rows.rows))} of {rows.source}"
        notes = []
    else:
        what = f"{rows.rows} of {rows.of} rows that no model was trained on"
        notes = [SPLITS.get(rows.split, rows.split), f"seed {rows.seed}"]
    if rows.groups is not None:
        notes.append(f"in {rows.groups} groups, which count instead of rows")
    copies = "1 copy" if rows.copies_left_out == 1 else f"{rows.copies_left_out} copies"
    notes.append(f"{copies} left out" if rows.copies_left_out else "no copies")
    if rows.trained_on_left_out:
        notes.append(f"{row_count(rows.trained_on_left_out)} left out that a model was trained on")
    saw = f" {SAW}." if SAW in comparison.warnings else ""
    return f"{what} ({', '.join(notes)}).{saw}"


def _backends(comparison: Comparison) -> Block:
    rows = []
    for name, score in comparison.backends.items():
        rows.append(
            (
                short_name(name),
                f"{score.answered} {percent(score.coverage):>7}",
                _share(score.accuracy_where_covered, score.interval),
                _share(score.accuracy, score.accuracy_interval),
                time(score.timing.single),
            )
        )
    within = f" (right: {comparison.within})" if comparison.within else ""
    header = ("", "answered", "right of those, %", "right of all, %", "an answer")
    lines = tuple(_routes(comparison))
    rough = " Approximate, as the folds' models overlap." if _folded(comparison) else ""
    notes = (f"Of [low, high]: 19 in 20 such intervals hold the true value.{rough}",)
    return Block(f"Right answers{within}", lines, header, tuple(rows), notes=notes)


def _routes(comparison: Comparison) -> list[str]:
    words = {"refer": "a person"}
    return [
        f"Who answered for {name}: "
        + ", ".join(f"{words.get(by, short_name(by))} {count}" for by, count in score.routes)
        + "."
        for name, score in comparison.backends.items()
        if score.routes
    ]


def _same_rows(comparison: Comparison) -> Block:
    """Return how everybody does on the rows that one backend answers, where it leaves some out."""
    views = [one for one in comparison.views if 0 < one.rows < comparison.held_out.rows]
    if not views:
        return Block()
    views = sorted(views, key=lambda one: one.rows)[:4]
    header = ("right, % of", *[f"{one.rows} of {short_name(one.backend)}" for one in views])
    rows = [
        (short_name(name), *[percent(dict(one.accuracy).get(name)).rstrip(" %") for one in views])
        for name in comparison.backends
    ]
    return Block("On the rows that one of them answers", (), header, tuple(rows))


def _mistakes(comparison: Comparison) -> Block:
    rows = []
    for name, score in comparison.backends.items():
        if score.macro_f1 is None:
            continue
        ends = score.macro_f1_interval
        shown = f"{score.macro_f1:.3f}" + (f" [{ends[0]:.2f}, {ends[1]:.2f}]" if ends else "")
        rows.append((short_name(name), shown, _mistake_words(score)))
    if not rows:
        return Block()
    header = ("", "macro-F1", "its mistakes (truth > answer)")
    note = (
        "Macro-F1 weighs all values of the goal alike, rare ones too: 1 is perfect; a row without "
        "an answer counts against it."
    )
    return Block("Mistakes", (), header, tuple(rows), (2,), (note,))


def _mistake_words(score: BackendScore) -> str:
    wrong = [(truth, said, n) for truth, said, n in score.confusion if said not in (None, truth)]
    wrong.sort(key=lambda one: -one[2])
    parts = [f"{_value(truth)} > {_value(said)} {n}" for truth, said, n in wrong[:MISTAKES]]
    if len(wrong) > MISTAKES:
        parts.append(f"others {sum(n for _, _, n in wrong[MISTAKES:])}")
    return ", ".join(parts) or "none"


def _errors(comparison: Comparison) -> Block:
    rows = []
    for name, score in comparison.backends.items():
        found = score.errors
        if found is not None:
            rows.append(
                (
                    short_name(name),
                    _measure(found.absolute, found.absolute_interval),
                    _measure(found.squared, found.squared_interval),
                    _measure(found.bias, found.bias_interval),
                )
            )
    unit = f", in {comparison.unit}" if comparison.unit else ""
    header = ("", "mean size", "root mean square", "answer - truth")
    note = "The root mean square weighs large errors more; the last column shows who says too much."
    return Block(f"Errors of its answers{unit}", (), header, tuple(rows), (), (note,))


def _probabilities(comparison: Comparison) -> Block:
    scored = {n: s for n, s in comparison.backends.items() if s.log_loss is not None}
    rows = []
    for name, score in scored.items():
        bins = score.calibration
        rows.append(
            (
                short_name(name),
                _fixed(score.brier, score.brier_interval),
                _fixed(score.log_loss, score.log_loss_interval),
                f"{bins.error:.3f} ({bins.perfect:.3f})" if bins else "needs 200 rows",
            )
        )
    header = ("", "Brier score", "log loss", "calibration error")
    notes = (
        "Less is better. Calibration error: how far confidence is from the share that is right; "
        "in brackets what a perfect model would show on so many rows.",
    )
    return Block("Confidence of the models", (), header, tuple(rows), (), notes)


def _pairs(comparison: Comparison) -> Block:
    shown = _shown_pairs(comparison.pairs)
    rows = []
    for one in shown:
        low, high = (100 * end for end in one.difference_interval)
        rows.append(
            (
                f"{short_name(one.a)}, {short_name(one.b)}",
                str(one.rows_both),
                str(one.rows_both - one.same),
                "-" if one.kappa is None else f"{one.kappa:.2f}",
                f"{one.a_only_right} : {one.b_only_right}",
                f"[{low:+.1f}, {high:+.1f}]" if one.rows_both else "-",
                _p_values(one),
            )
        )
    header = ("", "both", "differ", "kappa", "alone", "points", "p (Holm)")
    many = len(comparison.pairs)
    more = many - len(shown)
    hidden = f" {more} more {'pair' if more == 1 else 'pairs'}: --json." if more else ""
    kind = "p is McNemar's"
    if _folded(comparison):
        kind = "p is of Nadeau and Bengio's resampled t-test"
    notes = (
        "Alone: rows that only the first, and only the second, got right. Points: the interval of "
        f"the difference of the shares right. {kind}: how often chance alone would differ as much; "
        f"(Holm) allows for {many} tests, under 0.05 counts. Kappa: agreement beyond chance, 1 is "
        f"full.{hidden}",
    )
    return Block("Two by two, on the rows both answered", (), header, tuple(rows), (), notes)


def _shown_pairs(pairs: Sequence[PairScore]) -> list[PairScore]:
    """Return all pairs when they are few, else those with rules or a dispatcher."""
    if len(pairs) <= FEW_PAIRS:
        return list(pairs)
    return [one for one in pairs if not one.a.startswith("model:") or one.b == "dispatch"]


def _folded(comparison: Comparison) -> bool:
    return comparison.held_out.folds is not None


def _p_values(pair: PairScore) -> str:
    single = pair.mcnemar_p if pair.mcnemar_p is not None else pair.resampled_p
    if single is None or pair.holm_p is None:
        return "-"
    return f"{chance(single)} ({chance(pair.holm_p)})"


def _certainties(comparison: Comparison) -> Block:
    """Return how often the rules' answers are right, by how certain the rules are of them."""
    rows = []
    for name in ("rules", "rules+models"):
        score = comparison.backends.get(name)
        for one in () if score is None else score.certainties:
            span = f"{one.low:.2f}"
            span += "" if f"{one.high:.2f}" == span else f" to {one.high:.2f}"
            good = one.right / one.rows
            shown = _share(good, one.interval)
            rows.append((short_name(name), span, str(one.rows), shown))
    header = ("", "certainty", "answers", "right, %")
    notes = ["Certainty is no probability, but the surer answers should be right more often."]
    notes += mapped_words(comparison)
    return Block("Certainty of the rules' answers", (), header, tuple(rows), (), tuple(notes))


def mapped_words(comparison: Comparison) -> list[str]:
    """Return in a sentence how good certainties are where a map makes probabilities of them."""
    score = comparison.backends.get("rules")
    if score is None or score.certainty_map is None or score.brier is None:
        return []
    bins = score.calibration
    error = "" if bins is None else f", calibration error {bins.error:.3f} ({bins.perfect:.3f})"
    return [
        f"A rising curve through {row_count(score.certainty_map.rows_found)} of training makes "
        f"probabilities of them: Brier score {_fixed(score.brier, score.brier_interval)}{error}."
    ]


def _notes(comparison: Comparison) -> list[str]:
    told = (SAW, NOBODY_BEST)
    return [f"- {_cap(one.rstrip('.'))}." for one in comparison.warnings if one not in told]


def _next(comparison: Comparison, brief: bool) -> Block:
    """Return what to ask next: whatever was not asked for yet."""
    wanted = ["without --brief"] if brief else []
    if comparison.disagreements is None:
        wanted.append("--disagreements")
    if comparison.policies is None:
        wanted.append("--policies")
    if comparison.cost is None:
        wanted.append("--cost wrong=1,refer=0.2")
    wanted.append("--html report.html")
    return Block("", (f"Next: heuron compare {comparison.domain} " + " · ".join(wanted),))


def _share(value: float | None, interval: tuple[float, float] | None) -> str:
    return f"{percent(value).rstrip(' %')} {points(interval):>13}" if value is not None else "-"


def _measure(value: float | None, interval: tuple[float, float] | None) -> str:
    if value is None:
        return "-"
    ends = "" if interval is None else f" [{number(interval[0])}, {number(interval[1])}]"
    return f"{number(value)}{ends}"


def _fixed(value: float | None, interval: tuple[float, float] | None) -> str:
    if value is None:
        return "-"
    ends = "" if interval is None else f" [{interval[0]:.3f}, {interval[1]:.3f}]"
    return f"{value:.3f}{ends}"


def _value(value: object) -> str:
    return show(value)


def _cap(text: str) -> str:
    return text[:1].upper() + text[1:]
