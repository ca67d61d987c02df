"""Models on their way: packed into one file to be given away, taken in, trusted, or removed.

Owns `packed_model`, `taken_in`, `trust_model` and `remove`. What travels is the card and the files
whose sums stand in it; the joblib file, which is code, stays at home. In a skops file the
estimator travels too, as data.
"""

from __future__ import annotations

import io
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from heuron.diagnostics import Diagnostic, RuleError, Severity
from heuron.learn.model import Model
from heuron.learn.scorer.pack import MOST_BYTES
from heuron.learn.store import (
    CARD,
    SUMMED,
    Artifact,
    Store,
    belongs_elsewhere,
    card_bytes,
    check_sum,
)

__all__ = ["Trusted", "packed_model", "remove", "renamed", "taken_in", "trust_model", "unzipped"]

LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The date of every member: the same model gives the same bytes."""


@dataclass(frozen=True, slots=True)
class Trusted:
    """What a look at a joblib file found.

    `names` is all that it uses, `unexpected` what Heuron's own files never use and the user has
    not allowed; with any of those it is not trusted.
    """

    file: str
    sum: str
    names: tuple[str, ...]
    unexpected: tuple[str, ...]
    added: bool


def packed_model(domain: str, model: Model) -> bytes:
    """Return a model's files as a zip file, laid out as in a folder `models/`.

    Args:
        domain: The domain's name.
        model: A model that was loaded, so that its sums were checked.

    Raises:
        RuleError: It is served from joblib, which does not travel; or a file cannot be read.
    """
    from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

    if model.card.get("served_from") == "joblib":
        message = f"{model.name} has no compiled form, and a joblib file is code: it stays here."
        hint = "give its spec away and train it there, or export it with --format skops"
        raise RuleError(Diagnostic(Severity.ERROR, "no-scorer", message, None, hint))
    stream = io.BytesIO()
    with ZipFile(stream, "w") as archive:
        for name, content in travelling_files(model).items():
            member = ZipInfo(f"{domain}/{model.name}/{model.version}/{name}", LONG_AGO)
            member.compress_type = ZIP_DEFLATED
            member.external_attr = 0o644 << 16
            archive.writestr(member, content)
    return stream.getvalue()


def travelling_files(model: Model) -> dict[str, bytes]:
    """Return the card and the files whose sums stand in it, the card first.

    Raises:
        RuleError: One cannot be read, or was changed.
    """
    found = {}
    sums = model.card["files"]
    for name in (CARD, *sorted(sums)):
        path = os.path.join(model.folder, name)
        try:
            with open(path, "rb") as file:
                found[name] = file.read()
        except OSError as error:
            raise _cannot(path, error) from None
        if name != CARD:
            check_sum(path, found[name], sums[name])
    return found


def unzipped(content: bytes) -> tuple[str, str, dict[str, bytes]]:
    """Return domain, name and files of a model that `packed_model` packed.

    Raises:
        RuleError: It is no such file; nothing of it is written anywhere.
    """
    from zipfile import BadZipFile, ZipFile

    try:
        with ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            if sum(one.file_size for one in members) > MOST_BYTES or len(members) > 16:
                raise _no_model("it is larger than 64 MB")
            parts = [one.filename.split("/") for one in members]
            places = {tuple(one[:-1]) for one in parts}
            if len(places) != 1 or len(parts[0]) != 4:
                raise _no_model("it does not hold one model, as domain/name/version/file")
            files = {part[-1]: archive.read(one) for part, one in zip(parts, members, strict=True)}
    except (BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        raise _no_model(str(error)) from None
    domain, name, _ = places.pop()
    return domain, name, files


def renamed(files: Mapping[str, bytes], name: str) -> dict[str, bytes]:
    """Return a model's files with another name in the card.

    Raises:
        RuleError: There is no card that could be read.
    """
    try:
        card = json.loads(files[CARD])
        card = {**card, "name": name}
    except (KeyError, ValueError, TypeError, RecursionError):
        raise _no_model("it has no card.json") from None
    return {**files, CARD: card_bytes(card)}


def taken_in(
    store: Store,
    domain: str,
    name: str,
    files: Mapping[str, bytes],
    extra: Mapping[str, bytes] | None = None,
) -> Artifact:
    """Put a model that came from elsewhere into a store, all sums checked and golden rows replayed.

    Raises:
        RuleError: It is damaged, or has files that no model has; nothing has changed then.
    """
    strange = [one for one in files if one not in (CARD, *SUMMED)]
    if CARD not in files or strange:
        raise _no_model(f"it holds {strange[0]}" if strange else "it has no card.json")
    extra = extra or {}
    with tempfile.TemporaryDirectory() as folder:
        trial = Store(folder, trusted=store.trusted)
        artifact = trial.save(domain, name, files, extra)
        model = trial.model(domain, name)
        if model.card.get("domain") != domain or model.card.get("name") != name:
            raise _no_model(f"its card is of {model.card.get('domain')} {model.card.get('name')}")
        assert artifact.version == model.version
    return store.save(domain, name, files, extra)


def trust_model(
    store: Store, domain: str, name: str, file: Path, packages: Sequence[str] = ()
) -> Trusted:
    """Add the sum of a model's joblib file to the user's list, unless it uses unexpected names.

    Args:
        store: Where the model is.
        domain: The domain.
        name: The model.
        file: The user's list of trusted sums.
        packages: Packages whose names the file may use.

    Raises:
        RuleError: There is no such model or no joblib file, or the list cannot be written.
    """
    from heuron.learn.trust import named_in, sum_of, trust, unexpected_in

    artifact = _found(store, domain, name, None)
    path = os.path.join(artifact.folder, "estimator.joblib")
    if not os.path.exists(path):
        message = f"{name} has no joblib file here, so there is nothing to trust."
        hint = "a model with a compiled form answers without trust"
        raise RuleError(Diagnostic(Severity.ERROR, "not-found", message, None, hint))
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise _cannot(path, error) from None
    names, digest = named_in(content), sum_of(content)
    foreign = unexpected_in(names)
    unexpected = tuple(one for one in foreign if one.split(".")[0] not in packages)
    if unexpected:
        return Trusted(path, digest, names, unexpected, False)
    if not trust(file, digest, f"{domain}/{name}", foreign):
        message = f'"{file}" cannot be written, so nothing was trusted.'
        raise RuleError(Diagnostic(Severity.ERROR, "file", message))
    return Trusted(path, digest, names, (), True)


def remove(store: Store, domain: str, name: str, version: str | None = None) -> list[str]:
    """Remove a model's folders from the store's own root, and return those that are gone.

    A folder is renamed first: however this ends, no half of a model is left under its name.

    Raises:
        RuleError: There is no such model, it lies in another root, or it cannot be removed.
    """
    import shutil

    from heuron.learn.write import REMOVING, sweep

    artifact = _found(store, domain, name, version)
    if artifact.root != store.roots[0]:
        raise belongs_elsewhere(artifact)
    folder = artifact.folder if version is not None else os.path.dirname(artifact.folder)
    parent = os.path.dirname(folder)
    try:
        aside = tempfile.mkdtemp(prefix=REMOVING, dir=parent)
        os.rename(folder, os.path.join(aside, "it"))
        shutil.rmtree(aside)
    except OSError as error:
        raise _cannot(folder, error) from None
    sweep(parent)
    return [folder]


def _found(store: Store, domain: str, name: str, version: str | None) -> Artifact:
    artifact = store.find(domain, name, version)
    if artifact is None:
        store.card(domain, name, version)  # says what there is
    assert artifact is not None
    return artifact


def _no_model(why: str) -> RuleError:
    message = f"This is no model that Heuron exported: {why}."
    hint = "`heuron models export` writes one"
    return RuleError(Diagnostic(Severity.ERROR, "artifact-refused", message, None, hint))


def _cannot(path: str, error: OSError) -> RuleError:
    why = (error.strerror or str(error)).lower()
    return RuleError(Diagnostic(Severity.ERROR, "file", f'"{path}" cannot be used: {why}.'))
