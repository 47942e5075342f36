"""Where a Python file is cut."""

from __future__ import annotations

import ast
import os
import sysconfig
import warnings
from pathlib import Path
from typing import cast

import pytest

from pipesense.lang.cut import Cut
from pipesense.lang.python.split import LARGE, split
from pipesense.text.line_index import line_starts


def units(text: str) -> list[str]:
    return [text[cut.start : cut.end] for cut in split(text)]


@pytest.mark.parametrize(
    "expected",
    [
        ["a = 1\n", "b = 2\n"],
        ["a = 1  # why\n\n# about b\n", "b = 2\n"],
        ["# header\n\n", "a = 1\n"],
        ['"""doc\nx = 1\n"""\n', "a = 1\n"],
        ["a = [\n1,\nb,\n]\n", "c = 1\n"],
        ["a = 1 + \\\n2\n", "b = 1\n"],
        ["if a:\n    b\nelif c:\n    d\nelse:\n    e\n", "f()\n"],
        ["try:\n    a\nexcept E:\n    b\nelse:\n    c\nfinally:\n    d\n", "e\n"],
        ["@a\n@b(\n    1\n)\n# comment\ndef f(): pass\n", "@c\nclass D: pass\n"],
        ["match x:\n    case 1: pass\n", "case = 1\n", "match = 2\n"],
        ["a = '''x\n\"\"\"\ny'''\n", "b = f\"{'x'}\"\n", 'c = "\\""\n', "d = 1\n"],
        ["a = '\\\nb'\n", "c = 1\n"],
        ["\fclass A: pass\n", "\n\fb = 1\n"],
        ["a = 1\r\n", "b = (\r\n1)\r\n", "c = 'x\\\r\ny'\r\n", "d"],
        ["a = 1; b = 2\n", "c"],
        ["x = dict(\na=1,\nb=f(2),\n)\n", "y = 1\n"],
        ["\ufeffa = 1\n", "b = 1\n"],
    ],
)
def test_units_of_valid_code(expected: list[str]) -> None:
    text = "".join(expected)
    ast.parse(text.replace("\ufeff", ""))
    # A unit with a form feed on a line of its own before it belongs to the unit before.
    assert [unit.strip() for unit in units(text)] == [unit.strip() for unit in expected]
    assert "".join(units(text)) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = f(\ndef g():\n    pass\n", ["a = f(\n", "def g():\n    pass\n"]),
        ("a = f(1,\nb = g(2)\nc = h(3)\n", ["a = f(1,\n", "b = g(2)\n", "c = h(3)\n"]),
        ("a = [\nimport os\nb = 1\n", ["a = [\n", "import os\n", "b = 1\n"]),
        ("x = (\nwith DAG('a'):\n    b\n", ["x = (\n", "with DAG('a'):\n    b\n"]),
        ("a = 'open\nb = 1\n", ["a = 'open\n", "b = 1\n"]),
        (
            'a = """open\nimport os\ndef f():\n    """doc"""\n',
            ['a = """open\n', "import os\n", 'def f():\n    """doc"""\n'],
        ),
        ("@task\nb = 1\n", ["@task\n", "b = 1\n"]),
        ("a = 1\nelse:\n    b\n", ["a = 1\n", "else:\n    b\n"]),
        (")\na = 1\n", [")\n", "a = 1\n"]),
    ],
)
def test_broken_code_costs_one_unit(text: str, expected: list[str]) -> None:
    assert units(text) == expected


def test_no_units_for_no_text() -> None:
    assert split("") == []


