"""GRANT, REVOKE and DENY, SET, and the ends of transactions, read from their words."""

from __future__ import annotations

from typing import Final

from sqlglot.tokenizer_core import TokenType

from pipesense.lang.sql.lift.cursor import Cursor
from pipesense.lang.sql.lift.state import State
from pipesense.model.sql import Grant, Principal, Setting

_ON_TEXT: Final = """
    TABLE TABLES VIEW VIEWS SCHEMA SCHEMAS DATABASE DATABASES WAREHOUSE CATALOG FUNCTION FUNCTIONS PROCEDURE
    PROCEDURES SEQUENCE SEQUENCES STAGE STAGES STREAM STREAMS TASK TASKS PIPE INTEGRATION ACCOUNT ROLE USER
    LANGUAGE TYPE DOMAIN TABLESPACE ALL FUTURE IN FOREIGN SERVER DATA WRAPPER EXTERNAL LOCATION STORAGE
    CREDENTIAL METASTORE SHARE MODEL VOLUME OBJECT MATERIALIZED DYNAMIC ICEBERG EVENT FILE FORMAT FORMATS
    RESOURCE MONITOR ANY
"""
_ON: Final = frozenset(_ON_TEXT.split())
_PRINCIPALS: Final = frozenset({"ROLE", "USER", "GROUP", "SHARE", "DATABASE", "APPLICATION"})
_SCOPES: Final = frozenset({"SESSION", "LOCAL", "GLOBAL", "PERSIST", "VARIABLE", "VAR", "SYSTEM"})
_ASSIGNS: Final = frozenset({TokenType.EQ, TokenType.COLON_EQ})
_NOT_NAMED: Final = ("TRANSACTION", "CHARACTERISTICS", "ROLE", "AUTHORIZATION", "TAG", "CONSTRAINTS")
_MODES: Final = ("TRAN", "TRANSACTION", "WORK", "ISOLATION", "READ", "DEFERRED", "IMMEDIATE", "EXCLUSIVE", "AND")
_GRANTS: Final = frozenset({"GRANT", "REVOKE", "DENY"})


def read_grant(state: State) -> Grant | None:
    """A GRANT, REVOKE or DENY; None where its parts cannot be told apart."""
    head = Cursor(state)
    verb = head.take_any(_GRANTS)
    if not verb:
        return None
    head.take("GRANT OPTION FOR")
    first = head.at
    to = "TO" if verb in ("GRANT", "DENY") else "FROM"
    end = head.until("ON", to)
    if end == first or end >= len(head.tokens):
        return None
    privileges = tuple(_privilege(state, *piece) for piece in Cursor(state, first).pieces(end))
    span = state.token_span(first, end - 1)
    head.at = end
    kind = ""
    objects: list[tuple[str, ...]] = []
    if head.take("ON"):
        words: list[str] = []
        while (word := head.word()) in _ON and head.kind(1) is not TokenType.DOT and head.word(1) != to:
            words.append(word.lower())
            head.at += 1
        kind = " ".join(words)
        for start, _ in head.pieces(head.until(to)):
            parts, _place = Cursor(state, start).path()
            objects.append(parts)
    else:
        kind = "role"
        objects = [(name.lower().removeprefix("role "),) for name in privileges]
        privileges = ()
    if not head.take(to):
        return None
    principals = tuple(
        _principal(state, *piece)
        for piece in head.pieces(head.until("WITH", "GRANTED", "CASCADE", "RESTRICT", "REVOKE", "COPY", "AS"))
    )
    if not principals:
        return None
    return Grant(
        verb.lower(),
        privileges,
        any(name in ("ALL", "ALL PRIVILEGES") for name in privileges),
        kind,
        tuple(part for part in objects if part),
        principals,
        head.take("WITH GRANT OPTION"),
        span,
        state.token_span(0, len(state.layout.tokens) - 1),
    )


