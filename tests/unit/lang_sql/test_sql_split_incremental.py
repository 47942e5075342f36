"""Splitting again after an edit gives what splitting from scratch gives, whenever it says so."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from pipesense.lang.cut import Cut, Recut
from pipesense.lang.sql.split import resplit, split
from pipesense.text.buffer import TextBuffer
from pipesense.text.span import Span

BALANCED = [
    *(
        "a;",
        "select 1 ;",
        "\n",
        " ",
        "';'",
        '"a;b"',
        "-- c;\n",
        "/* ; */",
        "$$ ; $$",
        "{{ x }}",
        "{% if a %}",
        "{% macro m() %}",
        "{% endmacro %}",
        "{% set q %}",
        "{% set q = 1 %}",
        "{% endset %}",
        "x",
        ";",
    ),
    *(
        "case when 1 then 2 end",
        "insert into t values ('a');\n",
        "$x$ ';' $x$",
        "`a;b`",
        "begin;",
        "# x;\n",
        "\r\n",
        "😀",
    ),
]
LOOSE = [
    *("'", '"', "/*", "*/", "$$", "{{", "}}", "`", "--", "\nGO\n", "\\c db\n", "DELIMITER //\n", "#", "{#", "#}"),
    *("create procedure p() begin a; end;", "copy t from stdin;\n1;2\n\\.\n"),
]

texts = st.lists(st.sampled_from(BALANCED), max_size=30).map("".join)
edit = st.tuples(st.integers(0, 400), st.integers(0, 12))


def apply(cuts: list[Cut], recut: Recut, delta: int) -> list[Cut]:
    moved = [Cut(cut.start + delta, cut.end + delta, cut.kind) for cut in cuts[recut.last :]]
    return [*cuts[: recut.first], *recut.fresh, *moved]


def assert_tiles(cuts: list[Cut], text: str) -> None:
    at = 0
    for cut in cuts:
        assert cut.start == at
        assert cut.end > cut.start
        at = cut.end
    assert at == len(text)


@settings(max_examples=300, deadline=None)
@given(texts, st.lists(st.tuples(st.integers(0, 400), st.sampled_from(["x", " ", "\n", "1", "a b"])), max_size=6))
def test_typing_words_gives_the_full_split(text: str, edits: list[tuple[int, str]]) -> None:
    buffer = TextBuffer(text)
    cuts = split(text)
    for at, new in edits:
        offset = min(at, len(buffer.text))
        splice = buffer.replace(Span(offset, offset), new)
        recut = resplit(buffer.text, cuts, splice)
        cuts = apply(cuts, recut, splice.delta)
        assert_tiles(cuts, buffer.text)
        if recut.settled:
            assert cuts == split(buffer.text)
        else:
            cuts = split(buffer.text)


@settings(max_examples=300, deadline=None)
@given(texts, st.lists(st.tuples(edit, st.sampled_from([*BALANCED, *LOOSE, ""])), max_size=8))
def test_any_edits_tile_and_settled_means_equal(text: str, edits: list[tuple[tuple[int, int], str]]) -> None:
    buffer = TextBuffer(text)
    cuts = split(text)
    true = True
    for (at, length), new in edits:
        start = min(at, len(buffer.text))
        splice = buffer.replace(Span(start, min(start + length, len(buffer.text))), new)
        recut = resplit(buffer.text, cuts, splice)
        cuts = apply(cuts, recut, splice.delta)
        assert_tiles(cuts, buffer.text)
        true = true and recut.settled
        if true:
            assert cuts == split(buffer.text)
