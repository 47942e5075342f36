"""A ``ref`` names a model that nobody defines."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.change import Replace
from pipesense.model.dbt import DbtExposure, DbtNode, DbtReference
from pipesense.rule.context import Context
from pipesense.rule.dbt import Missing
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules.dbt_facts import quoted_like

META = RuleMeta(
    id="lineage/ref-missing",
    wants=(DbtNode, DbtExposure),
    pattern="model-graph",
    since="0.1",
    roles=PRODUCTION | {FileRole.TEST},
    messages={
        "missing": Message(
            Severity.ERROR,
            "No model, seed or snapshot of the project is called {name}{near}.",
            "dbt refuses to parse the project, so nothing of it runs.",
            "Name a model that is there, or add the missing one.",
        ),
        "tested": Message(
            Severity.WARNING,
            "No model, seed or snapshot of the project is called {name}{near}.",
            "dbt says so once while it parses and leaves the test out: what it guards is not tested any more.",
            "Name a model that is there, or remove the test.",
        ),
    },
)


@rule(META)
def ref_missing(fact: DbtNode | DbtExposure, ctx: Context) -> Iterator[Finding]:
    """Report each reference whose name everything that was read leaves undefined."""
    if isinstance(fact, DbtNode) and (fact.kind == "analysis" or ctx.dbt.enabled(fact) is not True):
        return
    for reference in fact.references:
        if reference.kind != "ref":
            continue
        found = ctx.dbt.ref(reference)
        if isinstance(found, Missing):
            near = f"; the nearest name is {found.near[0]}" if found.near else ""
            variant = "tested" if isinstance(fact, DbtNode) and fact.kind == "test" else "missing"
            yield ctx.finding(variant, at=reference.at, name=reference.name, near=near, subject=reference)


@ref_missing.fix
def name_the_nearest(finding: Finding, reference: DbtReference, ctx: Context) -> Iterator[Offer]:
    """Offer the names that look like it; in YAML the whole value is one text, so only SQL files are changed."""
    found = ctx.dbt.ref(reference)
    text = ctx.text(reference.at)
    if isinstance(found, Missing) and text[1:-1] == reference.name:
        for name in found.near:
            yield Offer(f"Refer to {name}", Replace(reference.at, quoted_like(text, name)), Applicability.UNSAFE)
