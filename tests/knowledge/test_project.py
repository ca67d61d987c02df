"""A domain is a path, a name in the project's rules/, or built in."""

from __future__ import annotations

from pathlib import Path

import pytest

from heuron.diagnostics import RuleError
from heuron.knowledge.project import (
    built_in_folder,
    domains,
    find_domain,
    find_project,
    headline,
)
from heuron.knowledge.sources import Sources, model_names, read_text, table_rows


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "rules").mkdir()
    (tmp_path / "models" / "fruit").mkdir(parents=True)
    (tmp_path / "rules" / "fruit.rules").write_text('domain fruit "What fruit?"\n')
    (tmp_path / "rules" / "part.rules").write_text("type T(a: text)\n")
    (tmp_path / "deep" / "er").mkdir(parents=True)
    return tmp_path


def test_the_project_is_found_upwards(project: Path) -> None:
    assert find_project(str(project / "deep" / "er")) == str(project)


def test_a_name_in_the_project(project: Path) -> None:
    found = find_domain("fruit", str(project / "deep"))
    assert found.file == str(project / "rules" / "fruit.rules")
    assert found.shown == "rules/fruit.rules"
    assert found.models[0] == str(project / "models" / "fruit")
    assert not found.built_in


def test_a_built_in_name_is_found_from_anywhere(project: Path) -> None:
    found = find_domain("cancer", str(project))
    assert found.file == str(Path(built_in_folder()) / "rules" / "cancer.rules")
    assert found.built_in
    assert found.models == (
        str(project / "models" / "cancer"),
        str(Path(built_in_folder()) / "models" / "cancer"),
    )


def test_a_project_hides_the_built_in_of_the_same_name(project: Path) -> None:
    (project / "rules" / "cancer.rules").write_text('domain cancer "Mine?"\n')
    found = {domain.name: question for domain, question in domains(str(project))}
    assert found["cancer"] == "Mine?"
    assert "part" not in found
    assert "family" in found


def test_a_path_is_relative_to_the_start(project: Path) -> None:
    found = find_domain("../rules/fruit.rules", str(project / "deep"))
    assert found.file == str(project / "rules" / "fruit.rules")
    assert (found.name, found.root, found.shown) == (
        "fruit",
        str(project),
        "../rules/fruit.rules",
    )


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("friut", 'There is no domain "friut".', 'Did you mean "fruit"?'),
        ("rules/friut.rules", 'There is no file "rules/friut.rules".', '"rules/fruit.rules"'),
        ("rules/", '"rules/" is a folder, not a rule file.', "fruit.rules, part.rules"),
        ("..", 'There is no domain "..".', "There are: "),
        ("", 'There is no domain "".', "There are: "),
        ("no/where.rules", 'There is no file "no/where.rules".', "heuron domains"),
    ],
)
def test_what_is_not_there(project: Path, name: str, message: str, hint: str) -> None:
    with pytest.raises(RuleError) as caught:
        find_domain(name, str(project))
    found = caught.value.diagnostics[0]
    assert (found.code, found.message) == ("not-found", message)
    assert hint in str(found.hint)


def test_headline_reads_the_domain_line_alone(tmp_path: Path) -> None:
    file = tmp_path / "x.rules"
    file.write_text('# domain no "x"\ndomain yes  "Is it?" # so\nrule broken(((\n')
    assert headline(str(file)) == ("yes", "Is it?")
    file.write_text("domain bare\n")
    assert headline(str(file)) == ("bare", None)
    assert headline(str(tmp_path / "none.rules")) is None


def test_a_used_file_is_relative_to_the_one_that_names_it(project: Path) -> None:
    (project / "rules" / "more").mkdir()
    (project / "rules" / "more" / "b.rules").write_text("type B(b: text)\n")
    sources = Sources(str(project), str(project / "rules" / "fruit.rules"), "rules/fruit.rules")
    assert sources.main("rules/fruit.rules") == 'domain fruit "What fruit?"\n'
    shown, text = sources.read("more/b.rules", "rules/fruit.rules")
    assert (shown, text) == ("rules/more/b.rules", "type B(b: text)\n")
    assert sources.read("../part.rules", shown) == ("rules/part.rules", "type T(a: text)\n")
    assert [Path(one).name for one in sources.used] == ["fruit.rules", "b.rules", "part.rules"]


def test_a_table_is_read_with_its_separator(project: Path) -> None:
    (project / "rules" / "t.csv").write_text('age;"a;b"\n< 25;x\n')
    sources = Sources(str(project), str(project / "rules" / "fruit.rules"), "f.rules")
    assert table_rows(*sources.read("t.csv", "f.rules")) == [["age", "a;b"], ["< 25", "x"]]


@pytest.mark.parametrize("path", ["../deep/x.rules", "link.rules", "/etc/passwd"])
def test_sources_stay_inside_the_root(project: Path, path: str) -> None:
    (project / "rules" / "link.rules").symlink_to("/etc/passwd")
    root = project / "rules"
    sources = Sources(str(root), str(root / "fruit.rules"), "fruit.rules")
    with pytest.raises(RuleError) as caught:
        sources.read(path, "fruit.rules")
    assert caught.value.diagnostics[0].code == "outside-project"


@pytest.mark.parametrize(
    ("data", "message"), [(b"ok\n\xff\xfe", "the bytes of line 2"), (b"\x80", "of line 1")]
)
def test_what_is_not_utf8_is_said_with_its_line(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "x.rules").write_bytes(data)
    with pytest.raises(RuleError) as caught:
        read_text(str(tmp_path / "x.rules"))
    assert caught.value.diagnostics[0].code == "not-text"
    assert message in caught.value.diagnostics[0].message


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "x.rules").write_bytes(b"\xef\xbb\xbfdomain x\r\n")
    assert read_text(str(tmp_path / "x.rules")) == "domain x\r\n"


def test_model_names_are_those_of_specs(project: Path) -> None:
    folder = project / "models" / "fruit"
    for name in ("data.toml", "selected.toml", "tree.toml", "forest.toml", "notes.txt"):
        (folder / name).write_text("")
    assert model_names((str(folder), str(project / "nowhere"))) == ("forest", "tree")
