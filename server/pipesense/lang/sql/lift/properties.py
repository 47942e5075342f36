"""What CREATE says behind the column list: format, place, partitions, clusters."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, NamedTuple

from sqlglot import exp

from pipesense.lang.sql.lift.columns import Constraints, columns_of
from pipesense.lang.sql.lift.queries import Queries
from pipesense.lang.sql.lift.state import NOWHERE, cover
from pipesense.model.sql import Clause, ColumnDef, Expr
from pipesense.text.regex import regex
from pipesense.text.span import Span

_NAMED: Final[dict[type, str]] = {
    exp.FileFormatProperty: "format",
    exp.EngineProperty: "engine",
    exp.LocationProperty: "location",
    exp.PartitionedByProperty: "partitioned_by",
    exp.SchemaCommentProperty: "comment",
    exp.ClusteredByProperty: "clustered_by",
    exp.DistKeyProperty: "distkey",
    exp.SortKeyProperty: "sortkey",
    exp.LikeProperty: "like",
    exp.ExternalProperty: "external",
    exp.TransientProperty: "transient",
    exp.MaterializedProperty: "materialized",
}
_CLUSTERS: Final = (
    exp.ClusterProperty,
    exp.ClusteredByProperty,
    exp.DistKeyProperty,
    exp.SortKeyProperty,
    exp.Order,
)
_TRANSFORMS: Final = (exp.PartitionedByBucket, exp.PartitionByTruncate)
_PLACES: Final = frozenset({"location", "external_location", "path"})
_TRANSFORM: Final = regex(r"(\w+)\(\s*([\w.]+)")
"""Iceberg's partition transforms in Trino are strings: 'day(ts)'."""


class Layout(NamedTuple):
    """How the table is stored; the names are those of ``TableDef``."""

    external: bool = False
    partitioned_by: tuple[Expr, ...] = ()
    partition_span: Span | None = None
    clustered_by: tuple[Expr, ...] = ()
    format: str = ""
    format_span: Span | None = None
    location: str = ""


def read_properties(node: object) -> tuple[tuple[str, str], ...]:
    """WITH, TBLPROPERTIES, USING, PARTITIONED BY ... as words."""
    found: list[tuple[str, str]] = []
    for item in node.expressions if isinstance(node, exp.Properties) else ():
        if isinstance(item, exp.OptionsProperty):
            found += [_property(part) for part in item.expressions]
        else:
            found.append(_property(item))
    return tuple(found)


def _property(item: exp.Expr) -> tuple[str, str]:
    name = _NAMED.get(item.__class__)
    value = item.args.get("value")
    if item.__class__ is exp.Property:
        name = item.this.name if isinstance(item.this, exp.Expr) else str(item.this)
    elif name is None:
        name = item.__class__.__name__.removesuffix("Property")
        value = None
    if value is None:
        value = item.args.get("this")
    if isinstance(value, list):
        text = ", ".join(part.name for part in value if isinstance(part, exp.Expr))
    else:
        text = (value.name or value.sql()) if isinstance(value, exp.Expr) else ("" if value is None else str(value))
    return name.lower(), text


def read_layout(
    lift: Queries, node: object, properties: tuple[tuple[str, str], ...], keys: Constraints
) -> tuple[Layout, list[ColumnDef]]:
    """How the table is stored, and the columns that only PARTITIONED BY defines."""
    external = False
    parts: list[Expr] = []
    clusters: list[Expr] = []
    columns: list[ColumnDef] = []
    kind = ""
    for item in node.expressions if isinstance(node, exp.Properties) else ():
        cls = item.__class__
        if cls is exp.ExternalProperty:
            external = True
        elif cls is exp.PartitionedByProperty:
            columns += columns_of(lift, _flat(item.this), keys, partition=True)
            parts += [_part(lift, part) for part in _flat(item.this)]
        elif cls is exp.FileFormatProperty:
            kind = _format(item)
        elif isinstance(item, _CLUSTERS):
            listed = item.expressions or _flat(item.this)
            clusters += [_part(lift, part) for one in listed for part in _flat(one)]
    location = next((value for name, value in properties if name in _PLACES), "")
    span = cover(*(part.span for part in parts), *(column.span for column in columns))
    layout = Layout(
        external,
        tuple(parts),
        span if span.end >= 0 else None,
        tuple(clusters),
        kind,
        _word(lift, kind) if kind else None,
        location,
    )
    return layout, columns


def _flat(node: object) -> list[exp.Expr]:
    """The items of a list in any kind of brackets."""
    if isinstance(node, list):
        return [part for one in node for part in _flat(one)]
    if isinstance(node, (exp.Schema, exp.Tuple, exp.Array)):
        return list(node.expressions)
    if isinstance(node, exp.Ordered):
        return _flat(node.this)
    if isinstance(node, exp.Paren):
        return [node.this]
    return [node] if isinstance(node, exp.Expr) else []


def _part(lift: Queries, node: exp.Expr) -> Expr:
    """A column or a call; names in strings and definitions are columns too."""
    if isinstance(node, exp.ColumnDef):
        node = node.this
    if isinstance(node, exp.Identifier):
        name = lift.name_of(node)
        return Expr("column", (), lift.covers(node), name, Clause.OTHER, frozenset(), (name,))
    lifted = lift.lift(node, Clause.OTHER)
    if isinstance(node, _TRANSFORMS):
        whole = lift.in_brackets(lifted.span)
        whole = cover(lift.token_span(lift.index_before(whole.start)), whole)
        return replace(lifted, span=whole, kind="function")
    if lifted.op != "literal" or lifted.kind != "string":
        return lifted
    transform = _TRANSFORM.match(lifted.name)
    name = transform[2] if transform is not None else lifted.name
    column = Expr("column", (), lifted.span, name, Clause.OTHER, frozenset(), tuple(name.split(".")))
    if transform is None:
        return column
    return Expr("function", (column,), lifted.span, transform[1], Clause.OTHER, frozenset(), kind="function")


def _format(item: exp.Expr) -> str:
    """The file format's name, in lower case."""
    value = item.args.get("this")
    if isinstance(value, exp.InputOutputFormat):
        return "input and output format"
    if isinstance(value, exp.Expr):
        return value.name.lower()
    for part in item.expressions:
        if isinstance(part, exp.Property) and part.name.upper() == "TYPE":
            named = part.args.get("value")
            return named.name.lower() if isinstance(named, exp.Expr) else str(named).lower()
    return ""


def _word(lift: Queries, word: str) -> Span | None:
    """The last token that is this word: formats stand behind the columns."""
    tokens = lift.layout.tokens
    for index in range(len(tokens) - 1, -1, -1):
        if tokens[index].text.lower() == word:
            span = lift.token_span(index)
            return span if span != NOWHERE else None
    return None
