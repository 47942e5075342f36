"""A load drops its table and makes it anew from the types of a frame."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.change import Replace
from pipesense.model.data import DatasetName, Relation
from pipesense.model.frames import FrameOperation, FrameScope, Given
from pipesense.model.value import Known
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer, Related
from pipesense.rule.meta import FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules import frames, shapes

_DO: Final = "Empty the table and append, in one transaction ({instead}), or load a staging table and swap it."

META = RuleMeta(
    id="schema/table-replaced",
    wants=FrameScope,
    pattern="schema-evolution",
    since="0.1",
    roles=frozenset({FileRole.PIPELINE, FileRole.AD_HOC, FileRole.MODEL}),
    messages={
        "defined": Message(
            Severity.WARNING,
            "{setting} drops {table}, whose columns are defined in {file}, and makes it anew from the frame.",
            "After the load its types are those that the frame happens to have, and its keys, constraints, indexes and "
            "grants are gone.",
            _DO,
        ),
        "replaced": Message(
            Severity.INFO,
            "{setting} drops {table} and makes it anew from the frame at every run.",
            "Its types are those that the frame happens to have today; indexes, keys and grants that somebody gave it "
            "are gone, and readers fail meanwhile.",
            _DO,
        ),
    },
)

_WRITES: Final = {"to_sql": ("if_exists", 3), "write_database": ("if_table_exists", None)}
_SINCE: Final = (3, 0)


@rule(META)
def table_replaced(scope: FrameScope, ctx: Context) -> Iterator[Finding]:
    """At the argument."""
    if scope.system not in ("pandas", "polars"):
        return
    for each in scope.operations:
        if each.kind != "frame" or each.name not in _WRITES:
            continue
        how = each.argument(*_WRITES[each.name])
        table = _table(each)
        if how is None or frames.constant(how) != "replace" or table is None or shapes.is_staging(table.parts):
            continue
        defined = _definition(table, ctx)
        delete = each.name == "to_sql" and not frames.surely_older(scope.version, _SINCE)
        instead = 'if_exists="delete_rows" in pandas 3' if delete else "DELETE before it"
        setting = ctx.text(how.loc)
        if defined is None:
            yield ctx.finding(
                "replaced", at=how.loc, subject=(scope, each, how), setting=setting, table=table, instead=instead
            )
            continue
        there = Related(defined.loc, f"{table} is defined here")
        file = defined.loc.file.rpartition("/")[2]
        yield ctx.finding(
            "defined",
            at=how.loc,
            subject=(scope, each, how),
            related=(there,),
            setting=setting,
            table=table,
            file=file,
            instead=instead,
        )


def _table(each: FrameOperation) -> DatasetName | None:
    """The table's name with its schema, where both are constants."""
    name = frames.constant(each.argument("name", 0) if each.name == "to_sql" else each.argument("table_name", 0))
    given = each.argument("schema", 2) if each.name == "to_sql" else None
    schema = frames.constant(given)
    if not isinstance(name, str) or not name or (given is not None and not isinstance(schema, str | None)):
        return None
    return DatasetName(tuple(f"{schema}.{name}".lower().split(".") if schema else name.lower().split(".")))


def _definition(table: DatasetName, ctx: Context) -> Relation | None:
    found = ctx.relation(table)
    if not isinstance(found, Known) or found.value.kind != "table" or found.value.temporary:
        return None
    relation = found.value
    written = relation.query is None and bool(relation.columns)
    return relation if written else None


@table_replaced.fix
def delete_rows(finding: Finding, subject: tuple[FrameScope, FrameOperation, Given], ctx: Context) -> Offer | None:
    """Empties the table and keeps it, as pandas 3 can."""
    scope, each, how = subject
    if each.name != "to_sql" or how.form != "constant" or not frames.surely(scope.version, _SINCE):
        return None
    quote = ctx.text(how.value_loc)[:1]
    change = Replace(how.value_loc, f"{quote}delete_rows{quote}")
    return Offer("Empty the table and keep it", change, Applicability.UNSAFE)
