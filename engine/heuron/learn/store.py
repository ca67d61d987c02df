"""The store: trained models in folders, written atomically and checked when they are read.

`ROOT/<domain>/<name>/<version>/` holds `card.json` (deterministic; the version is the first 8 hex
digits of its SHA-256), `scorer.json` and `scorer.bin`, `golden.jsonl`, `keys.bin` (the training
rows' keys), `model.onnx` where that answers, and, not for sharing, `run.json`, `oof.json` and
`estimator.joblib`.
`ROOT/<domain>/selected.toml` says which model and which versions are used.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Container, Mapping
from typing import Any, Final, NamedTuple

from heuron.codes import UNUSABLE
from heuron.diagnostics import Diagnostic, RuleError, Severity, nearest
from heuron.learn.model import Model
from heuron.learn.scorer.pack import MOST_BYTES, unpack
from heuron.learn.scorer.scorer import Scorer

__all__ = ["CARD", "Artifact", "Store", "belongs_elsewhere", "card_bytes", "check_sum", "sha256"]

CARD: Final = "card.json"
SUMMED: Final = ("scorer.json", "scorer.bin", "golden.jsonl", "keys.bin", "model.onnx")
"""The files whose sums stand in the card."""
SELECTED: Final = "selected.toml"
DEVICES: Final = frozenset(
    ("con", "prn", "aux", "nul", *(f"{one}{at}" for one in ("com", "lpt") for at in range(1, 10)))
)
"""Names that mean devices on Windows."""
AGAIN: Final = "train it again, or fetch its files again"
"""What to do about a model whose files are damaged."""


def sha256(content: bytes) -> str:
    """Return the SHA-256 of some bytes as hex digits."""
    import hashlib

    return hashlib.sha256(content).hexdigest()


def card_bytes(card: Mapping[str, Any]) -> bytes:
    """Return a card, or another record of a model, as the bytes that are written of it."""
    return (json.dumps(card, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()


class Artifact(NamedTuple):
    """A trained model's place: its name, version, folder, and the root that it was found in."""

    name: str
    version: str
    folder: str
    root: str


