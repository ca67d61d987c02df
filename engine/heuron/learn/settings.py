"""`data.toml`: where a domain's data are, how columns and levels map, and what is held out.

Owns `DataSettings` and its reader; it reads no data. `models/<domain>/data.toml` is written by
people, one a domain, and the held-out split belongs to the domain and not to a model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

from heuron.learn.contract import Contract
from heuron.learn.document import Document
from heuron.learn.source import Query

__all__ = ["DataSettings", "default_settings", "read_settings"]

SAW: Final = ("nothing", "training", "all", "unknown")
KEYS: Final = ("source", "rules_saw", "as_of", "split", "columns", "levels", "allow")
FILES: Final = (".csv", ".tsv", ".txt", ".parquet", ".pq")
SPLIT_KEYS: Final = ("held_out", "seed", "group", "time", "copies")
ALLOWED: Final = (
    "id-like",
    "gives-away",
    "row-order",
    "codes-as-numbers",
    "constant",
    "few-rows",
    "copied-rows",
    "equal-rows",
    "contradictory-rows",
    "incomplete-rows",
)


@dataclass(frozen=True, slots=True)
class DataSettings:
    """What `data.toml` says.

    `held_out` is a share of the rows, `seed` keys the hash that chooses them; `group` names a
    column whose equal values stay on one side, `time` one whose later rows are held out.
    `copies` is "together" or "ignore". `columns` maps fields to columns, `levels` maps fields to
    what each of their levels is called in the data (of any field also what `unknown` is called),
    `allow` the codes of warnings to reasons.
    `source` is "sklearn:NAME", a path or a SQL query, `folder` what relative paths start from;
    `document` is None for default settings.
    """

    source: str | Query
    folder: Path
    rules_saw: str = "unknown"
    as_of: date | None = None
    held_out: float = 0.25
    seed: int = 0
    group: str | None = None
    time: str | None = None
    copies: str = "together"
    columns: Mapping[str, str] = field(default_factory=dict)
    levels: Mapping[str, Mapping[str, tuple[object, ...]]] = field(default_factory=dict)
    allow: Mapping[str, str] = field(default_factory=dict)
    document: Document | None = None


def default_settings(source: str | Query, folder: Path) -> DataSettings:
    """Return the settings of a source that no `data.toml` describes."""
    return DataSettings(source, folder)


def read_settings(contract: Contract, path: Path, shown: str | None = None) -> DataSettings:
    """Read a `data.toml` and check it against the contract.

    Raises:
        RuleError: With every mistake found, each with line and column.
    """
    document = Document.read(path, shown)
    data = document.data
    document.check_keys(data, KEYS)
    split = _table(document, "split")
    document.check_keys(split, SPLIT_KEYS, ("split",))
    allow = _texts(document, "allow")
    document.check_keys(allow, ALLOWED, ("allow",))
    settings = DataSettings(
        source=_source(document, contract),
        folder=path.parent if "source" in data else Path(contract.folder or path.parent),
        rules_saw=_choice(document, data, ("rules_saw",), SAW, "unknown"),
        as_of=_as_of(document),
        held_out=_share(document, split),
        seed=_whole(document, split, ("split", "seed")),
        group=_optional_text(document, split, ("split", "group")),
        time=_optional_text(document, split, ("split", "time")),
        copies=_choice(document, split, ("split", "copies"), ("together", "ignore"), "together"),
        columns=_columns(document, contract),
        levels=_levels(document, contract),
        allow=allow,
        document=document,
    )
    if settings.group and settings.time:
        document.error("bad-setting", "Give `group` or `time`, not both.", ("split", "time"))
    document.finish()
    return settings


def _table(document: Document, name: str) -> dict[str, Any]:
    table = document.data.get(name, {})
    if isinstance(table, dict):
        return table
    document.error("bad-setting", f"`{name}` is a table: write [{name}].", (name,))
    return {}


def _texts(document: Document, name: str) -> dict[str, str]:
    kept = {}
    for key, value in _table(document, name).items():
        if isinstance(value, str) and value.strip():
            kept[key] = value
        else:
            document.error("bad-setting", f"`{key}` needs a text here.", (name, key))
    return kept


def _source(document: Document, contract: Contract) -> str | Query:
    source = document.data.get("source", contract.data)
    if isinstance(source, str) and source:
        return source
    if isinstance(source, dict):
        return _query(document, source)
    hint = 'source = "sklearn:iris", "cases.csv" or "cases.parquet"'
    document.error("bad-setting", "`source` says where the data are.", ("source",), hint)
    return ""


def _query(document: Document, table: Mapping[str, Any]) -> Query:
    """Return a SQL query with its files: `[source]` with `query`, and `[source.files]`."""
    document.check_keys(table, ("query", "files"), ("source",))
    text, files = table.get("query"), table.get("files")
    if not isinstance(text, str) or not text.strip():
        message = "A [source] that is a table holds a SQL `query`."
        document.error("bad-setting", message, ("source", "query"))
        text = ""
    if not isinstance(files, dict) or not files:
        message = "The query needs the files that it reads."
        hint = '[source.files]  visits = "visits.csv"'
        document.error("bad-setting", message, ("source", "files"), hint)
        files = {}
    kept = {}
    for name, path in files.items():
        at = ("source", "files", name)
        if not isinstance(path, str) or not path.endswith(FILES):
            document.error("bad-setting", f"`{name}` is a CSV or parquet file.", at)
        elif not name.isidentifier():
            document.error("bad-setting", f'"{name}" is no name of a table.', at, key=True)
        else:
            kept[name] = path
    return Query(text, kept, document)


def _choice(
    document: Document,
    table: Mapping[str, Any],
    at: tuple[str, ...],
    among: tuple[str, ...],
    default: str,
) -> str:
    value = table.get(at[-1], default)
    if value in among:
        return str(value)
    document.error("bad-setting", f"`{at[-1]}` is one of {', '.join(among)}", at)
    return default


def _share(document: Document, split: Mapping[str, Any]) -> float:
    value = split.get("held_out", 0.25)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < 1:
        return float(value)
    message = "`held_out` is a share of the rows between 0 and 1, like 0.25."
    document.error("bad-setting", message, ("split", "held_out"))
    return 0.25


def _whole(document: Document, table: Mapping[str, Any], at: tuple[str, ...]) -> int:
    value = table.get(at[-1], 0)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**32:
        return value
    document.error("bad-setting", f"`{at[-1]}` is a whole number from 0 to 2**32 - 1.", at)
    return 0


def _optional_text(document: Document, table: Mapping[str, Any], at: tuple[str, ...]) -> str | None:
    value = table.get(at[-1])
    if value is None or (isinstance(value, str) and value):
        return value
    document.error("bad-setting", f"`{at[-1]}` is the name of a column.", at)
    return None


def _as_of(document: Document) -> date | None:
    value = document.data.get("as_of")
    if value is None or (isinstance(value, date) and type(value) is date):
        return value
    document.error("bad-setting", "`as_of` is a date like 2026-01-01, without quotes.", ("as_of",))
    return None


def _field_exists(document: Document, contract: Contract, at: tuple[str, ...]) -> bool:
    if at[-1] in contract.template:
        return True
    from heuron.diagnostics import nearest

    near = nearest(at[-1], contract.template.names)
    hint = f"Did you mean `{near}`?" if near else None
    message = f"{contract.template.name} has no field `{at[-1]}`."
    document.error("unknown-field", message, at, hint, key=True)
    return False


def _columns(document: Document, contract: Contract) -> dict[str, str]:
    columns = _texts(document, "columns")
    return {
        name: column
        for name, column in columns.items()
        if _field_exists(document, contract, ("columns", name))
    }


def _levels(document: Document, contract: Contract) -> dict[str, dict[str, tuple[object, ...]]]:
    found: dict[str, dict[str, tuple[object, ...]]] = {}
    for name, mapping in _table(document, "levels").items():
        at = ("levels", name)
        if not _field_exists(document, contract, at):
            continue
        kind = contract.template[name].type
        levels = ("false", "true") if kind.kind == "boolean" else kind.levels
        # What says that a cell is empty: 9 for "not asked", -1 for "not measured".
        known = (*levels, "unknown")
        if not isinstance(mapping, dict):
            message = f"[levels.{name}] holds lines `level = code`, or `unknown = code`."
            document.error("bad-setting", message, at, key=True)
            continue
        document.check_levels(mapping, known, at)
        found[name] = {
            level: tuple(codes) if isinstance(codes, list) else (codes,)
            for level, codes in mapping.items()
        }
    return found
