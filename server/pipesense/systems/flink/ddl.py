"""CREATE TABLE in Flink SQL, read from its tokens alone.

https://nightlies.apache.org/flink/flink-docs-release-2.0/docs/dev/table/sql/create/#create-table
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final

from pipesense.model.sql import ColumnDef, Hole, TableDef
from pipesense.model.stream import Stream, TableOption, TimeColumn, Watermark
from pipesense.model.value import Unknown
from pipesense.systems.flink import connectors, guarantees
from pipesense.systems.flink.options import misspelt
from pipesense.systems.flink.tokens import Cursor, Kind, Token, closing
from pipesense.text.regex import regex
from pipesense.text.span import Span

_GENERIC_TYPES: Final = frozenset({"ROW", "MAP", "ARRAY", "MULTISET", "RAW"})
_AFTER_TYPE: Final = frozenset(
    {"NOT", "NULL", "METADATA", "COMMENT", "PRIMARY", "UNIQUE", "CONSTRAINT", "VIRTUAL", "DEFAULT"}
)
_CONSTRAINTS: Final = frozenset({"PRIMARY", "UNIQUE", "CONSTRAINT"})
_EVENT_TIME: Final = regex(
    r"TIMESTAMP(?:_LTZ)?(?:\s*\(\s*[0-3]\s*\))(?:\s+WITH(?:OUT)?(?:\s+LOCAL)?\s+TIME\s+ZONE)?\Z", re.IGNORECASE
)
"""Event time has at most milliseconds: https://nightlies.apache.org/flink/flink-docs-release-2.0/docs/dev/table/concepts/time_attributes/"""
_QUALIFIERS: Final = frozenset({"OR", "REPLACE", "ALTER", "TEMPORARY", "MATERIALIZED"})
_TAKES_NO_OPTIONS: Final = ("ALL", "OPTIONS")


class NotRead(Exception):
    """A statement is not of the form that its first words promise; the message is a sentence for people."""

    def __init__(self, sentence: str, span: Span) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.span = span


@dataclass(slots=True)
class Created:
    """What stands in a CREATE TABLE; ``query`` is where the query behind AS starts, -1 without one."""

    table: TableDef
    query: int = -1


@dataclass(slots=True)
class _Columns:
    """The column list while it is read."""

    columns: list[ColumnDef] = field(default_factory=list)
    primary: tuple[str, ...] = ()
    unique: list[tuple[str, ...]] = field(default_factory=list)
    watermark: Watermark | None = None
    times: list[TimeColumn] = field(default_factory=list)
    processing: list[str] = field(default_factory=list)
    names_only: bool = False
    span: Span | None = None


@dataclass(slots=True)
class _Clauses:
    """What stands behind the column list."""

    options: tuple[TableOption, ...] = ()
    options_span: Span | None = None
    partitioned: tuple[str, ...] = ()
    like: tuple[str, ...] = ()
    like_options: bool = False
    query: int = -1


def is_table(tokens: list[Token]) -> bool:
    """Whether the statement creates a table (CREATE TABLE, CREATE MATERIALIZED TABLE and their like)."""
    words = [token.word for token in tokens[:6]]
    if not words or words[0] != "CREATE" or "TABLE" not in words:
        return False
    return _QUALIFIERS.issuperset(words[1 : words.index("TABLE")])


def read_table(tokens: list[Token], text: str, holes: tuple[Hole, ...]) -> Created:
    """The table that a statement creates; ``text`` is masked.

    Raises:
        NotRead: the statement is not complete, or not one of Flink's.
    """
    cursor = Cursor(tokens, 1)
    replaces = temporary = materialized = False
    while (token := cursor.token) is not None and not cursor.take("TABLE"):
        replaces = replaces or token.word in ("REPLACE", "ALTER")
        temporary = temporary or token.word == "TEMPORARY"
        materialized = materialized or token.word == "MATERIALIZED"
        cursor.at += 1
    exists = cursor.take("IF", "NOT", "EXISTS")
    named = cursor.path()
    if named is None:
        raise NotRead("CREATE TABLE names no table yet.", tokens[-1].span)
    columns = _columns(cursor, text)
    clauses = _clauses(cursor, holes)
    columns_known = bool(columns.columns) and not columns.names_only
    masked = columns.span is not None and any(columns.span.overlaps(hole.span) for hole in holes)
    closed = columns_known and not clauses.like and clauses.query < 0 and not masked
    properties = [(option.key, option.value) for option in clauses.options]
    properties += [("partitioned_by", ", ".join(clauses.partitioned))] if clauses.partitioned else []
    properties += [("like", ".".join(clauses.like))] if clauses.like else []
    keyed = {name.casefold() for name in columns.primary}
    table = TableDef(
        "table",
        _restored(named[0], named[1], text, holes),
        tuple(_with_key(column, keyed) for column in columns.columns),
        columns.primary,
        tuple(columns.unique),
        (),
        temporary,
        replaces,
        exists,
        clauses.query >= 0,
        tuple(properties),
        closed,
        Span(tokens[0].span.start, tokens[-1].span.end),
        named[1],
        stream=_stream(columns, clauses, holes),
    )
    return Created(table, clauses.query)


