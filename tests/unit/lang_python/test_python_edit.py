"""Insertions and removals that keep the file's style."""

from __future__ import annotations

import ast
from collections.abc import Callable

import pytest

from pipesense.lang.python import edit
from pipesense.lang.python.module import Module
from pipesense.model.change import Refusal

Linker = Callable[..., Module]
Changed = Callable[..., str]
LastValue = Callable[[Module], ast.expr]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("f()", "f(a=1, b=2)"),
        ("f(x)", "f(x, a=1, b=2)"),
        ("f(x, )", "f(x, a=1, b=2, )"),
        ("f(x=(1))", "f(x=(1), a=1, b=2)"),
        ("f(**k)", "f(a=1, b=2, **k)"),
        ("f(\n    x,\n)", "f(\n    x,\n    a=1,\n    b=2,\n)"),
        ("f(\n    x\n)", "f(\n    x,\n    a=1,\n    b=2\n)"),
        ("f(\n    x,  # why, (here)\n)", "f(\n    x,  # why, (here)\n    a=1,\n    b=2,\n)"),
        ("f(\n    x  # why\n)", "f(\n    x,  # why\n    a=1,\n    b=2\n)"),
        ("f(\n    x,\n    y)", "f(\n    x,\n    y,\n    a=1,\n    b=2)"),
        ("f(\n    x,\n    **k,\n)", "f(\n    x,\n    a=1,\n    b=2,\n    **k,\n)"),
        ("f(x,\r\n  y,\r\n)", "f(x,\r\n  y,\r\n  a=1,\r\n  b=2,\r\n)"),
        ("f(x, y='é')", "f(x, y='é', a=1, b=2)"),
    ],
)
def test_add_keywords(before: str, after: str, link: Linker, last_value: LastValue, changed: Changed) -> None:
    module = link(before)
    call = last_value(module)
    assert isinstance(call, ast.Call)
    assert changed(module, edit.add_keywords(module, call, [("a", "1"), ("b", "2")])) == after


def test_a_lone_generator_leaves_no_room(link: Linker, last_value: LastValue) -> None:
    module = link("f(x for x in y)")
    call = last_value(module)
    assert isinstance(call, ast.Call)
    assert edit.add_keywords(module, call, [("a", "1")]) == ()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("{}", '{"k": 1}'),
        ("{'x': 1}", "{'x': 1, 'k': 1}"),
        ('{\n    "x": 1,\n}', '{\n    "x": 1,\n    "k": 1,\n}'),
        ("{\n    'x': 1  # last\n}", "{\n    'x': 1,  # last\n    'k': 1\n}"),
        ("{**x}", '{**x, "k": 1}'),
        ("{\n    **x,\n}", '{\n    **x,\n    "k": 1,\n}'),
        ("{'x': (\n    1\n)}", "{'x': (\n    1\n), 'k': 1}"),
    ],
)
def test_add_entries(before: str, after: str, link: Linker, last_value: LastValue, changed: Changed) -> None:
    module = link(before)
    node = last_value(module)
    assert isinstance(node, ast.Dict)
    assert changed(module, edit.add_entries(module, node, [("k", "1")])) == after


