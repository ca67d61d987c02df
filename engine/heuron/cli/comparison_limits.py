"""When `heuron compare` says no: for those who let a machine look at every change of a rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from heuron.cli.comparing import usage

if TYPE_CHECKING:
    from heuron.compare.baseline import Change
    from heuron.compare.comparison import Comparison
    from heuron.knowledge.base import KnowledgeBase

__all__ = ["Limits"]


class Limits:
    """When a comparison says no: too few rows right, or something worse than it was.

    Raises:
        RuleError: A share is not between 0 and 1, there is nothing to drift from, or the baseline
            is no comparison of the same domain.
        OSError: The baseline cannot be read.
    """

    def __init__(
        self, knowledge: KnowledgeBase, under: float | None, drift: bool, baseline: str | None
    ) -> None:
        if under is not None and not 0 <= under <= 1:
            raise usage(f"--fail-under is a share from 0 to 1, not {under:g}.")
        if drift and baseline is None:
            raise usage("--fail-drift needs --baseline: a comparison to drift from.")
        self._under = under
        self._drift = drift
        self._earlier = None if baseline is None else _earlier(knowledge, baseline)

    def changes(self, comparison: Comparison) -> tuple[Change, ...] | None:
        """Return what changed since the baseline; None without one."""
        if self._earlier is None:
            return None
        from heuron.compare.baseline import changes

        return changes(self._earlier, comparison)

    def failed(self, comparison: Comparison, changes: tuple[Change, ...] | None) -> tuple[str, ...]:
        """Return in sentences without a stop what is not as it should be."""
        found = []
        accuracy = comparison.backends["dispatch"].accuracy
        if self._under is not None and (accuracy is None or accuracy < self._under):
            shown = "no row" if accuracy is None else f"{100 * accuracy:.1f} % of all rows"
            found.append(f"dispatch is right on {shown}, under {100 * self._under:g} %")
        if self._drift:
            worse = [one for one in changes or () if one.bad]
            found += [f"{one.kind} of {one.name} changed beyond chance" for one in worse]
        return tuple(found)


def _earlier(knowledge: KnowledgeBase, baseline: str) -> Mapping[str, Any] | None:
    """Return the baseline; None where there is no goal, which is said elsewhere."""
    from heuron.compare.baseline import read_baseline

    goal = knowledge.goal
    if goal is None:
        return None
    return read_baseline(baseline, knowledge.name, f"{goal.type_name}.{goal.field}")
