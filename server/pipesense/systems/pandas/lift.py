"""What a file does with pandas: its operations, and what they read and write."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from pipesense.lang.python.datasets import dataset_named, file_named
from pipesense.lang.python.functions import Function, own_calls
from pipesense.lang.python.module import Module
from pipesense.lang.python.sql_calls import sql_calls
from pipesense.lang.python.strings import literal
from pipesense.model.code import PatternSite, ScopeCode
from pipesense.model.data import Access, AccessMode, DatasetName, Guard
from pipesense.model.flow import Effect, Pipeline
from pipesense.model.frames import FrameOperation, FrameScope, Given
from pipesense.model.value import Absent, Known, Unknown, Value, Version
from pipesense.model.where import Loc
from pipesense.systems.formats import stored_as
from pipesense.systems.frames import Reading
from pipesense.systems.pandas.tables import FRAME, LIBRARY, RENAMED
from pipesense.systems.renames import obsolete_in
from pipesense.systems.rerun import rerun_site
from pipesense.systems.script import script_pipeline
from pipesense.systems.system import Lifted
from pipesense.text.regex import regex

_TABLES: Final = frozenset({"to_sql", "to_gbq"})
_FILES: Final = frozenset({"csv", "parquet", "json", "excel", "feather", "orc", "pickle", "hdf", "xml", "stata"})


def lift(module: Module, version: Version) -> Lifted:
    """Everything that a file says to pandas."""
    found = Reading(module, LIBRARY, version, partial(_beside, module), "pandas", {}).scopes()
    scopes = tuple(each.scope for each in found)
    pipeline = _script(module, scopes)
    return Lifted(
        sites=tuple(site for each in found for site in each.beside[1]),
        pipelines=(pipeline,) if pipeline is not None else (),
        facts=scopes,
        obsolete=obsolete_in(scopes, RENAMED, "pandas", version),
        code=tuple(each.beside[0] for each in found if each.beside[0] is not None),
    )


def _beside(
    module: Module, function: Function | None, scope: FrameScope
) -> tuple[ScopeCode | None, tuple[PatternSite, ...]]:
    code = _code(module, function, scope)
    written = {access.loc: access for access in code.accesses} if code is not None else {}
    return code, tuple(site for each in scope.operations for site in _sites(each, written))


def _sites(each: FrameOperation, written: Mapping[Loc, Access]) -> Iterator[PatternSite]:
    """What a rerun of a write does, and how many rows a merge gives."""
    if each.kind == FRAME and _touches(each):
        access = next((written[given.value_loc] for given in each.given if given.value_loc in written), None)
        if access is not None:
            site = rerun_site(each.name_loc, access.mode, access.guard)
        else:
            how = _table_mode(each, beside=True) if each.name in _TABLES else _file_mode(each)
            site = rerun_site(each.name_loc, *how, computed=True)
        if site is not None:
            told = _given_mode(each)
            yield replace(site, note=f"{told} {site.note}".strip())
    if each.kind == FRAME or each.name.startswith("read_"):
        stored = stored_as(each.name.rpartition("_")[2]) if _touches(each) else ""
        if stored:
            yield PatternSite("columnar-files", each.name_loc, stored)
    if each.name == "merge" and each.kind in ("", FRAME):
        said = each.argument("validate")
        raises = "A key that breaks what validate= says raises MergeError." if said is not None else _UNSAID
        yield PatternSite("join-conditions", each.name_loc, raises)


_UNSAID: Final = "One row for each pair that matches: a key that comes twice on one side doubles the rows of the other."
_MODES: Final = {
    "replace": "The table is dropped and made anew from the frame's types; its keys and grants are gone.",
    "delete_rows": "The table's rows are deleted first, and the table stays.",
}


def _given_mode(each: FrameOperation) -> str:
    how = each.argument("if_exists", 3) if each.name == "to_sql" else None
    value = how.value.value if how is not None and isinstance(how.value, Known) else None
    return _MODES.get(value, "") if isinstance(value, str) else ""


def _script(module: Module, scopes: tuple[FrameScope, ...]) -> Pipeline | None:
    """The script that a file is, where it loads tables; files are written for many other reasons."""
    loads = [each for scope in scopes for each in scope.operations if each.kind == FRAME and each.name in _TABLES]
    if not loads or any(name.partition(".")[0] == "pyspark" for name in module.imports()):
        return None
    return script_pipeline(module, "pandas", loads, None)


def _code(module: Module, function: Function | None, scope: FrameScope) -> ScopeCode | None:
    """What a scope reads and writes."""
    touching = [each for each in scope.operations if _touches(each)]
    if not touching:
        return None
    beside = _runs_statements(module, function) or _may_clear(module, function)
    found = tuple(access for each in touching if (access := _access(each, beside)) is not None)
    return ScopeCode(scope.scope, found, frozenset(_effect(each) for each in touching))


_CLEARS: Final = regex(r"delete|truncate|purge|wipe|clear_|clean_?up|remove_|upsert|execute", re.I)


def _runs_statements(module: Module, function: Function | None) -> bool:
    """Whether SQL of the same function may do more than read."""
    texts = (literal(call.expr, module) for call in sql_calls(module, function))
    return any(found is None or not found.text.lstrip().upper().startswith("SELECT") for found in texts)


def _may_clear(module: Module, function: Function | None) -> bool:
    """Whether the code calls something that is named like the removal of old rows, or runs statements."""
    return any(_CLEARS.search(site.callee.rpartition(".")[2]) for site in own_calls(module, function))


def _touches(each: FrameOperation) -> bool:
    if each.kind == FRAME:
        return each.name in _TABLES or each.name.removeprefix("to_") in _FILES
    return each.kind == "" and (each.name.startswith("read_") or each.name.startswith("io.sql.read_"))


def write_access(each: FrameOperation) -> Access | None:
    """What an operation writes; None for one that writes nothing, or to where nobody can tell."""
    return _access(each, beside=False) if each.kind == FRAME and _touches(each) else None


def _effect(each: FrameOperation) -> Effect:
    if each.name.endswith(("sql", "gbq", "sql_query", "sql_table")):
        return Effect.NETWORK
    return Effect.WRITE if each.name.startswith("to_") else Effect.READ


def _access(each: FrameOperation, beside: bool) -> Access | None:
    if each.name in _TABLES:
        return _table(each, beside)
    if each.name == "read_sql_table":
        return _made_access(each, each.argument("table_name", 0), dataset_named, AccessMode.READ, _ONLY_READ)
    if "sql" in each.name or each.name in ("read_clipboard", "read_gbq"):
        return None
    if each.name.startswith("read_"):
        names = ("filepath_or_buffer", "path", "path_or_buf", "io")
        given = next((found for name in names if (found := each.argument(name))), None) or each.argument("", 0)
        return _made_access(each, given, file_named, AccessMode.READ, _ONLY_READ)
    given = each.argument("path_or_buf") or each.argument("path") or each.argument("excel_writer")
    mode, guard = _file_mode(each)
    return _made_access(each, given or each.argument("", 0), file_named, mode, guard)


def _file_mode(each: FrameOperation) -> tuple[AccessMode, Value[Guard]]:
    mode, parts = each.argument("mode"), each.argument("partition_cols")
    if mode is not None and not (isinstance(mode.value, Known) and mode.value.value in ("w", "wt", "x")):
        appends = isinstance(mode.value, Known) and str(mode.value.value).startswith("a")
        return AccessMode.APPEND, (
            Absent(Unknown("nothing"), ("the call",)) if appends else Unknown("its mode is computed")
        )
    if parts is not None and not (isinstance(parts.value, Known) and parts.value.value is None):
        return _parts_mode(each)
    return AccessMode.OVERWRITE, _WHOLE_FILE


def _parts_mode(each: FrameOperation) -> tuple[AccessMode, Value[Guard]]:
    """``partition_cols=``: pyarrow gives each file a name of its own and leaves the files that are there.

    https://arrow.apache.org/docs/python/generated/pyarrow.parquet.write_to_dataset.html (pyarrow 22)
    """
    engine, there = each.argument("engine", 1), each.argument("existing_data_behavior")
    if there is not None:
        behaviour = there.value.value if isinstance(there.value, Known) else None
        if behaviour == "delete_matching":
            return AccessMode.OVERWRITE_PARTITION, Unknown("it replaces the partitions that it brings")
        if behaviour == "error":
            return AccessMode.APPEND, Unknown("it raises where there is something already")
    if each.open or each.argument("basename_template") is not None or (there is not None and behaviour is None):
        return AccessMode.APPEND, Unknown("how it names its files is computed")
    if engine is not None and not (isinstance(engine.value, Known) and engine.value.value in ("pyarrow", "auto")):
        return AccessMode.APPEND, Unknown("how its engine treats files that are there is not known")
    return AccessMode.APPEND, Absent(Unknown("nothing"), ("the call",))


_ONLY_READ: Final = Unknown("it is only read")
_WHOLE_FILE: Final = Unknown("it writes the whole file")


def _made_access(
    each: FrameOperation, given: Given | None, named: object, mode: AccessMode, guard: Value[Guard]
) -> Access | None:
    if given is None or not isinstance(given.value, Known) or not callable(named):
        return None
    dataset = named(given.value.value)
    return Access(dataset, mode, guard, given.value_loc, call=each.name) if isinstance(dataset, DatasetName) else None


def _table(each: FrameOperation, beside: bool) -> Access | None:
    name = each.argument("name", 0) or each.argument("destination_table")
    if name is None or not isinstance(name.value, Known):
        return None
    schema = each.argument("schema", 2) if each.name == "to_sql" else None
    prefix = f"{schema.value.value}." if schema is not None and isinstance(schema.value, Known) else ""
    dataset = dataset_named(f"{prefix}{name.value.value}")
    if dataset is None:
        return None
    mode, guard = _table_mode(each, beside)
    return Access(dataset, mode, guard, name.value_loc, call=each.name)


def _table_mode(each: FrameOperation, beside: bool) -> tuple[AccessMode, Value[Guard]]:
    how = each.argument("if_exists", 3 if each.name == "to_sql" else None)
    if how is None or (isinstance(how.value, Known) and how.value.value == "fail"):
        return AccessMode.APPEND, Unknown("it raises where the table is there already")
    if isinstance(how.value, Known) and how.value.value in ("replace", "delete_rows"):
        return AccessMode.OVERWRITE, Unknown("it replaces the table")
    if not isinstance(how.value, Known):
        return AccessMode.APPEND, Unknown("how it writes is computed")
    if beside:
        # SQL of the same function may have taken the old rows away.
        return AccessMode.APPEND, Unknown("what ran before it is not known")
    return AccessMode.APPEND, Absent(Unknown("nothing"), ("the function",))
