"""The cache gives back what was put in, and never anything else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from heuron.knowledge.cache import Cache

PROGRAM = {"source": "x = 1", "numbers": (1, 2.5, None)}


@pytest.fixture
def used(tmp_path: Path) -> list[str]:
    for name in ("a.rules", "b.rules"):
        (tmp_path / name).write_text(name)
    return [str(tmp_path / "a.rules"), str(tmp_path / "b.rules")]


def cache(tmp_path: Path, *names: str) -> Cache:
    return Cache(str(tmp_path / "cache"), names or ("a.rules",))


def test_what_was_written_is_read(tmp_path: Path, used: list[str]) -> None:
    assert cache(tmp_path).read() is None
    cache(tmp_path).write(used, PROGRAM)
    assert cache(tmp_path).read() == PROGRAM


def test_the_folder_is_the_users_alone(tmp_path: Path, used: list[str]) -> None:
    cache(tmp_path).write(used, PROGRAM)
    assert os.stat(cache(tmp_path).folder).st_mode & 0o777 == 0o700
    assert os.stat(cache(tmp_path).file).st_mode & 0o777 == 0o600


def test_a_changed_file_makes_it_old(tmp_path: Path, used: list[str]) -> None:
    cache(tmp_path).write(used, PROGRAM)
    Path(used[1]).write_text("changed")
    assert cache(tmp_path).read() is None
    Path(used[1]).unlink()
    assert cache(tmp_path).read() is None


def test_other_names_are_another_entry(tmp_path: Path, used: list[str]) -> None:
    cache(tmp_path).write(used, PROGRAM)
    assert cache(tmp_path, "a.rules", "forest").read() is None


@pytest.mark.parametrize("keep", [0, 5, 40, -1])
def test_a_damaged_entry_is_passed_over(tmp_path: Path, used: list[str], keep: int) -> None:
    entry = cache(tmp_path)
    entry.write(used, PROGRAM)
    data = Path(entry.file).read_bytes()
    Path(entry.file).write_bytes(data[:keep])
    assert entry.read() is None
    Path(entry.file).write_bytes(data[:-3] + b"xyz")
    assert entry.read() is None


def test_a_folder_that_others_may_write_is_not_used(tmp_path: Path, used: list[str]) -> None:
    entry = cache(tmp_path)
    entry.write(used, PROGRAM)
    os.chmod(entry.folder, 0o777)
    assert entry.read() is None


def test_what_cannot_be_written_is_no_error(tmp_path: Path, used: list[str]) -> None:
    (tmp_path / "cache").write_text("a file, not a folder")
    cache(tmp_path).write(used, PROGRAM)
    assert cache(tmp_path).read() is None
