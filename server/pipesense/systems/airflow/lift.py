"""Lifts a DAG file: its pipelines, what its Airflow gave up, and what runs while it is parsed."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, compress
from operator import attrgetter
from typing import Any, Final, TypeVar

from pipesense.lang.python.frames import Frame, module_frame
from pipesense.lang.python.module import Module
from pipesense.lang.python.nodes import nodes_under
from pipesense.lang.python.sql_calls import numbered
from pipesense.model.code import CallAtParse, ObsoleteUse, PatternSite
from pipesense.model.making import quick_to_make
from pipesense.model.value import Version
from pipesense.systems.airflow.code_at_parse import calls_at_parse, gathered
from pipesense.systems.airflow.dags import NOTHING as NO_SUMMARY
from pipesense.systems.airflow.dags import Mentioned, Summary, components, summarise, summarise_block
from pipesense.systems.airflow.expressions import evaluate
from pipesense.systems.airflow.faults import merged
from pipesense.systems.airflow.heavy_imports import heavy_imports
from pipesense.systems.airflow.names import Names
from pipesense.systems.airflow.never_called import never_called
from pipesense.systems.airflow.obsolete import obsolete_in
from pipesense.systems.airflow.pipeline import Built, Lean, build
from pipesense.systems.airflow.plain_calls import lasting_frame
from pipesense.systems.airflow.reading import Reading
from pipesense.systems.airflow.run_faults import holds_asking
from pipesense.systems.airflow.sites import pattern_sites
from pipesense.systems.airflow.statements import run
from pipesense.systems.system import Embed, Lifted

NEWEST = "3.3"
P = TypeVar("P", bound=Lean)
_Read = Callable[[Module, Sequence[ast.stmt], Version, str, bool], tuple[P, ...]]
Fact = TypeVar("Fact", ObsoleteUse, CallAtParse)


def release_line(version: Version) -> str:
    """The release line to ask the tables for; the newest where the version is unknown."""
    if not version.number:
        return NEWEST
    number = version.number if len(version.number) > 1 else (*version.number, 0 if version.number[0] != 2 else 10)
    return ".".join(map(str, number[:2]))


@quick_to_make
@dataclass(frozen=True, slots=True)
class Look:
    """What one top-level statement says by itself."""

    summary: Summary
    obsolete: tuple[ObsoleteUse, ...]
    sites: tuple[PatternSite, ...]
    calls_at_parse: tuple[CallAtParse, ...]
    varies: bool = True
    """Some call in it may ask the clock or the dice."""


def lift(module: Module, version: Version, embed: Embed) -> Lifted:
    """Everything that a file says to Airflow."""
    looks = _looks(module, version)
    built = _pipelines(module, version, looks, _read_lean)
    if not module.keeps:
        # In a file that is read once, most of what is asked for depends on whether it makes a DAG at all.
        looks = [_say(module, version, statement, bool(built)) for statement in module.body]
    obsolete = (*_all(looks, "obsolete"), *_all(built, "obsolete"))
    calls: Iterable[CallAtParse] = _all(looks, "calls_at_parse")
    if not built:
        # What asks the metadata database is as slow in a helper that DAG files import as in the DAG file itself.
        calls = filter(_asks_airflow, calls)
    return Lifted(
        pipelines=tuple(numbered(module, each, embed) for each in built),
        obsolete=_unique(obsolete),
        sites=tuple(_all(looks, "sites")) if built else (),
        calls_at_parse=gathered(_unique(calls)),
        facts=(
            *merged(_all(built, "faults")),
            *dict.fromkeys(_all(built, "handed")),
            *never_called(module, built),
            *heavy_imports(module, built),
        ),
    )


def _all(holders: Iterable[object], name: str) -> Iterator[Any]:
    """What hundreds of things hold under a name, one after the other, by no loop of Python's own."""
    return chain.from_iterable(map(attrgetter(name), holders))


def _looks(module: Module, version: Version) -> list[Look]:
    if not module.keeps:
        return [_summary(module, statement) for statement in module.body]
    return module.memo_each(("airflow: statement", version), module.body, partial(_look_at, module, version))


def _look_at(module: Module, version: Version, statement: ast.stmt) -> Look:
    """A look at a top-level statement; a large ``with`` is looked at part by part, so that a key costs one part."""
    if isinstance(statement, ast.With) and module.is_divided(statement):
        return _look_at_parts(module, statement, version)
    return _look(module, statement, version)


def _look_at_parts(module: Module, statement: ast.With, version: Version) -> Look:
    tag = ("airflow: part", version)
    nodes: list[ast.stmt | ast.expr] = [*(item.context_expr for item in statement.items), *statement.body]
    parts = [module.memo(tag, [each], partial(_look_at_part, module, each, version)) for each in nodes]
    return Look(
        summary=summarise_block(statement, [(look.summary, mentioned) for look, mentioned in parts]),
        obsolete=tuple(use for look, _ in parts for use in look.obsolete),
        sites=tuple(site for look, _ in parts for site in look.sites),
        calls_at_parse=tuple(call for look, _ in parts for call in look.calls_at_parse),
        varies=any(look.varies for look, _ in parts),
    )


def _summary(module: Module, statement: ast.stmt) -> Look:
    """A look at a top-level statement that tells nothing but its summary."""
    if not isinstance(statement, ast.With) or not module.is_divided(statement):
        return Look(summarise(module, statement, Names(module)), (), (), ())
    nodes: list[ast.stmt | ast.expr] = [*(item.context_expr for item in statement.items), *statement.body]
    known = [(each, Mentioned.of(each)) for each in nodes]
    parts = [(summarise(module, each, Names(module), mentioned), mentioned) for each, mentioned in known]
    return Look(summarise_block(statement, parts), (), (), ())


