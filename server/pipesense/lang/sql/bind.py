"""Which column a name in a statement means."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Final

from pipesense.lang.sql.columns import Foreign, Hit, Miss, Named, Resolver
from pipesense.lang.sql.shape import Shaped, shape_of
from pipesense.lang.sql.types import term, typed
from pipesense.model.columns import UNKNOWN_TYPE, Binding, Columns, Found, Missing, OutColumn, SqlType
from pipesense.model.sql import Block, Clause, ColumnUse, Expr, Role, Source, StatementFacts
from pipesense.model.value import Unknown
from pipesense.text.span import Span

_DERIVED: Final = frozenset({Role.STATEMENT, Role.CTE, Role.FROM})
_NAMES_BY_FUNCTION: Final = frozenset({"", "postgres", "redshift", "risingwave", "materialize"})
"""Dialects, and not knowing, in which a call without an alias gives a column called like its function
(https://www.postgresql.org/docs/17/queries-select-lists.html#QUERIES-COLUMN-LABELS)."""
_ALIAS_FIRST: Final = frozenset({Clause.ORDER})
_PSEUDO: Final = frozenset(
    {
        # https://www.postgresql.org/docs/current/ddl-system-columns.html
        *("ctid", "xmin", "xmax", "cmin", "cmax", "tableoid", "oid"),
        # https://cloud.google.com/bigquery/docs/querying-partitioned-tables, .../querying-wildcard-tables
        *("_partitiontime", "_partitiondate", "_table_suffix", "_file_name", "_change_type", "_change_timestamp"),
        # What dbt-bigquery declares before an incremental run
        # (https://docs.getdbt.com/reference/resource-configs/bigquery-configs#dynamic-partitions).
        "_dbt_max_partition",
        *("rowid", "rownum", "rownumber", "level", "sysdate", "systimestamp", "user", "uid", "ora_rowscn"),
        *("connect_by_isleaf", "connect_by_iscycle", "metadata$action", "metadata$isupdate", "metadata$row_id"),
        *("metadata$filename", "metadata$file_row_number", "_rowid_", "_row_id", "$path", "$partition", "_metadata"),
        *("input_file_name", "input__file__name", "block__offset__inside__file", "_part", "_partition_id"),
        *("default", "excluded", "value", "current_user", "session_user", "current_role", "current_schema"),
        *("current_catalog", "current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"),
        *(
            "_fivetran_synced",
            "rowversion",
            "$action",
            "inserted",
            "deleted",
            "new",
            "old",
            "_file",
            "_line",
            "_offset",
        ),
    }
)
"""Names that are columns of every table, or no columns at all, in some dialect."""
_DATE_PARTS: Final = frozenset(
    {
        *("year", "quarter", "month", "week", "day", "hour", "minute", "second", "millisecond", "microsecond"),
        *("nanosecond", "years", "quarters", "months", "weeks", "days", "hours", "minutes", "seconds"),
        *("milliseconds", "microseconds", "nanoseconds", "isoweek", "isoyear", "isodow", "iso_week", "dow", "doy"),
        *("dayofweek", "dayofyear", "dayofmonth", "dayofweekiso", "dayofweek_iso", "weekiso", "week_iso", "weekday"),
        *("yearofweek", "yearofweekiso", "decade", "century", "millennium", "epoch", "epoch_second", "yy", "yyyy"),
        *("epoch_millisecond", "epoch_microsecond", "epoch_nanosecond", "timezone", "timezone_hour", "qq", "mm", "ww"),
        *("timezone_minute", "wk", "dd", "dw", "dy", "hh", "mi", "ss", "ms", "us", "ns", "mcs", "mon", "min", "sec"),
        *("hr", "hrs", "mins", "secs", "datetime", "date", "time", "iso", "week_day", "quarter_year"),
        *("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
    }
)
"""Words that functions take bare (``DATEADD(DAY, 1, d)``, ``WEEK(MONDAY)``), which look like columns where the function
is not known."""
_WHY_PSEUDO: Final = Unknown("the name means something of its own in some dialects")
_WHY_LITERAL: Final = Unknown("no name starts with a digit: it is a literal of some dialect, like 0x")
_WHY_QUOTED: Final = Unknown("double quotes may hold a string in this dialect")
_WHY_VARIABLE: Final = Unknown("it may be a variable or parameter")
_WHY_OUTSIDE: Final = Unknown("it stands outside of the queries")
_NOT_BOUND: Final = Unknown("it cannot be told which table it belongs to")
_DOUBLE_QUOTED_STRINGS: Final = frozenset(
    {"", "mysql", "sqlite", "bigquery", "spark", "databricks", "hive", "clickhouse"}
)


class Binder:
    """Answers for the names and expressions of one statement."""

    def __init__(self, facts: StatementFacts, named: Named, variables: frozenset[str] = frozenset()) -> None:
        self.facts = facts
        self._variables = variables
        self.shaped: Shaped = shape_of(facts)
        self.resolver = Resolver(self.shaped.shape, named)
        self._outer = _outer_numbers(self.shaped)
        self._aliases: dict[int, dict[str, int]] = {}

    def outputs(self, block: Block | None = None) -> Columns:
        """What a SELECT of the statement gives; the statement's own query without one."""
        number = self.shaped.shape.root if block is None else self.shaped.number(block)
        if number < 0:
            return Columns((), Unknown("the statement has no query"))
        return self.resolver.outputs(number)

    def columns_of(self, source: Source) -> Columns:
        """The columns of a source of the statement."""
        for number, sources in enumerate(self.shaped.sources):
            for at, each in enumerate(sources):
                if each is source or (each.span == source.span and each.kind == source.kind):
                    return self.resolver.sources(number)[at]
        return Columns((), Unknown("it is no source of this statement"))

    def bind(self, use: ColumnUse) -> Binding:
        """What a column's name means where it stands."""
        number = self.shaped.numbers.get(use.inside, -1) if use.inside >= 0 else -1
        if number < 0:
            return _WHY_OUTSIDE
        return self._bound(use.path, use.span, use.clause, number)

    def scopes(self, inside: int) -> tuple[tuple[tuple[Source, Columns], ...], ...]:
        """The sources whose columns a query may name, with their columns: its own, then those of the queries around.

        ``inside`` is where the keyword of the query starts, as ``ColumnUse`` says it.
        """
        found: list[tuple[tuple[Source, Columns], ...]] = []
        number = self.shaped.numbers.get(inside)
        while number is not None:
            found.append(tuple(zip(self.shaped.sources[number], self.resolver.sources(number), strict=True)))
            number = self._outer.get(number)
        return tuple(found)

    def missing(self) -> Iterator[tuple[ColumnUse, Missing]]:
        """The names that no source has, in order; where no source is closed, none can be missing or is looked up."""
        closed: dict[int, bool] = {}
        for use in self.facts.columns:
            number = self.shaped.numbers.get(use.inside, -1) if use.inside >= 0 else -1
            if number < 0:
                continue
            if number not in closed:
                closed[number] = self._sees_closed(number)
            if closed[number] and isinstance(found := self._bound(use.path, use.span, use.clause, number), Missing):
                yield use, found

    def _sees_closed(self, number: int) -> bool:
        """Whether a source of a SELECT, or of one whose names it may use, is closed."""
        inner: int | None = number
        while inner is not None:
            if any(columns.closed for columns in self.resolver.sources(inner)):
                return True
            inner = self._outer.get(inner)
        return False

    def _bound(self, path: tuple[str, ...], span: Span, clause: Clause, number: int) -> Binding:
        if clause in _ALIAS_FIRST and (alias := self._alias(path, number)) is not None:
            return alias
        searched: list[Source] = []
        names: list[str] = []
        foreign = False
        inner: int | None = number
        while inner is not None:
            found = self.resolver.resolve(inner, path)
            if isinstance(found, Hit):
                return Found(found.column, self.shaped.sources[inner][found.source])
            if isinstance(found, Unknown):
                return self._alias(path, number) or found
            if isinstance(found, Miss):
                for at in found.sources:
                    searched.append(self.shaped.sources[inner][at])
                    names += [column.name for column in self.resolver.sources(inner)[at].columns]
                if len(path) > 1:
                    break
            foreign = foreign or isinstance(found, Foreign)
            inner = self._outer.get(inner)
        if (alias := self._alias(path, number)) is not None:
            return alias
        if foreign and not searched:
            return Unknown(f"`{path[0]}` is no table of this query")
        return self._missing(path, span, searched, names)

    def _missing(
        self, path: tuple[str, ...], span: Span, searched: list[Source], names: list[str]
    ) -> Missing | Unknown:
        if path[-1].casefold() in _PSEUDO or path[0].casefold() in _PSEUDO or path[-1].startswith(("@", "$", "#")):
            return _WHY_PSEUDO
        if path[-1][:1].isdigit() and span.end - span.start == len(".".join(path)):
            return _WHY_LITERAL
        create = self.facts.create
        if len(path) == 1 and create is not None and ("function" in create.kind or "procedure" in create.kind):
            return _WHY_VARIABLE
        if len(path) == 1 and path[0].casefold() in _DATE_PARTS:
            return _WHY_PSEUDO
        if path[0].lower() in self._variables:
            return _WHY_VARIABLE
        quoted = span.end - span.start > len(".".join(path))
        if len(path) == 1 and quoted and self.facts.dialect in _DOUBLE_QUOTED_STRINGS:
            return _WHY_QUOTED
        if not searched:
            return _NOT_BOUND
        return Missing(_near(path[-1] if len(path) < 3 else path[1], names), tuple(searched))

    def _alias(self, path: tuple[str, ...], number: int) -> Found | None:
        """The output of the same SELECT that a name may mean: not everywhere, and not in every dialect."""
        if len(path) != 1 or number >= len(self.shaped.blocks):
            return None
        outputs = self.shaped.blocks[number].outputs
        aliases = self._aliases.get(number)
        if aliases is None:
            listed = reversed(tuple(enumerate(outputs)))
            aliases = self._aliases[number] = {each.name.casefold(): at for at, each in listed if each.aliased}
            if self.facts.dialect in _NAMES_BY_FUNCTION:
                for place, each in enumerate(outputs):
                    if not each.aliased and each.expr.kind in ("function", "aggregate"):
                        aliases.setdefault(each.expr.name.casefold(), place)
        at = aliases.get(path[0].casefold())
        if at is None:
            return None
        columns = self.resolver.outputs(number).columns
        column = next((each for each in columns if each.item == at), OutColumn(outputs[at].name))
        return Found(column, None, outputs[at].name_span or outputs[at].span)

    def type_of(self, expr: Expr) -> SqlType:
        """The type of an expression of the statement; UNKNOWN where nobody can tell."""
        number = self._number_at(expr.span)
        made = term(expr, self.facts.dialect, self.shaped.number)

        def column(path: tuple[str, ...]) -> tuple[SqlType, bool | None]:
            inner: int | None = number
            while inner is not None:
                kind = self.resolver.type_of(inner, path)
                if kind[0].is_known:
                    return kind
                inner = self._outer.get(inner)
            return UNKNOWN_TYPE, None

        return typed(made, column, self.resolver.query_type)[0]

    def nullable(self, expr: Expr) -> bool | None:
        """Whether an expression may be NULL; None where nobody can tell."""
        number = self._number_at(expr.span)
        if number is None:
            return None
        made = term(expr, self.facts.dialect, self.shaped.number)
        return typed(made, lambda path: self.resolver.type_of(number, path), self.resolver.query_type)[1]

    def _number_at(self, span: Span) -> int | None:
        """The innermost SELECT around a place."""
        best: int | None = None
        for number, block in enumerate(self.shaped.blocks):
            inside = block.span.start <= span.start and span.end <= block.span.end
            if inside and (best is None or block.span.start >= self.shaped.blocks[best].span.start):
                best = number
        statement = len(self.shaped.blocks)
        return best if best is not None or statement >= len(self.shaped.shape.projections) else statement


def _outer_numbers(shaped: Shaped) -> dict[int, int]:
    """For each SELECT that may use names of the query around it, that query."""
    statement = len(shaped.blocks) if len(shaped.shape.projections) > len(shaped.blocks) else None
    order = sorted(enumerate(shaped.blocks), key=lambda each: (each[1].span.start, -each[1].span.end))
    stack: list[tuple[int, Block]] = []
    found: dict[int, int] = {}
    for number, block in order:
        while stack and stack[-1][1].span.end < block.span.end:
            stack.pop()
        if block.role not in _DERIVED:
            around = stack[-1][0] if stack else statement
            if around is not None:
                found[number] = around
        stack.append((number, block))
    return found


def _near(name: str, names: Iterable[str]) -> tuple[str, ...]:
    by_folded = {each.casefold(): each for each in names if each}
    return tuple(by_folded[each] for each in get_close_matches(name.casefold(), list(by_folded), 3, 0.6))
