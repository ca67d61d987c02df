"""Which joblib files may be loaded: a list of SHA-256 sums that belongs to the user.

A joblib file is code. Owns the list (like SSH's known_hosts) and the loader that reads trusted
files through an unpickler with a closed list of exact names. Where the list lies is the
caller's affair: `$HEURON_TRUST`, or `heuron/trusted.txt` in the user's data folder.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Container, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from heuron.diagnostics import Diagnostic, RuleError, Severity

__all__ = [
    "load_joblib",
    "named_in",
    "sum_of",
    "trust",
    "trusted_sums",
    "unexpected_in",
    "written_names",
]

MODE: Final = 0o600

ALLOWS: Final = "allows:"
"""In the list, what follows this word on a line are names that the file may use as well."""


def sum_of(content: bytes) -> str:
    """Return the SHA-256 of some bytes as hex digits."""
    return hashlib.sha256(content).hexdigest()


def trusted_sums(file: Path | None) -> dict[str, frozenset[str]]:
    """Return the sums in a list, each with the names that its file may use beyond Heuron's own.

    A list that does not exist or cannot be read is empty. A line is a sum, then anything: where
    it came from, and after `allows:` the names. `#` begins a comment.
    """
    if file is None:
        return {}
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    found: dict[str, frozenset[str]] = {}
    for line in text.splitlines():
        words = line.split("#")[0].split()
        if words and len(words[0]) == 64:
            names = words[words.index(ALLOWS) + 1 :] if ALLOWS in words else []
            found[words[0]] = found.get(words[0], frozenset()) | frozenset(names)
    return found


def trust(file: Path | None, digest: str, note: str, allows: Sequence[str] = ()) -> bool:
    """Add a sum to the list, and return whether that worked (a home may be read-only).

    `allows` are exact names that the file may use beyond those of Heuron's own files.
    """
    if file is None:
        return False
    known = trusted_sums(file).get(digest)
    if known is not None and known.issuperset(allows):
        return True
    names = f"  {ALLOWS} {' '.join(allows)}" if allows else ""
    line = f"{digest}  {' '.join(note.split())}{names}\n".encode()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        # One append of one line: two processes cannot tear each other's.
        handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, MODE)
        try:
            os.write(handle, line)
        finally:
            os.close(handle)
    except OSError:
        return False
    return True


def load_joblib(path: Path, sums: Container[str]) -> Any:
    """Load an estimator's file whose sum is trusted.

    Args:
        path: The file.
        sums: The trusted sums; a mapping says which further names each file may use.

    Raises:
        RuleError: When it cannot be read, is not trusted, or names something that is not on the
            list of what Heuron's own files name.
    """
    import pickle

    content = _read(path)
    digest = sum_of(content)
    if digest not in sums:
        message = f"{path.name} of {path.parent} is not in the list of trusted sums."
        hint = "train the model again here, or `heuron models trust` after a look at it"
        raise RuleError(_refusal("not-trusted", message, hint))
    allowed = sums[digest] if isinstance(sums, Mapping) else frozenset()

    def find(module: str, name: str, otherwise: Any) -> Any:
        if not is_expected(module, name) and f"{module}.{name}" not in allowed:
            raise pickle.UnpicklingError(f"it names {module}.{name}")
        return otherwise(module, name)

    try:
        return _unpickled(content, find)
    except ModuleNotFoundError as error:
        message = f"{path} uses the package {error.name}, which is not installed."
        raise RuleError(_refusal("needs-package", message, "install it here")) from None
    except (pickle.UnpicklingError, AttributeError, ImportError, EOFError, ValueError) as error:
        message = f"{path} cannot be loaded: {error}"
        raise RuleError(_refusal("artifact-refused", message, "train the model again")) from None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        why = error.strerror or "unreadable"
        raise RuleError(_refusal("not-found", f"{path}: {why}")) from None


def _unpickled(content: bytes, find: Any) -> Any:
    """Unpickle a joblib file; `find(module, name, otherwise)` gives what each name stands for."""
    import io
    import warnings

    from joblib.numpy_pickle import NumpyUnpickler

    class Guarded(NumpyUnpickler):  # type: ignore[misc]
        def find_class(self, module: str, name: str) -> Any:
            return find(module, name, super().find_class)

    with warnings.catch_warnings():
        # Another scikit-learn's files are told apart by the card, with what to do.
        warnings.simplefilter("ignore")
        return Guarded("", io.BytesIO(content), ensure_native_byte_order=True).load()


class _Inert:
    """Stands where a file names something that Heuron does not expect: does nothing, ever."""

    def __init__(self, *arguments: object, **more: object) -> None:
        pass

    def __setstate__(self, state: object) -> None:
        pass

    def __call__(self, *arguments: object, **more: object) -> _Inert:
        return _Inert()

    def append(self, one: object) -> None:
        """Take an item of a list."""

    def extend(self, many: object) -> None:
        """Take items of a list."""

    def __setitem__(self, key: object, value: object) -> None:
        pass


def named_in(content: bytes) -> tuple[str, ...]:
    """Return every name that a joblib file uses, sorted, without importing any unexpected one.

    What a file names beyond Heuron's own files is replaced by something that does nothing, so
    that a look at a file runs no code of it.

    Raises:
        RuleError: It is no joblib file.
    """
    import pickle

    names: set[str] = set()

    def find(module: str, name: str, otherwise: Any) -> Any:
        names.add(f"{module}.{name}")
        return otherwise(module, name) if is_expected(module, name) else _Inert

    try:
        _unpickled(content, find)
    except (pickle.UnpicklingError, EOFError, IndexError, KeyError, ImportError) as error:
        message = f"This is no joblib file: {error}."
        raise RuleError(_refusal("artifact-refused", message)) from None
    except (AttributeError, TypeError, ValueError):
        # An inert object was used as what it stands for; the names up to there are known.
        pass
    return tuple(sorted(names))


def written_names(content: bytes) -> tuple[str, ...]:
    """Return every name in a joblib file that this very process wrote, sorted.

    The file is loaded as any other: what it names is in memory already.
    """
    names: set[str] = set()

    def find(module: str, name: str, otherwise: Any) -> Any:
        names.add(f"{module}.{name}")
        return otherwise(module, name)

    _unpickled(content, find)
    return tuple(sorted(names))


def unexpected_in(names: Sequence[str]) -> tuple[str, ...]:
    """Return those of some full names that Heuron's own files never use."""
    return tuple(one for one in names if not is_expected(*_split(one)))


