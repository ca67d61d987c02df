"""The ledger: what training has cost, what answering has cost, and when they are even.

`book` counts and writes, and is all that an answer needs; `accounts` adds up what was written.
"""

from heuron.ledger.book import Counter, Entry, Ledger

__all__ = ["Counter", "Entry", "Ledger"]
