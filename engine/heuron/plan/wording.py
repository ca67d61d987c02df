"""Values in words: how `because`, `log` and explanations show them.

Owns the small language of formats: `,` for thousands, `.0` to `.9` for decimals, `f` and `%`,
and for dates `%Y %m %d %H %M`. Python's own format mini-language is never reached.
"""

from __future__ import annotations

from datetime import date, datetime

from heuron.values import UNKNOWN, show

__all__ = ["form", "is_format"]

DATE_PARTS = "YmdHM"


def is_format(spec: str) -> bool:
    """Return whether `spec` is a format of the language."""
    return _number_format(spec) is not None or _is_date_format(spec)


def form(value: object, spec: str | None = None) -> str:
    """Return a value in words, by a format when there is one; unknown is the word "unknown".

    A format that does not fit the value (the checks let none through) shows it without format.
    """
    if value is UNKNOWN or value is None:
        return "unknown"
    if not spec:
        return show(value)
    if isinstance(value, date):
        return _dated(value, spec) if _is_date_format(spec) else show(value)
    parsed = _number_format(spec)
    if parsed is None or isinstance(value, bool) or not isinstance(value, (int, float)):
        return show(value)
    thousands, decimals, percent = parsed
    number = value * 100 if percent else value
    if decimals is None:
        text = _grouped(show(number)) if thousands else show(number)
    else:
        text = f"{number:,.{decimals}f}" if thousands else f"{number:.{decimals}f}"
    return text + "%" if percent else text


def _grouped(text: str) -> str:
    whole, dot, rest = text.removeprefix("-").partition(".")
    if not whole.isdecimal() or "e" in rest:
        return text
    sign = "-" if text.startswith("-") else ""
    return f"{sign}{int(whole):,}{dot}{rest}"


def _number_format(spec: str) -> tuple[bool, int | None, bool] | None:
    """Return (thousands, decimals, percent) of a number's format, or None."""
    rest = spec
    thousands = rest.startswith(",")
    rest = rest.removeprefix(",")
    decimals: int | None = None
    if rest.startswith("."):
        if len(rest) < 2 or rest[1] not in "0123456789":
            return None
        decimals = int(rest[1])
        rest = rest[2:]
    if rest == "%":
        return thousands, 0 if decimals is None else decimals, True
    if rest == "f":
        return thousands, 6 if decimals is None else decimals, False
    if rest == "" and spec:
        return thousands, decimals, False
    return None


def _is_date_format(spec: str) -> bool:
    pieces = spec.split("%")
    return len(pieces) > 1 and all(piece[:1] in DATE_PARTS and piece for piece in pieces[1:])


def _dated(value: date, spec: str) -> str:
    first, *pieces = spec.split("%")
    hour = value.hour if isinstance(value, datetime) else 0
    minute = value.minute if isinstance(value, datetime) else 0
    shown = {
        "Y": f"{value.year:04}",
        "m": f"{value.month:02}",
        "d": f"{value.day:02}",
        "H": f"{hour:02}",
        "M": f"{minute:02}",
    }
    return first + "".join(shown[piece[0]] + piece[1:] for piece in pieces)
