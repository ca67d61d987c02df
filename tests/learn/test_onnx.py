"""Models as ONNX: the same scores as the compiled model, or a refusal that names the part."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from heuron.cli.app import main
from heuron.diagnostics import RuleError
from heuron.learn.store import Store

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

MODELS = Path(__file__).parent.parent.parent / "models"
SHIPPED = [
    (domain.name, name)
    for domain in sorted(MODELS.iterdir())
    if domain.is_dir()
    for name in Store(MODELS).names(domain.name)
]


@pytest.mark.parametrize(("domain", "name"), SHIPPED)
def test_shipped_models_repeat_their_golden_rows(domain: str, name: str) -> None:
    from heuron.learn.onnx_file import onnx_bytes, replayed

    model = Store(MODELS).model(domain, name)
    golden = (Path(model.folder) / "golden.jsonl").read_bytes()
    content = onnx_bytes(model.scorer.form)
    assert replayed(model.scorer, golden, content) is None
    form = model.scorer.form
    if form.calibrate is None:
        other = onnx_bytes(form._replace(calibrate=["sigmoid", -9.0, 1.0]))
    else:
        other = onnx_bytes(form._replace(calibrate=None))
    if len(form.classes) == 2:
        assert "differ" in (replayed(model.scorer, golden, other) or "")


def test_export_is_replayed_before_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    command = ["models", "export", "cancer", "forest", "--format", "onnx", "--out", "f.onnx"]
    assert main([*command, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["exported"]["bytes"] == Path("f.onnx").stat().st_size
    monkeypatch.setattr("heuron.learn.onnx_file.TOLERANCE", -1.0)
    assert main([*command[:-1], "g.onnx"]) == 1
    assert "golden" in capsys.readouterr().err
    assert not Path("g.onnx").exists()


def test_what_has_no_graph_is_named() -> None:
    from heuron.learn.onnx_file import onnx_bytes

    form = Store(MODELS).model("cancer", "logistic").scorer.form
    with pytest.raises(RuleError, match="isotonic calibration cannot"):
        onnx_bytes(form._replace(calibrate=["isotonic", [0.0, 1.0], [0.0, 1.0]]))
