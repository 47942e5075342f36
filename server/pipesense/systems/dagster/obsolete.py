"""Names and arguments of Dagster that a later release took out or warns about."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from pipesense.lang.python.module import Module
from pipesense.lang.python.uses import uses_of
from pipesense.model.code import ApiChange, ObsoleteUse
from pipesense.model.value import Known, Version
from pipesense.systems.dagster.tables import REMOVED, WARNED
from pipesense.systems.dagster.things import named

_NAMES: Final = {f"dagster.{name}": name for name in REMOVED}
_DECORATORS: Final = frozenset({"asset", "multi_asset", "graph_asset", "graph_multi_asset", "AssetSpec", "AssetOut"})


def obsolete_in(module: Module, statement: ast.stmt, version: Version) -> Iterator[ObsoleteUse]:
    """The obsolete names and arguments in one top-level statement."""
    for use in uses_of(module, statement, _NAMES):
        since, instead = REMOVED[_NAMES[use.name]]
        yield ObsoleteUse(
            system="dagster",
            what=use.name,
            loc=use.loc,
            change=ApiChange.REMOVED,
            since=since,
            package="dagster",
            target=version,
            instead=instead or "something else: it has no successor",
            guarded=use.guarded,
        )
    for site in module.calls_under(statement):
        wanted = [word for word in site.node.keywords if word.arg in WARNED]
        if not wanted or named(module, site.node.func) not in _DECORATORS:
            continue
        for word in wanted:
            since, instead = WARNED[word.arg or ""]
            yield ObsoleteUse(
                system="dagster",
                what=f"{word.arg}=",
                loc=module.loc(word),
                change=ApiChange.MOVED,
                since=since,
                package="dagster",
                target=version,
                instead=instead,
                fix=_fix(module, word, named(module, site.node.func)),
            )


def _fix(module: Module, word: ast.keyword, owner: str) -> str | None:
    """How the argument is written today, where that can be told."""
    if word.arg == "non_argument_deps":
        return "rename deps"
    if word.arg == "compute_kind" and owner == "asset":
        value = module.value(word.value)
        return f"kinds {value.value}" if isinstance(value, Known) and isinstance(value.value, str) else None
    if word.arg == "auto_materialize_policy" and isinstance(word.value, ast.Call):
        func = word.value.func
        eager = isinstance(func, ast.Attribute) and func.attr == "eager" and not word.value.args
        if eager and isinstance(func, ast.Attribute) and named(module, func.value) == "AutoMaterializePolicy":
            return "eager" if not word.value.keywords else None
    return None
