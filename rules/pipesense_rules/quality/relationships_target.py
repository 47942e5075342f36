"""A relationships test looks in a place that is not there."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from pipesense.model.change import Replace
from pipesense.model.dbt import DbtEntry, DbtSource, DbtTest
from pipesense.rule.context import Context
from pipesense.rule.dbt import Found, Missing
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="quality/relationships-target",
    wants=(DbtEntry, DbtSource),
    pattern="quality-checks",
    since="0.1",
    messages={
        "target": Message(
            Severity.ERROR,
            "The test refers to {name}, which is not there.",
            "dbt refuses the project, or leaves the test out with a warning.",
            "Name a model or source that is there.",
        ),
        "field": Message(
            Severity.ERROR,
            "{name} has no column {field}.",
            "The test fails in the warehouse whatever the data is.",
            "Name one of its columns{near}.",
        ),
    },
)


@rule(META)
def relationships_target(fact: DbtEntry | DbtSource, ctx: Context) -> Iterator[Finding]:
    """Report targets and fields that are surely missing."""
    entries = [fact] if isinstance(fact, DbtEntry) else [table.entry for table in fact.tables]
    for entry in entries:
        for test in entry.all_tests():
            if test.reference is not None:
                yield from _target(test, ctx)


def _target(test: DbtTest, ctx: Context) -> Iterator[Finding]:
    reference = test.reference
    if reference is None:
        return
    found = ctx.dbt.ref(reference) if reference.kind == "ref" else ctx.dbt.source(reference)
    if isinstance(found, Missing):
        yield ctx.finding("target", at=reference.at, name=reference.name, subject=test)
        return
    field = test.argument("field")
    if not isinstance(field, str) or reference.kind != "ref" or not field.isidentifier():
        return
    node = ctx.dbt.ref(reference)
    if not isinstance(node, Found) or len(node.several) != 1:
        return
    columns = ctx.dbt.columns(node.several[0])
    # A column without an alias gets its name from the engine, and it may be this one.
    named = columns.closed and columns.columns and all(each.name for each in columns.columns)
    if named and columns.find(field) is None:
        near = get_close_matches(field, [each.name for each in columns.columns], 1, 0.7)
        text = f"; {near[0]} looks like it" if near else ""
        yield ctx.finding("field", at=test.place("field"), name=reference.name, field=field, near=text, subject=test)


@relationships_target.fix
def name_the_nearest(finding: Finding, test: DbtTest, ctx: Context) -> Offer | None:
    """The column that looks like it."""
    if finding.variant != "field" or test.reference is None:
        return None
    node = ctx.dbt.ref(test.reference)
    field = test.argument("field")
    if not isinstance(node, Found) or not isinstance(field, str):
        return None
    names = [each.name for each in ctx.dbt.columns(node.several[0]).columns]
    near = get_close_matches(field, names, 1, 0.7)
    if not near:
        return None
    return Offer(f"Write {near[0]}", Replace(test.place("field"), near[0]), Applicability.UNSAFE)
