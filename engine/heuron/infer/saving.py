"""Working memory as plain data, and back: facts with their numbers, and what is still to fire.

A session that is taken up again goes on as the first one would have: facts keep their numbers and
events, so recency and references stay, and an activation that has fired does not fire again. What
follows from the facts is worked out anew. Search is not saved: to list what waits, all of it is
searched for. Data may come from anywhere, so every value is looked at before it is held.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from heuron.coercion import coerce
from heuron.diagnostics import Diagnostic, RuleError, Severity, sentence
from heuron.infer.memory import HEAD, Row
from heuron.values import UNKNOWN, Field, FieldType, Value

if TYPE_CHECKING:
    from heuron.infer.session import State

__all__ = ["FORMAT", "Ready", "restore_state", "state_as_data"]

FORMAT: Final = "heuron-session/1"

Ready = tuple[int, int, tuple[Row, ...], tuple[Value, ...]]
"""An activation that may fire: index of its rule, event, matched rows, other values."""


def state_as_data(state: State) -> dict[str, Any]:
    """Return working memory as JSON can hold it."""
    state.refresh()
    memory = state.memory
    rows = [row for name in memory.shapes for row in memory.table(name).values()]
    # Tables stand in the order of events, so facts are held again in that order.
    rows.sort(key=lambda row: (row[1], row[0] not in memory.told, row[0]))
    return {
        "format": FORMAT,
        "event": memory.event,
        "next": memory.next_number,
        "initial": sorted(state.initial),
        "facts": [_fact(state, row) for row in rows],
        "waiting": [
            {
                "rule": one.rule["name"],
                "event": one.event,
                "matched": [row[0] for row in one.rows],
                "values": [_written(value) for value in one.values],
            }
            for one in state.waiting()
        ],
    }


def _fact(state: State, row: Row) -> dict[str, Any]:
    memory, number = state.memory, row[0]
    type_name = memory.types[number]
    shape = memory.shapes[type_name]
    entry: dict[str, Any] = {"number": number, "event": row[1], "type": type_name}
    if number not in memory.told:
        entry["derived"] = True
    entry["values"] = {
        name: _written(value) for name, value in zip(shape.given, row[HEAD:], strict=True)
    }
    given = {
        name: _written(memory.given[type_name, name][number])
        for name in shape.concluded
        if number in memory.given.get((type_name, name), ())
    }
    if given:
        entry["given"] = given
    maker = state.asserted_by.get(number)
    if maker is not None:
        entry["asserted_by"] = maker
    if number in state.named:
        entry["named"] = sorted(state.named[number])
    return entry


def _written(value: Value) -> Any:
    if value is UNKNOWN or value is None:
        return None
    if isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return {"days": value.days, "seconds": value.seconds, "microseconds": value.microseconds}
    if isinstance(value, tuple | list):
        return [_written(one) for one in value]
    # What a model said: only ever compared.
    return repr(value)


# Back again.


def restore_state(state: State, data: Mapping[str, Any]) -> None:
    """Hold in a new session, without facts of its own, what `state_as_data` gave.

    Raises:
        RuleError: The data have another form, or do not go with these rules.
    """
    try:
        if data["format"] != FORMAT:
            raise ValueError(f"its format is {data['format']!r}, not {FORMAT!r}")
        _hold_all(state, data["facts"])
        state.memory.event = _whole(data["event"])
        state.memory.next_number = _whole(data["next"])
        highest = max(state.memory.types, default=0)
        if state.memory.next_number <= highest:
            raise ValueError("its `next` number is taken already")
        state.initial = frozenset(map(_whole, data["initial"]))
        state.resume(lambda: _ready(state, data["waiting"]))
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        if isinstance(problem, KeyError):
            what = f"`{problem.args[0]}` is missing"
        elif isinstance(problem, ValueError):
            what = str(problem)
        else:
            what = "something in it has another form than `Session.save` gives it"
        message = sentence(f"the saved session cannot be taken up: {what}")
        raise RuleError(Diagnostic(Severity.ERROR, "state-refused", message)) from None


def _hold_all(state: State, facts: Any) -> None:
    memory = state.memory
    for entry in facts:
        number, type_name = _whole(entry["number"]), entry["type"]
        shape = memory.shapes.get(type_name)
        if shape is None:
            raise ValueError(f"there is no type `{type_name}`")
        if set(entry["values"]) != set(shape.given):
            raise ValueError(f"fact {number} does not have the fields of `{type_name}`")
        template = shape.template
        values = tuple(_read(template[name], entry["values"][name]) for name in shape.given)
        if number in memory.types or memory.find(type_name, values) is not None:
            raise ValueError(f"fact {number} is there twice")
        memory.event = _whole(entry["event"])
        memory.add(type_name, values, number)
        if not entry.get("derived", False):
            memory.tell(number)
        for name, value in entry.get("given", {}).items():
            if name not in shape.concluded:
                raise ValueError(f"no rule concludes `{type_name}.{name}`")
            memory.give(number, name, _given(template[name], value))
        if "asserted_by" in entry:
            state.asserted_by.set(number, str(entry["asserted_by"]))
        if "named" in entry:
            state.named[number] = frozenset(map(str, entry["named"]))
    for number, type_name in memory.types.items():
        for place, target in memory.shapes[type_name].references:
            value = (memory.row(number) or ())[place]
            if value is not UNKNOWN and memory.types.get(value) != target:
                raise ValueError(f"fact {number} refers to a fact that is not there")


def _whole(raw: Any) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int) or raw < 0:
        raise ValueError(f"{raw!r} is no number of a fact or event")
    return raw


def _given(field: Field, raw: Any) -> Value:
    if isinstance(raw, list) and field.type.kind != "list":
        return tuple(_read(field, one) for one in raw)
    return _read(field, raw)


def _read(field: Field, raw: Any) -> Value:
    value = _typed(field.type, raw)
    # A text is taken as it is: to `coerce`, an empty one would be unknown.
    return value if value is UNKNOWN or isinstance(value, str) else coerce(field, value)


def _typed(kind: FieldType, raw: Any) -> Value:
    """Return a value that `_written` wrote, in its type."""
    if raw is None:
        return UNKNOWN
    match kind.kind:
        case "text" if isinstance(raw, str):
            return raw
        case "enumeration" if raw in kind.levels:
            return str(raw)
        case "boolean" if isinstance(raw, bool):
            return raw
        case "integer" | "reference" if isinstance(raw, int) and not isinstance(raw, bool):
            return raw
        case "number" if isinstance(raw, int | float) and not isinstance(raw, bool):
            return float(raw)
        case "date" if isinstance(raw, str):
            return date.fromisoformat(raw)
        case "datetime" if isinstance(raw, str):
            return datetime.fromisoformat(raw)
        case "duration" if isinstance(raw, dict):
            return timedelta(**{name: _part(one) for name, one in raw.items()})
        case "list" if isinstance(raw, list) and kind.element is not None:
            return tuple(_typed(kind.element, one) for one in raw)
    raise ValueError(f"{raw!r} is no {kind.kind}")


def _part(raw: Any) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int):
        raise ValueError(f"{raw!r} is no part of a duration")
    return raw


def _ready(state: State, waiting: Any) -> list[Ready]:
    """Return the activations that were waiting, found again by their rule, facts and values."""
    rules = {state.engine.rules[index]["name"]: index for index in state.engine.outline["steps"]}
    wanted: dict[int, dict[str, int]] = {}
    for entry in waiting:
        index = rules.get(entry["rule"])
        if index is None:
            raise ValueError(f"there is no step `{entry['rule']}`")
        key = json.dumps([entry["matched"], entry["values"]])
        wanted.setdefault(index, {})[key] = _whole(entry["event"])
    ready: list[Ready] = []
    for index, events in wanted.items():
        found: list[tuple[tuple[Row, ...], tuple[Value, ...], float]] = []
        state.call(f"m{index}", found.append)
        for rows, values, _ in found:
            key = json.dumps([[row[0] for row in rows], [_written(one) for one in values]])
            event = events.pop(key, None)
            if event is not None:
                ready.append((index, event, rows, values))
        if events:
            raise ValueError(f"`{state.engine.rules[index]['name']}` does not hold as it did")
    return ready
