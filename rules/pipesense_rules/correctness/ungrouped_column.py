"""A column stands beside an aggregate and is in no group."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.change import Replace
from pipesense.model.sql import Block, Expr, Role, Statement
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.span import Span
from pipesense_rules import queries

_WHY = "All rows become one, and the column has another value in each of them."

META = RuleMeta(
    id="correctness/ungrouped-column",
    wants=Statement,
    given=("blocks",),
    pattern="grouping",
    since="0.1",
    by_dialect=True,
    roles=PRODUCTION | {FileRole.TEST},
    messages={
        "no-group": Message(
            Severity.ERROR,
            "{engine} refuses {column} beside {call}: the query has no GROUP BY.",
            _WHY,
            "Add GROUP BY {column}, or say which value is meant: MAX({column}), ANY_VALUE({column}).",
        ),
        "not-in-group": Message(
            Severity.ERROR,
            "{engine} refuses {column}: it is neither in GROUP BY nor in an aggregate.",
            "A group has many rows, and the column may have another value in each of them.",
            "Add {column} to GROUP BY, or say which value is meant: MAX({column}), ANY_VALUE({column}).",
        ),
        "unknown": Message(
            Severity.WARNING,
            "{column} stands beside {call}, and the query has no GROUP BY.",
            _WHY + " All engines refuse it but SQLite and MySQL without ONLY_FULL_GROUP_BY, which take any row's.",
            "Add GROUP BY {column}, or say which value is meant: MAX({column}).",
        ),
    },
)

_REFUSE: Final = {
    "postgres": "PostgreSQL",
    "redshift": "Redshift",
    "bigquery": "BigQuery",
    "snowflake": "Snowflake",
    "databricks": "Databricks",
    "spark": "Spark",
    "spark2": "Spark",
    "hive": "Hive",
    "trino": "Trino",
    "presto": "Presto",
    "athena": "Athena",
    "duckdb": "DuckDB",
    "tsql": "SQL Server",
    "fabric": "Fabric",
    "oracle": "Oracle",
    "clickhouse": "ClickHouse",
}
_KEY_DECIDES: Final = frozenset({"postgres"})
"""Engines that allow columns which the grouped primary key decides."""
_OPAQUE: Final = frozenset({"window", "subquery", "exists", "function", "lambda", "filter", "grouping", "within_group"})
"""What may aggregate, or belongs to another query."""


@rule(META)
def ungrouped_column(statement: Statement, ctx: Context) -> Iterator[Finding]:
    """At the first such column of each query.

    Correlated queries may use columns of the query around them, and a function's body its parameters: nothing is
    said there. A bare name may be a variable that the script declares.
    """
    facts = statement.facts
    if (facts.dialect and facts.dialect not in _REFUSE) or (facts.kind == "create" and facts.table is None):
        return
    for block in facts.blocks:
        if block.role in (Role.STATEMENT, Role.CTE, Role.FROM) and _is_readable(block):
            yield from _judge(statement, block, ctx)


def _is_readable(block: Block) -> bool:
    """Whether nothing masked may group or aggregate."""
    if block.holes or block.grouping or not block.every_source:
        return False
    return not queries.opaque((*(output.expr for output in block.outputs), *block.group))


def _judge(statement: Statement, block: Block, ctx: Context) -> Iterator[Finding]:
    facts = statement.facts
    engine = _REFUSE.get(facts.dialect, "")
    if block.group:
        column = next(_loose(block, _keys(block), statement.variables), None)
        if column is not None and engine and facts.dialect not in _KEY_DECIDES:
            at = statement.at(column.span)
            yield ctx.finding(
                "not-in-group", at=at, subject=(block, statement.variables), engine=engine, column=_written(column)
            )
        return
    call = next((call for output in block.outputs for call in queries.aggregates(output.expr)), None)
    column = next(_loose(block, frozenset(), statement.variables), None) if call is not None else None
    if call is not None and column is not None:
        variant = "no-group" if engine else "unknown"
        name = f"{call.name or call.op}(...)".upper()
        at = statement.at(column.span)
        yield ctx.finding(
            variant, at=at, subject=(block, statement.variables), engine=engine, column=_written(column), call=name
        )


def _loose(block: Block, keys: frozenset[tuple[object, ...]], variables: frozenset[str]) -> Iterator[Expr]:
    """Columns and stars that no aggregate holds and no key of GROUP BY decides."""
    named = {key[2] for key in keys if key[0] == "column"}
    grouped, bare = {key[0] for key in keys}, {_bare(key) for key in keys}
    earlier: set[str] = set(variables)
    for output in block.outputs:
        todo = [output.expr]
        while todo:
            part = todo.pop()
            if part.kind == "aggregate" or part.op in _OPAQUE:
                continue
            if part.op in grouped and (queries.shape(part) in keys or _bare(queries.shape(part)) in bare):
                continue
            if part.op == "star":
                if not keys:
                    yield part
            elif part.op == "column":
                # A bare name may be the alias of an output before it (Snowflake, Redshift, Databricks, BigQuery's
                # structures), a group's key or a field of one.
                if part.path[0].casefold() not in earlier and not _is_decided(part, named):
                    yield part
            else:
                todo.extend(reversed(part.args))
        if output.aliased:
            earlier.add(output.name.casefold())


def _bare(shape: tuple[object, ...]) -> tuple[object, ...]:
    """A shape without qualifiers: ``CASE WHEN c.country = 'SE' ...`` is what ``CASE WHEN country = 'SE' ...`` says."""
    op, name, path, kind, *args = shape
    last = path[-1:] if op == "column" and isinstance(path, tuple) else path
    return (op, name, last, kind, *(_bare(each) if isinstance(each, tuple) else each for each in args))


def _is_decided(column: Expr, named: set[object]) -> bool:
    path = tuple(part.casefold() for part in column.path)
    for key in named:
        if isinstance(key, tuple) and key and (path[: len(key)] == key or path[-1] == key[-1] or key[-1] in path):
            return True
    return False


def _keys(block: Block) -> frozenset[tuple[object, ...]]:
    """What GROUP BY names: expressions, outputs by number, outputs by alias, and the members of tuples."""
    found: set[tuple[object, ...]] = set()
    by_alias = {output.name.casefold(): output.expr for output in block.outputs if output.aliased}
    todo = list(block.group)
    while todo:
        key = todo.pop()
        if key.op == "tuple":
            todo.extend(key.args)
        elif key.op == "literal" and key.name.isdigit() and 1 <= int(key.name) <= len(block.outputs):
            found.add(queries.shape(block.outputs[int(key.name) - 1].expr))
        else:
            found.add(queries.shape(key))
            if key.op == "column" and len(key.path) == 1 and key.name.casefold() in by_alias:
                found.add(queries.shape(by_alias[key.name.casefold()]))
    return frozenset(found)


def _written(column: Expr) -> str:
    return ".".join((*column.path, "*") if column.op == "star" else column.path) or "*"


@ungrouped_column.fix
def add_group_by(finding: Finding, subject: tuple[Block, frozenset[str]], ctx: Context) -> Offer | None:
    """GROUP BY with every such column. There was no result before, or any row's."""
    block, variables = subject
    if block.group or block.having or block.qualify:
        return None
    loose = list(_loose(block, frozenset(), variables))
    if any(part.op == "star" for part in loose):
        return None
    names = dict.fromkeys(ctx.text(finding.loc.at(part.span)) for part in loose)
    ends = [part.span.end for part in block.where] + [source.span.end for source in block.every_source]
    end = max((*ends, *(join.span.end for join in block.joins)))
    behind = ctx.text(finding.loc.at(Span(end, block.span.end)))
    if behind.strip() and not behind.lstrip().lower().startswith(("order", "limit", "fetch")):
        return None
    text = ctx.text(finding.loc.at(Span(block.keyword.start, end)))
    lead = ctx.text(finding.loc.at(Span(0, block.keyword.start))).rpartition("\n")[2]
    gap = "\n" + (lead if lead.isspace() else "") if "\n" in text else " "
    words = "group by" if ctx.text(finding.loc.at(block.keyword)).islower() else "GROUP BY"
    added = Replace(finding.loc.at(Span(end, end)), f"{gap}{words} {', '.join(names)}")
    return Offer(f"Group by {', '.join(names)}", added, Applicability.UNSAFE)