class Store:
    """Trained models below some folders `models/`, the nearest first.

    Models are read from all of them, and written to the first. `checked` is a folder of the
    user's cache for marks of scorers whose golden rows were replayed on this machine; without
    it they are replayed whenever a model is loaded. `trusted` is the user's list of sums, or a
    function that tells where it is; only a model without a compiled form needs it.
    """

    def __init__(
        self,
        *roots: str | os.PathLike[str],
        checked: str | None = None,
        trusted: Callable[[], os.PathLike[str]] | os.PathLike[str] | None = None,
    ) -> None:
        if not roots:
            raise ValueError("a store needs a folder")
        self.roots = tuple(os.fspath(root) for root in roots)
        self.checked = checked
        self.trusted = trusted
        self._loaded: dict[str, Model] = {}

    def names(self, domain: str) -> list[str]:
        """Return the names of a domain's trained models, sorted."""
        found: dict[str, None] = {}
        for root in self.roots:
            folder = os.path.join(root, domain)
            for name in _folders(folder):
                if _is_name(name) and _versions(os.path.join(folder, name)):
                    found[name] = None
        return sorted(found)

    def find(self, domain: str, name: str, version: str | None = None) -> Artifact | None:
        """Return where a model is, the selected version unless one is given; None if nowhere."""
        if not (_is_name(name) and _is_name(domain)):
            return None
        for root in self.roots:
            folder = os.path.join(root, domain, name)
            versions = _versions(folder)
            if not versions:
                continue
            if version is not None:
                if version in versions:
                    return Artifact(name, version, os.path.join(folder, version), root)
                continue
            chosen = versions[0]
            if len(versions) > 1:
                wanted = _selected(root, domain).get("versions", {})
                wanted = wanted.get(name) if isinstance(wanted, dict) else None
                chosen = wanted if wanted in versions else versions[-1]
            return Artifact(name, chosen, os.path.join(folder, chosen), root)
        return None

    def has(self, domain: str, name: str) -> bool:
        """Return whether a model of that name has been trained."""
        return self.find(domain, name) is not None

    def selected(self, domain: str) -> str | None:
        """Return the model that answers for a domain unless a dispatch says otherwise.

        The one that was selected; else the only one; else the one that was right most often on
        training rows that it had not seen (the first of equals by name).
        """
        names = self.names(domain)
        for root in self.roots:
            wanted = _selected(root, domain).get("model")
            if wanted in names:
                return str(wanted)
        if len(names) < 2:
            return names[0] if names else None
        return max(names, key=lambda name: (self._score(domain, name), [-ord(one) for one in name]))

    def model(self, domain: str, name: str, version: str | None = None) -> Model:
        """Load a trained model, and check every sum on the way.

        Raises:
            RuleError: `model-absent`, `artifact-refused` or `golden-mismatch`.
        """
        artifact = self.find(domain, name, version)
        if artifact is None:
            raise RuleError(self._absent(domain, name, version))
        known = self._loaded.get(artifact.folder)
        if known is None:
            known = self._loaded[artifact.folder] = self._load(artifact)
        return known

    def card(self, domain: str, name: str, version: str | None = None) -> dict[str, Any]:
        """Return a model's card.

        Raises:
            RuleError: When there is no such model, or its card was changed.
        """
        artifact = self.find(domain, name, version)
        if artifact is None:
            raise RuleError(self._absent(domain, name, version))
        return _card(artifact)

    def out_of_fold(self, domain: str, name: str) -> dict[str, dict[str, Any]]:
        """Return a model's out-of-fold answers by row key; empty where they did not travel.

        Each is `{"value": level or number or null, "confidence": probability or null}`.
        """
        artifact = self.find(domain, name)
        if artifact is None:
            return {}
        try:
            with open(os.path.join(artifact.folder, "oof.json"), encoding="utf-8") as stream:
                data = json.load(stream)
        except (OSError, ValueError):
            return {}
        return data if isinstance(data, dict) else {}

    def versions(self, domain: str, name: str) -> list[str]:
        """Return a model's versions in the folder that it is used from, sorted."""
        artifact = self.find(domain, name)
        return [] if artifact is None else _versions(os.path.dirname(artifact.folder))

    def verify(
        self,
        domain: str,
        name: str,
        sums: Container[str] = frozenset(),
        version: str | None = None,
    ) -> str:
        """Return "made here", "intact, made elsewhere", or "changed: " and what was.

        Made here means that its joblib file's sum is in the user's own list of trusted `sums`.
        Sums find damage, not malice. Of a model that cannot be asked here (its joblib file is not
        trusted, a package is not installed) only the sums are checked, and it is said why.
        """
        artifact = self.find(domain, name, version)
        if artifact is None:
            raise RuleError(self._absent(domain, name, version))
        try:
            self._load(artifact, always_replay=True)
            _all_summed(artifact)
        except RuleError as error:
            first = error.diagnostics[0]
            if first.code in UNUSABLE:
                return self._summed_only(artifact, first.message)
            return f"changed: {first.message}"
        try:
            with open(os.path.join(artifact.folder, "estimator.joblib"), "rb") as stream:
                here = sha256(stream.read()) in sums
        except OSError:
            here = False
        return "made here" if here else "intact, made elsewhere"

    def _summed_only(self, artifact: Artifact, why: str) -> str:
        try:
            _all_summed(artifact)
        except RuleError as error:
            return f"changed: {error.diagnostics[0].message}"
        return f"intact, golden rows not replayed: {why}"

    def save(
        self, domain: str, name: str, files: Mapping[str, bytes], extra: Mapping[str, bytes]
    ) -> Artifact:
        """Write a model atomically, and make it the version in use.

        Args:
            domain: A plain name.
            name: A plain name.
            files: `card.json` and the files whose sums stand in it.
            extra: Files that do not travel: run, out-of-fold answers, joblib.

        Raises:
            RuleError: When the folder cannot be written; nothing has changed then.
        """
        from heuron.learn.write import write_artifact

        if not (_is_name(domain) and _is_name(name)):
            message = f"{domain}/{name} is no name: letters, digits, _ and -."
            raise RuleError(Diagnostic(Severity.ERROR, "bad-setting", message))
        version = sha256(files[CARD])[:8]
        folder = os.path.join(self.roots[0], domain, name, version)
        write_artifact(folder, {**files, **extra})
        self._loaded.pop(folder, None)
        if len(_versions(os.path.dirname(folder))) > 1:
            self.select(domain, version=(name, version))
        return Artifact(name, version, folder, self.roots[0])

    def select(
        self, domain: str, model: str | None = None, version: tuple[str, str] | None = None
    ) -> None:
        """Write `selected.toml`: the domain's model, or the version of one that is used.

        Raises:
            RuleError: When there is no such model or version, its versions are not this project's
                to choose, or the file cannot be written.
        """
        from heuron.learn.write import write_file

        if model is not None and self.find(domain, model) is None:
            raise RuleError(self._absent(domain, model, None))
        if version is not None:
            artifact = self.find(domain, *version)
            if artifact is None:
                raise RuleError(self._absent(domain, *version))
            if artifact.root != self.roots[0] and len(self.versions(domain, version[0])) > 1:
                raise belongs_elsewhere(artifact)
        chosen = _selected(self.roots[0], domain)
        wanted = model or chosen.get("model")
        versions = chosen.get("versions", {})
        versions = dict(versions) if isinstance(versions, dict) else {}
        if version is not None:
            versions[version[0]] = version[1]
        lines = [f'model = "{wanted}"'] if wanted else []
        if versions:
            lines += ["", "[versions]"] if lines else ["[versions]"]
            lines += [f'{name} = "{one}"' for name, one in sorted(versions.items())]
        path = os.path.join(self.roots[0], domain, SELECTED)
        write_file(path, ("\n".join(lines) + "\n").encode())

    def _score(self, domain: str, name: str) -> float:
        try:
            score = self.card(domain, name).get("score", {})
        except RuleError:
            return -1.0
        value = score.get("accuracy", score.get("within_tolerance"))
        return float(value) if isinstance(value, (int, float)) else -1.0

    def _absent(self, domain: str, name: str, version: str | None) -> Diagnostic:
        names = self.names(domain)
        what = f"{name}@{version}" if version else name
        near = nearest(name, names) if name not in names else None
        if name in names:
            hint = f"its versions are: {', '.join(self.versions(domain, name))}"
        elif near:
            hint = f"Did you mean `{near}`?"
        elif _is_name(name):
            hint = f"a spec {name}.toml is trained by: heuron train {domain} {name}"
        else:
            hint = "a name is a letter, then letters, digits, _ and -"
        message = f"{domain} has no trained model `{what}`."
        return Diagnostic(Severity.ERROR, "model-absent", message, None, hint)

    def _load(self, artifact: Artifact, always_replay: bool = False) -> Model:
        card = _card(artifact)
        sums = card.get("files", {})
        text = _summed(artifact, "scorer.json", sums)
        blocks = _summed(artifact, "scorer.bin", sums) if "scorer.bin" in sums else b""
        try:
            data = unpack(text, blocks)
            kind = data.get("model", {}).get("kind") if isinstance(data, dict) else None
            if kind == "joblib":
                data["model"]["estimator"] = self._estimator(artifact)
            elif kind == "onnx":
                data["model"]["session"] = _session(artifact, sums)
            scorer = Scorer(data)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise _refused(artifact, f"scorer.json is no valid scorer: {error}") from None
        mark = None
        # What answers from elsewhere may change under a scorer that stays the same.
        if self.checked is not None and not scorer.form.is_served:
            of = "".join(str(sums.get(file)) for file in SUMMED[:3])
            mark = os.path.join(self.checked, f"{sha256(of.encode())}.golden")
        golden = _summed(artifact, "golden.jsonl", sums)
        if always_replay or mark is None or not os.path.exists(mark):
            self._replay(artifact, scorer, golden)
            if mark is not None:
                _touch(mark)
        return Model(artifact.name, artifact.version, card, scorer, artifact.folder)

    def _estimator(self, artifact: Artifact) -> Any:
        """Load the estimator of a model without a compiled form, if the user trusts it."""
        from pathlib import Path

        from heuron.learn.trust import load_joblib, trusted_sums

        file = self.trusted() if callable(self.trusted) else self.trusted
        sums = trusted_sums(None if file is None else Path(file))
        _same_versions(artifact, _card(artifact))
        loaded = load_joblib(Path(artifact.folder) / "estimator.joblib", sums)
        if not isinstance(loaded, dict) or "estimator" not in loaded:
            raise _refused(artifact, "estimator.joblib holds no estimator")
        return loaded["estimator"]

    def _replay(self, artifact: Artifact, scorer: Scorer, lines: bytes) -> None:
        from heuron.learn.golden import replay

        try:
            wrong = replay(scorer, lines)
        except (ValueError, OverflowError) as error:
            raise _refused(artifact, str(error)) from None
        if wrong is not None:
            message = f"{artifact.name} does not repeat its golden rows: {wrong}"
            hint = "train it again"
            raise RuleError(Diagnostic(Severity.ERROR, "golden-mismatch", message, None, hint))


