"""A DELETE or UPDATE without WHERE reaches every row of its table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from pipesense.model.data import WRITES, Access, AccessMode, Confidence, DatasetName
from pipesense.model.sql import Clause, Expr, Hole, Script, Statement, Write
from pipesense.model.where import Loc
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding, Related
from pipesense.rule.meta import PRODUCTION, Message, Option, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.regex import regex
from pipesense_rules import scripts, shapes

_TEMPLATE: Final = regex(r"\{.*\}|[%:$].*", re.DOTALL)
_CHANGES: Final = (AccessMode.DELETE, AccessMode.UPDATE)
_RESET: Final = 4
"""A script that empties so many tables, and fills none of them, is there to reset a database."""

META = RuleMeta(
    id="security/dml-without-where",
    wants=Script,
    pattern="safe-dml",
    since="0.1",
    roles=PRODUCTION,
    messages={
        "delete": Message(
            Severity.ERROR,
            "This DELETE has no WHERE: it removes every row of {table}.",
            "Nothing in the script fills the table again, and most engines keep no copy.",
            "Say which rows are meant, or write TRUNCATE where all of them are.",
        ),
        "in code": Message(
            Severity.INFO,
            "This DELETE has no WHERE: it removes every row of {table}.",
            "It is text in a program; what the code around it writes to the table afterwards cannot be told from here.",
            "Say which rows are meant, or write TRUNCATE where all of them are.",
        ),
        "unseen": Message(
            Severity.INFO,
            "This DELETE has no WHERE: it removes every row of {table}.",
            "Whether what the script calls or puts together and runs fills the table again cannot be told from here.",
            "Say which rows are meant, or write TRUNCATE where all of them are.",
        ),
        "update": Message(
            Severity.INFO,
            "This UPDATE has no WHERE: it changes every row of {table}.",
            "The old values are gone, and no second statement can tell which rows were meant.",
            "Say which rows are meant; WHERE TRUE says that all of them are.",
        ),
        "refilled": Message(
            Severity.WARNING,
            "This DELETE empties {table} before a later statement fills it again.",
            "Between the two, readers see an empty table; if the second fails, it stays empty.",
            "Put both into one transaction, or fill a new table and swap it in.",
        ),
        "staging": Message(
            Severity.INFO,
            "This DELETE has no WHERE: it empties the staging table {table}.",
            "On most engines TRUNCATE does the same without logging each row.",
            "Write TRUNCATE, or say which rows are meant.",
        ),
    },
    options={
        "allowed_tables": Option(
            list, [], "Tables (globs, in lower case) that statements may empty or change as a whole."
        )
    },
)


@rule(META)
def dml_without_where(script: Script, ctx: Context) -> Iterator[Finding]:
    """At the words that name the statement and its table."""
    allowed = shapes.globs(ctx.option("allowed_tables"))
    reset: int | None = None
    for index, statement in script.numbered("write"):
        write = statement.facts.write
        if write is None or not _reaches_all_rows(statement, write):
            continue
        target = DatasetName(tuple(part.lower() for part in write.target))
        if shapes.is_mart(target, (), allowed) or _is_new(script.statements[:index], write.target):
            continue
        if _made_by_task(script, target, ctx) or (script.embedded and _made_in_file(script, target, ctx)):
            continue
        by_alias = any(source.name_span == write.target_span for source in write.sources)
        at = statement.at(write.keyword if by_alias else write.keyword.cover(write.target_span))
        table = ".".join(write.target)
        if write.verb == "update":
            if shapes.is_staging(target.parts) or _is_nameless(write) or _migrates(script, write):
                # Cleaning every row is what a staging table is for, and a name nobody can see may be one.
                continue
            if write.assignments and all(_standardises(name, value) for name, value in write.assignments):
                continue
            yield ctx.finding("update", at=at, table=table)
            continue
        refill = _refill((each for later in script.statements[index + 1 :] for each in later.accesses), target)
        if refill is None and _filled_by_task(script, target, ctx):
            # Code fills it again; whether in one transaction is said by its connection, which nobody sees here.
            continue
        if refill is None:
            if (reset := reset if reset is not None else _emptied(script)) >= _RESET:
                continue
            yield ctx.finding(_left_empty(script, index, target, ctx), at=at, table=table)
        elif shapes.is_staging(target.parts):
            yield ctx.finding("staging", at=at, table=table)
        elif not _in_transaction(script, index) and not (
            script.dialect in _WRAPPED and scripts.runs_as_one(script, ctx)
        ):
            yield ctx.finding("refilled", at=at, related=[Related(refill, "fills the table again")], table=table)


def _reaches_all_rows(statement: Statement, write: Write) -> bool:
    """Whether the statement surely has no filter; a hole where one might stand hides it."""
    if statement.facts.error or write.verb not in ("delete", "update"):
        return False
    if write.filtered or write.where or write.alias_like_keyword or _is_joined(write):
        return False
    if write.temporary or any(access.temporary and access.mode in _CHANGES for access in statement.accesses):
        return False
    later = [hole for hole in statement.facts.holes if hole.span.start >= write.keyword.start]
    holes = [hole for hole in later if not _names_target(write, hole)]
    if write.verb == "update":
        # SET follows the table's name, so a template can only bring the WHERE along behind it.
        return not write.holes - {Clause.SELECT, Clause.SET} if holes else not write.holes - {Clause.SELECT}
    # A template or a parameter behind the table's name may bring the WHERE along.
    return not holes and (not write.holes or all(hole.span.end < write.target_span.end for hole in later))


def _is_joined(write: Write) -> bool:
    """Whether an inner join leaves out the rows of the target that have no partner."""
    names = {write.alias.casefold(), write.target[-1].casefold() if write.target else ""} - {""}
    # T-SQL may name the target in FROM once more: UPDATE t SET ... FROM t AS x JOIN y ON ...
    again = [source for source in write.sources if source.kind == "table" and scripts.same(source.parts, write.target)]
    names.update(source.alias.casefold() for source in again if source.alias)
    return any(
        not join.side and (join.using or any(names & _qualifiers(part) for part in join.on)) for join in write.joins
    )


def _qualifiers(condition: Expr) -> set[str]:
    return {part.path[-2].casefold() for part in condition.walk() if part.op == "column" and len(part.path) > 1}


def _is_new(earlier: Sequence[Statement], target: tuple[str, ...]) -> bool:
    """Whether an earlier statement of the script makes or empties the table, so that nobody else's rows are in it."""
    tables = [statement.facts.table for statement in earlier if statement.facts.table is not None]
    writes = [statement.facts.write for statement in earlier if statement.facts.write is not None]
    return any(
        table.kind == "table" and not table.if_not_exists and scripts.same(table.parts, target) for table in tables
    ) or any(write.verb == "truncate" and scripts.same(write.target, target) for write in writes)


