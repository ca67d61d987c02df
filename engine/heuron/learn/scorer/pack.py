"""A scorer's bytes: `scorer.json`, with large arrays beside it in `scorer.bin`.

Owns the one way to write and read them. In the JSON an array that went to the other file is
`{"at": OFFSET, "length": N, "type": T}`; the bytes are little-endian float64 ("d") or int32 ("i"),
in a compact scorer float32 ("f") or int16 ("h") where every number is one, which the standard
library's `array` and numpy read alike.
"""

from __future__ import annotations

import json
import sys
from array import array
from typing import Any, Final

__all__ = ["LARGE", "MOST_BYTES", "pack", "unpack"]

LARGE: Final = 256
"""An array with more numbers goes to `scorer.bin`."""

MOST_BYTES: Final = 64 * 1024 * 1024

SIZES: Final = {"d": 8, "i": 4, "f": 4, "h": 2}


def pack(data: dict[str, Any], compact: bool = False) -> tuple[bytes, bytes]:
    """Return the bytes of `scorer.json` and of `scorer.bin` (empty when nothing is large).

    Under `compact` an array is written in the smallest type that holds its numbers exactly.
    """
    blocks = bytearray()
    slim = _slim(data, blocks, compact)
    text = json.dumps(slim, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode(), bytes(blocks)


def unpack(text: bytes, blocks: bytes) -> Any:
    """Return the scorer's data.

    Raises:
        ValueError: When the bytes are too many, no JSON, or point outside their blocks.
    """
    if len(text) + len(blocks) > MOST_BYTES:
        raise ValueError("the scorer is larger than 64 MB")
    try:
        data = json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("the scorer nests too deeply") from None
    return _whole(data, blocks) if blocks else data


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no finite number")


def _slim(value: Any, blocks: bytearray, compact: bool) -> Any:
    if isinstance(value, dict):
        return {name: _slim(one, blocks, compact) for name, one in value.items()}
    if not isinstance(value, list):
        return value
    if len(value) > LARGE:
        types = set(map(type, value))
        if types == {int} and min(value) >= -(2**31) and max(value) < 2**31:
            small = compact and min(value) >= -(2**15) and max(value) < 2**15
            return _store("h" if small else "i", value, blocks)
        if types == {float}:
            small = compact and array("f", value).tolist() == value
            return _store("f" if small else "d", value, blocks)
    return [_slim(one, blocks, compact) for one in value]


def _store(kind: str, values: list[Any], blocks: bytearray) -> dict[str, object]:
    while len(blocks) % 8:
        blocks.append(0)
    at = len(blocks)
    numbers = array(kind, values)
    if sys.byteorder == "big":
        numbers.byteswap()
    blocks += numbers.tobytes()
    return {"at": at, "length": len(values), "type": kind}


def _whole(value: Any, blocks: bytes, depth: int = 0) -> Any:
    if isinstance(value, list):
        # Lists of plain numbers are most of a scorer, and hold no arrays.
        if value and value[0].__class__ not in (dict, list):
            return value
        return [_whole(one, blocks, depth + 1) for one in value]
    if not isinstance(value, dict):
        return value
    if value.keys() != {"at", "length", "type"}:
        return {name: _whole(one, blocks, depth + 1) for name, one in value.items()}
    at, length, kind = value["at"], value["length"], value["type"]
    size = SIZES.get(kind) if isinstance(kind, str) else None
    if size is None or type(at) is not int or type(length) is not int or at < 0 or length < 0:
        raise ValueError("an array of scorer.bin is badly described")
    end = at + length * size
    if end > len(blocks):
        raise ValueError("an array lies outside scorer.bin")
    numbers = array(kind)
    numbers.frombytes(blocks[at:end])
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tolist()
