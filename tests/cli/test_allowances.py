"""Packages and paths beyond the project: allowed by the user, for every command that fits."""

from __future__ import annotations

from pathlib import Path

import pytest

from heuron.cli.app import main

RULES = """domain fruit "Which fruit?"

type Fruit:
    weight: number >= 0
    kind: pea | plum

goal Fruit.kind

rule heavy:
    when f: Fruit(weight > 50)
    then conclude f.kind = plum, certainty 0.8
"""
FOREIGN = '''"""An estimator of another package."""
from sklearn.linear_model import SGDClassifier
class Own(SGDClassifier):
    """It can go on learning."""
    def __init__(self, random_state=0):
        super().__init__(loss="log_loss", random_state=random_state)
'''


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.setenv("HEURON_TRUST", str(tmp_path / "trusted.txt"))
    monkeypatch.setenv("HEURON_LEDGER", "off")
    (tmp_path / "ownfruit.py").write_text(FOREIGN)
    monkeypatch.syspath_prepend(tmp_path)
    folder = tmp_path / "project"
    models = folder / "models" / "fruit"
    models.mkdir(parents=True)
    (folder / "rules").mkdir()
    (folder / "rules" / "fruit.rules").write_text(RULES)
    (models / "own.toml").write_text('estimator = "ownfruit.Own"\n')
    (models / "data.toml").write_text('source = "../../../old.csv"\n')
    for name, step in (("old", 7), ("new", 11)):
        weights = [at * step % 97 + at / 100 for at in range(150)]
        rows = [f"{one},{'plum' if one > 50 else 'pea'}" for one in weights]
        (tmp_path / f"{name}.csv").write_text("\n".join(["weight,kind", *rows]))
    monkeypatch.chdir(folder)
    return folder


COMMANDS = {
    "train": ["train", "fruit"],
    "tune": ["tune", "fruit", "own", "--data", "../new.csv"],
    "tune from the spec": ["tune", "fruit", "own", "--data", "../new.csv", "--from-spec"],
    "compare": ["compare", "fruit", "--folds", "3", "--brief"],
}
PACKAGE, PATH = ["--allow-package", "ownfruit"], ["--allow-path"]


def test_every_command_that_fits_has_both_options(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*COMMANDS["train"], *PACKAGE, *PATH]) == 0
    for name, words in COMMANDS.items():
        capsys.readouterr()
        assert main([*words, *PATH]) == 1, name
        assert "ownfruit" in capsys.readouterr().err, name
        assert main([*words, *PACKAGE]) == 1, name
        assert "--allow-path" in capsys.readouterr().err, name
        assert main([*words, *PACKAGE, *PATH]) == 0, name


def test_the_users_own_configuration_allows_packages(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import platformdirs

    settings = Path(platformdirs.user_config_dir("heuron", appauthor=False)) / "config.toml"
    assert settings.is_relative_to(project.parent / "home")
    settings.parent.mkdir(parents=True)
    settings.write_text('allow_packages = ["ownfruit"]\n')
    assert main(["train", "fruit", "--allow-path"]) == 0
    for text, words in (
        ("allow_packages = 3", "is a list of names"),
        ("allow_packages = [", "cannot be read"),
    ):
        capsys.readouterr()
        settings.write_text(text)
        assert main(["train", "fruit", "--allow-path"]) == 1
        assert words in capsys.readouterr().err


def test_a_project_allows_itself_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for place in ("config.toml", "heuron/config.toml", ".heuron/config.toml"):
        path = project / place
        path.parent.mkdir(exist_ok=True)
        path.write_text('allow_packages = ["ownfruit"]\n')
    assert main(["train", "fruit", "--allow-path"]) == 1
    assert "--allow-package" in capsys.readouterr().err
