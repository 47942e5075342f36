"""Linking Python: units become a module, systems lift it, strings with SQL become scripts."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, compress, repeat
from operator import attrgetter, is_, itemgetter
from typing import Any, Final

from pipesense.engine.composition import runs_of_code, shown_to_others
from pipesense.engine.document import Document, Unit
from pipesense.engine.index import Key
from pipesense.engine.link_sql import (
    StatementReader,
    columns_read,
    embed,
    embedded_script,
    places,
    recognised,
    relations,
    unread,
)
from pipesense.engine.link_task_code import task_code
from pipesense.engine.linked import Linked, Unread
from pipesense.engine.report import Counters
from pipesense.lang.python.by_tree import Piece
from pipesense.lang.python.link import ReadKey
from pipesense.lang.python.module import LinkMemo, Module
from pipesense.lang.python.strings import literal
from pipesense.lang.python.syntax import ParsedUnit, parse_unit
from pipesense.lang.python.timedelta import timedelta_attributes
from pipesense.lang.python.whole import read_whole
from pipesense.lang.sql import dialect as sql_dialect
from pipesense.model.code import ScopeCode
from pipesense.model.data import Access
from pipesense.model.faults import MissingFile
from pipesense.model.flow import CallableRun, EmbeddedRun, Pipeline, Runs, SqlFileRun, kinds_of_runs
from pipesense.model.sql import Script
from pipesense.model.value import Value, Version, known
from pipesense.model.where import Loc
from pipesense.rule.context import TaskRun
from pipesense.systems.system import Lifted, PythonSystem
from pipesense.text.regex import regex
from pipesense.text.vocabulary import may_hold, vocabulary

# Looks at hundreds of units at every key are left to loops that are not Python's own.
_ID: Final = attrgetter("id")
_PARSED: Final = attrgetter("parsed")
_PROBLEM: Final = attrgetter("problem")
_SYSTEMS: Final = attrgetter("systems")
_IS_NONE: Final = partial(is_, None)

Guard = Callable[[str, Callable[[], Lifted]], "Lifted | None"]
"""Runs one system on one file; a failure costs that system's facts and is logged (architecture: one place)."""


def parsed_units(document: Document, counters: Counters) -> list[ParsedUnit]:
    """The parsed units of a document; only what is new is parsed."""
    parsed: list[ParsedUnit | None] = list(map(_PARSED, document.units))
    if None in parsed:
        pieces = _pieces(document)
        for unit in compress(document.units, map(_IS_NONE, parsed)):
            counters.units_parsed += 1
            unit.parsed = _parse(unit, pieces)
        document.whole = None
    return list(map(_PARSED, document.units))


def _pieces(document: Document) -> Mapping[int, Piece]:
    """The statements of each unit, where the file was read as a whole: it is where none of several units was."""
    units = document.units
    if document.whole is None:
        if len(units) < _SEVERAL or any(map(_PARSED, units)):
            return {}
        document.whole = read_whole(document.text)
    return document.whole.share(document.text, list(map(_ID, units)), document.cuts)


def _parse(unit: Unit, pieces: Mapping[int, Piece]) -> ParsedUnit:
    piece = pieces.get(unit.id)
    if piece is None:
        return parse_unit(unit.id, unit.kind, unit.text)
    return ParsedUnit(unit.id, unit.kind, unit.text, piece[0], None, piece[1])


def prepare_python_file(document: Document, counters: Counters, budget: int) -> bool:
    """Parse units of about ``budget`` characters ahead of linking; True while more are to be parsed."""
    pieces = _pieces(document) if document.whole is not None or len(document.text) <= budget else {}
    for unit in document.units:
        if unit.parsed is None:
            counters.units_parsed += 1
            unit.parsed = _parse(unit, pieces)
            budget -= len(unit.text)
            if budget < 0:
                return True
    document.whole = None
    return False


