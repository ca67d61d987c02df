"""Which rows are held out: one split a domain, which no new or reordered row disturbs.

Owns the three ways to split: by a keyed hash, by time, and stratified (scikit-learn's tables).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from math import ceil, floor

__all__ = ["by_hash", "by_time", "share_of", "stratified"]


def share_of(key: str, seed: int) -> float:
    """Return where a key falls between 0 and 1: a hash keyed with the seed (BLAKE2b)."""
    digest = hashlib.blake2b(key.encode(), digest_size=8, key=seed.to_bytes(8, "big")).digest()
    return int.from_bytes(digest, "big") / 2**64


def by_hash(keys: Sequence[str], held_out: float, seed: int) -> list[bool]:
    """Return for each row whether it is held out: equal keys stay on one side."""
    return [share_of(key, seed) < held_out for key in keys]


def by_time(moments: Sequence[object], held_out: float) -> list[bool]:
    """Return for each row whether it is held out: the latest rows are, equal times together.

    A row without a time (None) is trained on.
    """
    known = sorted(moment for moment in moments if moment is not None)  # type: ignore[type-var]
    if not known:
        return [False] * len(moments)
    cut = known[floor(len(known) * (1 - held_out))]
    return [moment is not None and moment >= cut for moment in moments]  # type: ignore[operator]


def stratified(
    keys: Sequence[str], classes: Sequence[object], held_out: float, seed: int
) -> list[bool]:
    """Return for each row whether it is held out, each class in its share.

    Within a class the rows with the smallest hashes are held out, so that the choice depends on
    nothing but content and seed. Equal keys stay on one side.
    """
    members: dict[object, dict[str, int]] = {}
    for key, label in zip(keys, classes, strict=True):
        counts = members.setdefault(label, {})
        counts[key] = counts.get(key, 0) + 1
    quotas = _quotas([sum(counts.values()) for counts in members.values()], held_out)
    chosen: set[str] = set()
    for counts, quota in zip(members.values(), quotas, strict=True):
        taken = 0
        for key in sorted(counts, key=lambda key: (share_of(key, seed), key)):
            if taken >= quota:
                break
            chosen.add(key)
            taken += counts[key]
    return [key in chosen for key in keys]


def _quotas(sizes: Sequence[int], held_out: float) -> list[int]:
    """Return how many rows of each class are held out: largest remainders, rounded up in all."""
    exact = [size * held_out for size in sizes]
    quotas = [floor(one) for one in exact]
    left = ceil(sum(exact)) - sum(quotas)
    by_remainder = sorted(range(len(sizes)), key=lambda at: (quotas[at] - exact[at], at))
    for at in by_remainder[:left]:
        quotas[at] += 1
    return quotas
