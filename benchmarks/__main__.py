"""Run the benchmarks that take seconds, one after another: `python -m benchmarks [NAME...]`.

What follows from the first option on is handed to each named one, as in
`python -m benchmarks scale --rows 1000`.
"""

from __future__ import annotations

import subprocess
import sys

QUICK = (
    "engine",
    "record",
    "ask",
    "columns",
    "sessions",
    "experta",
    "cold_start",
    "scorers",
)
"""In this order. Each is a module of its own, so that none inherits another's heap."""


def main(arguments: list[str]) -> int:
    """Run the named benchmarks, all by default; return 1 when one failed."""
    failed = 0
    first = next((at for at, one in enumerate(arguments) if one.startswith("-")), len(arguments))
    names, options = arguments[:first], arguments[first:]
    for name in names or QUICK:
        print(f"== {name}", flush=True)
        failed |= subprocess.run(
            [sys.executable, "-m", f"benchmarks.{name}", *options], check=False
        ).returncode
    return min(failed, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
