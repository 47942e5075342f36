"""A snapshot keeps rows as current that are gone from its source."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.change import Change
from pipesense.model.dbt import DbtNode
from pipesense.model.dbt_change import SetConfig, SetYaml
from pipesense.model.value import Absent
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule

_SINCE = (1, 9)
"""https://docs.getdbt.com/reference/resource-configs/hard-deletes"""

META = RuleMeta(
    id="quality/snapshot-hard-deletes",
    wants=DbtNode,
    pattern="slowly-changing-dimension",
    since="0.1",
    messages={
        "kept": Message(
            Severity.INFO,
            "The snapshot {name} says nothing of rows that are deleted at the source.",
            "dbt leaves them as they are: a customer who is gone stays current for ever.",
            "Set {key}, or ignore to say that this is meant.",
        ),
    },
)


@rule(META)
def snapshot_hard_deletes(node: DbtNode, ctx: Context) -> Iterator[Finding]:
    """Report snapshots in which both settings are surely absent."""
    if node.kind != "snapshot" or ctx.dbt.enabled(node) is not True:
        return
    if all(isinstance(ctx.dbt.setting(node, key), Absent) for key in ("hard_deletes", "invalidate_hard_deletes")):
        yield ctx.finding("kept", at=node.at, name=node.name, key=_key(node, ctx))


def _key(node: DbtNode, ctx: Context) -> str:
    new = node.language == "yaml" or (ctx.dbt.version.number and not ctx.dbt.version.below(_SINCE))
    return "hard_deletes" if new else "invalidate_hard_deletes"


@snapshot_hard_deletes.fix
def close_them(finding: Finding, node: DbtNode, ctx: Context) -> Offer | None:
    """In the spelling of the project's version; the older one where nobody says it."""
    key = _key(node, ctx)
    change: Change
    if node.language == "yaml":
        entries = ctx.dbt.entries(node)
        if len(entries) != 1:
            return None
        change = SetYaml(entries[0].body, ("config", key), "invalidate")
    elif node.config_at is None:
        return None
    else:
        change = SetConfig(node.at, node.config_at, key, "'invalidate'" if key == "hard_deletes" else "true")
    return Offer("Close rows that are gone", change, Applicability.UNSAFE)
