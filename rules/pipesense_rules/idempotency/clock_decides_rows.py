"""A load asks the clock which rows it is about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.habits import ClockChoosesData
from pipesense.model.sql import Clause, Comparison, Expr, Script, Statement
from pipesense.model.value import effective
from pipesense.rule.context import Context, TaskRun
from pipesense.rule.finding import Finding, Related
from pipesense.rule.meta import PRODUCTION, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules import queries, shapes

_DO = "Take the day from the run: its interval or date, as a template or a parameter."

META = RuleMeta(
    id="idempotency/clock-decides-rows",
    wants=(Script, ClockChoosesData),
    pattern="repeatable-result",
    since="0.1",
    roles=PRODUCTION,
    messages={
        "scheduled": Message(
            Severity.WARNING,
            "{clock} decides from when on task {task} loads rows into {table}.",
            "A retry after midnight, a cleared run and a backfill all load the wrong days: the clock has moved on, the "
            "run has not.",
            _DO,
        ),
        "mixed": Message(
            Severity.WARNING,
            "{clock} decides from when on rows are loaded into {table}, and the same statement names the run's date.",
            "When the run is repeated on another day, the two disagree.",
            "Use the run's date for both.",
        ),
        "clock": Message(
            Severity.INFO,
            "{clock} decides which rows this statement loads into {table}.",
            "Run again tomorrow, it loads others.",
            _DO,
        ),
        "task": Message(
            Severity.WARNING,
            "{clock} decides what {called} reads or writes, in a task that has a date of its own.",
            "A retry after midnight, a cleared run and a backfill all take today's data: the clock has moved on, the "
            "run has not.",
            "Take the day from the run: its interval or its date, as an argument of the task.",
        ),
        "code": Message(
            Severity.INFO,
            "{clock} decides what {called} reads or writes.",
            "Run again tomorrow, it takes other data, and a day that was missed cannot be made up for.",
            "Take the day as an argument, with today as its default at most.",
        ),
        "random-key": Message(
            Severity.INFO,
            "{column} of {table} is made by {call}: the same row gets another key whenever it is loaded again.",
            "What refers to the old key refers to nothing, and a MERGE on it finds no partner.",
            "Derive the key from the row's own business key, for example by a hash.",
        ),
    },
)

_CLOCK: Final = frozenset(
    {
        *("current_date", "current_timestamp", "current_datetime", "current_time", "now", "getdate", "getutcdate"),
        *("sysdate", "sysdatetime", "sysutcdatetime", "systimestamp", "today", "curdate", "localtimestamp"),
        *("utc_timestamp", "current_timestamp_l_t_z", "unix_timestamp"),
    }
)
_RANDOM: Final = frozenset({"uuid", "generate_uuid", "gen_random_uuid", "uuid_generate_v4", "newid", "uuid_string"})
_VALIDITY: Final = frozenset(
    {"valid", "effective", "expires", "expiry", "expiration", "expired", "end", "until", "active"}
)


@rule(META)
def clock_decides_rows(script: Script | ClockChoosesData, ctx: Context) -> Iterator[Finding]:
    """At the comparison with the clock, or at the random key; statements that add rows to a lasting table only."""
    if isinstance(script, ClockChoosesData):
        variant = "task" if script.scheduled else "code"
        yield ctx.finding(variant, at=script.loc, clock=script.clock, called=script.called)
        return
    runs: tuple[TaskRun, ...] | None = None
    for statement in script.having("write"):
        facts = statement.facts
        write = facts.write
        if facts.error or write is None or write.verb not in ("insert", "merge") or write.temporary:
            continue
        if shapes.is_staging(write.target):
            continue
        table = ".".join(write.target)
        bound = next((each for each in facts.comparisons if _asks_clock(each)), None)
        if bound is not None:
            runs = ctx.runs_of(script) if runs is None else runs
            yield _finding(statement, bound, table, runs, ctx)
        yield from _random_keys(statement, table, ctx)


def _finding(statement: Statement, bound: Comparison, table: str, runs: tuple[TaskRun, ...], ctx: Context) -> Finding:
    at = statement.at(bound.span)
    clock = _clock_in(bound.right) or _clock_in((bound.left,))
    called = ctx.text(statement.at(clock.span)) if clock is not None else "The clock"
    # Its precision or time zone is not what the finding is about.
    called = f"{called.partition('(')[0].rstrip()}()" if "(" in called else called
    scheduled = [run for run in runs if effective(run.pipeline.schedule.text) is not None]
    write = statement.facts.write
    if _is_lower_bound(bound) and scheduled:
        related = [Related(run.task.loc, f"task {run.task.name} runs it") for run in scheduled]
        return ctx.finding("scheduled", at=at, related=related, clock=called, table=table, task=scheduled[0].task.name)
    if _is_lower_bound(bound) and write is not None and write.run_date:
        return ctx.finding("mixed", at=at, clock=called, table=table)
    return ctx.finding("clock", at=at, clock=called, table=table)


def _asks_clock(comparison: Comparison) -> bool:
    """Whether a filter compares a column with the clock; one that asks what is valid now may have to."""
    if comparison.clause not in (Clause.WHERE, Clause.ON):
        return False
    sides = (comparison.left, *comparison.right)
    if comparison.op not in ("eq", "gt", "gte", "lt", "lte", "between") or _clock_in(sides) is None:
        return False
    columns = list(queries.columns(*sides))
    return bool(columns) and not any(shapes.words(queries.last_name(column)) & _VALIDITY for column in columns)


def _is_lower_bound(comparison: Comparison) -> bool:
    if _clock_in(comparison.right[:1]) is not None:
        return comparison.op in ("eq", "gt", "gte", "between")
    return comparison.op in ("eq", "lt", "lte")


def _clock_in(exprs: tuple[Expr, ...]) -> Expr | None:
    """Where a value asks for the clock; None where nothing does."""
    for expr in exprs:
        for part in expr.walk():
            if part.op in _CLOCK or (part.kind == "function" and part.name.lower() in _CLOCK):
                return part
    return None


def _random_keys(statement: Statement, table: str, ctx: Context) -> Iterator[Finding]:
    for block in statement.facts.blocks:
        for output in block.outputs if block.depth == 0 else ():
            call = output.expr
            name = (call.name or call.op).lower()
            if output.aliased and shapes.words(output.name) & {"id", "key", "sk"} and name in _RANDOM:
                yield ctx.finding(
                    "random-key", at=statement.at(call.span), column=output.name, table=table, call=name.upper()
                )
