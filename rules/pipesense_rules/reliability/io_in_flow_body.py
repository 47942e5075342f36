"""The body of a pipeline that has steps reaches out by itself."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.steps import WorkBetweenSteps
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="reliability/io-in-flow-body",
    wants=WorkBetweenSteps,
    pattern="retry-with-backoff",
    since="0.1",
    roles=frozenset({FileRole.PIPELINE, FileRole.AD_HOC, FileRole.EXAMPLE}),
    messages={
        "between": Message(
            Severity.INFO,
            "{noun} {pipeline} calls {what} in its own body, which {effect}.",
            "No retry and no timeout of a task covers it, and it runs again whenever the flow does.",
            "Put the call into a task.",
        ),
    },
)


@rule(META)
def io_in_flow_body(work: WorkBetweenSteps, ctx: Context) -> Iterator[Finding]:
    """At the first such call."""
    yield ctx.finding(
        "between", at=work.loc, noun=work.noun, pipeline=work.pipeline, what=work.what, effect=work.effect
    )
