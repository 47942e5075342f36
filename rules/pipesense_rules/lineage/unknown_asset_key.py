"""An asset is named that does not exist, and one of nearly the same name does."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.change import Rewrite
from pipesense.model.steps import UnknownAsset
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="lineage/unknown-asset-key",
    wants=UnknownAsset,
    pattern="quality-gate",
    since="0.1",
    messages={
        "near": Message(
            Severity.WARNING,
            "{by} names the asset {written}, which this file does not have; it has {meant}.",
            "Dagster takes an unknown name for an asset of somebody else's: a check then looks at nothing, a "
            "dependency leads nowhere, and validation passes.",
            "Write {meant}, or the function itself.",
        ),
    },
)


@rule(META)
def unknown_asset_key(unknown: UnknownAsset, ctx: Context) -> Iterator[Finding]:
    """At the name."""
    yield ctx.finding("near", at=unknown.loc, by=unknown.by, written=unknown.written, meant=unknown.meant)


@unknown_asset_key.fix
def name_the_asset(finding: Finding, unknown: UnknownAsset, ctx: Context) -> Offer:
    """The name that was meant."""
    return Offer(f"Write {unknown.meant}", Rewrite((unknown.edit,)), Applicability.UNSAFE)
