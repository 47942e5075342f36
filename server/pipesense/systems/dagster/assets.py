"""Assets and their checks, as single facts: what each needs, makes, checks and is set to."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pipesense.lang.python.frames import Argument, Arguments, Frame, read_arguments
from pipesense.lang.python.module import Module, Moment
from pipesense.lang.python.nodes import nodes_under
from pipesense.lang.python.sql_calls import SqlText
from pipesense.model.data import CheckKind, DatasetName, QualityCheck
from pipesense.model.flow import CallableRun, Role, Runs, Task
from pipesense.model.value import Known, Origin, Unknown, Value, Version
from pipesense.model.where import Loc
from pipesense.systems.dagster.keys import Key, key_of, keys_in, keys_of_asset
from pipesense.systems.dagster.settings import (
    NO_ALERTS,
    NO_TIMEOUT,
    effective_retry,
    resolved,
    retry_settings,
    written_settings,
)
from pipesense.systems.dagster.things import Thing, named
from pipesense.text.regex import regex
from pipesense.text.span import Span

_DEF: Final = regex(r"(?:async\s+)?def\s+(\w+)")
_SHOWN: Final = (
    ("automation_condition", "automation", "when it is materialised without being asked"),
    ("auto_materialize_policy", "automation", "when it is materialised without being asked"),
    ("partitions_def", "partitions", "a run makes one partition, and makes it again when it is repeated"),
    ("backfill_policy", "backfill", "how many partitions one run makes"),
    ("freshness_policy", "freshness", "how old it may get"),
    ("io_manager_key", "stored by", "the IO manager that stores what the function returns"),
    ("group_name", "group", "where it stands in the catalogue"),
    ("code_version", "code version", "a change of it makes the asset stale"),
    ("blocking", "blocking", "whether assets behind it wait for the check and a failure stops the run"),
    ("concurrency_key", "concurrency", "how many may run at once"),
    ("pool", "pool", "how many may run at once"),
)
_NOTHING: Final = ("context", "config", "self", "_")


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """An asset, check or op with what joins it to others; ``task``'s SQL runs are numbered from 0 in ``texts``."""

    task: Task
    texts: tuple[SqlText, ...]
    keys: tuple[Key, ...]
    """What it makes; for a check what it checks."""
    needs: frozenset[Key]
    """Keys that it certainly reads."""
    parameters: tuple[str, ...]
    """Names of parameters, each of which may be an asset's."""
    check: bool
    blocking: bool
    node: ast.FunctionDef | ast.AsyncFunctionDef
    opened: bool
    moving: tuple[Loc, str] | None
    """Where the first partition is computed from the clock."""
    cron: str | None


