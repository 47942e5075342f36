"""An INSERT adds the same rows again whenever its task runs again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pipesense.model.change import Replace
from pipesense.model.data import Access, AccessMode, Confidence, DatasetName
from pipesense.model.flow import Pipeline, Schedule, retries_of
from pipesense.model.frames import FrameScope
from pipesense.model.sql import Block, Expr, Script, Statement, Write
from pipesense.model.value import Absent, Known, effective, known
from pipesense.model.where import Loc
from pipesense.rule.context import Context, TaskRun
from pipesense.rule.finding import Applicability, Finding, Offer, Related
from pipesense.rule.meta import PRODUCTION, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.span import Span
from pipesense_rules import frames, shapes

_DO = "Delete the run's own rows first, merge on a key, or overwrite the run's partition."

META = RuleMeta(
    id="idempotency/append-on-rerun",
    wants=(Script, Pipeline, FrameScope),
    pattern="idempotent-load",
    since="0.1",
    roles=PRODUCTION,
    messages={
        "retried": Message(
            Severity.WARNING,
            "{write} into {table} adds its rows once more when task {task} is retried ({retries}).",
            "An attempt can fail after its rows were committed; the next one then writes them a second time.",
            _DO,
        ),
        "catchup": Message(
            Severity.WARNING,
            "{write} into {table} adds its rows once more when {noun} {pipeline} makes up for a run again.",
            "With catchup, clearing a day runs task {task} for it a second time, and nothing removes the first rows.",
            _DO,
        ),
        "scheduled": Message(
            Severity.WARNING,
            "{write} into {table} adds its rows once more when task {task} of {noun} {pipeline} is run again.",
            "A scheduled run gets cleared and repeated sooner or later; nothing removes the rows of the first time.",
            _DO,
        ),
        "micro-batch": Message(
            Severity.WARNING,
            "{write} adds the rows of a micro-batch once more when the stream repeats it.",
            "foreachBatch is at least once: after a failure the last batch is handed over again, and nothing "
            "removes the "
            "rows that its first attempt has written.",
            "Merge on a key, or let the batch id decide: Delta's txnAppId and txnVersion, or delete by it first.",
        ),
        "script": Message(
            Severity.INFO,
            "{write} into {table} adds its rows once more when the script is run again.",
            "Who runs it, and how often, is not in the workspace; a run that broke off is usually started once more.",
            _DO,
        ),
        "run-date": Message(
            Severity.INFO,
            "{write} into {table} selects the rows of one run, and adds them once more when that run is repeated.",
            "Nothing in the statement or before it removes the rows of the first time.",
            _DO,
        ),
    },
)

_ENFORCES_KEYS: Final = frozenset({"postgres", "mysql", "sqlite", "oracle", "tsql", "duckdb"})


@dataclass(frozen=True, slots=True)
class Appending:
    """A statement that appends without a guard."""

    script: Script
    statement: Statement
    access: Access


@rule(META)
def append_on_rerun(fact: Script | Pipeline | FrameScope, ctx: Context) -> Iterator[Finding]:
    """At the table's name, once per table that a script's unguarded INSERTs fill, or per call that appends."""
    if isinstance(fact, Script):
        yield from _of_script(fact, ctx)
    elif isinstance(fact, Pipeline):
        yield from _of_code(fact, ctx)
    elif fact.handler:
        yield from _of_micro_batch(fact, ctx)


def _of_code(pipeline: Pipeline, ctx: Context) -> Iterator[Finding]:
    """What the code of tasks appends; the SQL that they run is judged for itself."""
    for task in pipeline.tasks:
        for access in task.accesses:
            if not access.call or access.mode is not AccessMode.APPEND or not isinstance(access.guard, Absent):
                continue
            if access.temporary or access.streaming or shapes.is_log(access.dataset):
                continue
            if ctx.dataset_declared(access.dataset, "append_only"):
                continue
            # Code of another file is spoken of where this file's task stands.
            here = access.loc.file == pipeline.loc.file
            run = TaskRun(pipeline, task)
            found = _repeated((run,), f"This {access.call}", access, access.loc if here else task.loc, access, ctx)
            if found is None and here and pipeline.noun == "script":
                table, write = str(access.dataset), f"This {access.call}"
                found = ctx.finding("script", at=access.loc, subject=access, table=table, write=write)
            if found is not None:
                yield found


def _of_micro_batch(scope: FrameScope, ctx: Context) -> Iterator[Finding]:
    """Appends in a function that a stream hands its batches to, unless it merges or goes by the batch's id."""
    number = scope.parameters[1] if len(scope.parameters) > 1 else ""
    for each in scope.operations:
        if each.kind in ("merge", "delta table"):
            return
        if number and any(re.search(rf"\b{re.escape(number)}\b", ctx.text(given.loc)) for given in each.given):
            return
    places = frames.by_place(scope)
    for each in scope.operations:
        if each.kind != "writer" or not frames.is_write(each) or "micro-batch" not in each.traits:
            continue
        chain = frames.chain_of(each, places)
        mode = frames.told(chain, "mode")
        appends = frames.constant(mode.given[0]) == "append" if mode is not None and mode.given else False
        if appends or frames.option(chain, "mode") == "append":
            yield ctx.finding("micro-batch", at=each.name_loc, subject=each, write=f"This {each.name}")


