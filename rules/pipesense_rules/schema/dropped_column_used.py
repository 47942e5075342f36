"""A column is taken away that other files still read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pipesense.model.sql import ColumnChange, Script, Statement
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.regex import regex

_WHY = "They are refused from the moment that this has run."

META = RuleMeta(
    id="schema/dropped-column-used",
    wants=Script,
    pattern="names-and-positions",
    since="0.1",
    roles=PRODUCTION | {FileRole.MIGRATION},
    messages={
        "drop": Message(
            Severity.INFO,
            "This drops {column} of {table}, which {readers} still read{s}.",
            _WHY,
            "Change the readers first, and drop the column when nobody reads it any more.",
        ),
        "rename": Message(
            Severity.INFO,
            "This renames {column} of {table}, which {readers} still read{s} by its old name.",
            _WHY,
            "Add the new name beside the old one, change the readers, and then drop the old one.",
        ),
    },
)

_BACKWARDS: Final = regex(
    r"(?:^|[/._-])(?:down|undo|rollback|revert|backward)s?(?:[/._-]|$)|/U\d[^/]*__", re.IGNORECASE
)
"""Files that take a migration back; they run when the readers are taken back too."""
_NUMBERED: Final = regex(r"[VR]?\d+\D")


@rule(META)
def dropped_column_used(script: Script, ctx: Context) -> Iterator[Finding]:
    """At the column's name."""
    if _BACKWARDS.search(script.loc.file):
        return
    for at, statement in script.numbered("table"):
        table = statement.facts.table
        if table is None or table.kind != "alter":
            continue
        for change in table.changes:
            if change.kind not in ("drop", "rename") or change.span is None:
                continue
            if _comes_back(change, table.parts, script.statements[at:]) or _is_restored(change, statement, ctx):
                continue
            readers = [
                path
                for path in ctx.readers_of(table.parts, change.column, statement)
                if not _ran_before(path, script.loc.file)
            ]
            if readers:
                names = [path.rpartition("/")[2] for path in readers]
                yield ctx.finding(
                    change.kind,
                    at=statement.at(change.span),
                    column=change.column,
                    table=".".join(table.parts),
                    readers=", ".join(names[:3]) + (f" and {len(names) - 3} more files" if len(names) > 3 else ""),
                    s="s" if len(names) == 1 else "",
                )


def _comes_back(change: ColumnChange, parts: tuple[str, ...], rest: tuple[Statement, ...]) -> bool:
    """Whether the same script adds the column again, or makes or drops the whole table."""
    folded = change.column.casefold()
    for statement in rest:
        table = statement.facts.table
        if any(_same(dropped, parts) for dropped in statement.facts.drops):
            return True
        if table is None or not _same(table.parts, parts):
            continue
        if table.kind != "alter" or any(column.name.casefold() == folded for column in table.columns):
            return True
        if any(each.kind == "rename table" or each.to.casefold() == folded for each in table.changes):
            return True
    return False


def _same(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return one[-1:] == other[-1:]


def _is_restored(change: ColumnChange, statement: Statement, ctx: Context) -> bool:
    """Whether a file that may run later brings the column: one behind this in its folder, or an ALTER elsewhere."""
    table = statement.facts.table
    here = statement.loc.file
    if table is None:
        return False
    folder = here.rpartition("/")[0]
    for path in ctx.restored_by(table.parts, change.column, statement):
        if path.rpartition("/")[0] == folder and _in_order(path) > _in_order(here):
            return True
    return False


def _ran_before(path: str, here: str) -> bool:
    """Whether a file is an earlier one of the numbered scripts of a folder, which run once and in their order."""
    folder, _, name = here.rpartition("/")
    other, _, before = path.rpartition("/")
    return (
        folder == other
        and _NUMBERED.match(name) is not None
        and _NUMBERED.match(before) is not None
        and _in_order(before) < _in_order(name)
    )


def _in_order(path: str) -> list[tuple[int, str]]:
    """A key by which V10 comes behind V9."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", path)]
