"""An incremental model adds rows without a key by which they could replace older ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.dbt import DbtNode
from pipesense.model.dbt_change import SetConfig
from pipesense.model.value import Absent, Known, Unknown
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules.dbt_facts import constant

_BY_KEY: Final = frozenset(("merge", "delete+insert", "default"))
_OVERWRITES: Final = frozenset(("athena", "hive", "glue", "spark", "clickhouse", "doris", "starrocks"))
"""Adapters whose default strategy is no merge by key, or that have keys of their own."""

META = RuleMeta(
    id="idempotency/incremental-no-unique-key",
    wants=DbtNode,
    pattern="incremental-model",
    since="0.1",
    messages={
        "repeats": Message(
            Severity.WARNING,
            "The incremental model {name} has no unique_key, and its filter does not look at the rows that it has.",
            "A run that is repeated, or that looks back a few days, adds rows that are there already.",
            "Set unique_key to the columns that tell one row from another.",
        ),
        "appends": Message(
            Severity.INFO,
            "The incremental model {name} has no unique_key: rows are added and never replaced.",
            "A row that changes, or that the filter lets through twice, is there twice.",
            "Set unique_key, or incremental_strategy='append' to say that no row comes again.",
        ),
    },
)


@rule(META)
def incremental_no_unique_key(node: DbtNode, ctx: Context) -> Iterator[Finding]:
    """Report incremental models that merge by key and surely have none."""
    if node.kind != "model" or node.language != "sql" or constant(ctx, node, "materialized") != "incremental":
        return
    if ctx.dbt.enabled(node) is not True or not isinstance(ctx.dbt.setting(node, "unique_key"), Absent):
        return
    strategy = ctx.dbt.setting(node, "incremental_strategy")
    if isinstance(strategy, Unknown) or (isinstance(strategy, Known) and strategy.value not in _BY_KEY):
        return
    project = ctx.dbt.project
    if isinstance(strategy, Absent) and (project is None or project.adapter in _OVERWRITES):
        return
    if any(not isinstance(ctx.dbt.setting(node, key), Absent) for key in ("pre_hook", "pre-hook", "sql_where")):
        return
    if node.leaves_out:
        return
    if ctx.dbt.reaches(node, "is_incremental") is not True or ctx.dbt.reaches(node, "?") is not False:
        return
    own = next((call for call in node.calls if call.name == "is_incremental"), None)
    looks = bool(node.this_at) or ctx.dbt.reaches(node, "this") is not False
    at = node.config_at or node.at
    yield ctx.finding("appends" if looks or own is None else "repeats", at=at, name=node.name)


@incremental_no_unique_key.fix
def take_the_tested_key(finding: Finding, node: DbtNode, ctx: Context) -> Offer | None:
    """The column that a test or a constraint calls unique."""
    for entry in ctx.dbt.entries(node):
        for column in entry.columns:
            if column.name and (column.primary or any(test.name == "unique" for test in column.tests)):
                change = SetConfig(node.at, node.config_at, "unique_key", f"'{column.name}'")
                return Offer(f"Set unique_key='{column.name}'", change, Applicability.UNSAFE)
        for test in entry.tests:
            columns = test.argument("combination_of_columns")
            if isinstance(columns, tuple) and columns:
                text = ", ".join(f"'{each}'" for each in columns)
                change = SetConfig(node.at, node.config_at, "unique_key", f"[{text}]")
                return Offer(f"Set unique_key=[{text}]", change, Applicability.UNSAFE)
    return None
