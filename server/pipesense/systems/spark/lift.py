"""What a file does with Spark: its operations, what it reads and writes, and the script that it is."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from pipesense.lang.python.flow import Flow
from pipesense.lang.python.functions import Function
from pipesense.lang.python.index import FUNCTIONS
from pipesense.lang.python.module import Module
from pipesense.model.code import PatternSite, ScopeCode
from pipesense.model.frames import FrameOperation, FrameScope
from pipesense.model.value import Version
from pipesense.systems.frames import Reading
from pipesense.systems.renames import obsolete_in
from pipesense.systems.script import script_pipeline
from pipesense.systems.spark.accesses import code_of, is_write
from pipesense.systems.spark.casts import text_casts
from pipesense.systems.spark.sites import sites_of
from pipesense.systems.spark.tables import FRAME, LIBRARY, RENAMED
from pipesense.systems.spark.udfs import row_functions
from pipesense.systems.system import Lifted
from pipesense.text.regex import regex

_SETTING: Final = regex(
    r"""["'](?P<key>spark\.[\w.]+|partitionOverwriteMode)["']\s*(?:,|:|=)?\s*(?:["'](?P<value>[^"'\n]*)["']|(?P<word>\w+))?"""
)


def lift(module: Module, version: Version) -> Lifted:
    """Everything that a file says to Spark."""
    settings = _settings(module)
    handlers = _handlers(module)
    if handlers:
        # What a handler is given is known once the code that starts the stream is read.
        plain = Reading(module, LIBRARY, version, _beside, "spark", {}, settings).scopes()
        handlers = _handlers(module, tuple(each.scope for each in plain))
    found = Reading(module, LIBRARY, version, _beside, "spark", handlers, settings).scopes()
    scopes = tuple(each.scope for each in found)
    writes = [each for scope in scopes for each in scope.operations if is_write(each)]
    pipeline = script_pipeline(module, "spark", writes, _session(scopes))
    lenient = any(key == "spark.sql.ansi.enabled" for key, _ in settings)
    casts = tuple(replace(each, lenient=lenient) for each in text_casts(module, version))
    return Lifted(
        pipelines=(pipeline,) if pipeline is not None else (),
        facts=(*scopes, *row_functions(module), *casts),
        obsolete=obsolete_in(scopes, RENAMED, "pyspark", version),
        code=tuple(code for each in found for code in each.beside[0]),
        sites=tuple(site for each in found for site in each.beside[1]),
    )


def _beside(function: Function | None, scope: FrameScope) -> tuple[tuple[ScopeCode, ...], tuple[PatternSite, ...]]:
    return code_of(scope), sites_of(scope)


def _session(found: Iterable[FrameScope]) -> FrameOperation | None:
    """Where the file makes its session."""
    made = (each for scope in found for each in scope.operations if each.name in ("getOrCreate", "create"))
    return next(made, None)


_HANDED: Final = frozenset({"events", "aggregated", "deduplicated", "remote"})


def _handlers(module: Module, scopes: tuple[FrameScope, ...] = ()) -> dict[ast.AST, dict[str, Flow]]:
    """Functions that a stream hands its micro-batches to: their first parameter is a frame.

    ``scopes`` tell what the stream is.
    """
    streams = {each.loc: each.traits for one in scopes for each in one.operations if each.name == "foreachBatch"}
    found: dict[ast.AST, dict[str, Flow]] = {}
    for unit in module.units:
        if not unit.holds("foreachBatch"):
            continue
        for site in unit.index.calls:
            func = site.node.func
            if not isinstance(func, ast.Attribute) or func.attr != "foreachBatch" or not site.node.args:
                continue
            for function in module.callables(site.node.args[0]):
                node = function.node
                names = [each.arg for each in (*node.args.posonlyargs, *node.args.args) if each.arg != "self"]
                if isinstance(node, FUNCTIONS) and names and function.module is module:
                    known = streams.get(module.loc(site.node), frozenset()) & _HANDED
                    found[node] = {names[0]: Flow(FRAME, known | {"micro-batch"})}
    return found


def _settings(module: Module) -> tuple[tuple[str, str], ...]:
    """Configuration keys that the file's texts name, wherever they stand."""
    found: dict[str, str] = {}
    for unit in module.units:
        if not (unit.holds("spark.") or unit.holds("partitionOverwriteMode")):
            continue
        for hit in _SETTING.finditer(unit.text):
            found.setdefault(hit["key"].lower(), (hit["value"] or hit["word"] or "").lower())
    return tuple(sorted(found.items()))