def body(count: int, line: str = "    x = 1\n") -> str:
    return line * count


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("with a:\n" + body(LARGE), ["header", *["child"] * LARGE]),
        ("with a:\n" + body(LARGE - 1), ["statement"]),
        ("async def f(\n    a,\n):\n" + body(LARGE), ["header", *["child"] * LARGE]),
        ("@a(\n1)\nclass A:\n    # first\n" + body(LARGE) + "# end\n", ["header", *["child"] * LARGE]),
        ("if a:\n" + body(LARGE) + "else:\n    b\n", ["statement"]),
        ("try:\n" + body(LARGE) + "except E:\n    b\n", ["statement"]),
        ("match a:\n" + body(LARGE, "    case 1: b\n"), ["statement"]),
        ("for a in b:\n\tif c:\n\t\td\n\telse:\n\t\te\n" + body(LARGE, "\tx\n"), ["header", *["child"] * (LARGE + 1)]),
        ("x = [\n" + body(LARGE + 5, "  1,\n") + "]\n", ["statement"]),
        (
            "with a:\n    b\n    @c\n    # why\n    def f(\n        x,\n    ):\n"
            + body(LARGE, "        y\n")
            + "    d\n",
            ["header", "child", "inner header", *["inner child"] * LARGE, "child"],
        ),
        (
            "class A:\n    b\n    if c:\n" + body(LARGE, "        y\n") + "    else:\n        z\n",
            ["header", "child", "child"],
        ),
        (
            "class A:\n    def f(s):\n        for i in s:\n" + body(LARGE, "            y\n"),
            ["header", "inner header", "inner child"],
        ),
    ],
)
def test_large_statements_have_headers_and_children(text: str, kinds: list[str]) -> None:
    ast.parse(text)
    assert [cut.kind for cut in split(text)] == kinds


def test_a_child_with_an_open_bracket_leaves_the_others() -> None:
    lines = [f"    t{number} = Op({number})\n" for number in range(LARGE + 5)]
    lines[3] = "    t3 = Op(\n"
    found = units("with DAG() as d:\n" + "".join(lines))
    assert found == ["with DAG() as d:\n", *lines]


def corpus_files() -> list[Path]:
    """Installed packages of this interpreter, and the checkouts in CORPUS where that is set."""
    folders = [sysconfig.get_path("purelib"), os.environ.get("CORPUS", "")]
    files = [file for folder in folders if folder for file in sorted(Path(folder).rglob("*.py"))]
    return files[:: max(1, len(files) // 400)] if not os.environ.get("CORPUS") else files


def statement_starts(text: str, statements: list[ast.stmt]) -> list[int]:
    """Where the lines start with which statements begin, decorators included."""
    starts = line_starts(text)
    lines = [
        min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", ()))])
        for node in statements
    ]
    return [starts[line - 1] for line in dict.fromkeys(lines)]


def bodies(cuts: list[Cut], header: str, inside: tuple[str, ...]) -> list[tuple[int, list[int]]]:
    """The start of each header of a kind, and those of the units of its body."""
    found: list[tuple[int, list[int]]] = []
    for cut in cuts:
        if cut.kind == header:
            found.append((cut.start, []))
        elif cut.kind in inside:
            found[-1][1].append(cut.start)
    return found


def compound_statements(tree: ast.Module, text: str) -> dict[int, ast.With]:
    """The statements with a body at the two outermost levels, by where they start."""
    outer = [node for node in tree.body if hasattr(node, "body")]
    inner = [node for each in outer for node in cast("ast.With", each).body if hasattr(node, "body")]
    nodes = [*inner, *outer]
    return {statement_starts(text, [node])[0]: cast("ast.With", node) for node in nodes}


def test_boundaries_are_those_of_ast() -> None:
    files = corpus_files()
    if len(files) < 50:
        pytest.skip("NOT CHECKED against real code: no installed packages and no CORPUS")
    compared = 0
    for file in files:
        try:
            text = file.read_bytes().decode()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError):
            continue
        cuts = split(text)
        compounds = compound_statements(tree, text)
        outermost = ("statement", "header")
        found = [cut.start for cut in cuts if cut.kind in outermost]
        expected = statement_starts(text, tree.body)
        assert expected in (found, found[1:]), file
        for header, inside in (("header", ("child", "inner header")), ("inner header", ("inner child",))):
            for at, children in bodies(cuts, header, inside):
                assert children == statement_starts(text, compounds[at].body), (file, header, at)
        compared += 1
    assert compared >= 50
