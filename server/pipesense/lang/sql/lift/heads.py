"""What CREATE and DROP name, read from their words: the parser keeps neither places nor many of the kinds."""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from pipesense.lang.sql.lift.cursor import Cursor
from pipesense.lang.sql.lift.queries import Queries
from pipesense.lang.sql.lift.words import OBJECTS
from pipesense.model.sql import Clause, Create, Drop, Expr, IndexDef
from pipesense.text.span import Span

_KINDS: Final = frozenset(word.upper() for word in OBJECTS - {"external", "default"}) | {"TABLE", "VIEW", "INDEX"}
_TEMPORARY: Final = frozenset({"TEMP", "TEMPORARY", "VOLATILE"})
_CALLED: Final = {"proc": "procedure"}
_SECOND: Final = {
    "FILE": "FORMAT",
    "USER": "MAPPING",
    "FOREIGN": "TABLE",
    "EVENT": "TABLE",
    "EXTERNAL": "TABLE",
    "MASKING": "POLICY",
    "NETWORK": "POLICY",
    "RESOURCE": "MONITOR",
}
_HEAD: Final = 8
"""No more words stand between CREATE and what it creates."""


def read_create(lift: Queries, tree: exp.Expr | None) -> Create | None:
    """The head of a CREATE; None where it creates nothing that is known."""
    head = Cursor(lift)
    if not head.take("CREATE"):
        return None
    replace = head.take("OR REPLACE") or head.take("OR ALTER")
    temporary, materialized, kind, kind_span = _kind(head)
    if kind_span is None:
        return None
    head.take("CONCURRENTLY")
    if_not_exists = head.take("IF NOT EXISTS")
    parts, place = ((), None) if head.word() == "ON" and kind == "index" else head.path()
    return Create(
        f"materialized {kind}" if materialized else kind,
        parts,
        replace,
        if_not_exists or head.take("IF NOT EXISTS"),
        temporary or (bool(parts) and parts[-1].startswith("#")),
        lift.token_span(0),
        kind_span,
        place,
        lift.token_span(0, len(lift.layout.tokens) - 1),
        _index(lift, tree) if isinstance(tree, exp.Create) and isinstance(tree.this, exp.Index) else None,
    )


def read_drop(lift: Queries) -> Drop | None:
    """A DROP; None where it drops nothing that is known."""
    head = Cursor(lift)
    if not head.take("DROP"):
        return None
    temporary, materialized, kind, kind_span = _kind(head)
    if kind_span is None:
        return None
    head.take("CONCURRENTLY")
    if_exists = head.take("IF EXISTS")
    names: list[tuple[tuple[str, ...], Span]] = []
    for first, _ in Cursor(lift, head.at).pieces(len(head.tokens)):
        parts, place = Cursor(lift, first).path()
        if place is not None:
            names.append((parts, place))
    return Drop(
        f"materialized {kind}" if materialized else kind,
        tuple(names),
        if_exists or Cursor(lift, head.until("IF")).take("IF EXISTS"),
        Cursor(lift, head.until("CASCADE")).take("CASCADE"),
        temporary,
        lift.token_span(0),
        kind_span,
        lift.token_span(0, len(lift.layout.tokens) - 1),
    )


def _kind(head: Cursor) -> tuple[bool, bool, str, Span | None]:
    """Whether it is temporary, whether materialized, its kind, and the place of the word for that."""
    temporary = materialized = False
    for _ in range(_HEAD):
        word = head.word()
        index = head.at
        head.at += 1
        # T-SQL's CLUSTERED INDEX is one token.
        word = word.rpartition(" ")[2] if word.endswith(" INDEX") else word
        if word in _KINDS:
            second = _SECOND.get(word)
            if second is not None and head.take(second):
                word = f"{word} {second}" if word != "EXTERNAL" else second
            kind = word.lower()
            return temporary, materialized, _CALLED.get(kind, kind), head.state.token_span(index, head.at - 1)
        temporary = temporary or word in _TEMPORARY
        materialized = materialized or word == "MATERIALIZED"
        if not word or word == "(":
            break
    return temporary, materialized, "", None


def _index(lift: Queries, tree: exp.Expr) -> IndexDef | None:
    """The table and the columns of CREATE INDEX."""
    index = tree.this
    table = index.args.get("table")
    params = index.args.get("params")
    if not isinstance(table, exp.Table):
        return None
    parts, place = lift.table_name(table)
    lift.pos = max(lift.pos, place.end)
    listed = params.args.get("columns") if isinstance(params, exp.Expr) else None
    columns: tuple[Expr, ...] = tuple(lift.lift(column, Clause.OTHER) for column in listed or ())
    return IndexDef(index.name, parts, columns, bool(tree.args.get("unique")))
