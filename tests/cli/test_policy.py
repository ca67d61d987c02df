"""`heuron ask --policy`: which of several dispatch blocks chooses."""

from __future__ import annotations

from pathlib import Path

import pytest

from heuron.cli.app import main

TEXT = """\
domain two "What?"
type A:
    age: integer
    out: yes | no
goal A.out
rule old:
    when a: A(age > 30)
    then conclude a.out = yes, certainty 0.6
dispatch:
    refer "not sure enough" otherwise
dispatch bold:
    rules when rules.answered
"""


@pytest.fixture
def two(tmp_path: Path) -> str:
    path = tmp_path / "two.rules"
    path.write_text(TEXT)
    return str(path)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], "a person decides: not sure enough"),
        (["--policy", "bold"], "What?   yes"),
        (["--policy", "bold", "--via", "all"], "dispatch takes: rules"),
    ],
)
def test_the_first_block_chooses_unless_another_is_named(
    two: str, capsys: pytest.CaptureFixture[str], words: list[str], expected: str
) -> None:
    assert main(["ask", two, "age=40", *words]) == 0
    assert expected in capsys.readouterr().out


def test_a_block_that_is_not_there_is_named(two: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", two, "age=40", "--policy", "bald"]) == 1
    assert "has no dispatch block `bald`" in capsys.readouterr().err
