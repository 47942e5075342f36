"""The cuts that a tree tells are those that a scan of the text finds, or none are told."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from pipesense.lang.cut import Cut
from pipesense.lang.python.by_tree import cuts_by_tree
from pipesense.lang.python.split import first, split

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent.parent
SOURCES = sorted(path for folder in ("server", "rules", "tests") for path in (ROOT / folder).rglob("*.py"))

LINES = "".join(f"    value_{n} = load({n})\n" for n in range(30))
DEEP = "".join(f"        value_{n} = load({n})\n" for n in range(30))

CERTAIN = [
    pytest.param("# only a comment\n", id="no statement"),
    pytest.param("x = 1", id="one line without a break"),
    pytest.param("# head\n\nimport os\n# behind\nx = 1; y = 2\n", id="comments and two statements on one line"),
    pytest.param('"""Text\n"""; x = 1\ny = 2\n', id="a statement behind a text of several lines"),
    pytest.param(f"def f():\n    # before\n\n{LINES}# between\nf()\n", id="a large function"),
    pytest.param(f"@one\n@two(\n    1,\n)\n# note\nclass A(\n    B,\n):\n{LINES}", id="a decorated class"),
    pytest.param(f"class A:\n    def f(self):\n{DEEP}    @p\n    def g(self):\n{DEEP}x = 1\n", id="large methods"),
    pytest.param(f"if a:\n{LINES}else:\n    x = 1\n", id="a condition with an else"),
    pytest.param(f"for a in b:\n    if c:\n{DEEP}    else:\n        d()\n", id="an else in a large body"),
    pytest.param(f"try:\n{LINES}except (A, B):\n    x = 1\nfinally:\n    y = 1\n", id="exceptions"),
    pytest.param(f"with a: x(\n{LINES.replace('=', ',').replace('load', '').replace(')', '),')})\n", id="on one line"),
    pytest.param(
        f'def f():\n    """Text.\n\n    with this\n    return that\n    """\n{LINES}', id="words in a docstring"
    ),
    pytest.param(f'def f():\n{LINES}    run("""\nimport a\nb = 1\n""")\n', id="code in a text at the edge"),
    pytest.param(f"def f():\n{LINES}    run('a \\\nimport b')\n", id="a text over two lines"),
    pytest.param("x = [\n1,\n*a,\n]\ny = 1\n", id="values at the edge of a list"),
    pytest.param(f"if a:\n\t{LINES.replace('    ', chr(9)).strip()}\n", id="tabs"),
]


def cuts_of(text: str) -> list[Cut] | None:
    found = cuts_by_tree(text, ast.parse(text).body)
    return found[0] if found is not None else None


@pytest.mark.parametrize("text", CERTAIN)
def test_a_tree_tells_what_a_scan_finds(text: str) -> None:
    assert cuts_of(text) == split(text)


@pytest.mark.parametrize("path", SOURCES[::7], ids=lambda path: path.name)
def test_a_tree_tells_the_cuts_of_whole_files(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert cuts_of(text) == split(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("x = f(\na = 1,\n)\n", id="an argument at the edge"),
        pytest.param(f"def f():\n{LINES}    g(\nh(1),\n    )\n", id="a call at the edge of a function"),
        pytest.param("x = [y\nif z:\n", id="a bracket left open"),
        pytest.param("a = 1\r\nb = 2\r\n", id="line breaks of another system"),
        pytest.param("\ufeffimport os\nx = 1\n", id="a byte order mark"),
        pytest.param("", id="nothing"),
    ],
)
def test_where_a_scan_might_see_something_else_the_scan_decides(text: str) -> None:
    assert first(text)[0] == split(text)


def test_a_line_in_brackets_that_looks_like_a_statement_is_left_to_the_scan() -> None:
    text = "x = f(\na = 1,\n)\n"
    assert cuts_of(text) is None
