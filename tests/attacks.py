"""Attacks on the loader, run in a process of their own that watches itself.

    python tests/attacks.py FOLDER [--all]

Every attack is a rule file in which something stands where it does not belong: Python at every
place that takes a name or a text, paths that lead away, what no editor would write. An audit hook
notes each file that is opened, each module that is imported late, each process or socket that is
started, and each source that is compiled. The report is printed as JSON for `test_attacks.py`.
"""

from __future__ import annotations

import ast
import builtins
import json
import os
import symtable
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

PAYLOADS = (
    "__import__('os').system('touch pwned')",
    '"); __import__("os").system("touch pwned") #',
    "'); open('pwned', 'w') #",
    "\n    __import__('os').system('touch pwned')\n",
    "\\n'''\nopen('pwned', 'w')\n'''",
    "{open('pwned', 'w')}",
    "{t.__class__.__mro__[1].__subclasses__()}",
    "{0.__class__}",
    "%s%n{!r}{:>{w}}",
    "x\u2028open('pwned','w')\u2029",
    "x\r\nopen('pwned','w')",
    "x\x0bopen('pwned','w')\x0c",
    "\ud800",
    "a\x00b",
    "#coding: utf-7",
    "\\",
    "\\\\' + open('pwned','w') + '",
    '\\" + open("pwned","w") + "',
    "\N{RIGHT-TO-LEFT OVERRIDE}evil",
)
"""What is put where a text is expected; the shell command and the file would be seen."""

NAMES = (
    "class", "None", "lambda", "import", "exec", "eval", "open", "globals", "print",
    "__class__", "__builtins__", "__import__", "_", "__", "_1", "x__", "self",
    "memory", "reaction", "host", "left", "stop", "today", "now", "predict", "make", "out",
    "row", "rows", "values", "key", "event", "number", "old", "found", "n0", "r0", "f0", "v0",
    "UNKNOWN", "add", "among", "call_abs", "append", "get", "record", "unknown_", "dispatch",
    "\uff45\uff56\uff41\uff4c", "\u212fxec", "\u0435val", "\xaa", "\u00b5m", "\U0001d4ee",
)  # fmt: skip
"""What is put where a name is expected: Python's words, the names that generated code uses,
letters that Python takes for others."""

WORST = (PAYLOADS[2], PAYLOADS[5], "__import__", "memory", NAMES[-1])
"""Those that are tried at each place by itself, even when not all are."""

PATHS = (
    "../secret.rules", "../../secret.rules", "/etc/passwd", "sub/../../secret.rules",
    "sub/../../../../../../../../etc/passwd", "link.rules", "linked/secret.rules",
    "./../secret.rules", "~/secret.rules", "file:///etc/passwd", "..\\secret.rules",
    "a\x00b.rules", "", ".", "..", "sub",
    "x" * 5000, "\ud800.rules", "https://example.org/x.rules", "|touch pwned", "$(touch pwned)",
    "secret.rules\x00.rules", "/proc/self/environ", "/dev/zero", "//etc/passwd",
)  # fmt: skip
"""What is put where a path is expected; `secret.rules` stands beside the project's folder."""


def quoted(text: str) -> str:
    """Return a text as the language writes it, perhaps with what cannot stand in it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


TEXTS = """
domain d {text}
type T:
    s: text default {text}
    n: number unit {text} ask {text}
    k: {text} | other
    m: text matching {text}
    out: {text} | no
goal T.out
let c = {text}
facts:
    T(s = {text}, n = 1, k = {text}, m = {text})
rule r {text}:
    when t: T(s == {text}, k == {text}), t.s != c
    then:
        conclude t.out = {text}
        because {text}
rule step:
    when t: T(s != {text})
    then:
        log {text}
        modify t: s = {text}
table tab(T -> out), first hit:
    s      | k      -> out
    {text} | {text} -> {text}
query q(a): T(s == {text}, k == a, n: b) -> b
dispatch:
    refer {text} when T(s == {text})
    rules
test {text}:
    given t: T(s = {text})
    expect t.s == {text}
"""
"""One text everywhere; with one place each, `texts` makes a file that is right but for it."""

NAMED = """
type T(%(field)s: integer, n: integer, out: yes | no)
type %(type)s(n: integer)
goal T.out
let %(let)s = 3
let %(function)s(%(parameter)s) = %(parameter)s + 1
facts:
    %(binder)s: T(1, 2)
    %(type)s(4)
rule %(rule)s:
    when:
        %(fact)s: T(n: %(variable)s)
        %(type)s(n > %(variable)s)
        %(bound)s = %(variable)s + 1
        %(bound)s > 0
    then conclude %(fact)s.out = yes
rule step:
    when %(fact)s: T(n: %(variable)s), %(variable)s < 5
    then modify %(fact)s: n = %(variable)s + 1
table %(table)s(T -> out), first hit:
    n -> out
    > 3 -> no
