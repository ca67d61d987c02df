"""Models as ONNX files: written, opened in ONNX Runtime, replayed, and taken in.

Owns `onnx_bytes`, `open_onnx`, `replayed`, `served_form` and `from_onnx`. A file that Heuron wrote
carries the card, the reading of inputs and the golden rows as metadata, so that it can answer
elsewhere, once its graph has repeated them. Needs the extra onnx.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import numpy

from heuron.diagnostics import Diagnostic, RuleError, Severity
from heuron.learn.golden import typed_rows
from heuron.learn.scorer.form import Form
from heuron.learn.scorer.graph import KIND
from heuron.learn.scorer.pack import MOST_BYTES, unpack
from heuron.learn.scorer.scorer import Scorer

__all__ = [
    "GRAPH",
    "from_onnx",
    "has_onnx",
    "onnx_bytes",
    "onnx_of",
    "open_onnx",
    "replayed",
    "served_form",
]

GRAPH: Final = "model.onnx"
"""The file of a model that answers from its graph."""
TOLERANCE: Final = 1e-9
FORMAT: Final = "heuron-onnx/1"
TRAVELS: Final = "heuron"
"""The name of the metadata that a model is taken in by."""
QUIET: Final = 3
"""ONNX Runtime's level of logging for errors alone: what is wrong is said by an exception too."""

Numbers = numpy.ndarray[Any, Any]
Session = Callable[[Numbers], Numbers]


def has_onnx() -> bool:
    """Return whether graphs can be written and run here."""
    from importlib.util import find_spec

    return find_spec("onnx") is not None and find_spec("onnxruntime") is not None


def onnx_bytes(form: Form, travels: Mapping[str, Any] | None = None) -> bytes:
    """Return the ONNX file of a checked scorer.

    Args:
        form: The scorer's form.
        travels: What `from_onnx` needs besides the graph, as JSON; None: nothing.

    Raises:
        RuleError: onnx is not installed.
    """
    from heuron.learn.onnx_graph import graph_of

    onnx = _package("onnx")
    model = graph_of(onnx, form)
    facts: dict[str, Any] = {"inputs": form.inputs, "kinds": form.kinds, "classes": form.classes}
    if travels is not None:
        facts[TRAVELS] = travels
    props = {name: json.dumps(one, ensure_ascii=False) for name, one in facts.items()}
    onnx.helper.set_model_props(model, props)
    return bytes(model.SerializeToString())


def onnx_of(domain: str, name: str, form: Form, files: Mapping[str, bytes]) -> bytes:
    """Return a stored model as an ONNX file that `from_onnx` takes in, its golden rows replayed.

    Args:
        domain: The domain's name.
        name: The model's name.
        form: Its form.
        files: Its files that travel.

    Raises:
        RuleError: The extra is not installed; the model answers from a joblib file or from a graph
            already; or the graph does not repeat the golden rows.
    """
    if form.is_served:
        message = f"{name} has no compiled form, so no graph can be written of it."
        raise RuleError(Diagnostic(Severity.ERROR, "no-scorer", message))
    data = unpack(files["scorer.json"], files.get("scorer.bin", b""))
    travels = {
        "format": FORMAT,
        "domain": domain,
        "name": name,
        "card": files["card.json"].decode(),
        "scorer": served_form(data),
        "golden": files["golden.jsonl"].decode(),
        "keys": base64.b64encode(files["keys.bin"]).decode(),
    }
    content = onnx_bytes(form, travels)
    wrong = replayed(Scorer(data), files["golden.jsonl"], content)
    if wrong is not None:
        message = f"The ONNX form of {name} does not repeat its golden rows: {wrong}."
        raise RuleError(Diagnostic(Severity.ERROR, "golden-mismatch", message))
    return content


