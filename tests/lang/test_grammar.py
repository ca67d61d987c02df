"""The grammar hides no conflict, and every doubtful word is decided on purpose."""

from __future__ import annotations

from pathlib import Path

import pytest
from lark import Lark
from lark.indenter import Indenter

from heuron.lang.keywords import INNER_WORDS, ITEM_WORDS, LOOKAHEAD
from heuron.lang.lexemes import HARD_WORDS
from heuron.lang.parser import grammar

EXAMPLES = sorted((Path(__file__).parents[1] / "cases" / "language").glob("*.rules"))


class Blocks(Indenter):
    NL_type = "_NEWLINE"
    OPEN_PAREN_types = ["LPAR", "LSQB"]  # noqa: RUF012 (Lark's own interface)
    CLOSE_PAREN_types = ["RPAR", "RSQB"]  # noqa: RUF012
    INDENT_type = "_INDENT"
    DEDENT_type = "_DEDENT"
    tab_len = 8


@pytest.fixture(scope="module")
def strict() -> Lark:
    """Lark's own lexer and indenter over our grammar, every conflict an error."""
    return Lark(
        grammar(),
        parser="lalr",
        lexer="contextual",
        postlex=Blocks(),
        start=["file", "item", "hole"],
        maybe_placeholders=True,
        propagate_positions=True,
        strict=True,
    )


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_strict_lark_reads_the_examples(strict: Lark, path: Path) -> None:
    tree = strict.parse(path.read_text(encoding="utf-8"), start="file")
    assert tree.children


def test_no_state_leaves_a_word_in_doubt(strict: Lark) -> None:
    """Where a keyword and a name could both stand, the word is hard, an item's, or looked up."""
    words = {one.name: one.pattern.value for one in strict.terminals if one.pattern.type == "str"}
    states = strict.parser.parser._parse_table.states
    doubtful = {
        name
        for accepted in states.values()
        if "NAME" in accepted
        for name in accepted
        if words.get(name, "").isalpha() and words[name] not in HARD_WORDS | ITEM_WORDS
    }
    assert set(LOOKAHEAD) == doubtful


def test_the_words_of_lines_are_words_of_the_grammar(strict: Lark) -> None:
    words = {one.pattern.value for one in strict.terminals if one.pattern.type == "str"}
    assert words >= INNER_WORDS | ITEM_WORDS | HARD_WORDS
