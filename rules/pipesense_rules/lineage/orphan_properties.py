"""A YAML entry describes a model that does not exist."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.change import Replace
from pipesense.model.dbt import DbtEntry, DbtReference
from pipesense.rule.context import Context
from pipesense.rule.dbt import Missing
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="lineage/orphan-properties",
    wants=DbtEntry,
    pattern="model-graph",
    since="0.1",
    messages={
        "tested": Message(
            Severity.WARNING,
            "No model of the project is called {name}{near}.",
            "dbt leaves this entry out, so the tests in it never run.",
            "Name the model that is meant, or delete the entry.",
        ),
        "configured": Message(
            Severity.WARNING,
            "No model of the project is called {name}{near}.",
            "dbt leaves this entry out, so what it configures holds for no model.",
            "Name the model that is meant, or delete the entry.",
        ),
        "described": Message(
            Severity.INFO,
            "No model of the project is called {name}{near}.",
            "dbt leaves this entry out, so what it describes can be found nowhere.",
            "Name the model that is meant, or delete the entry.",
        ),
    },
)

_WORDS = frozenset(("docs", "meta", "tags", "group"))
"""Settings that change nothing that is built."""


@rule(META)
def orphan_properties(entry: DbtEntry, ctx: Context) -> Iterator[Finding]:
    """Report entries for models whose name everything that was read leaves undefined."""
    if entry.kind != "model" or not entry.name or ctx.dbt.nodes(entry.name):
        return
    found = ctx.dbt.ref(DbtReference("ref", (entry.name,), "", entry.at, entry.at))
    if isinstance(found, Missing):
        near = [name for name in found.near if ctx.dbt.nodes(name)]
        text = f"; the nearest name is {near[0]}" if near else ""
        yield ctx.finding(_variant(entry), at=entry.at, name=entry.name, near=text)


def _variant(entry: DbtEntry) -> str:
    """What is lost with the entry."""
    if entry.all_tests():
        return "tested"
    return "configured" if any(each.key not in _WORDS for each in entry.settings) else "described"


@orphan_properties.fix
def name_the_nearest(finding: Finding, entry: DbtEntry, ctx: Context) -> Iterator[Offer]:
    """Offer the models that look like it and have no entry yet."""
    found = ctx.dbt.ref(DbtReference("ref", (entry.name,), "", entry.at, entry.at))
    for name in found.near if isinstance(found, Missing) else ():
        nodes = ctx.dbt.nodes(name)
        if len(nodes) == 1 and nodes[0].kind == "model" and not ctx.dbt.entries(nodes[0]):
            yield Offer(f"Describe {name}", Replace(entry.at, name), Applicability.UNSAFE)
