"""Which checks a table deserves: from its keys, types, names and constraints, and from the statement that loads it.

Every dimension gets a check or a reason why there is none. What the database itself refuses is not asked again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from pipesense.model.data import CheckConstraint, CheckKind, Column, DatasetName, QualityCheck, Relation
from pipesense.model.quality import (
    Ask,
    CheckPlan,
    CountsAgree,
    Dimension,
    Exists,
    Fresh,
    HasRows,
    Holds,
    InOrder,
    InRange,
    LeftOut,
    Load,
    Matches,
    NearDayBefore,
    NotNull,
    OneOf,
    ProposedCheck,
    SumsAgree,
    Sureness,
    TotalsAgree,
    Unique,
)
from pipesense.model.value import Known, Unknown, Value
from pipesense.quality import columns as said
from pipesense.quality.enforcement import Constraint, enforced, engine_name, implies_not_null
from pipesense.quality.references import Reference, references, totals

_NO_LOAD: Final = Unknown("no statement of the workspace that loads it could be found")
_FRESH_HOURS: Final = {"loaded": 24, "changed": 48, "happened": 48}


@dataclass(frozen=True, slots=True)
class Subject:
    """A table and what is known around it.

    ``table`` is its name as SQL, ``names`` and ``tables`` as in CheckPlan. ``related`` are relations of the
    tables that ``references.neighbours`` names. ``existing`` checks are not proposed again. ``everything``
    asks also for what the database enforces: for a copy of the table that has no constraints.
    """

    relation: Relation
    dialect: str = ""
    table: str = ""
    related: tuple[Relation, ...] = ()
    load: Value[Load] = _NO_LOAD
    existing: tuple[QualityCheck, ...] = ()
    everything: bool = False
    names: tuple[tuple[str, str], ...] = ()
    tables: tuple[tuple[DatasetName, str], ...] = ()


def propose(subject: Subject) -> CheckPlan:
    """The checks for a table, and what is left out with the reason."""
    made = _Plan(subject)
    for step in (
        made.completeness,
        made.uniqueness,
        made.validity,
        made.consistency,
        made.timeliness,
        made.accuracy,
        made.volume,
    ):
        step()
    return CheckPlan(
        subject.relation.dataset,
        subject.table or str(subject.relation.dataset),
        subject.dialect,
        tuple(made.checks),
        tuple(made.left_out),
        subject.names,
        subject.tables,
    )


@dataclass(slots=True)
class _Plan:
    subject: Subject
    checks: list[ProposedCheck] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    @property
    def relation(self) -> Relation:
        return self.subject.relation

    def _enforces(self, constraint: Constraint) -> bool:
        return not self.subject.everything and constraint in enforced(self.subject.dialect)

    @property
    def _engine(self) -> str:
        return engine_name(self.subject.dialect) or "the database"

    def _add(self, dimension: Dimension, ask: Ask, reason: str, sureness: Sureness, *, nullable: bool = False) -> None:
        by = next((each.by for each in self.subject.existing if covers(each, ask)), None)
        if by is not None:
            self.left_out.append(LeftOut(dimension, f"{_listed(ask.columns) or 'this'} is checked by {by} already"))
            return
        self.checks.append(ProposedCheck(dimension, ask, reason, sureness, nullable))

    def _nothing(self, dimension: Dimension, why: str) -> None:
        """The reason for a dimension in which there is nothing at all yet."""
        told = {each.dimension for each in self.checks} | {each.dimension for each in self.left_out}
        if dimension not in told:
            self.left_out.append(LeftOut(dimension, why))

    def _nullable(self, *names: str) -> bool:
        required = {name.lower() for name in self._required()}
        return any(name.lower() not in required for name in names)

    def _required(self) -> list[str]:
        keys = {name.lower() for name in self.relation.primary_key}
        return [each.name for each in self.relation.columns if each.nullable is False or each.name.lower() in keys]

    # --- completeness ----------------------------------------------------------------------------

    def completeness(self) -> None:
        keys = {name.lower() for name in self.relation.primary_key}
        refused: list[str] = []
        for column in self.relation.columns:
            key, required = column.name.lower() in keys, column.name in self._required()
            by_key = key and not self.subject.everything and implies_not_null(self.subject.dialect)
            # A column that is a key and no more is nullable for engines whose keys allow it; the flag says no.
            if by_key or (required and not key and self._enforces(Constraint.NOT_NULL)):
                refused.append(column.name)
            elif required:
                reason = f"{column.name} is part of the primary key" if key else f"{column.name} is declared NOT NULL"
                self._add(Dimension.COMPLETENESS, NotNull(column.name), reason, Sureness.DECLARED)
        if refused:
            self.left_out.append(
                LeftOut(Dimension.COMPLETENESS, f"{self._engine} itself refuses a missing {_listed(refused, 'or')}")
            )
        guess = self._key_by_name()
        if guess is not None and guess.name not in self._required():
            reason = f"{guess.name} is named like the key of {self.relation.dataset.table}, and no key is declared"
            self._add(Dimension.COMPLETENESS, NotNull(guess.name), reason, Sureness.GUESS)
        self._nothing(Dimension.COMPLETENESS, "no column is declared NOT NULL and no key is known")

    def _key_by_name(self) -> Column | None:
        """The column that is named like the table's key, where the table declares none."""
        if self.relation.primary_key or any(self.relation.unique):
            return None
        words = [each for each in said.words(self.relation.dataset.table) if each not in _LAYERS]
        row = "_".join([*words[:-1], said.singular(words[-1])]) if words else ""
        names = [f"{row}_id", f"{row}_key", f"{row}_sk", "id"]
        by_name = {column.name.lower(): column for column in self.relation.columns}
        return next((by_name[name] for name in names if name in by_name), None)

    # --- uniqueness ------------------------------------------------------------------------------

    def uniqueness(self) -> None:
        relation = self.relation
        keys = [(relation.primary_key, Constraint.PRIMARY_KEY)] if relation.primary_key else []
        keys += [(key, Constraint.UNIQUE) for key in relation.unique if key and key != relation.primary_key]
        for key, constraint in keys:
            declared = "the primary key" if constraint is Constraint.PRIMARY_KEY else "declared UNIQUE"
            if self._enforces(constraint):
                why = f"{self._engine} itself refuses a second row with the same {_listed(key)}"
                self.left_out.append(LeftOut(Dimension.UNIQUENESS, why))
                continue
            unenforced = f", which {self._engine} does not enforce" if enforced(self.subject.dialect) else ""
            reason = f"{_listed(key)} {'is' if len(key) == 1 else 'are'} {declared}{unenforced}"
            nullable = self._nullable(*key)
            self._add(Dimension.UNIQUENESS, Unique(key), reason, Sureness.DECLARED, nullable=nullable)
        guess = self._key_by_name()
        if guess is not None:
            history = next((each for each in relation.columns if each.name.lower() in _VERSION_STARTS), None)
            key = (guess.name,) if history is None else (guess.name, history.name)
            reason = f"{guess.name} is named like the key of {relation.dataset.table}, and no key is declared"
            if history is not None:
                reason += f", and {history.name} tells its versions apart"
            self._add(Dimension.UNIQUENESS, Unique(key), reason, Sureness.GUESS, nullable=True)
        self._nothing(Dimension.UNIQUENESS, "no key is declared, and no column is named like one")

    # --- validity --------------------------------------------------------------------------------

    def validity(self) -> None:
        ruled = self._declared_rules()
        for column in self.relation.columns:
            if column.name.lower() in ruled:
                continue
            self._by_type_or_name(column)
        for first, second, sureness in said.ordered(self.relation.columns):
            if not {first.name.lower(), second.name.lower()} <= ruled:
                reason = f"{first.name} comes before {second.name} by their names"
                nullable = self._nullable(first.name, second.name)
                ask = InOrder(first.name, second.name)
                self._add(Dimension.VALIDITY, ask, reason, sureness, nullable=nullable)
        self._nothing(
            Dimension.VALIDITY, "no CHECK, no ENUM, and no column's name and type say which values are possible"
        )

    def _declared_rules(self) -> set[str]:
        """The columns that a CHECK speaks of; what it says is proposed where the database does not see to it."""
        ruled: set[str] = set()
        for check in self.relation.checks:
            ruled |= {name.lower() for name in check.columns}
            if self._enforces(Constraint.CHECK):
                why = f"{self._engine} itself refuses rows against CHECK ({check.text})"
                self.left_out.append(LeftOut(Dimension.VALIDITY, why))
            else:
                nullable = self._nullable(*check.columns)
                reason = f"CHECK ({check.text}) is declared"
                self._add(Dimension.VALIDITY, _ask_of(check), reason, Sureness.DECLARED, nullable=nullable)
        return ruled

    def _by_type_or_name(self, column: Column) -> None:
        nullable = self._nullable(column.name)
        values = said.enum_values(column)
        if values and self._enforces(Constraint.ENUM):
            why = f"{self._engine} itself refuses a {column.name} that its ENUM does not list"
            self.left_out.append(LeftOut(Dimension.VALIDITY, why))
        elif values:
            reason = f"{column.name} is an ENUM"
            ask: Ask = OneOf(column.name, values)
            self._add(Dimension.VALIDITY, ask, reason, Sureness.DECLARED, nullable=nullable)
        elif (bounds := said.bounds(column)) is not None:
            minimum, maximum, reason, sureness = bounds
            ask = InRange(column.name, minimum, maximum)
            self._add(Dimension.VALIDITY, ask, reason, sureness, nullable=nullable)
        elif (pattern := said.pattern(column)) is not None:
            reason = f"{column.name} is named like {pattern.value}"
            ask = Matches(column.name, pattern)
            self._add(Dimension.VALIDITY, ask, reason, Sureness.LIKELY, nullable=nullable)

    # --- consistency -----------------------------------------------------------------------------

    def consistency(self) -> None:
        open_keys: list[str] = []
        for reference in references(self.relation, self.subject.related):
            self._reference(reference, open_keys)
        if open_keys:
            why = f"which column {_listed(open_keys)} refers to is not known: its table is defined nowhere here"
            self.left_out.append(LeftOut(Dimension.CONSISTENCY, why))
        for agree, reason in totals(self.relation, self.subject.related):
            self._add(Dimension.CONSISTENCY, agree, reason, Sureness.LIKELY)
        why = "no foreign key is declared, and no column is named like another table's key"
        self._nothing(Dimension.CONSISTENCY, why)

    def _reference(self, reference: Reference, open_keys: list[str]) -> None:
        names = _listed(reference.columns)
        if reference.declared and self._enforces(Constraint.FOREIGN_KEY):
            why = f"{self._engine} itself refuses a {names} that {reference.target} does not have"
            self.left_out.append(LeftOut(Dimension.CONSISTENCY, why))
        elif not reference.target_columns:
            open_keys.append(names)
        else:
            is_or_are = "is" if len(reference.columns) == 1 else "are"
            reason = (
                f"{names} {is_or_are} declared to refer to {reference.target}"
                if reference.declared
                else f"{names} is named like the key of {reference.target}"
            )
            sureness = Sureness.DECLARED if reference.declared else Sureness.LIKELY
            ask = Exists(reference.columns, reference.target, reference.target_columns)
            self._add(Dimension.CONSISTENCY, ask, reason, sureness, nullable=self._nullable(*reference.columns))

    # --- timeliness, accuracy, volume ------------------------------------------------------------

    def timeliness(self) -> None:
        found = said.moment(self.relation.columns, self.relation.dataset.table)
        if found is None:
            why = "no column tells when rows were loaded, changed or happened"
            self.left_out.append(LeftOut(Dimension.TIMELINESS, why))
            return
        column, meaning = found
        hours = _FRESH_HOURS[meaning]
        telling = {"loaded": "rows were loaded", "changed": "rows were last changed", "happened": "it happened"}
        reason = f"{column.name} tells when {telling[meaning]} (set the {hours} hours to what was promised)"
        ask = Fresh(column.name, hours, said.is_date(column))
        self._add(Dimension.TIMELINESS, ask, reason, Sureness.GUESS, nullable=True)

    def accuracy(self) -> None:
        load = self.subject.load
        if not isinstance(load, Known):
            why = load.why if isinstance(load, Unknown) else "no statement of the workspace loads it"
            self.left_out.append(LeftOut(Dimension.ACCURACY, why))
            return
        source = load.value.source
        how = "its load brings every row of" if load.value.replaces else "its load adds every row of"
        only = f" where {load.value.condition}" if load.value.condition else ""
        reason = f"{how} {source}{only}"
        self._add(Dimension.ACCURACY, CountsAgree(load.value), reason, Sureness.LIKELY)
        if load.value.replaces:
            by_name = {column.name.lower(): column for column in self.relation.columns}
            for name, other in load.value.copied:
                column = by_name.get(name.lower())
                if column is not None and said.adds_up(column):
                    ask = SumsAgree(column.name, other, load.value)
                    self._add(Dimension.ACCURACY, ask, f"{column.name} is copied from {source}", Sureness.LIKELY)

    def volume(self) -> None:
        table = self.relation.dataset
        self._add(Dimension.VOLUME, HasRows(), f"every other check passes on an empty {table.table}", Sureness.DECLARED)
        found = said.moment(self.relation.columns, table.table)
        if found is not None and found[1] != "changed":
            column = found[0]
            reason = f"{column.name} tells rows of one day from those of the day before"
            ask = NearDayBefore(column.name, said.is_date(column))
            self._add(Dimension.VOLUME, ask, reason, Sureness.GUESS)


