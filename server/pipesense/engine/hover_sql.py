"""What to say about names in SQL: a table's life and columns, a column's type and where its values come from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from typing import Final

from pipesense.engine.hover_architecture import architecture, layer_line
from pipesense.engine.hover_base import Making, check_words, code, told_origin, users
from pipesense.engine.hover_dbt import listed_of_dbt
from pipesense.engine.hover_rerun import consequence
from pipesense.engine.hover_sql_patterns import told_patterns
from pipesense.engine.hover_streams import sink_guarantee, state_bounds
from pipesense.engine.index import Key
from pipesense.lang.jinja.references import reference
from pipesense.lang.sql.bind import Binder
from pipesense.lang.sql.passed_on import origin
from pipesense.model.columns import Columns, Found, OutColumn
from pipesense.model.data import WRITES, Access, AccessMode, CheckKind, Confidence, QualityCheck, Relation
from pipesense.model.quality import Dimension
from pipesense.model.sql import Output, Script, Source, Statement
from pipesense.model.value import Known, Unknown
from pipesense.quality.propose import DIMENSIONS
from pipesense.rule.context import DatasetUse
from pipesense.text.span import Span

_COLUMNS_SHOWN: Final = 30
_ORIGINS_SHOWN: Final = 6
_FORMULA_SHOWN: Final = 80


def about_sql(made: Making) -> None:
    """The sections about the table, query or column at the place."""
    for script in made.record.linked.scripts.values():
        for statement in script.statements:
            if made.here(statement.loc) is not None:
                binder, _ = made.answers.of(statement)
                _tables(made, script, statement, binder)
                _columns(made, statement, binder)
                state_bounds(made, script, statement)
                sink_guarantee(made, statement)
                told_patterns(made, statement)


# --- tables --------------------------------------------------------------------------------------


def _tables(made: Making, script: Script, statement: Statement, binder: Binder) -> None:
    for access in statement.accesses:
        span = made.here(access.loc)
        if span is not None and not access.temporary:
            made.add(_about_table(made, access, script, statement), span)
            for pattern, note in architecture(made, access, statement, matching_uses(made, access)):
                page = made.registry.pattern(pattern)
                made.add(f"**{page.title if page is not None else pattern}**\n\n{note}", span)
            return
    for sources in binder.shaped.sources:
        for source in sources:
            place = source.name_span or source.span
            span = made.here(statement.at(place)) if place.end >= 0 and source.kind != "subquery" else None
            if span is not None:
                made.add(_about_source(made, source, statement, binder), span)
                return
    for cte in statement.facts.ctes:
        span = made.here(statement.at(cte.name_span)) if cte.name_span.end >= 0 else None
        if span is not None and cte.block is not None:
            made.add("\n".join([f"**CTE {cte.name}**", "", *_listed(binder.outputs(cte.block))]), span)
            return


def _about_table(made: Making, access: Access, script: Script, statement: Statement) -> str:
    dataset = access.dataset
    uses = matching_uses(made, access)
    relation = _relation(made, access, statement)
    lines = [f"**{_title(relation)} {dataset}**", "", *layer_line(dataset, made.layers)]
    lines += _facts_of(made, relation)
    lines.append(f"- written by: {users(use for use in uses if use.access.mode in WRITES)}")
    lines.append(f"- read by: {users(use for use in uses if use.access.mode is AccessMode.READ)}")
    lines += _rerun(access, script, statement)
    checks = _matching_checks(made, access)
    shown = [check_words(check.by, check) for check in checks]
    lines.append(f"- quality checks: {', '.join(dict.fromkeys(shown)) or 'none known'}")
    lines += _dimensions(checks)
    if relation is not None:
        lines += _listed(made.answers.relations.columns_of(relation, set()))
    return "\n".join(lines)


def _rerun(access: Access, script: Script, statement: Statement) -> Iterator[str]:
    """What running the script once more does to the table; a query over streams runs on instead."""
    if access.mode in WRITES and not access.temporary and statement.facts.stream is None:
        before = [
            each
            for other in takewhile(lambda each: each is not statement, script.statements)
            for each in other.accesses
        ]
        yield f"- a rerun {consequence(access, before)}"


def _about_source(made: Making, source: Source, statement: Statement, binder: Binder) -> str:
    named = reference(source.parts[-1]) if source.parts else None
    found = made.answers.relations.find(source.parts, statement, set[Key]()) if source.kind == "table" else None
    relation = found.value if isinstance(found, Known) else None
    name = _short(".".join(source.parts)) or source.alias
    kind = "CTE" if source.kind == "cte" else "Function" if source.kind == "function" else _title(relation)
    if named is not None and relation is None:
        kind = "Model" if named.kind == "ref" else "Source"
    lines = [f"**{kind} {name}**", "", *_facts_of(made, relation)]
    return "\n".join([*lines, *_listed(binder.columns_of(source))])


def _title(relation: Relation | None) -> str:
    return relation.kind.capitalize() if relation is not None else "Table"


def _facts_of(made: Making, relation: Relation | None) -> Iterator[str]:
    if relation is None:
        return
    where = made.line_of(relation.loc)
    if where and made.here(relation.loc) is None:
        yield f"- defined in: {where}"
    if relation.partitioned_by:
        yield f"- partitioned by: {', '.join(map(code, relation.partitioned_by))}"


def _dimensions(checks: Sequence[QualityCheck]) -> Iterable[str]:
    """Which dimensions of quality somebody looks at, and which nobody does."""
    kinds = {kind for check in checks for kind in check.kinds}
    seen = {DIMENSIONS[kind] for kind in kinds if kind in DIMENSIONS}
    if seen:
        missing = [each.value for each in Dimension if each not in seen]
        # What a check of somebody's own looks at cannot be told.
        perhaps = " (but for what custom checks look at)" if CheckKind.CUSTOM in kinds and missing else ""
        yield f"- checked: {', '.join(each.value for each in Dimension if each in seen)}"
        yield f"- not checked: {', '.join(missing) or 'nothing'}{perhaps}"


def matching_uses(made: Making, access: Access) -> list[DatasetUse]:
    """Who touches the dataset of an access, anywhere in the workspace."""
    found: list[DatasetUse] = []
    for values in made.lookup.get(("uses", access.dataset.table)):
        if isinstance(values, tuple):
            found += [use for use in values if use.access.dataset.match(access.dataset) is not Confidence.NONE]
    return found


def _matching_checks(made: Making, access: Access) -> list[QualityCheck]:
    found: list[QualityCheck] = []
    for values in made.lookup.get(("checks", access.dataset.table)):
        if isinstance(values, tuple):
            found += [
                check
                for check in values
                if isinstance(check.dataset, Known) and check.dataset.value.match(access.dataset) is not Confidence.NONE
            ]
    return found


def _relation(made: Making, access: Access, statement: Statement) -> Relation | None:
    """The table that is meant; where that is not sure, the only one that it may be."""
    found = made.answers.relations.find(access.dataset.parts, statement, set[Key]())
    if isinstance(found, Known):
        return found.value
    candidates = [
        relation
        for values in made.lookup.get(("relation", access.dataset.table))
        if isinstance(values, tuple)
        for relation in values
        if relation.kind != "altered" and relation.dataset.match(access.dataset) is not Confidence.NONE
    ]
    return candidates[0] if len(candidates) == 1 else None


def _listed(columns: Columns) -> Iterator[str]:
    grain = min(columns.keys, key=len, default=None)
    if grain is not None:
        order = [column.name for column in columns.columns if column.name.casefold() in grain]
        yield f"- one row per {', '.join(map(code, order))}" if grain else "- one row at most"
    if columns.columns:
        yield ""
        yield "| column | type | |"
        yield "|---|---|---|"
    keys = frozenset[str]().union(*columns.keys)
    for column in columns.columns[:_COLUMNS_SHOWN]:
        marks = ["key"] if column.name.casefold() in keys else []
        marks += ["not null"] if column.nullable is False else []
        kind = str(column.type) if column.type.is_known else ""
        yield f"| {column.name or '(no name)'} | {kind} | {', '.join(marks)} |"
    if len(columns.columns) > _COLUMNS_SHOWN:
        yield f"\nand {len(columns.columns) - _COLUMNS_SHOWN} more"
    if columns.opened is not None:
        yield f"\nMore columns may exist: {columns.opened.why}."


# --- columns -------------------------------------------------------------------------------------


def _columns(made: Making, statement: Statement, binder: Binder) -> None:
    for use in statement.facts.columns:
        span = _at(made, statement, use.span)
        if span is None:
            continue
        bound = binder.bind(use)
        if isinstance(bound, Found):
            text = _about_column(made, bound.column, bound.source, statement)
            made.add("\n".join([text, *listed_of_dbt(made, origin(binder, use))]), span)
        elif isinstance(bound, Unknown):
            made.add(f"**Column {use.path[-1]}**\n\n- unknown: {bound.why}", span)
        return
    for block in statement.facts.blocks:
        for at, output in enumerate(block.outputs):
            span = _at(made, statement, output.name_span) if output.name_span is not None else None
            if span is None:
                continue
            column = next((each for each in binder.outputs(block).columns if each.item == at), None)
            if column is not None:
                text = _about_column(made, column, None, statement)
                made.add(text if column.origins else f"{text}\n{_formula(made, output, statement)}", span)
            return


def _at(made: Making, statement: Statement, span: Span) -> Span | None:
    return made.here(statement.at(span)) if span.end >= 0 else None


def _about_column(made: Making, column: OutColumn, source: Source | None, statement: Statement) -> str:
    words = [f"**Column {column.name}**"]
    if column.type.is_known:
        words.append(code(column.type))
    if column.nullable is not None:
        words.append("may be NULL" if column.nullable else "never NULL")
    lines = [" · ".join(words), ""]
    if column.comment:
        lines += [column.comment, ""]
    if source is not None:
        lines.append(f"- of: {_of(source)}")
    for each in column.origins[:_ORIGINS_SHOWN]:
        verb = "a copy of" if column.copied else "made from"
        lines.append(f"- {verb}: {code(_short(told_origin(each)))}{_defined(made, each.table, each.column, statement)}")
    if len(column.origins) > _ORIGINS_SHOWN:
        lines.append(f"- and from {len(column.origins) - _ORIGINS_SHOWN} more columns")
    return "\n".join(lines)


def _formula(made: Making, output: Output, statement: Statement) -> str:
    """What a column is made by, where nothing tells from which columns of tables."""
    text = " ".join(made.record.document.text_of(statement.at(output.expr.span)).split())
    return f"- made by: {code(text if len(text) <= _FORMULA_SHOWN else text[:_FORMULA_SHOWN] + '...')}"


def _of(source: Source) -> str:
    kinds = {"cte": "the CTE", "subquery": "the subquery", "values": "the list", "function": "the function"}
    name = _short(".".join(source.parts))
    shown = f"{kinds[source.kind]} " if source.kind in kinds else ""
    alias = source.alias if source.alias[:1] != "{" else ""
    if name and alias and name.rpartition(".")[2].casefold() != alias.casefold():
        return f"{shown}{code(name)}, called {code(alias)} here"
    return f"{shown}{code(name or alias)}"


def _short(name: str) -> str:
    """A name with dbt's tags read: ``{{ source('raw', 'orders') }}.id`` is raw.orders.id."""
    head, close, tail = name.partition("}}")
    named = reference(head + close) if close else None
    return ".".join(filter(None, (named.group, named.name))) + tail if named is not None else name


def _defined(made: Making, table: tuple[str, ...], column: str, statement: Statement) -> str:
    found = made.answers.relations.find(table, statement, set[Key]())
    if not isinstance(found, Known):
        return ""
    loc = next((each.loc for each in found.value.columns if each.name.casefold() == column), found.value.loc)
    where = made.line_of(loc)
    return f" ({where})" if where else ""
