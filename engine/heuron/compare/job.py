"""A comparison of a file as paths and plain options, so that it can be opened anywhere.

Owns `Job` and what it opens to. Workers on other machines get the job, not the rules, the models
or the rows; they check that what they find at those paths is what the one who asks has.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heuron.compare.count import tally_of
from heuron.compare.piece_answers import Answerer
from heuron.compare.piece_trained import trained_keys, without_trained
from heuron.compare.tally import Tally
from heuron.diagnostics import Diagnostic, RuleError, Severity
from heuron.knowledge.project import Domain
from heuron.learn.coded_pieces import CodedPiece, PieceReader
from heuron.learn.pieces import Piece, open_table

if TYPE_CHECKING:
    from heuron.dispatch import Dispatcher
    from heuron.learn.contract import Contract
    from heuron.learn.settings import DataSettings

__all__ = ["Job", "Opened", "file_digest", "one_thread_each", "open_job", "tally_pieces"]


@dataclass(frozen=True, slots=True)
class Job:
    """What is compared, as paths.

    Attributes:
        domain: Where the rules are.
        roots: The folders of trained models, the nearest first.
        data: The file of rows, as messages show it.
        folder: The working folder that relative paths start from.
        rows: The most rows of a piece.
        policy: The dispatch block in use; None: the first.
        today: What `today()` is, unless `data.toml` says; None: the present day.
        cache: The folder for compiled programs; None: no cache.
        trusted: The list of trusted sums; None: no joblib file is loaded.
    """

    domain: Domain
    roots: tuple[str, ...]
    data: str
    folder: str
    rows: int
    policy: str | None = None
    today: date | None = None
    cache: str | None = None
    trusted: str | None = None


class Opened:
    """A job that was opened: its rules and models, and its file.

    Args:
        job: The job.
        dispatcher: Rules and models, where they are open already.

    Raises:
        RuleError: Something is not there, or is not what it should be.
    """

    def __init__(self, job: Job, dispatcher: Dispatcher | None = None) -> None:
        self.job = job
        self.dispatcher = dispatcher or _dispatcher(job)
        self.contract: Contract = _contract(self.dispatcher)
        self.settings: DataSettings = _settings(job, self.contract)
        self.reader = PieceReader(
            self.contract,
            self.settings,
            open_table(os.path.join(job.folder, job.data), job.rows, job.data),
        )
        self.today = self.settings.as_of or job.today or date.today()
        self.answerer = Answerer(self.dispatcher, self.contract, self.today)
        self.trained = trained_keys(self.answerer.models)

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """The pieces of the file."""
        return self.reader.file.pieces

    @property
    def digests(self) -> dict[str, str]:
        """What identifies rules, models and settings (not the file), by what it is of."""
        settings = self.settings
        said = (settings.columns, settings.levels, sorted(settings.allow), settings.as_of)
        return {
            "rules": _digest("\x1e".join(self.dispatcher.kb.files.values())),
            "models": ", ".join(
                f"{name} {getattr(model, 'version', '')}"
                for name, model in self.answerer.models.items()
            ),
            "data.toml": _digest(repr(said)),
        }

    def close(self) -> None:
        """Close the file; it opens again when a piece is read."""
        self.reader.file.close()

    def another_reader(self) -> PieceReader:
        """Return a reader of the same file for another thread.

        Only where pieces need not be read in their order.
        """
        return PieceReader(self.contract, self.settings, self.reader.file)

    def tally(self, piece: Piece) -> Tally:
        """Return the counts of one piece."""
        return self.count(self.reader.read(piece))

    def count(self, coded: CodedPiece) -> Tally:
        """Return the counts of a piece that was read; threads may share the work.

        The caller holds `one_thread_each`.
        """
        usable = without_trained(coded, self.contract, self.trained)
        return tally_of(self.contract, usable, self.answerer.answers(usable))


def one_thread_each() -> AbstractContextManager[Any]:
    """Keep libraries from splitting sums among threads, while it is held.

    The last digits would depend on how many there are.
    """
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1)  # type: ignore[no-any-return]


@lru_cache(maxsize=1)
def open_job(job: Job) -> Opened:
    """Return a job opened; a worker keeps the last one."""
    return Opened(job)


def tally_pieces(
    job: Job, numbers: range, digests: Mapping[str, str], size: int
) -> tuple[Tally, float]:
    """Return the counts of some pieces that follow each other, and the seconds they took.

    What a worker runs; it finds everything by the job's paths.

    Raises:
        RuleError: What is there differs from what the one who asks has.
    """
    from time import process_time

    began = process_time()
    opened = open_job(job)
    found = {**opened.digests, "file": str(opened.reader.file.path.stat().st_size)}
    for what, digest in {**digests, "file": str(size)}.items():
        if found[what] != digest:
            message = f"A worker has other {what} than the one that asks it: {job.data}."
            hint = "All workers need the same files at the same paths, and the same Heuron."
            raise RuleError(Diagnostic(Severity.ERROR, "other-worker", message, hint=hint))
    tally = Tally()
    with one_thread_each():
        for number in numbers:
            tally.add(opened.tally(opened.pieces[number]))
    return tally, process_time() - began


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file's content."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _dispatcher(job: Job) -> Dispatcher:
    from heuron.dispatch import Dispatcher
    from heuron.knowledge.load import load
    from heuron.learn.store import Store

    checked = None if job.cache is None else os.path.join(job.cache, "checked")
    trusted = None if job.trusted is None else Path(job.trusted)
    store = Store(*job.roots, checked=checked, trusted=trusted)
    return Dispatcher(load(job.domain, cache=job.cache), store, policy=job.policy)


def _contract(dispatcher: Dispatcher) -> Contract:
    from heuron.learn.contract import contract_of

    return contract_of(dispatcher.kb)


def _settings(job: Job, contract: Contract) -> DataSettings:
    from heuron.learn.data import settings_for

    folders = [Path(folder) for folder in job.domain.models]
    folder = next((one for one in folders if (one / "data.toml").is_file()), None)
    return settings_for(contract, job.data, folder, None)[0]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
