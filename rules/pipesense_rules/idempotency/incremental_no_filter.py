"""An incremental model reads everything on every run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.dbt import DbtNode
from pipesense.model.value import Absent, Known
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules.dbt_facts import constant

_UNFILTERED: Final = frozenset(("merge", "delete+insert", "append", "default"))
_ASKS: Final = ("is_incremental", "this", "flags", "should_full_refresh", "load_relation", "adapter.get_relation", "?")
"""What a query may ask to tell a later run from the first."""

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
    if any(ctx.dbt.reaches(node, each) is not False for each in _ASKS):
        return
    has_key = isinstance(ctx.dbt.setting(node, "unique_key"), Known)
    consequence = " and compares it with what is there" if has_key else ", and adds rows that are there already"
    yield ctx.finding("everything", at=node.config_at or node.at, name=node.name, consequence=consequence)
