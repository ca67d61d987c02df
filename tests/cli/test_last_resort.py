"""Whatever goes wrong, a command ends with a message and an exit code, never with a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from heuron.cli import app, domains


def test_an_error_inside_heuron_is_said_with_its_place(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(**_: object) -> int:
        raise ZeroDivisionError("division by\nzero")

    monkeypatch.setattr(app, "_at_once", lambda name, words: broken())
    assert app.main(["domains"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "error[internal]: Something went wrong inside Heuron: ZeroDivisionError" in said.err
    assert "division by zero (test_last_resort.py:" in said.err
    assert "Traceback" not in said.err
    assert app.main(["domains", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "internal"


@pytest.mark.parametrize(("raised", "code"), [(KeyboardInterrupt(), 130), (BrokenPipeError(), 141)])
def test_an_interrupted_command_says_nothing(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    raised: BaseException,
    code: int,
) -> None:
    def stop(name: str, words: list[str]) -> int:
        raise raised

    monkeypatch.setattr(app, "_at_once", stop)
    monkeypatch.setattr(app, "_forget_stdout", lambda: None)
    assert app.main(["domains"]) == code
    assert capsys.readouterr() == ("", "")


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    long = "domain long\n" + "type T(a: text)\n" + "facts:\n"
    long += "".join(f'    T("{number}")\n' for number in range(20_000))
    (tmp_path / "rules" / "long.rules").write_text(long)
    command = f"{sys.executable} -m heuron run long | head -1"
    done = subprocess.run(
        command,
        shell=True,
        cwd=tmp_path,
        env={**os.environ, "HEURON_CACHE": "off"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ('#1  T(a = "0")\n', "")


def test_a_file_that_cannot_be_read_is_a_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(**_: object) -> int:
        raise PermissionError(13, "Permission denied", "secret.rules")

    monkeypatch.setattr(domains, "domains", refused)
    monkeypatch.setattr(app, "_at_once", lambda name, words: refused())
    assert app.main(["domains"]) == 1
    said = capsys.readouterr().err
    assert said == 'error[file]: "secret.rules" cannot be used: permission denied.\n'


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["ask", "--help"]])
def test_what_is_asked_for_goes_to_stdout(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.main(arguments) == 0
    said = capsys.readouterr()
    assert "heuron" in said.out
    assert said.err == ""


def test_no_colour_where_nobody_sees_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from heuron.cli import render

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert render.bold("x") == "x"
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert render.bold("x") == "\033[1mx\033[0m"
    monkeypatch.setenv("NO_COLOR", "1")
    assert render.bold("x") == "x"
