"""A job is defined, and nothing in its file runs it."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.code import UnrunJob
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="correctness/job-never-run",
    wants=UnrunJob,
    pattern="parse-time-and-run-time",
    since="0.2",
    roles=frozenset({FileRole.PIPELINE, FileRole.AD_HOC, FileRole.EXAMPLE}),
    messages={
        "never": Message(
            Severity.WARNING,
            "Nothing in this file runs {name}.",
            "{why}.",
            "{remedy}.",
        ),
    },
)


@rule(META)
def job_never_run(job: UnrunJob, ctx: Context) -> Iterator[Finding]:
    """Where the job is made."""
    yield ctx.finding("never", at=job.loc, name=job.name, why=job.why, remedy=job.remedy)
