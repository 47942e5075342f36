"""A unit test names columns that its model or inputs do not have."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from pipesense.model.change import Replace
from pipesense.model.columns import Columns
from pipesense.model.dbt import DbtRow, DbtUnitTest
from pipesense.model.where import Loc
from pipesense.rule.context import Context
from pipesense.rule.dbt import Found
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="quality/unit-test-columns",
    wants=DbtUnitTest,
    pattern="quality-checks",
    since="0.1",
    messages={
        "column": Message(
            Severity.ERROR,
            "{name} has no column {column}{near}.",
            "The unit test fails before it compares anything.",
            "Name the column as {name} does.",
        ),
        "input": Message(
            Severity.ERROR,
            "The model {name} reads {inputs}, for which no rows are given.",
            "dbt refuses a unit test that leaves an input out.",
            "Add an input with its rows, or with rows: [].",
        ),
    },
)


@rule(META)
def unit_test_columns(test: DbtUnitTest, ctx: Context) -> Iterator[Finding]:
    """Report keys of rows that are surely no columns, and inputs that are left out."""
    nodes = ctx.dbt.nodes(test.model)
    if not test.whole or len(nodes) != 1 or nodes[0].kind != "model":
        return
    yield from _rows(test.expected, ctx.dbt.columns(nodes[0]), test.model, ctx)
    given: set[tuple[str, ...]] = set()
    is_open = False
    for reference, rows in test.given:
        if reference is None or not reference.names:
            is_open = True
            continue
        given.add((reference.kind, reference.name))
        found = ctx.dbt.ref(reference) if reference.kind == "ref" else None
        if isinstance(found, Found) and len(found.several) == 1:
            yield from _rows(rows, ctx.dbt.columns(found.several[0]), reference.name, ctx)
    node = nodes[0]
    if is_open or node.opened or any(not each.names or each.optional for each in node.references):
        return
    wanted = {(each.kind, each.name) for each in node.references if not each.hint}
    left = sorted(name for kind, name in wanted - given)
    if left and given:
        yield ctx.finding("input", at=test.model_at, name=test.model, inputs=", ".join(left))


def _rows(rows: tuple[DbtRow, ...], columns: Columns, name: str, ctx: Context) -> Iterator[Finding]:
    # A column without an alias gets its name from the engine, and it may be the one of the row.
    if not columns.closed or not columns.columns or any(not each.name for each in columns.columns):
        return
    seen: set[str] = set()
    for row in rows:
        for key, at in row.keys:
            if key not in seen and columns.find(key) is None:
                near = get_close_matches(key, [each.name for each in columns.columns], 1, 0.7)
                text = f"; {near[0]} looks like it" if near else ""
                subject = (at, near[0] if near else "")
                yield ctx.finding("column", at=at, name=name, column=key, near=text, subject=subject)
            seen.add(key)


@unit_test_columns.fix
def name_the_nearest(finding: Finding, subject: object, ctx: Context) -> Offer | None:
    """The column that looks like it."""
    if finding.variant != "column" or not isinstance(subject, tuple):
        return None
    at, near = subject
    if not near or not isinstance(at, Loc):
        return None
    return Offer(f"Write {near}", Replace(at, str(near)), Applicability.UNSAFE)
