"""Writing the checks that a table deserves: where, in which form, and verified like every fix."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from pipesense.engine.checks.forms import (
    Form,
    dbt_model,
    dbt_version,
    described_in,
    has_gx,
    project_folder,
)
from pipesense.engine.checks.gather import Gatherer, Written
from pipesense.engine.checks.own import own_checks
from pipesense.engine.fixing import Fixer
from pipesense.engine.index import Key
from pipesense.engine.project import Surroundings
from pipesense.engine.record import FileRecord
from pipesense.engine.relations import Lookup, Relations
from pipesense.engine.report import BuiltFix, FixOffer
from pipesense.lang.sql.earlier import dataset as dataset_of
from pipesense.model.change import AddCheck, Refusal
from pipesense.model.data import WRITES, Column, Confidence, DatasetName, Relation
from pipesense.model.quality import CheckPlan
from pipesense.model.sql import Statement
from pipesense.model.value import Known, Value
from pipesense.model.where import Loc
from pipesense.quality import sql
from pipesense.quality.dbt import dbt_tests
from pipesense.quality.gx import suite
from pipesense.quality.naming import label
from pipesense.quality.propose import Subject, propose
from pipesense.rule.context import TaskRun
from pipesense.rule.finding import Applicability
from pipesense.text.edit import TextEdit, apply_edits
from pipesense.text.span import Span

BELOW: Final = "below"
"""Right behind the statement that loads the table."""
BESIDE: Final = "file"
"""In a file of its own."""

_RULE: Final = "quality/insert-checks"


@dataclass(frozen=True, slots=True)
class ChecksOffer:
    """Checks for a table that can be asked for. ``id`` is stable while the table is called that."""

    id: str
    title: str
    dataset: DatasetName
    form: Form
    where: str


@dataclass(frozen=True, slots=True)
class _Place:
    """A table's name in a file: in its definition, or in a statement that writes it, or a model's whole file."""

    dataset: DatasetName
    statement: Statement | None
    loads: bool


@dataclass(frozen=True, slots=True)
class Checks:
    """What a workspace needs to answer for quality checks."""

    gather: Gatherer
    surroundings: Surroundings
    fixer: Fixer

    @classmethod
    def over(
        cls,
        lookup: Lookup,
        record_of: Callable[[str], FileRecord | None],
        surroundings: Surroundings,
        fixer: Fixer,
    ) -> Checks:
        """The checks of a workspace: ``lookup`` is its index, ``record_of`` gives files with all their facts."""

        def find(dataset: DatasetName) -> Value[Relation]:
            relations, reads = Relations(lookup, surroundings.dbt), set[Key]()
            return relations.whole(relations.table_or_model(dataset, reads), reads)

        return cls(Gatherer(lookup.get, record_of, find), surroundings, fixer)

    # --- what is proposed ------------------------------------------------------------------------

    def plan(self, dataset: DatasetName, *, dialect: str | None = None, everything: bool = False) -> CheckPlan:
        """The checks that a table deserves and that are not there yet, and what is left out with the reason.

        ``everything`` asks also for what the table's own database enforces.
        """
        return propose(self.gather.subject(dataset, dialect=dialect, everything=everything))

    def datasets(self, path: str) -> tuple[DatasetName, ...]:
        """The tables that a file defines or loads, or the model that it is; in the order of the text."""
        record = self.gather.record_of(path)
        if record is None:
            return ()
        model = dbt_model(self.surroundings, path)
        if model is not None:
            return (DatasetName((model.name.lower(),)),)
        return tuple(dict.fromkeys(place.dataset for place, _ in _places(record)))

    def named(self, name: str) -> DatasetName | None:
        """The table of that name that the workspace defines or touches; None where there is none."""
        dataset = DatasetName(tuple(part.lower() for part in name.split(".") if part))
        if not dataset.parts:
            return None
        for key in (("relation", dataset.table), ("uses", dataset.table)):
            for values in self.gather.get(key):
                for each in values if isinstance(values, tuple) else ():
                    known = each.dataset if isinstance(each, Relation) else each.access.dataset
                    if known.match(dataset) is not Confidence.NONE:
                        return known if isinstance(known, DatasetName) else None
        return None

    def home(self, dataset: DatasetName) -> str | None:
        """The file that defines a table, else the first that loads it."""
        found = self.gather.find(dataset)
        if isinstance(found, Known):
            return found.value.loc.file
        writes = self.gather.writes(dataset)
        return writes[0].access.loc.file if writes else None

    # --- offers ----------------------------------------------------------------------------------

    def offers(self, path: str, span: Span) -> tuple[ChecksOffer, ...]:
        """The ways to check the table whose name stands at a place, the project's own first."""
        record = self.gather.record_of(path)
        if record is None:
            return ()
        model = dbt_model(self.surroundings, path)
        if model is not None:
            return (self._offer(DatasetName((model.name.lower(),)), Form.DBT, BESIDE),)
        for place, where in (*_places(record), *_written_in(record)):
            if where.start <= span.end and span.start <= where.end:
                return tuple(self._offer(place.dataset, form, how) for form, how in self._forms(place, path))
        return ()

    def _forms(self, place: _Place, path: str) -> Iterator[tuple[Form, str]]:
        if self._script(place.dataset, path) is not None:
            yield Form.CODE, BELOW
        if self._run(place.dataset) is not None:
            yield Form.AIRFLOW, BELOW
        if has_gx(self.surroundings, path):
            yield Form.GX, BESIDE
        if place.loads and path.endswith(".sql"):
            yield Form.SQL, BELOW
        yield Form.SQL, BESIDE

    def ways(self, dataset: DatasetName, path: str) -> tuple[ChecksOffer, ...]:
        """The ways to check a table from a file, the project's own first, wherever in the file its name stands."""
        if dbt_model(self.surroundings, path) is not None:
            return (self._offer(dataset, Form.DBT, BESIDE),)
        record = self.gather.record_of(path)
        here = [place for place, _ in _places(record) if place.dataset == dataset] if record is not None else []
        place = next((each for each in here if each.loads), here[0] if here else _Place(dataset, None, False))
        return tuple(self._offer(dataset, form, how) for form, how in self._forms(place, path))

    def form_for(self, dataset: DatasetName, path: str) -> tuple[Form, str]:
        """The form that fits the project best for a table, and where its checks go."""
        if dbt_model(self.surroundings, path) is not None:
            return Form.DBT, BESIDE
        return next(self._forms(_Place(dataset, None, False), path))

    def _offer(self, dataset: DatasetName, form: Form, where: str) -> ChecksOffer:
        words = {
            (Form.SQL, BELOW): "below the load",
            (Form.SQL, BESIDE): f"as checks/{dataset.table}.sql",
            (Form.AIRFLOW, BELOW): "as Airflow tasks behind the load",
            (Form.CODE, BELOW): "before the frame is written",
            (Form.GX, BESIDE): "as a Great Expectations suite",
            (Form.DBT, BESIDE): "as dbt tests",
        }
        title = f"Insert quality checks for {dataset} {words[form, where]}"
        return ChecksOffer(f"{form.value}/{where}/{dataset}", title, dataset, form, where)

    # --- building --------------------------------------------------------------------------------

    def build(self, offer_id: str, path: str, only: frozenset[str] | None = None) -> BuiltFix | Refusal:
        """The verified edits and new files of an offer made for ``path``, or why there are none.

        ``only`` names the checks that are wanted, as ``quality.naming.label`` does; None is all of them.
        """
        form, _, rest = offer_id.partition("/")
        where, _, name = rest.partition("/")
        dataset = DatasetName(tuple(name.split(".")))
        self.fixer.analyse(path)
        return self.write(dataset, path, Form(form), where, only=only)

    def write(
        self,
        dataset: DatasetName,
        path: str,
        form: Form,
        where: str,
        *,
        dialect: str | None = None,
        everything: bool = False,
        only: frozenset[str] | None = None,
    ) -> BuiltFix | Refusal:
        """The checks of a table in a form, as verified edits and new files; ``only`` as in ``build``."""
        subject = self.gather.subject(dataset, dialect=dialect, everything=everything)
        if form is Form.DBT:
            return self._write_dbt(subject, dataset, path, only)
        plan = _chosen(propose(subject), only)
        if not plan.checks:
            return Refusal(f"there is nothing to add: {'; '.join(dict.fromkeys(each.why for each in plan.left_out))}")
        match form:
            case Form.AIRFLOW:
                return self._write_task(plan, self._run(plan.dataset))
            case Form.CODE:
                return self._write_task(plan, self._script(plan.dataset, path))
            case Form.GX:
                name = f"{project_folder(self.surroundings, path)}/gx/suites/{dataset.table}.py"
                return self._created(plan, {name: suite(plan)}, form)
            case _:
                return self._write_sql(plan, path, where)

    def text(self, plan: CheckPlan, form: Form, path: str) -> str:
        """The checks of a plan as text, without a place to put it."""
        if form is Form.GX:
            return suite(plan)
        if form is Form.DBT:
            model = dbt_model(self.surroundings, path)
            version = dbt_version(self.surroundings, model) if model is not None else ()
            made = dbt_tests(plan, model.name if model is not None else plan.dataset.table, version)
            singular = (f"-- tests/{name}.sql\n{text}" for name, text in made.singular.items())
            return "\n".join([made.text, *singular])
        return sql.file(plan)

    def _write_sql(self, plan: CheckPlan, path: str, where: str) -> BuiltFix | Refusal:
        if where == BELOW:
            load = next((each for each in self.gather.writes(plan.dataset) if each.access.loc.file == path), None)
            here = self.gather.record_of(path)
            if load is None or here is None:
                return Refusal("no statement of this file loads the table any more")
            return self._edited(plan, here, self._behind(here, load, plan))
        target = f"{project_folder(self.surroundings, path)}/checks/{plan.dataset.table}.sql"
        there = self.surroundings.known(target) or self.surroundings.files.exists(target)
        record = self.gather.record_of(target) if there else None
        if record is not None:
            text = record.document.text
            joint = "" if text.endswith("\n") or not text else "\n"
            end = Span(len(text), len(text))
            return self._edited(plan, record, [TextEdit(end, f"{joint}\n{sql.script(plan)}")])
        text = sql.file(plan)
        config = self.surroundings.config(target)
        if plan.dialect and config.dialect_of(target) != plan.dialect:
            text = f"-- pipesense: dialect={plan.dialect}\n{text}"
        return self._created(plan, {target: text}, Form.SQL)

    def _behind(self, record: FileRecord, load: Written, plan: CheckPlan) -> list[TextEdit]:
        """The checks right behind a statement, which gets a semicolon where it has none."""
        document, unit = record.document, load.statement.loc
        last = load.statement.facts.span.end
        tail = load.text[last:]
        edits: list[TextEdit] = []
        if ";" not in re.sub(r"--[^\n]*|/\*.*?\*/", "", tail, flags=re.S):
            end = document.file_span(unit.at(Span(last, last)))
            edits += [TextEdit(end, ";")] if end is not None else []
        whole = document.file_span(unit.at(Span(0, len(load.text.rstrip()))))
        at = whole.end if whole is not None else len(document.text)
        line_end = document.text.find("\n", at)
        line_end = len(document.text) if line_end < 0 else line_end
        # A comment at the end of the statement's line stays with the statement.
        at = line_end if document.text[at:line_end].lstrip().startswith("--") else at
        script = f"\n\n{sql.script(plan).rstrip()}"
        if edits and edits[0].span.start == at:
            return [TextEdit(Span(at, at), f";{script}")]
        return [*edits, TextEdit(Span(at, at), script)]

    def _edited(self, plan: CheckPlan, record: FileRecord, edits: list[TextEdit]) -> BuiltFix | Refusal:
        refusal = self._verified(plan, record.path, apply_edits(record.document.text, edits), record)
        return refusal or BuiltFix(_offer_of(plan), {record.path: tuple(edits)}, {})

    def _created(self, plan: CheckPlan, files: Mapping[str, str], form: Form) -> BuiltFix | Refusal:
        for path, text in files.items():
            if self.surroundings.files.exists(path):
                return Refusal(f"there is a file {path.rpartition('/')[2]} already")
            if path.endswith((".sql", ".py")):
                refusal = self._verified(plan, path, text, None, count=form is Form.SQL)
                if refusal is not None:
                    return refusal
        return BuiltFix(_offer_of(plan), {}, dict(files))

    def _verified(
        self, plan: CheckPlan, path: str, text: str, before: FileRecord | None, *, count: bool = True
    ) -> Refusal | None:
        """None where the file can be read, nothing loud is new in it, and every check is seen to be one."""
        trial, record = self.fixer.tried(path, text)
        old = self.fixer.trial(path) if before is not None else None
        if trial.unread > (old.unread if old is not None else 0):
            return Refusal("the file could not be read with the checks in it")
        worse = [rule for rule, number in trial.loud.items() if number > (old.loud[rule] if old is not None else 0)]
        if worse:
            return Refusal(f"the checks would bring a finding of {worse[0]}")
        seen = _number(record, plan.dataset) - (_number(before, plan.dataset) if before is not None else 0)
        if count and seen != len(plan.checks):
            return Refusal("the checks could not be told from other statements")
        return None

    # --- tasks and scripts -----------------------------------------------------------------------

    def _run(self, dataset: DatasetName) -> TaskRun | None:
        """The one task of the workspace that loads a table."""
        found: dict[tuple[str, str], TaskRun] = {}
        for written in self.gather.writes(dataset):
            loc = written.access.loc
            for key in (("runs", loc.file), *self._embedded_keys(loc)):
                for values in self.gather.get(key):
                    for run in values if isinstance(values, tuple) else ():
                        found[(run.pipeline.name, run.task.name)] = run
        return next(iter(found.values())) if len(found) == 1 else None

    def _embedded_keys(self, loc: Loc) -> list[tuple[str, str]]:
        record = self.gather.record_of(loc.file)
        if record is None or record.document.language == "sql":
            return []
        return [
            ("runs", f"{loc.file}#{script.loc.unit}")
            for script in record.linked.scripts.values()
            if any(statement.loc.unit == loc.unit for statement in script.statements)
        ]

    def _script(self, dataset: DatasetName, path: str) -> TaskRun | None:
        """The script in a file that writes frames to a table."""
        record = self.gather.record_of(path)
        for pipeline in record.pipelines if record is not None else ():
            for task in pipeline.tasks if pipeline.noun == "script" else ():
                for access in task.accesses:
                    if access.mode in WRITES and access.call and access.dataset.match(dataset) is not Confidence.NONE:
                        return TaskRun(pipeline, task)
        return None

    def _write_task(self, plan: CheckPlan, run: TaskRun | None) -> BuiltFix | Refusal:
        if run is None:
            return Refusal("no task, or more than one, loads the table")
        path = run.pipeline.loc.file
        edits = self.fixer.edits(AddCheck(run.pipeline, run.task, plan), path)
        if isinstance(edits, Refusal):
            return edits
        for each, changes in edits.items():
            record = self.gather.record_of(each)
            if record is None:
                return Refusal("the file is not there any more")
            text = apply_edits(record.document.text, changes)
            refusal = self._verified(plan, each, text, record, count=False)
            if refusal is not None:
                return refusal
        return BuiltFix(_offer_of(plan), edits, {})

    # --- dbt -------------------------------------------------------------------------------------

    def _write_dbt(
        self, subject: Subject, dataset: DatasetName, path: str, only: frozenset[str] | None
    ) -> BuiltFix | Refusal:
        model = dbt_model(self.surroundings, path)
        record = self.gather.record_of(path)
        if model is None or record is None:
            return Refusal("the file is no model of a dbt project")
        described = described_in(self.surroundings, model)
        if described is not None:
            name = described.rpartition("/")[2]
            return Refusal(f"{name} describes the model already; add the tests there")
        if not subject.relation.columns:
            subject = replace(subject, relation=_projection(record, dataset), table=model.name)
        plan = _chosen(propose(subject), only)
        made = dbt_tests(plan, model.name, dbt_version(self.surroundings, model))
        files = {f"{model.folder}/{model.name}.yml": made.text}
        files.update({f"{model.project}/tests/{name}.sql": text for name, text in made.singular.items()})
        return self._created(plan, files, Form.DBT)


