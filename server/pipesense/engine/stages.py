"""The steps of one file's analysis: link, compose, judge. Each takes a record and says what changed for others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field, replace
from functools import partial
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any, Final

from pipesense.engine.composition import compose
from pipesense.engine.composition_inputs import identical, inputs_of
from pipesense.engine.config import Config
from pipesense.engine.context import Asked, RuleContext, is_switched_off
from pipesense.engine.document import Document
from pipesense.engine.index import Index, Key, Stage
from pipesense.engine.judge import Judge
from pipesense.engine.link_dbt import dbt_edits, with_dbt
from pipesense.engine.link_document import claimants, document_file, link_document
from pipesense.engine.link_sql import StatementReader, link_sql_file, prepare_sql_file, read_so_far, tables_read
from pipesense.engine.linked import Linked
from pipesense.engine.project import Surroundings
from pipesense.engine.record import FileRecord
from pipesense.engine.relations import Answers, ColumnMemo, Lookup, Relations
from pipesense.engine.report import Counters, InternalError
from pipesense.engine.roles import EPHEMERAL, default_role
from pipesense.engine.told import uses_and_checks
from pipesense.lang.languages import DOCUMENTS
from pipesense.lang.sql.adapter import dialect_of_dbt
from pipesense.model.change import (
    AddCheck,
    Change,
    LimitMapped,
    LimitRuns,
    Refusal,
    Replace,
    Rewrite,
    SetClientSettings,
    SetRetry,
    SetRetryPause,
    SetStartDate,
    SetTimeout,
    UseNewApi,
    WaitFor,
    WaitWithoutSlot,
)
from pipesense.model.code import ScopeCode
from pipesense.model.data import Access
from pipesense.model.dbt_change import DbtChange
from pipesense.model.flow import Pipeline, SqlFileRun, Task
from pipesense.model.sql import Statement
from pipesense.model.value import Version
from pipesense.model.where import Loc
from pipesense.rule.finding import Finding
from pipesense.rule.meta import FileRole, RuleMeta
from pipesense.rule.registry import Registry
from pipesense.systems.system import DocumentSystem, Lifted, PythonSystem

if TYPE_CHECKING:
    from pipesense.lang.python.link import ReadKey
    from pipesense.lang.python.module import Module


_ID: Final = attrgetter("id")
_MODULES_KEPT: Final = 60
"""Files whose trees are kept because others import from them."""
_SQL_BUDGET: Final = 4_000
_PYTHON_BUDGET: Final = 20_000
"""Characters that one step of background work reads: about 5 ms, so that a key pressed meanwhile does not wait."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step gives to the index."""

    exports: Mapping[Key, Any]
    reads: frozenset[Key]
    wants: frozenset[str] = frozenset()
    """Tables, in lower case, that other files may define: what they say is wanted before this one is judged."""


