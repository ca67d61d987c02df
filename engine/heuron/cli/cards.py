"""Model cards in words: one line, and the whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from heuron.values import show

__all__ = ["card_lines", "score_words"]


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
    fields = [one if isinstance(one, str) else one["field"] for one in card["features"]]
    lines.append(f"  reads         {', '.join(fields)}")
    filled = [f"{name}: {one}" for name, one in missing.items() if one != "refuse"]
    if filled:
        lines.append(f"  when missing  {', '.join(filled)}; without any other it does not answer")
    how = "calibrated" if card["calibrated"] else "not calibrated"
    lines += [
        f"  confidence    {how} ({card['calibration']})",
        f"  data          {data['source']}: {data['training_rows']:,} rows for training, "
        f"{data['held_out_rows']:,} held out",
        f"  score         {score_words(card['score'])}",
        f"  files         {verified}",
    ]
    return lines
