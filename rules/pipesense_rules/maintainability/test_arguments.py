"""The arguments of a test stand beside its settings instead of under ``arguments``."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.dbt import DbtEntry, DbtSource, DbtTest
from pipesense.model.dbt_change import MoveYaml
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules.dbt_facts import listed

_SINCE = (1, 10, 5)
"""https://docs.getdbt.com/reference/deprecations#missingargumentspropertyingenerictestdeprecation"""
_FLAG = "require_generic_test_arguments_property"

META = RuleMeta(
    id="maintainability/test-arguments",
    wants=(DbtEntry, DbtSource),
    pattern="version-upgrades",
    since="0.1",
    messages={
        "flat": Message(
            Severity.INFO,
            "The test {test} has {keys} beside its settings.",
            "Since dbt 1.10.5 arguments stand under arguments, so that they cannot be taken for settings.",
            "Put them under arguments.",
        ),
    },
)


@rule(META)
def test_arguments(fact: DbtEntry | DbtSource, ctx: Context) -> Iterator[Finding]:
    """Report flat arguments where the project's version surely reads them under ``arguments``."""
    version, project = ctx.dbt.version, ctx.dbt.project
    if project is None or not version.number or len(version.number) < 3 or version.below(_SINCE):
        return
    if version.number < _SINCE or any(key == _FLAG and value is False for key, value in project.flags):
        return
    entries = [fact] if isinstance(fact, DbtEntry) else [table.entry for table in fact.tables]
    for entry in entries:
        for test in entry.all_tests():
            if test.flat and not test.nested:
                keys = listed(each.key for each in test.flat)
                yield ctx.finding("flat", at=test.at, test=test.name, keys=keys, subject=test)


@test_arguments.fix
def nest(finding: Finding, test: DbtTest, ctx: Context) -> Offer | None:
    """The same arguments, one level deeper."""
    if test.body is None:
        return None
    keys = tuple(each.key for each in test.flat)
    return Offer("Put them under arguments", MoveYaml(test.body, keys, "arguments"), Applicability.SAFE)
