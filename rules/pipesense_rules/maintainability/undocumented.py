"""A model that others use has no description."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.dbt import DbtNode
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule

_MART = 3

META = RuleMeta(
    id="maintainability/undocumented",
    wants=DbtNode,
    pattern="data-contract",
    since="0.1",
    messages={
        "mart": Message(
            Severity.HINT,
            "No YAML file describes {name}.",
            "Who uses it has to read its query to learn what a row is.",
            "Describe it in YAML, with its columns.",
        ),
    },
)


@rule(META)
def undocumented(node: DbtNode, ctx: Context) -> Iterator[Finding]:
    """Report marts and exposed models without a description, once every YAML file was read."""
    if node.kind != "model" or not ctx.dbt.complete or ctx.dbt.enabled(node) is not True:
        return
    is_mart = ctx.dbt.layered and ctx.dbt.layer(node) == _MART
    if not is_mart and not ctx.dbt.exposed_by(node):
        return
    entries = ctx.dbt.entries(node)
    if not any(entry.described or not entry.whole for entry in entries):
        yield ctx.finding("mart", at=node.at, name=node.name)
