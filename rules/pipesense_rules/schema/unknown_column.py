"""A column is read that none of the query's tables has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipesense.model.change import Replace
from pipesense.model.columns import Missing
from pipesense.model.sql import ColumnUse, Source, Statement
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer, Related
from pipesense.rule.meta import PRODUCTION, FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense.text.distance import distance
from pipesense.text.span import Span
from pipesense_rules.tables import may_be_behind

_LIVES_ON = (
    "A table lives on while files change. It may have been altered since, and then the definition is behind; "
    "otherwise the engine refuses the query."
)
_WHY = "All columns are known here, through every query and view between, so the engine refuses the query."

META = RuleMeta(
    id="schema/unknown-column",
    wants=Statement,
    given=("columns",),
    pattern="names-and-positions",
    since="0.1",
    by_dialect=True,
    roles=PRODUCTION | {FileRole.TEST},
    messages={
        "near": Message(Severity.ERROR, "There is no column {column} in {sources}.", _WHY, "Perhaps {near} is meant."),
        "missing": Message(
            Severity.ERROR,
            "There is no column {column} in {sources}.",
            _WHY,
            "Read one that is there ({known}), or add it where {sources} is made.",
        ),
        "slip": Message(
            Severity.WARNING, "{file} gives {sources} no column {column}.", _LIVES_ON, "Perhaps {near} is meant."
        ),
        "beside": Message(
            Severity.WARNING,
            "{file} gives {sources} no column {column}.",
            _LIVES_ON,
            "Read one that is there ({known}), or add it to the definition.",
        ),
        "behind": Message(
            Severity.INFO,
            "{file} gives {sources} no column {column}.",
            _LIVES_ON,
            "Read one that is there ({known}), or add it to the definition.",
        ),
    },
)

_SHOWN = 6
_SLIP = 2
"""Letters by which a name that was mistyped differs at most."""
_LONG = 5
_MANY = 4
"""Who writes a query errs in a name or two. Of 108 findings read on public projects 15 stood in files that read four or
more unknown columns of a table named in SQL, and all of them were wrong; of the others 40 were right."""


@rule(META)
def unknown_column(statement: Statement, ctx: Context) -> Iterator[Finding]:
    """At the column's own name."""
    if statement.facts.unsure:
        return
    missing = ctx.missing(statement)
    strangers = _strangers(missing)
    for use, bound in missing:
        if strangers.intersection(map(id, bound.sources)):
            continue
        columns = [ctx.columns_of(source, statement) for source in bound.sources]
        names = [column.name for each in columns for column in each.columns]
        declared = next((each.declared for each in columns if each.declared), "")
        shown = ", ".join(dict.fromkeys(names[:_SHOWN])) + (" ..." if len(names) > _SHOWN else "")
        yield ctx.finding(
            _of_definition(declared, use, bound, statement, ctx) if declared else "near" if bound.near else "missing",
            at=statement.at(_name_span(use)),
            related=tuple(_related(bound.sources, statement, ctx)),
            subject=(use, bound, statement),
            column=use.path[-1],
            sources=" or ".join(dict.fromkeys(_called(source) for source in bound.sources)),
            near=" or ".join(bound.near[:2]),
            known=shown,
            file=declared.rpartition("/")[2],
        )


def _of_definition(declared: str, use: ColumnUse, bound: Missing, statement: Statement, ctx: Context) -> str:
    """A slip of the fingers is one in whatever state the table is; what others read too is hardly one.

    A script is run with those beside it, so what they create is most likely what it meets.
    """
    name = use.path[-1].casefold()
    if any(ctx.readers_of(source.parts, name, statement) for source in bound.sources if source.kind == "table"):
        return "behind"
    if len(name) >= _LONG and any(distance(name, each.casefold(), _SLIP) <= _SLIP for each in bound.near):
        return "slip"
    return "behind" if may_be_behind(declared, statement) else "slip" if bound.near else "beside"


def _strangers(missing: Sequence[tuple[ColumnUse, Missing]]) -> set[int]:
    """The tables (by identity) of which a query reads so many columns that are not there that it means another one.

    What a dbt model reads by ``ref`` cannot be another one.
    """
    columns: dict[int, set[str]] = {}
    for use, bound in missing:
        for source in bound.sources:
            if source.block is None and not (source.opaque and len(source.parts) == 1):
                columns.setdefault(id(source), set()).add(use.path[-1].casefold())
    return {source for source, names in columns.items() if len(names) >= _MANY}


def _name_span(use: ColumnUse) -> Span:
    """The last part of the path; the whole path where its quotes leave that open."""
    name = use.path[-1]
    plain = len(".".join(use.path)) == use.span.end - use.span.start
    return Span(use.span.end - len(name), use.span.end) if plain else use.span


def _called(source: Source) -> str:
    return (source.alias or ".".join(source.parts) or "the subquery").strip("{} -")


def _related(sources: tuple[Source, ...], statement: Statement, ctx: Context) -> Iterator[Related]:
    for source in sources:
        if source.block is not None and source.block.outputs:
            first, last = source.block.outputs[0].span, source.block.outputs[-1].span
            if first.end >= 0 and last.end >= 0:
                yield Related(statement.at(Span(first.start, last.end)), f"the columns of {_called(source)}")


@unknown_column.fix
def write_the_similar_name(finding: Finding, fact: object, ctx: Context) -> Offer | None:
    """The most similar name there is; what was meant is a guess."""
    if not isinstance(fact, tuple):
        return None
    use, bound, statement = fact
    span = _name_span(use)
    if not bound.near or len(use.path[-1]) != span.end - span.start:
        return None
    return Offer(f"Write {bound.near[0]}", Replace(statement.at(span), bound.near[0]), Applicability.UNSAFE)
