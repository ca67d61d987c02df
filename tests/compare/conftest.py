"""A project with models that have out-of-fold answers, trained once."""

from __future__ import annotations

from pathlib import Path

import pytest

from comparing import planted
from heuron.dispatch import Dispatcher
from heuron.learn.data import Table

Opened = tuple[Dispatcher, Table]


@pytest.fixture(scope="session")
def patch_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("patch")


@pytest.fixture(scope="session")
def patch(patch_folder: Path) -> Opened:
    return planted(patch_folder)
