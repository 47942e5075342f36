"""No test of the workspace loads its DAG files."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.flow import Pipeline
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="testing/no-dag-integrity-test",
    wants=Pipeline,
    pattern="tests-of-pipelines",
    since="0.2",
    roles=frozenset({FileRole.PIPELINE}),
    messages={
        "untested": Message(
            Severity.HINT,
            "No test loads {noun} {name}.",
            "A name that a new version removed, or two tasks of one name, are then found by the scheduler, which drops "
            "the whole file.",
            "Write a test that loads every DAG file; PipeSense writes it from the actions on the name of the DAG.",
        ),
    },
)


@rule(META)
def no_dag_integrity_test(pipeline: Pipeline, ctx: Context) -> Iterator[Finding]:
    """At the name of the DAG."""
    if pipeline.system == "airflow" and pipeline.loc.file.endswith(".py") and not ctx.tested("every DAG"):
        yield ctx.finding("untested", at=pipeline.loc, noun=pipeline.noun, name=pipeline.name)
