"""What a scope's readers and writers touch."""

from __future__ import annotations

from typing import Final

from pipesense.lang.python.datasets import dataset_named, place_named
from pipesense.model.code import ScopeCode
from pipesense.model.data import Access, AccessMode, DatasetName, Guard
from pipesense.model.flow import Effect
from pipesense.model.frames import FrameOperation, FrameScope, Given
from pipesense.model.value import Absent, Known, Unknown, Value
from pipesense.model.where import Loc
from pipesense.systems.rerun import BY_CONDITION
from pipesense.systems.spark.chains import Chain, by_place, chain_of, constant_text
from pipesense.systems.spark.tables import DELTA, FRAME, READER, SESSION, STREAM_WRITER, TABLE_WRITER, WRITER

_FILES: Final = frozenset({"parquet", "csv", "json", "orc", "text", "save", "load", "xml"})
_TABLES: Final = frozenset({"saveAsTable", "insertInto", "table", "toTable"})
_TABLE_ENDS: Final = frozenset({"append", "overwrite", "overwritePartitions", "create", "createOrReplace", "replace"})
_ONLY_READ: Final = Unknown("it is only read")


def is_write(operation: FrameOperation) -> bool:
    """Whether an operation writes."""
    if operation.kind == WRITER:
        return operation.name in _FILES | _TABLES | {"jdbc"}
    if operation.kind == STREAM_WRITER:
        return operation.name in ("start", "toTable")
    return operation.kind == TABLE_WRITER and operation.name in _TABLE_ENDS


def code_of(scope: FrameScope) -> tuple[ScopeCode, ...]:
    """The scope's reads and writes."""
    places = by_place(scope)
    accesses: list[Access] = []
    effects: set[Effect] = set()
    for each in scope.operations:
        if is_write(each):
            effects.add(Effect.WRITE)
            accesses += written(scope, each, places)
        elif (each.kind == READER and each.result == FRAME) or (each.kind == SESSION and each.name == "table"):
            effects.add(Effect.READ)
            accesses += _read(each, places)
        elif each.kind == DELTA and each.name in ("merge", "delete", "update"):
            effects.add(Effect.WRITE)
            accesses += _changed(each, places)
    if not effects:
        return ()
    return (ScopeCode(scope.scope, tuple(accesses), frozenset(effects)),)


def _target(chain: Chain) -> tuple[DatasetName, Given] | None:
    """What a reader or writer points at."""
    last = chain.last
    if last.name == "jdbc":
        given: Given | None = last.argument("table", 1)
    elif last.name in _TABLES:
        given = last.argument("name", 0) or last.argument("tableName", 0)
    else:
        given = last.argument("path", 0) or chain.options.get("path") or chain.options.get("dbtable")
    text = constant_text(given)
    if given is None or text is None:
        return None
    table = last.name in _TABLES or last.name == "jdbc" or given is chain.options.get("dbtable")
    if not table and chain.text("format") in ("iceberg", "bigquery", "snowflake") and "/" not in text:
        table = True
    dataset = dataset_named(text) if table else place_named(text)
    return (dataset, given) if dataset is not None else None


def _read(each: FrameOperation, places: dict[Loc, FrameOperation]) -> list[Access]:
    chain = chain_of(each, places)
    target = _target(chain)
    if target is None:
        return []
    dataset, given = target
    streaming = "streaming" in each.result_traits
    return [Access(dataset, AccessMode.READ, _ONLY_READ, given.value_loc, streaming, call=each.name)]


def written(scope: FrameScope, each: FrameOperation, places: dict[Loc, FrameOperation]) -> list[Access]:
    """What a writer's last call writes."""
    chain = chain_of(each, places)
    if each.kind == TABLE_WRITER:
        return _written_to(each, places)
    target = _target(chain)
    if target is None:
        return []
    dataset, given = target
    if each.kind == STREAM_WRITER:
        guard: Value[Guard] = Unknown("a stream remembers by its checkpoint what it has written")
        return [Access(dataset, AccessMode.APPEND, guard, given.value_loc, streaming=True, call=each.name)]
    mode, guard = mode_of(scope, chain)
    return [
        Access(dataset, mode, guard, given.value_loc, bool(each.traits & {"streaming", "micro-batch"}), call=each.name)
    ]