query %(query)s(%(argument)s): T(n == %(argument)s, %(field)s: b) -> b
"""
PLAIN = {
    "field": "f", "type": "U", "let": "l", "function": "g", "parameter": "p", "binder": "b1",
    "rule": "r", "fact": "t", "variable": "x", "bound": "y", "table": "tab", "query": "q",
    "argument": "a",
}  # fmt: skip


def attacks(every: bool) -> Iterator[tuple[str, str]]:
    """Yield what is attacked, and the text of a rule file; `every` combination, or the worst."""
    pieces = TEXTS.split("{text}")
    for payload in PAYLOADS:
        for written in (quoted(payload), payload):
            yield f"everywhere {payload!r}", written.join(pieces)
            for place in range(len(pieces) - 1) if every or payload in WORST else ():
                # The same word at all other places, so that levels and constants go together.
                words = ['"ok"'] * (len(pieces) - 1)
                words[place] = written
                text = pieces[0] + "".join(a + b for a, b in zip(words, pieces[1:], strict=True))
                yield f"text {place} {payload!r}", text
    for name in NAMES:
        yield f"all names {name!r}", NAMED % dict.fromkeys(PLAIN, name)
        for role in PLAIN if every or name in WORST else ():
            yield f"{role} {name!r}", NAMED % {**PLAIN, role: name}
    for path in PATHS:
        for line in ("use {}", "use {} as m", "data {}", "table x(T -> out), first hit from {}"):
            yield (
                f"path {line} {path!r}",
                f"type T(n: number, out: a | b)\n{line.format(quoted(path))}\n",
            )
    yield from strange()


def strange() -> Iterator[tuple[str, str]]:
    """Yield files that are large, deep or odd."""
    rule = (
        "type T(n: number, out: a | b)\nrule r:\n    when t: T({})\n    then conclude t.out = a\n"
    )
    yield "brackets", rule.format("(" * 50_000 + "n > 1" + ")" * 50_000)
    yield "not", rule.format("not " * 50_000 + "(n > 1)")
    yield "sum", rule.format("n > " + " + ".join(["1"] * 100_000))
    yield "or", rule.format(" or ".join(["n > 1"] * 20_000))
    yield "digits", rule.format("n > " + "9" * 50_000)
    yield "exponent", rule.format("n > 1e999999999")
    yield "power", rule.format("n > 9 ** 9 ** 9 ** 9")
    yield "repeat", rule.format('n > 1, "a" * 999999999 == "b"')
    yield "attribute", rule.format("n.__class__ == 1")
    yield "call", rule.format("__import__(n) == 1")
    yield "eval", rule.format('eval("1") == 1')
    yield "long name", rule.replace("r:", f"{'r' * 1_000_000}:").format("n > 1")
    yield "nul", "\x00" * 1000
    yield "nothing", ""
    yield "bom", "\ufeff" + rule.format("n > 1")
    yield "tabs", "type T:\n\tn: number\n        m: number\n"
    yield (
        "regex",
        rule.format("n > 1").replace("n: number,", 'n: number, s: text matching "(a+)+$",'),
    )


ALLOWED_BUILTINS = frozenset(
    {
        "False", "None", "True", "abs", "any", "all", "dict", "enumerate", "float", "frozenset",
        "getattr", "id", "int", "isinstance", "iter", "len", "list", "max", "min", "next", "range",
        "reversed", "round", "set", "sorted", "str", "sum", "tuple", "type", "zip", "bool",
    }
)  # fmt: skip


def objections(source: str) -> Iterator[str]:
    """Yield what generated source may not have."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        match node:
            case ast.Import() | ast.ImportFrom() | ast.Global() | ast.Await() | ast.ClassDef():
                yield type(node).__name__
            case ast.Attribute(attr=name) if name.startswith("_") or not name.isascii():
                yield f"attribute {name}"
            case ast.Name(id=name) if name.startswith("__") or not name.isascii():
                yield f"name {name}"
            case ast.arg(arg=name) | ast.FunctionDef(name=name) if not name.isascii():
                yield f"name {name}"
    for name in free_names(symtable.symtable(source, "<generated>", "exec")):
        if hasattr(builtins, name) and name not in ALLOWED_BUILTINS:
            yield f"builtin {name}"


def free_names(table: symtable.SymbolTable) -> set[str]:
    """Return the names that a module reads and does not make itself."""
    made = {
        one.get_name() for one in table.get_symbols() if one.is_assigned() or one.is_namespace()
    }
    read: set[str] = set()
    stack = [table]
    while stack:
        one = stack.pop()
        stack += one.get_children()
        for symbol in one.get_symbols():
            if symbol.is_referenced() and symbol.is_global():
                read.add(symbol.get_name())
        if one is table:
            read |= {s.get_name() for s in one.get_symbols() if s.is_referenced()}
    return read - made