def _of_script(script: Script, ctx: Context) -> Iterator[Finding]:
    appending = [
        Appending(script, statement, access)
        for statement in script.having("write")
        for access in statement.accesses
        if _unguarded(statement, access) and not _exempt(script, statement, access, ctx)
    ]
    if not appending:
        return
    runs = ctx.runs_of(script)
    said: set[tuple[DatasetName, str]] = set()
    for each in appending:
        repeating = tuple(run for run in runs if not _cleared_before(each.access.dataset, run))
        found = _judge(each, repeating, script, ctx) if repeating or not runs else None
        if found is not None and (each.access.dataset, found.variant) not in said:
            # What is done about the first INSERT of a script into a table is done about all of them.
            said.add((each.access.dataset, found.variant))
            yield found


def _unguarded(statement: Statement, access: Access) -> bool:
    return (
        access.mode is AccessMode.APPEND
        and isinstance(access.guard, Absent)
        and not (access.streaming or access.temporary)
        and not statement.facts.error
    )


def _cleared_before(dataset: DatasetName, run: TaskRun) -> bool:
    """Whether SQL that the same task runs earlier takes the rows of the first time away, or asks which there are."""
    return any(
        _clears(access, dataset)
        or (access.mode is AccessMode.READ and access.dataset.match(dataset) is not Confidence.NONE)
        for access in run.before
    )


def _exempt(script: Script, statement: Statement, access: Access, ctx: Context) -> bool:
    """A log of the pipeline itself, a table declared append-only, or one whose key refuses the second copy."""
    if shapes.is_log(access.dataset) and not _selects(statement):
        return True
    if ctx.dataset_declared(access.dataset, "append_only"):
        return True
    return script.dialect in _ENFORCES_KEYS and _refused_by_key(statement.facts.write, access.dataset, ctx)


def _selects(statement: Statement) -> bool:
    return any(block.depth == 0 and block.sources for block in statement.facts.blocks)


def _refused_by_key(write: Write | None, dataset: DatasetName, ctx: Context) -> bool:
    """Whether a key that the statement itself fills (not the engine) makes a second INSERT of a row fail."""
    relation = ctx.relation(dataset)
    if write is None or not isinstance(relation, Known):
        return False
    filled = {column.lower() for column in write.columns}
    keys = [key for key in (relation.value.primary_key, *relation.value.unique) if key]
    return any(filled and {part.lower() for part in key} <= filled for key in keys)


def _judge(each: Appending, runs: tuple[TaskRun, ...], script: Script, ctx: Context) -> Finding | None:
    found = _repeated(runs, "This INSERT", each.access, each.access.loc, each, ctx)
    if found is not None:
        return found
    write = each.statement.facts.write
    if write is not None and write.run_date:
        words = {"table": str(each.access.dataset), "write": "This INSERT"}
        return ctx.finding("run-date", at=each.access.loc, related=_related(runs), subject=each, **words)
    return None


def _repeated(
    runs: tuple[TaskRun, ...], write: str, access: Access, at: Loc, subject: object, ctx: Context
) -> Finding | None:
    """The strongest reason why what writes will run again."""
    for variant in ("retried", "catchup", "scheduled"):
        by = [run for run in runs if _repeats(run, variant)]
        if variant != "retried":
            # A retry repeats this task alone; a run that is repeated begins with what stands before it.
            by = [run for run in by if not _reckoned_with(access.dataset, run, ctx)]
        if by:
            task, pipeline = by[0].task, by[0].pipeline
            retries = effective(retries_of(task)) or 0
            args: dict[str, object] = {"table": str(access.dataset), "task": task.name, "write": write}
            if variant == "retried":
                args["retries"] = shapes.counted(retries, "retry", "retries")
            else:
                args |= {"noun": pipeline.noun, "pipeline": pipeline.name}
            return ctx.finding(variant, at=at, related=_related(by), subject=subject, **args)
    return None


