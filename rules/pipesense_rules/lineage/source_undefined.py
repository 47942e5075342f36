"""A ``source`` names a table that no YAML file declares."""

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
    id="lineage/source-undefined",
    wants=(DbtNode, DbtExposure),
    pattern="model-graph",
    since="0.1",
    roles=PRODUCTION | {FileRole.TEST},
    messages={
        "undefined": Message(
            Severity.ERROR,
            "No YAML file declares the table {table} of a source {source}{near}.",
            "dbt refuses to parse the project, so nothing of it runs.",
            "Name a declared table, or declare this one under sources.",
        ),
    },
)


@rule(META)
def source_undefined(fact: DbtNode | DbtExposure, ctx: Context) -> Iterator[Finding]:
    """Report each source that everything that was read leaves undeclared."""
    if isinstance(fact, DbtNode) and (fact.kind == "analysis" or ctx.dbt.enabled(fact) is not True):
        return
    for reference in fact.references:
        if reference.kind != "source":
            continue
        found = ctx.dbt.source(reference)
        if isinstance(found, Missing):
            near = f"; the nearest declared table is {found.near[0]}" if found.near else ""
            yield ctx.finding(
                *("undefined",),
                at=reference.at,
                table=reference.name,
                source=reference.group,
                near=near,
                subject=reference,
            )


@source_undefined.fix
def name_the_nearest(finding: Finding, reference: DbtReference, ctx: Context) -> Iterator[Offer]:
    """Offer the tables of the same source that look like it."""
    found = ctx.dbt.source(reference)
    text = ctx.text(reference.at)
    if not isinstance(found, Missing) or text[1:-1] != reference.name:
        return
    for name in found.near:
        source, _, table = name.partition(".")
        if source == reference.group:
            yield Offer(f"Read {name}", Replace(reference.at, quoted_like(text, table)), Applicability.UNSAFE)
