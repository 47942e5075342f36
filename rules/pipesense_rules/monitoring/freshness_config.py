"""A freshness that cannot do what it is for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.change import Replace, Rewrite
from pipesense.model.dbt import DbtSource, Freshness
from pipesense.model.where import Loc
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule

_METADATA: Final = frozenset(("snowflake", "redshift", "bigquery", "databricks", ""))
"""Adapters that know when a table was written to; unknown ones may.

https://docs.getdbt.com/reference/resource-properties/freshness#loaded_at_field
"""

META = RuleMeta(
    id="monitoring/freshness-config",
    wants=DbtSource,
    pattern="source-freshness",
    since="0.1",
    messages={
        "order": Message(
            Severity.ERROR,
            "The error comes after {error}, the warning only after {warn}.",
            "The build stops before anybody was warned; the two ages were most likely exchanged.",
            "Warn at the smaller age.",
        ),
        "period": Message(
            Severity.ERROR,
            "{period} is no period.",
            "dbt refuses the project: it knows minute, hour and day.",
            "Write minute, hour or day.",
        ),
        "both": Message(
            Severity.ERROR,
            "The source {name} has both loaded_at_field and loaded_at_query.",
            "dbt refuses a source with both.",
            "Keep one of them.",
        ),
        "field": Message(
            Severity.ERROR,
            "The source {name} has a freshness and no loaded_at_field.",
            "On {adapter} dbt cannot ask the table itself when it was written to, and the check fails.",
            "Name the column that says when a row was loaded.",
        ),
    },
)


@rule(META)
def freshness_config(source: DbtSource, ctx: Context) -> Iterator[Finding]:
    """Report thresholds that exclude each other, unknown periods, and ages without a time to measure from."""
    if source.loaded_at == "both":
        yield ctx.finding("both", at=source.at, name=source.name)
    seen: set[int] = set()
    for fresh in (source.freshness, *(table.freshness for table in source.tables)):
        if isinstance(fresh, Freshness) and id(fresh) not in seen:
            seen.add(id(fresh))
            yield from _ages(fresh, ctx)
    project = ctx.dbt.project
    adapter = project.adapter if project is not None else ""
    if adapter in _METADATA or not source.whole or any(each.key == "**" for each in source.settings):
        return
    for table in source.tables:
        fresh = table.freshness
        if isinstance(fresh, Freshness) and not table.loaded_at and (fresh.warn_at or fresh.error_at):
            yield ctx.finding("field", at=source.at, name=source.name, adapter=adapter)
            return


def _ages(fresh: Freshness, ctx: Context) -> Iterator[Finding]:
    for period, at in fresh.wrong_periods:
        yield ctx.finding("period", at=at, period=period, subject=(period, at))
    if fresh.warn is not None and fresh.error is not None and fresh.warn > fresh.error and fresh.warn_at:
        yield ctx.finding("order", at=fresh.warn_at, error=fresh.error_text, warn=fresh.warn_text, subject=fresh)


@freshness_config.fix
def repair(finding: Finding, subject: object, ctx: Context) -> Offer | None:
    """Exchange the ages; write a period that is only misspelt."""
    if isinstance(subject, Freshness) and subject.warn_at and subject.error_at:
        one, other = ctx.text(subject.warn_at), ctx.text(subject.error_at)
        change = Rewrite((Replace(subject.warn_at, other), Replace(subject.error_at, one)))
        return Offer("Exchange warn_after and error_after", change, Applicability.UNSAFE)
    if isinstance(subject, tuple):
        period, at = subject
        plain = str(period).lower().rstrip("s")
        if plain in ("minute", "hour", "day") and isinstance(at, Loc):
            return Offer(f"Write {plain}", Replace(at, plain), Applicability.SAFE)
    return None
