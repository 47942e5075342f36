"""Quality checks as plain SQL: each statement returns what is wrong, so no row means that the check passed.

BigQuery has ASSERT, which fails its script; there each check is an assertion.
"""

from __future__ import annotations

from textwrap import indent

from pipesense.model.data import DatasetName
from pipesense.model.quality import (
    Ask,
    CheckPlan,
    CountsAgree,
    Exists,
    Fresh,
    Holds,
    InOrder,
    InRange,
    Load,
    Matches,
    NearDayBefore,
    NotNull,
    OneOf,
    ProposedCheck,
    SumsAgree,
    TotalsAgree,
    Unique,
)
from pipesense.quality import dialects
from pipesense.quality.propose import by_dimension

_CENTS = "0.005"
"""Sums of floating-point numbers differ behind the last digit that anybody looks at."""


class Writer:
    """Writes the checks of one plan."""

    def __init__(self, plan: CheckPlan) -> None:
        self.plan = plan
        self.dialect = plan.dialect
        self.table = plan.table
        self._names = {name.lower(): written for name, written in plan.names}
        self._tables = dict(plan.tables)

    def column(self, name: str) -> str:
        """A column of the table, as SQL."""
        return self._names.get(name.lower()) or dialects.quoted(name, self.dialect)

    def other(self, dataset: DatasetName) -> str:
        """Another table, as SQL."""
        if dataset == self.plan.dataset:
            return self.table
        return self._tables.get(dataset) or ".".join(dialects.quoted(part, self.dialect) for part in dataset.parts)

    def _foreign(self, name: str, dataset: DatasetName) -> str:
        return self.column(name) if dataset == self.plan.dataset else dialects.quoted(name, self.dialect)

    def wrong(self, ask: Ask) -> str | None:
        """The condition that a row breaks the check; None where it is not about single rows.

        It is unknown, so not met, where the value is missing, except for the check that asks just that.
        """
        match ask:
            case NotNull():
                return f"{self.column(ask.column)} IS NULL"
            case InRange():
                name = self.column(ask.column)
                parts = [f"{name} < {ask.minimum}"] if ask.minimum else []
                parts += [f"{name} > {ask.maximum}"] if ask.maximum else []
                return " OR ".join(parts)
            case Matches():
                return dialects.no_match(self.column(ask.column), ask.pattern, self.dialect)
            case OneOf():
                listed = ", ".join(dialects.literal(value, self.dialect) for value in ask.values)
                return f"{self.column(ask.column)} NOT IN ({listed})"
            case InOrder():
                return f"{self.column(ask.first)} > {self.column(ask.second)}"
            case Holds():
                return f"NOT ({ask.condition})"
            case _:
                return None

    def query(self, check: ProposedCheck) -> str:
        """The SELECT that returns what is wrong."""
        ask = check.ask
        wrong = self.wrong(ask)
        if wrong is not None:
            if check.nullable and not isinstance(ask, NotNull):
                return self._counted(wrong, ask.columns)
            return f"SELECT *\nFROM {self.table}\nWHERE {wrong}"
        match ask:
            case Unique():
                return self._unique(ask, nullable=check.nullable)
            case Exists():
                return self._exists(ask)
            case TotalsAgree():
                return self._totals(ask)
            case Fresh():
                return self._fresh(ask)
            case CountsAgree() | SumsAgree():
                return self._reconciled(ask)
            case NearDayBefore():
                return self._near(ask)
            case _:
                return f"SELECT COUNT(*) AS row_count\nFROM {self.table}\nHAVING COUNT(*) = 0"

    def _counted(self, wrong: str, columns: tuple[str, ...]) -> str:
        """Wrong rows beside missing values: a comparison with NULL is not wrong, and should be seen all the same."""
        missing = " OR ".join(f"{self.column(name)} IS NULL" for name in columns)
        return (
            f"SELECT\n    COUNT(CASE WHEN {wrong} THEN 1 END) AS wrong_rows,\n"
            f"    COUNT(CASE WHEN {missing} THEN 1 END) AS rows_without_value,\n"
            f"    COUNT(*) AS row_count\nFROM {self.table}\nHAVING COUNT(CASE WHEN {wrong} THEN 1 END) > 0"
        )

    def _unique(self, ask: Unique, *, nullable: bool) -> str:
        names = [self.column(name) for name in ask.columns]
        listed = ", ".join(names)
        there = "\nWHERE " + " AND ".join(f"{name} IS NOT NULL" for name in names) if nullable else ""
        return f"SELECT {listed}, COUNT(*) AS copies\nFROM {self.table}{there}\nGROUP BY {listed}\nHAVING COUNT(*) > 1"

    def _exists(self, ask: Exists) -> str:
        names = [f"child.{self.column(name)}" for name in ask.columns]
        keys = [f"parent.{self._foreign(name, ask.target)}" for name in ask.target_columns]
        listed = ", ".join(names)
        there = " AND ".join(f"{name} IS NOT NULL" for name in names)
        same = " AND ".join(f"{key} = {name}" for key, name in zip(keys, names, strict=True))
        return (
            f"SELECT {listed}, COUNT(*) AS orphans\nFROM {self.table} AS child\nWHERE {there}\n"
            f"    AND NOT EXISTS (SELECT 1 FROM {self.other(ask.target)} AS parent WHERE {same})\nGROUP BY {listed}"
        )

    def _totals(self, ask: TotalsAgree) -> str:
        total = f"header.{self._foreign(ask.total, ask.header)}"
        keys = [f"header.{self._foreign(name, ask.header)}" for name in ask.header_key]
        factors = " * ".join(self._foreign(name, ask.detail) for name in ask.factors)
        details = [self._foreign(name, ask.detail) for name in ask.detail_key]
        parts = [f"detail.{name}" for name in details]
        same = " AND ".join(f"{part} = {key}" for key, part in zip(keys, parts, strict=True))
        # The details are added up first, so that a header that is there twice is not taken for a wrong total.
        return (
            f"SELECT {', '.join([*keys, total])}, detail.sum_of_details\n"
            f"FROM {self.other(ask.header)} AS header\n"
            f"LEFT JOIN (\n    SELECT {', '.join(details)}, SUM({factors}) AS sum_of_details\n"
            f"    FROM {self.other(ask.detail)}\n    GROUP BY {', '.join(details)}\n) AS detail ON {same}\n"
            f"WHERE ABS({total} - COALESCE(detail.sum_of_details, 0)) > {_CENTS}"
        )

    def _fresh(self, ask: Fresh) -> str:
        newest = f"MAX({self.column(ask.column)})"
        limit = (
            dialects.days_before(dialects.today(self.dialect), ask.hours // 24, self.dialect)
            if ask.whole_days
            else dialects.hours_ago(ask.hours, self.dialect)
        )
        compared = newest if ask.whole_days else dialects.moment(newest, self.dialect)
        return (
            f"SELECT {newest} AS newest\nFROM {self.table}\n"
            f"HAVING {compared} < {limit} OR (COUNT(*) > 0 AND {newest} IS NULL)"
        )

    def _reconciled(self, ask: CountsAgree | SumsAgree) -> str:
        load = ask.load
        if isinstance(ask, CountsAgree):
            here = there = "COUNT(*)"
            word = "row_count"
            wrong = f"target.{word} {'<>' if load.replaces else '<'} source.{word}"
        else:
            alias = load.alias + "." if load.alias else ""
            here = f"COALESCE(SUM({self.column(ask.column)}), 0)"
            there = f"COALESCE(SUM({alias}{dialects.quoted(ask.source_column, self.dialect)}), 0)"
            word = "total"
            wrong = f"ABS(target.{word} - source.{word}) > {_CENTS}"
        return (
            f"SELECT target.{word} AS target_{word}, source.{word} AS source_{word}\n"
            f"FROM (SELECT {here} AS {word} FROM {self.table}) AS target\n"
            f"CROSS JOIN (SELECT {there} AS {word} FROM {self._source(load)}) AS source\nWHERE {wrong}"
        )

    def _source(self, load: Load) -> str:
        name = self.other(load.source)
        alias = f" AS {load.alias}" if load.alias and load.alias != name.rpartition(".")[2] else ""
        return f"{name}{alias}" + (f" WHERE {load.condition}" if load.condition else "")

    def _near(self, ask: NearDayBefore) -> str:
        name = self.column(ask.column)
        day = name if ask.whole_days else dialects.day_of(name, self.dialect)
        before = dialects.days_before("newest.on_day", 1, self.dialect)
        return (
            f"WITH days AS (\n    SELECT {day} AS on_day, COUNT(*) AS row_count\n    FROM {self.table}\n"
            f"    WHERE {name} IS NOT NULL\n    GROUP BY {day}\n)\n"
            "SELECT newest.on_day, newest.row_count, previous.row_count AS row_count_before\nFROM days AS newest\n"
            f"INNER JOIN days AS previous ON previous.on_day = {before}\n"
            "WHERE newest.on_day = (SELECT MAX(on_day) FROM days)\n"
            "    AND (newest.row_count < previous.row_count * 0.5 OR newest.row_count > previous.row_count * 2)"
        )


def statement(check: ProposedCheck, writer: Writer) -> str:
    """A check with the comment that says what it is for."""
    comment = f"-- {check.dimension.value} check: {' '.join(check.reason.split())}"
    query = writer.query(check)
    if writer.dialect == "bigquery":
        said = check.reason.replace("\\", "\\\\").replace("'", "\\'")
        query = (
            f"ASSERT NOT EXISTS (\n{indent(query, '    ')}\n) AS '{check.dimension.value}: {' '.join(said.split())}'"
        )
    return f"{comment}\n{query};\n"


def script(plan: CheckPlan) -> str:
    """All checks, one after another, in the order of the dimensions."""
    writer = Writer(plan)
    return "\n".join(statement(check, writer) for _, checks in by_dimension(plan.checks) for check in checks)


def file(plan: CheckPlan) -> str:
    """A file of its own: what it is, what is not asked and why, and the checks."""
    fails = (
        "fails where something is wrong" if plan.dialect == "bigquery" else "returns what is wrong: no row, no problem"
    )
    head = [f"-- Quality checks of {plan.table}. Each statement {fails}."]
    head += [f"-- not asked, {each.dimension.value}: {' '.join(each.why.split())}" for each in plan.left_out]
    return "\n".join(head) + "\n\n" + script(plan)
