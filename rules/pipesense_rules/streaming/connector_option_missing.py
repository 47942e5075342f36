"""A table names a connector and leaves out what the connector needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pipesense.model.change import Replace
from pipesense.model.sql import Block, Script, Statement, TableDef
from pipesense.model.stream import MissingOption, Stream, TableOption
from pipesense.model.stream_job import StreamJob
from pipesense.model.where import Loc
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer, Related
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.span import Span
from pipesense_rules import streams

META = RuleMeta(
    id="streaming/connector-option-missing",
    wants=(Script, StreamJob),
    pattern="stream-tables",
    since="0.1",
    messages={
        "option": Message(
            Severity.ERROR,
            "Table {table} names the connector {connector} and not {missing}, which it needs.",
            "CREATE TABLE succeeds, and the first statement that reads or fills the table fails: the connector checks "
            "its options only then.",
            "Add {missing} to the options.",
        ),
        "named-otherwise": Message(
            Severity.ERROR,
            "Table {table} names the connector {connector} and not {missing}, which it needs.",
            "'{meant}' stands there and is no option of that connector. CREATE TABLE succeeds, and the first statement "
            "that reads or fills the table fails.",
            "Write {missing} instead of '{meant}', or beside it where both are asked for.",
        ),
        "misspelt": Message(
            Severity.ERROR,
            "Table {table} sets '{key}', which the connector {connector} does not know.",
            "CREATE TABLE succeeds, and the first statement that reads or fills the table fails: Unsupported options "
            "found.",
            "Write '{meant}'.",
        ),
        "unnamed-transactions": Message(
            Severity.ERROR,
            "This sink promises exactly once and has no prefix for the names of its transactions.",
            "build() refuses it: transactions are found again after a failure by their names, and two sinks that share "
            "them abort each other's.",
            'Call set_transactional_id_prefix("<name of this job>"), a name that no other job of the cluster has.',
        ),
        "key": Message(
            Severity.ERROR,
            "Table {table} has no PRIMARY KEY, and the connector {connector} refuses a table without one.",
            "Every change is written under the row's key; without a key the first use of the table fails.",
            "Declare PRIMARY KEY (...) NOT ENFORCED over the columns that name a row.",
        ),
        "key-for-updates": Message(
            Severity.ERROR,
            "Table {table} has no PRIMARY KEY, and a query writes updates into it.",
            "The result of the query changes with every input row, and {connector} can replace a row only by its key. "
            "The INSERT is refused.",
            "Declare PRIMARY KEY ({columns}) NOT ENFORCED.",
        ),
    },
)


@dataclass(frozen=True, slots=True)
class Lacking:
    """A table that lacks something; ``key`` are the columns that its rows are written by, where that is known."""

    statement: Statement
    table: TableDef
    stream: Stream
    key: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Misspelt:
    """An option of a table, and the one that is meant."""

    statement: Statement
    option: TableOption
    meant: str


@rule(META)
def connector_option_missing(fact: Script | StreamJob, ctx: Context) -> Iterator[Finding]:
    """At the table's name, and at the guarantee of a sink in code."""
    if isinstance(fact, Script):
        yield from _in_script(fact, ctx)
        return
    for loc in fact.unnamed_transactions:
        yield ctx.finding("unnamed-transactions", at=loc, subject=loc)


def _in_script(script: Script, ctx: Context) -> Iterator[Finding]:
    elsewhere = _changed_elsewhere(script)
    for statement in script.having("table"):
        table = statement.facts.table
        stream = table.stream if table is not None else None
        if table is None or stream is None or stream.connector_span is None or not (table.columns or table.from_query):
            continue
        if table.parts[-1].casefold() in elsewhere:
            continue
        at, name = statement.at(table.name_span), ".".join(table.parts)
        writer = _writer(script, table, ctx)
        lacking = Lacking(statement, table, stream, writer[1] if writer is not None else ())
        if stream.missing:
            meant = _meant(stream.missing)
            yield ctx.finding(
                "named-otherwise" if meant else "option",
                at=at,
                subject=lacking,
                table=name,
                connector=stream.connector,
                missing=_listed(stream.missing),
                meant=meant,
            )
        said = {each.instead for each in stream.missing}
        for key, option in stream.misspelt:
            place = stream.option(key)
            if key not in said and place is not None:
                where = statement.at(place.span)
                subject = Misspelt(statement, place, option)
                words: dict[str, Any] = {"table": name, "key": key, "connector": stream.connector, "meant": option}
                yield ctx.finding("misspelt", at=where, subject=subject, **words)
        if table.primary_key or not table.closed:
            continue
        if stream.needs_key:
            yield ctx.finding("key", at=at, subject=lacking, table=name, connector=stream.connector)
        elif stream.key_for_updates and writer is not None:
            yield ctx.finding(
                "key-for-updates",
                at=at,
                related=[Related(writer[0], "this query writes updates into it")],
                subject=lacking,
                table=name,
                connector=stream.connector,
                columns=", ".join(lacking.key) or "...",
            )


def _changed_elsewhere(script: Script) -> frozenset[str]:
    """Tables whose options a hint or ALTER TABLE of the script changes."""
    found: set[str] = set()
    for statement in script.having("stream"):
        if statement.facts.stream is not None:
            found |= statement.facts.stream.hinted
    return frozenset(found)


