"""Which calls run while a file is imported."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pipesense.lang.python.module import Module
from pipesense.lang.python.parse_time import parse_context

Linker = Callable[..., Module]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("io()", {()}),
        ("with dag() as d:\n    io()", {()}),
        ("for x in y:\n    io()", {()}),
        ("x = [io() for y in z]", {()}),
        ("class C:\n    x = io()", {()}),
        ("def f(x=io()): pass", {()}),
        ("@io()\ndef f(): pass", {()}),
        ("def f():\n    io()", None),
        ("def f():\n    io()\nf()", {("f",)}),
        ("def f():\n    io()\ndef g():\n    f()\ng()", {("g", "f")}),
        ("def f():\n    def g():\n        io()\n    g()\nf()", {("f", "f.g")}),
        ("class C:\n    def __init__(self):\n        io()\nC()", {("C.__init__",)}),
        ("class C:\n    def m(self):\n        io()\nC()", None),
        ("x = lambda: io()", None),
        ("x = lambda: io()\nx()", {("<lambda>",)}),
        ("def f():\n    io()\nOp(python_callable=f)", None),
        ("@task\ndef f():\n    io()\nf()", None),
        ("import functools\n@functools.lru_cache\ndef f():\n    io()\nf()", {("f",)}),
        ("if __name__ == '__main__':\n    io()", None),
        ("def f():\n    io()\nif __name__ == '__main__':\n    f()", None),
        ("if TYPE_CHECKING:\n    io()", None),
        ("if __name__ == '__main__':\n    pass\nelse:\n    io()", {()}),
    ],
)
def test_calls_at_import(text: str, expected: set[tuple[str, ...]] | None, link: Linker) -> None:
    found = {via for site, via in parse_context(link(text)).calls() if site.callee == "io"}
    assert found == (expected or set())


def test_entries_run_and_deferred_functions_do_not(link: Linker) -> None:
    module = link(
        "@dag\ndef flow():\n    io1()\n    @task\n    def t():\n        io2()\n    t()\n    help()\n"
        "def help():\n    io3()\n"
        "def factory():\n    @dag\n    def inner():\n        io4()\n    inner()\n"
    )
    found = parse_context(
        module,
        entry=lambda function: any(getattr(each, "id", "") == "dag" for each in function.decorator_list),
        deferred=lambda function: any(getattr(each, "id", "") == "task" for each in function.decorator_list),
    )
    vias = {site.callee: via for site, via in found.calls() if site.callee.startswith("io")}
    assert vias == {"io1": (), "io3": ("help",)}
