"""The exit codes of every command."""

from __future__ import annotations

from typing import Final

__all__ = ["ERRORS", "GOOD", "INTERRUPTED", "LIMIT", "NO", "PIPE_CLOSED", "USAGE"]

GOOD: Final = 0
"""All went well."""
ERRORS: Final = 1
"""Errors were found: in a file, in evidence, or in Heuron."""
USAGE: Final = 2
"""The command was written wrongly."""
LIMIT: Final = 3
"""A run met one of its limits."""
NO: Final = 4
"""It ran, and the answer is no: a test failed, a comparison met `--fail-…`, or nobody answered
under `--strict`."""
INTERRUPTED: Final = 130
"""Control-C, as shells count it."""
PIPE_CLOSED: Final = 141
"""The reader of the output went away, as shells count it."""
