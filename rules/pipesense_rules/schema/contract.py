"""A contract that cannot be enforced, or a public model without one."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.change import Together
from pipesense.model.dbt import DbtEntry, DbtNode
from pipesense.model.dbt_change import SetYaml
from pipesense.model.value import Known, Unknown
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules.dbt_facts import listed

_SHOWN = 5

META = RuleMeta(
    id="schema/contract",
    wants=DbtEntry,
    pattern="data-contract",
    since="0.1",
    messages={
        "untyped": Message(
            Severity.ERROR,
            "The contract of {name} is enforced, but {columns} {have} no data_type.",
            "dbt refuses to build a model whose contract leaves types out.",
            "Add a data_type to every column.",
        ),
        "empty": Message(
            Severity.ERROR,
            "The contract of {name} is enforced, but no column is listed.",
            "dbt refuses to build a model whose contract says nothing.",
            "List every column with its data_type.",
        ),
        "public": Message(
            Severity.WARNING,
            "{name} is public and has no contract.",
            "Other projects may build on it, and learn of a changed column when their jobs fail.",
            "Enforce a contract, or take the access back.",
        ),
    },
)


@rule(META)
def contract(entry: DbtEntry, ctx: Context) -> Iterator[Finding]:
    """Report what dbt would refuse, and what is promised to others without being written down."""
    nodes = ctx.dbt.nodes(entry.name) if entry.kind == "model" and entry.name else ()
    if len(nodes) != 1 or nodes[0].kind != "model" or nodes[0].language != "sql" or not entry.whole:
        return
    node = nodes[0]
    if ctx.dbt.enabled(node) is not True or len(ctx.dbt.entries(node)) != 1:
        return
    enforced = _enforced(node, ctx)
    if enforced and not entry.versioned_columns:
        untyped = [column for column in entry.columns if column.name and not column.data_type and not column.is_open]
        if not entry.columns:
            yield ctx.finding("empty", at=entry.at, name=entry.name)
        elif untyped:
            names = [column.name for column in untyped]
            shown = listed(names[:_SHOWN] + ([f"{len(names) - _SHOWN} more"] if len(names) > _SHOWN else []))
            have = "has" if len(names) == 1 else "have"
            at = untyped[0].at
            yield ctx.finding("untyped", at=at, name=entry.name, columns=shown, have=have, subject=(entry, untyped))
    access = ctx.dbt.setting(node, "access")
    if enforced is False and not _is_declined(node, ctx) and isinstance(access, Known) and access.value == "public":
        yield ctx.finding("public", at=entry.at, name=entry.name)


def _enforced(node: DbtNode, ctx: Context) -> bool | None:
    """Whether the contract is enforced; None where nobody can tell."""
    value = ctx.dbt.setting(node, "contract")
    if not isinstance(value, Known):
        return None if isinstance(value, Unknown) else False
    pairs = value.value
    if isinstance(pairs, bool):
        return pairs
    if not isinstance(pairs, tuple):
        return None
    said = next((each[1] for each in pairs if isinstance(each, tuple) and each[:1] == ("enforced",)), False)
    return said if isinstance(said, bool) else None


def _is_declined(node: DbtNode, ctx: Context) -> bool:
    """Whether somebody wrote down that no contract is wanted: ``enforced: false``."""
    value = ctx.dbt.setting(node, "contract")
    return isinstance(value, Known) and value.value not in (None, ())


@contract.fix
def add_the_type(finding: Finding, subject: object, ctx: Context) -> Offer | None:
    """The types that the query gives, for all columns of which it tells one."""
    if finding.variant != "untyped" or not isinstance(subject, tuple):
        return None
    entry, untyped = subject
    nodes = ctx.dbt.nodes(entry.name)
    columns = ctx.dbt.columns(nodes[0]) if len(nodes) == 1 else None
    kinds: dict[str, str] = {}
    parts: list[SetYaml] = []
    for column in untyped:
        found = columns.find(column.name) if columns is not None else None
        if found is not None and found.type.text:
            kinds[column.name] = found.type.text.lower()
            parts.append(SetYaml(column.body, ("data_type",), kinds[column.name]))
    if not parts:
        return None
    (name, kind), *more = kinds.items()
    title = f"Add data_type to {listed(kinds)}" if more else f"Add data_type: {kind} to {name}"
    return Offer(title, Together(tuple(parts)), Applicability.UNSAFE)
