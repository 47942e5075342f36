"""A loaded table is checked, and no check looks at how many rows there are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.data import AccessMode, CheckKind, DatasetName, QualityCheck
from pipesense.model.flow import Pipeline, Task
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding, Related
from pipesense.rule.meta import FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule

_LOADS: Final = frozenset({AccessMode.APPEND, AccessMode.OVERWRITE, AccessMode.OVERWRITE_PARTITION, AccessMode.MERGE})
_COUNTS: Final = frozenset({CheckKind.ROW_COUNT, CheckKind.RECONCILIATION, CheckKind.FRESHNESS, CheckKind.CUSTOM})
"""Checks that notice a load without rows, or may for all that can be told."""

META = RuleMeta(
    id="monitoring/no-volume-check",
    wants=Pipeline,
    pattern="quality-checks",
    since="0.2",
    roles=frozenset({FileRole.PIPELINE, FileRole.AD_HOC}),
    messages={
        "uncounted": Message(
            Severity.INFO,
            "{table}, which task {task} loads, is checked for {kinds}, and nothing looks at how many rows came.",
            "No rows have no nulls and no duplicates: an empty or a halved load passes every such check.",
            "Check the number of rows as well: that there are some, or that it is near the last run's.",
        ),
    },
)


@rule(META)
def no_volume_check(pipeline: Pipeline, ctx: Context) -> Iterator[Finding]:
    """At the task that loads the table."""
    told: set[DatasetName] = set()
    for task in pipeline.tasks:
        for dataset in _loaded(task):
            checks = ctx.checks_on(dataset) if dataset not in told else ()
            told.add(dataset)
            if checks and not any(_may_count(each) for each in checks):
                kinds = sorted({kind.value for each in checks for kind in each.kinds})
                yield ctx.finding(
                    "uncounted",
                    at=task.loc,
                    related=[Related(each.loc, f"{each.by} checks it") for each in checks[:3]],
                    table=dataset,
                    task=task.name,
                    kinds=" and ".join(kinds),
                )


def _loaded(task: Task) -> Iterator[DatasetName]:
    yield from task.stores
    for access in task.accesses:
        if access.mode in _LOADS and not access.temporary and not access.streaming:
            yield access.dataset


def _may_count(check: QualityCheck) -> bool:
    return bool(check.kinds & _COUNTS)