def _restored(parts: tuple[str, ...], place: Span, text: str, holes: tuple[Hole, ...]) -> tuple[str, ...]:
    """A table's name; where a hole hides a part of it, one part with the hole's own text."""
    inside = [hole for hole in holes if hole.span.overlaps(place)]
    if not inside:
        return parts
    written, at = "", place.start
    for hole in inside:
        written += text[at : hole.span.start] + hole.text
        at = hole.span.end
    return (written + text[at : place.end],)


def _with_key(column: ColumnDef, keyed: set[str]) -> ColumnDef:
    if column.name.casefold() not in keyed or not column.nullable:
        return column
    return replace(column, nullable=False)


# The column list


def _columns(cursor: Cursor, text: str) -> _Columns:
    found = _Columns()
    if not cursor.sees("("):
        return found
    tokens = cursor.tokens
    end = cursor.bracket()
    if end is None:
        raise NotRead("The bracket that opens the column list here is never closed.", tokens[cursor.at].span)
    found.span = Span(tokens[cursor.at].span.start, tokens[end].span.end)
    for first, stop in _items(tokens, cursor.at + 1, end):
        _item(tokens[first:stop], text, found)
    found.names_only = bool(found.columns) and all(not column.type for column in found.columns) and not found.processing
    cursor.at = end + 1
    return found


def _items(tokens: list[Token], first: int, stop: int) -> Iterator[tuple[int, int]]:
    """The stretches between commas; commas inside brackets and inside ``ROW<...>`` do not count.

    Raises:
        NotRead: nothing stands between two commas.
    """
    depth = angle = 0
    start = first
    for index in range(first, stop + 1):
        text = tokens[index].text
        if index == stop or (text == "," and depth == 0 and angle == 0):
            if index == start and not (index == stop and start == first):
                raise NotRead("A column is missing here.", tokens[index].span)
            if index > start:
                yield start, index
            start = index + 1
        elif text in "([":
            depth += 1
        elif text in ")]":
            depth -= 1
        elif text == "<" and (angle or tokens[index - 1].word in _GENERIC_TYPES):
            angle += 1
        elif text == ">" and angle:
            angle -= 1


def _item(tokens: list[Token], text: str, found: _Columns) -> None:
    cursor = Cursor(tokens)
    whole = Span(tokens[0].span.start, tokens[-1].span.end)
    if cursor.take("WATERMARK", "FOR"):
        path = cursor.path()
        if path is None or not cursor.take("AS") or cursor.token is None:
            raise NotRead("WATERMARK FOR <column> AS <expression> is not complete here.", whole)
        found.watermark = Watermark(path[0], text[cursor.token.span.start : whole.end], whole)
        return
    if tokens[0].word in _CONSTRAINTS and len(tokens) > 1 and _is_constraint(tokens):
        _constraint(cursor, found)
        return
    if tokens[0].word == "PERIOD" and cursor.sees("PERIOD", "FOR"):
        return
    named = cursor.path()
    if named is None:
        raise NotRead(f"A column's name was expected instead of `{tokens[0].text[:40]}`.", tokens[0].span)
    _column(".".join(named[0]), named[1], cursor, whole, text, found)


def _is_constraint(tokens: list[Token]) -> bool:
    """Whether the words open a constraint of the table, not a column that is called like one."""
    following = tokens[1].word
    return tokens[0].word == "CONSTRAINT" or following == "KEY" or tokens[1].text == "("


def _constraint(cursor: Cursor, found: _Columns) -> None:
    if cursor.take("CONSTRAINT"):
        cursor.path()
    primary = cursor.take("PRIMARY", "KEY")
    if not primary and not cursor.take("UNIQUE"):
        return
    end = cursor.bracket()
    if end is None:
        raise NotRead("The columns of this key are missing.", Span(cursor.tokens[0].span.start, cursor.end))
    names = tuple(token.value for token in cursor.tokens[cursor.at + 1 : end] if token.kind in (Kind.WORD, Kind.NAME))
    if primary:
        found.primary = names
    else:
        found.unique.append(names)


