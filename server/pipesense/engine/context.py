"""The engine's side of ``rule.Context``: answers from the index, and a record of every question."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from posixpath import dirname
from typing import TYPE_CHECKING, TypeVar

from pipesense.engine.config import Config
from pipesense.engine.dbt_view import ProjectView
from pipesense.engine.index import Key
from pipesense.engine.relations import Answers, Lookup
from pipesense.engine.roles import default_role
from pipesense.lang.sql.bind import Binder
from pipesense.lang.sql.relation import is_sure, same_table
from pipesense.model.columns import Binding, Columns, Missing, SqlType
from pipesense.model.data import Confidence, DatasetName, QualityCheck, Relation
from pipesense.model.dbt import DbtFile
from pipesense.model.flow import Pipeline
from pipesense.model.layers import RANKS, Layered, medallion_layer
from pipesense.model.quality import CheckPlan
from pipesense.model.sql import Block, ColumnUse, Expr, Script, Source, Statement
from pipesense.model.value import Known, Value, Version
from pipesense.model.where import Loc
from pipesense.rule.context import DatasetUse, TaskRun
from pipesense.rule.finding import Finding, Related
from pipesense.rule.meta import FileRole, RuleMeta
from pipesense.text.span import Span

if TYPE_CHECKING:
    from pipesense.engine.record import FileRecord

T = TypeVar("T")

_OF_THE_PAST = frozenset({FileRole.MIGRATION, FileRole.TEST})


@dataclass(slots=True)
class Asked:
    """What all rules that judge one file ask; put together once for each file."""

    path: str
    config: Config
    role: FileRole
    lookup: Lookup
    versions: Mapping[str, Version]
    text_at: Callable[[Loc], str]
    statement_at: Callable[[Loc], Statement | None]
    answers: Answers
    record_of: Callable[[str], FileRecord | None]
    folder: str = ""
    """The folder of the dbt project that holds the file."""


class RuleContext:
    """What one rule may ask about one file. Implements ``rule.context.Context``.

    One is made for every rule and fact, so there is no more in it than what differs between them.
    """

    __slots__ = ("_of", "dialect", "fact", "meta", "reads", "unit")

    def __init__(self, meta: RuleMeta, of: Asked) -> None:
        self.meta = meta
        self._of = of
        self.dialect = ""
        self.unit: Loc | None = None
        """The statement in question, for UNIT rules."""
        self.fact: object = None
        """What the rule was called with; the subject of its findings unless they name another."""
        self.reads: set[Key] = set()

    @property
    def path(self) -> str:
        return self._of.path

    @property
    def role(self) -> FileRole:
        return self._of.role

    def _get(self, key: Key) -> tuple[object, ...]:
        self.reads.add(key)
        return self._of.lookup.get(key)

    def finding(
        self,
        variant: str,
        *,
        at: Loc | Span,
        related: Iterable[Related] = (),
        subject: object = None,
        **args: object,
    ) -> Finding:
        message, related = self.meta.messages[variant], tuple(related)
        if isinstance(at, Loc):
            loc = at
        elif self.unit is not None:
            loc = self.unit.at(at)
        else:
            raise TypeError(f"{self.meta.id}: a rule that is not of one unit must give its place as a Loc")
        if isinstance(self.fact, Pipeline) and self.fact.spread and loc.file != self.path:
            if all(each.loc != loc for each in related):
                related = (Related(loc, "it is written here"), *related)
            loc = self.fact.shared or self.fact.loc
        return Finding(
            rule=self.meta.id,
            variant=variant,
            severity=message.severity,
            loc=loc,
            what=message.what.format(**args),
            why=message.why.format(**args),
            do=message.do.format(**args),
            related=related,
            subject=self.fact if subject is None else subject,
        )

    def option(self, name: str) -> object:
        configured = self._of.config.rules.get(self.meta.id, {})
        return configured.get(name, self.meta.options[name].default)

    @property
    def dbt(self) -> ProjectView:
        relations, reads = self._of.answers.relations, self.reads
        return ProjectView(self._of.folder, self._of.lookup, reads.add, lambda: (relations, reads))

    def version(self, system: str) -> Version:
        return self._of.versions.get(system, Version())

    def relation(self, dataset: DatasetName) -> Value[Relation]:
        return self._of.answers.relations.whole(
            self._of.answers.relations.find(dataset.parts, None, self.reads), self.reads
        )

    def relation_of(self, parts: tuple[str, ...], statement: Statement) -> Value[Relation]:
        return self._of.answers.relations.whole(
            self._of.answers.relations.find(parts, statement, self.reads), self.reads
        )

    def outputs(self, statement: Statement, block: Block | None = None) -> Columns:
        return self._asked(statement, lambda binder: binder.outputs(block))

    def columns_of(self, source: Source, statement: Statement) -> Columns:
        return self._asked(statement, lambda binder: binder.columns_of(source))

    def columns_of_table(self, parts: tuple[str, ...], statement: Statement) -> Columns:
        return self._of.answers.relations.columns(parts, statement, self.reads)

    def bind(self, use: ColumnUse, statement: Statement) -> Binding:
        return self._asked(statement, lambda binder: binder.bind(use))

    def missing(self, statement: Statement) -> tuple[tuple[ColumnUse, Missing], ...]:
        return self._asked(statement, lambda binder: tuple(binder.missing()))

    def type_of(self, expr: Expr, statement: Statement) -> SqlType:
        return self._asked(statement, lambda binder: binder.type_of(expr))

    def nullable(self, expr: Expr, statement: Statement) -> bool | None:
        return self._asked(statement, lambda binder: binder.nullable(expr))

    def _asked(self, statement: Statement, question: Callable[[Binder], T]) -> T:
        binder, reads = self._of.answers.of(statement)
        answer = question(binder)
        self.reads |= reads
        return answer

    def readers_of(self, parts: tuple[str, ...], column: str, statement: Statement) -> tuple[str, ...]:
        folded, here = column.casefold(), statement.loc.file
        found = {
            each.file
            for values in self._get(("columns", parts[-1].lower()))
            for each in values  # type: ignore[attr-defined]
            if each.file != here and folded in each.columns and is_sure(same_table(each.parts, parts))
        }
        elsewhere = self._folders_defining(parts) - {dirname(here)} if found else frozenset()
        # A file beside another definition of that table reads that one.
        return tuple(
            sorted(p for p in found if dirname(p) not in elsewhere and default_role(p, "") not in _OF_THE_PAST)
        )

    def _folders_defining(self, parts: tuple[str, ...]) -> frozenset[str]:
        """The folders of the files that create a table of surely that name."""
        return frozenset(
            dirname(each.loc.file)
            for values in self._get(("relation", parts[-1].lower()))
            for each in values  # type: ignore[attr-defined]
            if each.kind == "table" and is_sure(same_table(each.parts, parts))
        )

    def restored_by(self, parts: tuple[str, ...], column: str, statement: Statement) -> tuple[str, ...]:
        folded, here = column.casefold(), statement.loc.file
        found = {
            each.loc.file
            for values in self._get(("relation", parts[-1].lower()))
            for each in values  # type: ignore[attr-defined]
            if each.loc.file != here
            and same_table(each.parts, parts) is not Confidence.NONE
            and any(known.name.casefold() == folded for known in each.columns)
        }
        return tuple(sorted(found))

    def owns(self, role: str, table: tuple[str, ...]) -> bool:
        owners = self._get(("owner", table[-1].lower()))
        return any(isinstance(each, frozenset) and role.casefold() in each for each in owners)

    def model_of(self, statement: Statement) -> str:
        return self._of.answers.relations.model_of(statement)

    def place_of(self, dataset: DatasetName, column: str = "") -> Loc | None:
        self.reads.add(("places", dataset.table))
        found = self.relation(dataset)
        if not isinstance(found, Known):
            return None
        folded = column.casefold()
        named = (each.loc for each in found.value.columns if each.name.casefold() == folded)
        return next(named, found.value.loc) if column else found.value.loc

    def check_plan(self, dataset: DatasetName) -> CheckPlan:
        from pipesense.engine.checks.gather import Gatherer
        from pipesense.quality.propose import propose

        return propose(Gatherer(self._get, self._of.record_of, self.relation).subject(dataset))

    def checks_in(self, statement: Statement) -> tuple[QualityCheck, ...]:
        from pipesense.engine.checks.own import own_checks

        record = self._of.record_of(statement.loc.file)
        made = own_checks(record, statement) if record is not None else ()
        return tuple(check for _, check in made) if made else ()

    def checks_on(self, dataset: DatasetName) -> tuple[QualityCheck, ...]:
        return tuple(
            check
            for values in self._get(("checks", dataset.table))
            for check in values  # type: ignore[attr-defined]
            if isinstance(check.dataset, Known) and check.dataset.value.match(dataset) is not Confidence.NONE
        )

    def uses_of(self, dataset: DatasetName) -> tuple[DatasetUse, ...]:
        return tuple(
            use
            for values in self._get(("uses", dataset.table))
            for use in values  # type: ignore[attr-defined]
            if use.access.dataset.match(dataset) is not Confidence.NONE
        )

    def runs_of(self, script: Script) -> tuple[TaskRun, ...]:
        key = ("runs", script.loc.file) if not script.embedded else ("runs", f"{script.loc.file}#{script.loc.unit}")
        return tuple(
            run
            for values in self._get(key)
            for run in values  # type: ignore[attr-defined]
        )

    def statement(self, loc: Loc) -> Statement | None:
        self.reads.add(("script", loc.file))
        return self._of.statement_at(loc)

    def statements_in(self, loc: Loc) -> tuple[Statement, ...]:
        self.reads.add(("script", loc.file))
        record = self._of.record_of(loc.file)
        script = record.linked.scripts.get(loc.unit) if record is not None else None
        return script.statements if script is not None else ()

    def tested(self, what: str) -> bool:
        return bool(self._get(("tests", what)))

    def imported_elsewhere(self, name: str) -> bool:
        return bool(self._get(("imported", name)))

    def dataset_declared(self, dataset: DatasetName, fact: str) -> object:
        for name, facts in self._of.config.assets.items():
            if DatasetName(tuple(name.split("."))).match(dataset) is not Confidence.NONE:
                return facts.get(fact)
        return None

    def layer(self, dataset: DatasetName) -> Layered | None:
        return medallion_layer(dataset, self._of.config.layers)

    @property
    def layered(self) -> bool:
        said = (RANKS.get(word) for word in self._of.config.layers.values())
        return (1 in said or bool(self.told("layer", "silver"))) and self.dbt.project is None

    def told(self, kind: str, name: str) -> tuple[object, ...]:
        return self._get(("told", kind, name))

    def text(self, loc: Loc) -> str:
        return self._of.text_at(loc)


def is_switched_off(record: FileRecord, asked: Asked, reads: set[Key]) -> bool:
    """Whether dbt leaves out all that a SQL file defines, so that nothing of it is ever run."""
    facts = record.linked.facts if record.document.language == "sql" else ()
    nodes = [node for fact in facts if isinstance(fact, DbtFile) for node in fact.nodes]
    view = ProjectView(asked.folder, asked.lookup, reads.add, lambda: (asked.answers.relations, reads))
    return bool(nodes) and all(view.enabled(node) is False for node in nodes)