@pytest.mark.parametrize(
    ("before", "written", "after"),
    [
        ("from datetime import timedelta\n", "timedelta", None),
        ("from datetime import timedelta as td\n", "td", None),
        ("import datetime\n", "datetime.timedelta", None),
        ("import datetime as dt\n", "dt.timedelta", None),
        ("from datetime import datetime\nx = 1\n", "timedelta", "from datetime import datetime, timedelta\nx = 1\n"),
        (
            "from datetime import (\n    datetime,\n    date,\n)\n",
            "timedelta",
            "from datetime import (\n    datetime,\n    date,\n    timedelta,\n)\n",
        ),
        ("import os\nx = 1\n", "timedelta", "import os\nfrom datetime import timedelta\nx = 1\n"),
        ("'''Doc.'''\nx = 1\n", "timedelta", "'''Doc.'''\n\nfrom datetime import timedelta\n\nx = 1\n"),
        ("# header\n\nx = 1\n", "timedelta", "# header\n\nfrom datetime import timedelta\n\nx = 1\n"),
        ("@a\ndef f(): pass\n", "timedelta", "from datetime import timedelta\n\n\n@a\ndef f(): pass\n"),
        ("import os  # why\r\nx\r\n", "timedelta", "import os  # why\r\nfrom datetime import timedelta\r\nx\r\n"),
        (
            "import os\ntimedelta = 1\n",
            "timedelta_",
            "import os\nfrom datetime import timedelta as timedelta_\ntimedelta = 1\n",
        ),
        ("def f():\n    from datetime import timedelta\n", "timedelta_", None),
    ],
)
def test_add_import(before: str, written: str, after: str | None, link: Linker, changed: Changed) -> None:
    module = link(before)
    found, parts = edit.add_import(module, "timedelta", "datetime")
    assert found == written
    if after is not None:
        assert changed(module, parts) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = 1\ny\n", "x = 1\na = 1\nb\ny\n"),
        ("x = 1", "x = 1\na = 1\nb"),
        ("x = f(\n    1,\n)  # why\ny", "x = f(\n    1,\n)  # why\na = 1\nb\ny"),
        ("with a:\n    x = 1\n\n# end\n", "with a:\n    x = 1\na = 1\nb\n\n# end\n"),
        ("with a:\n" + "    x\n" * 40 + "y\n", "with a:\n" + "    x\n" * 40 + "a = 1\nb\ny\n"),
    ],
)
def test_add_after_a_top_level_statement(before: str, after: str, link: Linker, changed: Changed) -> None:
    module = link(before)
    assert changed(module, edit.add_after(module, module.body[0], "a = 1\nb")) == after


def test_add_after_keeps_the_indentation(link: Linker, changed: Changed) -> None:
    module = link("with a:\n" + "    x\n" * 40)
    inner = module.body[0]
    assert isinstance(inner, ast.With)
    result = changed(module, edit.add_after(module, inner.body[3], "y = (\n    1\n)"))
    assert result == "with a:\n" + "    x\n" * 4 + "    y = (\n        1\n    )\n" + "    x\n" * 36


@pytest.mark.parametrize(
    ("before", "name", "after"),
    [
        ("f(a=1, b=2)", "a", "f(b=2)"),
        ("f(a=1, b=2)", "b", "f(a=1)"),
        ("f(a=1)", "a", "f()"),
        ("f(\n    a=1,\n    b=2,\n)", "a", "f(\n    b=2,\n)"),
        ("f(\n    a=1,\n    b=2\n)", "b", "f(\n    a=1,\n)"),
        ("f(\n    a=1,  # keep\n    b=2,\n)", "a", "f(\n      # keep\n    b=2,\n)"),
        ("f(\n    a=g(\n        1,\n    ),\n    b=2,\n)", "a", "f(\n    b=2,\n)"),
        ("f(a=1,\n  b=2)", "b", "f(a=1)"),
    ],
)
def test_remove_keyword(
    before: str, name: str, after: str, link: Linker, last_value: LastValue, changed: Changed
) -> None:
    module = link(before)
    call = last_value(module)
    assert isinstance(call, ast.Call)
    (keyword,) = (keyword for keyword in call.keywords if keyword.arg == name)
    assert changed(module, edit.remove_keyword(module, call, keyword)) == after


def test_remove_entry(link: Linker, last_value: LastValue, changed: Changed) -> None:
    module = link("{\n    'a': 1,\n    'b': 2,\n    **c,\n}")
    node = last_value(module)
    assert isinstance(node, ast.Dict)
    parts = edit.remove_entry(module, node, "b")
    assert not isinstance(parts, Refusal)
    assert changed(module, parts) == "{\n    'a': 1,\n    **c,\n}"
    assert isinstance(edit.remove_entry(module, node, "c"), Refusal)


def test_rename_and_replace(link: Linker, last_value: LastValue, changed: Changed) -> None:
    module = link("f(old = x)")
    call = last_value(module)
    assert isinstance(call, ast.Call)
    assert changed(module, (edit.rename_keyword(module, call.keywords[0], "new"),)) == "f(new = x)"
    assert changed(module, (edit.replace_node(module, call.keywords[0].value, "y"),)) == "f(old = y)"