def _column(name: str, place: Span, cursor: Cursor, whole: Span, text: str, found: _Columns) -> None:
    """One column: physical, computed (``AS expression``) or metadata."""
    computed = cursor.take("AS")
    first = cursor.at
    stop = len(cursor.tokens) if computed else _type_end(cursor.tokens, first)
    kind = ""
    if stop > first and not computed:
        kind = text[cursor.tokens[first].span.start : cursor.tokens[stop - 1].span.end]
    words = [token.word for token in cursor.tokens[stop:]]
    behind = cursor.tokens[stop:] if not computed else []
    constraints = Span(behind[0].span.start, whole.end) if behind else None
    primary = "PRIMARY" in words
    not_null = any(pair == ("NOT", "NULL") for pair in pairwise(words))
    if computed:
        called = cursor.tokens[first].word if first < len(cursor.tokens) else ""
        if called == "PROCTIME":
            found.processing.append(name)
        else:
            found.times.append(TimeColumn(name, "", place, whole, computed=True))
    elif _EVENT_TIME.match(kind) is not None:
        found.times.append(TimeColumn(name, " ".join(kind.upper().split()), place, whole))
    if primary:
        found.primary = (name,)
    found.columns.append(
        ColumnDef(
            name,
            " ".join(kind.upper().split()),
            not (not_null or primary),
            primary,
            False,
            computed or "METADATA" in words or "DEFAULT" in words,
            (),
            None,
            whole,
            place,
            constraints,
        )
    )


def _type_end(tokens: list[Token], first: int) -> int:
    """The token behind a type's own words."""
    index = first
    angle = 0
    while index < len(tokens):
        token = tokens[index]
        if token.text == "(":
            index = closing(tokens, index) or index
        elif token.text == "<":
            angle += 1
        elif token.text == ">":
            angle -= 1
        elif angle == 0 and index > first and token.word in _AFTER_TYPE:
            return index
        index += 1
    return index


# What follows the columns


def _clauses(cursor: Cursor, holes: tuple[Hole, ...]) -> _Clauses:
    found = _Clauses()
    while (token := cursor.token) is not None and found.query < 0:
        if cursor.take("WITH"):
            _options(cursor, holes, found)
        elif cursor.take("PARTITIONED", "BY"):
            found.partitioned = _names(cursor)
        elif cursor.take("LIKE"):
            _like(cursor, found)
        elif cursor.take("AS"):
            if cursor.token is None:
                raise NotRead("The query behind AS is missing.", token.span)
            found.query = cursor.token.span.start
        elif not _passed(cursor):
            if not _is_hole(token, holes):
                raise NotRead(f"Unexpected `{token.text[:40]}`: CREATE TABLE cannot be read from here on.", token.span)
            cursor.at += 1
    return found


def _passed(cursor: Cursor) -> bool:
    """Whether a clause came next that says nothing of columns or streams; it is then passed over."""
    if cursor.take("COMMENT") or cursor.take("REFRESH_MODE", "="):
        cursor.at += 1
    elif cursor.take("DISTRIBUTED"):
        _distributed(cursor)
    elif cursor.take("FRESHNESS", "=") or cursor.take("START_MODE", "="):
        _until(cursor, "REFRESH_MODE", "AS")
    else:
        return False
    return True


def _until(cursor: Cursor, *words: str) -> None:
    while cursor.token is not None and cursor.token.word not in words:
        cursor.at += 1


def _names(cursor: Cursor) -> tuple[str, ...]:
    end = cursor.bracket()
    if end is None:
        raise NotRead("Columns in brackets were expected here.", cursor.tokens[cursor.at - 1].span)
    names = tuple(token.value for token in cursor.tokens[cursor.at + 1 : end] if token.kind in (Kind.WORD, Kind.NAME))
    cursor.at = end + 1
    return names


def _distributed(cursor: Cursor) -> None:
    """``BY [HASH|RANGE](columns) [INTO n BUCKETS]`` or ``INTO n BUCKETS``."""
    if cursor.take("BY"):
        _ = cursor.take("HASH") or cursor.take("RANGE")
        _names(cursor)
    if cursor.take("INTO"):
        cursor.at += 2