def name_loc(module: Module, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Loc:
    """Where a function's name stands in its definition."""
    loc = module.loc(node)
    found = _DEF.match(module.text_of(node))
    if found is None:
        return loc
    return loc.at(Span(loc.span.start + found.start(1), loc.span.start + found.end(1)))


def dataset(key: Key) -> DatasetName:
    """The dataset that an asset's key names."""
    return DatasetName(tuple(part.lower() for part in key))


def read_asset(module: Module, thing: Thing, version: Version) -> Piece:
    """An asset."""
    given = thing.arguments(module)
    keys = keys_of_asset(module, thing)
    needs, opened = _needs(module, given)
    loc = name_loc(module, thing.node)
    name = "/".join(keys[0]) if len(keys) == 1 else thing.node.name
    composed = thing.kind in ("@graph_asset", "@graph_multi_asset")
    layers = [(thing.kind, Origin.DECORATOR, given, "retry_policy")]
    retry = Unknown("its ops have their own") if composed else effective_retry(module, layers, version)
    checks = tuple(_specs(module, given, name, loc))
    external = thing.kind == "@dbt_assets"
    if external:
        checks += (QualityCheck(frozenset({CheckKind.CUSTOM}), Unknown("dbt's tests"), (), name, loc),)
    runs: tuple[Runs, ...] = (CallableRun(thing.function.name, loc),)
    makes = thing.kind == "@asset" and _gives(module, thing)
    task = Task(
        name=name,
        loc=loc,
        whole=module.loc(thing.node),
        kind=thing.kind,
        variable=thing.node.name,
        retry=retry,
        timeout=NO_TIMEOUT,
        alerts=NO_ALERTS,
        settings=(*retry_settings(retry), *written_settings(given, _SHOWN)),
        does=Unknown("what the function does is told by its body"),
        runs=runs,
        role=Unknown("what the asset does decides"),
        checks=checks,
        mapped=given.get("partitions_def") is not None,
        stores=tuple(dataset(key) for key in keys) if makes else (),
    )
    parameters = tuple(
        arg.arg for arg in (*thing.node.args.posonlyargs, *thing.node.args.args, *thing.node.args.kwonlyargs)
    )
    return Piece(
        task,
        (),
        keys,
        needs,
        tuple(each for each in parameters if each not in _NOTHING),
        check=False,
        blocking=False,
        node=thing.node,
        opened=opened,
        moving=_moving(module, given),
        cron=_cron(module, given),
    )


def read_check(module: Module, thing: Thing, version: Version) -> Piece:
    """An asset check: what it checks, and whether it holds up what stands behind."""
    given = thing.arguments(module)
    about = given.get("asset")
    key = key_of(module, about.value) if about is not None else None
    keys: tuple[Key, ...] = (key,) if key is not None else ()
    specs = given.get("specs")
    if specs is not None:
        keys = tuple(spec[1] for spec in _spec_keys(module, specs.value) if spec[1] is not None)
    loc = name_loc(module, thing.node)
    named_by = given.get("name")
    value = named_by.constant() if named_by is not None else None
    name = value.value if isinstance(value, Known) and isinstance(value.value, str) else thing.node.name
    retry = effective_retry(module, [(thing.kind, Origin.DECORATOR, given, "retry_policy")], version)
    runs: tuple[Runs, ...] = (CallableRun(thing.function.name, loc),)
    task = Task(
        name=name,
        loc=loc,
        whole=module.loc(thing.node),
        kind=thing.kind,
        variable=thing.node.name,
        retry=Unknown("a check that fails is looked at"),
        timeout=NO_TIMEOUT,
        alerts=NO_ALERTS,
        settings=(*retry_settings(retry), *written_settings(given, _SHOWN)),
        does=Unknown("what the function does is told by its body"),
        runs=runs,
        role=Known(Role.CHECK),
        checks=tuple(QualityCheck(frozenset({CheckKind.CUSTOM}), Known(dataset(each)), (), name, loc) for each in keys)
        or (QualityCheck(frozenset({CheckKind.CUSTOM}), Unknown("which asset it checks is computed"), (), name, loc),),
    )
    blocking = given.get("blocking")
    gate = blocking.constant() if blocking is not None else None
    return Piece(
        task,
        (),
        keys,
        frozenset(),
        (),
        check=True,
        blocking=isinstance(gate, Known) and gate.value is True,
        node=thing.node,
        opened=not keys,
        moving=None,
        cron=None,
    )


def _needs(module: Module, given: Arguments) -> tuple[frozenset[Key], bool]:
    """The keys that ``deps`` and ``ins`` name, and whether there may be more."""
    found: set[Key] = set()
    opened = given.opened is not None
    deps = given.get("deps", "non_argument_deps")
    for key in keys_in(module, deps.value) if deps is not None else ():
        if key is None:
            opened = True
        else:
            found.add(key)
    specs = given.get("specs")
    listed = resolved(module, specs.value) if specs is not None else None
    for spec in listed.elts if isinstance(listed, ast.List | ast.Tuple) else ():
        call = resolved(module, spec)
        inner = read_arguments(call, Frame(module), ("key",)).get("deps") if isinstance(call, ast.Call) else None
        found |= {key for key in (keys_in(module, inner.value) if inner is not None else ()) if key is not None}
    ins = given.get("ins")
    if ins is not None:
        for name, entry in module.dictionary(ins.value).entries.items():
            key = key_of(module, entry.value)
            found.add(key if key is not None else (name,))
    return frozenset(found), opened


def _specs(module: Module, given: Arguments, name: str, loc: Loc) -> Iterator[QualityCheck]:
    """The checks that an asset does itself (``check_specs``)."""
    specs = given.get("check_specs")
    if specs is None:
        return
    for written, key in _spec_keys(module, specs.value):
        subject: Value[DatasetName] = Known(dataset(key)) if key is not None else Unknown("it is computed")
        yield QualityCheck(frozenset({CheckKind.CUSTOM}), subject, (), written or name, loc)


def _spec_keys(module: Module, expr: ast.expr) -> Iterator[tuple[str, Key | None]]:
    expr = resolved(module, expr)
    if not isinstance(expr, ast.List | ast.Tuple):
        yield "", None
        return
    for element in expr.elts:
        call = resolved(module, element)
        if isinstance(call, ast.Call) and named(module, call.func) == "AssetCheckSpec":
            given = read_arguments(call, Frame(module), ("name", "asset"))
            about, name = given.get("asset"), given.get("name")
            said = name.constant() if name is not None else None
            yield (
                str(said.value) if isinstance(said, Known) else "",
                key_of(module, about.value) if about is not None else None,
            )
        else:
            yield "", None


def _gives(module: Module, thing: Thing) -> bool:
    """Whether the function returns something for an IO manager to store."""
    returned = [each for each in module.returned(thing.node) if each is not None]
    for each in returned:
        if isinstance(each, ast.Constant) and each.value is None:
            continue
        if isinstance(each, ast.Call) and named(module, each.func) in ("MaterializeResult", "ObserveResult"):
            continue
        return True
    return False


def _moving(module: Module, given: Arguments) -> tuple[Loc, str] | None:
    """``DailyPartitionsDefinition(start_date=datetime.now())``: the first partition is another one every day."""
    item = given.get("partitions_def")
    call = resolved(module, item.value) if item is not None else None
    if not isinstance(call, ast.Call) or not named(module, call.func).endswith("PartitionsDefinition"):
        return None
    start = read_arguments(call, Frame(module), ("start_date",)).get("start_date")
    value = start.constant() if start is not None else None
    if start is None or not (isinstance(value, Known) and isinstance(value.value, Moment) and value.value.moving):
        return None
    expr = resolved(module, start.value)
    loc = module.loc(expr)
    return (loc, " ".join(module.text_of(expr).split())) if loc.file == module.path else None


def _cron(module: Module, given: Arguments) -> str | None:
    """``AutomationCondition.on_cron("@daily")``."""
    item: Argument | None = given.get("automation_condition")
    expr = resolved(module, item.value) if item is not None else None
    for node in nodes_under(expr) if expr is not None else ():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "on_cron":
            words = read_arguments(node, Frame(module), ("cron_schedule",)).get("cron_schedule")
            value = words.constant() if words is not None else None
            return value.value if isinstance(value, Known) and isinstance(value.value, str) else None
    return None
