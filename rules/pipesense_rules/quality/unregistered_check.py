"""A check of an asset is written and never handed to the system that would run it."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.change import Rewrite
from pipesense.model.steps import UnregisteredCheck
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer, Related
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="quality/unregistered-check",
    wants=UnregisteredCheck,
    pattern="quality-gate",
    since="0.1",
    messages={
        "unregistered": Message(
            Severity.WARNING,
            "The check {name} of {asset} is not in this file's Definitions, so it never runs.",
            "The asset is there, its check is not: nothing fails and nothing is shown.",
            "Add it to asset_checks.",
        ),
    },
)


@rule(META)
def unregistered_check(check: UnregisteredCheck, ctx: Context) -> Iterator[Finding]:
    """At the check's name."""
    yield ctx.finding(
        "unregistered",
        at=check.loc,
        related=[Related(check.listed, "what is handed to Dagster is listed here")],
        name=check.name,
        asset=check.asset,
    )


@unregistered_check.fix
def register(finding: Finding, check: UnregisteredCheck, ctx: Context) -> Offer:
    """The check among those that are listed."""
    return Offer(f"Register {check.name}", Rewrite(check.edits), Applicability.UNSAFE)