def _written_to(each: FrameOperation, places: dict[Loc, FrameOperation]) -> list[Access]:
    """``frame.writeTo("table").append()``: the first call of the chain names the table."""
    at = each
    while len(at.made) == 1 and (before := places.get(at.made[0])) is not None and at.name != "writeTo":
        at = before
    dataset = dataset_named(constant_text(at.given[0] if at.name == "writeTo" and at.given else None))
    if dataset is None:
        return []
    mode = {
        "append": AccessMode.APPEND,
        "overwritePartitions": AccessMode.OVERWRITE_PARTITION,
        "overwrite": AccessMode.OVERWRITE_PARTITION,
        "create": AccessMode.CREATE,
    }.get(each.name, AccessMode.OVERWRITE)
    guard: Value[Guard] = BY_CONDITION if each.name == "overwrite" else Unknown("it replaces what is there")
    if mode is AccessMode.APPEND:
        guard = Absent(Unknown("nothing"), ("the function",))
    return [Access(dataset, mode, guard, at.given[0].value_loc, call=each.name)]


BY_MATCH: Final = Unknown("it goes by a condition")
CHANGES: Final = {"merge": AccessMode.MERGE, "delete": AccessMode.DELETE, "update": AccessMode.UPDATE}


def _changed(each: FrameOperation, places: dict[Loc, FrameOperation]) -> list[Access]:
    """What is done to a table that ``DeltaTable.forName`` or ``forPath`` opened."""
    at = each
    while len(at.made) == 1 and (before := places.get(at.made[0])) is not None:
        at = before
    given = at.argument("tableOrViewName", 1) or at.argument("path", 1) or at.argument("name", 1)
    text = constant_text(given)
    dataset = place_named(text) if at.name.endswith("forPath") else dataset_named(text)
    if given is None or dataset is None:
        return []
    return [Access(dataset, CHANGES[each.name], BY_MATCH, given.value_loc, call=each.name)]


def mode_of(scope: FrameScope, chain: Chain) -> tuple[AccessMode, Value[Guard]]:
    """How a chain of a writer writes, whatever it writes to."""
    last = chain.last
    said = (chain.text("mode") or chain.option("mode")) if "mode" in chain.told or "mode" in chain.options else None
    if last.name == "insertInto":
        overwrite = last.argument("overwrite", 1)
        value = overwrite.value.value if overwrite is not None and isinstance(overwrite.value, Known) else None
        said = "overwrite" if value is True else said or ("append" if overwrite is None else "")
    if said is None and "mode" not in chain.told and chain.known:
        return AccessMode.APPEND, Unknown("it raises where there is something already")
    if said == "overwrite":
        dynamic = dict(scope.settings).get("spark.sql.sources.partitionoverwritemode") == "dynamic"
        dynamic = dynamic or (chain.option("partitionOverwriteMode") or "").lower() == "dynamic"
        if chain.option("replaceWhere") is not None:
            return AccessMode.OVERWRITE_PARTITION, BY_CONDITION
        if dynamic:
            return AccessMode.OVERWRITE_PARTITION, Unknown("it replaces the partitions that it brings")
        return AccessMode.OVERWRITE, Unknown("it replaces what is there")
    if said == "append" and chain.known:
        if chain.option("txnAppId") is not None:
            return AccessMode.APPEND, Known(Guard("txnAppId and txnVersion"))
        if _clears(scope):
            return AccessMode.APPEND, Unknown("what ran before it is not known")
        return AccessMode.APPEND, Absent(Unknown("nothing"), ("the function",))
    return AccessMode.APPEND, Unknown("how it writes is computed")


def _clears(scope: FrameScope) -> bool:
    """Whether the scope itself deletes rows or drops tables somewhere."""
    for each in scope.operations:
        if each.kind in ("delta table", "merge") and each.name in ("delete", "merge", "execute"):
            return True
        if each.kind == SESSION and each.name == "sql" and each.given:
            words = each.given[0].starts.split(None, 1)
            if not words or words[0].lower() in ("delete", "truncate", "drop", "merge", "alter"):
                return True
    return False