def _split(name: str) -> tuple[str, str]:
    module, _, short = name.rpartition(".")
    return module, short


EXPECTED: Final = frozenset(
    {
        "_codecs.encode",
        "builtins.slice",
        "joblib.numpy_pickle.NumpyArrayWrapper",
        "numpy._core.multiarray._reconstruct",
        "numpy._core.multiarray.scalar",
        "numpy._core.numeric._frombuffer",
        "numpy.dtype",
        "numpy.ndarray",
        "numpy.random._mt19937.MT19937",
        "numpy.random._pcg64.PCG64",
        "numpy.random._pickle.__bit_generator_ctor",
        "numpy.random._pickle.__generator_ctor",
        "numpy.random._pickle.__randomstate_ctor",
        "numpy.random.bit_generator.SeedSequence",
        "numpy.random.bit_generator.__pyx_unpickle_SeedSequence",
        "sklearn._loss._loss.CyAbsoluteError",
        "sklearn._loss._loss.CyExponentialLoss",
        "sklearn._loss._loss.CyHalfBinomialLoss",
        "sklearn._loss._loss.CyHalfGammaLoss",
        "sklearn._loss._loss.CyHalfMultinomialLoss",
        "sklearn._loss._loss.CyHalfPoissonLoss",
        "sklearn._loss._loss.CyHalfSquaredError",
        "sklearn._loss._loss.CyHalfTweedieLossIdentity",
        "sklearn._loss._loss.CyHuberLoss",
        "sklearn._loss._loss.CyPinballLoss",
        "sklearn._loss._loss.__pyx_unpickle_CyHalfMultinomialLoss",
        "sklearn._loss.link.HalfLogitLink",
        "sklearn._loss.link.IdentityLink",
        "sklearn._loss.link.Interval",
        "sklearn._loss.link.LogLink",
        "sklearn._loss.link.LogitLink",
        "sklearn._loss.link.MultinomialLogit",
        "sklearn._loss.loss.AbsoluteError",
        "sklearn._loss.loss.ExponentialLoss",
        "sklearn._loss.loss.HalfBinomialLoss",
        "sklearn._loss.loss.HalfGammaLoss",
        "sklearn._loss.loss.HalfMultinomialLoss",
        "sklearn._loss.loss.HalfPoissonLoss",
        "sklearn._loss.loss.HalfSquaredError",
        "sklearn._loss.loss.HalfTweedieLossIdentity",
        "sklearn._loss.loss.HuberLoss",
        "sklearn._loss.loss.PinballLoss",
        "sklearn.calibration._CalibratedClassifier",
        "sklearn.calibration._SigmoidCalibration",
        "sklearn.calibration._TemperatureScaling",
        "sklearn.dummy.DummyClassifier",
        "sklearn.dummy.DummyRegressor",
        "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
        "sklearn.ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoostingClassifier",
        "sklearn.ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoostingRegressor",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.gaussian_process._gpc._BinaryGaussianProcessClassifierLaplace",
        "sklearn.gaussian_process.kernels.ConstantKernel",
        "sklearn.gaussian_process.kernels.Product",
        "sklearn.gaussian_process.kernels.RBF",
        "sklearn.isotonic.IsotonicRegression",
        "sklearn.linear_model._sgd_fast.EpsilonInsensitive",
        "sklearn.linear_model._sgd_fast.Hinge",
        "sklearn.linear_model._sgd_fast.ModifiedHuber",
        "sklearn.linear_model._sgd_fast.SquaredHinge",
        "sklearn.metrics._dist_metrics.ChebyshevDistance64",
        "sklearn.metrics._dist_metrics.EuclideanDistance64",
        "sklearn.metrics._dist_metrics.ManhattanDistance64",
        "sklearn.metrics._dist_metrics.newObj",
        "sklearn.multiclass.OneVsRestClassifier",
        "sklearn.neighbors._ball_tree.BallTree",
        "sklearn.neighbors._ball_tree.newObj",
        "sklearn.neighbors._kd_tree.KDTree",
        "sklearn.neighbors._kd_tree.newObj",
        "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
        "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
        "sklearn.preprocessing._label.LabelBinarizer",
        "sklearn.preprocessing._label.LabelEncoder",
        "sklearn.tree._tree.Tree",
        "sklearn.utils._bunch.Bunch",
    }
)
"""What fitted estimators name besides their own classes. A prefix would reach `os.system`."""


def is_expected(module: str, name: str) -> bool:
    """Return whether a joblib file of Heuron's may name something: exact names only."""
    from heuron.learn.allowed import ESTIMATORS

    full = f"{module}.{name}"
    if full in EXPECTED or full in ESTIMATORS:
        return True
    # An estimator's class is defined in a private module below its public one.
    top, _, rest = module.partition(".")
    return top == "sklearn" and f"sklearn.{rest.split('.')[0]}.{name}" in ESTIMATORS


def _refusal(code: str, message: str, hint: str | None = None) -> Diagnostic:
    return Diagnostic(Severity.ERROR, code, message, None, hint)
