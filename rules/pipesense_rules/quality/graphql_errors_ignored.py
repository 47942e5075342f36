"""The answer of a GraphQL request is read, and its errors are not."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.http import GraphqlAnswer
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="quality/graphql-errors-ignored",
    wants=GraphqlAnswer,
    pattern="extraction-over-http",
    since="0.1",
    messages={
        "ignored": Message(
            Severity.WARNING,
            "The data of a GraphQL answer is read, and its errors are not.",
            "GraphQL answers 200 with part of the data and a list of errors; what is missing is loaded as missing.",
            'Raise when the answer has "errors".',
        ),
    },
)


@rule(META)
def graphql_errors_ignored(answer: GraphqlAnswer, ctx: Context) -> Iterator[Finding]:
    """Where the data is read."""
    yield ctx.finding("ignored", at=answer.loc)
