"""A file parsed at once is the file parsed unit by unit: the same trees, in the same places, in the same units."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from pipesense.lang.python.split import first, split
from pipesense.lang.python.syntax import ParsedUnit, parse_unit, span_of
from pipesense.lang.python.whole import parse_whole

HERE = Path(__file__).resolve().parent
SOURCES = sorted((HERE.parent.parent.parent / "server").rglob("*.py"))

LARGE_DAG = (
    "from airflow import DAG\n\n# above the DAG\n"
    '@dag(\n    schedule="@daily",\n)\ndef orders():\n    # before the first task\n'
    + "".join(f'    task_{n} = load("é {n}")  # {n}\n' for n in range(20))
    + "    with TaskGroup('loads'):\n"
    + "".join(f"        inner_{n} = load(\n            {n},\n        )\n" for n in range(12))
    + "    @task\n    def last(): return f'''{inner_1}\n    {inner_2!r}'''\n\n\n# the end\norders(); done = 1\n"
)


def alone(text: str) -> list[ParsedUnit]:
    return [parse_unit(n, cut.kind, text[cut.start : cut.end]) for n, cut in enumerate(split(text))]


def together(text: str) -> list[ParsedUnit] | None:
    cuts = split(text)
    return parse_whole(text, range(len(cuts)), cuts)


def by_tree(text: str) -> list[ParsedUnit]:
    cuts, whole = first(text)
    assert whole.told is not None
    pieces = whole.share(text, range(len(cuts)), cuts)
    return [
        ParsedUnit(n, cut.kind, text[cut.start : cut.end], pieces[n][0], None, pieces[n][1])
        for n, cut in enumerate(cuts)
    ]


def shown(unit: ParsedUnit) -> object:
    body = [] if unit.kind.endswith("header") else unit.body
    held = [(type(node).__name__, span_of(node)) for each in body for node in ast.walk(each) if hasattr(node, "_place")]
    head = [(type(each).__name__, span_of(each)) for each in unit.body]
    calls = [(site.callee, span_of(site.node)) for site in unit.index.calls]
    names = (sorted(unit.index.mentions), [len(each) for each in unit.index.bindings.values()])
    return unit.kind, unit.text, head, [ast.dump(each) for each in body], held, calls, names


@pytest.mark.parametrize("path", SOURCES[::9], ids=lambda path: path.name)
def test_a_file_parsed_at_once_is_what_its_units_are(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    found = together(text)
    assert found is not None
    assert list(map(shown, found)) == list(map(shown, alone(text)))


def test_bodies_of_large_statements_go_to_their_own_units() -> None:
    found = together(LARGE_DAG)
    assert found is not None
    assert {"header", "child", "inner header", "inner child"} <= {unit.kind for unit in found}
    assert list(map(shown, found)) == list(map(shown, alone(LARGE_DAG)))


@pytest.mark.parametrize("path", SOURCES[4::9], ids=lambda path: path.name)
def test_what_the_tree_tells_of_each_unit_is_what_the_units_are(path: Path) -> None:
    text = path.read_text(encoding="utf-8") or "\n"
    assert list(map(shown, by_tree(text))) == list(map(shown, alone(text)))


@pytest.mark.parametrize("text", [LARGE_DAG, "# nothing\n", "# a\n\nx = 1; y = 2\n# b\n", '"""A\n"""; x = 1\ny = 2'])
def test_the_tree_tells_what_stands_in_large_statements_and_between_comments(text: str) -> None:
    assert list(map(shown, by_tree(text))) == list(map(shown, alone(text)))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a = 1\nb = (\nc = 2\nd = 3\n", id="an open bracket"),
        pytest.param("a = 1\r\nb = 2\r\n", id="line breaks of another system"),
        pytest.param("a = 1\n\f\nb = 2\n", id="a form feed"),
        pytest.param("\ufeffa = 1\nb = 2\n", id="a byte order mark"),
        pytest.param("a = 1\0\nb = 2\n", id="a null character"),
        pytest.param("print 'a'\nb = 2\n", id="Python 2"),
    ],
)
def test_what_is_read_differently_is_left_to_each_unit(text: str) -> None:
    assert together(text) is None


def test_statements_that_the_cut_puts_elsewhere_are_left_to_each_unit() -> None:
    text = "a = (\n    1,\n)\nb = 2\n"
    cuts = split(text)
    moved = [cuts[0]._replace(end=7), cuts[1]._replace(start=7)]
    assert parse_whole(text, range(2), moved) is None
