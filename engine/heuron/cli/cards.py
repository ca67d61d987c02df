"""Model cards in words: one line, and the whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from heuron.values import show

__all__ = ["card_lines", "score_words"]


SERVED: Final = {
    "joblib": "its joblib file, with scikit-learn: it has no compiled form",
    "onnx": "an ONNX graph, with ONNX Runtime",
}


def score_words(score: Mapping[str, Any]) -> str:
    """Return a card's score: how right it was on training rows that it had not seen."""
    rows, answered = score["rows"], score["answered"]
    if not answered:
        return f"no answer to any of {rows:,} rows"
    if "accuracy" in score:
        words = f"right {_percent(score['accuracy'], score['interval'])}"
    elif "within_tolerance" in score:
        words = f"within tolerance {_percent(score['within_tolerance'], score['interval'])}"
    else:
        words = f"mean error {show(score['mean_absolute_error'])}"
    some = f"{answered:,} of {rows:,}" if answered < rows else f"{rows:,}"
    return f"{words} on {some} rows that it had not seen"


def _more_scores(score: Mapping[str, Any]) -> list[str]:
    """Return the other scores of a card, in one line, if there are any."""
    found = []
    if "balanced_accuracy" in score:
        found.append(f"mean of the levels {100 * score['balanced_accuracy']:.1f} %")
    if "log_loss" in score:
        found.append(f"log loss {score['log_loss']:.3f}")
    if "root_mean_squared_error" in score:
        low, high = score.get("error_interval", (None, None))
        between = "" if low is None else f" [{show(low)}, {show(high)}]"
        found.append(f"mean error {show(score['mean_absolute_error'])}{between}")
        found.append(f"root mean squared error {show(score['root_mean_squared_error'])}")
    return [f"                {', '.join(found)}"] if found else []


def _percent(share: float, interval: list[float]) -> str:
    low, high = interval
    return f"{100 * share:.1f} % [{100 * low:.1f}, {100 * high:.1f}]"


def card_lines(card: Mapping[str, Any], version: str, verified: str) -> list[str]:
    """Return a card in words."""
    data, missing = card["data"], card["missing"]
    lines = [
        f"{card['domain']} {card['name']} {version}: {card['title'] or card['estimator']}",
        f"  estimator     {card['estimator']}",
    ]
    if card["hyperparameters"]:
        pairs = ", ".join(f"{name}={show(one)}" for name, one in card["hyperparameters"].items())
        lines.append(f"  settings      {pairs}")
    if card.get("searched", 1) > 1:
        tried = f"the best of {card['searched']} settings on the rows of its score"
        lines.append(f"  searched      {tried}, which is a little too good for that")
    fields = [one if isinstance(one, str) else one["field"] for one in card["features"]]
    lines.append(f"  reads         {', '.join(fields)}")
    filled = [f"{name}: {one}" for name, one in missing.items() if one != "refuse"]
    if filled:
        lines.append(f"  when missing  {', '.join(filled)}; without any other it does not answer")
    if card.get("served_from"):
        lines.append(f"  answers from  {SERVED[card['served_from']]}")
    if card.get("optimised"):
        method, labels = card["optimised"]["method"], card["optimised"]["labels_changed"]
        what = f"{method} of {card['parent']}, {labels:,} labels changed; the score is its parent's"
        lines.append(f"  made from     {what}")
    how = "calibrated" if card["calibrated"] else "not calibrated"
    lines += [
        f"  confidence    {how} ({card['calibration']})",
        f"  data          {data['source']}: {data['training_rows']:,} rows for training, "
        f"{data['held_out_rows']:,} held out",
        f"  score         {score_words(card['score'])}",
        *_more_scores(card["score"]),
        f"  files         {verified}",
    ]
    return lines