def _chosen(plan: CheckPlan, only: frozenset[str] | None) -> CheckPlan:
    """The plan with those checks that are wanted."""
    if only is None:
        return plan
    return replace(plan, checks=tuple(each for each in plan.checks if label(each.ask) in only))


def _projection(record: FileRecord, dataset: DatasetName) -> Relation:
    """The columns that a model's last query gives."""
    for script in reversed([*record.linked.scripts.values()]):
        for statement in reversed(script.statements):
            block = next((each for each in statement.facts.blocks if each.depth == 0), None)
            if block is not None:
                columns = tuple(
                    Column(out.name, "", None, statement.at(out.span))
                    for out in block.outputs
                    if out.name not in ("", "*")
                )
                return Relation(dataset, columns, (), (), statement.loc)
    return Relation(dataset, (), (), (), Loc(record.path, 0, Span(0, 0)))


def _places(record: FileRecord) -> Iterator[tuple[_Place, Span]]:
    """Every table's name that stands in a definition or in a statement that brings rows."""
    for script in record.linked.scripts.values():
        for statement in script.statements:
            table, write = statement.facts.table, statement.facts.write
            named = None
            if table is not None and table.kind == "table" and not table.temporary:
                named = table.parts, table.name_span, table.from_query
            elif write is not None and write.verb in ("insert", "merge", "copy") and not write.temporary:
                named = write.target, write.target_span, True
            if named is None or statement.facts.error:
                continue
            dataset = dataset_of(named[0])
            span = record.document.file_span(statement.at(named[1]))
            if dataset is not None and span is not None:
                yield _Place(dataset, statement, named[2]), span


def _written_in(record: FileRecord) -> Iterator[tuple[_Place, Span]]:
    """Every table's name that a script gives to a writer of frames."""
    for pipeline in record.pipelines:
        for task in pipeline.tasks if pipeline.noun == "script" else ():
            for access in task.accesses:
                span = record.document.file_span(access.loc) if access.loc.file == record.path else None
                if access.mode in WRITES and access.call and span is not None:
                    yield _Place(access.dataset, None, True), span


def _number(record: FileRecord, dataset: DatasetName) -> int:
    """How many checks of a table the statements of a file make."""
    return sum(
        isinstance(check.dataset, Known) and check.dataset.value.match(dataset) is not Confidence.NONE
        for script in record.linked.scripts.values()
        for statement in script.statements
        for _, check in own_checks(record, statement)
    )


def _offer_of(plan: CheckPlan) -> FixOffer:
    return FixOffer(_RULE, f"Insert quality checks for {plan.dataset}", Applicability.UNSAFE, _RULE)
