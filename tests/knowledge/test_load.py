"""Loading: from text, from files, from the cache; all or nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import heuron
from heuron.knowledge.base import KnowledgeBase


def test_what_is_known_of_it(fruit: KnowledgeBase) -> None:
    assert (fruit.name, fruit.question) == ("fruit", "What fruit is this?")
    assert fruit.goal is not None
    assert (fruit.goal.type_name, fruit.goal.field, fruit.goal.many) == ("Fruit", "name", False)
    assert fruit.template.names[:3] == ("colour", "weight", "ripe")
    assert fruit.concluded["Fruit", "shape"] == ("round_one",)
    assert fruit.rules[1] == ("cherry", "Small, round and red", "fruit.rules:17")
    assert fruit.example == {"colour": "red", "weight": 8.0, "origin": "here"}
    assert [route[1] for route in fruit.blocks[0].routes] == ["refer", "rules", "refer"]


def test_describe_is_plain_data(fruit: KnowledgeBase) -> None:
    import json

    found = json.loads(json.dumps(fruit.describe()))
    assert found["goal"]["field"] == "name"
    assert found["types"][0]["fields"][1]["accepts"] == "a number in 0..5000 (g)"
    assert found["types"][0]["fields"][4]["concluded_by"] == ["round_one"]


def test_mistakes_are_all_reported_at_once() -> None:
    text = (
        "type T:\n    a: integer\n"
        "rule one:\n    when t: T(b > 3)\n    then halt\n"
        "rule two:\n    when t: U()\n    then halt\n"
    )
    with pytest.raises(heuron.RuleError) as caught:
        heuron.loads(text)
    assert {one.code for one in caught.value.diagnostics} == {"unknown-field", "unknown-type"}


def test_check_never_raises_for_a_bad_file(tmp_path: Path) -> None:
    assert [one.code for one in heuron.check(tmp_path / "none.rules")] == ["not-found"]
    (tmp_path / "bad.rules").write_bytes(b"\xff\xfe\x00")
    assert [one.code for one in heuron.check(tmp_path / "bad.rules")] == ["not-text"]
    (tmp_path / "ok.rules").write_text("type T(a: text)\n")
    assert heuron.check(tmp_path / "ok.rules") == ()


def test_loads_reads_no_file_without_a_resolver(project: Path) -> None:
    text = (project / "rules" / "fruit.rules").read_text()
    with pytest.raises(heuron.RuleError) as caught:
        heuron.loads(text)
    assert caught.value.diagnostics[0].code == "not-found"
    assert "reads no file" in caught.value.diagnostics[0].message

    def read(path: str, using: str) -> tuple[str, str]:
        return path, (project / "rules" / path).read_text()

    assert list(heuron.loads(text, read=read).files) == ["text", "more.rules"]


def test_a_resolver_may_be_a_dict() -> None:
    texts = {"a.rules": "type T(a: text)\n"}

    def read(path: str, using: str) -> tuple[str, str]:
        return path, texts[path]

    assert list(heuron.loads('use "a.rules"\n', read=read).files) == ["text", "a.rules"]
    with pytest.raises(heuron.RuleError, match=r'There is no file "b\.rules"'):
        heuron.loads('use "b.rules"\n', read=read)


def test_host_functions_are_called_and_typed() -> None:
    def half(number: float) -> float:
        return number / 2

    text = (
        "type T:\n    x: number\n    y: a | b\ngoal T.y\n"
        "rule r:\n    when t: T(x: x), half(x) > 2\n    then conclude t.y = a\n"
    )
    kb = heuron.loads(text, functions={"half": half})
    assert kb.ask({"x": 5.0}).value == "a"
    assert kb.ask({"x": 3.0}).value is None
    with pytest.raises(TypeError, match="the parameter x needs a type hint"):
        heuron.loads(text, functions={"half": lambda x: x})


def test_another_goal_has_no_routes(project: Path) -> None:
    kb = heuron.load(project / "rules" / "fruit.rules", goal="Fruit.shape")
    assert kb.ask({"weight": 8.0}).value == "round"
    assert kb.blocks == ()
    with pytest.raises(heuron.RuleError) as caught:
        heuron.load(project / "rules" / "fruit.rules", goal="Fruit.shap")
    assert caught.value.diagnostics[0].hint == "Did you mean Fruit.shape?"


def test_the_cache_gives_the_same_knowledge_base(project: Path) -> None:
    path, cache = project / "rules" / "fruit.rules", str(project / "cache")
    first = heuron.load(path, cache=cache)
    second = heuron.load(path, cache=cache)
    evidence = {"colour": "red", "weight": 8.0}
    for kb in (first, second):
        answer = kb.ask(evidence)
        assert (answer.value, answer.rules) == ("cherry", ("cherry",))
        assert "round_one" in str(answer.why())
    assert second.describe() == first.describe()
    assert second.files == first.files
    assert [one.title for one in second.tree.tests] == ["a small red one"]


def test_a_change_in_a_used_file_is_seen(project: Path) -> None:
    path, cache = project / "rules" / "fruit.rules", str(project / "cache")
    heuron.load(path, cache=cache)
    (project / "rules" / "more.rules").write_text("type Basket(name: text, size: integer)\n")
    assert heuron.load(path, cache=cache).templates["Basket"].names == ("name", "size")


def test_from_the_cache_nothing_of_the_front_is_imported(project: Path) -> None:
    path, cache = project / "rules" / "fruit.rules", str(project / "cache")
    code = (
        "import sys, heuron\n"
        f"kb = heuron.load({str(path)!r}, cache={cache!r})\n"
        "answer = kb.ask({'colour': 'red', 'weight': 8.0}); answer.to_dict()\n"
        "print(*[one for one in ('lark', 'heuron.lang.parser', 'heuron.check', 'numpy',"
        " 'heuron.plan.record', 'sklearn') if one in sys.modules])\n"
    )
    runs = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        for _ in range(2)
    ]
    assert "lark" in runs[0].stdout
    assert runs[1].stdout.split() == []
