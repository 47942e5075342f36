"""Rows are deleted and inserted again in two steps that are not one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pipesense.model.change import Replace, Rewrite
from pipesense.model.sql import Script, Statement, Write
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer, Related
from pipesense.rule.meta import PRODUCTION, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.span import Span
from pipesense_rules import scripts, shapes

META = RuleMeta(
    id="idempotency/non-atomic-delete-insert",
    wants=Script,
    pattern="safe-dml",
    since="0.1",
    roles=PRODUCTION,
    messages={
        "apart": Message(
            Severity.INFO,
            "The rows that this {verb} takes out of {table} come back with a later INSERT, in another transaction.",
            "If the INSERT fails, they stay away; in between, readers see the table without them.",
            "Put both between BEGIN and COMMIT.",
        )
    },
)

_DIALECTS: Final = frozenset({"postgres", "redshift", "snowflake", "tsql", "bigquery", "fabric"})
_TRUNCATE_COMMITS: Final = frozenset({"redshift", "snowflake", "bigquery"})
_BEGIN: Final = {
    "tsql": ("BEGIN TRANSACTION", "COMMIT TRANSACTION"),
    "bigquery": ("BEGIN TRANSACTION", "COMMIT TRANSACTION"),
}


@dataclass(frozen=True, slots=True)
class Apart:
    """A DELETE and the INSERT that brings rows back.

    ``last``: the last INSERT of those that follow one another and bring rows back, None where others stand before.
    """

    delete: Statement
    verb: str
    insert: Statement
    last: Statement | None


@rule(META)
def non_atomic_delete_insert(script: Script, ctx: Context) -> Iterator[Finding]:
    """At the DELETE."""
    if script.dialect not in _DIALECTS:
        return
    blocks = scripts.inside_blocks(script)
    for index, statement in script.numbered("write"):
        write = statement.facts.write
        if write is None or statement.facts.error or index in blocks or not _removes(write, script.dialect):
            continue
        later = _refill(script, index, write)
        if later is None or _in_transaction(script, index, later) or scripts.runs_as_one(script, ctx):
            continue
        insert = script.statements[later]
        inserted = insert.facts.write
        place = inserted.target_span if inserted is not None else insert.facts.span
        yield ctx.finding(
            "apart",
            at=statement.at(write.keyword.cover(write.target_span)),
            related=[Related(insert.at(place), "the INSERT")],
            subject=Apart(
                statement, write.verb.upper(), insert, _last(script, later, write) if later == index + 1 else None
            ),
            verb=write.verb.upper(),
            table=".".join(write.target),
        )


def _removes(write: Write, dialect: str) -> bool:
    """Whether it removes rows and a transaction could take that back; a DELETE of all rows is another rule's."""
    if write.temporary or scripts.is_masked(write.target[-1:]) or shapes.is_staging(write.target):
        return False
    return write.filtered if write.verb == "delete" else write.verb == "truncate" and dialect not in _TRUNCATE_COMMITS


def _refill(script: Script, index: int, write: Write) -> int | None:
    """The index of the INSERT into the same table."""
    for at in range(index + 1, len(script.statements)):
        later = script.statements[at].facts.write
        if later is not None and later.verb == "insert" and scripts.same(later.target, write.target):
            return None if later.conflict or later.overwrite else at
    return None


def _last(script: Script, first: int, write: Write) -> Statement | None:
    """The end of what belongs into one transaction; None where later statements bring back rows of the same table."""
    last = first
    for at in range(first + 1, len(script.statements)):
        later = script.statements[at].facts.write
        if later is None or not scripts.same(later.target, write.target):
            continue
        if later.verb != "insert":
            break
        if at > last + 1:
            return None
        last = at
    return script.statements[last]


def _in_transaction(script: Script, first: int, last: int) -> bool:
    """Whether a transaction was begun before both and not ended between; unread statements may begin one."""
    begun = False
    for statement in script.statements[: last + 1]:
        facts = statement.facts
        transaction = facts.transaction
        if facts.error or any(one.name.lower() in ("autocommit", "implicit_transactions") for one in facts.settings):
            return True
        if transaction in ("begin", "commit", "rollback"):
            begun = transaction == "begin"
        if statement is script.statements[first] and not begun:
            return False
    return begun


@non_atomic_delete_insert.fix
def wrap(finding: Finding, one: Apart, ctx: Context) -> Offer | None:
    """BEGIN in front of the DELETE, COMMIT behind the last INSERT that brings rows back."""
    begin, commit = _BEGIN.get(one.delete.facts.dialect, ("BEGIN", "COMMIT"))
    if one.last is None:
        return None
    start, end = one.delete.facts.span.start, one.last.facts.span.end
    if not ctx.text(one.last.at(Span(end, end + 1))).startswith(";"):
        return None
    parts = (
        Replace(one.delete.at(Span(start, start)), f"{begin};\n"),
        Replace(one.last.at(Span(end + 1, end + 1)), f"\n{commit};"),
    )
    return Offer(
        f"Put {begin} before the {one.verb}, {commit} behind the INSERT",
        Rewrite(parts),
        Applicability.UNSAFE,
    )