@dataclass(frozen=True, slots=True)
class PythonSurroundings:
    """What linking a Python file needs from outside the file."""

    module_name: str | None
    imported: Callable[[str], Module | None]
    memo: LinkMemo
    configured_dialect: str | None
    project_files: Mapping[str, str]
    configured_versions: Mapping[str, str]
    systems: Sequence[PythonSystem]
    existing: Callable[[Sequence[str]], str | None]
    """The first of several paths that exists in the workspace."""
    read_keys: Callable[[Set[ReadKey]], frozenset[Key]]
    """The keys that reading names of other modules rests on, with those of all files that were looked for until now."""
    guard: Guard


@dataclass(slots=True)
class _Embedding:
    """Collects the scripts that systems ask for while one file is linked."""

    document: Document
    module: Module
    surroundings: PythonSurroundings
    asked: dict[tuple[int, int], str] = field(default_factory=dict)
    """The literals that somebody asked for, by unit and place in it, with the connection that each runs over."""

    def __call__(self, expr: ast.expr, dialect: str | None, why: str, connection: Value[str]) -> int | None:
        found = self.module.memo("embedded text", [expr], partial(literal, expr, self.module))
        if found is None or found.loc.file != self.document.path:
            return None
        configured = self.surroundings.configured_dialect
        place = found.loc.unit, found.loc.span.start
        named = known(connection) or ""
        over = named if self.asked.setdefault(place, named) == named else ""
        self.asked[place] = over
        script = self.document.scripts.get(place)
        asked = (dialect, why, configured)
        if script is not None and script.text == found.text and script.asked == asked:
            script.connection = over
            return script.id
        context = (dialect, why) if dialect else None
        directive = sql_dialect.directive(found.text)
        chosen, reason = sql_dialect.choose(directive, configured, context, found.text)
        script = embed(self.document, *place, found.text, found.map, found.holes, chosen, reason)
        script.asked, script.connection = asked, over
        return script.id


def link_python_file(
    document: Document,
    surroundings: PythonSurroundings,
    reader: StatementReader,
    counters: Counters,
) -> Linked:
    """Everything a Python file says."""
    path = document.path
    units = parsed_units(document, counters)
    # What a template says is nobody's code: both branches of a condition stand in it, and texts that are filled in.
    template = any(unit.problem is not None and unit.problem.template for unit in filter(_PROBLEM, units))
    module = Module(
        path,
        surroundings.module_name,
        units,
        surroundings.imported,
        surroundings.memo,
        package=path.endswith("/__init__.py"),
    )
    embedding = _Embedding(document, module, surroundings)
    versions: dict[str, Version] = {}
    lifted: list[Lifted] = []
    mentioned = frozenset() if template else _mentioned(document, surroundings.systems, surroundings.memo.keeps)
    for system in surroundings.systems:
        if system.name not in mentioned:
            continue
        lift = partial(_lift, system, module, surroundings, embedding, versions)
        found = surroundings.guard(system.name, lift)
        if found is not None:
            lifted.append(found)
    document.keep_scripts(embedding.asked)
    pipelines = tuple(chain.from_iterable(each.pipelines for each in lifted))
    scripts = {
        script.id: embedded_script(path, script, reader)
        for script in sorted(document.scripts.values(), key=lambda script: script.id)
    }
    gone = document.released()
    surroundings.memo.forget(gone)
    for each in gone:
        each.release()
    kinds = list(map(kinds_of_runs, pipelines))
    found_in = task_code(module, compress(pipelines, map(_RUNS_CODE, kinds)))
    facts: tuple[object, ...] = (
        *chain.from_iterable(each.obsolete for each in lifted),
        *chain.from_iterable(each.calls_at_parse for each in lifted),
        *chain.from_iterable(each.facts for each in lifted),
        *(() if template else timedelta_attributes(module)),
        *(() if template else found_in.habits),
        *_missing_files(path, compress(pipelines, map(_RUNS_FILES, kinds)), surroundings.existing),
    )
    code = _by_scope(lifted)
    effects = found_in.effects
    return Linked(
        module=module.prefix,
        pipelines=pipelines,
        scripts=scripts,
        facts=facts,
        sites=tuple(chain.from_iterable(each.sites for each in lifted)),
        effects=effects,
        code=code,
        versions=versions,
        unread=(*_unread_units(path, units), *(each for script in scripts.values() for each in unread(script))),
        recognised=tuple(each for script in scripts.values() for each in recognised(script)),
        exports={
            **_exports(path, module, pipelines, kinds, scripts, surroundings, runs_of_code(pipelines, effects, code)),
            **{("told", *about): value for each in lifted for about, value in each.told.items()},
            **{("code", scope): _exported(found, scripts) for scope, found in code.items()},
        },
        reads=surroundings.read_keys(module.reads),
    )


