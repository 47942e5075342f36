"""A scheduled write may change the table's columns by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

from pipesense.model.frames import FrameOperation, FrameScope
from pipesense.model.where import Loc
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules import frames, shapes

META = RuleMeta(
    id="schema/overwrite-schema",
    wants=FrameScope,
    pattern="schema-evolution",
    since="0.1",
    roles=frozenset({FileRole.PIPELINE, FileRole.MODEL}),
    messages={
        "replaced": Message(
            Severity.INFO,
            "{setting} lets every run replace the columns of the table by those of the frame.",
            "A column that is missing in one day's feed is gone from the table, with its history, and readers fail.",
            "Change the table in a migration, and let the write fail when the frame does not fit.",
        ),
        "merged": Message(
            Severity.INFO,
            "{setting} adds whatever columns a run brings to the table.",
            "A misspelt or accidental column stays for good, and the right one is empty from then on.",
            "Keep it where the source is trusted to grow; else add columns in a migration.",
        ),
    },
)

_WRITERS: Final = ("writer", "stream writer", "table writer")
_KEEPS: Final = frozenset(
    {"withColumn", "dropDuplicates", "distinct", "filter", "where", "orderBy", "repartition", "cache"}
)
"""Operations that take no column away."""
_FAR: Final = 20
_EXISTS: Final = frozenset({"isDeltaTable", "tableExists"})
_MIGRATES: Final = frozenset({"migrate", "migration", "migrations", "schema", "schemas"})
"""Words in the name of a function that is there to change a table's columns."""
_KEYS: Final = {"overwriteschema": "replaced", "mergeschema": "merged"}


@rule(META)
def overwrite_schema(scope: FrameScope, ctx: Context) -> Iterator[Finding]:
    """At the option, in writers."""
    if scope.system != "spark" or shapes.words(scope.scope.rpartition(".")[2]) & _MIGRATES:
        return
    asked = any(each.name.rpartition(".")[2] in _EXISTS for each in scope.operations)
    for each in scope.operations:
        if each.kind not in _WRITERS or (asked and each.conditional):
            # Where it is asked whether the table is there, a branch that replaces its columns is the one that makes it.
            continue
        for number, given in enumerate(each.given):
            key = given.name or (str(frames.constant(each.given[0])) if each.name == "option" and number == 1 else "")
            variant = _KEYS.get(key.lower())
            if variant is not None and str(frames.constant(given)).lower() == "true":
                if variant == "replaced" and _lists_columns(each, frames.by_place(scope)):
                    continue
                yield ctx.finding(variant, at=given.loc, setting=key)


def _lists_columns(each: FrameOperation, places: Mapping[Loc, FrameOperation]) -> bool:
    """Whether the code lists the columns just before: one that the feed does not bring fails there."""
    for before in islice(frames.behind(each, places), _FAR):
        if before.kind in _WRITERS or before.name in _KEEPS:
            continue
        return (
            before.kind == "frame"
            and before.name == "select"
            and len(before.given) > 1
            and all(
                not given.name and (given.form == "call" or _is_name(frames.constant(given))) for given in before.given
            )
        )
    return False


def _is_name(value: object) -> bool:
    return isinstance(value, str) and "*" not in value
