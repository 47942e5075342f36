"""A task runs a file that is not where it is looked for."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from pipesense.model.faults import MissingFile
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="correctness/missing-template-file",
    wants=MissingFile,
    pattern="parse-time-and-run-time",
    since="0.2",
    roles=frozenset({FileRole.PIPELINE, FileRole.AD_HOC}),
    messages={
        "missing": Message(
            Severity.WARNING,
            "Task {task} runs {written}, and there is no such file in {folder}.",
            "Airflow notes it in the log when it reads the DAG, and the task fails with TemplateNotFound when it runs.",
            "Name the file by its path from the DAG file, or give the DAG the folder as template_searchpath.",
        ),
    },
)


@rule(META)
def missing_template_file(file: MissingFile, ctx: Context) -> Iterator[Finding]:
    """At the path."""
    tail = file.written.lstrip("/")
    folder = file.expected.removesuffix(tail).rstrip("/") if file.expected.endswith(tail) else ""
    name = posixpath.basename(folder or posixpath.dirname(file.expected))
    yield ctx.finding(
        "missing",
        at=file.loc,
        task=file.task,
        written=file.written,
        folder=f"{name}/" if name else "the folder of the DAG",
    )
