"""A model names a table by its place in the warehouse."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.change import Replace
from pipesense.model.dbt import DbtNode
from pipesense.model.sql import Source, Statement
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.regex import regex

_PLAIN: Final = regex(r"[A-Za-z_][\w$-]*")
_CATALOGUE: Final = frozenset(("information_schema", "pg_catalog", "account_usage", "sys", "system", "snowflake"))

META = RuleMeta(
    id="lineage/hardcoded-relation",
    wants=Statement,
    pattern="model-graph",
    since="0.1",
    messages={
        "named": Message(
            Severity.WARNING,
            "{table} is named by its place in the warehouse.",
            "dbt does not know that this model depends on it, and a test run reads the same table as production.",
            "Use {instead}.",
        ),
        "beside": Message(
            Severity.INFO,
            "{table} is named by its place in the warehouse, though the model refers to {name} as well.",
            "In another schema or environment the two are different tables.",
            "Use {instead}.",
        ),
    },
)


@rule(META)
def hardcoded_relation(statement: Statement, ctx: Context) -> Iterator[Finding]:
    """Report tables of a model's query that are written with their schema and hold no template."""
    name = ctx.model_of(statement)
    nodes = ctx.dbt.nodes(name) if name else ()
    facts = statement.facts
    if len(nodes) != 1 or facts.error or facts.unsure or ctx.dbt.enabled(nodes[0]) is not True:
        return
    # The very table may be named beside its reference, to say the order by hand.
    for block in facts.blocks:
        known = {source.alias.casefold() for source in block.every_source}
        for source in block.every_source:
            if not _is_plain(source) or source.parts[0].casefold() in known - {source.alias.casefold()}:
                continue
            if any(part.casefold() in _CATALOGUE for part in source.parts) or source.parts[0].startswith("@"):
                continue
            table, own = ".".join(source.parts), source.name_span
            if own is None or own.end - own.start != len(table):
                continue
            instead = _reference(source, nodes[0], ctx)
            told = instead or "source, with the table declared in YAML, or ref"
            name = source.parts[-1].lower()
            beside = any(each.name.lower() == name for each in nodes[0].references)
            yield ctx.finding(
                "beside" if beside else "named",
                at=statement.at(own),
                table=table,
                instead=told,
                name=name,
                subject=(source, nodes[0]),
            )


def _is_plain(source: Source) -> bool:
    return (
        source.kind == "table"
        and not source.opaque
        and source.call is None
        and len(source.parts) in (2, 3)
        and all(_PLAIN.fullmatch(part) for part in source.parts)
    )


def _reference(source: Source, node: DbtNode, ctx: Context) -> str:
    """The declared source that lies where the table does, as a reference; "" where none or several do."""
    schema, table = source.parts[-2].lower(), source.parts[-1].lower()
    found = {
        (each.source, each.name)
        for each in ctx.dbt.same_source(schema, table)
        if each.schema.lower() == schema and each.identifier.lower() == table and not each.unsure
    }
    if len(found) != 1:
        return ""
    name, declared = found.pop()
    return f"{{{{ source('{name}', '{declared}') }}}}"


@hardcoded_relation.fix
def refer(finding: Finding, subject: tuple[Source, DbtNode], ctx: Context) -> Offer | None:
    """Where a source is declared for that very place."""
    source, node = subject
    instead = _reference(source, node, ctx)
    if not instead:
        return None
    return Offer(f"Write {instead}", Replace(finding.loc, instead), Applicability.UNSAFE)
