"""What a sink of PyFlink guarantees, and what its windows keep: the words of hovers.

https://nightlies.apache.org/flink/flink-docs-release-2.3/docs/connectors/datastream/kafka/#fault-tolerance; that
nothing is guaranteed where nobody says so is told by ``KafkaSinkBuilder.set_delivery_guarantee`` of apache-flink 2.3.0.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from pipesense.lang.python.module import Module
from pipesense.model.code import PatternSite
from pipesense.model.where import Loc
from pipesense.systems.flink.guarantees import GUARANTEES, page_of

WINDOW: Final = (
    "State: **bounded by time**. Each open window keeps its result for every key (all its rows, where a function of "
    "whole windows reads them); it is let go when the watermark has passed the window's end and the allowed lateness."
)
_SETS: Final = "set_delivery_guarantee"


def sink_sites(module: Module, call: ast.Call, method: str) -> Iterator[PatternSite]:
    """What a sink guarantees, at the call that says so, or at the one that begins to build it."""
    func = call.func
    if method == _SETS and call.args and isinstance(call.args[0], ast.Attribute):
        found = GUARANTEES.get(call.args[0].attr)
        if found is not None:
            loc = module.loc(call.args[0])
            said = f"`{call.args[0].attr}`"
            yield _site(found, said, loc)
    elif method == "build" and isinstance(func, ast.Attribute):
        at: ast.expr = func.value
        names: set[str] = set()
        while isinstance(at, ast.Call) and isinstance(at.func, ast.Attribute):
            names.add(at.func.attr)
            last, at = at, at.func.value
        if isinstance(at, ast.Name) and at.id == "KafkaSink" and _SETS not in names:
            loc = module.loc(last.func)
            yield _site(GUARANTEES["NONE"], "set_delivery_guarantee() is not called, and NONE is what holds then", loc)


def unnamed_transactions(module: Module, call: ast.Call) -> Loc | None:
    """``set_delivery_guarantee(EXACTLY_ONCE)`` of a sink that is built without a prefix for its transactions.

    By the documentation (it was not tried: the connector is a library of Java that comes apart from PyFlink):
    https://nightlies.apache.org/flink/flink-docs-release-2.3/docs/connectors/datastream/kafka/#fault-tolerance
    """
    calls: dict[str, ast.Call] = {}
    at: ast.expr = call
    while isinstance(at, ast.Call) and isinstance(at.func, ast.Attribute):
        calls[at.func.attr] = at
        at = at.func.value
    said = calls.get(_SETS)
    if not isinstance(at, ast.Name) or at.id != "KafkaSink" or said is None or "set_transactional_id_prefix" in calls:
        return None
    given = said.args[0] if said.args else None
    return module.loc(given) if isinstance(given, ast.Attribute) and given.attr == "EXACTLY_ONCE" else None


def _site(found: tuple[str, str], said: str, loc: Loc) -> PatternSite:
    return PatternSite(page_of(found), loc, f"This sink: **{found[0]}** ({said}): {found[1]}.")
