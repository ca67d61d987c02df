"""Parsing: text to a tree and diagnostics.

The only module that knows Lark. Every item is parsed on its own, so that a mistake costs one item
and gives one diagnostic. Lark's exceptions end here.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from lark import Lark
from lark.exceptions import UnexpectedToken
from lark.lexer import Lexer

from heuron.diagnostics import Diagnostic, SourceText, Span
from heuron.lang import ast
from heuron.lang.build_items import Builder
from heuron.lang.depth import could_be_deep, deepest_beyond, too_deep
from heuron.lang.keywords import ITEM_WORDS, LOOKAHEAD
from heuron.lang.lexemes import HARD_WORDS, Lexeme, Mistake, Vocabulary
from heuron.lang.sections import Section, Sections
from heuron.lang.texts import read_template
from heuron.lang.unexpected import unexpected, unknown_item

__all__ = ["grammar", "parse", "parse_expression"]


def parse(text: str, path: str = "<text>") -> tuple[ast.File, tuple[Diagnostic, ...]]:
    """Parse the text of a rule file.

    Never raises for a bad text: items with a mistake are left out of the tree, and each gives one
    diagnostic.

    Args:
        text: the whole text, as read from the file.
        path: the file's name, for spans and messages.

    Returns:
        The tree of all items that could be read, and the located diagnostics in the text's order.
    """
    front = _front()
    scanned = Sections(text, path, front.vocabulary)
    items: list[Any] = []
    diagnostics: list[Diagnostic] = []
    failed = False
    for section in scanned.sections:
        if failed and not section.is_item and not _is_near_item(section):
            # The rest of what went wrong above, not a mistake of its own.
            continue
        try:
            items.append(front.item(section))
            failed = False
        except Mistake as mistake:
            diagnostics.append(mistake.diagnostic)
            failed = True
    source = SourceText(path, text)
    file = ast.File(path, tuple(items), tuple(scanned.comments), span=Span(path, 0, len(text)))
    return file, tuple(one.located(source) for one in diagnostics)


def parse_expression(
    text: str, path: str = "<text>"
) -> tuple[ast.Expression | None, tuple[Diagnostic, ...]]:
    """Parse one expression (from a command line, a cell of a file).

    Returns:
        The expression and no diagnostics, or None and one diagnostic.
    """
    front = _front()
    source = SourceText(path, text)
    try:
        sections = Sections(text, path, front.vocabulary).sections
        if not sections:
            return None, (
                unexpected(_end_of(text, path), {"NUMBER", "LPAR", "MINUS"}).located(source),
            )
        section = sections[0]
        if len(sections) > 1:
            section = Section(section.lexemes + sections[1].lexemes, section.mistake)
        section.lexemes = [one for one in section.lexemes if one.type != "_NEWLINE"]
        return front.expression(section), ()
    except Mistake as mistake:
        return None, (mistake.diagnostic.located(source),)


def grammar() -> str:
    """Return the text of the grammar."""
    return files("heuron.lang").joinpath("grammar.lark").read_text(encoding="utf-8")


def _end_of(text: str, path: str) -> Lexeme:
    return Lexeme("$END", "", Span(path, len(text), len(text)))


def _is_near_item(section: Section) -> bool:
    return bool(section.lexemes) and unknown_item(section.lexemes[0]).hint is not None


class _Exhausted(Exception):
    """The lexemes before a lexical mistake were all fine."""


class _Words(Lexer):
    """Hands lexemes to Lark, and decides for each word whether it is a keyword or a name."""

    # The interface in which Lark passes the parser's state to `lex`.
    __future_interface__ = 2

    def __init__(self, _: object) -> None:
        self.keywords: dict[str, str] = {}

    def lex(self, lexer_state: Any, parser_state: Any) -> Iterator[Any]:
        """Yield the lexemes of a section; raise `_Exhausted` where its mistake stands."""
        section: Section = lexer_state.text
        lexemes = section.lexemes
        states = parser_state.parse_conf.states
        stack = parser_state.state_stack
        keywords = self.keywords
        mistake = section.mistake
        last = mistake.span.start if mistake and mistake.span else None
        for index, lexeme in enumerate(lexemes):
            if last is not None and lexeme.span.start >= last:
                break
            if lexeme.type == "NAME" and (keyword := keywords.get(lexeme.text)) is not None:
                accepted = states[stack[-1]]
                if lexeme.text in HARD_WORDS:
                    lexeme.type = keyword
                elif lexeme.text in ITEM_WORDS and index:
                    pass
                elif keyword in accepted and (
                    "NAME" not in accepted or _is_keyword(keyword, lexemes, index)
                ):
                    lexeme.type = keyword
            yield lexeme
        if last is not None:
            raise _Exhausted


def _is_keyword(keyword: str, lexemes: list[Lexeme], index: int) -> bool:
    decide = LOOKAHEAD.get(keyword)
    if decide is None:
        return True
    nothing = Lexeme("", "", lexemes[-1].span)
    following = [*lexemes[index + 1 : index + 3], nothing, nothing]
    return decide(following[0], following[1])


class _Front:
    """Lark, built once, and the vocabulary and the builder that belong to it."""

    def __init__(self) -> None:
        builder = Builder(self.template)
        self.lark: Any = Lark(
            grammar(),
            parser="lalr",
            lexer=_Words,
            start=["item", "hole"],
            transformer=builder,
            maybe_placeholders=True,
        )
        terminals = sorted(self.lark.terminals, key=lambda one: -one.priority)
        fixed = {one.name: one.pattern.value for one in terminals if one.pattern.type == "str"}
        ignored = {*self.lark.ignore_tokens, "COMMENT", "_NEWLINE"}
        patterns = [
            (one.name, one.pattern.to_regexp())
            for one in terminals
            if one.pattern.type == "re" and one.name not in ignored
        ]
        self.vocabulary = Vocabulary.of(fixed, patterns)
        self.lark.parser.lexer.keywords = self.vocabulary.keywords

    def template(self, lexeme: Lexeme) -> ast.TextTemplate:
        """Return the template that a text with holes stands for."""
        return read_template(lexeme, self.vocabulary, self._hole)

    def _hole(self, lexemes: list[Lexeme]) -> ast.Expression:
        expression: ast.Expression = self.expression(Section(lexemes))
        return expression

    def item(self, section: Section) -> Any:
        """Return the item of a section; raise `Mistake`."""
        first = section.lexemes[0] if section.lexemes else None
        if first is not None and not section.is_item:
            mistake = unknown_item(first)
            if section.mistake is None or mistake.hint is not None:
                raise Mistake(mistake)
        return self._parse(section, "item")

    def expression(self, section: Section) -> Any:
        """Return the expression of a section; raise `Mistake`."""
        return self._parse(section, "hole")

    def _parse(self, section: Section, start: str) -> Any:
        try:
            node = self.lark.parse(section, start=start)
        except UnexpectedToken as failure:
            lexeme: Any = failure.token
            if not isinstance(lexeme, Lexeme):
                last = section.lexemes[-1]
                end = last.span.end
                lexeme = Lexeme("$END", "", Span(last.span.file, end, end))
            state: Any = failure.interactive_parser
            accepts: set[str] = state.accepts()
            raise Mistake(unexpected(lexeme, accepts, section.lexemes)) from None
        except _Exhausted:
            assert section.mistake is not None
            raise Mistake(section.mistake) from None
        if could_be_deep(section.lexemes):
            deep = deepest_beyond(node)
            if deep is not None:
                raise Mistake(too_deep(deep.span))
        return node


_LOCK = threading.Lock()


@cache
def _made() -> _Front:
    return _Front()


def _front() -> _Front:
    # Two threads at their first parse must not both build Lark's tables.
    with _LOCK:
        return _made()
