"""Macros of the package dbt_utils that write columns or whole queries, as far as their arguments are spelled out.

https://github.com/dbt-labs/dbt-utils/tree/1.3.0/macros/sql
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from pipesense.lang.jinja.expressions import Call, Const, Expression, Items
from pipesense.lang.jinja.references import reference
from pipesense.text.regex import regex

_LABEL: Final = "_dbt_source_relation"
_PARAMETERS: Final = {
    "union_relations": ("relations", "column_override", "include", "exclude", "source_column_name", "where"),
    "deduplicate": ("relation", "partition_by", "order_by"),
    "date_spine": ("datepart", "start_date", "end_date"),
    "generate_series": ("upper_bound",),
    "pivot": (
        *("column", "values", "alias", "agg", "cmp", "prefix", "suffix"),
        *("then_value", "else_value", "quote_identifiers", "distinct"),
    ),
}
_QUERIES: Final = regex(r"\b(?:union_relations|deduplicate|date_spine|generate_series)\s*\(")
_NOT_IN_A_NAME: Final = regex(r"[^a-z0-9_]+")


class WrittenQuery(NamedTuple):
    """A query that a macro writes.

    ``tables``: tags that name tables all of whose columns come under each other; "" where it reads none. ``cte``: the
    name of a CTE that it reads instead. ``columns``: what it gives beside those, in front of them.
    """

    tables: tuple[str, ...]
    cte: str
    columns: tuple[str, ...]
    included: tuple[str, ...]
    excluded: tuple[str, ...]
    unites: bool


def written_query(text: str) -> WrittenQuery | None:
    """What a whole tag writes as a query; None for other tags and for arguments that no text spells out."""
    if _QUERIES.search(text) is None:
        return None
    found = _call(text)
    if found is None:
        return None
    name, given = found
    if name == "date_spine":
        part = _text(given.get("datepart"))
        return WrittenQuery((), "", (f"date_{part}",), (), (), False) if part else None
    if name == "generate_series":
        return WrittenQuery((), "", ("generated_number",), (), (), False)
    if name == "deduplicate":
        relation = given.get("relation")
        cte = _text(relation)
        table = _table(relation, text)
        return WrittenQuery((table,) if table else (), cte, (), (), (), False) if cte or table else None
    return _union(given, text) if name == "union_relations" else None


def _union(given: dict[str, Expression], text: str) -> WrittenQuery | None:
    listed = given.get("relations")
    tables = tuple(_table(each, text) for each in listed.items) if isinstance(listed, Items) else ()
    label = given.get("source_column_name")
    included, excluded = _texts(given.get("include")), _texts(given.get("exclude"))
    if not tables or not all(tables) or included is None or excluded is None:
        return None
    named = _LABEL if label is None else _text(label)
    if not named and not (isinstance(label, Const) and label.value is None):
        return None
    return WrittenQuery(tables, "", (named,) if named else (), included, excluded, True)


def pivoted(text: str) -> tuple[str, ...] | None:
    """The columns that a whole tag calling ``dbt_utils.pivot`` writes; None for others and for values asked later."""
    found = _call(text) if "pivot(" in text else None
    if found is None or found[0] != "pivot":
        return None
    given = found[1]
    values = _texts(given.get("values"))
    affixes = [given[key] for key in ("prefix", "suffix") if key in given]
    alias, quoted = given.get("alias"), given.get("quote_identifiers")
    spelled = all(isinstance(each, Const) for each in affixes)
    if not values or not spelled or (alias is not None and _flag(alias) is not True):
        return None
    names = tuple(f"{_text(given.get('prefix'))}{each}{_text(given.get('suffix'))}" for each in values)
    if quoted is None or _flag(quoted) is True:
        return names
    return tuple(map(_slug, names)) if _flag(quoted) is False else None


def _slug(name: str) -> str:
    """What ``slugify`` makes of a text.

    https://github.com/dbt-labs/dbt-utils/blob/1.3.0/macros/jinja_helpers/slugify.sql
    """
    made = _NOT_IN_A_NAME.sub("", re.sub(r"[ -]+", "_", name.lower()))
    return re.sub(r"^(\d)", r"_\1", made)


def _call(text: str) -> tuple[str, dict[str, Expression]] | None:
    """The macro that a tag calls, and what it is given by the names of its parameters."""
    from pipesense.lang.jinja.template import read_template

    tags = read_template(text).tags
    call = tags[0].expressions[0] if len(tags) == 1 and len(tags[0].expressions) == 1 else None
    if not isinstance(call, Call) or call.open or not call.name.startswith("dbt_utils."):
        return None
    name = call.name.removeprefix("dbt_utils.")
    parameters = _PARAMETERS.get(name)
    if parameters is None or len(call.args) > len(parameters):
        return None
    given = dict(zip(parameters, call.args, strict=False))
    given.update((each.name, each.value) for each in call.kwargs)
    return (name, given) if set(given) <= set(parameters) else None


def _table(node: Expression | None, text: str) -> str:
    tag = f"{{{{ {node.span.of(text)} }}}}" if isinstance(node, Call) else ""
    return tag if tag and reference(tag) is not None else ""


def _text(node: Expression | None) -> str:
    return node.value if isinstance(node, Const) and isinstance(node.value, str) else ""


def _flag(node: Expression) -> bool | None:
    return node.value if isinstance(node, Const) and isinstance(node.value, bool) else None


def _texts(node: Expression | None) -> tuple[str, ...] | None:
    """The texts of a list, () where it is not given; None where one of them is made up when it runs."""
    if node is None:
        return ()
    if not isinstance(node, Items):
        return None
    found = tuple(str(each.value) for each in node.items if isinstance(each, Const) and each.value is not None)
    return found if len(found) == len(node.items) else None
