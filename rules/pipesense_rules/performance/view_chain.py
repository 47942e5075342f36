"""Views are stacked on views, and each reader works all of them out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.dbt import DbtNode
from pipesense.model.dbt_change import SetConfig
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import Message, Option, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules.dbt_facts import materialized, parents

_UNSTORED: Final = frozenset(("view", "ephemeral"))
_FOLLOWED: Final = 200

META = RuleMeta(
    id="performance/view-chain",
    wants=DbtNode,
    pattern="model-layers",
    since="0.1",
    messages={
        "chain": Message(
            Severity.INFO,
            "{name} ends a chain of {count} views: {chain}.",
            "Nothing is stored on the way, so each query works out the whole chain again.",
            "Store one of them as a table.",
        ),
    },
    options={"max_views": Option(int, 5, "How many views may stand on each other.")},
)


@rule(META)
def view_chain(node: DbtNode, ctx: Context) -> Iterator[Finding]:
    """Report the view at the end of a chain that is longer than the option allows."""
    if node.kind != "model" or materialized(ctx, node) not in _UNSTORED:
        return
    limit = ctx.option("max_views")
    if any(_is_view(child, ctx) for name in ctx.dbt.children(node) for child in ctx.dbt.nodes(name)):
        return
    chain = _longest(node, ctx, {}, [_FOLLOWED])
    if isinstance(limit, int) and len(chain) > limit:
        names = " on ".join(chain)
        yield ctx.finding("chain", at=node.config_at or node.at, name=node.name, count=len(chain), chain=names)


def _is_view(node: DbtNode, ctx: Context) -> bool:
    return node.kind == "model" and materialized(ctx, node) in _UNSTORED


def _longest(node: DbtNode, ctx: Context, known: dict[str, tuple[str, ...]], left: list[int]) -> tuple[str, ...]:
    """The longest chain of views that ends with a model; an unknown materialization ends it."""
    if node.name in known:
        return known[node.name]
    known[node.name] = (node.name,)
    left[0] -= 1
    best: tuple[str, ...] = ()
    for _, parent in parents(ctx, node) if left[0] > 0 else ():
        if _is_view(parent, ctx):
            found = _longest(parent, ctx, known, left)
            if len(found) > len(best) and node.name not in found:
                best = found
    known[node.name] = (node.name, *best)
    return known[node.name]


@view_chain.fix
def store_it(finding: Finding, node: DbtNode, ctx: Context) -> Offer | None:
    """The last one, which is what is asked for."""
    if node.language != "sql" or node.setting("**") is not None:
        return None
    change = SetConfig(node.at, node.config_at, "materialized", "'table'")
    return Offer(f"Store {node.name} as a table", change, Applicability.UNSAFE)
