"""Rows are written on a connection that is closed without a commit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pipesense.model.change import Replace
from pipesense.model.frames import FrameOperation, FrameScope, Given
from pipesense.model.where import Loc
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer, Related
from pipesense.rule.meta import EVERYWHERE, FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.regex import regex
from pipesense.text.span import Span
from pipesense_rules import frames
from pipesense_rules.sql_text import changes_rows

_TWO: Final = (2, 0)
_DO_BEGIN: Final = "Use engine.begin(), which commits at the end of the block, or call commit() before it ends."

META = RuleMeta(
    id="correctness/uncommitted-write",
    wants=FrameScope,
    pattern="transactions",
    since="0.1",
    roles=EVERYWHERE - {FileRole.GENERATED},
    messages={
        "lost": Message(
            Severity.ERROR,
            "The rows that this statement writes are never there: nothing commits on the connection.",
            "SQLAlchemy {version} ({source}) opens a transaction with the first statement, and closing the connection "
            "rolls it back without a word.",
            _DO_BEGIN,
        ),
        "lost-since-2": Message(
            Severity.WARNING,
            "From SQLAlchemy 2 on the rows that this statement writes are never there: nothing commits on the "
            "connection.",
            "Which SQLAlchemy runs this file is {evidence}. Version 2 opens a transaction with the first statement, "
            "and "
            "closing the connection rolls it back without a word; 1.4 committed by itself.",
            _DO_BEGIN,
        ),
        "driver": Message(
            Severity.ERROR,
            "The rows that this statement writes are never there: the connection is closed without a commit.",
            "The driver opens a transaction with the first statement and drops it when the connection is closed.",
            "Call {connection}.commit() before the connection is closed.",
        ),
        "session": Message(
            Severity.ERROR,
            "What is written here is never there: nothing commits in the session.",
            "A session of SQLAlchemy opens a transaction with the first statement, and closing it rolls back without "
            "a word.",
            "Open the block with session.begin(), or call commit() before the session ends.",
        ),
    },
)


@rule(META)
def uncommitted_write(scope: FrameScope, ctx: Context) -> Iterator[Finding]:
    """At the first statement whose rows are lost, once per connection."""
    if scope.system != "sql_clients":
        return
    for opened in scope.operations:
        if opened.result == "connection" and opened.use in ("with", "assign"):
            lost = _lost(scope, opened)
            if lost is not None and not frames.surely_older(scope.version, _TWO):
                yield _of_engine(scope, opened, lost, ctx)
        elif opened.result == "session" and opened.use in ("with", "assign") and ctx.role is not FileRole.TEST:
            lost = _lost(scope, opened)
            if lost is not None and _ends_here(scope, opened):
                related = [Related(opened.loc, "the session is opened here")]
                yield ctx.finding("session", at=lost.name_loc, related=related, subject=(scope, opened))
        elif opened.result == "dbapi" and "drops" in opened.result_traits:
            lost = _lost(scope, opened)
            if lost is not None and _ends_here(scope, opened):
                related = [Related(opened.loc, "the connection is opened here")]
                name = opened.detail if opened.use == "assign" else "the connection"
                yield ctx.finding("driver", at=lost.loc, related=related, subject=(scope, opened), connection=name)


def _of_engine(scope: FrameScope, opened: FrameOperation, lost: FrameOperation, ctx: Context) -> Finding:
    related = [Related(opened.loc, "the connection is opened here")]
    subject = (scope, opened)
    if frames.surely(scope.version, _TWO):
        words = {"version": str(scope.version), "source": scope.version.source}
        return ctx.finding("lost", at=lost.loc, related=related, subject=subject, **words)
    number = f"{scope.version} ({scope.version.source})" if scope.version.number else "not pinned in the workspace"
    return ctx.finding("lost-since-2", at=lost.loc, related=related, subject=subject, evidence=number)


def _lost(scope: FrameScope, opened: FrameOperation) -> FrameOperation | None:
    """The first statement on the connection that changes rows, where nothing on it commits."""
    if opened.result_traits & {"commits", "mixed", "open"} or opened.detail in scope.escaped:
        return None
    own = {opened.loc}
    changing: FrameOperation | None = None
    for each in scope.operations:
        made = _run_on(each)
        if not own.intersection(made):
            continue
        if len(made) > 1 or _commits(each, opened):
            return None
        if each.result:
            own.add(each.loc)
        if each.detail in scope.escaped and each.use == "assign":
            return None
        if changing is None and _writes(each):
            changing = each
    return changing


def _run_on(each: FrameOperation) -> tuple[Loc, ...]:
    """What made the connection or cursor that an operation runs on; psycopg2's fast helpers are handed it."""
    cursor = each.argument("cur", 0) if each.name in _HELPERS else None
    return each.made if cursor is None else cursor.made


