"""A job is defined, and nothing in its file runs it."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.change import Rewrite
from pipesense.model.code import UnrunJob
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
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
        "lost": Message(Severity.ERROR, "Nothing in this file calls {name}.", "{why}.", "{remedy}."),
    },
)


@rule(META)
def job_never_run(job: UnrunJob, ctx: Context) -> Iterator[Finding]:
    """Where the job is made."""
    if job.importable and ctx.imported_elsewhere(job.importable):
        return
    yield ctx.finding("lost" if job.certain else "never", at=job.loc, name=job.name, why=job.why, remedy=job.remedy)


@job_never_run.fix
def run_it(finding: Finding, job: UnrunJob, ctx: Context) -> Offer | None:
    """The call, behind the definition."""
    return Offer(job.remedy, Rewrite(job.edits), Applicability.UNSAFE) if job.edits else None
