"""`python -m heuron`, and the installed command `heuron`."""

from __future__ import annotations

import sys

from heuron.cli.app import main as run

__all__ = ["main"]


def main() -> None:
    """Run the command line and leave with its exit code."""
    sys.exit(run())


if __name__ == "__main__":
    main()
