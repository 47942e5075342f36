"""Tests stand under their old key, or under both."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.change import Replace
from pipesense.model.dbt import DbtEntry, DbtKey, DbtSource
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule

_SINCE = (1, 8)
"""https://docs.getdbt.com/docs/build/data-tests"""

META = RuleMeta(
    id="maintainability/data-tests-key",
    wants=(DbtEntry, DbtSource),
    pattern="version-upgrades",
    since="0.1",
    messages={
        "both": Message(
            Severity.ERROR,
            "This entry has both tests and data_tests.",
            "dbt refuses an entry with both keys.",
            "Put all of them under data_tests.",
        ),
        "old": Message(
            Severity.HINT,
            "tests is called data_tests since dbt 1.8.",
            "The old name goes on working; unit tests made it ambiguous.",
            "Write data_tests.",
        ),
    },
)


@rule(META)
def data_tests_key(fact: DbtEntry | DbtSource, ctx: Context) -> Iterator[Finding]:
    """Report both keys anywhere, and the old one where the project's version surely knows the new one."""
    keys = [*fact.keys]
    if isinstance(fact, DbtSource):
        keys += (key for table in fact.tables for key in table.entry.keys)
    version = ctx.dbt.version
    old = bool(version.number) and not version.below(_SINCE)
    for key in keys:
        if key.name != "tests":
            continue
        if "data_tests" in key.beside:
            yield ctx.finding("both", at=key.at, subject=key)
        elif old:
            yield ctx.finding("old", at=key.at, subject=key)


@data_tests_key.fix
def rename(finding: Finding, key: DbtKey, ctx: Context) -> Offer | None:
    """The two names mean the same."""
    if finding.variant != "old":
        return None
    return Offer("Write data_tests", Replace(key.at, "data_tests"), Applicability.SAFE)