_HELPERS: Final = frozenset({"psycopg2.extras.execute_values", "psycopg2.extras.execute_batch"})
"""https://www.psycopg.org/docs/extras.html#fast-execution-helpers"""
_OBJECTS: Final = frozenset(
    {
        *("add", "add_all", "merge", "delete", "bulk_save_objects", "bulk_insert_mappings", "bulk_update_mappings"),
        "update",
    }
)
"""What sessions, and queries of sessions, write by."""


def _writes(each: FrameOperation) -> bool:
    if each.kind in ("session", "query") and each.name in _OBJECTS:
        return True
    if each.name in _HELPERS:
        return _changes(each.argument("sql", 1))
    return each.name in ("execute", "executemany", "exec_driver_sql") and _changes(
        each.given[0] if each.given else None
    )


def _commits(each: FrameOperation, opened: FrameOperation) -> bool:
    if each.name == "enter":
        return "with-commits" in each.traits or each.kind not in ("dbapi", "session")
    if each.name in ("commit", "begin", "begin_nested", "transaction", "tpc_begin", "connection", "autocommit"):
        return True
    if each.name in ("execute", "executemany", "exec_driver_sql") and each.given:
        first = each.given[0]
        if "ends" in first.traits or _ENDS.match(first.starts):
            return True
    return each.name in ("setattr:autocommit", "setattr:isolation_level", "set_session", "set_isolation_level")


def _changes(given: Given | None) -> bool:
    return given is not None and ("changes" in given.traits or changes_rows(given.starts))


def _ends_here(scope: FrameScope, opened: FrameOperation) -> bool:
    """Whether the connection surely ends in this scope: only then is what it did not commit gone."""
    if opened.use == "with":
        return "with-commits" not in opened.result_traits
    if any(each.name == "set_autocommit" for each in scope.operations):
        return False
    return any(
        each.name == "close" and each.kind == opened.result and opened.loc in each.made for each in scope.operations
    )


@uncommitted_write.fix
def begin(finding: Finding, subject: tuple[FrameScope, FrameOperation], ctx: Context) -> Offer | None:
    """``engine.begin()`` where the connection lives for one ``with`` block."""
    _, opened = subject
    if opened.name != "connect" or opened.kind != "engine" or opened.use != "with":
        return None
    return Offer("Use engine.begin()", Replace(opened.name_loc, "begin"), Applicability.UNSAFE)


@uncommitted_write.fix
def session_begin(finding: Finding, subject: tuple[FrameScope, FrameOperation], ctx: Context) -> Offer | None:
    """``with Session() as session, session.begin():``, SQLAlchemy's own form."""
    _, opened = subject
    whole, name = opened.use_loc, opened.detail
    if opened.result != "session" or opened.use != "with" or whole is None or not name:
        return None
    end = opened.loc.span.end
    behind = ctx.text(whole.at(Span(end, whole.span.end)))
    found = _AS.match(behind)
    if found is None or found["name"] != name:
        return None
    place = whole.at(Span(end + found.end(), end + found.end()))
    return Offer(f"Commit at the end of the block: {name}.begin()", Replace(place, f", {name}.begin()"), _UNSAFE)


_ENDS: Final = regex(r"\s*(?:commit|begin|start\s+transaction|set\s+(?:session\s+)?autocommit|end)\b", re.I)
"""SQL that deals with transactions itself."""
_AS: Final = regex(r"\s+as\s+(?P<name>\w+)")
_UNSAFE: Final = Applicability.UNSAFE


@uncommitted_write.fix
def before_closing(finding: Finding, subject: tuple[FrameScope, FrameOperation], ctx: Context) -> Offer | None:
    """``commit()`` right before a ``close()`` that stands in the same block as the connection is opened in."""
    scope, opened = subject
    name = opened.detail
    closing = [each for each in scope.operations if each.name == "close" and opened.loc in each.made]
    if opened.use != "assign" or len(closing) != 1 or opened.use_loc is None:
        return None
    (close,) = closing
    # In a finally the rows of a run that failed halfway would be kept as well.
    indent = _indent(close.loc, ctx)
    if close.use != "statement" or close.root != name or indent is None or indent != _indent(opened.use_loc, ctx):
        return None
    place = close.loc.at(Span(close.loc.span.start, close.loc.span.start))
    return Offer(f"Commit before {name}.close()", Replace(place, f"{name}.commit()\n{indent}"), Applicability.UNSAFE)


def _indent(loc: Loc, ctx: Context) -> str | None:
    """What stands before a statement in its line, None where that is code."""
    line = ctx.text(loc.at(Span(0, loc.span.start))).rpartition("\n")[2]
    return line if not line.strip() else None
