"""What the host program gives to a run: functions, models, the date and the time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from heuron.diagnostics import Diagnostic, HeuronError, Severity
from heuron.values import INTEGER_LIMIT, UNKNOWN, Value

if TYPE_CHECKING:
    from heuron.answer import Predict, Prediction

__all__ = ["Asked", "Host"]

ACCEPTED: Mapping[str, tuple[type, ...]] = {
    "text": (str,),
    "enumeration": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "date": (date,),
    "datetime": (datetime,),
    "list": (tuple, list),
}


class Host:
    """The functions that rules may call, the models, and the date and time of the run."""

    __slots__ = ("functions", "now", "predict", "today")

    def __init__(
        self,
        functions: Mapping[str, Callable[..., Any]] | None = None,
        predict: Predict | None = None,
        today: date | None = None,
        now: datetime | None = None,
    ) -> None:
        self.functions = functions or {}
        self.predict = predict
        self.now = datetime.now() if now is None else now
        self.today = self.now.date() if today is None else today

    def call(self, name: str, kind: str, *arguments: Value) -> Value:
        """Call a registered function; unknown arguments give unknown.

        Raises:
            HeuronError: When the function fails or gives a value of another type.
        """
        if any(one is UNKNOWN for one in arguments):
            return UNKNOWN
        try:
            value = self.functions[name](*arguments)
        except KeyError:
            if name in self.functions:
                raise
            raise _wrong(name, "is not registered with this run") from None
        except HeuronError:
            raise
        except Exception as problem:
            raise _wrong(name, f"failed: {type(problem).__name__}: {problem}") from problem
        if value is None or value is UNKNOWN:
            return UNKNOWN
        accepted = ACCEPTED.get(kind)
        if accepted is not None and (
            not isinstance(value, accepted) or (isinstance(value, bool) and kind != "boolean")
        ):
            raise _wrong(name, f"gave {value!r}, which is no {kind}")
        if kind == "integer" and not -INTEGER_LIMIT <= value <= INTEGER_LIMIT:
            return UNKNOWN
        if kind == "number" and isinstance(value, (int, float)):
            return float(value) if float("-inf") < value < float("inf") else UNKNOWN
        return tuple(value) if isinstance(value, list) else value


def _wrong(name: str, what: str) -> HeuronError:
    message = f"the host function `{name}` {what}"
    return HeuronError(Diagnostic(Severity.ERROR, "host-function", message))


class Asked:
    """The models that a run asked, each once for the same record.

    `silent` names the models that were asked and could not answer at all.
    """

    __slots__ = ("_answers", "_predict", "silent")

    def __init__(self, predict: Predict | None) -> None:
        self._predict = predict
        self._answers: dict[tuple[object, ...], Prediction | None] = {}
        self.silent: dict[str, None] = {}

    def __call__(self, model: str, record: Mapping[str, Value]) -> Prediction | None:
        """Return what a model says of a record, or None when there is no model."""
        if self._predict is None:
            self.silent[model] = None
            return None
        known = {name: value for name, value in record.items() if value is not UNKNOWN}
        key = (model, *known.items())
        if key not in self._answers:
            answer = self._answers[key] = self._predict(model, known)
            if answer is None:
                self.silent[model] = None
        return self._answers[key]
