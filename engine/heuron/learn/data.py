"""A domain's table: typed rows, what is trained on, what is held out, and what looks wrong.

Owns `Table` and `load`, which puts settings, source, columns, copies and split together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from heuron.diagnostics import Diagnostic, RuleError, Severity
from heuron.learn.columns import match_columns, type_columns
from heuron.learn.contract import Contract
from heuron.learn.copies import Copies, content_key, find_copies
from heuron.learn.doubts import doubts
from heuron.learn.settings import DataSettings, default_settings, read_settings
from heuron.learn.sides import Sides
from heuron.learn.source import Raw, read_source
from heuron.values import UNKNOWN, Value

__all__ = ["SplitFacts", "Table", "load", "settings_for"]

SAW_TEXT = "The rules' author may have seen these rows: read the rules' score as an upper bound."


@dataclass(frozen=True, slots=True)
class SplitFacts:
    """How the rows were split, for reports.

    `rows` are held out and scored, `of` all usable rows, `copies_left_out` held-out copies that
    are scored once, `contradictions` rows that differ from another in the target alone,
    `left_out` rows that could not be used. `split` is "hash", "group", "time" or "stratified".
    """

    rows: int
    of: int
    split: str
    seed: int
    copies_left_out: int
    contradictions: int
    left_out: int = 0

    def to_dict(self) -> dict[str, object]:
        """Return the JSON form."""
        return {
            "rows": self.rows,
            "of": self.of,
            "split": self.split,
            "seed": self.seed,
            "copies_left_out": self.copies_left_out,
            "contradictions": self.contradictions,
            "left_out": self.left_out,
        }


@dataclass(frozen=True, slots=True)
class Table:
    """The typed rows of a domain.

    All sequences have one entry a row. `columns` maps each field that the data have to its
    values (`UNKNOWN` where empty), the goal included; `keys` identifies rows by content;
    `held_out` says on which side a row is; `groups` numbers the rows that must stay together;
    `scored` is false for the second and later of several copies. `digest` identifies content
    and split together. `warnings` are for the user, with numbers.
    """

    contract: Contract
    source: str
    columns: Mapping[str, list[Value]]
    keys: tuple[str, ...]
    held_out: tuple[bool, ...]
    groups: tuple[int, ...]
    scored: tuple[bool, ...]
    facts: SplitFacts
    warnings: tuple[Diagnostic, ...]
    digest: str
    rules_saw: str = "unknown"
    as_of: date | None = None

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def goal(self) -> list[Value]:
        """The true value of the goal in each row."""
        return self.columns[self.contract.goal]

    def places(self, part: str = "held_out") -> list[int]:
        """Return the places (from 0) of rows: `training` (all), `held_out` (scored), `all`."""
        match part:
            case "training":
                return [at for at, held in enumerate(self.held_out) if not held]
            case "held_out":
                sides = zip(self.held_out, self.scored, strict=True)
                return [at for at, (held, scored) in enumerate(sides) if held and scored]
            case "all":
                return list(range(len(self)))
        raise ValueError(f'rows are "training", "held_out" or "all", not "{part}"')

    def rows(self, places: Sequence[int]) -> list[dict[str, Value]]:
        """Return rows as evidence: the known values by field, the goal hidden."""
        shown = [
            (name, cells) for name, cells in self.columns.items() if name != self.contract.goal
        ]
        return [
            {name: cells[at] for name, cells in shown if cells[at] is not UNKNOWN} for at in places
        ]

    def truths(self, places: Sequence[int]) -> list[Value]:
        """Return the true values of the goal in those rows."""
        goal = self.goal
        return [goal[at] for at in places]


def load(
    contract: Contract,
    source: str | Path | None = None,
    *,
    folder: Path | None = None,
    root: Path | None = None,
    everything: bool = False,
    together: bool | None = None,
    settings: DataSettings | None = None,
) -> Table:
    """Read a domain's data, type them by the template, and split them.

    Args:
        contract: The template and the goal.
        source: The path of a `data.toml`; or `sklearn:NAME`, a CSV or parquet file, read with
            the settings of `folder`'s `data.toml` if there is one; or None for that file itself,
            failing that the rule file's own `data`.
        folder: The folder `models/<domain>`.
        root: The folder that paths written in files must stay in. A path given here as `source`
            may lie anywhere.
        everything: Hold out all rows: they are new to every model.
        together: Whether copies of a row share a side of the split; None: as the settings say.
        settings: Settings that stand in no file; `source`, `folder` and `root` are not read then.

    Raises:
        RuleError: With every mistake found in settings or cells.
    """
    limit: Path | None = None
    if settings is None:
        settings, limit = settings_for(contract, source, folder, root)
    if together is not None:
        settings = replace(settings, copies="together" if together else "ignore")
    raw = read_source(settings.source, settings.folder, limit)
    columns = match_columns(contract, settings, raw)
    typed = type_columns(contract, settings, raw, columns)
    if any(one.is_error for one in typed.found):
        raise RuleError(typed.found)
    goal = typed.columns[contract.goal]
    kept = [at for at in range(raw.rows) if at not in typed.bad_rows and goal[at] is not UNKNOWN]
    if not kept:
        message = f"No row of {raw.name} has a known `{contract.goal}`."
        raise RuleError(Diagnostic(Severity.ERROR, "too-few-rows", message))
    cells = {name: [values[at] for at in kept] for name, values in typed.columns.items()}
    found = [*typed.found, *_left_out(contract, raw, len(kept))]
    return _split(contract, settings, raw, columns, kept, cells, found, everything)


def settings_for(
    contract: Contract, source: str | Path | None, folder: Path | None, root: Path | None
) -> tuple[DataSettings, Path | None]:
    """Return the settings, and the folder that their path must stay in."""
    given = None if source is None else str(source)
    if given is not None and given.endswith(".toml"):
        path = Path(given)
        return read_settings(contract, path), root or path.parent
    own = folder / "data.toml" if folder is not None else None
    if own is not None and own.is_file():
        settings = read_settings(contract, own)
        if given is None:
            return settings, root or own.parent
        return replace(settings, source=given, folder=Path()), None
    if given is not None:
        return default_settings(given, Path()), None
    if contract.data is None:
        hint = 'write models/<domain>/data.toml, or `data "cases.csv"` in the rule file'
        message = f"The domain {contract.domain} has no data."
        raise RuleError(Diagnostic(Severity.ERROR, "not-found", message, None, hint))
    base = Path(contract.folder or ".")
    return default_settings(contract.data, base), root or base


def _left_out(contract: Contract, raw: Raw, kept: int) -> list[Diagnostic]:
    lost = raw.rows - kept
    if not lost:
        return []
    message = (
        f"{lost:,} of {raw.rows:,} rows were left out: no known `{contract.goal}`, "
        "or a cell that the contract refuses."
    )
    return [Diagnostic(Severity.WARNING, "incomplete-rows", message)]


def _split(
    contract: Contract,
    settings: DataSettings,
    raw: Raw,
    columns: Mapping[str, str],
    kept: list[int],
    cells: Mapping[str, list[Value]],
    found: list[Diagnostic],
    everything: bool,
) -> Table:
    copies = find_copies(_comparable(raw, columns, kept, cells), contract.goal)
    together = copies.counted and settings.copies == "together"
    keys = _keys(cells, copies)
    sides = Sides(contract, settings, raw, kept, cells)
    side_keys = sides.keys(copies, keys, together)
    kind, held = sides.held_out(side_keys)
    if everything:
        kind, held = "all rows", [True] * len(kept)
    scored = [not together or first == at for at, first in enumerate(copies.group)]
    groups = sides.groups(side_keys)
    facts = SplitFacts(
        rows=sum(one and use for one, use in zip(held, scored, strict=True)),
        of=len(kept),
        split=kind,
        seed=settings.seed,
        copies_left_out=sum(one and not use for one, use in zip(held, scored, strict=True)),
        contradictions=copies.contradictions,
        left_out=raw.rows - len(kept),
    )
    training = [at for at, one in enumerate(held) if not one]
    found = [*found, *_copy_warnings(copies, sides.split_copies(copies, keys), together)]
    if training:
        part = {name: [values[at] for at in training] for name, values in cells.items()}
        found += doubts(contract, part, ordered=kind in ("group", "time"))
    warnings = [one for one in found if one.code not in settings.allow]
    return Table(
        contract=contract,
        source=raw.name,
        columns=cells,
        keys=tuple(keys),
        held_out=tuple(held),
        groups=tuple(groups),
        scored=tuple(scored),
        facts=facts,
        warnings=tuple(warnings),
        digest=_digest(keys, held),
        rules_saw=settings.rules_saw,
        as_of=settings.as_of,
    )


def _comparable(
    raw: Raw,
    columns: Mapping[str, str],
    kept: list[int],
    cells: Mapping[str, list[Value]],
) -> dict[str, list[object]]:
    """Return every source column by name of field or column, typed where it has a field."""
    used = {columns[name] for name in cells}
    compared: dict[str, list[object]] = {
        name: [None if cell is UNKNOWN else cell for cell in values]
        for name, values in cells.items()
    }
    for column in raw.columns:
        if column not in used:
            empty = ("", None)
            compared[f"column {column}"] = [
                None if cell in empty or cell != cell else str(cell)
                for cell in _raw_cells(raw, column, kept)
            ]
    return compared


def _raw_cells(raw: Raw, column: str, kept: list[int]) -> list[object]:
    cells = raw.columns[column]
    return [cells[at] for at in kept]


def _keys(cells: Mapping[str, list[Value]], copies: Copies) -> list[str]:
    names = sorted(cells)
    seen: dict[tuple[object, ...], int] = {}
    keys = []
    for at in range(len(copies.group)):
        values = tuple(cells[name][at] for name in names)
        occurrence = seen.get(values, 0)
        seen[values] = occurrence + 1
        keys.append(content_key(values, occurrence))
    return keys


def _digest(keys: Sequence[str], held: Sequence[bool]) -> str:
    import hashlib

    lines = sorted(f"{key}{'h' if one else 't'}" for key, one in zip(keys, held, strict=True))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _copy_warnings(copies: Copies, split: tuple[int, int], together: bool) -> list[Diagnostic]:
    found = []
    if copies.counted:
        rows, count = len(copies.group), copies.copied_rows
        seen, held = split
        equal = (
            f"{count:,} of {rows:,} rows are equal to an earlier row ({copies.pairs:,} pairs; "
            f"chance would give about {copies.expected:.2g}); "
        )
        both = f"{seen:,} of {held:,} held-out rows on both sides of the split"
        if together:
            message = (
                f"{equal}row by row they would put {both}: they share a side and are scored once."
            )
            hint = "find out why they are there; --no-group-duplicates takes them as they are"
        else:
            message = f"{equal}they put {both}, so that every model looks better than it is."
            hint = 'keep them together: [split]  copies = "together", or --group-duplicates'
        found.append(Diagnostic(Severity.WARNING, "copied-rows", message, None, hint))
    elif copies.copied_rows and copies.pairs > 2 * copies.expected:
        # Columns hang together, so a few more than chance would give are nothing to speak of.
        message = (
            f"{copies.copied_rows:,} of {len(copies.group):,} rows are equal to an earlier row "
            f"({copies.pairs:,} pairs; chance would give about {copies.expected:.2g}): too few to "
            "count as copies, so they are taken as they are."
        )
        hint = 'if they are one case twice, take one away; else:  [allow]  equal-rows = "REASON"'
        found.append(Diagnostic(Severity.WARNING, "equal-rows", message, None, hint))
    if copies.contradictions:
        message = f"{copies.contradictions:,} rows differ from another row in the target alone."
        hint = "nobody can be right on all of them; look for a column that tells them apart"
        found.append(Diagnostic(Severity.WARNING, "contradictory-rows", message, None, hint))
    return found
