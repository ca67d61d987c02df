"""The public names are there, and nothing else is promised."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

import heuron


@pytest.mark.parametrize("name", heuron.__all__)
def test_every_public_name_is_there_and_documented(name: str) -> None:
    value = getattr(heuron, name)
    if name != "__version__" and name != "UNKNOWN":
        assert inspect.getdoc(value), name


def test_dir_lists_what_all_promises() -> None:
    assert dir(heuron) == sorted(heuron.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'chek'"):
        _ = heuron.chek  # type: ignore[attr-defined]


def test_the_folder_check_does_not_hide_the_function() -> None:
    """`heuron.check` stays the function after the package `heuron.check` was imported."""
    import heuron.check.tree

    assert inspect.isfunction(heuron.check)


def test_a_user_s_program_passes_the_type_checker() -> None:
    """`tests/typing/api.py` uses the API as a user would; mypy --strict has nothing to say."""
    api = pytest.importorskip("mypy.api")
    root = Path(__file__).parent.parent
    config = str(root / "pyproject.toml")
    said, _, code = api.run(["--config-file", config, str(root / "tests" / "typing" / "api.py")])
    assert (code, said) == (0, said)
