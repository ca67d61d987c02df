"""What the host program gives to a run: functions, models, the date and the time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from heuron.diagnostics import Diagnostic, RuleError, Severity, sentence
from heuron.values import INTEGER_LIMIT, UNKNOWN, Value, show

if TYPE_CHECKING:
    from heuron.answer import Predict, Prediction

__all__ = ["Asked", "Host", "HostFailed"]

ACCEPTED: Mapping[str, tuple[type, ...]] = {
    "text": (str,),
    "enumeration": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "date": (date,),
    "datetime": (datetime,),
    "duration": (timedelta,),
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
            HostFailed: The function fails or gives a value of another type.
        """
        if any(one is UNKNOWN for one in arguments):
            return UNKNOWN
        try:
            value = self.functions[name](*arguments)
        except KeyError as problem:
            if name in self.functions:
                raise _raised(name, arguments, problem) from problem
            raise HostFailed(f"`{name}` is not registered with this run") from None
        except Exception as problem:
            raise _raised(name, arguments, problem) from problem
        if value is None or value is UNKNOWN:
            return UNKNOWN
        accepted = ACCEPTED.get(kind)
        if accepted is not None and (
            not isinstance(value, accepted)
            or (isinstance(value, bool) and kind != "boolean")
            or (isinstance(value, datetime) and kind == "date")
        ):
            given = f"{value!r:.80}"
            raise HostFailed(f"`{_called(name, arguments)}` gave {given}, which is no {kind}")
        if kind == "integer" and not -INTEGER_LIMIT <= value <= INTEGER_LIMIT:
            return UNKNOWN
        if kind == "number" and isinstance(value, (int, float)):
            try:
                number = float(value)
            except OverflowError:
                return UNKNOWN
            # Zero has one sign: -0.0 and 0.0 are the same value.
            return number + 0.0 if float("-inf") < number < float("inf") else UNKNOWN
        return tuple(value) if isinstance(value, list) else value


class HostFailed(RuleError):
    """A function of the host program failed; `what` says which one and how.

    Whoever knows the rule that called it raises the error again with the rule's place. `by` is
    the step whose action called it, with the activation, when it was one.
    """

    def __init__(self, what: str) -> None:
        self.by: Any = None
        self.what = f"the host function {what}"
        super().__init__(Diagnostic(Severity.ERROR, "host-function", sentence(self.what)))


def _raised(name: str, arguments: tuple[Value, ...], problem: Exception) -> HostFailed:
    if isinstance(problem, HostFailed):
        return problem
    said = f"{type(problem).__name__}: {problem}".removesuffix(": ")
    return HostFailed(f"`{_called(name, arguments)}` failed: {said}")


def _called(name: str, arguments: tuple[Value, ...]) -> str:
    shown = ", ".join(f'"{one}"' if isinstance(one, str) else show(one) for one in arguments)
    return f"{name}({shown:.200})"


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
