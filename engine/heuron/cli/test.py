"""`heuron test`: run the tests in rule files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from heuron.cli import exits
from heuron.cli.render import note, print_json, say

if TYPE_CHECKING:
    from heuron.knowledge.covering import Decided
    from heuron.knowledge.testing import Report

__all__ = ["test"]


def test(
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILE", help="Rule files or domains; all of rules/ by default."),
    ] = None,
    coverage: Annotated[
        bool,
        typer.Option(
            "--coverage", help="Show which rules, rows, routes and conditions were reached."
        ),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> int:
    """Run the tests in rule files; exit 4 when one fails."""
    from heuron.cli.opening import listed_files

    named = list(files) if files else listed_files()
    reports = [(file, _run(file, coverage or json)) for file in named]
    results = [one for _, report in reports for one in report.results]
    failed = [one for one in results if not one.passed]
    if json:
        body = {"passed": len(results) - len(failed), "failed": len(failed)}
        tests = [one.to_dict() for one in results]
        undecided = [_undecided_dict(one) for _, report in reports for one in _undecided(report)]
        counts = _counts(reports)
        print_json("test", {**body, "tests": tests, "coverage": counts, "undecided": undecided})
    else:
        for one in failed:
            say(f'{one.file}:{one.line}: failed "{one.name}"')
            for why in one.why:
                say(f"    {why}")
        if coverage:
            _show_coverage(reports)
        say(f"{len(results) - len(failed)} passed, {len(failed)} failed")
        if named and not results:
            note("no tests were found")
    return exits.NO if failed else exits.GOOD


def _run(file: str, coverage: bool) -> Report:
    from heuron.cli.opening import open_dispatcher, open_domain
    from heuron.knowledge.testing import run_tests

    found, knowledge = open_domain(file)
    if knowledge.goal is None:
        return run_tests(knowledge, conditions=coverage)
    dispatcher = open_dispatcher(found, knowledge)
    return run_tests(
        knowledge,
        lambda given, day: dispatcher.ask(given, today=day),
        conditions=coverage,
    )


def _undecided(report: Report) -> list[Decided]:
    """Return the conditions that did not both hold and fail."""
    return [one for one in report.coverage.conditions or () if not (one.held and one.failed)]


def _undecided_dict(one: Decided) -> dict[str, object]:
    return {"rule": one.rule, "condition": one.text, "held": one.held, "failed": one.failed}


def _counts(reports: list[tuple[str, Report]]) -> dict[str, list[int]]:
    """Return for conditions, rules, rows and routes how many were reached, of how many."""
    conditions = sum(len(one.coverage.conditions or ()) for _, one in reports)
    undecided = sum(len(_undecided(one)) for _, one in reports)
    counts = {"conditions": [conditions - undecided, conditions]}
    for name in ("rules", "rows", "routes"):
        reached = sum(len(getattr(one.coverage, name)) for _, one in reports)
        silent = sum(len(getattr(one.coverage, f"silent_{name}")) for _, one in reports)
        counts[name] = [reached, reached + silent]
    return counts


def _show_coverage(reports: list[tuple[str, Report]]) -> None:
    for file, report in reports:
        for name in ("rules", "rows", "routes"):
            reached = getattr(report.coverage, name)
            silent = getattr(report.coverage, f"silent_{name}")
            if reached or silent:
                missed = f"; not {', '.join(map(str, silent))}" if silent else ""
                say(f"{file}: {name} {len(reached)} of {len(reached) + len(silent)}{missed}")
        conditions, undecided = report.coverage.conditions or (), _undecided(report)
        if conditions:
            both = len(conditions) - len(undecided)
            say(f"{file}: conditions {both} of {len(conditions)} both held and failed")
            for one in undecided:
                say(f"    {one}")
