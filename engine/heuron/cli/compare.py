"""`heuron compare`: rules, models and the dispatcher on the same rows."""

from __future__ import annotations

from typing import Annotated

import typer

from heuron.cli.allowances import AllowPackage, AllowPath

__all__ = ["compare"]


def compare(
    domain: Annotated[
        str,
        typer.Argument(
            metavar="DOMAIN", help="A built-in name, a name in the project's rules/, or a path."
        ),
    ],
    data: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="A CSV or parquet file, all of whose rows are new; by default the rows of the "
            "domain's own data that were held out.",
        ),
    ] = None,
    policy: Annotated[
        str | None, typer.Option(metavar="NAME", help="A dispatch block; by default the first.")
    ] = None,
    cost: Annotated[
        str | None,
        typer.Option(
            metavar="COST",
            help="Rank by cost, for instance wrong=1,refer=0.2; a level of the goal prices wrong "
            "answers about it: malignant=5.",
        ),
    ] = None,
    folds: Annotated[
        int | None,
        typer.Option(
            metavar="NUMBER",
            help="Compare on all rows: models are fitted again without each of so many parts.",
        ),
    ] = None,
    repeats: Annotated[
        int, typer.Option(metavar="NUMBER", help="Cut the rows into folds so many times.")
    ] = 1,
    with_copies: Annotated[
        bool,
        typer.Option("--with-copies", help="Say what ignoring copied rows would make of scores."),
    ] = False,
    disagreements: Annotated[
        bool,
        typer.Option("--disagreements", help="List the rows on which they differ, with reasons."),
    ] = False,
    rule: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="List the rows on which a rule was wrong."),
    ] = None,
    policies: Annotated[
        bool, typer.Option("--policies", help="Try other ways to choose who answers.")
    ] = False,
    write_dispatch: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write the best policy as a dispatch block."),
    ] = None,
    write_rules: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write where one side is right as rules."),
    ] = None,
    calibrate_rules: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write the rule file with certainties as measured."),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="An earlier comparison's JSON: say what changed since."),
    ] = None,
    fail_under: Annotated[
        float | None,
        typer.Option(metavar="SHARE", help="Leave with 4 when dispatch is right on fewer rows."),
    ] = None,
    fail_drift: Annotated[
        bool, typer.Option("--fail-drift", help="Leave with 4 when something got worse since.")
    ] = False,
    jobs: Annotated[
        int | None,
        typer.Option(
            metavar="NUMBER",
            help="Cores of this machine that share the rows of --data; by default all, where "
            "that is worth it.",
        ),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Share the rows of --data among the workers of dask://HOST:PORT or "
            "ray://HOST:PORT, which see the same files.",
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a comparison of --data that was stopped.")
    ] = False,
    chunk: Annotated[
        int | None,
        typer.Option(
            metavar="ROWS",
            help="Rows of --data that are held at a time; by default 65,536, and 262,144 of a "
            "parquet file of two million or more.",
        ),
    ] = None,
    html: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write one page with plots, which needs nothing else."),
    ] = None,
    notebook: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write a Jupyter notebook that shows the comparison."),
    ] = None,
    brief: Annotated[
        bool, typer.Option("--brief", help="Print the answers and the first table only.")
    ] = False,
    allow_package: AllowPackage = None,
    allow_path: AllowPath = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> int:
    """Say who is right how often, where they differ, at what cost."""
    from heuron.cli import exits
    from heuron.cli.allowances import allowed_packages
    from heuron.cli.comparing import (
        cost_of,
        folds_of,
        need_matplotlib,
        need_places,
        rows_of,
        specs_of,
        write_outputs,
    )
    from heuron.cli.comparison_limits import Limits
    from heuron.cli.costs import evaluated
    from heuron.cli.opening import open_domain, open_store
    from heuron.cli.render import note, print_json, say, terminal
    from heuron.cli.streaming import compare_stream, streaming_of
    from heuron.compare import compare as compare_rows
    from heuron.dispatch import Dispatcher

    if html is not None:
        need_matplotlib()
    outputs = {
        "dispatch": write_dispatch,
        "rules": write_rules,
        "calibrated": calibrate_rules,
        "page": html,
        "notebook": notebook,
    }
    need_places(outputs.values())
    found, knowledge = open_domain(domain)
    limits = Limits(knowledge, fail_under, fail_drift, baseline)
    price = cost_of(cost, knowledge)
    specs = specs_of(found)
    packages = allowed_packages(allow_package)
    cut = folds_of(folds, repeats, specs, packages)
    refits = policies or with_copies or write_dispatch is not None or write_rules is not None
    dispatcher = Dispatcher(knowledge, open_store(found), policy=policy)
    at_once = {
        "--policies": policies,
        "--write-dispatch": write_dispatch is not None,
        "--write-rules": write_rules is not None,
        "--calibrate-rules": calibrate_rules is not None,
        "--folds": folds is not None,
        "--with-copies": with_copies,
    }
    streaming = streaming_of(data, jobs, cluster, resume, chunk, at_once)
    table = None
    if streaming is not None:
        comparison = compare_stream(
            found, dispatcher, streaming, policy, price, disagreements, rule
        )
    else:
        table = rows_of(found, knowledge, data, allow_path)
        with evaluated(knowledge.name, len(table)):
            comparison = compare_rows(
                dispatcher,
                table,
                cost=price,
                disagreements=disagreements,
                policies=policies or write_dispatch is not None,
                folds=cut,
                with_copies=with_copies,
                specs=specs if refits else None,
                rule=rule,
                packages=packages,
            )
    since = limits.changes(comparison)
    write_outputs(outputs, knowledge, table, comparison, since)
    failed = limits.failed(comparison, since)
    if json:
        body = comparison.to_dict()
        body["changes"] = None if since is None else [one.to_dict() for one in since]
        print_json("compare", {**body, "failed": list(failed)})
        return exits.NO if failed else exits.GOOD
    from heuron.compare.report import report

    say(report(comparison, since, brief=brief, **terminal()))
    for name in knowledge.models:
        if name not in dispatcher.models:
            refused = dispatcher.bench.refused.get(name)
            if refused is not None:
                advice = f" {refused.hint}" if refused.hint else ""
                note(f"Left out: {name}. {refused.message}{advice}")
                continue
            why = dispatcher.bench.why_not.get(name, "it has not been trained")
            note(f"Left out: {name}, because {why}. Train it: heuron train {knowledge.name} {name}")
    for one in failed:
        note(f"Failed: {one}.")
    return exits.NO if failed else exits.GOOD
