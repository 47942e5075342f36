"""VACUUM takes away files that running queries and time travel still need."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.change import Replace
from pipesense.model.sql import Argument, StatementFacts
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import PRODUCTION, Message, RuleMeta, Scope, Severity
from pipesense.rule.rule import rule

_WEEK: Final = 168
_DIALECTS: Final = frozenset({"", "databricks", "spark"})
_CHECK: Final = "retentiondurationcheck.enabled"

META = RuleMeta(
    id="performance/vacuum-short-retention",
    wants=StatementFacts,
    pattern="table-maintenance",
    since="0.1",
    roles=PRODUCTION,
    scope=Scope.UNIT,
    messages={
        "short": Message(
            Severity.ERROR,
            "This VACUUM removes files of {table} that were in use {hours} ago.",
            "Queries and writes that started before fail or, worse, write on top of a version that is gone; time "
            "travel behind that point is lost.",
            "Keep at least 168 hours, the default, and more where jobs run longer.",
        ),
        "check": Message(
            Severity.ERROR,
            "This switches off the check that keeps VACUUM from removing files in use.",
            "Every later VACUUM of the session may then delete what a running job reads.",
            "Leave the check on and retain 168 hours.",
        ),
    },
)


@rule(META)
def vacuum_short_retention(facts: StatementFacts, ctx: Context) -> Iterator[Finding]:
    """At RETAIN n HOURS, or at the value of the setting."""
    if facts.dialect not in _DIALECTS:
        return
    for setting in facts.settings:
        if setting.name.lower().endswith(_CHECK) and setting.value.lower() == "false":
            yield ctx.finding("check", at=setting.name_span.cover(setting.value_span))
    command = facts.command
    if command is None or command.verb != "vacuum" or command.argument("dry run") is not None:
        return
    retain = command.argument("retain")
    hours = _hours(retain)
    if retain is not None and hours is not None and hours < _WEEK:
        shown = "a moment" if hours == 0 else "1 hour" if hours == 1 else f"{hours:g} hours"
        yield ctx.finding("short", at=retain.span, table=".".join(command.target) or "the table", hours=shown)


def _hours(retain: Argument | None) -> float | None:
    value = retain.value if retain is not None else None
    if value is None or value.op != "literal" or value.kind != "number" or value.opaque:
        return None
    return float(value.name)


@vacuum_short_retention.fix
def keep_a_week(finding: Finding, facts: StatementFacts, ctx: Context) -> Offer | None:
    """168 hours: fewer files go than before, which is the point."""
    retain = facts.command.argument("retain") if facts.command is not None else None
    if finding.variant != "short" or retain is None or retain.value is None:
        return None
    return Offer("Retain 168 hours", Replace(finding.loc.at(retain.value.span), str(_WEEK)), Applicability.UNSAFE)