def _listed(missing: tuple[MissingOption, ...]) -> str:
    names = [" or ".join(f"'{name}'" for name in each.names) for each in missing]
    return ", ".join(names[:-1]) + " and " + names[-1] if len(names) > 1 else names[0]


def _meant(missing: tuple[MissingOption, ...]) -> str:
    return next((each.instead for each in missing if each.instead), "")


def _writer(script: Script, table: TableDef, ctx: Context) -> tuple[Loc, tuple[str, ...]] | None:
    """The query of the script that writes updates into a table, and the table's columns that it groups by."""
    for statement in streams.jobs(script):
        write = statement.facts.write
        if write is None or write.target[-1] != table.parts[-1]:
            continue
        top = [block for block in statement.facts.blocks if block.depth == 0]
        if len(top) == 1 and streams.ungrouped_by_time(top[0], statement, ctx) and top[0].group_span is not None:
            return statement.at(top[0].group_span), _key(top[0], write.columns, table)
    return None


def _key(block: Block, listed: tuple[str, ...], table: TableDef) -> tuple[str, ...]:
    """The table's columns that receive the query's groups; () where one of them goes nowhere."""
    names = listed or tuple(column.name for column in table.columns)
    found: list[str] = []
    for group in block.group:
        at = next(
            (
                index
                for index, output in enumerate(block.outputs)
                if group.op == "column" and output.expr.op == "column" and output.expr.path[-1:] == group.path[-1:]
            ),
            -1,
        )
        if not 0 <= at < len(names):
            return ()
        found.append(names[at])
    return tuple(found)


@connector_option_missing.fix
def write_what_is_meant(finding: Finding, found: object, ctx: Context) -> Offer | None:
    """The option's own name, where one slip of the fingers stands in its place."""
    if isinstance(found, Misspelt):
        option, meant = found.option, found.meant
    elif not isinstance(found, Lacking):
        return None
    else:
        only = found.stream.missing[0] if len(found.stream.missing) == 1 else None
        placed = found.stream.option(only.instead) if only is not None and only.instead else None
        if finding.variant != "named-otherwise" or only is None or placed is None:
            return None
        option, meant = placed, only.names[0]
    # The key stands in quotes at the start of the option; a quote in it would be doubled.
    start = option.span.start
    place = found.statement.at(Span(start, start + len(option.key) + 2))
    if ctx.text(place) != f"'{option.key}'":
        return None
    return Offer(f"Write '{meant}'", Replace(place, f"'{meant}'"), Applicability.UNSAFE)


@connector_option_missing.fix
def add_options(finding: Finding, lacking: object, ctx: Context) -> Offer | None:
    """The missing options behind the last one, with values to fill in."""
    if not isinstance(lacking, Lacking):
        return None
    stream = lacking.stream
    if finding.variant != "option" or not stream.options:
        return None
    last = stream.options[-1].span
    between = _before(lacking.statement, last, ctx)
    added = "".join(f",{between}'{each.names[0]}' = '{each.example}'" for each in stream.missing)
    place = lacking.statement.at(Span(last.end, last.end))
    title = "Add " + ", ".join(f"'{each.names[0]}'" for each in stream.missing)
    return Offer(title, Replace(place, added), Applicability.UNSAFE)


@connector_option_missing.fix
def add_key(finding: Finding, lacking: object, ctx: Context) -> Offer | None:
    """The key that the query groups by, behind the last column."""
    if not isinstance(lacking, Lacking):
        return None
    if finding.variant not in ("key", "key-for-updates") or not lacking.key or not lacking.table.columns:
        return None
    last = lacking.table.columns[-1].span
    if lacking.stream.watermark is not None and lacking.stream.watermark.span.end > last.end:
        last = lacking.stream.watermark.span
    between = _before(lacking.statement, last, ctx)
    key = f"PRIMARY KEY ({', '.join(_quoted(name) for name in lacking.key)}) NOT ENFORCED"
    place = lacking.statement.at(Span(last.end, last.end))
    return Offer(f"Add {key}", Replace(place, f",{between}{key}"), Applicability.UNSAFE)


def _quoted(name: str) -> str:
    return name if name.isidentifier() else f"`{name}`"


def _before(statement: Statement, span: Span, ctx: Context) -> str:
    """What stands before an item of a list: a line break and the indent where it stands on a line of its own."""
    head = ctx.text(statement.at(Span(0, span.start)))
    indent = head[head.rfind("\n") + 1 :]
    return "\n" + indent if "\n" in head and not indent.strip() else " "


@connector_option_missing.fix
def name_transactions(finding: Finding, loc: object, ctx: Context) -> Offer | None:
    """A prefix behind the guarantee, to be filled in."""
    if not isinstance(loc, Loc):
        return None
    behind = loc.at(Span(loc.span.end + 1, loc.span.end + 1))
    if ctx.text(loc.at(Span(loc.span.end, loc.span.end + 1))) != ")":
        return None
    text = '.set_transactional_id_prefix("<name of this job>")'
    return Offer("Add set_transactional_id_prefix (choose a name)", Replace(behind, text), Applicability.UNSAFE)
