"""The one place where experta is imported, made to import on the Pythons of today.

experta 1.9.4, its last release, pins frozendict 1.2, which looks for `collections.Mapping`. That
name went in Python 3.10, so it is lent to the import and taken back afterwards. Importing experta
also sets up logging for the whole process; that is undone as well.
"""

from __future__ import annotations

import collections
import collections.abc
import importlib
import logging
import sys
from typing import Any

from heuron.diagnostics import Diagnostic, RuleError, Severity

__all__ = ["import_experta"]


def import_experta() -> Any:
    """Return the module `experta`.

    Raises:
        RuleError: It is not installed, or cannot be imported (`needs-package`).
    """
    if "experta.engine" in sys.modules:
        return importlib.import_module("experta")
    handlers, lent = list(logging.root.handlers), not hasattr(collections, "Mapping")
    if lent:
        collections.Mapping = collections.abc.Mapping  # type: ignore[attr-defined]
    try:
        # experta hides an import that fails inside, so the parts are asked for by name.
        importlib.import_module("experta.engine")
        return importlib.import_module("experta")
    except ImportError as problem:
        message = f"The engine experta cannot be imported: {problem}."
        hint = 'pip install "heuron[experta]"'
        one = Diagnostic(Severity.ERROR, "needs-package", message, hint=hint)
        raise RuleError(one) from None
    finally:
        if lent:
            del collections.Mapping  # type: ignore[attr-defined]
        logging.root.handlers[:] = handlers
