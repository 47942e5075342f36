"""A microbatch model lacks what its batches are made from."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.dbt import DbtNode
from pipesense.model.value import Absent
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules.dbt_facts import constant, listed, parents

META = RuleMeta(
    id="reliability/microbatch-config",
    wants=DbtNode,
    pattern="incremental-model",
    since="0.1",
    messages={
        "missing": Message(
            Severity.ERROR,
            "The microbatch model {name} has no {keys}.",
            "dbt cannot cut its rows into batches and refuses the project.",
            "Set {keys}.",
        ),
        "input": Message(
            Severity.WARNING,
            "No model that {name} reads has an event_time.",
            "dbt filters each batch by the event_time of what is read; without one, every batch reads everything.",
            "Set event_time on the large ones of its inputs.",
        ),
    },
)


@rule(META)
def microbatch_config(node: DbtNode, ctx: Context) -> Iterator[Finding]:
    """Report keys that are surely missing, and inputs that cannot be cut."""
    if node.kind != "model" or constant(ctx, node, "incremental_strategy") != "microbatch":
        return
    if constant(ctx, node, "materialized") != "incremental" or ctx.dbt.enabled(node) is not True:
        return
    at = node.config_at or node.at
    absent = [key for key in ("event_time", "begin", "batch_size") if isinstance(ctx.dbt.setting(node, key), Absent)]
    if absent:
        yield ctx.finding("missing", at=at, name=node.name, keys=listed(absent))
        return
    read = list(parents(ctx, node))
    if not read or len(read) != len(node.references) or node.opened:
        return
    if all(isinstance(ctx.dbt.setting(each, "event_time"), Absent) for _, each in read):
        yield ctx.finding("input", at=at, name=node.name)
