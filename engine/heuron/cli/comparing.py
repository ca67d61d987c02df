"""What `heuron compare` is given and writes: rows, prices, files."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from heuron.diagnostics import Diagnostic, RuleError, Severity

if TYPE_CHECKING:
    from heuron.compare.baseline import Change
    from heuron.compare.comparison import Comparison
    from heuron.compare.costs import Cost
    from heuron.compare.folds import Folds
    from heuron.knowledge.base import KnowledgeBase
    from heuron.knowledge.project import Domain
    from heuron.learn.data import Table

__all__ = [
    "cost_of",
    "folds_of",
    "need_matplotlib",
    "need_places",
    "rows_of",
    "specs_of",
    "usage",
    "write_outputs",
]


def rows_of(
    domain: Domain, knowledge: KnowledgeBase, data: str | None, anywhere: bool = False
) -> Table:
    """Return the rows to compare on: the domain's held-out ones, or all of a file's.

    `anywhere` lets `data.toml` name files outside the project.
    """
    from heuron.cli.allowances import allowed_root
    from heuron.learn.contract import contract_of
    from heuron.learn.data import load

    return load(
        contract_of(knowledge),
        data,
        folder=_folder_of(domain),
        root=allowed_root(domain.root, anywhere),
        everything=data is not None,
    )


def _folder_of(domain: Domain) -> Path | None:
    """Return the nearest folder with the domain's `data.toml`."""
    folders = [Path(folder) for folder in domain.models]
    return next((one for one in folders if (one / "data.toml").is_file()), None)


def specs_of(domain: Domain) -> Path:
    """Return the folder of the domain's model specs."""
    found = _folder_of(domain)
    return found if found is not None else Path(domain.models[0])


def folds_of(
    count: int | None, repeats: int, specs: Path, packages: tuple[str, ...] = ()
) -> Folds | None:
    """Return how the rows are cut; None where models are asked as they were trained.

    Raises:
        RuleError: The numbers mean nothing.
    """
    if count is None:
        if repeats != 1:
            raise usage("--repeats needs --folds: how many parts the rows are cut into.")
        return None
    from heuron.compare.folds import Folds

    try:
        return Folds(specs, count, repeats, packages=packages)
    except ValueError as error:
        raise usage(f"--folds and --repeats cannot be used so: {error}.") from None


def cost_of(text: str | None, knowledge: KnowledgeBase) -> Cost | None:
    """Return the cost that was given; it may price the goal's levels.

    Raises:
        RuleError: It cannot be read.
    """
    if text is None:
        return None
    from heuron.compare.costs import read_cost
    from heuron.learn.contract import contract_of

    levels = () if knowledge.goal is None else contract_of(knowledge).classes
    try:
        return read_cost(text, levels)
    except ValueError as error:
        raise usage(f"--cost cannot be read: {error}.") from None


def write_outputs(
    files: Mapping[str, str | None],
    knowledge: KnowledgeBase,
    table: Table | None,
    comparison: Comparison,
    changes: Sequence[Change] | None = None,
) -> None:
    """Write what was asked for.

    `dispatch`, `rules`, `calibrated`, `page` and `notebook` name files.
    """
    if (path := files["dispatch"]) is not None:
        _write_file(path, _dispatch_text(comparison))
    if (path := files["rules"]) is not None:
        _write_file(path, _rules_text(knowledge, comparison))
    if (path := files["calibrated"]) is not None and table is not None:
        _write_calibrated(path, knowledge, table)
    if (path := files["page"]) is not None:
        from heuron.compare.page import page

        _write_file(path, page(comparison, changes))
    if (path := files["notebook"]) is not None:
        from heuron.compare.notebook import notebook

        _write_file(path, notebook(comparison, _source(knowledge)))


def need_places(paths: Iterable[str | None]) -> None:
    """Say that a file cannot be written before anything is computed for it.

    Raises:
        OSError: Its folder is not there, or it may not be written.
    """
    for path in paths:
        if path is None:
            continue
        folder = os.path.dirname(path) or os.curdir
        if not os.path.isdir(folder):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        if os.path.isdir(path):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        if not os.access(path if os.path.exists(path) else folder, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)


def _write_file(path: str, text: str) -> None:
    """Write a text to a file; a failure is told with the system's reason."""
    Path(path).write_text(text, encoding="utf-8")


def _source(knowledge: KnowledgeBase) -> str:
    """Return by what a notebook opens the domain: its name if that finds it, else its path."""
    from heuron.knowledge.project import find_domain

    path = knowledge.path or knowledge.name
    try:
        found = find_domain(knowledge.name)
    except RuleError:
        return path
    return knowledge.name if Path(found.file).name == Path(path).name else path


def need_matplotlib() -> None:
    """Say that plots need matplotlib before anything is computed for them.

    Raises:
        RuleError: It is not installed.
    """
    if find_spec("matplotlib") is None:
        message = "A page with plots needs matplotlib, which is not installed."
        hint = 'pip install "heuron[html]"'
        raise RuleError(Diagnostic(Severity.ERROR, "needs-package", message, hint=hint))


def _dispatch_text(comparison: Comparison) -> str:
    """Return the policy that training rows recommend, as a block to put into the rule file."""
    trial = comparison.policies
    if trial is None:
        message = "There is nothing to choose between: no model, or no row to compare on."
        raise RuleError(Diagnostic(Severity.ERROR, "no-out-of-fold", message))
    best = trial.best
    says = (
        f"# {best.title}: the least cost a row of {trial.tried} ways tried on "
        f"{trial.rows_found} training rows\n"
        f"# ({trial.cost.words}). On {best.rows} held-out "
        f"rows: {best.cost:.4f}.\n"
    )
    if not best.block:
        return says + "# The block of the rule file is the best; there is nothing to change.\n"
    where = f"# It goes into {comparison.domain}.rules; the first block there is in use.\n"
    return says + where + best.block


def _rules_text(knowledge: KnowledgeBase, comparison: Comparison) -> str:
    """Return the slices as a rule file.

    Raises:
        RuleError: None were looked for, since no training rows have out-of-fold answers.
    """
    from heuron.compare import no_out_of_fold
    from heuron.compare.slice_rules import slices_file

    if comparison.slices is None:
        raise RuleError(no_out_of_fold(knowledge.name))
    template = knowledge.template.name
    return slices_file(knowledge.files, template, knowledge.name, comparison.slices)


def _write_calibrated(path: str, knowledge: KnowledgeBase, table: Table) -> None:
    """Write the rule file with measured certainties, and note what changed and what did not."""
    from heuron.cli.render import note
    from heuron.compare.calibrate_rules import calibrate_rules

    found = calibrate_rules(knowledge, table)
    _write_file(path, found.text)
    for rule, before, after in found.changed:
        note(f"{rule}: certainty {before:g} -> {after:g}")
    for rule, why in found.kept:
        note(f"{rule}: unchanged, {why}")


def usage(message: str) -> RuleError:
    """Return the error of options that mean nothing together or by themselves."""
    return RuleError(Diagnostic(Severity.ERROR, "usage", message))
