"""A model's query ends with a semicolon."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.change import Replace
from pipesense.model.dbt import DbtFile
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="reliability/trailing-semicolon",
    wants=DbtFile,
    pattern="model-graph",
    since="0.1",
    messages={
        "semicolon": Message(
            Severity.WARNING,
            "The query ends with a semicolon.",
            "dbt puts the query inside a statement of its own, where the semicolon ends it too early.",
            "Delete the semicolon.",
        ),
    },
)


@rule(META)
def trailing_semicolon(file: DbtFile, ctx: Context) -> Iterator[Finding]:
    """Report a semicolon behind everything else in a model."""
    if file.semicolon is not None and any(ctx.dbt.enabled(node) is not False for node in file.nodes):
        yield ctx.finding("semicolon", at=file.semicolon)


@trailing_semicolon.fix
def delete_it(finding: Finding, file: DbtFile, ctx: Context) -> Offer:
    """What is built from the query cannot use it."""
    return Offer("Delete the semicolon", Replace(finding.loc, ""), Applicability.SAFE)