def _mentioned(document: Document, systems: Sequence[PythonSystem], lasts: bool) -> frozenset[str]:
    """The names of the systems that the file may have to do with; only new units are searched for their marks."""
    if not lasts:
        # Which unit it is does not matter in a file that is linked once.
        text = document.text
        words = vocabulary(text)
        return frozenset(
            [each.name for each in systems if any(may_hold(words, mark) and mark in text for mark in each.marks)]
        )
    known = list(map(_SYSTEMS, document.units))
    if None in known:
        fresh = list(compress(document.units, map(_IS_NONE, known)))
        if len(fresh) > _FEW:
            # Most systems have nothing to do with a file, which one look at its whole text tells.
            whole = document.text
            systems = [each for each in systems if any(mark in whole for mark in each.marks)]
        alike: dict[frozenset[str], frozenset[str]] = {}
        for unit in fresh:
            text = unit.text
            named = frozenset([each.name for each in systems if any(map(text.__contains__, each.marks))])
            unit.systems = alike.setdefault(named, named)
    return frozenset().union(*set(map(_SYSTEMS, document.units)))


def _by_scope(lifted: Iterable[Lifted]) -> dict[str, tuple[ScopeCode, ...]]:
    found: dict[str, tuple[ScopeCode, ...]] = {}
    for each in lifted:
        for code in each.code:
            found[code.scope] = (*found.get(code.scope, ()), code)
    return found


def _exported(code: tuple[ScopeCode, ...], scripts: Mapping[int, Script]) -> tuple[ScopeCode, ...]:
    def embedded(unit: int) -> tuple[Access, ...]:
        script = scripts.get(unit)
        return tuple(each for one in script.statements for each in one.accesses) if script is not None else ()

    return tuple(shown_to_others(each, embedded) for each in code)


def _lift(
    system: PythonSystem,
    module: Module,
    surroundings: PythonSurroundings,
    embedding: _Embedding,
    versions: dict[str, Version],
) -> Lifted:
    version = system.version(module, surroundings.project_files, surroundings.configured_versions.get(system.name))
    versions[system.name] = version
    return system.lift(module, version, embedding)


def _unread_units(path: str, units: Sequence[ParsedUnit]) -> Iterable[Unread]:
    for unit in filter(_PROBLEM, units):
        if unit.problem is not None:
            yield Unread(Loc(path, unit.unit, unit.problem.span), _told(unit.problem.message))


def _told(message: str) -> str:
    """Why a unit was not read, with the Python that says so where a newer one may know better."""
    if message != "invalid syntax" and not message.startswith("f-string"):
        return message
    mine = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return f"{message}, as Python {mine} reads it; for newer syntax run PipeSense with a newer Python"


def _missing_files(
    path: str, pipelines: Iterable[Pipeline], existing: Callable[[Sequence[str]], str | None]
) -> Iterable[MissingFile]:
    """The SQL files that tasks run, named in this file, which are not where they are looked for."""
    for pipeline in pipelines:
        for task in pipeline.tasks:
            for run in task.runs:
                if not isinstance(run, SqlFileRun) or not run.closed or run.loc.file != path:
                    continue
                if run.candidates and existing(run.candidates) is None:
                    yield MissingFile(task.name, pipeline.name, run.path, run.loc, run.candidates[0])


def module_stem(path: str) -> str:
    """The last part of the dotted name under which a Python file is imported."""
    parts = path.removesuffix(".py").split("/")
    return parts[-2] if parts[-1] == "__init__" and len(parts) > 1 else parts[-1]


