"""A macro is called that nobody defines."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.change import Replace
from pipesense.model.dbt import DbtCall, DbtFile
from pipesense.rule.context import Context
from pipesense.rule.dbt import Missing
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="lineage/unknown-macro",
    wants=DbtFile,
    pattern="model-graph",
    since="0.1",
    roles=PRODUCTION | {FileRole.TEST, FileRole.MACRO},
    messages={
        "unknown": Message(
            Severity.ERROR,
            "No macro is called {name}{near}.",
            "dbt stops where the template is rendered: the name is undefined.",
            "Call a macro that is there, or add the package that defines it.",
        ),
    },
)


@rule(META)
def unknown_macro(file: DbtFile, ctx: Context) -> Iterator[Finding]:
    """Report calls of names that neither the project, its packages, dbt nor Jinja define."""
    for call in file.calls:
        if call.guarded or call.name.count(".") > 1:
            continue
        found = ctx.dbt.macro(call.name)
        if isinstance(found, Missing) and ("." in call.name or found.near or not ctx.dbt.packages):
            near = f"; the nearest name is {found.near[0]}" if found.near else ""
            yield ctx.finding("unknown", at=call.at, name=call.name, near=near, subject=call)


@unknown_macro.fix
def name_the_nearest(finding: Finding, call: DbtCall, ctx: Context) -> Iterator[Offer]:
    """Offer the macros that look like it."""
    found = ctx.dbt.macro(call.name)
    for name in found.near if isinstance(found, Missing) else ():
        yield Offer(f"Call {name}", Replace(call.at, name), Applicability.UNSAFE)
