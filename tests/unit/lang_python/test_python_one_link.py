"""A file that is linked once gives the answers that it gives when later links may use them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from pipesense.lang.python.module import LinkMemo, Module
from pipesense.lang.python.one_link import OneLink
from pipesense.lang.python.split import split
from pipesense.lang.python.whole import parse_whole

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
                found.append((ast.unparse(node), node.lineno, module.qualified(node), called))
    return found


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            "from a import f\nf.x()\nfrom b import f\nf.x()\ndef g():\n    return f.x\n", id="imports of one name"
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
