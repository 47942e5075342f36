"""A function keeps state for every key, and nothing in it ever lets go of any."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.stream_job import StreamJob
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="streaming/state-without-ttl",
    wants=StreamJob,
    pattern="state-ttl",
    since="0.2",
    roles=frozenset({FileRole.PIPELINE, FileRole.AD_HOC}),
    messages={
        "kept": Message(
            Severity.INFO,
            "This state is kept for every key that was ever seen: nothing in its class clears it.",
            "Where keys keep coming (users, sessions, orders), the state grows until checkpoints no longer finish.",
            "Give the descriptor a time to live, or clear the state in a timer, unless there are few keys.",
        ),
    },
)


@rule(META)
def state_without_ttl(job: StreamJob, ctx: Context) -> Iterator[Finding]:
    """At the descriptor of each state, in jobs whose source never ends."""
    if job.endless is None:
        return
    for state in job.states:
        if not state.cleared:
            yield ctx.finding("kept", at=state.loc)
