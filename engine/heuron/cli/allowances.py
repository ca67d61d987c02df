"""What the user lets specs and data name beyond the project: packages of estimators, and paths.

Owns the user's own configuration file; a project cannot allow itself anything.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from heuron.diagnostics import Diagnostic, RuleError, Severity

__all__ = ["AllowPackage", "AllowPath", "allowed_packages", "allowed_root"]

AllowPackage = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME", help="Let specs name the estimators of a package: they are code."),
]
"""The option `--allow-package` of commands that train."""
AllowPath = Annotated[
    bool, typer.Option("--allow-path", help="Let data.toml name files outside the project.")
]
"""The option `--allow-path` of commands that read a domain's data."""


def allowed_packages(given: Sequence[str] | None) -> tuple[str, ...]:
    """Return the packages whose estimators specs may name.

    They are those of `--allow-package`, and `allow_packages` in the user's `config.toml`.

    Raises:
        RuleError: The configuration cannot be read, or says something else.
    """
    return tuple(dict.fromkeys((*(given or ()), *_configured(_configuration()))))


def allowed_root(root: str | os.PathLike[str], anywhere: bool) -> Path:
    """Return the folder that paths in files stay in: the project's, or with leave any."""
    folder = Path(root).resolve()
    return Path(folder.anchor) if anywhere else folder


def _configuration() -> Path:
    """Return where the user's own configuration is, outside any project; it need not be there."""
    import platformdirs

    return Path(platformdirs.user_config_dir("heuron", appauthor=False)) / "config.toml"


def _configured(path: Path) -> list[str]:
    import tomllib

    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _refused(path, f"it cannot be read: {error}") from None
    unknown = sorted(settings.keys() - {"allow_packages"})
    if unknown:
        raise _refused(path, f"it has no setting `{unknown[0]}`; there is `allow_packages`")
    found = settings.get("allow_packages", [])
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise _refused(path, '`allow_packages` is a list of names, like ["lightgbm"]')
    return found


def _refused(path: Path, message: str) -> RuleError:
    return RuleError(Diagnostic(Severity.ERROR, "bad-setting", f"{path}: {message}"))
