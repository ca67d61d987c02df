"""Golden inference cases: `tests/cases/infer/*.toml`, each a small program with a script.

`rules` is the program, `do` what the host does (assert, modify, retract, run), `want` the facts
in the end, `want_values` the settled fields of labelled facts, `want_firings` the steps that
fired, run after run, `want_definitions` the definitions that fire, `want_error` the code of the
error that ends it.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from heuron.diagnostics import HeuronError
from heuron.infer.limits import Limits
from heuron.values import UNKNOWN
from sessions import facts_of, session_of

CASES = sorted((Path(__file__).parents[1] / "cases" / "infer").glob("*.toml"))


def carried_out(case: dict[str, Any]) -> dict[str, Any]:
    """Play a case; return what was to be seen, under the names of what is wanted."""
    state = session_of(case["rules"], Limits(**case.get("limits", {})))
    labels: dict[str, int] = {}
    firings: list[list[str]] = []
    error = None
    try:
        for action in case["do"]:
            values = {
                name: labels[value[1:]] if isinstance(value, str) and value[:1] == "@" else value
                for name, value in action.get("values", {}).items()
            }
            values = {name: UNKNOWN if one == "?" else one for name, one in values.items()}
            match action:
                case {"assert": type_name}:
                    labels[action.get("as", "")] = state.add(type_name, values)
                case {"modify": label}:
                    state.modify(labels[label], **values)
                case {"retract": label}:
                    state.retract(labels[label])
                case {"run": _}:
                    firings.append([one.rule for one in state.run().firings])
    except HeuronError as problem:
        error = problem.diagnostics[0].code
    seen: dict[str, Any] = {"want_firings": firings, "want_error": error}
    if "want" in case:
        seen["want"] = facts_of(state)
    if "want_definitions" in case:
        seen["want_definitions"] = [one.rule for one in state.definitions()]
    if "want_values" in case:
        seen["want_values"] = {
            name: as_written(state.value(labels[label], field))
            for name in case["want_values"]
            for label, field in [name.split(".")]
        }
    return seen


def as_written(pair: tuple[Any, float]) -> list[Any]:
    """Return value and certainty as a case writes them: `"?"` for unknown."""
    return ["?" if pair[0] is UNKNOWN else pair[0], round(pair[1], 6)]


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
@pytest.mark.usefixtures("definitions")
def test_case(path):
    case = tomllib.loads(path.read_text(encoding="utf-8"))
    wanted = {name: value for name, value in case.items() if name.startswith("want")}

    seen = carried_out(case)

    assert {name: seen[name] for name in wanted} == wanted
