"""YAML lists a column that the model does not have."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Final

from pipesense.model.change import Replace
from pipesense.model.columns import Columns
from pipesense.model.dbt import DbtColumn, DbtEntry
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer, Related
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.regex import regex
from pipesense_rules.dbt_facts import listed

_REMEDY = "Name columns as the query does, or delete them from the entry."

META = RuleMeta(
    id="schema/documented-column-missing",
    wants=DbtEntry,
    pattern="data-contract",
    since="0.1",
    messages={
        "tested": Message(
            Severity.WARNING,
            "The model {name} has no column {columns}{near}.",
            "YAML lists it with tests, and each of them fails in the warehouse because it asks for that column.",
            _REMEDY,
        ),
        "promised": Message(
            Severity.WARNING,
            "The model {name} has no column {columns}{near}.",
            "Its contract is enforced and lists it, so dbt refuses to build the model.",
            _REMEDY,
        ),
        "described": Message(
            Severity.INFO,
            "The model {name} has no column {columns}{near}.",
            "Nothing fails, but the catalogue describes a column that nobody can find.",
            _REMEDY,
        ),
    },
)

_SHOWN: Final = 4
_OPERATOR: Final = regex(r"[()|+*/]|::")


@rule(META)
def documented_column_missing(entry: DbtEntry, ctx: Context) -> Iterator[Finding]:
    """Report what an entry lists and its model lacks, once for the entry; all columns of the model must be known."""
    columns = _columns(entry, ctx)
    if columns is None:
        return
    names = [each.name.lower() for each in columns.columns]
    missing = [column for column in entry.columns if _is_missing(column, columns)]
    if not missing:
        return
    tested = [column for column in missing if column.tests]
    missing.sort(key=lambda column: not column.tests)
    shown = [column.name for column in missing[:_SHOWN]]
    if len(missing) > _SHOWN:
        shown.append(f"{len(missing) - _SHOWN} more")
    listed_too = {_plain(column.name).lower() for column in entry.columns}
    free = [name for name in names if name not in listed_too]
    near = get_close_matches(_plain(missing[0].name).lower(), free, 1, 0.75)
    text = f"; {near[0]} looks like it" if near and len(missing) == 1 else ""
    yield ctx.finding(
        "tested" if tested else "promised" if _is_enforced(entry) else "described",
        at=missing[0].at,
        name=entry.name,
        columns=listed(shown),
        near=text,
        related=[Related(column.at, "listed here") for column in missing[1:]],
        subject=(entry, missing[0]),
    )


def _is_enforced(entry: DbtEntry) -> bool:
    contract = entry.setting("contract")
    return contract is not None and isinstance(contract.value, tuple) and ("enforced", True) in contract.value


def _plain(name: str) -> str:
    """A name without the quotes around it."""
    quotes = name[:1] + name[-1:]
    return name[1:-1] if quotes in ('""', "``", "[]") else name


def _is_missing(column: DbtColumn, columns: Columns) -> bool:
    plain = _plain(column.name)
    is_field = "." in plain.rstrip(".")
    # dbt puts the name into the test as it stands, so an expression of columns can be tested like one.
    is_expression = plain == column.name and not column.quote and _OPERATOR.search(plain) is not None
    return bool(plain) and not column.is_open and not is_field and not is_expression and columns.find(plain) is None


def _columns(entry: DbtEntry, ctx: Context) -> Columns | None:
    if entry.kind != "model" or not entry.name or not entry.columns or entry.versions or not entry.whole:
        return None
    nodes = ctx.dbt.nodes(entry.name)
    if len(nodes) != 1 or nodes[0].kind != "model" or nodes[0].language != "sql":
        return None
    if ctx.dbt.enabled(nodes[0]) is not True:
        return None
    columns = ctx.dbt.columns(nodes[0])
    if not columns.closed or not columns.columns or any(not each.name for each in columns.columns):
        return None
    return columns


@documented_column_missing.fix
def name_the_nearest(finding: Finding, subject: tuple[DbtEntry, DbtColumn], ctx: Context) -> Offer | None:
    """The column that looks like it and is not listed yet."""
    entry, column = subject
    columns = _columns(entry, ctx)
    if columns is None:
        return None
    taken = {each.name.lower() for each in entry.columns}
    names = [each.name for each in columns.columns if each.name.lower() not in taken]
    near = get_close_matches(column.name, names, 1, 0.75)
    if not near:
        return None
    return Offer(f"Write {near[0]}", Replace(column.at, near[0]), Applicability.UNSAFE)
