"""A request that may not arrive twice is repeated by the policy for requests that may."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.change import UseRetryPolicy
from pipesense.model.states import StepRetry
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer, Related
from pipesense.rule.meta import EVERYWHERE, Message, RuleMeta, Severity
from pipesense.rule.rule import rule

_BETTER: Final = {
    "http.default_retry": "http.default_retry_non_idempotent",
    "http.default_retry_predicate": "http.default_retry_predicate_non_idempotent",
}

META = RuleMeta(
    id="idempotency/post-default-retry",
    wants=StepRetry,
    pattern="retry-with-backoff",
    since="0.1",
    roles=EVERYWHERE,
    messages={
        "doubled": Message(
            Severity.WARNING,
            "{step}: {method} is repeated by {policy}, which is made for requests that may arrive twice.",
            "It repeats after a timeout or a broken connection too, when the first request may have been carried out.",
            "Use {better}, or send a key by which the other side knows a request that comes again.",
        ),
    },
)


@rule(META)
def post_default_retry(retry: StepRetry, ctx: Context) -> Iterator[Finding]:
    """At the name of the policy, for the first call that may not arrive twice."""
    better = _BETTER.get(retry.policy)
    calls = [call for call in retry.calls if not call.harmless]
    # Where the predicate is named inside a policy of one's own, the place of its name is not known.
    if better is None or not calls:
        return
    yield ctx.finding(
        "doubled",
        at=calls[0].loc if retry.own else retry.loc,
        related=[Related(call.loc, f"{call.step} sends it") for call in calls[1 if retry.own else 0 :]],
        step=calls[0].step,
        method=calls[0].method,
        policy=retry.policy,
        better=better,
    )


@post_default_retry.fix
def use_better(finding: Finding, retry: StepRetry, ctx: Context) -> Offer | None:
    """The policy that repeats only what was surely not carried out."""
    if retry.own or not all(not call.harmless for call in retry.calls):
        return None
    better = _BETTER[retry.policy]
    return Offer(f"Use {better}", UseRetryPolicy("cloud_workflows", retry, better), Applicability.UNSAFE)
