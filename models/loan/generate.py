"""Write applications.csv: 1,200 SYNTHETIC loan applications, the same to the byte every time.

No person stands behind a row. The process, from which the data can be drawn again on any machine
(`random.Random` promises the same numbers for a seed; nothing else of chance is used):

- age: 18 to 75, most between 25 and 50.
- income: log-normal about 26,000 EUR a year; higher up to the age of 45, then level.
- history: the older, the more often there is one; three in four of the known ones are good.
- employed_since: nine in ten have a job; how long is exponential, about six years, and no longer
  than since the eighteenth birthday. The tenth cell is empty.
- postcode: one of six, two in three rows have it; it plays no part in the decision.
- decision: a committee with a hidden scale. It likes income (on a logarithmic scale), a good
  history and a long job, dislikes a poor history, a young age a little, and a poor history
  together with a low income most of all. Near the middle of the scale it is of two minds: noise
  of a logistic distribution is added. About three in four are accepted.

The rules of rules/loan.rules were fixed before this script, and it does not imitate them.

    python models/loan/generate.py            write the file beside this script
    python models/loan/generate.py --check    end with 1 if the file differs from what it should be
"""

from __future__ import annotations

import csv
import io
import math
import random
import sys
from datetime import date, timedelta
from pathlib import Path

ROWS = 1_200
SEED = 1936
TODAY = date(2026, 1, 1)
POSTCODES = ("75001", "59000", "69002", "13003", "67000", "93200")
HEADER = ("age", "income", "history", "employed_since", "postcode", "decision")
TARGET = Path(__file__).with_name("applications.csv")


def draw_normal(chance: random.Random) -> float:
    """Return a standard normal number, by the sum of twelve uniform ones."""
    return sum(chance.random() for _ in range(12)) - 6


def draw_age(chance: random.Random) -> int:
    """Return an age of 18 to 75."""
    return min(75, max(18, round(38 + 13 * draw_normal(chance))))


def draw_income(chance: random.Random, age: int) -> int:
    """Return a yearly income in EUR, in hundreds."""
    career = 0.02 * (min(age, 45) - 35)
    return round(26_000 * math.exp(career + 0.45 * draw_normal(chance)) / 100) * 100


def draw_history(chance: random.Random, age: int) -> str:
    """Return `good`, `poor` or `none`."""
    if chance.random() > min(0.9, 0.3 + 0.02 * (age - 18)):
        return "none"
    return "good" if chance.random() < 0.75 else "poor"


def draw_job(chance: random.Random, age: int) -> date | None:
    """Return the day on which the present job began; None without a job."""
    if chance.random() < 0.1:
        return None
    years = min(-6 * math.log(1 - chance.random()), age - 18 + chance.random())
    return TODAY - timedelta(days=max(7, round(years * 365.25)))


def decide(chance: random.Random, age: int, income: int, history: str, job: date | None) -> str:
    """Return what the committee says."""
    years = 0.0 if job is None else (TODAY - job).days / 365.25
    scale = 0.7 + 2.2 * math.log(income / 22_000)
    scale += {"good": 1.2, "poor": -1.6, "none": 0.0}[history]
    scale += 0.5 * math.log1p(years) - (0.8 if job is None else 0.0)
    scale -= 0.4 if age < 25 else 0.0
    scale -= 1.5 if history == "poor" and income < 20_000 else 0.0
    share = chance.random()
    noise = 0.55 * math.log(share / (1 - share)) if 0 < share < 1 else 0.0
    return "accept" if scale + noise > 0.6 else "refuse"


def draw_application(chance: random.Random) -> tuple[str, ...]:
    """Return one row of the file."""
    age = draw_age(chance)
    income = draw_income(chance, age)
    history = draw_history(chance, age)
    job = draw_job(chance, age)
    postcode = POSTCODES[int(chance.random() * len(POSTCODES))] if chance.random() < 0.67 else ""
    decision = decide(chance, age, income, history, job)
    started = job.isoformat() if job else ""
    return str(age), str(income), history, started, postcode, decision


def generate() -> str:
    """Return the text of applications.csv."""
    chance = random.Random(SEED)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(draw_application(chance) for _ in range(ROWS))
    return text.getvalue()


def main(arguments: list[str]) -> int:
    """Write the file, or check it."""
    text = generate()
    if "--check" in arguments:
        return 0 if TARGET.read_text(encoding="utf-8") == text else 1
    TARGET.write_text(text, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
