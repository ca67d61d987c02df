"""The reference says what things mean, and tables say which tests each of its sentences has.

`cases/meaning.toml` is about every sentence of "Meaning" in `language.md`, `cases/learned.toml`
about every point of `learned.md`. What is added or reworded there must find its test, and a test
that goes must be missed.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
REFERENCE = TESTS.parent / "docs" / "reference"
ENDS = re.compile(r"(?<=[.)])\s+(?=[A-Z`(])")
"""Where one sentence ends and the next begins."""
CODE = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)

Sections = Iterator[tuple[str, list[str]]]


def sentences() -> Sections:
    """Yield the headings of "Meaning" with the sentences below them."""
    page = (REFERENCE / "language.md").read_text(encoding="utf-8")
    meaning = page.split("\n## Meaning\n")[1].split("\n## ")[0]
    for section in meaning.split("\n### ")[1:]:
        heading, _, body = section.partition("\n")
        paragraphs = [one.strip() for one in body.split("\n\n") if one.strip()]
        yield heading, [sentence for one in paragraphs for sentence in ENDS.split(one)]


def points() -> Sections:
    """Yield the headings of the learned side with the points and paragraphs below them."""
    page = CODE.sub("", (REFERENCE / "learned.md").read_text(encoding="utf-8"))
    for section in page.split("\n## ")[1:]:
        heading, _, body = section.partition("\n")
        lines = [one for one in body.split("\n") if one.strip() and not one.startswith(" ")]
        # The last section shows what it should look like; it says nothing that is not said before.
        if not heading.startswith("8."):
            yield heading, [one.removeprefix("- ") for one in lines]


PAGES: list[tuple[str, Callable[[], Sections]]] = [("meaning", sentences), ("learned", points)]
BOTH = pytest.mark.parametrize(("name", "sections"), PAGES)


def table(name: str) -> dict[str, dict[str, list[str]]]:
    """Return the tests of each sentence, section by section."""
    return tomllib.loads((TESTS / "cases" / f"{name}.toml").read_text(encoding="utf-8"))


@BOTH
def test_everything_that_is_said_has_a_test(name, sections):
    listed = table(name)

    assert list(listed) == [heading for heading, _ in sections()]
    for heading, said in sections():
        entries = list(listed[heading])
        begins = [one[: len(key)] for one, key in zip(said, entries, strict=False)]
        assert begins == entries, heading
        assert len(said) == len(entries), (heading, said[len(entries) :])
        assert all(listed[heading].values()), heading


@BOTH
def test_every_test_that_is_named_is_there(name, sections):
    named = {one for entries in table(name).values() for tests in entries.values() for one in tests}
    missing = []
    for one in sorted(named):
        path, _, function = one.partition("::")
        file = TESTS / path
        text = file.read_text(encoding="utf-8") if file.is_file() else ""
        if not text or (function and not re.search(rf"^def {function}\(", text, re.MULTILINE)):
            missing.append(one)

    assert missing == []