_LAYERS: Final = frozenset({"dim", "fact", "fct", "stg", "raw", "mart", "int", "hub", "sat", "lnk", "tbl", "rpt"})
_VERSION_STARTS: Final = frozenset({"valid_from", "effective_from", "effective_date", "dbt_valid_from", "start_date"})


def _ask_of(check: CheckConstraint) -> Ask:
    if check.values:
        return OneOf(check.columns[0], check.values)
    if check.minimum or check.maximum:
        return InRange(check.columns[0], check.minimum, check.maximum)
    return Holds(check.text, check.columns)


_KINDS: Final[dict[type, CheckKind]] = {
    NotNull: CheckKind.NOT_NULL,
    Unique: CheckKind.UNIQUE,
    InRange: CheckKind.RANGE,
    Matches: CheckKind.VALUES,
    OneOf: CheckKind.VALUES,
    InOrder: CheckKind.VALUES,
    Holds: CheckKind.VALUES,
    Exists: CheckKind.REFERENCES,
    TotalsAgree: CheckKind.REFERENCES,
    Fresh: CheckKind.FRESHNESS,
    CountsAgree: CheckKind.RECONCILIATION,
    SumsAgree: CheckKind.RECONCILIATION,
    HasRows: CheckKind.ROW_COUNT,
    NearDayBefore: CheckKind.ROW_COUNT,
}

