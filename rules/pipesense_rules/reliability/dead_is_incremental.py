"""A model asks whether its run is incremental, and never is."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.dbt import DbtNode
from pipesense.model.dbt_change import SetConfig
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules.dbt_facts import materialized

META = RuleMeta(
    id="reliability/dead-is-incremental",
    wants=DbtNode,
    pattern="incremental-model",
    since="0.1",
    messages={
        "dead": Message(
            Severity.WARNING,
            "is_incremental() is always false here: the model is a {kind}.",
            "What stands in the branch never runs, and the model is built from scratch every time.",
            "Set materialized='incremental', or take the branch out.",
        ),
    },
)


@rule(META)
def dead_is_incremental(node: DbtNode, ctx: Context) -> Iterator[Finding]:
    """Report the first call in a model whose materialization is surely another one."""
    if node.kind != "model" or ctx.dbt.enabled(node) is not True:
        return
    call = next((call for call in node.calls if call.name in ("is_incremental", "dbt.is_incremental")), None)
    if call is None:
        return
    kind = materialized(ctx, node)
    if kind in ("table", "view", "ephemeral"):
        yield ctx.finding("dead", at=call.at, kind=kind)


@dead_is_incremental.fix
def make_it_incremental(finding: Finding, node: DbtNode, ctx: Context) -> Offer | None:
    """The branch shows what was meant; the key is still to be chosen."""
    if node.language != "sql" or node.setting("**") is not None:
        return None
    change = SetConfig(node.at, node.config_at, "materialized", "'incremental'")
    return Offer("Set materialized='incremental'", change, Applicability.UNSAFE)
