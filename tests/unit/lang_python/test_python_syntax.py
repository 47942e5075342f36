"""Parsing one unit, and where its nodes stand."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable

import pytest

from pipesense.lang.python.module import Module
from pipesense.lang.python.split import LARGE
from pipesense.lang.python.syntax import parse_unit, span_of, unit_of

SOURCES = [
    "a = f(x, 'é', y)\n",
    "𝒳 = ['日本', b]; c = d\n",
    "\tif a:\n\t\tb = 'ü' + c\n",
    "a = '''é\né'''  + b\n",
    "x = 1\r\ny = ('é',\r\n  z)\r\n",
    "\fq = r\n",
    "    with a as b:\n        c(é)\n    # end\n",
]


@pytest.mark.parametrize("text", SOURCES)
def test_spans_hold_the_characters_of_the_node(text: str) -> None:
    kind = "child" if text[0] in " \t" else "statement"
    unit = parse_unit(7, kind, text)
    assert unit.problem is None
    names = [node for statement in unit.body for node in ast.walk(statement) if isinstance(node, ast.Name)]
    assert names
    for name in names:
        assert span_of(name).of(text) == name.id or (name.id == "X" and span_of(name).of(text) == "𝒳")
        assert unit_of(name) == 7


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("a = (\n", "("),
        ("é = 1 +* 2\n", "*"),
        ("x = 'open\n", "'"),
        ("a b\n", "b"),
    ],
)
def test_a_problem_says_where(text: str, where: str) -> None:
    problem = parse_unit(1, "statement", text).problem
    assert problem is not None
    assert problem.message
    assert problem.span.of(text).startswith(where)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000,
        "a = " + "[" * 3000 + "]" * 3000,
        "a = b" + " + b" * 50_000,
        "a\x00b",
        "x = " + "-" * 20_000 + "1",
        "if 1:\n" * 200,
    ],
)
def test_no_text_raises(text: str) -> None:
    for kind in ("statement", "header", "child"):
        assert parse_unit(1, kind, text).kind == kind


def test_a_child_of_another_indentation_is_a_problem() -> None:
    problem = parse_unit(1, "child", "    a = 1\n  b = 2\n").problem
    assert problem is not None


def test_invalid_escapes_warn_nobody() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert parse_unit(1, "statement", "a = '\\d'\n").problem is None


@pytest.mark.parametrize("text", ["", "\n# nothing\n", "\ufeff"])
def test_no_code_is_no_problem(text: str) -> None:
    unit = parse_unit(1, "statement", text)
    assert (unit.body, unit.problem) == ([], None)


def test_byte_order_mark() -> None:
    unit = parse_unit(1, "statement", "\ufeffa = b\n")
    (statement,) = unit.body
    assert isinstance(statement, ast.Assign)
    assert span_of(statement.value).of(unit.text) == "b"


def test_stitched_units_are_the_whole_tree(link: Callable[..., Module]) -> None:
    text = (
        '"""Doc."""\nimport os\n@dag(\n  a=1)\ndef f(x, *, y=2):\n    """Inner."""\n'
        + "    z = [i for i in x]\n    if z:\n        return y\n" * 12
        + "class A(B):\n"
        + "    def m(self):\n        return 'é'\n" * 15
        + "f(1)\n"
    )
    module = link(text)
    assert [unit.kind for unit in module.units].count("header") == 2
    assert ast.dump(ast.Module(module.body, [])) == ast.dump(ast.parse(text))


def test_children_of_a_broken_header_are_orphans(link: Callable[..., Module]) -> None:
    module = link("x = 1\ndef f(:\n" + "    x = requests.get(1)\n" * (LARGE + 1) + "y = x\n")
    assert module.broken
    assert len(module.orphans) == LARGE + 1
    assert [site.callee for site in module.calls()] == []
    assert [unit.problem is not None for unit in module.units][:3] == [False, True, False]
