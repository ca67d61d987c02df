"""Every sentence of the language reference's "Meaning" has a test: `cases/meaning.toml` says which.

A sentence that is added or reworded must find its test, and a test that goes must be missed.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "docs" / "reference" / "language.md"
ENDS = re.compile(r"(?<=[.)])\s+(?=[A-Z`(])")
"""Where one sentence ends and the next begins."""


def table() -> dict[str, dict[str, list[str]]]:
    """Return the tests of each sentence, section by section."""
    return tomllib.loads((TESTS / "cases" / "meaning.toml").read_text(encoding="utf-8"))


def sections() -> Iterator[tuple[str, list[str]]]:
    """Yield the headings of "Meaning" with the sentences below them."""
    meaning = PAGE.read_text(encoding="utf-8").split("\n## Meaning\n")[1].split("\n## ")[0]
    for section in meaning.split("\n### ")[1:]:
        heading, _, body = section.partition("\n")
        paragraphs = [one.strip() for one in body.split("\n\n") if one.strip()]
        yield heading, [sentence for one in paragraphs for sentence in ENDS.split(one)]


def test_every_sentence_has_a_test_and_every_entry_a_sentence():
    listed = table()

    assert list(listed) == [heading for heading, _ in sections()]
    for heading, sentences in sections():
        entries = list(listed[heading])
        begins = [one[: len(key)] for one, key in zip(sentences, entries, strict=False)]
        assert begins == entries, heading
        assert len(sentences) == len(entries), (heading, sentences[len(entries) :])
        assert all(listed[heading].values()), heading


def test_every_test_that_is_named_is_there():
    named = {one for entries in table().values() for tests in entries.values() for one in tests}
    missing = []
    for one in sorted(named):
        path, _, name = one.partition("::")
        file = TESTS / path
        text = file.read_text(encoding="utf-8") if file.is_file() else ""
        if not text or (name and not re.search(rf"^def {name}\(", text, re.MULTILINE)):
            missing.append(one)

    assert missing == []
