"""An incremental model reads everything on every run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.change import Replace
from pipesense.model.columns import Family
from pipesense.model.data import AccessMode
from pipesense.model.dbt import DbtNode
from pipesense.model.sql import Block, Clause, Expr, Role, Statement
from pipesense.model.value import Absent, Known
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.span import Span
from pipesense_rules.dbt_facts import constant

_UNFILTERED: Final = frozenset(("merge", "delete+insert", "append", "default"))
_ASKS: Final = ("is_incremental", "this", "flags", "should_full_refresh", "load_relation", "adapter.get_relation", "?")
"""What a query may ask to tell a later run from the first."""

_CLOCKS: Final = frozenset(("current_date", "current_timestamp"))
_CHANGED: Final = ("updated_at", "modified_at", "last_modified_at", "last_updated_at", "_updated_at")
_LOADED: Final = (
    *("_loaded_at", "loaded_at", "_ingested_at", "ingested_at", "_extracted_at", "_etl_loaded_at"),
    *("_fivetran_synced", "_airbyte_extracted_at", "_sdc_batched_at", "sync_at", "synced_at", "_synced_at"),
)
_BORN: Final = ("created_at", "inserted_at")
_HAPPENED: Final = ("event_time", "event_timestamp", "occurred_at", "event_at")
_TIMES: Final = frozenset((Family.DATE, Family.TIMESTAMP, Family.TIMESTAMPTZ, Family.UNKNOWN))

META = RuleMeta(
    id="idempotency/incremental-no-filter",
    wants=DbtNode,
    pattern="incremental-model",
    since="0.1",
    messages={
        "everything": Message(
            Severity.WARNING,
            "The incremental model {name} has no filter for later runs: neither it nor a macro that it calls asks "
            "is_incremental().",
            "Each run reads everything again{consequence}.",
            "Filter inside an is_incremental() branch, or make it a table.",
        ),
    },
)


@rule(META)
def incremental_no_filter(node: DbtNode, ctx: Context) -> Iterator[Finding]:
    """Report incremental models of which everything was read and nothing asks which run it is."""
    if node.kind != "model" or node.language != "sql" or constant(ctx, node, "materialized") != "incremental":
        return
    strategy = ctx.dbt.setting(node, "incremental_strategy")
    if not isinstance(strategy, Absent) and not (isinstance(strategy, Known) and strategy.value in _UNFILTERED):
        return
    if ctx.dbt.enabled(node) is not True or node.this_at:
        return
    if any(ctx.dbt.reaches(node, each) is not False for each in _ASKS) or _chooses_rows(ctx.statement(node.at)):
        return
    if all(each.hint for each in node.references) and _reads_no_table(ctx.statement(node.at)):
        return
    if _keeps_days(node, ctx.statement(node.at), ctx):
        return
    has_key = isinstance(ctx.dbt.setting(node, "unique_key"), Known)
    consequence = " and compares it with what is there" if has_key else ", and adds rows that are there already"
    at = node.config_at or node.at
    yield ctx.finding("everything", at=at, subject=(node, has_key), name=node.name, consequence=consequence)


def _reads_no_table(statement: Statement | None) -> bool:
    """Whether nothing that is read can grow: the rows come from the query itself, or from calls of a service."""
    if statement is None or statement.facts.error:
        return False
    if all(not block.every_source and block.holes <= {Clause.SELECT} for block in statement.facts.blocks):
        return bool(statement.facts.blocks)
    if any(hole.kind == "jinja" for hole in statement.facts.holes):
        return False
    return not any(each.mode is AccessMode.READ and not each.temporary for each in statement.accesses)


def _chooses_rows(statement: Statement | None) -> bool:
    """Whether a template or a query says which rows are read: each run may take another part, as the newest load.

    What cannot be read may say so too.
    """
    if statement is not None and statement.facts.error:
        return True
    blocks = statement.facts.blocks if statement is not None else ()
    return any(
        Clause.WHERE in block.holes
        or any(part.opaque for condition in block.where for part in condition.walk())
        or any(part.op == "eq" and any(side.op == "subquery" for side in part.args) for part in block.where)
        for block in blocks
    )


def _keeps_days(node: DbtNode, statement: Statement | None, ctx: Context) -> bool:
    """Whether a column of the key is the day of the run: each run adds how things stand, and all of them count."""
    key = constant(ctx, node, "unique_key")
    keys = {name.casefold() for name in (key if isinstance(key, (list, tuple)) else (key,)) if isinstance(name, str)}
    return statement is not None and any(
        output.name.casefold() in keys and _is_clock(output.expr)
        for block in statement.facts.blocks
        for output in block.outputs
    )


def _is_clock(expr: Expr) -> bool:
    parts = list(expr.walk())
    return any(part.op in _CLOCKS for part in parts) and not any(part.op == "column" for part in parts)


@incremental_no_filter.fix
def read_what_is_new(finding: Finding, subject: tuple[DbtNode, bool], ctx: Context) -> Offer | None:
    """A guarded filter by a column that says when a row came or changed, at the end of a plain query."""
    node, has_key = subject
    statement = ctx.statement(node.at)
    block = _last(statement) if statement is not None else None
    if statement is None or block is None:
        return None
    known = ctx.outputs(statement)
    for name in _wanted(constant(ctx, node, "event_time"), has_key):
        column = known.find(name)
        output = block.outputs[column.item] if column is not None and 0 <= column.item < len(block.outputs) else None
        if column is None or output is None or column.type.family not in _TIMES:
            continue
        if output.expr.op not in ("column", "star") or (output.expr.op == "star" and len(block.every_source) > 1):
            continue
        written = ctx.text(statement.at(output.expr.span)) if output.expr.op == "column" else column.name
        # What is read again replaces what is there where a key tells the rows; else it would stand there twice.
        sign = ">=" if has_key else ">"
        newest = f"(select coalesce(max({column.name}), '1900-01-01') from {{{{ this }}}})"
        start = "    and" if block.where else "where"
        text = f"\n{{% if is_incremental() %}}\n{start} {written} {sign} {newest}\n{{% endif %}}"
        title = (
            f"Read rows from the newest {column.name} on" if has_key else f"Read rows after the newest {column.name}"
        )
        end = block.span.end
        return Offer(title, Replace(statement.at(Span(end, end)), text), Applicability.UNSAFE)
    return None


def _wanted(event_time: object, has_key: bool) -> tuple[str, ...]:
    """The columns that may tell new rows from old ones, the best first.

    A key is there for rows that change, and when they were made does not say that they did.
    """
    configured = (event_time,) if isinstance(event_time, str) else ()
    return (*configured, *(_CHANGED if has_key else ()), *_LOADED, *(() if has_key else _BORN), *_HAPPENED)


def _last(statement: Statement) -> Block | None:
    """The query that a model ends with, where a filter at its end keeps whole rows and nothing else."""
    facts = statement.facts
    if facts.error or facts.unsure or facts.kind != "select" or facts.set_operations:
        return None
    block = next((each for each in facts.blocks if each.role is Role.STATEMENT and not each.depth), None)
    if block is None or block.limit or block.offset or not block.every_source:
        return None
    if (
        block.group
        or block.grouping
        or block.having
        or block.qualify
        or block.order
        or block.distinct
        or block.holes - {Clause.FROM}
    ):
        return None
    inside = [part for output in block.outputs for part in output.expr.walk()]
    if any(part.op == "window" or part.kind == "aggregate" for part in inside):
        return None
    before = [each.span.end for each in block.sources] + [each.span.end for each in block.joins]
    ends = [part.span.end for part in block.where] or before
    if any(part.op == "or" for part in block.where) or max(ends, default=-1) != block.span.end:
        return None
    return block if block.span.end == facts.span.end else None
