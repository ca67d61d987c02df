"""Models on their way: packed into one file to be given away, or removed from a store.

Owns `packed_model` and `remove`. What travels is the card and the files whose sums stand in it;
the joblib file, which is code, stays at home.
"""

from __future__ import annotations

import os
import tempfile

from heuron.diagnostics import Diagnostic, RuleError, Severity
from heuron.learn.model import Model
from heuron.learn.store import CARD, Store

__all__ = ["packed_model", "remove"]

LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The date of every member: the same model gives the same bytes."""


def packed_model(domain: str, model: Model) -> bytes:
    """Return a model's files as a zip file, laid out as in a folder `models/`.

    Args:
        domain: The domain's name.
        model: A model that was loaded, so that its sums were checked.

    Raises:
        RuleError: It is served from joblib, which does not travel; or a file cannot be read.
    """
    import io
    from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

    if model.card.get("served_from") == "joblib":
        message = f"{model.name} has no compiled form, and a joblib file is code: it stays here"
        hint = "give its spec away, and train it there"
        raise RuleError(Diagnostic(Severity.ERROR, "no-scorer", message, None, hint))
    stream = io.BytesIO()
    with ZipFile(stream, "w") as archive:
        for name in (CARD, *sorted(model.card["files"])):
            path = os.path.join(model.folder, name)
            try:
                with open(path, "rb") as file:
                    content = file.read()
            except OSError as error:
                raise _cannot(path, error) from None
            member = ZipInfo(f"{domain}/{model.name}/{model.version}/{name}", LONG_AGO)
            member.compress_type = ZIP_DEFLATED
            member.external_attr = 0o644 << 16
            archive.writestr(member, content)
    return stream.getvalue()


def remove(store: Store, domain: str, name: str, version: str | None = None) -> list[str]:
    """Remove a model's folders from the store's own root, and return those that are gone.

    A folder is renamed first: however this ends, no half of a model is left under its name.

    Raises:
        RuleError: There is no such model, it lies in another root, or it cannot be removed.
    """
    import shutil

    artifact = store.find(domain, name, version)
    if artifact is None:
        store.card(domain, name, version)  # says what there is
    assert artifact is not None
    if artifact.root != store.roots[0]:
        message = f"{name} belongs to {artifact.root}, not to this project"
        hint = "`heuron models select` chooses another one"
        raise RuleError(Diagnostic(Severity.ERROR, "not-found", message, None, hint))
    folder = artifact.folder if version is not None else os.path.dirname(artifact.folder)
    parent = os.path.dirname(folder)
    try:
        aside = tempfile.mkdtemp(prefix=".removing-", dir=parent)
        os.rename(folder, os.path.join(aside, "it"))
        shutil.rmtree(aside)
    except OSError as error:
        raise _cannot(folder, error) from None
    return [folder]


def _cannot(path: str, error: OSError) -> RuleError:
    why = (error.strerror or str(error)).lower()
    return RuleError(Diagnostic(Severity.ERROR, "file", f'"{path}" cannot be used: {why}.'))