def _migrates(script: Script, write: Write) -> bool:
    """Whether the script changes the very columns that the UPDATE fills: a migration, and all rows are meant."""
    tables = [statement.facts.table for statement in script.having("table") if statement.facts.table is not None]
    altered = [table for table in tables if table.kind == "alter" and scripts.same(table.parts, write.target)]
    added = {column.name.casefold() for table in altered for column in table.columns}
    changed = {name.casefold() for table in altered for one in table.changes for name in (one.column, one.to) if name}
    read = {part.name.casefold() for _, value in write.assignments for part in value.walk() if part.op == "column"}
    dropped = {one.column.casefold() for table in altered for one in table.changes if one.kind == "drop"}
    filled = {name.casefold() for name, _ in write.assignments}
    return bool(filled & (added | changed)) or bool(read & dropped)


def _standardises(column: str, value: Expr) -> bool:
    """Whether the new value says for each row what becomes of the old one: all rows are meant.

    A CASE chooses the rows itself, and what a function makes of a column's own text or type holds for every row.
    Arithmetic is left out: a raise in price may be meant for some.
    """
    if value.op in _ARITHMETIC:
        return False
    parts = list(value.walk())
    reads = any(part.op == "column" and part.name.casefold() == column.casefold() for part in parts)
    plain = value.op in ("column", "parameter", "hole", "subquery")
    return value.op == "case" or (not plain and (reads or _is_worked_out(parts)))


