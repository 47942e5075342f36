"""String expressions as texts with a way back to their source."""

from __future__ import annotations

import ast
from collections.abc import Callable

import pytest

from pipesense.lang.python.module import Module
from pipesense.lang.python.strings import literal
from pipesense.lang.python.syntax import parsed_of
from pipesense.text.source_map import PieceKind

Linker = Callable[..., Module]
LastValue = Callable[[Module], ast.expr]

TABLE: list[tuple[str, str, str, list[str], bool]] = [
    ("plain", "'select 1'", "select 1", [], True),
    ("escapes", r"'a\n\x41\u00e9\N{BULLET}\\ \101\q'", "a\nAé•\\ A\\q", [], True),
    ("escaped quotes", r"'\'a\\' '\\' 'b\''", "'a\\\\b'", [], True),
    ("raw", r"r'a\n'", r"a\n", [], True),
    ("line joined", "'a\\\nb'", "ab", [], True),
    ("triple", "'''a\n'b' é\n'''", "a\n'b' é\n", [], True),
    ("adjacent", "('a '  # note ' \n  \"b\"\n'c')", "a bc", [], True),
    ("sum", "'a' + ('b' + 'c')", "abc", [], True),
    ("sum with unknown", "'from ' + tbl + ' x'", "from h1_ x", ["tbl"], False),
    ("sum with constant", "T = 't'\n'from ' + T", "from t", [], True),
    ("f-string", "f'a {x} {{y}} b'", "a h1_ {y} b", ["{x}"], True),
    ("f-string with constant", "T = 't'\nf'from {T}'", "from t", [], True),
    ("f-string with everything", "f\"a {d['k']:>{w}} {x!r} {y=}\"", "a h1___________ h3___ h5__", ["{d['k']:>{w}}", "{x!r}", "{y=}"], True),
    ("f-string beside plain", "f'{x}' '{x}'", "h0_{x}", ["{x}"], True),
    ("format", "'a {} {x} {0.b} {{}}'.format(1, x=y)", "a 1 h3_ h5___ {}", ["{x}", "{0.b}"], True),
    ("percent", "'a %s %(n)s 5%%' % v", "a h1 h3___ 5%", ["%s", "%(n)s"], True),
    ("percent left alone", "'a %s 5%%'", "a %s 5%%", [], True),
    ("dedent", "import textwrap\ntextwrap.dedent('''\n  a''').strip()", "\n  a", [], True),
    ("name", "SQL = 'a'\nSQL", "a", [], True),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "virtual", "holes", "complete"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE]
)
def test_text(text: str, virtual: str, holes: list[str], complete: bool, link: Linker, last_value: LastValue) -> None:
    module = link(text)
    found = literal(last_value(module), module)
    assert found is not None
    assert (found.text, [hole.text for hole in found.holes], found.complete) == (virtual, holes, complete)
    assert [len(hole.text) for hole in found.holes] == [hole.span.end - hole.span.start for hole in found.holes]
    source = next(unit.text for unit in module.units if unit.unit == found.loc.unit)
    at = 0
    for piece in found.map.pieces:
        assert piece.virtual.start == at
        at = piece.virtual.end
        if piece.kind is PieceKind.VERBATIM:
            assert piece.virtual.of(found.text) == piece.source.of(source)
        if piece.kind is PieceKind.MASKED:
            assert piece.source.of(source) in holes
    assert at == len(found.text)


@pytest.mark.parametrize(
    "text",
    [
        "1",
        "b'a'",
        "f(x)",
        "x",
        "'a' if c else 'b'",
        "S = 'a'\nif c:\n    S = 'b'\nS",
        "S = 'a'\nS += 'b'\nS",
        "'a'.replace('a', 'b')",
        "[1]",
    ],
)
def test_no_text(text: str, link: Linker, last_value: LastValue) -> None:
    module = link(text)
    assert literal(last_value(module), module) is None


@pytest.mark.parametrize(
    "text",
    ["'é\\t' \"x\"", "'''a\r\nb'''", "'\\N{LATIN SMALL LETTER E WITH ACUTE}'", "u'a' r'\\d' 'b'", "'\\\r\nx'"],
)
def test_text_is_what_python_makes_of_it(text: str, link: Linker, last_value: LastValue) -> None:
    module = link(text)
    found = literal(last_value(module), module)
    assert found is not None
    assert found.text.replace("\r\n", "\n") == ast.literal_eval(text)


def test_inside_a_file_the_map_counts_from_the_unit(link: Linker) -> None:
    module = link("import a\n\nwith a as b:\n    op(sql='é' f'x{y}z')\n")
    (site,) = module.calls()
    found = literal(site.node.keywords[0].value, module)
    assert found is not None
    unit = parsed_of(site.node).text
    assert [piece.source.of(unit) for piece in found.map.pieces] == ["é", "x", "{y}", "z"]
