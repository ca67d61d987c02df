"""Models as ONNX: the same scores as scikit-learn's, taken in and asked, refused when changed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_diabetes
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    VotingClassifier,
)
from sklearn.linear_model import LogisticRegression, Ridge, RidgeClassifier
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import BernoulliNB, GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.tree import DecisionTreeClassifier

from flowers import iris_frame
from heuron.cli.app import main
from heuron.diagnostics import RuleError
from heuron.learn import compile_pipeline
from heuron.learn.exchange import taken_in
from heuron.learn.store import Store

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from heuron.learn.onnx_file import GRAPH, from_onnx, onnx_bytes, open_onnx, replayed

ROOT = Path(__file__).parent.parent.parent
MODELS = ROOT / "models"
SHIPPED = [
    (domain.name, name)
    for domain in sorted(MODELS.iterdir())
    if domain.is_dir()
    for name in Store(MODELS).names(domain.name)
]
ASK = ["ask", "cancer", "worst_radius=20.1", "worst_concave_points=0.19"]

ESTIMATORS: list[Any] = [
    LogisticRegression(),
    RidgeClassifier(),
    GaussianNB(),
    BernoulliNB(binarize=2.0),
    DecisionTreeClassifier(random_state=0),
    DecisionTreeClassifier(max_depth=1, min_samples_leaf=200),  # a leaf and nothing else
    RandomForestClassifier(8, random_state=0),
    ExtraTreesClassifier(8, random_state=0),
    GradientBoostingClassifier(n_estimators=5, random_state=0),
    HistGradientBoostingClassifier(max_iter=5),
    MLPClassifier((5, 4), activation="tanh", max_iter=200, random_state=0),
    CalibratedClassifierCV(RidgeClassifier(), method="sigmoid", cv=3),
    CalibratedClassifierCV(GaussianNB(), method="isotonic", cv=3),
    CalibratedClassifierCV(RandomForestClassifier(5, random_state=0), method="isotonic", cv=2),
    CalibratedClassifierCV(GaussianNB(), method="temperature", cv=2),
    VotingClassifier(
        [("a", LogisticRegression()), ("b", RandomForestClassifier(4, random_state=0))],
        voting="soft",
        weights=[1, 3],
    ),
]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("levels", [2, 3])
@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda one: str(one)[:40])
def test_graph_gives_the_scores_of_scikit_learn(estimator: Any, levels: int) -> None:
    x, y = iris_frame()
    x, y = (x, y) if levels == 3 else (x[y != "setosa"], y[y != "setosa"])
    fitted = clone(estimator).fit(x, y)
    form = compile_pipeline(fitted).scorer.form
    rows = numpy.round(x.to_numpy() + 0.013, 3)
    scores = open_onnx(onnx_bytes(form))(rows)
    names = x.set_axis(x.columns, axis=1).iloc[:0]
    if hasattr(fitted, "predict_proba"):
        expected = fitted.predict_proba(_frame(rows, names))
    else:
        margin = fitted.decision_function(_frame(rows, names))
        expected = margin if levels == 3 else numpy.stack([-margin, margin], axis=1)
    # scikit-learn takes 1 less a probability next to 1, and its logarithm: digits are lost there.
    near = 1e-8 if "temperature" in str(estimator) and levels == 2 else 1e-12
    assert numpy.abs(scores - expected).max() < near
    assert numpy.abs(scores - compile_pipeline(fitted).scorer.score_columns(rows)).max() < 1e-12


def _frame(rows: numpy.ndarray, like: Any) -> Any:
    return type(like)(rows, columns=like.columns)


def test_one_against_the_rest_has_no_compiled_form_and_no_graph() -> None:
    x, y = iris_frame()
    with pytest.raises(ValueError, match="OneVsRestClassifier"):
        compile_pipeline(OneVsRestClassifier(LogisticRegression()).fit(x, y))


@pytest.mark.parametrize(
    "estimator",
    [Ridge(), RandomForestRegressor(5, random_state=0), HistGradientBoostingRegressor(max_iter=4)],
    ids=lambda one: str(one)[:20],
)
def test_graph_gives_the_numbers_of_scikit_learn(estimator: Any) -> None:
    x, y = load_diabetes(return_X_y=True)
    fitted = estimator.fit(x, y)
    scores = open_onnx(onnx_bytes(compile_pipeline(fitted).scorer.form))(x)
    assert numpy.abs(scores[:, 0] - fitted.predict(x)).max() < 1e-9


@pytest.mark.parametrize(
    "calibrate",
    [["sigmoid", -3.0, 0.5], ["isotonic", [0.0, 0.4, 1.0], [0.1, 0.2, 1.0]], ["temperature", 2.0],
     ["isotonic", [0.5], [0.25]]],
)  # fmt: skip
def test_scorers_own_calibration_is_part_of_the_graph(calibrate: list[Any]) -> None:
    model = Store(MODELS).model("cancer", "logistic")
    form = model.scorer.form._replace(calibrate=calibrate)
    rows = numpy.random.default_rng(0).uniform(0.0, 30.0, (200, 3))
    rows[:, form.inputs.index("worst_concave_points")] /= 100
    scorer = type(model.scorer).__new__(type(model.scorer))
    scorer.form, scorer._many = form, None
    assert numpy.abs(open_onnx(onnx_bytes(form))(rows) - scorer.score_columns(rows)).max() < 1e-12


@pytest.mark.parametrize(("domain", "name"), SHIPPED)
def test_shipped_models_repeat_their_golden_rows(domain: str, name: str) -> None:
    model = Store(MODELS).model(domain, name)
    golden = (Path(model.folder) / "golden.jsonl").read_bytes()
    assert replayed(model.scorer, golden, onnx_bytes(model.scorer.form)) is None
    form = model.scorer.form
    if form.calibrate is None:
        other = onnx_bytes(form._replace(calibrate=["sigmoid", -9.0, 1.0]))
    else:
        other = onnx_bytes(form._replace(calibrate=None))
    if len(form.classes) == 2:
        assert "differ" in (replayed(model.scorer, golden, other) or "")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of a user who has nothing yet."""
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.setenv("HEURON_LEDGER", "off")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_export_is_replayed_before_it_is_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["models", "export", "cancer", "forest", "--format", "onnx", "--out", "f.onnx"]
    assert main([*command, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["exported"]["bytes"] == Path("f.onnx").stat().st_size
    monkeypatch.setattr("heuron.learn.onnx_file.TOLERANCE", -1.0)
    assert main([*command[:-1], "g.onnx"]) == 1
    assert "golden" in capsys.readouterr().err
    assert not Path("g.onnx").exists()


def answers_of(name: str, capsys: pytest.CaptureFixture[str]) -> tuple[Any, float]:
    capsys.readouterr()
    assert main([*ASK, "--via", name, "--json"]) == 0
    body = json.loads(capsys.readouterr().out)
    return body["value"], body["confidence"]


@pytest.mark.parametrize("name", ["logistic", "forest", "boosting", "network"])
def test_imported_graph_answers_as_the_model_it_was_made_of(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert main(["models", "export", "cancer", name, "--format", "onnx", "--out", "f.onnx"]) == 0
    assert main(["models", "import", "cancer", "f.onnx"]) == 0
    assert answers_of(f"{name}_onnx", capsys) == pytest.approx(answers_of(name, capsys))
    assert main(["models", "verify", "cancer", f"{name}_onnx"]) == 0
    assert "intact" in capsys.readouterr().out
    assert main(["models", "show", "cancer", f"{name}_onnx"]) == 0
    assert "ONNX Runtime" in capsys.readouterr().out
    assert main(["models", "import", "cancer", "f.onnx", "--as", "graph"]) == 0
    assert answers_of("graph", capsys) == pytest.approx(answers_of(name, capsys))


def test_graph_that_says_something_else_is_not_taken_in(tmp_path: Path) -> None:
    """The golden rows are what it has to repeat, whatever its sums are."""
    import onnx

    model = Store(MODELS).model("cancer", "logistic")
    assert main(["models", "export", "cancer", "logistic", "--format", "onnx", "--out",
                 str(tmp_path / "f.onnx")]) == 0  # fmt: skip
    graph = onnx.load(tmp_path / "f.onnx")
    other = onnx.load_model_from_string(
        onnx_bytes(model.scorer.form._replace(calibrate=["sigmoid", -1.0, 0.0]))
    )
    onnx.helper.set_model_props(other, {one.key: one.value for one in graph.metadata_props})
    store = Store(tmp_path / "models")
    domain, name, files = from_onnx(other.SerializeToString())
    with pytest.raises(RuleError, match="golden row"):
        taken_in(store, domain, name, files)
    assert store.names("cancer") == []
    domain, name, files = from_onnx((tmp_path / "f.onnx").read_bytes())
    taken_in(store, domain, name, files)
    assert store.names("cancer") == ["logistic_onnx"]


@pytest.mark.parametrize("content", [b"", b"no graph at all", b"\x08\x0a" * 50])
def test_what_is_no_graph_is_refused(content: bytes) -> None:
    with pytest.raises(RuleError, match="cannot be used"):
        from_onnx(content)


def test_graph_with_numbers_in_another_file_is_refused(tmp_path: Path) -> None:
    import onnx

    model = onnx.load_model_from_string(
        onnx_bytes(Store(MODELS).model("cancer", "logistic").scorer.form)
    )
    tensor = model.graph.initializer[0]
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    with pytest.raises(RuleError, match="another file"):
        from_onnx(model.SerializeToString())


def test_changed_graph_in_the_store_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        main(["models", "export", "cancer", "forest", "--format", "onnx", "--out", "f.onnx"]) == 0
    )
    assert main(["models", "import", "cancer", "f.onnx"]) == 0
    (graph,) = folder.rglob(GRAPH)
    content = bytearray(graph.read_bytes())
    content[len(content) // 2] ^= 1
    graph.write_bytes(bytes(content))
    assert main([*ASK, "--via", "forest_onnx"]) == 1
    assert "was changed" in capsys.readouterr().err


def test_without_the_extra_others_answer_and_the_model_says_what_it_needs(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        main(["models", "export", "cancer", "forest", "--format", "onnx", "--out", "f.onnx"]) == 0
    )
    assert main(["models", "import", "cancer", "f.onnx"]) == 0
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    capsys.readouterr()
    assert main([*ASK, "--via", "forest_onnx"]) == 1
    assert "heuron[onnx]" in capsys.readouterr().err
    assert main([*ASK, "--via", "all"]) == 0
    said = capsys.readouterr()
    assert "forest_onnx is left out" in said.err
    assert "logistic" in said.out
    assert main(["models", "verify", "cancer", "forest_onnx"]) == 0
    assert "not replayed" in capsys.readouterr().out
    assert main(["models", "export", "cancer", "forest", "--format", "onnx"]) == 1
    assert "heuron[onnx]" in capsys.readouterr().err


def test_runtime_leaves_nothing_at_home(tmp_path: Path) -> None:
    """ONNX Runtime would count its users and write a number for the machine."""
    script = (
        "import sys, numpy; from heuron.learn.store import Store\n"
        "from heuron.learn.onnx_file import onnx_bytes, open_onnx\n"
        "form = Store(sys.argv[1]).model('iris', 'tree').scorer.form\n"
        "print(open_onnx(onnx_bytes(form))(numpy.ones((1, 2))).shape)\n"
    )
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    environment.pop("ORT_DISABLE_TELEMETRY", None)
    done = subprocess.run(
        [sys.executable, "-c", script, str(MODELS)],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("(1, 3)\n", "")
    assert list(tmp_path.iterdir()) == []
