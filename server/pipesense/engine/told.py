"""What a file's tasks and statements tell other files: who touches which dataset, and what checks it."""

from __future__ import annotations

from collections import defaultdict
from operator import attrgetter
from typing import Any, Final

from pipesense.engine.checks.own import own_checks, own_type
from pipesense.engine.index import Key
from pipesense.engine.record import FileRecord
from pipesense.model.data import Access, QualityCheck
from pipesense.model.layers import medallion_layer
from pipesense.model.sql import Statement
from pipesense.model.value import Known
from pipesense.rule.context import DatasetUse

_ACCESSES: Final = attrgetter("accesses")
_CHECKS: Final = attrgetter("checks")
_SILVER: Final[Key] = ("told", "layer", "silver")
"""Told where somebody touches a silver table: raw data that goes into gold goes past it then."""


def _is_silver(access: Access) -> bool:
    """Whether a dataset lies in the silver layer; most names are told by a look at their parts."""
    if not any("silver" in part for part in access.dataset.parts):
        return False
    layered = medallion_layer(access.dataset)
    return layered is not None and layered.word == "silver"


def _own_uses(record: FileRecord, statement: Statement, name: str) -> tuple[tuple[Key, DatasetUse], ...]:
    """The uses of datasets by a statement that no task of its own file runs."""
    unit = record.document.unit(statement.loc.unit)
    if unit is not None and unit.uses is not None:
        return unit.uses
    found: tuple[tuple[Key, DatasetUse], ...] = tuple(
        (("uses", access.dataset.table), DatasetUse(access, name)) for access in statement.accesses
    )
    if any(_is_silver(access) for access in statement.accesses):
        found = (*found, (_SILVER, DatasetUse(statement.accesses[0], name)))
    if unit is not None:
        unit.uses = found
    return found


def _own_facts(record: FileRecord, statement: Statement) -> tuple[tuple[Key, Any], ...]:
    """The checks that a statement makes, or the type with listed values."""
    if statement.facts.kind in ("select", "assert"):
        return own_checks(record, statement)
    listed = own_type(record, statement) if statement.facts.kind == "create" else None
    return (listed,) if listed is not None else ()


def uses_and_checks(record: FileRecord) -> dict[Key, Any]:
    """The uses and checks of datasets, each under the key of its table."""
    uses: defaultdict[Key, list[DatasetUse]] = defaultdict(list)
    checks: defaultdict[Key, list[QualityCheck]] = defaultdict(list)
    types: dict[Key, tuple[object, ...]] = {}
    claimed = _by_tasks(record, uses, checks)
    told = {use.access for each in uses.values() for use in each}
    for scope, codes in record.linked.code.items():
        for access in (access for code in codes for access in code.accesses if access not in told):
            uses[("uses", access.dataset.table)].append(DatasetUse(access, scope))
            if _is_silver(access):
                types[_SILVER] = (True,)
    name = record.path.rpartition("/")[2]
    for statement in (each for script in record.linked.scripts.values() for each in script.statements):
        if not claimed or statement.loc.unit not in claimed:
            for key, use in _own_uses(record, statement, name):
                uses[key].append(use)
        for key, fact in _own_facts(record, statement):
            if isinstance(fact, QualityCheck):
                checks[key].append(fact)
            else:
                types[key] = fact
    if uses.pop(_SILVER, None) is not None:
        types[_SILVER] = (True,)
    return {
        **{key: tuple(each) for key, each in uses.items()},
        **{key: tuple(each) for key, each in checks.items()},
        **types,
    }


def _by_tasks(
    record: FileRecord, uses: defaultdict[Key, list[DatasetUse]], checks: defaultdict[Key, list[QualityCheck]]
) -> frozenset[int]:
    """Add what tasks use and check; the units of this file whose statements they run."""
    claimed: set[int] = set()
    for pipeline in record.pipelines:
        accesses, checked = map(_ACCESSES, pipeline.tasks), map(_CHECKS, pipeline.tasks)
        for task in pipeline.tasks if any(accesses) or any(checked) else ():
            by = f"task {task.name} in {pipeline.noun} {pipeline.name}" if task.accesses else ""
            for access in task.accesses:
                uses[("uses", access.dataset.table)].append(DatasetUse(access, by, task.name, pipeline.name))
                if _is_silver(access):
                    uses[_SILVER].append(DatasetUse(access, by))
                if access.loc.file == record.path:
                    claimed.add(access.loc.unit)
            for check in task.checks:
                if isinstance(check.dataset, Known):
                    checks[("checks", check.dataset.value.table)].append(check)
    return frozenset(claimed)