def _reckoned_with(dataset: DatasetName, run: TaskRun, ctx: Context) -> bool:
    """Whether a task before this one in the same pipeline takes the rows of the last time away, or looks at them.

    Who asks the table first which rows it has may well bring only the others.
    """
    edges = run.pipeline.edges
    before = edges.upstream(run.task.name)
    return any(
        use.pipeline == run.pipeline.name
        and (use.task in before or (edges.opened is not None and use.task != run.task.name))
        and (use.access.mode is AccessMode.READ or _clears(use.access, dataset))
        for use in ctx.uses_of(dataset)
    )


def _clears(access: Access, dataset: DatasetName) -> bool:
    emptying = access.mode in (AccessMode.DROP, AccessMode.OVERWRITE, AccessMode.DELETE)
    return emptying and access.dataset.match(dataset) is not Confidence.NONE


def _repeats(run: TaskRun, how: str) -> bool:
    schedule: Schedule = run.pipeline.schedule
    if how == "retried":
        return (effective(retries_of(run.task)) or 0) > 0
    if effective(schedule.text) is None:
        return False
    return how == "scheduled" or known(schedule.catchup) is True


def _related(runs: list[TaskRun] | tuple[TaskRun, ...]) -> list[Related]:
    return [
        Related(run.task.loc, f"task {run.task.name} of {run.pipeline.noun} {run.pipeline.name} runs it")
        for run in runs
    ]


@append_on_rerun.fix
def delete_first(finding: Finding, each: object, ctx: Context) -> Offer | None:
    """A DELETE of exactly the rows that the statement's own run-date condition selects."""
    if not isinstance(each, Appending):
        return None
    facts = each.statement.facts
    write = facts.write
    if write is None or facts.kind != "insert" or not write.run_date or each.script.embedded:
        # Inside a string of another language the copied template would need that string's own spelling.
        return None
    query = next((block for block in facts.blocks if block.depth == 0), None)
    if query is None or len([block for block in facts.blocks if block.depth == 0]) != 1:
        return None
    dated = [part for part in query.where if _holds(part, write.run_date)]
    spelled = [_for_target(part, query, each, ctx) for part in dated]
    conditions = [text for text in spelled if text is not None]
    if not conditions or len(conditions) < len(spelled):
        return None
    table = ctx.text(each.statement.at(write.target_span))
    start = Span(write.keyword.start, write.keyword.start)
    text = f"DELETE FROM {table} WHERE {' AND '.join(conditions)};"
    change = Replace(each.statement.at(start), text + "\n" + _indent(each.statement, write, ctx))
    return Offer("Delete the run's rows first", change, Applicability.UNSAFE)


def _holds(part: Expr, holes: tuple[Span, ...]) -> bool:
    return any(part.span.start <= hole.start and hole.end <= part.span.end for hole in holes)


def _for_target(part: Expr, query: Block, each: Appending, ctx: Context) -> str | None:
    """The condition with its column under the name it has in the target, None where that is not one plain column."""
    if part.op not in ("eq", "gt", "gte", "lt", "lte", "between"):
        return None
    columns = [expr for expr in part.walk() if expr.op == "column" and not expr.opaque]
    if len(columns) != 1 or any(expr.op in ("subquery", "exists") for expr in part.walk()):
        return None
    name = _target_column(columns[0], query, each.statement.facts.write)
    if name is None:
        return None
    text = ctx.text(each.statement.at(part.span))
    inside = columns[0].span.shift(-part.span.start)
    return text[: inside.start] + name + text[inside.end :]


def _target_column(column: Expr, query: Block, write: Write | None) -> str | None:
    """The target's column that receives ``column`` unchanged."""
    for index, output in enumerate(query.outputs):
        if output.expr.op == "column" and output.expr.path[-1].lower() == column.path[-1].lower():
            if write and write.columns:
                return write.columns[index] if index < len(write.columns) else None
            return output.name or None
    return None


def _indent(statement: Statement, write: Write, ctx: Context) -> str:
    before = ctx.text(statement.at(Span(0, write.keyword.start)))
    line = before.rpartition("\n")[2]
    return line if line.isspace() else ""
