"""A retry of one's own that leaves out a part without which nobody can say what it does."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.change import CompleteRetry
from pipesense.model.states import StepRetry
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import EVERYWHERE, Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="reliability/retry-incomplete",
    wants=StepRetry,
    pattern="retry-with-backoff",
    since="0.1",
    roles=EVERYWHERE,
    messages={
        "lacking": Message(
            Severity.WARNING,
            "This retry says nothing of {missing}.",
            "Which failures are repeated, how often and after which pause are its three parts; what is left out is not"
            " taken from the standard policy.",
            "Say all three, or use a policy that has them: http.default_retry, http.default_retry_non_idempotent.",
        ),
    },
)


@rule(META)
def retry_incomplete(retry: StepRetry, ctx: Context) -> Iterator[Finding]:
    """At the key of the retry."""
    if retry.missing:
        yield ctx.finding("lacking", at=retry.loc, missing=_listed(retry))


def _listed(retry: StepRetry) -> str:
    names = list(retry.missing)
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


@retry_incomplete.fix
def complete(finding: Finding, retry: StepRetry, ctx: Context) -> Offer:
    """What the standard policies have."""
    return Offer(f"Add {_listed(retry)}", CompleteRetry("cloud_workflows", retry), Applicability.UNSAFE)
