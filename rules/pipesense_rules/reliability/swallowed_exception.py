"""A failure is noted at most, and what follows runs as if there had been none."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.change import RaiseAgain
from pipesense.model.failures import SwallowedFailure
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="reliability/swallowed-exception",
    wants=SwallowedFailure,
    pattern="failure-path",
    since="0.1",
    roles=frozenset({FileRole.PIPELINE, FileRole.AD_HOC, FileRole.EXAMPLE}),
    messages={
        "logged": Message(
            Severity.WARNING,
            "A failure of {noun} {name} is only logged, and what follows runs as if it had succeeded.",
            "The run ends green without what it was for; nobody is told, and nothing repeats it.",
            "Raise the error again once it is logged, or go on where something is done about it.",
        ),
        "dropped": Message(
            Severity.WARNING,
            "A failure of {noun} {name} is dropped, and what follows runs as if it had succeeded.",
            "The run ends green without what it was for, and there is no trace of why.",
            "Raise the error again, or go on where something is done about it.",
        ),
    },
)


@rule(META)
def swallowed_exception(failure: SwallowedFailure, ctx: Context) -> Iterator[Finding]:
    """At the handler's keyword."""
    yield ctx.finding("logged" if failure.logged else "dropped", at=failure.loc, noun=failure.noun, name=failure.name)


@swallowed_exception.fix
def raise_again(finding: Finding, failure: SwallowedFailure, ctx: Context) -> Offer | None:
    """The same error, behind what is done now."""
    if not failure.error:
        return None
    return Offer("Raise the error again", RaiseAgain(failure.system, failure), Applicability.UNSAFE)