class Watch:
    """What the process does, as its audit hook sees it."""

    def __init__(self, project: Path) -> None:
        self.project = os.path.realpath(project)
        self.known = tuple(
            os.path.realpath(one) for one in {sys.prefix, sys.base_prefix, *sys.path} if one
        )
        self.bad: list[str] = []
        self.sources: set[str] = set()
        self.objections: set[str] = set()
        self.is_on = False

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        """Take in an event."""
        if not self.is_on:
            return
        if event == "open":
            self._opened(arguments[0], arguments[1])
        elif event == "compile":
            self._compiled(arguments[0], arguments[1])
        elif event.split(".")[0] in ("subprocess", "socket", "ctypes", "shutil") or event in (
            "os.system", "os.exec", "os.spawn", "os.posix_spawn", "os.fork", "os.remove",
            "os.rename", "os.mkdir", "os.chmod", "os.symlink", "os.link",
        ):  # fmt: skip
            self.bad.append(f"{event} {arguments!r:.100}")

    def _opened(self, path: object, mode: object) -> None:
        if not isinstance(path, str | bytes):
            return
        full = os.path.realpath(os.fsdecode(path))
        if (full + os.sep).startswith(self.project + os.sep) and mode in ("r", "rb", None):
            return
        if not full.startswith(self.known) or (isinstance(mode, str) and "w" in mode):
            self.bad.append(f"open {full} {mode}")

    def _compiled(self, source: object, file: object) -> None:
        if not str(file).startswith("<heuron"):
            return
        text = source.decode() if isinstance(source, bytes) else str(source)
        if text not in self.sources:
            self.sources.add(text)
            self.is_on = False
            self.objections.update(objections(text))
            self.is_on = True


def run(folder: Path, every: bool) -> dict[str, object]:
    """Load every attack, run what loads, and return what was seen."""
    import heuron
    from heuron.diagnostics import HeuronError

    project = folder / "project"
    (project / "rules" / "sub").mkdir(parents=True)
    (project / "pyproject.toml").touch()
    (folder / "secret.rules").write_text("type Secret(n: number)\n", encoding="utf-8")
    (project / "rules" / "link.rules").symlink_to(folder / "secret.rules")
    (project / "rules" / "linked").symlink_to(folder, target_is_directory=True)
    # What is imported once is imported before anybody watches.
    rule = "rule r:\n    when t: T(n > 3)\n    then conclude t.out = a\n"
    use(heuron.loads(f"type T(n: number, out: a | b)\ngoal T.out\n{rule}"))
    file = project / "rules" / "attack.rules"
    os.chdir(project)
    os.environ["HEURON_CACHE"] = "off"
    watch = Watch(project)
    sys.addaudithook(watch)
    counts = {"tried": 0, "loaded": 0, "ran": 0, "refused": 0}
    odd: list[str] = []
    for name, text in attacks(every):
        counts["tried"] += 1
        file.write_bytes(text.encode("utf-8", "surrogatepass"))
        watch.is_on = True
        before = len(watch.bad)
        try:
            kb = heuron.load(str(file))
            counts["loaded"] += 1
            use(kb)
            counts["ran"] += 1
        except HeuronError:
            counts["refused"] += 1
        except BaseException as problem:
            odd.append(f"{name:.80}: {type(problem).__name__}: {problem!s:.200}")
        finally:
            watch.is_on = False
        watch.bad[before:] = [f"{name:.80}: {one}" for one in watch.bad[before:]]
    return {
        **counts,
        "odd": odd,
        "bad": watch.bad,
        "sources": len(watch.sources),
        "objections": sorted(watch.objections),
        "left": [one.name for one in folder.rglob("pwned*")],
        "control": control(watch, folder),
    }


def control(watch: Watch, folder: Path) -> list[str]:
    """Return what the watch says of what it must see: a file, a process, sources."""
    watch.bad, watch.sources, watch.objections, watch.is_on = [], set(), set(), True
    (folder / "secret.rules").read_text(encoding="utf-8")
    os.system("true")
    code = "import os\nx.__class__\n\uff45val('1')\nopen('y')\n__builtins__\n"
    compile(code, "<heuron rules>", "exec")
    watch.is_on = False
    return [one.split()[0] for one in watch.bad] + sorted(watch.objections)


def use(kb: object) -> None:
    """Do with a knowledge base what a user would do."""
    from heuron.diagnostics import HeuronError
    from heuron.dispatch import Dispatcher
    from heuron.knowledge.testing import run_tests

    if kb.goal is not None:  # type: ignore[attr-defined]
        answer = kb.ask({})  # type: ignore[attr-defined]
        str(answer.why())
        answer.to_dict()
        kb.ask_many([{}])  # type: ignore[attr-defined]
        Dispatcher(kb).ask({})  # type: ignore[arg-type]
        with suppress(HeuronError):
            kb.infer_table({"n": [1.0, None]}).to_dict()  # type: ignore[attr-defined]
    session = kb.session()  # type: ignore[attr-defined]
    session.run(20)
    for fact in session.facts():
        str(session.explain(fact, all=True))
    session.saved()
    kb.describe()  # type: ignore[attr-defined]
    run_tests(kb, conditions=True)  # type: ignore[arg-type]


if __name__ == "__main__":
    print(json.dumps(run(Path(sys.argv[1]), "--all" in sys.argv)))