DIMENSIONS: Final = {
    CheckKind.NOT_NULL: Dimension.COMPLETENESS,
    CheckKind.UNIQUE: Dimension.UNIQUENESS,
    CheckKind.RANGE: Dimension.VALIDITY,
    CheckKind.VALUES: Dimension.VALIDITY,
    CheckKind.REFERENCES: Dimension.CONSISTENCY,
    CheckKind.FRESHNESS: Dimension.TIMELINESS,
    CheckKind.RECONCILIATION: Dimension.ACCURACY,
    CheckKind.ROW_COUNT: Dimension.VOLUME,
}
"""The dimension that a kind of check looks at; a custom check may look at any."""


def covers(check: QualityCheck, ask: Ask) -> bool:
    """Whether a check that is there asks the same."""
    same = {name.lower() for name in check.columns} == {name.lower() for name in ask.columns}
    # What a table's row count is compared with cannot be told, so one check of it is taken for the plain one.
    return kind_of(ask) in check.kinds and same


def kind_of(ask: Ask) -> CheckKind:
    """The kind of check that a proposal becomes."""
    return _KINDS[type(ask)]


def by_dimension(checks: Iterable[ProposedCheck]) -> Iterator[tuple[Dimension, list[ProposedCheck]]]:
    """Proposals in the order of the dimensions."""
    listed = list(checks)
    for dimension in Dimension:
        found = [each for each in listed if each.dimension is dimension]
        if found:
            yield dimension, found


def _listed(names: Iterable[str], word: str = "and") -> str:
    *most, last = [*names] or [""]
    return f"{', '.join(most)} {word} {last}" if most else last
