"""No test of the workspace loads its files of pipelines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.flow import Pipeline
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules import files

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
        "unloaded": Message(
            Severity.HINT,
            "No test loads {noun} {name}.",
            "A name that a new version removed, or an argument that it refuses, is then found by the first run.",
            "Write a test that loads every file of {what}; PipeSense writes it from the actions on a name.",
        ),
    },
)


_OTHERS: Final = {"prefect": ("every flow", "flows"), "dagster": ("every asset", "assets")}


@rule(META)
def no_dag_integrity_test(pipeline: Pipeline, ctx: Context) -> Iterator[Finding]:
    """At the name of the DAG or flow, or of the first asset."""
    if not pipeline.loc.file.endswith(".py"):
        return
    if pipeline.system == "airflow":
        if not ctx.tested("every DAG"):
            yield ctx.finding("untested", at=pipeline.loc, noun=pipeline.noun, name=pipeline.name)
    elif pipeline.system in _OTHERS:
        whole, what = _OTHERS[pipeline.system]
        # A test that speaks of the file imports it, which is all that loading is here.
        if not ctx.tested(whole) and not ctx.tested(files.stem(pipeline.loc.file)):
            yield ctx.finding("unloaded", at=pipeline.loc, noun=pipeline.noun, name=pipeline.name, what=what)