def _privilege(state: State, first: int, stop: int) -> str:
    """A privilege without the columns it is for."""
    opening = next((at for at in range(first, stop) if state.kind_of(at) is TokenType.L_PAREN), stop)
    return " ".join(Cursor(state).text(first, opening).upper().split())


def _principal(state: State, first: int, stop: int) -> Principal:
    head = Cursor(state, first)
    kinds: list[str] = []
    while head.at + 1 < stop and (word := head.take_any(_PRINCIPALS)):
        kinds.append(word.lower())
    name = head.text(head.at, stop)
    quoted = name[:1] in "\"'`[" and name[-1:] in "\"'`]" and head.at + 1 == stop
    return Principal(name[1:-1] if quoted else name, " ".join(kinds), state.token_span(head.at, stop - 1))


def read_settings(state: State) -> tuple[Setting, ...]:
    """The assignments of SET and of ALTER SESSION SET."""
    head = Cursor(state)
    scope = "session" if head.take("ALTER SESSION") else "system" if head.take("ALTER SYSTEM") else ""
    if not head.take("SET"):
        return ()
    scope = head.take_any(_SCOPES).lower() or scope
    if head.word() in _NOT_NAMED or head.kind() is TokenType.L_PAREN:
        return ()
    stop = len(head.tokens)
    first = head.at
    if head.take("TIME ZONE"):
        return (_setting(state, "timezone", first, head.at, head.at, stop, scope),) if head.at < stop else ()
    found: list[Setting] = []
    pieces: list[tuple[int, int]] = []
    for piece in head.pieces(stop):
        # What has no sign of its own belongs to the value before it.
        if pieces and _sign(state, *piece) is None:
            pieces[-1] = (pieces[-1][0], piece[1])
        else:
            pieces.append(piece)
    for first, last in pieces:
        own = Cursor(state, first).take_any(_SCOPES).lower() if last - first > 2 else ""
        first += 1 if own else 0
        sign = _sign(state, first, last)
        if sign is not None and first < sign < last - 1:
            found.append(_setting(state, "", first, sign, sign + 1, last, own or scope))
        elif sign is None and last - first == 2 and len(pieces) == 1:
            # T-SQL's ``SET NOCOUNT ON``.
            found.append(_setting(state, "", first, first + 1, first + 1, last, own or scope))
    return tuple(found)


def _sign(state: State, first: int, stop: int) -> int | None:
    """The ``=``, ``:=`` or TO between a name and its value."""
    for index in range(first, stop):
        if state.kind_of(index) in _ASSIGNS or (index > first and state.layout.tokens[index].text.upper() == "TO"):
            return index
    return None


def _setting(state: State, name: str, first: int, name_end: int, value: int, stop: int, scope: str) -> Setting:
    text = Cursor(state)
    return Setting(
        name or _bare(text.text(first, name_end)),
        _bare(text.text(value, stop)),
        scope,
        state.token_span(first, name_end - 1),
        state.token_span(value, stop - 1),
    )


def _bare(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] in "\"'`" and text[-1] == text[0] else text


def read_transaction(state: State) -> str:
    """What the statement does to the transaction: "begin", "commit", "rollback", "savepoint" or ""."""
    head = Cursor(state)
    if head.take("BEGIN TRANSACTION"):
        return "begin"
    if head.take("BEGIN"):
        return "begin" if head.done() or head.word() in _MODES else ""
    if head.take("START"):
        return "begin" if head.word() in ("TRANSACTION", "TRAN") else ""
    if head.take("END"):
        return "commit" if head.done() or head.word() in _MODES else ""
    if head.take("COMMIT") or head.take("COMMIT TRANSACTION"):
        return "commit"
    if head.take("SAVEPOINT") or head.take("SAVE TRANSACTION") or head.take("SAVE TRAN"):
        return "savepoint"
    if head.take("ROLLBACK") or head.take("ABORT"):
        return "savepoint" if head.until("TO") < len(head.tokens) else "rollback"
    return ""
