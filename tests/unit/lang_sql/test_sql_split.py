"""Cutting scripts into statements."""

from __future__ import annotations

import pytest

from pipesense.lang.sql.split import resplit, split
from pipesense.text.buffer import TextBuffer
from pipesense.text.span import Span

# Statements are separated by "¦" in the tables; the text is what remains without it.
CASES = {
    "semicolons": "a;¦ b;¦c",
    "comments belong to what follows": "a;¦ -- x; y\n/* ; */ b;¦\n-- end",
    "blanks behind the last one belong to it": "a;¦b;\n\n",
    "only blanks": " \n ",
    "empty statements": ";¦;¦a",
    "quotes": "a ';' \"b;c\" `d;e`;¦f",
    "doubled quotes": "'it''s; x';¦a",
    "backslashes": "'it\\'s; x';¦a",
    "a lone backslash": "a LIKE 'b' ESCAPE '\\';¦c",
    "nested comments": "/* ; /* ; */ ; */ a;¦b",
    "a comment that does not nest": "/* a /* ; */ b;¦c",
    "dollar quotes": "$$ ; $$ a;¦$t$ ; $$ ; $t$;¦b",
    "tags": "{{ \"}};\" }} a;¦{% if ';' %} b;¦{# ; #} c",
    "macros": "{% macro m() %} a; b; {% endmacro %} c;¦{%- set q -%} d; {%- endset -%}",
    "a macro that never ends": "{% macro m() %} a;¦b;",
    "a block inside its like": "{% call a() %} b; {% call c() %} d; {% endcall %} e; {% endcall %}",
    "set with a value": "{% set a = 1 %} b;¦{% if c %} d;¦{% endif %} e;",
    "a hash at the start of a line": "# a; b\nc;¦d",
    "a hash elsewhere": "a #b;¦c",
    "a transaction": "begin;¦a;¦commit;¦BEGIN TRANSACTION;¦b;¦end;",
    "a block": "BEGIN a; b; END;¦c",
    "nested blocks": "begin a; begin b; end; case when c then d; end case; end;¦e",
    "case is no block": "select case when a then b end;¦c",
    "if in a block": "begin if a then b; else c; end if; d; end;¦e",
    "a procedure": "create or replace procedure p() as begin a; select case x when 1 then 2 end; b; end;¦c",
    "a procedure with declarations": "create procedure p as declare x int; y int; begin a; end;¦b",
    "a function with a body in dollars": "create function f() as $$ begin a; end $$ language sql;¦b",
    "a function without a body": "create function f() returns int return 1;¦b",
    "a block that never ends": "begin a;¦b;¦c",
    "if that ends with its statement": "if exists (select 1) drop table x;¦b",
    "a scripted if": "IF a THEN b; ELSEIF c THEN d; END IF;¦e",
    "loops": "loop a; end loop;¦while b do c; end while;¦for r in (select 1) do d; end for;¦e",
    "on conflict do": "create procedure p() begin insert on conflict do nothing; a; end;¦b",
    "psql commands": "\\c db\n¦select 1;¦\n\\i x.sql\n¦select 2",
    "go": "select 1\nGO\n¦select 2\ngo\n¦GO\n¦b",
    "go is no name": "select 1 as\ngoat;¦b",
    "delimiter": "DELIMITER //\n¦create procedure p() begin a; b; end//¦\nDELIMITER ;\n¦select 1;¦b",
    "copy data": "copy t from stdin;\n1;2\n'x\n\\.\n¦select 1;",
    "alter table after alter table": "ALTER TABLE a\nADD b int\n\n¦ALTER TABLE c ADD d int\n¦declare @e int;",
    "alter table inside a quote": "alter table a add b text default '\nalter table c';¦d",
    "alter table in a column's name": "alter table a\nadd alter_table int;¦b",
    "an unclosed quote": "a;¦b 'c; d; e",
    "crlf": "a;¦\r\n-- b;\r\nc;¦\r\nd",
}


@pytest.mark.parametrize("marked", CASES.values(), ids=CASES.keys())
def test_split(marked: str) -> None:
    parts = marked.split("¦")
    text = "".join(parts)

    assert [text[cut.start : cut.end] for cut in split(text)] == parts


def test_nothing_has_no_statements() -> None:
    assert split("") == []


# An edit is written "before[old|new]after".
EDITS = [
    ("a;¦b[|x];¦c;¦d", "bx;", True),
    ("a;¦b[;|]¦c;¦d", "bc;", True),
    ("a;¦b[|;]c;¦d", "b;¦c;", True),
    ("a;¦b[|';'];¦c", "b';';", True),
    ("a;¦b;[|\nx]", "b;¦\nx", True),
    ("a;¦b;¦\n[x|]", "b;\n", True),
    ("[|x]a;¦b", "xa;", True),
    ("a;¦b [|'] c;¦d;¦e;¦f;¦g", "b ' c;", False),
    ("a;¦b [|/*] c;¦d;¦e;¦f;¦g", "b /* c;", False),
    ("a;¦b [|$$] c;¦d;¦e;¦f;¦g", "b $$ c;", False),
    ("a;¦b [|{{] c;¦d;¦e;¦f;¦g", "b {{ c;", False),
    ("a;¦b '[|'] c;¦d;¦e;¦f;¦g", "b '' c;", True),
]


@pytest.mark.parametrize(("edit", "fresh", "settled"), EDITS, ids=[case[0] for case in EDITS])
def test_an_edit_costs_its_own_statement(edit: str, fresh: str, settled: bool) -> None:
    head, _, rest = edit.replace("¦", "").partition("[")
    change, _, tail = rest.partition("]")
    removed, _, inserted = change.partition("|")
    buffer = TextBuffer(head + removed + tail)
    old = split(buffer.text)
    if not settled:
        assert len(old) > 4

    splice = buffer.replace(Span(len(head), len(head) + len(removed)), inserted)
    recut = resplit(buffer.text, old, splice)

    pieces = [buffer.text[cut.start : cut.end] for cut in recut.fresh]
    assert "".join(fresh.split("¦")) in "".join(pieces)
    assert set(fresh.split("¦")) <= set(pieces)
    assert recut.settled is settled
    assert recut.last - recut.first <= 3
    if not settled:
        assert recut.last < len(old), "statements behind the edit must keep their boundaries"
