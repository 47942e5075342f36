"""A task returns a whole table, which the system stores between tasks."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.handover import LargeResult
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="performance/xcom-dataframe",
    wants=LargeResult,
    pattern="work-where-the-data-is",
    since="0.2",
    roles=frozenset({FileRole.PIPELINE, FileRole.AD_HOC}),
    messages={
        "whole": Message(
            Severity.WARNING,
            "Task {task} returns {what}: {written}.",
            "Airflow stores what a task returns in its metadata database, which grows with every run, slows the "
            "scheduler down, and refuses the row when it is too large.",
            "Write the data to a table or to object storage, and return its name.",
        ),
    },
)


@rule(META)
def xcom_dataframe(result: LargeResult, ctx: Context) -> Iterator[Finding]:
    """At what is returned."""
    written = result.written.replace("{", "<").replace("}", ">")
    written = written if len(written) <= 60 else written[:57] + "..."
    yield ctx.finding("whole", at=result.loc, task=result.task, what=result.what, written=written)
