"""One task writes a file of its machine, and another one reads it."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.handover import LocalFile
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding, Related
from pipesense.rule.meta import FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="reliability/local-file-handoff",
    wants=LocalFile,
    pattern="work-where-the-data-is",
    since="0.2",
    roles=frozenset({FileRole.PIPELINE, FileRole.AD_HOC}),
    messages={
        "handed": Message(
            Severity.WARNING,
            "Task {reader} reads {path}, a file that task {writer} writes on the machine it happens to run on.",
            "Two tasks may run on two workers, and a retry on a third: the file is then not there, or it is one of an "
            "earlier run.",
            "Hand the data over through object storage or a table, or do both steps in one task.",
        ),
    },
)


@rule(META)
def local_file_handoff(file: LocalFile, ctx: Context) -> Iterator[Finding]:
    """At the path that is read."""
    related = [Related(file.written_at, f"{file.writer} writes it here")]
    path = file.path.replace("{", "<").replace("}", ">")
    yield ctx.finding("handed", at=file.loc, related=related, reader=file.reader, writer=file.writer, path=path)