def _like(cursor: Cursor, found: _Clauses) -> None:
    """``LIKE table [(INCLUDING ALL EXCLUDING OPTIONS ...)]``, with or without brackets around all of it."""
    named = cursor.path()
    if named is None:
        raise NotRead("LIKE names no table yet.", cursor.tokens[cursor.at - 1].span)
    found.like = named[0]
    found.like_options = True
    end = cursor.bracket()
    if end is not None:
        words = [token.word for token in cursor.tokens[cursor.at + 1 : end]]
        pairs = set(pairwise(words))
        if any(("EXCLUDING", what) in pairs for what in _TAKES_NO_OPTIONS):
            found.like_options = any((how, "OPTIONS") in pairs for how in ("INCLUDING", "OVERWRITING"))
        cursor.at = end + 1


def _options(cursor: Cursor, holes: tuple[Hole, ...], found: _Clauses) -> None:
    tokens = cursor.tokens
    end = cursor.bracket()
    if end is None:
        last = tokens[min(cursor.at, len(tokens) - 1)]
        raise NotRead("The options behind WITH are not closed by a bracket.", last.span)
    found.options_span = Span(tokens[cursor.at].span.start, tokens[end].span.end)
    found.options = read_options(tokens[cursor.at + 1 : end], holes)
    cursor.at = end + 1


def read_options(tokens: list[Token], holes: tuple[Hole, ...]) -> tuple[TableOption, ...]:
    """``'key' = 'value', ...``.

    Raises:
        NotRead: something else stands there.
    """
    found: list[TableOption] = []
    at = 0
    while at < len(tokens):
        following = tokens[at : at + 3]
        if tokens[at].kind is not Kind.STRING and any(hole.span.overlaps(tokens[at].span) for hole in holes):
            at += 1
            continue
        if (
            len(following) < 3
            or following[0].kind is not Kind.STRING
            or following[1].text != "="
            or (following[2].kind is not Kind.STRING and not _is_hole(following[2], holes))
        ):
            raise NotRead("An option is written 'key' = 'value'.", following[-1].span)
        key, _, value = following
        opaque = any(hole.span.overlaps(value.span) for hole in holes)
        whole = Span(key.span.start, value.span.end)
        found.append(TableOption(key.value.strip(), value.value, whole, value.span, opaque))
        at += 3
        if at < len(tokens):
            if tokens[at].text != "," and not _is_hole(tokens[at], holes):
                raise NotRead("A comma is missing between two options.", tokens[at].span)
            at += 1
    return tuple(found)


def _is_hole(token: Token, holes: tuple[Hole, ...]) -> bool:
    return any(hole.span.overlaps(token.span) for hole in holes)


# What it all means


def _stream(columns: _Columns, clauses: _Clauses, holes: tuple[Hole, ...]) -> Stream:
    named = next((option for option in clauses.options if option.key == "connector"), None)
    connector = named.value if named is not None and not named.opaque else ""
    values = {option.key: option.value for option in clauses.options}
    unknown = _unknown(clauses, holes)
    known = connectors.CONNECTORS.get(connector, connectors.Connector())
    return Stream(
        connector,
        named.value_span if named is not None else None,
        clauses.options,
        clauses.options_span,
        columns.span,
        columns.watermark,
        tuple(columns.times),
        tuple(columns.processing),
        () if unknown or clauses.like else connectors.missing(connector, values),
        unknown or connectors.unbounded(connector, values),
        unknown or connectors.emits(connector, values),
        unknown or connectors.takes(connector, values),
        known.needs_key and not clauses.like,
        known.key_for_updates and not clauses.like,
        known.broker,
        clauses.like,
        misspelt(connector, [option.key for option in clauses.options]),
        guarantees.of_table(named, clauses.options) if not unknown and not clauses.like else None,
    )


def _unknown(clauses: _Clauses, holes: tuple[Hole, ...]) -> Unknown | None:
    """Why the options are not all known."""
    if clauses.like and clauses.like_options:
        return Unknown(f"options come from {'.'.join(clauses.like)} too")
    place = clauses.options_span
    values = [option.value_span for option in clauses.options]
    if place is None:
        return Unknown("no options are written here")
    for hole in holes:
        if place.overlaps(hole.span) and not any(value.overlaps(hole.span) for value in values):
            return Unknown("a masked part stands among the options")
    decisive = ("connector", "format", "value.format", "scan.bounded.mode")
    if any(option.opaque and option.key in decisive for option in clauses.options):
        return Unknown("an option's value is masked")
    return None
