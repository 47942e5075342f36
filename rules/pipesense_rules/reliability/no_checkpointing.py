"""A streaming job over an endless source takes no checkpoints."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.change import Replace
from pipesense.model.stream_job import StreamJob
from pipesense.model.value import Absent
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer, Related
from pipesense.rule.meta import FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="reliability/no-checkpointing",
    wants=StreamJob,
    pattern="checkpointing",
    since="0.2",
    roles=frozenset({FileRole.PIPELINE, FileRole.AD_HOC}),
    messages={
        "none": Message(
            Severity.WARNING,
            "This job reads {source}, which never ends, and takes no checkpoints.",
            "After a failure its state is empty and its position forgotten; a transactional sink never commits at all.",
            "Enable checkpoints here, or set execution.checkpointing.interval where the job is run.",
        ),
    },
)


@rule(META)
def no_checkpointing(job: StreamJob, ctx: Context) -> Iterator[Finding]:
    """At the call that makes the environment."""
    if job.endless is None or not isinstance(job.checkpointing, Absent):
        return
    yield ctx.finding("none", at=job.loc, related=[Related(job.endless, "the source")], source=job.endless_what)


@no_checkpointing.fix
def enable(finding: Finding, job: StreamJob, ctx: Context) -> Offer | None:
    """A checkpoint every minute."""
    if job.after is None or not job.checkpoint_statement:
        return None
    change = Replace(job.after, f"\n{job.indent}{job.checkpoint_statement}")
    return Offer("Take a checkpoint every minute", change, Applicability.UNSAFE)
