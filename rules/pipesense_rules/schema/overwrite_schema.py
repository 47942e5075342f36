"""A scheduled write may change the table's columns by itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.frames import FrameScope
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
            Severity.WARNING,
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
        if each.kind not in ("writer", "stream writer", "table writer") or (asked and each.conditional):
            # Where it is asked whether the table is there, a branch that replaces its columns is the one that makes it.
            continue
        for number, given in enumerate(each.given):
            key = given.name or (str(frames.constant(each.given[0])) if each.name == "option" and number == 1 else "")
            variant = _KEYS.get(key.lower())
            if variant is not None and str(frames.constant(given)).lower() == "true":
                yield ctx.finding(variant, at=given.loc, setting=key)
