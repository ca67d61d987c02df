"""Feeds broken rule files to the language front, and counts what comes out.

    python benchmarks/fuzz.py [-n 50000] [--seed 1] [--check]

Texts are the example files of the tests with pieces removed, doubled, moved, swapped between
files or put in, and texts of random words. Each must give a result or diagnostics; an exception
is printed with the text that led to it, and the exit code is 1. With `--check` most texts have
words exchanged for others of their kind, so that they can be read, and they are checked and
lowered instead of only parsed.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from heuron.diagnostics import Diagnostic

ROOT = Path(__file__).resolve().parents[1]

Function = Callable[[str, str], Iterable[Diagnostic]]
"""Takes a text and a path, and returns diagnostics; must not raise."""

ALL_WORDS = """
rule type table test dispatch query let goal facts domain use data when then given expect salience
conclude derive assert modify retract because log halt either or and not in is unknown true false
exists forall have for certainty first hit unique collect from model refer agree otherwise route
many within list of optional default unit ask matching text number integer T Loan m.T x y _z
0 1 12_000 1.5 1e3 2026-01-01 2026-01-01T10:00 "text" "{x:,}" "3+" ( ) [ ] : , . .. = == != < <=
> >= -> | + - * / // % { } " ' # \\ \0 µ “ ≤
"""
WORDS = ALL_WORDS.split()
BREAKS = ["\n", "\n    ", "\n        ", "\n\t", "\n\n", "\r\n", " ", " ", " ", " ", " ", ""]


def examples() -> list[str]:
    """Return the texts to start from."""
    folders = [ROOT / "rules", ROOT / "tests" / "cases"]
    paths = sorted(path for folder in folders for path in folder.rglob("*.rules"))
    texts = [path.read_text(encoding="utf-8") for path in paths]
    return [text for text in texts if text]


def invented(chance: random.Random) -> str:
    """Return a text of random words."""
    count = chance.randrange(1, 60)
    return "".join(chance.choice(WORDS) + chance.choice(BREAKS) for _ in range(count))


def mutated(chance: random.Random, texts: list[str]) -> str:
    """Return an example with one to six changes."""
    text = chance.choice(texts)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 6))):
        start = chance.randrange(len(text) + 1)
        end = min(len(text), start + chance.choice((1, 1, 2, 5, 20, 80)))
        match chance.randrange(6):
            case 0:
                text = text[:start] + text[end:]
            case 1:
                text = text[:end] + text[start:]
            case 2:
                text = text[:start] + chance.choice(WORDS) + chance.choice(BREAKS) + text[start:]
            case 3:
                place = chance.randrange(len(text) + 1)
                text = text[:place] + text[start:end] + text[place:]
            case 4:
                other = chance.choice(texts)
                begin = chance.randrange(len(other))
                text = text[:start] + other[begin : begin + 60] + text[start:]
            case _:
                odd = chr(chance.choice((0, 9, 10, 13, 34, 0x7F, 0x2028, 0xD800)))
                text = text[:start] + odd + text[start:]
    return text


LEXEME = re.compile(r'"[^"\n]*"|\d[\d_.]*|\w+|[<>=!]=|->|\.\.|\s+|.', re.DOTALL)


def kind(lexeme: str) -> str:
    """Return what a lexeme may be exchanged for: a name, a number, a text or a sign."""
    if lexeme[0].isdigit():
        return "number"
    if lexeme[0] in '"' or lexeme.isspace():
        return lexeme[0]
    return "name" if lexeme[0].isalpha() or lexeme[0] == "_" else "sign"


def exchanged(chance: random.Random, texts: list[str]) -> str:
    """Return an example with words exchanged, and lines or items doubled or left out."""
    text = chance.choice(texts)
    for _ in range(chance.choice((1, 1, 2, 3, 5))):
        between = chance.choice(("", "", "", "\n", r"\n(?=\S)"))
        if between:
            pieces = re.split(between, text)
            place = chance.randrange(len(pieces))
            pieces[place : place + 1] = chance.choice(([], [pieces[place]] * 2))
            text = "\n".join(pieces)
            continue
        lexemes = LEXEME.findall(text)
        if not lexemes:
            return text
        place = chance.randrange(len(lexemes))
        source = chance.choice((lexemes, lexemes, LEXEME.findall(chance.choice(texts)), WORDS))
        same = [one for one in source if kind(one) == kind(lexemes[place])]
        lexemes[place] = chance.choice(same or source)
        text = "".join(lexemes)
    return text


def run(
    function: Function, count: int, seed: int, whole: bool = False
) -> tuple[Counter[str], float, list[str]]:
    """Feed `count` texts to `function`; with `whole`, mostly such as can be read.

    Returns:
        How often each outcome came (`clean`, the codes of diagnostics, `exception`), the longest
        time of one text in seconds, and the texts that raised.
    """
    chance = random.Random(seed)
    texts = examples()
    outcomes: Counter[str] = Counter()
    slowest = 0.0
    raised = []
    for _ in range(count):
        luck = chance.random()
        if luck < (0.05 if whole else 0.3):
            text = invented(chance)
        else:
            text = exchanged(chance, texts) if whole and luck < 0.9 else mutated(chance, texts)
        started = time.perf_counter()
        try:
            codes = {one.code for one in function(text, "fuzz.rules")}
        except Exception:
            traceback.print_exc()
            raised.append(text)
            codes = {"exception"}
        slowest = max(slowest, time.perf_counter() - started)
        outcomes.update(codes or {"clean"})
    return outcomes, slowest, raised


def parse_only(text: str, path: str) -> Iterable[Diagnostic]:
    """Parse, print every diagnostic, and format what can be formatted."""
    from heuron.lang.parser import parse
    from heuron.lang.printer import format_text

    _, diagnostics = parse(text, path)
    for one in diagnostics:
        str(one)
    return diagnostics or format_text(text, path)[1]


def check_and_lower(text: str, path: str) -> Iterable[Diagnostic]:
    """Check a text, print every diagnostic, and lower what checks clean."""
    from heuron.check import Environment, analyse
    from heuron.plan.lower import lower

    def read(used: str, using: str) -> tuple[str, str]:
        return used, "type Region(postcode: text, prosperous: boolean)\n"

    def read_table(used: str, using: str) -> list[list[str]]:
        return [["colour", "weight", "result"], ["red", "< 5", "yes"]]

    models = frozenset({"forest", "net", "credit_net"})
    base, diagnostics = analyse(text, path, Environment(models, {}, read, read_table))
    for one in diagnostics:
        str(one)
    if base is not None:
        lower(base)
    return diagnostics


def main() -> int:
    """Run the fuzzer; return 1 when something raised or formatting changed a meaning."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("-n", type=int, default=50_000, help="how many texts")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--check", action="store_true", help="check and lower as well")
    options = arguments.parse_args()
    function: Function = check_and_lower if options.check else parse_only
    started = time.perf_counter()
    outcomes, slowest, raised = run(function, options.n, options.seed, options.check)
    seconds = time.perf_counter() - started
    for code, count in outcomes.most_common():
        print(f"{count:8} {code}")
    print(f"{options.n} texts in {seconds:.1f} s, the slowest {slowest * 1000:.0f} ms")
    for text in raised[:5]:
        print("raised:", repr(text), file=sys.stderr)
    return 1 if raised or outcomes["internal"] else 0


if __name__ == "__main__":
    sys.exit(main())
