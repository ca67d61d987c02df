"""Rows that a model was trained on, left out of a comparison.

Rows are known by their content, cell by cell, which takes longer than all answers together. So
of a large piece some rows are looked at first, and all of them only where one is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from heuron.learn.coded_pieces import CodedPiece
from heuron.learn.contract import Contract
from heuron.learn.copies import content_key

if TYPE_CHECKING:
    from heuron.dispatch.backend import Model

__all__ = ["LOOKED_AT", "trained_keys", "without_trained"]

LOOKED_AT: Final = 256
"""So many rows of a piece are looked at first, spread evenly over it."""
Array = Any


def trained_keys(models: Mapping[str, Model]) -> frozenset[str]:
    """Return the content keys of all rows that some model was trained on."""
    found: frozenset[str] = frozenset()
    for model in models.values():
        keys = getattr(model, "training_keys", None)
        if keys is not None:
            found |= keys()
    return found


def without_trained(piece: CodedPiece, contract: Contract, keys: frozenset[str]) -> CodedPiece:
    """Return a piece without the rows that are equal to a training row."""
    if not keys or not piece.rows:
        return piece
    step = -(-piece.rows // LOOKED_AT)
    if step > 1 and not _known(piece, contract, keys, np.arange(0, piece.rows, step)).any():
        return piece
    known = _known(piece, contract, keys, np.arange(piece.rows))
    if not known.any():
        return piece
    return replace(piece.chosen(np.flatnonzero(~known)), trained=int(known.sum()))


def _known(piece: CodedPiece, contract: Contract, keys: frozenset[str], rows: Array) -> Array:
    columns = piece.values(rows, contract)
    listed = [columns[name] for name in sorted(columns)]
    return np.array([content_key(row, 0) in keys for row in zip(*listed, strict=True)])