def _session(artifact: Artifact, sums: Mapping[str, Any]) -> Callable[[Any], Any]:
    """Return the function that runs a model's graph."""
    from heuron.learn.onnx_file import GRAPH, open_onnx

    content = _summed(artifact, GRAPH, sums)
    try:
        return open_onnx(content)
    except RuleError as error:
        found = error.diagnostics[0]
        if found.code == "needs-package":
            message = f"{artifact.name} answers from an ONNX graph, and {found.message}"
            raise RuleError(
                Diagnostic(Severity.ERROR, found.code, message, None, found.hint)
            ) from None
        raise _refused(artifact, found.message.rstrip(".")) from None


def belongs_elsewhere(artifact: Artifact) -> RuleError:
    """Return the refusal to change a model that this project only reads."""
    message = f"{artifact.name} belongs to {artifact.root}, not to this project."
    hint = "`heuron models select` chooses another one"
    return RuleError(Diagnostic(Severity.ERROR, "not-found", message, None, hint))


def _refused(artifact: Artifact, why: str) -> RuleError:
    message = f"The model {artifact.name} ({artifact.folder}) cannot be used: {why}."
    return RuleError(Diagnostic(Severity.ERROR, "artifact-refused", message, None, AGAIN))


def check_sum(path: str, content: bytes, wanted: object, hint: str = AGAIN) -> None:
    """Do nothing for the content of a model's file whose sum is the one in its card.

    Raises:
        RuleError: It was changed (`artifact-refused`).
    """
    if sha256(content) != wanted:
        message = f"{path} was changed: its sum is not the card's."
        raise RuleError(Diagnostic(Severity.ERROR, "artifact-refused", message, None, hint))


