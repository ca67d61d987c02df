"""Models that come from elsewhere: trusted after a look, taken in after a check."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

from heuron.cli.app import main

ROOT = Path(__file__).parent.parent.parent
SPEC = 'estimator = "sklearn.neighbors.KNeighborsClassifier"\n'
ASK = ["ask", "iris", "petal_length=1.4", "petal_width=0.2", "sepal_length=5", "sepal_width=3"]
OWN = '''"""A package of the user's own."""
from sklearn.base import BaseEstimator, ClassifierMixin


class Usual(ClassifierMixin, BaseEstimator):
    """Answers one of the classes for every row."""

    def fit(self, X, y):
        self.classes_ = sorted(set(y.tolist()))
        self.n_features_in_ = X.shape[1]
        return self

    def predict(self, X):
        import numpy

        return numpy.full(len(X), self.classes_[0])

    def predict_proba(self, X):
        import numpy

        return numpy.tile([0.5, 0.3, 0.2], (len(X), 1))
'''


@pytest.fixture
def project(iris: Path) -> Path:
    """A project whose one model has no compiled form."""
    (iris / "models" / "iris").mkdir(parents=True)
    shutil.copy(ROOT / "models" / "iris" / "data.toml", iris / "models" / "iris")
    (iris / "models" / "iris" / "near.toml").write_text(SPEC)
    assert main(["train", "iris", "near"]) == 0
    return iris


def joblib_of(project: Path) -> Path:
    return next(project.glob("models/iris/near/*/estimator.joblib"))


def test_foreign_joblib_file_is_trusted_after_a_look(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HEURON_TRUST", str(project / "mine.txt"))
    assert main([*ASK, "--via", "near"]) == 1
    assert "heuron models trust" in capsys.readouterr().err
    assert main(["models", "trust", "iris", "near", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["trusted"]
    assert found["added"] is True
    assert "sklearn.neighbors._classification.KNeighborsClassifier" in found["names"]
    assert main([*ASK, "--via", "near"]) == 0
    assert "setosa" in capsys.readouterr().out


def test_joblib_file_with_strange_names_is_shown_and_refused(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import joblib

    class Malice:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.system, ("touch hacked",)

    joblib.dump({"estimator": Malice(), "steps": []}, joblib_of(project))
    monkeypatch.setenv("HEURON_TRUST", str(project / "mine.txt"))
    assert main(["models", "trust", "iris", "near"]) == 1
    shown = capsys.readouterr()
    assert "posix.system   not expected" in shown.out
    assert "not trusted" in shown.err
    assert not Path("hacked").exists()
    assert not (project / "mine.txt").exists()


def test_skops_file_brings_the_estimator_too(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    skops = pytest.importorskip("skops.io")
    assert main(["models", "export", "iris", "near"]) == 1
    assert "--format skops" in capsys.readouterr().err
    command = ["models", "export", "iris", "near", "--format", "skops", "--out", "near.skops"]
    assert main([*command, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["exported"]["file"] == "near.skops"
    types = skops.get_untrusted_types(file="near.skops")
    assert skops.load("near.skops", trusted=types)["estimator"].n_features_in_ == 4
    assert main(["models", "remove", "iris", "near", "--json"]) == 0
    capsys.readouterr()
    assert main(["models", "import", "iris", "near.skops", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["imported"]["name"] == "near"
    assert main([*ASK, "--via", "near"]) == 0
    Path("near.skops").write_bytes(b"no skops")
    assert main(["models", "import", "iris", "near.skops"]) == 1


def repacked(path: Path, member: str, content: bytes | None = None, name: str = "") -> None:
    """Write a zip file anew with one member changed or renamed."""
    with zipfile.ZipFile(path) as archive:
        files = {one: archive.read(one) for one in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for one, old in files.items():
            is_it = one.endswith(member)
            archive.writestr(name if is_it and name else one, content if is_it and content else old)


@pytest.mark.parametrize(
    ("member", "content", "name"),
    [
        ("scorer.json", b"{}", ""),
        ("card.json", b"{}", ""),
        ("golden.jsonl", b"{}", ""),
        ("golden.jsonl", None, "iris/tree/../../../evil"),
        ("golden.jsonl", None, "iris/tree/00000000/evil.joblib"),
        ("golden.jsonl", None, "/etc/evil"),
    ],
)
def test_damaged_or_strange_archive_is_refused(
    project: Path,
    capsys: pytest.CaptureFixture[str],
    member: str,
    content: bytes | None,
    name: str,
) -> None:
    shutil.copytree(ROOT / "models" / "iris" / "tree", project / "models" / "iris" / "tree")
    assert main(["models", "export", "iris", "tree", "--out", "tree.zip"]) == 0
    assert main(["models", "remove", "iris", "tree"]) == 0
    good = Path("tree.zip").read_bytes()
    repacked(Path("tree.zip"), member, content, name)
    assert main(["models", "import", "iris", "tree.zip"]) == 1
    assert "Traceback" not in capsys.readouterr().err
    assert not (project / "models" / "iris" / "tree").exists()
    Path("tree.zip").write_bytes(good)
    assert main(["models", "import", "iris", "tree.zip"]) == 0
    assert main(["models", "select", "iris", "tree", "--json"]) == 0
    assert (project / "models" / "iris" / "tree").exists()


MADE_OF_OTHERS = """
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures


class Curved(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.inner_ = make_pipeline(PolynomialFeatures(2), LogisticRegression(max_iter=5000))
        self.inner_.fit(X, y)
        self.classes_, self.n_features_in_ = self.inner_.classes_, X.shape[1]
        return self

    def predict(self, X):
        return self.inner_.predict(X)

    def predict_proba(self, X):
        return self.inner_.predict_proba(X)
"""


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_estimator_that_is_made_of_others_answers_where_its_package_is(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its file names classes of scikit-learn that no file of Heuron's names otherwise."""
    import sys

    (project / "curvedpackage.py").write_text(MADE_OF_OTHERS)
    (project / "models" / "iris" / "curved.toml").write_text('estimator = "curvedpackage.Curved"\n')
    with monkeypatch.context() as here:
        here.syspath_prepend(str(project))
        assert main(["train", "iris", "curved", "--allow-package", "curvedpackage"]) == 0
        assert main([*ASK, "--via", "curved"]) == 0
        assert "setosa" in capsys.readouterr().out
    monkeypatch.delitem(sys.modules, "curvedpackage")
    assert main([*ASK, "--via", "curved"]) == 1
    assert "curvedpackage, which is not installed" in capsys.readouterr().err
    assert main([*ASK, "--via", "all"]) == 0
    said = capsys.readouterr()
    assert "curved is left out" in said.err
    assert "near" in said.out


def test_estimator_of_an_allowed_package_is_served_and_says_so(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "ownpackage.py").write_text(OWN)
    monkeypatch.syspath_prepend(str(project))
    (project / "models" / "iris" / "usual.toml").write_text('estimator = "ownpackage.Usual"\n')
    assert main(["train", "iris", "usual"]) == 1
    assert "--allow-package ownpackage" in capsys.readouterr().err
    assert main(["train", "iris", "usual", "--allow-package", "ownpackage"]) == 0
    assert "is served from joblib" in capsys.readouterr().err
    assert main([*ASK, "--via", "usual"]) == 0
    assert "setosa" in capsys.readouterr().out