def _exports(
    path: str,
    module: Module,
    pipelines: Sequence[Pipeline],
    kinds: Sequence[frozenset[type]],
    scripts: Mapping[int, Script],
    surroundings: PythonSurroundings,
    by_code: Mapping[tuple[int, int], Sequence[EmbeddedRun]],
) -> dict[Key, Any]:
    defined = relations(scripts.values())
    exports: dict[Key, Any] = {**defined, **places(defined), **columns_read(path, scripts.values())}
    digests = module.exports()
    exports.update(zip(zip(repeat("python"), repeat(path), digests, strict=False), digests.values(), strict=True))
    exports[("module", module_stem(path))] = True
    exports[("file", path)] = True
    exports.update(_tests(path, module))
    if pipelines:
        last_parts = map(itemgetter(2), map(str.rpartition, module.imports(), repeat(".")))
        exports.update(zip(zip(repeat("imported"), last_parts, strict=False), repeat(True), strict=False))
    runs: dict[str, list[TaskRun]] = {}
    dialects: dict[str, dict[tuple[str, str], None]] = {}
    runs_by_code = {at for at, _ in by_code}
    for at, pipeline in enumerate(pipelines):
        if at not in runs_by_code and _RUN_SQL.isdisjoint(kinds[at]):
            continue
        for place, task in enumerate(pipeline.tasks):
            runs_of = (*task.runs, *by_code.get((at, place), ()))
            if _RUN_SQL.isdisjoint(map(type, runs_of)):
                continue
            done = [_accesses_of(run, scripts) for run in runs_of]
            for number, run in enumerate(runs_of):
                before = tuple(access for each in done[:number] for access in each)
                after = tuple(access for each in done[number + 1 :] for access in each)
                if isinstance(run, EmbeddedRun) and not run.scratch:
                    runs.setdefault(f"{path}#{run.unit}", []).append(TaskRun(pipeline, task, before, after))
                elif isinstance(run, SqlFileRun):
                    target = surroundings.existing(run.candidates)
                    if target is not None:
                        runs.setdefault(target, []).append(TaskRun(pipeline, task, before, after))
                        if run.dialect:
                            dialects.setdefault(target, {})[(run.dialect, task.kind)] = None
    for target, found in runs.items():
        exports[("runs", target)] = tuple(found)
    for target, said in dialects.items():
        exports[("dialect", target)] = tuple(said)
    return exports


_NAMED_FILE = regex(r"[\"']([\w./-]+)\.py[\"']")
_NAMED_MODULE = regex(r"import_module\(\s*[\"']([\w.]+)[\"']")
_RUNS_CODE: Final = frozenset({CallableRun}).issubset
_RUNS_FILES: Final = frozenset({SqlFileRun}).issubset
_RUN_SQL: Final[frozenset[type]] = frozenset((EmbeddedRun, SqlFileRun))
_FEW = 4
_SEVERAL: Final = 4
"""So many units are parsed faster together than one by one."""
_TWICE = regex(r"twice|re-?_?run|idempoten|second[_ ]run", re.I)


def _tests(path: str, module: Module) -> dict[Key, Any]:
    """What a file of tests is about: DAG files in general, and files by the last part of their names."""
    name = path.rpartition("/")[2]
    if not (name.startswith("test_") or name.endswith("_test.py")):
        return {}
    text = "\n".join(unit.text for unit in module.units)
    stems = {part for imported in module.imports() for part in imported.split(".")}
    stems |= {found.rpartition("/")[2] for found in _NAMED_FILE.findall(text)}
    stems |= {part for found in _NAMED_MODULE.findall(text) for part in found.split(".")}
    told: dict[Key, Any] = {("tests", stem): True for stem in stems}
    if _TWICE.search(text):
        told.update({("tests", f"{stem} twice"): True for stem in stems})
    for sign, whole in (("DagBag", "every DAG"), ("rglob", "every flow"), ("validate_loadable", "every asset")):
        if sign in text:
            told[("tests", whole)] = True
    return told


def _accesses_of(run: Runs, scripts: Mapping[int, Script]) -> tuple[Access, ...]:
    """What the SQL in a string does to tables that outlive the task."""
    script = scripts.get(run.unit) if isinstance(run, EmbeddedRun) and not run.scratch else None
    return tuple(each for one in script.statements for each in one.accesses) if script is not None else ()