def _say(module: Module, version: Version, statement: ast.stmt, sites: bool) -> Look:
    """What a look at a top-level statement would say, without its summary; places of patterns only where asked for."""
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return Look(NO_SUMMARY, obsolete_in(module, statement, version, Names(module)), (), ())
    if not isinstance(statement, ast.With) or not module.is_divided(statement):
        return _say_of(module, version, statement, sites)
    parts = [_say_of(module, version, item.context_expr, sites) for item in statement.items]
    parts += [_say_of(module, version, inner, sites) for inner in statement.body]
    obsolete, places, calls = (tuple(_all(parts, name)) for name in ("obsolete", "sites", "calls_at_parse"))
    return Look(NO_SUMMARY, obsolete, places, calls)


def _say_of(module: Module, version: Version, part: ast.stmt | ast.expr, sites: bool) -> Look:
    names = Names(module)
    return Look(
        summary=NO_SUMMARY,
        obsolete=obsolete_in(module, part, version, names),
        sites=pattern_sites(module, part, names) if sites else (),
        calls_at_parse=calls_at_parse(module, part, names),
    )


def _look_at_part(module: Module, part: ast.stmt | ast.expr, version: Version) -> tuple[Look, Mentioned]:
    mentioned = Mentioned.of(part)
    return _look(module, part, version, mentioned), mentioned


def _look(module: Module, statement: ast.stmt | ast.expr, version: Version, mentioned: Mentioned | None = None) -> Look:
    names = Names(module)
    words = _words(module, statement, version, names)
    return Look(
        summary=summarise(module, statement, names, mentioned),
        obsolete=tuple(use for uses, _ in words for use in uses),
        sites=tuple(site for _, sites in words for site in sites),
        calls_at_parse=calls_at_parse(module, statement, names),
        varies=holds_asking(module, statement),
    )


Words = tuple[tuple[ObsoleteUse, ...], tuple[PatternSite, ...]]


def _words(module: Module, statement: ast.stmt | ast.expr, version: Version, names: Names) -> list[Words]:
    """What single words say; in a large function each statement of its body is looked at for itself."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef) and module.is_divided(statement):
        tag = ("airflow: words", version)
        head = [node for node in nodes_under(statement.args) if isinstance(node, ast.expr)]
        parts = [*statement.decorator_list, *head, *([statement.returns] if statement.returns else []), *statement.body]
        return [module.memo(tag, [each], partial(_words_of, module, each, version, Names(module))) for each in parts]
    return [_words_of(module, statement, version, names)]


def _words_of(module: Module, part: ast.AST, version: Version, names: Names) -> Words:
    return obsolete_in(module, part, version, names), pattern_sites(module, part, names)


def _asks_airflow(call: CallAtParse) -> bool:
    return call.what.startswith("airflow.")


_LOC: Final = attrgetter("loc")


def _unique(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """Each place once: several pipelines may reach it."""
    listed = tuple(facts)
    return tuple(dict(zip(map(_LOC, listed), listed, strict=True)).values())


def find_pipelines(module: Module, version: Version) -> tuple[Built, ...]:
    """The pipelines of a file, in its order; each is read again only when something it rests on changed."""
    return _pipelines(module, version, _looks(module, version), _read)


def _pipelines(module: Module, version: Version, looks: Sequence[Look], read: _Read[P]) -> tuple[P, ...]:
    line = release_line(version)
    summaries = list(map(attrgetter("summary"), looks))
    varies = any(map(attrgetter("varies"), looks))
    found: list[P] = []
    for group in components(module.body, summaries):
        compute = partial(read, module, group, version, line, varies)
        found += module.memo(("airflow: pipelines", read, version, varies), group, compute)
    factories = list(map(attrgetter("factories"), summaries))
    for statement, makers in compress(zip(module.body, factories, strict=True), factories):
        for factory in makers:
            compute = partial(read, module, factory.body, version, line, varies)
            found += module.memo(("airflow: factory", read, version, varies), [statement, factory], compute)
    return _without_templates(found)


def _read(
    module: Module,
    statements: Sequence[ast.stmt],
    version: Version,
    line: str,
    varies: bool,
    lasting: Frame | None = None,
) -> tuple[Built, ...]:
    reading = Reading(module, Names(module), evaluate, run, lasting, varies=varies)
    run(reading, statements, lasting or module_frame(module))
    return build(reading, version, line)


def _read_lean(
    module: Module, statements: Sequence[ast.stmt], version: Version, line: str, varies: bool
) -> tuple[Lean, ...]:
    """What may be kept when the reading is gone; its frames and drafts know each other, and are taken apart."""
    built = _read(module, statements, version, line, varies, lasting_frame(module) if module.keeps else None)
    for each in built:
        for first in (each.dag.frame, *(draft.frame for draft in each.drafts)):
            frame: Frame | None = first
            while frame is not None:
                frame.names.clear()
                frame = frame.outer
    return tuple(Lean(each.pipeline, each.texts, each.node, each.obsolete, each.faults, each.handed) for each in built)


def _without_templates(found: list[P]) -> tuple[P, ...]:
    """Leave out DAGs of factories that get their tasks elsewhere in the file: they are reported there."""
    filled = {id(each.node) for each in found if each.pipeline.tasks}
    return tuple(each for each in found if each.pipeline.tasks or id(each.node) not in filled)