def _same_versions(artifact: Artifact, card: Mapping[str, Any]) -> None:
    """Refuse a joblib file of another scikit-learn: what it holds may mean something else."""
    import sklearn

    made = card.get("made_with", {}).get("scikit-learn")
    if made != sklearn.__version__:
        message = (
            f"{artifact.name} answers from a joblib file of scikit-learn {made}, "
            f"and here is {sklearn.__version__}"
        )
        hint = f"train it again here, or: pip install scikit-learn=={made}"
        raise RuleError(Diagnostic(Severity.ERROR, "needs-package", message, None, hint))


def _read(artifact: Artifact, file: str) -> bytes:
    path = os.path.join(artifact.folder, file)
    try:
        if os.path.getsize(path) > MOST_BYTES:
            raise _refused(artifact, f"{file} is larger than 64 MB")
        with open(path, "rb") as stream:
            return stream.read()
    except OSError as error:
        raise _refused(artifact, f"{file}: {error.strerror}") from None


def _card(artifact: Artifact) -> dict[str, Any]:
    content = _read(artifact, CARD)
    if sha256(content)[:8] != artifact.version:
        raise _refused(artifact, "card.json was changed: its sum is not the version")
    try:
        card = json.loads(content)
    except (ValueError, RecursionError):
        raise _refused(artifact, "card.json is no JSON") from None
    if not isinstance(card, dict) or not isinstance(card.get("files"), dict):
        raise _refused(artifact, "card.json is no card")
    return card


def _summed(artifact: Artifact, file: str, sums: Mapping[str, Any]) -> bytes:
    content = _read(artifact, file)
    check_sum(os.path.join(artifact.folder, file), content, sums.get(file))
    return content


def _all_summed(artifact: Artifact) -> None:
    """Refuse a model of whose files one is not what its card says."""
    sums = _card(artifact)["files"]
    for file in sums:
        _summed(artifact, file, sums)


def _is_name(name: str) -> bool:
    """Return whether a name stays in its folder: a letter, then letters, digits, _ and -.

    What is a device on Windows (`con`, `com1`) is none, or a model could not travel there.
    """
    plain = name.replace("_", "").replace("-", "")
    good = plain.isalnum() and plain.isascii() and name[0].isalpha() and len(name) <= 100
    return good and name.lower() not in DEVICES


def _folders(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            # A link could lead anywhere.
            return sorted(one.name for one in entries if one.is_dir(follow_symlinks=False))
    except OSError:
        return []


def _versions(folder: str) -> list[str]:
    """Return the versions of a model that have a card, sorted; none where the folder is a link."""
    if os.path.islink(folder):
        return []
    return [
        one
        for one in _folders(folder)
        if len(one) == 8
        and all(digit in "0123456789abcdef" for digit in one)
        and os.path.exists(os.path.join(folder, one, CARD))
    ]


def _selected(root: str, domain: str) -> dict[str, Any]:
    path = os.path.join(root, domain, SELECTED)
    try:
        with open(path, "rb") as stream:
            content = stream.read()
    except OSError:
        return {}
    import tomllib

    try:
        return tomllib.loads(content.decode())
    except (ValueError, UnicodeDecodeError):
        message = f"{path} is no TOML."
        hint = "`heuron models select` writes it anew"
        raise RuleError(Diagnostic(Severity.ERROR, "syntax", message, None, hint)) from None


def _touch(path: str) -> None:
    """Leave a mark in the user's cache; where that fails the golden rows are replayed again."""
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        with open(path, "wb"):
            pass
    except OSError:
        pass
