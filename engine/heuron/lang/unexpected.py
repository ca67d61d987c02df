"""What to say when a lexeme stands where the grammar has no place for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from heuron.diagnostics import Diagnostic, Span, nearest
from heuron.lang.keywords import INNER_WORDS, ITEM_WORDS
from heuron.lang.lexemes import HARD_WORDS, Lexeme, error

__all__ = ["unexpected", "unknown_item"]

VALUES: Final = frozenset(
    {
        *("NAME", "STRING", "NUMBER", "DATE", "DATETIME", "TRUE", "FALSE", "UNKNOWN"),
        *("MINUS", "LPAR", "LSQB", "NOT", "EXISTS", "FORALL", "EITHER"),
    }
)
"""What can begin a value or a condition."""

GOING_ON: Final = frozenset(
    {
        *("PLUS", "MINUS", "STAR", "SLASH", "DOUBLE_SLASH", "PERCENT", "DOT", "DOTS", "OR", "AND"),
        *("EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "MORE", "MORE_EQUAL", "IN", "IS", "NOT"),
        *("LPAR", "FOR"),
    }
)
"""What can go on after a value; too many to list, so left out while something else fits."""

CONSTANTS: Final = frozenset(
    ("STRING", "NUMBER", "DATE", "DATETIME", "TRUE", "FALSE", "UNKNOWN", "MINUS")
)
"""What begins a constant."""

WORDS: Final = {
    "NAME": "a name",
    "STRING": "a text in quotes",
    "NUMBER": "a number",
    "DATE": "a date",
    "DATETIME": "a date and time",
    "_NEWLINE": "the end of the line",
    "_INDENT": "indented lines below",
    "_DEDENT": "the end of the block",
    "$END": "the end",
    "EQUAL": "`==`",
    "EQUALS": "`=`",
    "NOT_EQUAL": "`!=`",
    "LESS": "`<`",
    "LESS_EQUAL": "`<=`",
    "MORE": "`>`",
    "MORE_EQUAL": "`>=`",
    "ARROW": "`->`",
    "DOTS": "`..`",
    "DOT": "`.`",
    "COMMA": "`,`",
    "COLON": "`:`",
    "VBAR": "`|`",
    "PLUS": "`+`",
    "MINUS": "`-`",
    "STAR": "`*`",
    "SLASH": "`/`",
    "DOUBLE_SLASH": "`//`",
    "PERCENT": "`%`",
    "LPAR": "`(`",
    "RPAR": "`)`",
    "LSQB": "`[`",
    "RSQB": "`]`",
}

SHOWN: Final = 6
"""How many possibilities a message lists."""


def _word(terminal: str) -> str:
    return WORDS.get(terminal, f"`{terminal.lower()}`")


def in_words(accepts: Iterable[str]) -> str:
    """Return what could stand here, in words: "`when` or `then`"; empty when there is too much."""
    rest = set(accepts)
    words = []
    if rest >= {"NUMBER", "LPAR", "MINUS"}:
        words.append("a condition" if "EXISTS" in rest else "a value")
        rest -= VALUES
    elif len(rest - GOING_ON) > 0:
        rest -= GOING_ON
    if len(rest) > 1:
        rest -= {"_DEDENT"}
    words += sorted(_word(one) for one in rest)
    if len(words) > SHOWN:
        return ""
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + f" or {words[-1]}"


def unknown_item(first: Lexeme) -> Diagnostic:
    """Return the diagnostic for a line at the left edge that begins no item."""
    word = first.text
    guess = nearest(word, ITEM_WORDS) if first.type == "NAME" else None
    if guess is not None:
        return error(first.span, f"`{word}` begins no item", f"did you mean `{guess}`?")
    if word in INNER_WORDS:
        return error(first.span, f"`{word}` stands at the left edge", "indent it below its item")
    return error(first.span, f"`{word}` begins no item; items begin with {_items()}")


def _items() -> str:
    words = [f"`{word}`" for word in sorted(ITEM_WORDS)]
    return ", ".join(words[:-1]) + f" or {words[-1]}"


def unexpected(lexeme: Lexeme, accepts: set[str], before: Sequence[Lexeme] = ()) -> Diagnostic:
    """Return the diagnostic for a lexeme that cannot stand where it stands.

    Args:
        lexeme: the lexeme, `$END` for the end of the text.
        accepts: the terminals that could stand in its place.
        before: the lexemes of the section, for hints that depend on the neighbours.
    """
    possible = in_words(accepts)
    kind = lexeme.type
    if kind == "_INDENT":
        message = "this line is indented, but no block begins here"
        return error(lexeme.span, message, "align it with the line above it")
    if kind in ("_NEWLINE", "_DEDENT", "$END"):
        place = _end(lexeme, before)
        what = "the line" if kind == "_NEWLINE" else "the text" if kind == "$END" else "the block"
        message = f"{what} ends too early"
        if possible:
            message += f"; {possible} should follow"
        return error(place, message, _hint_at_end(accepts))
    message = f"`{_shown(lexeme.text)}` cannot stand here"
    if possible:
        message += f"; {possible} can"
    return error(lexeme.span, message, _hint(lexeme, accepts, before))


def _shown(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "…"


def _end(lexeme: Lexeme, before: Sequence[Lexeme]) -> Span:
    """Return the place after the last lexeme with a text before the end `lexeme`."""
    last = None
    for one in before:
        if one is lexeme:
            break
        if one.text:
            last = one
    if last is None:
        return lexeme.span
    return Span(last.span.file, last.span.end, last.span.end)


def _hint_at_end(accepts: set[str]) -> str | None:
    if "_INDENT" in accepts:
        return "write the block below, indented"
    if "COLON" in accepts:
        return "put `:` before the end of the line"
    return None


def _hint(lexeme: Lexeme, accepts: set[str], before: Sequence[Lexeme]) -> str | None:
    kind, text = lexeme.type, lexeme.text
    habit = _habit(lexeme, accepts, before)
    if habit is not None:
        return habit
    if kind == "EQUALS" and "EQUAL" in accepts:
        return "`=` gives a value; to compare write `==`"
    if kind == "EQUAL" and "EQUALS" in accepts:
        return "`==` compares; to give a value write `=`"
    if kind == "STAR" and before and _neighbour(lexeme, before) == "STAR":
        return "there is no power operator; multiply"
    if kind == "DOT" and "NUMBER" in accepts:
        return "a number begins with a digit: 0.5"
    if kind in ("RPAR", "COMMA") and accepts == {"LPAR", "DOT"}:
        return "`field: x` binds in patterns only, where a condition stands"
    if kind == "COMMA" and accepts == {"_NEWLINE"}:
        return "write the next one on a line of its own"
    if text in HARD_WORDS and "NAME" in accepts:
        return f"`{text}` is a word of the language and cannot be a name"
    if kind == "NAME" or text.isalpha():
        keywords = [one.lower() for one in accepts if one.isalpha() and one not in WORDS]
        guess = nearest(text, keywords)
        if guess is not None and guess != text:
            return f"did you mean `{guess}`?"
        if text in ("when", "then", "given", "expect") and accepts >= {"COMMA"}:
            return f"`{text}` begins a line of its own"
    if accepts == {"_INDENT"}:
        return "indent this line below the one that ends with `:`"
    if "COLON" in accepts and "_NEWLINE" not in accepts and len(accepts) <= 3:
        return "a `:` is missing before it"
    return None


def _habit(lexeme: Lexeme, accepts: set[str], around: Sequence[Lexeme]) -> str | None:
    """Return the hint for what is written so elsewhere, as the neighbours show."""
    left, right = _neighbours(lexeme, around)
    before, after = (None if one is None else one.type for one in (left, right))
    match lexeme.type:
        case "EQUALS" if after in ("LESS", "MORE") and right and _touch(lexeme, right):
            return f"write `{right.text}=`"
        case "EQUALS" if left is not None and left.text == "certainty":
            return "a certainty stands without `=`: `certainty 0.9`"
        case "EQUALS" if left is not None and before == "NAME" and accepts == {"DOT"}:
            return f"say of which fact: `f.{left.text} = …`, where a pattern is named f"
        case "COMMA" if before == after == "NUMBER" and left and right:
            if "_NEWLINE" in accepts and left.text.isdecimal() and right.text.isdecimal():
                return f"a number has a point: {left.text}.{right.text}"
        case "MINUS" if before == after == "NAME" and left and right and "COLON" in accepts:
            if _touch(left, lexeme) and _touch(lexeme, right):
                return f"a name has `_` for `-`: {left.text}_{right.text}"
        case kind if kind in CONSTANTS and before == "COLON" and accepts == {"NAME"}:
            value = "…" if lexeme.type == "MINUS" else _shown(lexeme.text)
            return f"`field: x` binds a name; to compare write `field == {value}`"
        case "NUMBER" if before == "NAME" and "IN" in accepts and "OPTIONAL" in accepts:
            return "a range begins with `in`: `number in 0..100`"
        case "NAME" if before == "COMMA" and accepts >= {"ASK", "OPTIONAL"}:
            keywords = [one.lower() for one in accepts if one.isalpha()]
            if nearest(lexeme.text, keywords) is None:
                return "levels stand between `|`: `red | green`"
        case "NAME" if before == "NUMBER" and "COMMA" in accepts and "_NEWLINE" not in accepts:
            return "a number stands alone, in the unit of its field"
        case "NAME" if {"STRING", "COLON"} <= accepts and len(accepts) <= 3:
            return "a title stands in quotes"
    return None


def _touch(left: Lexeme, right: Lexeme) -> bool:
    return left.span.end == right.span.start


def _neighbours(lexeme: Lexeme, around: Sequence[Lexeme]) -> tuple[Lexeme | None, Lexeme | None]:
    for place, one in enumerate(around):
        if one is lexeme:
            left = around[place - 1] if place else None
            return left, around[place + 1] if place + 1 < len(around) else None
    return None, None


def _neighbour(lexeme: Lexeme, before: Sequence[Lexeme]) -> str | None:
    left = _neighbours(lexeme, before)[0]
    return None if left is None else left.type
