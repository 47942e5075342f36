"""Reading one statement of Flink SQL: definitions from their tokens, queries by the parser with the rest hidden."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from pipesense.lang.sql.facts import read_statement as read_masked
from pipesense.lang.sql.hidden import NOTHING_HIDDEN
from pipesense.model.sql import Hole, StatementFacts, TableDef
from pipesense.model.stream import StreamUse
from pipesense.systems.flink.ddl import NotRead, is_table, read_table
from pipesense.systems.flink.query import QueryReader
from pipesense.systems.flink.tokens import Cursor, Kind, Token, tokenise
from pipesense.text.span import Span

DIALECT: Final = "flink"

_PARSED_AS: Final = ("trino", "databricks")
"""Whose grammar is nearest once everything of Flink's own is hidden; the second one is asked where the first fails."""

_RECOGNISED: Final = frozenset(
    {
        *("SET", "RESET", "USE", "SHOW", "DESCRIBE", "DESC", "LOAD", "UNLOAD", "ADD", "REMOVE", "ALTER", "ANALYZE"),
        *("COMPILE", "STOP", "QUIT", "EXIT", "CLEAR", "HELP", "END", "EXPLAIN", "CALL", "LIST", "SUMMARY"),
    }
)
_OBJECTS: Final = frozenset(
    {"CATALOG", "DATABASE", "FUNCTION", "MODEL", "MODULE", "CONNECTION", "JAR", "AGENT", "TOOL"}
)
_QUALIFIERS: Final = frozenset({"OR", "REPLACE", "TEMPORARY", "SYSTEM", "SECRET"})


def read_statement(text: str, dialect: str, *, holes: tuple[Hole, ...] = ()) -> StatementFacts:
    """What the statement says; see ``pipesense.lang.sql.facts.read_statement``."""
    return read_masked(text, dialect, holes=holes, parse=_parse)


def _parse(text: str, masked: str, holes: tuple[Hole, ...], dialect: str) -> StatementFacts:
    tokens, hints = tokenise(masked)
    if tokens and is_table(tokens):
        facts = _table(text, masked, tokens, hints, holes)
    else:
        facts = _known(tokens, holes) or _query(text, masked, tokens, hints, holes)
    return replace(facts, dialect=dialect)


def _table(text: str, masked: str, tokens: list[Token], hints: list[Token], holes: tuple[Hole, ...]) -> StatementFacts:
    try:
        created = read_table(tokens, masked, holes)
    except NotRead as error:
        whole = Span(tokens[0].span.start, tokens[-1].span.end)
        return StatementFacts("create", DIALECT, whole, holes=holes, error=error.sentence, error_span=error.span)
    table = created.table
    if created.query < 0:
        return StatementFacts("create", DIALECT, table.span, table=table, holes=holes, stream=StreamUse())
    # The parser reads the query behind ``CREATE TABLE name``; what stands between is read already.
    reader = QueryReader(masked, [token for token in tokens if token.span.start >= created.query], hints)
    body = created.query
    head = _head(masked, table, body)
    facts = _parsed(text, head + reader.plain[len(head) :], holes, reader.reshaped)
    if facts.error or facts.table is None:
        return replace(facts, stream=_used(reader))
    columns = table.columns or facts.table.columns
    made = replace(table, columns=columns, closed=facts.table.closed and not table.columns, query=facts.table.query)
    return replace(facts, table=made, stream=_used(reader))


def _head(masked: str, table: TableDef, body: int) -> str:
    """``CREATE TABLE name AS`` as long as what stands before the query; the name at its own place."""
    blanks = "".join(each if each in "\r\n" else " " for each in masked[:body])
    start, end = table.span.start, table.name_span.start
    written = "CREATE TABLE "
    if end - start < len(written) or body - table.name_span.end < 4:
        return masked[:body]
    name = masked[table.name_span.start : table.name_span.end].replace("`", '"')
    made = blanks[:start] + written + blanks[start + len(written) : end] + name + blanks[table.name_span.end :]
    room = table.name_span.end
    return made[:room] + " AS" + made[room + 3 :]


def _query(text: str, masked: str, tokens: list[Token], hints: list[Token], holes: tuple[Hole, ...]) -> StatementFacts:
    reader = QueryReader(masked, tokens, hints)
    return replace(_parsed(text, reader.plain, holes, reader.reshaped), stream=_used(reader))


def _used(reader: QueryReader) -> StreamUse:
    return StreamUse(tuple(reader.windows), (), reader.state_ttl, frozenset(reader.hinted))


def _parsed(text: str, plain: str, holes: tuple[Hole, ...], reshaped: Mapping[int, str]) -> StatementFacts:
    from pipesense.lang.sql.reading import read

    first: StatementFacts | None = None
    for dialect in _PARSED_AS:
        facts = read(text, plain, holes, dialect, reshaped or NOTHING_HIDDEN)
        if not facts.error:
            return facts
        first = first or facts
    assert first is not None
    return first


def _known(tokens: list[Token], holes: tuple[Hole, ...]) -> StatementFacts | None:
    """The facts of a statement whose first words say enough."""
    if not tokens:
        return None
    words = [token.word for token in tokens[:8]]
    whole = Span(tokens[0].span.start, tokens[-1].span.end)
    first = words[0]
    if first in ("SET", "RESET"):
        return StatementFacts("set", DIALECT, whole, holes=holes, stream=StreamUse(settings=_settings(tokens)))
    if first == "BEGIN" or (words[:3] == ["STATEMENT", "SET", ""] and len(tokens) == 2):
        return StatementFacts("begin", DIALECT, whole, holes=holes, stream=StreamUse())
    named = first
    if first in ("CREATE", "DROP", "ALTER"):
        subject = next((word for word in words[1:] if word not in _QUALIFIERS), "")
        if first != "ALTER" and subject not in _OBJECTS:
            return None
        named = f"{first} {subject}"
    elif first not in _RECOGNISED:
        return None
    quiet = first in ("USE", "END", "SHOW", "DESCRIBE", "DESC", "QUIT", "EXIT", "CLEAR", "HELP", "ADD")
    why = "" if quiet else f"{named} is recognised; nothing in it is judged."
    changed = _altered(tokens)
    return StatementFacts(first.lower(), DIALECT, whole, holes=holes, unjudged=why, stream=StreamUse(hinted=changed))


def _altered(tokens: list[Token]) -> frozenset[str]:
    """The table that ALTER TABLE changes, in lower case."""
    cursor = Cursor(tokens)
    if not cursor.take("ALTER", "TABLE"):
        return frozenset()
    cursor.take("IF", "EXISTS")
    path = cursor.path()
    return frozenset({path[0][-1].casefold()}) if path is not None else frozenset()


def _settings(tokens: list[Token]) -> tuple[tuple[str, str], ...]:
    """``SET 'key' = 'value'``, also without the quotes as older clients write it; ``RESET 'key'`` sets nothing."""
    equals = next((at for at, token in enumerate(tokens) if token.text == "="), None)
    if tokens[0].word != "SET" or equals is None or equals < 2 or equals + 1 >= len(tokens):
        return ()

    def written(several: list[Token]) -> str:
        return several[0].value if several[0].kind is Kind.STRING else "".join(token.text for token in several)

    return ((written(tokens[1:equals]).strip().lower(), written(tokens[equals + 1 :]).strip()),)
