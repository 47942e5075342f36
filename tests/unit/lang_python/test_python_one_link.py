"""A file that is linked once gives the answers that it gives when later links may use them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipesense.lang.python import constants, names
from pipesense.lang.python.module import LinkMemo, Module
from pipesense.lang.python.one_link import OneLink
from pipesense.lang.python.split import split
from pipesense.lang.python.syntax import ParsedUnit
from pipesense.lang.python.whole import parse_whole
from pipesense.model.value import Value, known

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent.parent
SOURCES = sorted(path for folder in ("server", "tests") for path in (ROOT / folder).rglob("*.py"))


def linked(text: str, memo: LinkMemo) -> Module:
    cuts = split(text)
    units = parse_whole(text, range(len(cuts)), cuts)
    assert units is not None
    return Module("/project/a.py", "a", units, None, memo)


def answers(module: Module) -> list[object]:
    found: list[object] = []
    for statement in module.body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name | ast.Attribute) and hasattr(node, "_place"):
                called = [(function.path, function.node.lineno) for function in module.callables(node)]
                value, bound = module.value(node), module.bindings_of(node)
                where = [getattr(each.node, "lineno", 0) for each in bound]
                found.append((ast.unparse(node), node.lineno, module.qualified(node), called, value, where))
    return found


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            "from a import f\nf.x()\nfrom b import f\nf.x()\ndef g():\n    return f.x\n", id="imports of one name"
        ),
        pytest.param(
            "f\nfrom a import f\nf = f.x\nwith f() as f:\n    f\n    f = f.y\n    for g in f:\n        f\n        f = f.z\n"
            "f\nif f:\n    f\ndef h(f=f):\n    return f\nclass C:\n    f = f\n[f for f in f]\n(lambda: f)()\nf.x\n",
            id="bound one after the other",
        ),
        pytest.param("f = 1\nf\nfrom a import f\nf.x\ndel f\nf\nf: int = 2\nf\n", id="deleted"),
        pytest.param(
            "from a import f\nf.x\nfrom b import f\nf.x\ndef g():\n    global f\n    f = 1\nf.x\n",
            id="set by a function",
        ),
        pytest.param(
            "from a import f\nf.x\nif f:\n    from b import f\n    f.x\nelse:\n    f.x\nf.x\n", id="bound in a branch"
        ),
        pytest.param("f.x()\nfrom a import f\nf.x()\nfrom a import f\nf.x()\n", id="used before its imports"),
        pytest.param("from a import f\nfrom a import f\ndef g(f):\n    return f.x()\nf.x()\n", id="a parameter"),
        pytest.param("from a import f\nf.x = 1\nfrom a import f\nf.x()\n", id="changed between two imports"),
        pytest.param(
            "try:\n    from a import f\nexcept ImportError:\n    from b import f\nf.x()\n", id="one of two imports"
        ),
        pytest.param("from a import f\ndef g():\n    global f\n    f = 1\nf.x()\n", id="set by a function"),
        pytest.param("import a.b\nimport a.c\na.b.x()\na.c.x()\n", id="two modules of a package"),
        pytest.param("x = x.y\nx.y()\nx.y()\n", id="bound to itself"),
        pytest.param("def f():\n    return g()\ndef g():\n    return f()\nf().x\ng().x\n", id="functions in a circle"),
        pytest.param(
            "for _ in z:\n    a = b\n    b = c.d\n    c = a\n    a.x()\n    c.y()\n    b.z()\n", id="names in a circle"
        ),
        pytest.param("def f():\n    return 1\nh = f\nh()\ndef f():\n    return 2\nf()\nh()\n", id="defined twice"),
        pytest.param(
            "class A:\n    def f(self):\n        return self.g()\n    def g(self):\n        pass\n", id="self"
        ),
        pytest.param(
            "run = lambda: 1\nrun()\ndef f():\n    run()\n    run = 2\n    run()\n", id="hidden in a function"
        ),
        pytest.param("from a import f\n[f.x for f in y]\nf.x()\n", id="hidden in a comprehension"),
    ],
)
def test_names_mean_the_same(text: str) -> None:
    assert answers(linked(text, OneLink())) == answers(linked(text, LinkMemo()))


@pytest.mark.parametrize("path", SOURCES[::23], ids=lambda path: path.name)
def test_names_of_whole_files_mean_the_same(path: Path) -> None:
    text = path.read_text(encoding="utf-8") or "\n"
    assert answers(linked(text, OneLink())) == answers(linked(text, LinkMemo()))


def test_an_answer_that_others_rest_on_is_worked_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "from m import x0\nx0 = x0.y\n" + "".join(f"x{n} = x{n - 1}.y\nx{n} = x{n}.y\n" for n in range(1, 10))
    module = linked(text, OneLink())
    asked: list[ast.Name] = []
    work_out = names._qualified_name

    def counted(module: Module, expr: ast.Name) -> tuple[str, ...]:
        asked.append(expr)
        return work_out(module, expr)

    monkeypatch.setattr(names, "_qualified_name", counted)
    found = [module.qualified(statement.value) for statement in reversed(module.body) if type(statement) is ast.Assign]
    assert found[0] == ("m.x0" + ".y" * 19,)
    assert len(asked) == 19


def test_of_names_bound_one_after_the_other_each_meaning_is_worked_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "".join(f"f = {n}\n" + "f\nf\nf\n" for n in range(10))
    module = linked(text, OneLink())
    asked: list[ast.expr] = []
    work_out = constants._name

    def counted(module: Module, expr: ast.Name) -> Value[object]:
        asked.append(expr)
        return work_out(module, expr)

    monkeypatch.setitem(constants._READERS, ast.Name, counted)
    uses = [each.value for each in module.body if isinstance(each, ast.Expr)]
    assert [known(module.value(each)) for each in uses] == [n for n in range(10) for _ in range(3)]
    assert len(asked) == 10


def test_what_a_function_binds_is_looked_for_in_that_function() -> None:
    text = "".join(f"def f{n}():\n    hook = {n}\n    return hook\n\n" for n in range(10))
    module = linked(text, OneLink())

    class Untouched(list[ParsedUnit]):
        def __iter__(self) -> Iterator[ParsedUnit]:
            raise AssertionError("all units that bind the name were looked at")

    module.table._by_name = {"hook": Untouched(module.units)}
    for statement in module.body:
        assert [binding.kind for binding in module.table.bindings(statement, "hook")] == ["assign"]
