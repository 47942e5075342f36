"""The types of a feed's columns are guessed from its content at every run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from pipesense.model.frames import FrameOperation, FrameScope
from pipesense.model.where import Loc
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules import frames

_WHY: Final = (
    "Spark reads the data once more to guess, and guesses from what is there today: a column of numbers with one "
    "letter "
    "in it is text tomorrow, and the write behind it fails or changes the table."
)
_DO: Final = 'Say what is expected: .schema("order_id BIGINT, amount DECIMAL(18, 2)").'

META = RuleMeta(
    id="schema/inferred-schema",
    wants=FrameScope,
    pattern="schema-evolution",
    since="0.1",
    roles=frozenset({FileRole.PIPELINE, FileRole.MODEL}),
    messages={
        "asked": Message(Severity.WARNING, "{setting} lets the data decide the types of the columns.", _WHY, _DO),
        "refused": Message(
            Severity.ERROR,
            "A stream of {format} files is read without a schema.",
            "Spark refuses to start it (AnalysisException: Schema must be specified when creating a streaming source "
            "DataFrame): files that are still to come cannot be looked at.",
            _DO,
        ),
        "columns": Message(
            Severity.HINT,
            "{method} guesses the types of the columns from what stands in the file today.",
            "A number with leading zeros loses them, a column with one gap turns into floats, and a letter in a column "
            "of numbers makes all of it text: what is written behind it changes with the data.",
            'Say what is expected: dtype={{"order_id": "Int64", "postcode": "string"}}.',
        ),
        "json": Message(Severity.INFO, "JSON is read without a schema, so the data decides the columns.", _WHY, _DO),
    },
)


@rule(META)
def inferred_schema(scope: FrameScope, ctx: Context) -> Iterator[Finding]:
    """At the option, or at the method that reads; in scopes that write. Streams of files are judged everywhere."""
    if scope.system == "pandas":
        yield from _of_columns(scope, ctx)
    if scope.system != "spark":
        return
    persists = frames.persists(scope)
    places = frames.by_place(scope)
    for last in scope.operations:
        if last.kind != "reader" or last.result != "frame" or "schema" in last.traits:
            continue
        if "streaming" in last.traits:
            yield from _refused(scope, last, places, ctx)
            continue
        if not persists:
            continue
        chain = frames.chain_of(last, places)
        if last.argument("schema") is not None or frames.option(chain, "samplingRatio") is not None:
            continue
        yield from _guessed(last, chain, places, ctx)


_GUESSING: Final = frozenset({"read_csv", "read_table", "read_fwf", "read_excel"})
_SAYS: Final = ("dtype", "converters")
_CONVERTS: Final = frozenset({"astype", "convert_dtypes"})


def _of_columns(scope: FrameScope, ctx: Context) -> Iterator[Finding]:
    """Readers of text files whose rows the scope writes, without types and without a conversion behind them."""
    if any(each.name in _CONVERTS for each in scope.operations):
        return
    places = frames.by_place(scope)
    written = {each.loc for last in scope.operations if frames.is_write(last) for each in frames.behind(last, places)}
    for each in scope.operations:
        guesses = each.kind == "" and each.name in _GUESSING and each.loc in written and not each.open
        if guesses and not any(each.argument(name) is not None for name in _SAYS):
            yield ctx.finding("columns", at=each.name_loc, method=each.name)


_OF_FILES: Final = frozenset({"csv", "json", "parquet", "orc"})


def _refused(
    scope: FrameScope, last: FrameOperation, places: Mapping[Loc, FrameOperation], ctx: Context
) -> Iterator[Finding]:
    """Files whose format brings no columns of its own; text does, and so do tables and topics."""
    chain = frames.chain_of(last, places)
    told = frames.told(chain, "format")
    named = last.name if last.name != "load" else frames.constant(told.given[0]) if told and told.given else None
    given = last.argument("format")
    named = frames.constant(given) if given is not None else named
    if not isinstance(named, str) or named.lower() not in _OF_FILES or last.argument("schema") is not None:
        return
    guesses = frames.setting(scope, "spark.sql.streaming.schemaInference") is not None
    # The session that is handed in may have been told to guess.
    handed = any("handed" in each.traits for each in chain)
    if not (guesses or handed or frames.is_open(chain, places)):
        yield ctx.finding("refused", at=last.name_loc, format=named.upper())


def _guessed(
    last: FrameOperation, chain: list[FrameOperation], places: Mapping[Loc, FrameOperation], ctx: Context
) -> Iterator[Finding]:
    for each in chain:
        for number, given in enumerate(each.given):
            named = given.name.lower() == "inferschema"
            optioned = each.name == "option" and number == 1
            optioned = optioned and str(frames.constant(each.given[0])).lower() == "inferschema"
            if (named or optioned) and str(frames.constant(given)).lower() == "true":
                yield ctx.finding("asked", at=given.loc, setting="inferSchema")
                return
    if last.name == "json" and not frames.is_open(chain, places):
        yield ctx.finding("json", at=last.name_loc)
