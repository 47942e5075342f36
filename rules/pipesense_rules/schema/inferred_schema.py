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
        "json": Message(Severity.INFO, "JSON is read without a schema, so the data decides the columns.", _WHY, _DO),
    },
)


@rule(META)
def inferred_schema(scope: FrameScope, ctx: Context) -> Iterator[Finding]:
    """At the option, or at the method that reads; in scopes that write."""
    if scope.system != "spark" or not frames.persists(scope):
        return
    places = frames.by_place(scope)
    for last in scope.operations:
        if last.kind != "reader" or last.result != "frame" or "schema" in last.traits or "streaming" in last.traits:
            continue
        chain = frames.chain_of(last, places)
        if last.argument("schema") is not None or frames.option(chain, "samplingRatio") is not None:
            continue
        yield from _guessed(last, chain, places, ctx)


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