def served_form(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the form of a scorer whose graph encodes, scores and calibrates; JSON all of it."""
    model = {"kind": KIND}
    if data["model"].get("link") == "margin" and data["calibrate"] is None:
        model["link"] = "margin"
    encode = [["as_is", at] for at in range(len(data["inputs"]))]
    return {**data, "encode": encode, "model": model, "calibrate": None}


def from_onnx(content: bytes) -> tuple[str, str, dict[str, bytes]]:
    """Return domain, name and files of a model that `onnx_of` wrote, to answer from its graph.

    Its name is that of the model it was made of, with `_onnx` behind it.

    Raises:
        RuleError: The extra is not installed; it is no such file, or its graph reads other files.
    """
    from heuron.learn.store import CARD, card_bytes, sha256

    if len(content) > MOST_BYTES:
        raise _refused("it is larger than 64 MB")
    _alone(content)
    travels = _metadata(content).get(TRAVELS)
    try:
        body = json.loads(travels or "null", parse_constant=float)
        if not isinstance(body, dict) or body.get("format") != FORMAT:
            raise _refused("it is no model that Heuron exported")
        card, scorer = json.loads(body["card"]), body["scorer"]
        files = {
            "scorer.json": json.dumps(scorer, ensure_ascii=False, allow_nan=False).encode(),
            "golden.jsonl": body["golden"].encode(),
            "keys.bin": base64.b64decode(body["keys"], validate=True),
            GRAPH: content,
        }
        domain, name = str(body["domain"]), f"{body['name']}_onnx"
        parent = sha256(body["card"].encode())[:8]
        card |= {"name": name, "parent": parent, "served_from": "onnx"}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise _refused("what Heuron wrote beside its graph was changed") from None
    card["files"] = {one: sha256(files[one]) for one in sorted(files)}
    return domain, name, {CARD: card_bytes(card), **files}


def _alone(content: bytes) -> None:
    """Refuse a graph whose numbers lie in other files: they could be any files of this machine."""
    onnx = _package("onnx")
    try:
        model = onnx.load_model_from_string(content)
    except Exception as error:  # whatever protobuf says of a damaged file
        raise _refused(str(error)) from None
    elsewhere = onnx.TensorProto.EXTERNAL
    if any(one.data_location == elsewhere for one in _tensors(model.graph)):
        raise _refused("its numbers lie in another file")


def _tensors(graph: Any) -> Iterator[Any]:
    """Yield every tensor of a graph and of the graphs within it."""
    yield from graph.initializer
    for node in graph.node:
        for one in node.attribute:
            yield from (one.t, *one.tensors)
            for inner in (*([one.g] if one.HasField("g") else []), *one.graphs):
                yield from _tensors(inner)


def _runtime_session(content: bytes) -> Any:
    # It counts its users where nobody forbids it, and writes a number for this machine to the home.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    runtime = _package("onnxruntime")
    options = runtime.SessionOptions()
    options.log_severity_level = QUIET
    # Several threads wait actively: for one row they cost more than they save.
    options.intra_op_num_threads = 1
    try:
        return runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime has a class of its own for each reason
        raise _refused(_first_line(error)) from None


def _metadata(content: bytes) -> Mapping[str, str]:
    found: Mapping[str, str] = _runtime_session(content).get_modelmeta().custom_metadata_map
    return found


def open_onnx(content: bytes) -> Session:
    """Return the function from filled rows of inputs to scores, by ONNX Runtime.

    Raises:
        RuleError: onnxruntime is not installed, or it does not accept the graph.
    """
    from heuron.learn.onnx_graph import INPUTS, SCORES

    run = _runtime_session(content).run
    outputs = [SCORES]

    def scores(rows: Numbers) -> Numbers:
        try:
            found: Numbers = run(outputs, {INPUTS: rows})[0]
        except Exception as error:
            raise _refused(_first_line(error)) from None
        return found

    return scores


def replayed(scorer: Scorer, golden: bytes, content: bytes) -> str | None:
    """Return what is wrong with an ONNX file's answers to the golden rows, or None."""
    rows = typed_rows(scorer, golden)
    columns = {name: [row[name] for row in rows] for name in scorer.form.inputs}
    filled, answered = scorer.read_columns(columns)
    filled = filled[answered]
    mine, theirs = scorer.score_columns(filled), open_onnx(content)(filled)
    apart = float(numpy.abs(mine - theirs).max(initial=0.0))
    if not apart <= TOLERANCE * max(1.0, float(numpy.abs(mine).max(initial=0.0))):
        return f"its scores differ by {apart:.2g}"
    classes = scorer.form.classes
    if classes and (scorer.decide_columns(mine) != scorer.decide_columns(theirs)).any():
        return "it gives other labels"
    return None


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or ["it is damaged"])[0]


def _refused(why: str) -> RuleError:
    message = f"This ONNX file cannot be used: {why}."
    hint = "`heuron models export --format onnx` writes one"
    return RuleError(Diagnostic(Severity.ERROR, "artifact-refused", message, None, hint))


def _package(name: str) -> Any:
    from importlib import import_module

    try:
        found = import_module(name)
        if name == "onnx":
            import_module("onnx.helper")
            import_module("onnx.numpy_helper")
    except ImportError:
        message = f"{name} is not installed."
        hint = 'pip install "heuron[onnx]"'
        raise RuleError(Diagnostic(Severity.ERROR, "needs-package", message, None, hint)) from None
    return found
