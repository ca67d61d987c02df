"""Models as skops files: the estimator travels as data that runs no code when it is read.

Owns `skops_bytes` and `from_skops`. Needs the extra skops.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from heuron.diagnostics import Diagnostic, RuleError, Severity
from heuron.learn.exchange import travelling_files
from heuron.learn.model import Model
from heuron.learn.trust import load_joblib, trusted_sums, unexpected_in

__all__ = ["from_skops", "skops_bytes"]

FORMAT = "heuron-skops/1"


def skops_bytes(domain: str, model: Model, trusted: Path | None) -> bytes:
    """Return a model with its fitted estimator as a skops file.

    `skops.io.load(FILE)["estimator"]` is scikit-learn's own object for who has no Heuron.

    Args:
        domain: The domain's name.
        model: A model that was loaded, so that its sums were checked.
        trusted: The user's list of trusted sums: the estimator comes from the joblib file.

    Raises:
        RuleError: skops is not installed, or the joblib file is not here or not trusted.
    """
    import numpy

    dump = _skops().dumps
    loaded = load_joblib(Path(model.folder) / "estimator.joblib", trusted_sums(trusted))
    files = {
        name: numpy.frombuffer(content, dtype=numpy.uint8)
        for name, content in travelling_files(model).items()
    }
    body = {"format": FORMAT, "domain": domain, "name": model.name, "files": files}
    found = dump({**body, "estimator": loaded["estimator"], "steps": loaded["steps"]})
    assert isinstance(found, bytes)
    return found


def from_skops(content: bytes) -> tuple[str, str, dict[str, bytes], bytes]:
    """Return domain, name, files and joblib file of a model that `skops_bytes` wrote.

    Raises:
        RuleError: skops is not installed; it is no such file; or it uses a type that Heuron's
            own files never use.
    """
    import joblib

    skops = _skops()
    try:
        types = skops.get_untrusted_types(data=content)
        unexpected = unexpected_in(types)
        if unexpected:
            message = f"it uses {', '.join(unexpected)}, which no model of Heuron uses"
            raise _refused(message)
        body = skops.loads(content, trusted=types)
    except RuleError:
        raise
    except Exception as error:  # whatever skops says of a damaged file
        raise _refused(str(error)) from None
    files = _files(body)
    stream = io.BytesIO()
    joblib.dump({"estimator": body["estimator"], "steps": body["steps"]}, stream)
    return str(body["domain"]), str(body["name"]), files, stream.getvalue()


def _files(body: Any) -> dict[str, bytes]:
    if not isinstance(body, Mapping) or body.get("format") != FORMAT:
        raise _refused("it is no model that Heuron exported")
    files = body.get("files")
    if not isinstance(files, Mapping) or not {"estimator", "steps", "name"} <= set(body):
        raise _refused("it lacks a part")
    return {str(name): bytes(cells.tobytes()) for name, cells in files.items()}


def _skops() -> Any:
    try:
        import skops.io
    except ImportError:
        message = "The package skops is not installed."
        hint = 'pip install "heuron[skops]"'
        raise RuleError(Diagnostic(Severity.ERROR, "needs-package", message, None, hint)) from None
    return skops.io


def _refused(why: str) -> RuleError:
    message = f"This skops file cannot be used: {why}."
    return RuleError(Diagnostic(Severity.ERROR, "artifact-refused", message))