@dataclass(slots=True)
class Stages:
    """Runs the steps of any file. ``records`` finds another file's record (loading it where needed)."""

    registry: Registry
    surroundings: Surroundings
    systems: tuple[PythonSystem, ...]
    reader: StatementReader
    judge: Judge
    counters: Counters
    log: Callable[[InternalError], None]
    record_of: Callable[[str], FileRecord | None]
    whole_record_of: Callable[[str], FileRecord | None]
    """Like ``record_of``, with all facts."""
    text_of: Callable[[Loc], str]
    columns: ColumnMemo
    documents: tuple[DocumentSystem, ...] = ()
    generation: int = 0
    """Counts changes of the configuration; unit findings of an older generation are judged again."""
    _modules: dict[tuple[str, str], tuple[Document, tuple[int, ...], Module]] = field(default_factory=dict)

    # --- link ------------------------------------------------------------------------------------

    def prepare(self, record: FileRecord, lookup: Lookup) -> bool:
        """A few milliseconds of the reading that linking needs; True while there is more to read.

        Where it fails, linking will fail as well, and says so.
        """
        try:
            return self._prepare(record, lookup)
        except Exception:  # see the docstring
            return False

    def _prepare(self, record: FileRecord, lookup: Lookup) -> bool:
        if record.document.language == "sql":
            config = self.surroundings.config(record.path)
            configured = config.dialect_of(record.path)
            context = self._said_dialect(record.path, lookup)
            return prepare_sql_file(record.document, configured, context, self.reader, _SQL_BUDGET)
        if record.document.language in DOCUMENTS:
            return False
        from pipesense.engine.link_python import prepare_python_file

        return prepare_python_file(record.document, self.counters, _PYTHON_BUDGET)

    def link(self, record: FileRecord, lookup: Lookup) -> Outcome:
        """Syntax to model objects."""
        self.counters.files_linked += 1
        record.is_put_away = False
        config = self._begin(record)
        if record.document.language == "sql":
            record.linked, reads = self._link_sql(record, config, lookup)
        elif record.document.language in DOCUMENTS:
            guard = partial(self._guarded, record.path)
            record.linked = link_document(record.document, self.documents, self.counters, guard, lookup)
            reads = record.linked.reads
        else:
            record.linked = self._link_python(record, config)
            reads = record.linked.reads
        record.linked = with_dbt(record.linked, record.document, self.surroundings.dbt)
        return Outcome(record.linked.exports, reads, tables_read(record.linked.scripts.values()))

    def _begin(self, record: FileRecord) -> Config:
        config = self.surroundings.config(record.path)
        folder = config.folder or (self.surroundings.root_of(record.path) or "")
        record.role = config.role_of(record.path) or default_role(record.path, folder)
        if record.role is FileRole.PIPELINE and record.document.language == "sql" and EPHEMERAL in record.document.text:
            record.role = FileRole.GENERATED
        return config

    def first_findings(self, record: FileRecord, lookup: Lookup) -> tuple[Finding, ...]:
        """What the statements of a SQL file that were read so far say by themselves, whatever else there is."""
        self._begin(record)
        enabled = self.surroundings.enabled(record.path)
        asked = self._asked(record, lookup)
        statements = read_so_far(record.document, self.reader)
        found = (each for statement in statements for each in self._unit_findings(record, statement, asked))
        return tuple(each for each in found if each.rule in enabled)

    def is_ours(self, path: str, language: str, text: str) -> bool:
        """Whether a file holds anything to judge: YAML and JSON are written for many purposes."""
        ours = language not in DOCUMENTS or self.surroundings.dbt.reads(path)
        return ours or bool(claimants(self.documents, path, text))

    def _link_sql(self, record: FileRecord, config: Config, lookup: Lookup) -> tuple[Linked, frozenset[Key]]:
        context = self._said_dialect(record.path, lookup)
        model = self.surroundings.dbt.model(record.path)
        linked = link_sql_file(record.document, config.dialect_of(record.path), context, self.reader, model)
        return linked, frozenset({("dialect", record.path)})

    def _said_dialect(self, path: str, lookup: Lookup) -> tuple[str, str] | None:
        """The dialect that a file's dbt project tells, else that all who run it agree on, else its name; and who."""
        where = self.surroundings
        told = dialect_of_dbt(path, where.above(path), where.text)
        if told is not None:
            return told
        said = [each for several in lookup.get(("dialect", path)) if isinstance(several, tuple) for each in several]
        if not said and path.endswith(".hql"):
            return "hive", "the ending .hql"
        return said[0] if said and len({dialect for dialect, _ in said}) == 1 else None

    def _link_python(self, record: FileRecord, config: Config) -> Linked:
        from pipesense.engine.link_python import PythonSurroundings, link_python_file
        from pipesense.lang.python.module import LinkMemo
        from pipesense.lang.python.one_link import OneLink

        path = record.path
        where = self.surroundings
        name = where.module_name(path)
        # What `from .x import y` means hangs on the file's own name, which is part of no remembered question.
        memo = record.memo
        if not record.is_open:
            memo = record.memo = OneLink()
        elif memo is None or not memo.keeps or (memo.last is not None and memo.last.name != name):
            memo = record.memo = LinkMemo()
        missing: set[Key] = set(where.package_keys(path))

        if record.imports_for != self.generation:
            record.imports, record.read_keys, record.imports_for = {}, None, self.generation
            wanted = tuple(name for system in self.systems for name in system.version_files)
            record.version_texts = where.version_texts(path, wanted)

        imports = record.imports

        def located(module: str) -> tuple[str | None, frozenset[Key]]:
            known = imports.get(module)
            if known is None:
                known = imports[module] = (where.module_path(path, module), where.looked_for(path, module))
            return known

        def imported(module: str) -> Module | None:
            found = (imports.get(module) or located(module))[0]
            return self._module(found, module) if found is not None else None

        def read_keys(reads: Set[ReadKey]) -> frozenset[Key]:
            if record.read_keys is None or record.read_keys[0] != reads:
                keys: set[Key] = set()
                for _, module, name in reads:
                    found, looked_for = located(module)
                    keys.add(("python", found, name) if found is not None else ("module", module.rpartition(".")[2]))
                    keys |= looked_for
                record.read_keys = frozenset(reads), frozenset(keys)
            return record.read_keys[1].union(missing)

        def existing(candidates: Any) -> str | None:
            found = where.existing(candidates)
            for candidate in candidates:
                missing.add(("file", candidate))
                if candidate == found:
                    break
            return found

        return link_python_file(
            record.document,
            PythonSurroundings(
                module_name=name,
                imported=imported,
                memo=memo,
                configured_dialect=config.dialect_of(path),
                project_files=record.version_texts,
                configured_versions=config.version,
                systems=self.systems,
                existing=existing,
                read_keys=read_keys,
                guard=partial(self._guarded, path),
            ),
            self.reader,
            self.counters,
        )

    def _guarded(self, path: str, system: str, lift: Callable[[], Lifted]) -> Lifted | None:
        try:
            return lift()
        except Exception as error:  # a system's failure costs its own facts and nothing else
            self.log(InternalError(f"system {system}", path, f"{type(error).__name__}: {error}"))
            return None

    def _module(self, path: str | None, name: str) -> Module | None:
        """Another file as a module under the name that it is imported by; its own imports are not followed (one hop).

        Folders need no ``__init__.py`` to be packages, so the file alone does not tell its name: what is called
        anything else here could not be found again by those who import it.
        """
        from pipesense.engine.link_python import parsed_units
        from pipesense.lang.python.module import Module

        record = self.record_of(path) if path is not None else None
        if record is None or path is None or record.document.language != "python":
            return None
        document = record.document
        ids = tuple(map(_ID, document.units))
        known = self._modules.get((path, name))
        # Unit numbers begin anew in a file that is read again from disk: they tell texts of one document apart only.
        if known is None or known[0] is not document or known[1] != ids:
            units = parsed_units(document, self.counters)
            known = (document, ids, Module(path, name, units, package=path.endswith("/__init__.py")))
            while len(self._modules) >= _MODULES_KEPT:
                oldest, _, _ = self._modules.pop(next(iter(self._modules)))
                holder = self.record_of(oldest.path)
                if holder is None or not holder.is_open:
                    oldest.forget_trees()
            self._modules[(path, name)] = known
        return known[2]

    @staticmethod
    def awaits(path: str, index: Index) -> bool:
        """Whether a file looked for one of that name, to import or to run it, or to tell its own name."""
        from pipesense.engine.link_python import module_stem

        return bool(index.readers([("module", module_stem(path)), ("file", path)]))

    # --- compose ---------------------------------------------------------------------------------

    def compose(self, record: FileRecord, lookup: Lookup) -> Outcome:
        """What tasks do, through what they run."""
        linked = record.linked
        reads: set[Key] = set()

        def accesses_of(run: SqlFileRun) -> tuple[Access, ...] | None:
            target = self.surroundings.existing(run.candidates)
            if target is None:
                return None
            reads.add(("script", target))
            found = lookup.get(("script", target))
            return found[0] if found and isinstance(found[0], tuple) else None

        def code_of(scope: str) -> tuple[ScopeCode, ...]:
            if scope == linked.module or scope.startswith(linked.module + "."):
                return linked.code.get(scope, ())
            reads.add(("code", scope))
            found = lookup.get(("code", scope))
            return found[0] if len(found) == 1 and isinstance(found[0], tuple) else ()

        composed: dict[int, tuple[Pipeline, tuple[object, ...], Pipeline]] = {}
        for pipeline in linked.pipelines:
            before = record.composed.get(id(pipeline))
            is_same = before is not None and before[0] is pipeline
            if before is not None and is_same and not before[1]:
                # It looked at nothing beside itself.
                composed[id(pipeline)] = before
                continue
            inputs = inputs_of(pipeline, linked, accesses_of, code_of)
            if before is not None and is_same and identical(before[1], inputs):
                made = before[2]
            else:
                made = compose(pipeline, linked.effects, partial(_accesses_in, linked), accesses_of, code_of)
            composed[id(pipeline)] = (pipeline, inputs, made)
        record.composed = composed
        record.pipelines = tuple(map(itemgetter(2), composed.values()))
        return Outcome(uses_and_checks(record), frozenset(reads))

    # --- judge -----------------------------------------------------------------------------------

    def judged(self, record: FileRecord, lookup: Lookup) -> tuple[tuple[Finding, ...], frozenset[Key]]:
        """Every finding of the rules that are on, unsuppressed and unplaced, and the keys they read."""
        enabled = self.surroundings.enabled(record.path)
        asked = self._asked(record, lookup)
        found: list[Finding] = []
        of_nodes: set[Key] = set()
        scripts = () if is_switched_off(record, asked, of_nodes) else record.linked.scripts.values()
        for script in scripts:
            for statement in script.statements:
                findings = self._unit_findings(record, statement, asked)
                found += (each for each in findings if each.rule in enabled)
        if record.verdicts.generation != self.generation:
            record.verdicts.clear()
            record.verdicts.generation = self.generation
        statements = (statement for script in scripts for statement in script.statements)
        facts = (*record.pipelines, *scripts, *statements, *record.linked.facts)
        more, reads = self.judge.file(facts, record.role, enabled, record.verdicts, asked)
        return (*found, *more), reads | of_nodes

    def context(self, record: FileRecord, meta: RuleMeta, lookup: Lookup) -> RuleContext:
        """What one rule may ask about one file."""
        return RuleContext(meta, self._asked(record, lookup))

    def _asked(self, record: FileRecord, lookup: Lookup) -> Asked:
        # While a fix is tried out there are two records of one file: its own places are those of this one.
        def record_of(path: str) -> FileRecord | None:
            return record if path == record.path and not record.is_put_away else self.whole_record_of(path)

        return Asked(
            path=record.path,
            config=self.surroundings.config(record.path),
            role=record.role,
            lookup=lookup,
            versions=record.linked.versions,
            text_at=lambda loc: record.document.text_of(loc) if loc.file == record.path else self.text_of(loc),
            statement_at=lambda loc: _statement(record_of(loc.file), loc),
            answers=self.answers(lookup),
            record_of=record_of,
            folder=self.surroundings.dbt.folder(record.path),
        )

    def answers(self, lookup: Lookup) -> Answers:
        """The catalogue over a look-up; what the index says of columns is remembered from file to file."""
        memo = self.columns.at(self.generation) if isinstance(lookup, Index) else None
        return Answers(Relations(lookup, self.surroundings.dbt, memo))

    def write(self, change: Change, path: str) -> tuple[Replace, ...] | Refusal:
        """A change in the spelling of the system that it concerns."""
        name, record = _system_of(change), self.record_of(path)
        if record is not None and isinstance(change, Rewrite):
            from pipesense.lang.python.edit import with_imports

            return with_imports(self._full_module(record), change)
        if isinstance(change, DbtChange):
            return dbt_edits(change, self.record_of)
        is_document = record is not None and record.document.language in DOCUMENTS
        task = getattr(change, "task", None)
        if is_document and isinstance(task, Task) and task.loc.file != path:
            # A task with a file of its own has its settings there.
            record = self.record_of(task.loc.file)
            if record is None or record.document.language not in DOCUMENTS:
                return Refusal("the task stands in a file of another language; set it there by hand")
        document = next((each for each in self.documents if each.name == name and is_document), None)
        if document is not None and record is not None:
            file = document_file(record.document, self.counters)
            return document.write(change, file) if file is not None else Refusal("the file is empty")
        system = next((each for each in self.systems if each.name == name), None)
        if system is None or record is None:
            return Refusal("nothing here knows how to write this change")
        module = self._full_module(record)
        if isinstance(change, AddCheck) and not change.style:
            from pipesense.engine.checks.forms import frame_style

            change = replace(change, style=frame_style(self.surroundings, path))
        return system.write(change, module, record.linked.versions.get(system.name, Version()))

    def _full_module(self, record: FileRecord) -> Module:
        from pipesense.engine.link_python import parsed_units
        from pipesense.lang.python.module import Module

        where, path = self.surroundings, record.path
        return Module(
            path,
            where.module_name(path),
            parsed_units(record.document, self.counters),
            lambda name: self._module(where.module_path(path, name), name),
            package=path.endswith("/__init__.py"),
        )

    def _unit_findings(self, record: FileRecord, statement: Statement, asked: Asked) -> tuple[Finding, ...]:
        unit = record.document.unit(statement.loc.unit)
        if unit is None:
            return ()
        if unit.findings is None or unit.findings_for != self.generation:
            unit.findings = self.judge.unit(statement, record.role, asked)
            unit.findings_for = self.generation
        return unit.findings

    def run(self, stage: Stage, record: FileRecord, lookup: Lookup) -> Outcome:
        """LINK or COMPOSE by number; a failure costs the file's facts of that step and nothing else."""
        try:
            return self.link(record, lookup) if stage is Stage.LINK else self.compose(record, lookup)
        except Exception as error:  # see the docstring
            self.log(InternalError(f"{stage.name.lower()} step", record.path, f"{type(error).__name__}: {error}"))
            if stage is Stage.LINK:
                record.linked = Linked()
            record.pipelines, record.composed = (), {}
            return Outcome({}, frozenset())


def _statement(record: FileRecord | None, loc: Loc) -> Statement | None:
    scripts = record.linked.scripts.values() if record is not None else ()
    return next((each for script in scripts for each in script.statements if each.loc.unit == loc.unit), None)


def _system_of(change: Change) -> str:
    if isinstance(change, UseNewApi):
        return change.use.system
    if isinstance(change, SetClientSettings):
        return change.client.system
    if isinstance(
        change,
        (
            *(SetRetry, SetRetryPause, SetTimeout, AddCheck, SetStartDate),
            *(WaitWithoutSlot, LimitMapped, LimitRuns, WaitFor),
        ),
    ):
        return change.pipeline.system
    return getattr(change, "system", "")


def _accesses_in(linked: Linked, unit: int) -> tuple[Access, ...]:
    """The accesses of the SQL in a string of the file."""
    script = linked.scripts.get(unit)
    return tuple(access for each in script.statements for access in each.accesses) if script is not None else ()
