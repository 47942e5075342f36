"""Which qualified names an expression may stand for."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from pipesense.lang.python.module import Module

Linker = Callable[..., Module]
LastValue = Callable[[Module], ast.expr]

TABLE: list[tuple[str, str, set[str]]] = [
    ("import", "import a.b\na.b.c", {"a.b.c"}),
    ("import as", "import a.b as c\nc.d", {"a.b.d"}),
    ("from", "from airflow.sdk import DAG\nDAG", {"airflow.sdk.DAG"}),
    ("from as", "from datetime import datetime as dt\ndt.now", {"datetime.datetime.now"}),
    ("sibling", "from . import common\ncommon.x", {"dags.common.x"}),
    ("relative", "from .common import x\nx", {"dags.common.x"}),
    ("beyond the top", "from ...common import x\nx", set()),
    ("both branches of a guard", "try:\n    from a import X\nexcept ImportError:\n    from b import X\nX", {"a.X", "b.X"}),
    ("no fallback", "try:\n    from a import X\nexcept ImportError:\n    X = None\nX", {"a.X"}),
    ("if and else", "if c:\n    from a import X\nelse:\n    from b import X\nX", {"a.X", "b.X"}),
    ("inside the branch", "from b import X\nif c:\n    from a import X\n    y = X\nX = X", {"a.X", "b.X"}),
    ("bound again", "from a import X\nX = Y\nX", set()),
    ("other name", "import a\nb = a.c\nb.d", {"a.c.d"}),
    ("itself", "x = x\nx", set()),
    ("bound later", "y = X\nfrom a import X\ny", set()),
    ("builtin", "open", {"builtins.open"}),
    ("shadowed builtin", "from a import *\nopen", set()),
    ("unbound", "nobody", set()),
    ("result of a call", "import boto3\ns3 = boto3.client('s3')\ns3.put_object", {"boto3.client().put_object"}),
    ("with", "import a\nwith a.connect() as c:\n    pass\nc.cursor", {"a.connect().cursor"}),
    ("own function", "def f(): pass\nf", {"dags.this.f"}),
    ("own method", "class C:\n    def m(self): pass\nC.m", {"dags.this.C.m"}),
    ("returned by a function", "import a\ndef f():\n    return a.B()\nf().go", {"a.B().go"}),
    ("parameter", "def f(x): return x\nf(1)", {"dags.this.f()"}),
    ("either", "import a, b\nx = a.X if c else b.X\nx", {"a.X", "b.X"}),
    ("one unknown makes all unknown", "import a\nx = a.X if c else y()\nx", set()),
    ("global set by a function", "import a\nx = a\ndef f():\n    global x\n    x = 1\nx", set()),
    ("loop variable", "for x in y: pass\nx", set()),
    ("deleted", "import a\ndel a\na", set()),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_qualified(text: str, expected: set[str], link: Linker, last_value: LastValue) -> None:
    module = link(text)
    assert set(module.qualified(last_value(module))) == expected


def names_in(module: Module, function: str) -> list[tuple[str, ...]]:
    return [
        module.qualified(site.node.func)
        for site in module.calls_under(module.functions[function])
        if site.callee != "use"
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import a\ndef f(): a.x()", [("a.x",)]),
        ("def f(): a.x()\nimport a", [("a.x",)]),
        ("import a\ndef f(a): a.x()", [()]),
        ("import a\ndef f():\n    a = 1\n    a.x()", [()]),
        ("import a\ndef f(s: a.Session): s.get()", [("a.Session().get",)]),
        ("import a\nclass C:\n    a = 1\n    def f(self): a.x()", [("a.x",)]),
        ("import a\ndef f():\n    return [a.x() for i in y]", [("a.x",)]),
        ("import a\ndef f():\n    return [a.x() for a in y]", [()]),
        ("import a\ndef f():\n    def g():\n        a.x()", [("a.x",)]),
    ],
)
def test_scopes(text: str, expected: list[tuple[str, ...]], link: Linker) -> None:
    module = link(text)
    path = next(path for path in module.functions if path.rpartition(".")[2] == "f")
    assert names_in(module, path) == expected


FILES: Mapping[str, str] = {
    "dags.common": "from airflow.sdk import DAG as Flow\nfrom dags.deep import g\nimport os\ndef helper(): pass\n",
    "dags.deep": "def g(): pass\n",
    "dags.star": "from dags.common import *\n",
    "dags.loop": "from dags.this import again\n",
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from dags.common import Flow\nFlow", {"airflow.sdk.DAG"}),
        ("from dags import common\ncommon.Flow", {"airflow.sdk.DAG"}),
        ("import dags.common\ndags.common.helper", {"dags.common.helper"}),
        ("from dags.common import g\ng", {"dags.deep.g"}),
        ("from dags.common import missing\nmissing", {"dags.common.missing"}),
        ("from dags.star import Flow\nFlow", {"dags.star.Flow"}),
        ("from dags.loop import again\nagain", {"dags.loop.again"}),
    ],
)
def test_names_of_other_files(text: str, expected: set[str], link: Linker, last_value: LastValue) -> None:
    module = link(text, FILES)
    assert set(module.qualified(last_value(module))) == expected


def test_reads_hold_misses_too(link: Linker, last_value: LastValue) -> None:
    module = link("from dags.common import g\nfrom gone import h\n(g, h)", FILES)
    pair = last_value(module)
    assert isinstance(pair, ast.Tuple)
    for item in pair.elts:
        module.qualified(item)
    assert {("python", "dags.common", "g"), ("python", "dags.deep", "g"), ("python", "gone", "")} <= module.reads


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def f(): pass\nf", ["f"]),
        ("from functools import partial\ndef f(): pass\npartial(f, 1)", ["f"]),
        ("f = lambda: 1\nf", ["<lambda>"]),
        ("from dags.common import helper\nhelper", ["helper"]),
        ("from dags.common import g as h\nh", ["g"]),
        ("import json\njson.dumps", []),
        ("class C:\n    def m(self): pass\nC().m", ["C.m"]),
    ],
)
def test_callables(text: str, expected: list[str], link: Linker, last_value: LastValue) -> None:
    module = link(text, FILES)
    assert [function.path for function in module.callables(last_value(module))] == expected


def test_callees(link: Linker) -> None:
    module = link(
        "from dags.common import helper\ndef f():\n    helper()\n    later = lambda: g()\ndef g():\n    f()\ng()\n",
        FILES,
    )
    (function,) = (each for site in module.calls() if site.callee == "f" for each in module.callables(site.node.func))
    assert [callee.path for _, callee in module.callees(function)] == ["helper"]
    assert [callee.path for _, callee in module.callees(None)] == ["g"]


def test_imports(link: Linker) -> None:
    module = link("import a.b\nfrom c import d\ndef f():\n    from .e import g\n")
    assert module.imports() == {"a.b", "c", "c.d", "dags.e", "dags.e.g"}


def test_scopes_have_paths(link: Linker) -> None:
    module = link("class A:\n    def m(self):\n        return [x for x in f(lambda: g())]\n")
    calls = {site.callee: site.node for site in module.calls()}
    assert module.scope_of(calls["f"]).name == "A.m"
    assert module.scope_of(calls["g"]).name == "A.m.<lambda>"
    assert [type(node).__name__ for node in module.enclosing(calls["g"])] == ["Lambda", "FunctionDef", "ClassDef"]


def test_files_that_export_each_other_and_themselves(workspace: type[Any]) -> None:
    files = {
        "requests": "from requests import *\nfrom requests import get\nimport requests\nx = requests.get(1)\n",
        "utils": "from helpers import *\nfrom helpers import f, g\nimport helpers\nx = f(g, helpers.f, **helpers.d)\n",
        "helpers": "from utils import *\nfrom utils import g as f, f as g\nimport utils\nd = {**utils.d}\nx = utils.f()\n",
    }
    made = workspace(files)
    for name in files:
        module = made.module(name)
        assert module is not None
        for site in module.calls():
            assert module.callables(site.node.func) == ()
            assert all(written.count(".") == 1 for written in module.qualified(site.node.func))


@pytest.mark.parametrize("count", [3, 200])
def test_a_long_chain_through_two_files_ends(workspace: type[Any], count: int) -> None:
    links = range(count)
    made = workspace(
        {
            "one": "import two\n" + "".join(f"def f{n}():\n    return two.g{n}()\n" for n in links) + "x = f0().done\n",
            "two": "import one\n" + "".join(f"def g{n}():\n    return one.f{n + 1}()\n" for n in links),
        }
    )
    module = made.module("one")
    assert module is not None
    statement = module.body[-1]
    assert isinstance(statement, ast.Assign)
    # Where the chain is too long to follow, its end is not known; it is no error.
    (found,) = module.qualified(statement.value)
    assert found.endswith("().done")
