"""Facts written on the command line as in a rule file: `Loan(amount=15_000)`, constants only.

Owns that small grammar, apart from the language's own, so that asking loads no parser.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

__all__ = ["Quoted", "Word", "Written", "read_written"]


class Word(str):
    """A text from the command line, read by `from_text`."""

    __slots__ = ()


class Quoted(str):
    """A text in quotes: never the word `unknown`, whatever it says."""

    __slots__ = ()


class Written(NamedTuple):
    """A fact as written: its name for others to refer to, its type, and unread values.

    Positional values have None as their field.
    """

    name: str | None
    type_name: str
    values: list[tuple[str | None, object]]


def read_written(text: str) -> Written:
    """Return the fact that a text writes: `Type(field=value, …)`, perhaps with a name before it.

    Raises:
        ValueError: The text is no such fact; the message says what is missing.
    """
    return _Reader(text).fact()


class _Reader:
    """Reads one fact as written in a rule file, with constants only."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def fact(self) -> Written:
        name = self._name()
        binder = None
        if self._next(":"):
            binder, name = name, self._name()
        if not self._next("("):
            raise ValueError(f"there is no ( after {name}")
        values: list[tuple[str | None, object]] = []
        while not self._next(")"):
            if values and not self._next(","):
                raise ValueError("there is no ) at its end")
            values.append(self._argument())
        if self._peek():
            raise ValueError(f"{self.text[self.at :]} stands after its end")
        return Written(binder, name, values)

    def _peek(self) -> str:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        return self.text[self.at : self.at + 1]

    def _next(self, character: str) -> bool:
        found = self._peek() == character
        if found:
            self.at += 1
        return found

    def _name(self) -> str:
        self._peek()
        return self._while(lambda one: one.isalnum() or one in "_.", "a name is missing")

    def _while(self, accepted: Callable[[str], bool], missing: str) -> str:
        start = self.at
        while self.at < len(self.text) and accepted(self.text[self.at]):
            self.at += 1
        if start == self.at:
            raise ValueError(missing)
        return self.text[start : self.at]

    def _argument(self) -> tuple[str | None, object]:
        start = self.at
        try:
            name: str | None = self._name()
        except ValueError:
            name = None
        if name is None or not self._next("="):
            self.at = start
            name = None
        return name, self._constant()

    def _constant(self) -> object:
        quote = self._peek()
        if quote == '"':
            return Quoted(self._text())
        if quote == "[":
            return self._list()
        # A bare word ends at a comma or a bracket: a number, a level, a date, a name.
        return Word(self._while(lambda one: one not in ",()[]", "a value is missing").strip())

    def _list(self) -> list[object]:
        self.at += 1
        items: list[object] = []
        while not self._next("]"):
            if items and not self._next(","):
                raise ValueError("a list has no ] at its end")
            item = self._constant()
            items.append(str(item) if isinstance(item, str) else item)
        return items

    def _text(self) -> str:
        parts: list[str] = []
        self.at += 1
        while self.at < len(self.text):
            character = self.text[self.at]
            self.at += 1
            if character == '"':
                return "".join(parts)
            if character == "\\" and self.at < len(self.text):
                character = self._escaped()
            parts.append(character)
        raise ValueError("a text has no closing quote")

    def _escaped(self) -> str:
        """Return the character that an escape stands for, as in a rule file."""
        # Imported here: few texts have one.
        from heuron.lang.texts import read_escape

        found = read_escape(self.text, self.at - 1)
        if found is None:
            what = f"\\{self.text[self.at]} is no escape"
            raise ValueError(f"{what}; a backslash is written \\\\")
        character, width = found
        self.at += width - 1
        return character