def _is_worked_out(parts: Sequence[Expr]) -> bool:
    """Whether functions make a value from other columns of its row alone: a column that follows from the others."""
    made = any(part.op in _GIVEN or part.op in _ARITHMETIC or part.opaque for part in parts)
    return not made and any(part.op == "column" for part in parts)


_WRAPPED: Final = frozenset({"postgres", "mysql", "sqlite", "tsql"})
"""Engines whose hooks and cursors commit behind the last statement unless they are told otherwise (PEP 249; Airflow's
DbApiHook.run, https://airflow.apache.org/docs/apache-airflow-providers-common-sql/stable/_api/airflow/providers/common/sql/hooks/sql/index.html).
"""
_RUNS: Final = regex(r"\b(?:EXECUTE|EXEC|CALL|PERFORM)\b", re.IGNORECASE)
_GIVEN: Final = frozenset({"parameter", "hole", "subquery", "exists", "name"})
"""What comes from outside of the row."""
_ARITHMETIC: Final = frozenset({"add", "sub", "mul", "div", "mod", "neg"})


def _left_empty(script: Script, index: int, target: DatasetName, ctx: Context) -> str:
    """What is said of a table that nothing here fills again."""
    if shapes.is_staging(target.parts):
        return "staging"
    if script.embedded and not ctx.runs_of(script):
        return "in code"
    return "unseen" if _runs_unseen(script, index, ctx) else "delete"


def _runs_unseen(script: Script, index: int, ctx: Context) -> bool:
    """Whether behind a statement, or in the block around it, something is run whose text stands elsewhere."""
    own = script.statements[index].loc
    return any(
        (at > index or statement.facts.inner)
        and (statement.facts.command is not None or statement.facts.unjudged)
        and _RUNS.search(ctx.text(statement.loc)) is not None
        for at, statement in enumerate(script.statements)
        if statement.loc is not own
    )


def _emptied(script: Script) -> int:
    """How many tables the script empties."""
    return len(
        {
            tuple(part.casefold() for part in statement.facts.write.target)
            for statement in script.having("write")
            if statement.facts.write is not None
            and statement.facts.write.verb in ("delete", "truncate")
            and _reaches_all_rows(statement, statement.facts.write)
        }
    )


def _is_nameless(write: Write) -> bool:
    """Whether the table's own name is a template and nothing else."""
    return _TEMPLATE.fullmatch(write.target[-1] if write.target else "") is not None


def _names_target(write: Write, hole: Hole) -> bool:
    return write.target_span.start <= hole.span.start and hole.span.end <= write.target_span.end


def _refill(later: Iterable[Access], target: DatasetName) -> Loc | None:
    """The place of the first later access that brings rows into the table."""
    return next(
        (
            access.loc
            for access in later
            if access.mode in WRITES
            and access.mode is not AccessMode.UPDATE
            and access.dataset.match(target) is not Confidence.NONE
        ),
        None,
    )


def _made_by_task(script: Script, target: DatasetName, ctx: Context) -> bool:
    """Whether every task that runs the script makes the table itself, so that no rows of others are in it."""
    runs = ctx.runs_of(script)
    return bool(runs) and all(
        any(
            access.mode is AccessMode.CREATE and access.dataset.match(target) is not Confidence.NONE
            for access in run.before
        )
        for run in runs
    )


def _made_in_file(script: Script, target: DatasetName, ctx: Context) -> bool:
    """Whether another part of the same program makes or drops the table: then it is the program's own to work on."""
    owning = (AccessMode.CREATE, AccessMode.DROP)
    return any(use.access.mode in owning and use.access.loc.file == script.loc.file for use in ctx.uses_of(target))


def _filled_by_task(script: Script, target: DatasetName, ctx: Context) -> bool:
    """Whether every task that runs the script goes on to bring rows into the table."""
    runs = ctx.runs_of(script)
    return bool(runs) and all(_refill((*run.after, *run.task.accesses), target) is not None for run in runs)


def _in_transaction(script: Script, index: int) -> bool:
    """Whether a transaction was begun before the statement and not ended since."""
    begun = False
    for statement in script.statements[:index]:
        transaction = statement.facts.transaction
        if transaction in ("begin", "commit", "rollback"):
            begun = transaction == "begin"
    return begun
