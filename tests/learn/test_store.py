"""The store: what was changed is refused with the reason; a kill leaves the old version."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from heuron.diagnostics import RuleError
from heuron.learn.contract import Contract
from heuron.learn.data import load
from heuron.learn.scorer.pack import pack, unpack
from heuron.learn.scorer.scorer import Scorer
from heuron.learn.store import Store, sha256
from heuron.learn.train import train
from heuron.learn.trust import load_joblib, trust, trusted_sums

TREE = 'estimator = "sklearn.tree.DecisionTreeClassifier"\n[hyperparameters]\nmax_depth = 3\n'


@pytest.fixture
def store(iris: Contract, tmp_path: Path) -> Store:
    models = tmp_path / "specs"
    models.mkdir()
    (models / "tree.toml").write_text(TREE)
    store = Store(tmp_path / "store")
    table = load(iris, "sklearn:iris")
    train(iris, models, store, table=table, trusted=tmp_path / "trusted.txt")
    return store


def folder_of(store: Store) -> Path:
    artifact = store.find("iris", "tree")
    assert artifact is not None
    return Path(artifact.folder)


def refused(store: Store) -> str:
    with pytest.raises(RuleError) as caught:
        Store(*store.roots).model("iris", "tree")
    return f"{caught.value.diagnostics[0].code}: {caught.value.diagnostics[0].message}"


def test_a_trained_model_is_found(store: Store, tmp_path: Path) -> None:
    assert store.names("iris") == ["tree"]
    assert store.selected("iris") == "tree"
    assert store.model("iris", "tree").name == "tree"
    sums = trusted_sums(tmp_path / "trusted.txt")
    assert store.verify("iris", "tree", sums) == "made here"
    assert store.verify("iris", "tree") == "intact, made elsewhere"
    assert (tmp_path / "trusted.txt").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("file", ["card.json", "scorer.json", "golden.jsonl"])
def test_a_changed_file_is_refused(store: Store, file: str) -> None:
    path = folder_of(store) / file
    path.write_bytes(path.read_bytes().replace(b"0", b"1", 1))
    assert refused(store).startswith("artifact-refused")
    assert file in refused(store)
    assert store.verify("iris", "tree").startswith("changed: ")


def test_a_missing_file_is_refused(store: Store) -> None:
    (folder_of(store) / "scorer.json").unlink()
    assert "scorer.json" in refused(store)


def resign(store: Store, change: Callable[[dict[str, Any]], None]) -> None:
    """Change a scorer and put fitting sums into its card, as somebody with malice would."""
    folder = folder_of(store)
    data = json.loads((folder / "scorer.json").read_bytes())
    change(data)
    text = json.dumps(data).encode()
    card = json.loads((folder / "card.json").read_bytes())
    card["files"]["scorer.json"] = sha256(text)
    content = json.dumps(card).encode()
    (folder / "scorer.json").write_bytes(text)
    (folder / "card.json").write_bytes(content)
    folder.rename(folder.with_name(sha256(content)[:8]))


def test_other_numbers_do_not_repeat_the_golden_rows(store: Store) -> None:
    resign(store, lambda data: data["model"]["leaf"].reverse())
    resign(store, lambda data: data["model"]["leaf"].reverse())
    assert Store(*store.roots).model("iris", "tree")
    resign(store, lambda data: data.update(classes=data["classes"][::-1]))
    assert refused(store).startswith("golden-mismatch")


CHANGES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "no number": lambda data: data["model"]["cut"].__setitem__(0, "1"),
    "a child before its parent": lambda data: data["model"]["left"].__setitem__(0, 0),
    "a child outside": lambda data: data["model"]["right"].__setitem__(0, 10_000),
    "a feature outside": lambda data: data["model"]["feature"].__setitem__(0, 9),
    "a boolean for a number": lambda data: data["model"]["cut"].__setitem__(0, True),
    "an unknown step": lambda data: data["encode"].__setitem__(0, ["exec", 0]),
    "code for a number": lambda data: data["encode"].__setitem__(0, ["scale", 0, "x", 1.0]),
    "an unknown kind": lambda data: data["model"].update(kind="python"),
    "one class": lambda data: data.update(classes=["setosa"]),
    "another format": lambda data: data.update(format="heuron-scorer/2"),
    "no leaf": lambda data: data["model"].update(leaf=[]),
    "endless": lambda data: data["model"]["cut"].__setitem__(0, 1e999),
    "no list": lambda data: data.update(inputs=3),
    "a level for a name": lambda data: data.update(kinds=[["a", 1], 2, 3, 4]),
    "a calibration of code": lambda data: data.update(calibrate=["sigmoid", "__import__", 1]),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_scorer_is_untrusted_input(store: Store, name: str) -> None:
    resign(store, CHANGES[name])
    assert refused(store).startswith("artifact-refused")


def test_scorers_are_packed_and_unpacked() -> None:
    data = {"a": [0.5] * 1000, "b": list(range(1000)), "c": [[1, 2], [3.5]], "d": [2**40] * 400}
    text, blocks = pack(data)
    assert len(blocks) == 8000 + 4000
    assert unpack(text, blocks) == data
    wrongs = [
        b'{"a":{"at":-8,"length":1,"type":"d"}}',
        b'{"a":{"at":0,"length":9999,"type":"d"}}',
        b'{"a":{"at":0,"length":1,"type":"x"}}',
        b"{",
        b"[" * 100_000,
        b"NaN",
    ]
    for wrong in wrongs:
        with pytest.raises(ValueError):  # noqa: PT011
            unpack(wrong, blocks)
    with pytest.raises(ValueError, match="format"):
        Scorer([])


def test_names_stay_in_the_store(store: Store) -> None:
    for name in ("../iris/tree", "tree/..", "", ".", "a b", "ü", "/tree", "C:tree", "a\\b", "con"):
        assert store.find("iris", name) is None
        assert store.find(name, "tree") is None
        with pytest.raises(RuleError):
            store.save("iris", name, {"card.json": b"{}"}, {})


def test_the_newest_version_is_used_until_another_is_selected(
    iris: Contract, store: Store, tmp_path: Path
) -> None:
    old = folder_of(store).name
    (tmp_path / "specs" / "tree.toml").write_text(TREE.replace("3", "2"))
    new = train(iris, tmp_path / "specs", store, table=load(iris, "sklearn:iris"))[0].version
    assert new != old
    assert Store(*store.roots).model("iris", "tree").version == new
    store.select("iris", version=("tree", old))
    assert Store(*store.roots).model("iris", "tree").version == old
    store.select("iris", "tree")
    assert Store(*store.roots).model("iris", "tree").version == old
    assert store.model("iris", "tree", new).version == new
    with pytest.raises(RuleError, match="Did you mean `tree`"):
        store.select("iris", "tre")


def test_the_nearest_folder_wins(store: Store, tmp_path: Path) -> None:
    both = Store(tmp_path / "project", *store.roots)
    assert both.model("iris", "tree").folder == str(folder_of(store))
    saved = {path.name: path.read_bytes() for path in folder_of(store).iterdir()}
    both.save("iris", "tree", saved, {})
    assert Store(*both.roots).model("iris", "tree").folder.startswith(str(tmp_path / "project"))


def test_a_kill_at_any_moment_leaves_the_old_version(store: Store, tmp_path: Path) -> None:
    """The writing process dies at each of its system calls in turn."""
    before = folder_of(store).name
    script = tmp_path / "kill.py"
    script.write_text(
        "import os, sys\n"
        "from heuron.learn.store import Store\n"
        "left = int(sys.argv[2])\n"
        "def dying(call):\n"
        "    def instead(*arguments, **more):\n"
        "        global left\n"
        "        left -= 1\n"
        "        if left < 0:\n"
        "            os._exit(9)\n"
        "        return call(*arguments, **more)\n"
        "    return instead\n"
        "for name in ('fsync', 'rename', 'replace', 'mkdir', 'open'):\n"
        "    setattr(os, name, dying(getattr(os, name)))\n"
        "files = {'card.json': b'{}', 'scorer.json': b'x' * 1000}\n"
        "Store(sys.argv[1]).save('iris', 'tree', files, {'run.json': b''})\n"
    )
    finished = False
    for calls in range(0, 40, 3):
        done = subprocess.run([sys.executable, script, store.roots[0], str(calls)], check=False)
        if done.returncode == 0:
            finished = True
            break
        assert Store(*store.roots).find("iris", "tree").version == before
        assert Store(*store.roots).model("iris", "tree").version == before
    assert finished


def test_a_store_that_cannot_be_written_says_so(store: Store, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(RuleError, match="cannot be written"):
        Store(blocked).save("iris", "tree", {"card.json": b"{}"}, {})


def test_golden_rows_are_replayed_once_a_machine(store: Store, tmp_path: Path) -> None:
    checked = tmp_path / "cache" / "checked"
    Store(*store.roots, checked=str(checked)).model("iris", "tree")
    assert len(os.listdir(checked)) == 1


def test_other_golden_rows_are_replayed_though_the_scorer_is_known(
    store: Store, tmp_path: Path
) -> None:
    seen = Store(*store.roots, checked=str(tmp_path / "checked"))
    model = seen.model("iris", "tree")
    files = {name: (folder_of(store) / name).read_bytes() for name in model.card["files"]}
    lines = files["golden.jsonl"].replace(b"setosa", b"virginica")
    assert lines != files["golden.jsonl"]
    files["golden.jsonl"] = lines
    sums = {name: sha256(content) for name, content in files.items()}
    card = json.dumps({**model.card, "files": sums}).encode()
    seen.save("iris", "tree", {"card.json": card, **files}, {})
    with pytest.raises(RuleError, match="golden row"):
        seen.model("iris", "tree")


def test_joblib_files_are_loaded_only_when_trusted(store: Store, tmp_path: Path) -> None:
    import joblib

    path = folder_of(store) / "estimator.joblib"
    sums = trusted_sums(tmp_path / "trusted.txt")
    assert load_joblib(path, sums)["estimator"].get_depth() == 3
    with pytest.raises(RuleError, match="not-trusted"):
        load_joblib(path, frozenset())
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(RuleError, match="not-trusted"):
        load_joblib(path, sums)

    class Malice:
        def __reduce__(self) -> tuple[object, ...]:
            return os.system, ("touch hacked",)

    evil = tmp_path / "evil.joblib"
    joblib.dump(Malice(), evil)
    trust(tmp_path / "trusted.txt", sha256(evil.read_bytes()), "somebody said so")
    with pytest.raises(RuleError, match=r"it names posix\.system"):
        load_joblib(evil, trusted_sums(tmp_path / "trusted.txt"))
    assert not Path("hacked").exists()


def test_a_list_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert not trust(tmp_path / "file" / "trusted.txt", "0" * 64, "x")
    assert not trust(None, "0" * 64, "x")
    assert trusted_sums(tmp_path / "none.txt") == {}


def test_answering_imports_neither_numpy_nor_scikit_learn(store: Store) -> None:
    program = (
        "import sys; from heuron.learn.store import Store\n"
        f"m = Store({store.roots[0]!r}).model('iris', 'tree')\n"
        "row = {'petal_length': 1.0, 'petal_width': .2, 'sepal_length': 5., 'sepal_width': 3.}\n"
        "print(m.predict(row).value)\n"
        "m.explain(row)\n"
        "heavy = {'numpy', 'sklearn', 'joblib', 'scipy', 'pandas', 'tomllib', 'lark'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["setosa", "[]"]


def test_a_model_that_no_longer_fits_says_why(iris: Contract, store: Store) -> None:
    from heuron.values import Field, FieldType, Template

    model = store.model("iris", "tree")
    assert model.misfit(iris.template, "species") is None
    fields = iris.template.fields
    assert "reads `petal_length`" in model.misfit(Template("Iris", fields[1:]), "species")
    other = Field("species", FieldType("enumeration", ("setosa", "versicolor")))
    assert "virginica" in model.misfit(Template("Iris", (*fields[:-1], other)), "species")
    text = Field("petal_length", FieldType("boolean"))
    assert "declared differently" in model.misfit(Template("Iris", (text, *fields[1:])), "species")


@pytest.mark.parametrize("estimator", ["svm.SVC", "neighbors.KNeighborsClassifier"])
def test_an_estimator_without_a_compiled_form_is_served_from_joblib(
    iris: Contract, cancer: Contract, tmp_path: Path, estimator: str
) -> None:
    models, sums = tmp_path / "specs", tmp_path / "trusted.txt"
    models.mkdir()
    (models / "one.toml").write_text(f'estimator = "sklearn.{estimator}"\n')
    for contract in (iris, cancer):
        table = load(contract, f"sklearn:{contract.domain.replace('cancer', 'breast_cancer')}")
        store = Store(tmp_path / "store", trusted=sums)
        result = train(contract, models, store, table=table, trusted=sums)[0]
        codes = [one.code for one in result.warnings if one.code != "equal-rows"]
        assert codes == ["no-scorer"]
        assert result.card["served_from"] == "joblib"
        model = store.model(contract.domain, "one")
        rows = table.rows(table.places("held_out"))
        answers = [one.value for one in model.predict_many(rows)]
        truths = table.truths(table.places("held_out"))
        assert model.served
        assert sum(map(lambda a, b: a == b, answers, truths)) > 0.9 * len(truths)
        assert model.predict(rows[0]).value == answers[0]
        with pytest.raises(RuleError, match="not-trusted"):
            Store(tmp_path / "store").model(contract.domain, "one")
    with pytest.raises(RuleError, match="nobody may load"):
        train(iris, models, store, table=load(iris, "sklearn:iris"), trusted=None)


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are POSIX's")
def test_a_full_disk_leaves_the_store_as_it_was(store: Store, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    script = (
        "import resource, signal, sys\n"
        "from heuron.diagnostics import RuleError\n"
        "from heuron.learn.store import Store\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500))\n"
        "files = {'card.json': b'{}', 'scorer.json': b'x' * 1000}\n"
        "try:\n"
        "    Store(sys.argv[1]).save('iris', 'tree', files, {})\n"
        "except RuleError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, store.roots[0]], capture_output=True, text=True, check=True
    )
    assert "cannot be written" in done.stdout
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}


def test_two_processes_store_at_once(store: Store) -> None:
    script = (
        "import sys\n"
        "from heuron.learn.store import Store\n"
        "for turn in range(30):\n"
        "    card = b'{\"turn\": %d}' % (turn % 3)\n"
        "    Store(sys.argv[1]).save('iris', 'other', {'card.json': card}, {})\n"
    )
    running = [subprocess.Popen([sys.executable, "-c", script, store.roots[0]]) for _ in range(2)]
    assert [one.wait() for one in running] == [0, 0]
    assert Store(*store.roots).find("iris", "other") is not None
    assert Store(*store.roots).model("iris", "tree").name == "tree"
    left = [path.name for path in Path(store.roots[0]).rglob(".writing-*")]
    assert left == []


@pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need rights there")
def test_a_link_out_of_the_store_is_no_model(store: Store, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    folder_of(store).parent.rename(outside)
    (Path(store.roots[0]) / "iris" / "tree").symlink_to(outside, target_is_directory=True)
    assert Store(*store.roots).find("iris", "tree") is None
    assert Store(*store.roots).names("iris") == []
