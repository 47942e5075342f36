"""What a file's tasks and statements tell other files: who touches which dataset, and what checks it."""

from __future__ import annotations

from typing import Any

from pipesense.engine.checks.own import own_checks, own_type
from pipesense.engine.index import Key
from pipesense.engine.record import FileRecord
from pipesense.model.data import QualityCheck
from pipesense.model.sql import Statement
from pipesense.model.value import Known
from pipesense.rule.context import DatasetUse


def _own_uses(record: FileRecord, statement: Statement, name: str) -> tuple[tuple[Key, DatasetUse], ...]:
    """The uses of datasets by a statement that no task of its own file runs."""
    unit = record.document.unit(statement.loc.unit)
    if unit is not None and unit.uses is not None:
        return unit.uses
    found = tuple((("uses", access.dataset.table), DatasetUse(access, name)) for access in statement.accesses)
    if unit is not None:
        unit.uses = found
    return found


def _add_own(
    record: FileRecord,
    statement: Statement,
    checks: dict[Key, list[QualityCheck]],
    types: list[tuple[Key, tuple[str, ...]]],
) -> None:
    """The checks that a statement makes, or the type with listed values."""
    if statement.facts.kind in ("select", "assert"):
        for key, made in own_checks(record, statement):
            checks.setdefault(key, []).append(made)
    elif statement.facts.kind == "create" and (listed := own_type(record, statement)) is not None:
        types.append(listed)


def uses_and_checks(record: FileRecord) -> dict[Key, Any]:
    """The uses and checks of datasets, each under the key of its table."""
    uses: dict[Key, list[DatasetUse]] = {}
    checks: dict[Key, list[QualityCheck]] = {}
    types: list[tuple[Key, tuple[str, ...]]] = []
    claimed: set[int] = set()
    for pipeline in record.pipelines:
        for task in pipeline.tasks:
            by = f"task {task.name} in {pipeline.noun} {pipeline.name}"
            for access in task.accesses:
                uses.setdefault(("uses", access.dataset.table), []).append(DatasetUse(access, by))
                if access.loc.file == record.path:
                    claimed.add(access.loc.unit)
            for check in task.checks:
                if isinstance(check.dataset, Known):
                    checks.setdefault(("checks", check.dataset.value.table), []).append(check)
    told = {use.access for each in uses.values() for use in each}
    for scope, codes in record.linked.code.items():
        for access in (access for code in codes for access in code.accesses if access not in told):
            uses.setdefault(("uses", access.dataset.table), []).append(DatasetUse(access, scope))
    name = record.path.rpartition("/")[2]
    for script in record.linked.scripts.values():
        for statement in script.statements:
            if statement.loc.unit not in claimed:
                for key, use in _own_uses(record, statement, name):
                    uses.setdefault(key, []).append(use)
            _add_own(record, statement, checks, types)
    found: dict[Key, Any] = {key: tuple(each) for key, each in uses.items()}
    found.update({key: tuple(each) for key, each in checks.items()})
    found.update(types)
    return found
