"""What becomes of what is run on a connection or in a session, for hovers: what commits, and what a rerun does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.lang.python.functions import Function
from pipesense.model.code import PatternSite
from pipesense.model.frames import FrameOperation, FrameScope
from pipesense.model.value import Version
from pipesense.systems.sql_clients.tables import CONNECTION, DBAPI, ENGINE, QUERY, SESSION, SESSIONS, TRANSACTION


def sites(function: Function | None, scope: FrameScope) -> tuple[PatternSite, ...]:
    """Where connections and sessions are opened, where they commit, and where objects are handed to sessions."""
    return tuple(_all(scope))


def _all(scope: FrameScope) -> Iterator[PatternSite]:
    for each in scope.operations:
        note = _opened(each, scope.version) if each.result != SESSION else _session(each, scope)
        if note is not None:
            yield PatternSite("connection-pool" if each.result == ENGINE else "transactions", each.name_loc, note)
        elif each.name == "commit" and each.kind in (CONNECTION, DBAPI, SESSION, SESSIONS):
            yield PatternSite("transactions", each.name_loc, _committed(each))
        elif each.kind in (SESSION, SESSIONS, QUERY):
            yield from _written(each)


def _opened(each: FrameOperation, version: Version) -> str | None:
    if each.result == ENGINE and each.kind == "":
        return (
            "No connection is opened yet. Unless told otherwise the engine keeps up to five open for the next use, and "
            "ten more while they are needed; one engine per process is meant to live as long as the process."
        )
    if each.result == SESSIONS and each.kind == "":
        return _SCOPED if each.name.endswith("scoped_session") else _MAKER
    if each.result == TRANSACTION:
        return "Everything in this block is one transaction: it is committed at its end, and rolled back if it raises."
    if "commits" in each.result_traits and each.result in (CONNECTION, DBAPI):
        return "Each statement is committed by itself: after a failure in the middle, the first half is there."
    if each.result == CONNECTION:
        older = version.number and version.below((2, 0))
        return _OLDER if older else _NEWER
    if each.result == DBAPI and "drops" in each.result_traits:
        ends = "Leaving a with block over it commits. " if "with-commits" in each.result_traits else ""
        return (
            f"A transaction begins with the first statement. {ends}Closing it without commit() drops what was written."
        )
    return None


def _session(each: FrameOperation, scope: FrameScope) -> str | None:
    """What ends the transaction of a session that is opened here."""
    if "open" in each.result_traits:
        return None
    if "with-commits" in each.result_traits:
        return (
            "Everything in this block is one transaction: what was added is written and committed at its end, and "
            "rolled back if it raises."
        )
    begun = any(one.kind == SESSION and one.name == "begin" and each.loc in one.made for one in scope.operations)
    if begun:
        return "session.begin() ends the transaction: it commits at the end of its block, and rolls back if it raises."
    commits = [one for one in scope.operations if one.name == "commit" and each.loc in one.made]
    if any(one.loop for one in commits) and not each.loop:
        return f"{_SESSION} {_IN_PARTS}"
    if commits:
        return f"{_SESSION} commit() here keeps it; what was added behind it is dropped when the session is closed."
    return f"{_SESSION} Closing it without commit() drops what was written."


def _committed(each: FrameOperation) -> str:
    if each.loop:
        return f"What was written since the last commit is there for others. {_IN_PARTS}"
    return (
        "What was written since the last commit is there for others, all of it together. A failure behind it takes "
        "nothing back, so a rerun finds these rows."
    )


def _written(each: FrameOperation) -> Iterator[PatternSite]:
    """What a rerun does with objects that are handed to a session."""
    if each.name in ("add", "add_all"):
        yield PatternSite("idempotent-load", each.name_loc, _ADDED)
    elif each.name in ("bulk_save_objects", "bulk_insert_mappings"):
        yield PatternSite("idempotent-load", each.name_loc, _BULK)
    elif each.name == "merge":
        yield PatternSite("upsert", each.name_loc, _MERGED)
    elif each.kind == QUERY and each.name == "delete":
        yield PatternSite("idempotent-load", each.name_loc, f"{_NOW} A rerun finds nothing left to delete.")
    elif each.kind == QUERY and each.name == "update":
        yield PatternSite("idempotent-load", each.name_loc, f"{_NOW} A rerun sets the rows that fit once more.")


_OLDER: Final = "SQLAlchemy below 2 commits each changing statement by itself, unless begin() was called."
_NEWER: Final = (
    "SQLAlchemy 2 begins a transaction with the first statement and commits nothing by itself: without commit() "
    "everything that this block writes is rolled back at its end. engine.begin() commits."
)
_MAKER: Final = (
    "Nothing is opened yet. A session that it makes commits nothing by itself: leaving `with Maker()` without commit() "
    "drops what was written, leaving `with Maker.begin()` commits."
)
_SCOPED: Final = (
    "Everybody in one thread gets the same session until remove(): a commit anywhere keeps what was added everywhere."
)
_SESSION: Final = "A transaction begins with the first statement."
_IN_PARTS: Final = (
    "It commits in a loop: after a failure the turns before it are there, and a rerun meets their rows again."
)
_ADDED: Final = (
    "Written at the next flush, kept at commit(). A rerun adds the row once more where the database makes its key; "
    "an object that brings its own key fails with IntegrityError."
)
_BULK: Final = (
    "Written at once in one statement per table, kept at commit(). A rerun adds the rows once more where the database "
    "makes their keys; rows that bring their own keys fail with IntegrityError."
)
_MERGED: Final = (
    "Looks for the row by its primary key (a SELECT for each object that the session does not hold), then updates or "
    "inserts it. A rerun finds the rows that are there, as long as the objects bring their keys."
)
_NOW: Final = "Runs at once, kept at commit()."
