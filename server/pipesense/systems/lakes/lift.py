"""What a file writes into a lake without an engine, and what a rerun of it does."""

from __future__ import annotations

from typing import Final

from pipesense.lang.python.datasets import dataset_named, place_named
from pipesense.lang.python.functions import Function
from pipesense.lang.python.module import Module
from pipesense.model.code import PatternSite, ScopeCode
from pipesense.model.data import Access, AccessMode, DatasetName, Guard
from pipesense.model.flow import Effect
from pipesense.model.frames import FrameOperation, FrameScope, Given
from pipesense.model.value import Absent, Known, Unknown, Value, Version
from pipesense.systems.frames import Reading
from pipesense.systems.lakes.tables import (
    DATA_SETS,
    DELTA,
    DELTA_WRITES,
    ICEBERG,
    LIBRARY,
    MERGE,
    OF_DELTA,
    OF_ICEBERG,
    ONE_FILE,
)
from pipesense.systems.rerun import BY_CONDITION, merge_site, rerun_site
from pipesense.systems.script import script_pipeline
from pipesense.systems.system import Lifted

_BESIDE: Final = frozenset({"pandas", "polars", "pyspark"})
"""Packages whose scripts are told by their own systems."""
_NOTHING: Final[Value[Guard]] = Absent(Unknown("nothing"), ("the function",))
_WHOLE: Final = Unknown("it replaces what is there")
_COMPUTED: Final = Unknown("how it writes is computed")
How = tuple[AccessMode, Value[Guard]]


def lift(module: Module, version: Version) -> Lifted:
    """Everything that a file writes."""
    found = Reading(module, LIBRARY, version, _beside, "lakes", {}).scopes()
    writes = [each for one in found for each in one.scope.operations if how_of(each) is not None]
    others = any(name.partition(".")[0] in _BESIDE for name in module.imports()) if writes else True
    pipeline = script_pipeline(module, "lakes", writes, None) if not others else None
    return Lifted(
        pipelines=(pipeline,) if pipeline is not None else (),
        code=tuple(each.beside[0] for each in found if each.beside[0] is not None),
        sites=tuple(site for each in found for site in each.beside[1]),
        facts=tuple(each.scope for each in found),
    )


def _beside(function: Function | None, scope: FrameScope) -> tuple[ScopeCode | None, tuple[PatternSite, ...]]:
    places = {each.loc: each for each in scope.operations}
    accesses: list[Access] = []
    sites: list[PatternSite] = []
    for each in scope.operations:
        if each.kind == MERGE and each.name == "execute":
            sites.append(merge_site(each.name_loc))
        how = how_of(each)
        if how is None:
            continue
        given = _target(each)
        made = places.get(each.made[0]) if given is None and len(each.made) == 1 else None
        given = _target(made) if made is not None else given
        dataset = _named(given, table=each.kind == ICEBERG)
        if given is not None and dataset is not None:
            accesses.append(Access(dataset, *how, given.value_loc, call=each.name.rpartition(".")[2]))
        site = rerun_site(each.name_loc, *how, computed=dataset is None and each.kind == "")
        if site is not None:
            sites.append(site)
    code = ScopeCode(scope.scope, tuple(accesses), frozenset({Effect.WRITE})) if sites else None
    return code, tuple(sites)


def _target(each: FrameOperation | None) -> Given | None:
    """The argument that says what is written, where the operation is the one that has it."""
    if each is None:
        return None
    if each.name in ONE_FILE:
        return each.argument(*ONE_FILE[each.name])
    if each.name in DATA_SETS:
        return each.argument(*DATA_SETS[each.name])
    if each.name in DELTA_WRITES:
        return each.argument("table_or_uri", 0)
    if each.result == DELTA:
        return each.argument("table_uri", 0)
    return each.argument("identifier", 0) if each.result == ICEBERG else None


def _named(given: Given | None, *, table: bool) -> DatasetName | None:
    value = given.value.value if given is not None and isinstance(given.value, Known) else None
    return dataset_named(value) if table else place_named(value)


def how_of(each: FrameOperation) -> How | None:
    """How an operation writes, None where it does not."""
    if each.name in ONE_FILE:
        return AccessMode.OVERWRITE, _WHOLE
    if each.name in DATA_SETS:
        return _data_set(each)
    if each.name in DELTA_WRITES:
        return _delta(each)
    if each.kind == DELTA and each.name in OF_DELTA:
        return _changes(each.name)
    if each.kind == ICEBERG and each.name in OF_ICEBERG:
        return _iceberg(each)
    return None


def _said(each: FrameOperation, name: str, default: object) -> object:
    """A constant argument, its default where it is not given, None where nobody can tell."""
    given = each.argument(name)
    if given is None:
        return None if each.open else default
    return given.value.value if isinstance(given.value, Known) else None


def _data_set(each: FrameOperation) -> How:
    """``write_to_dataset`` names its files at random, ``write_dataset`` refuses a folder that holds something."""
    own = each.name.endswith("write_to_dataset")
    said = _said(each, "existing_data_behavior", "overwrite_or_ignore" if own else "error")
    template = each.argument("basename_template")
    if said == "delete_matching":
        return AccessMode.OVERWRITE_PARTITION, Unknown("it replaces the partitions that it brings")
    if said == "error":
        return AccessMode.CREATE, _WHOLE
    if said == "overwrite_or_ignore" and own and template is None and not each.open:
        return AccessMode.APPEND, _NOTHING
    if said == "overwrite_or_ignore" and not own and template is None:
        return AccessMode.APPEND, Unknown("files of the same name are replaced, others of an earlier run stay")
    return AccessMode.APPEND, _COMPUTED


def _delta(each: FrameOperation) -> How:
    said = _said(each, "mode", "error")
    if said == "append":
        return AccessMode.APPEND, _NOTHING
    if said == "overwrite":
        if each.argument("predicate") is not None:
            return AccessMode.OVERWRITE_PARTITION, BY_CONDITION
        return AccessMode.OVERWRITE, _WHOLE
    if said == "error":
        return AccessMode.CREATE, _WHOLE
    return AccessMode.APPEND, Unknown("it leaves a table alone that is there") if said == "ignore" else _COMPUTED


def _changes(name: str) -> How:
    modes = {"merge": AccessMode.MERGE, "delete": AccessMode.DELETE, "update": AccessMode.UPDATE}
    return modes[name], Unknown("it goes by a condition")


def _iceberg(each: FrameOperation) -> How:
    if each.name == "append":
        return AccessMode.APPEND, _NOTHING
    if each.name == "overwrite":
        if each.argument("overwrite_filter", 1) is not None:
            return AccessMode.OVERWRITE_PARTITION, BY_CONDITION
        return AccessMode.OVERWRITE, _WHOLE
    if each.name == "dynamic_partition_overwrite":
        return AccessMode.OVERWRITE_PARTITION, Unknown("it replaces the partitions that it brings")
    return _changes("merge" if each.name == "upsert" else "delete")
