"""What a file does with polars, and which of its names are gone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from pipesense.lang.python.datasets import dataset_named, file_named
from pipesense.lang.python.functions import Function
from pipesense.lang.python.module import Module
from pipesense.model.code import PatternSite, ScopeCode
from pipesense.model.data import Access, AccessMode, DatasetName, Guard
from pipesense.model.flow import Effect
from pipesense.model.frames import FrameOperation, FrameScope, Given
from pipesense.model.value import Absent, Known, Unknown, Value, Version
from pipesense.model.where import Loc
from pipesense.systems.formats import stored_as
from pipesense.systems.frames import Reading
from pipesense.systems.polars.tables import FRAME, LAZY, LIBRARY, RENAMED
from pipesense.systems.renames import obsolete_in
from pipesense.systems.rerun import rerun_site
from pipesense.systems.script import script_pipeline
from pipesense.systems.system import Lifted

_LOADS: Final = frozenset({"write_database", "write_delta"})
_BESIDE: Final = frozenset({"pandas", "pyspark"})
"""Packages whose scripts are told by their own systems."""
_ONLY_READ: Final = Unknown("it is only read")
_WHOLE_FILE: Final = Unknown("it writes the whole file")


def lift(module: Module, version: Version) -> Lifted:
    """Everything that a file says to polars."""
    found = Reading(module, LIBRARY, version, _beside, "polars", {}).scopes()
    scopes = tuple(each.scope for each in found)
    loads = [each for scope in scopes for each in scope.operations if each.kind == FRAME and each.name in _LOADS]
    others = any(name.partition(".")[0] in _BESIDE for name in module.imports()) if loads else True
    pipeline = script_pipeline(module, "polars", loads, None) if not others else None
    return Lifted(
        pipelines=(pipeline,) if pipeline is not None else (),
        sites=tuple(site for each in found for site in each.beside[1]),
        facts=scopes,
        obsolete=obsolete_in(scopes, RENAMED, "polars", version),
        code=tuple(each.beside[0] for each in found if each.beside[0] is not None),
    )


def _beside(function: Function | None, scope: FrameScope) -> tuple[ScopeCode | None, tuple[PatternSite, ...]]:
    code = _code(function, scope)
    written = {access.loc: access for access in code.accesses} if code is not None else {}
    return code, tuple(site for each in scope.operations for site in _sites(each, written))


_STREAMED: Final = "The plan runs now and writes batch by batch, so that the whole is never in memory."


def _sites(each: FrameOperation, written: Mapping[Loc, Access]) -> Iterator[PatternSite]:
    """What a rerun of a write does, and where a lazy plan runs."""
    if each.kind in (FRAME, LAZY) and each.name.startswith(("write_", "sink_")):
        access = next((written[given.value_loc] for given in each.given if given.value_loc in written), None)
        site = rerun_site(each.name_loc, access.mode, access.guard) if access is not None else _somewhere(each)
        if site is not None:
            yield replace(site, note=f"{_STREAMED} {site.note}" if each.name.startswith("sink_") else site.note)
    if (each.kind == "" or each.name.startswith(("write_", "sink_"))) and (
        stored := stored_as(each.name.partition("_")[2])
    ):
        yield PatternSite("columnar-files", each.name_loc, stored)
    if each.kind == "" and each.name.startswith("scan_"):
        note = "Nothing is read yet: columns and rows that the plan does not need are never read at all."
        yield PatternSite("work-where-the-data-is", each.name_loc, note)
    elif each.kind == LAZY and each.name == "collect":
        note = "The plan runs here, as a whole, and its result is held in memory."
        yield PatternSite("work-where-the-data-is", each.name_loc, note)
    elif each.kind in (FRAME, LAZY) and each.name == "join":
        said = each.argument("validate")
        note = "A key that breaks what validate= says raises ComputeError." if said is not None else _UNSAID
        yield PatternSite("join-conditions", each.name_loc, note)


def _somewhere(each: FrameOperation) -> PatternSite | None:
    """A file is written to a place that is computed."""
    if each.name in _LOADS:
        return None
    return rerun_site(each.name_loc, AccessMode.OVERWRITE, _WHOLE_FILE, computed=True)


_UNSAID: Final = "One row for each pair that matches: a key that comes twice on one side doubles the rows of the other."


def _code(function: Function | None, scope: FrameScope) -> ScopeCode | None:
    """What a scope reads and writes."""
    accesses: list[Access] = []
    effects: set[Effect] = set()
    for each in scope.operations:
        if each.kind == "" and each.name.startswith(("read_", "scan_")):
            effects.add(Effect.NETWORK if "database" in each.name else Effect.READ)
            if "database" not in each.name:
                accesses += _access(each, each.argument("source", 0), AccessMode.READ, _ONLY_READ)
        elif each.kind in (FRAME, LAZY) and each.name.startswith(("write_", "sink_")):
            effects.add(Effect.WRITE)
            accesses += written(each)
    return ScopeCode(scope.scope, tuple(accesses), frozenset(effects)) if effects else None


def written(each: FrameOperation) -> list[Access]:
    """What an operation that writes touches."""
    if each.name == "write_database":
        how = each.argument("if_table_exists")
        value = how.value.value if how is not None and isinstance(how.value, Known) else None
        mode = AccessMode.OVERWRITE if value == "replace" else AccessMode.APPEND
        guard: Value[Guard] = Unknown("how it writes is computed")
        if value == "append":
            guard = Absent(Unknown("nothing"), ("the function",))
        given = each.argument("table_name", 0)
        table = dataset_named(given.value.value) if given is not None and isinstance(given.value, Known) else None
        return [Access(table, mode, guard, given.value_loc, call=each.name)] if given is not None and table else []
    if each.name == "write_delta":
        return _delta(each)
    given = each.argument("file", 0) or each.argument("path", 0) or each.argument("target", 0)
    return _access(each, given, AccessMode.OVERWRITE, _WHOLE_FILE)


def _delta(each: FrameOperation) -> list[Access]:
    """https://docs.pola.rs/api/python/stable/reference/api/polars.DataFrame.write_delta.html: it refuses by default."""
    how = each.argument("mode")
    value = how.value.value if how is not None and isinstance(how.value, Known) else None
    given = each.argument("target", 0)
    if value == "append":
        return _access(each, given, AccessMode.APPEND, Absent(Unknown("nothing"), ("the function",)))
    if value == "merge":
        return _access(each, given, AccessMode.MERGE, Unknown("it goes by a condition"))
    if value == "overwrite":
        return _access(each, given, AccessMode.OVERWRITE, Unknown("it replaces the table"))
    why = "it raises where there is something already" if how is None else "how it writes is computed"
    return _access(each, given, AccessMode.APPEND, Unknown(why))


def _access(each: FrameOperation, given: Given | None, mode: AccessMode, guard: Value[Guard]) -> list[Access]:
    value = given.value.value if given is not None and isinstance(given.value, Known) else None
    dataset: DatasetName | None = file_named(value)
    if given is None or dataset is None:
        return []
    return [Access(dataset, mode, guard, given.value_loc, call=each.name)]
