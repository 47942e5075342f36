"""All rows of a distributed frame are brought into the memory of one process."""

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
from pipesense_rules import frames

_DO: Final = "Write the result from Spark, aggregate it first, or take a limit() that the driver can hold."

META = RuleMeta(
    id="performance/collect-unbounded",
    wants=FrameScope,
    pattern="work-where-the-data-is",
    since="0.1",
    roles=frozenset({FileRole.PIPELINE, FileRole.AD_HOC}),
    messages={
        "rows": Message(
            Severity.INFO,
            "{method} brings every row of {frame} into the memory of the driver.",
            "Nothing bounds how many rows that are. The job works on samples and dies with out of memory on the day "
            "the "
            "data has grown.",
            _DO,
        ),
        "loop": Message(
            Severity.WARNING,
            "A loop on the driver runs over every row of {frame}.",
            "One process does the work of the cluster, row by row, and must hold all rows in its memory first.",
            "Say it as an operation on the frame, or use foreachPartition for work that must leave Spark.",
        ),
        "groups": Message(
            Severity.INFO,
            "{method} brings one row per group of {frame} into the memory of the driver.",
            "Nothing bounds how many groups there are.",
            _DO,
        ),
    },
)

_COLLECTS: Final = frozenset({"collect", "toPandas"})
_SMALL: Final = frozenset({"bounded", "local", "command", "mixed", "micro-batch"})
_FAR: Final = 100
_FEWER: Final = frozenset({"distinct", "dropDuplicates"})


@rule(META)
def collect_unbounded(scope: FrameScope, ctx: Context) -> Iterator[Finding]:
    """At the method."""
    if scope.system != "spark":
        return
    places = frames.by_place(scope)
    for each in scope.operations:
        if each.kind != "frame" or each.name not in _COLLECTS or "source" not in each.traits or each.traits & _SMALL:
            continue
        frame = _frame(each, places)
        if "aggregated" in each.traits or _few(each, places):
            yield ctx.finding("groups", at=each.name_loc, method=each.name, frame=frame)
        elif each.use == "iterate" and each.name == "collect":
            yield ctx.finding("loop", at=each.name_loc, frame=frame)
        else:
            yield ctx.finding("rows", at=each.name_loc, method=each.name, frame=frame)


def _frame(each: FrameOperation, places: Mapping[Loc, FrameOperation]) -> str:
    """The frame in a word: the variable that holds it, or the table that is read; a session is no frame."""
    chain = [each, *islice(frames.behind(each, places), _FAR)]
    own = [one for one in chain if one.root == each.root]
    if each.root and own[-1].kind == "frame":
        return each.root
    tables = [frames.constant(one.given[0]) for one in chain if one.name == "table" and one.given]
    return tables[0] if len(tables) == 1 and isinstance(tables[0], str) else "the frame"


def _few(each: FrameOperation, places: Mapping[Loc, FrameOperation]) -> bool:
    """Whether it asks for the different values of a column, of which there are usually few."""
    return any(before.name in _FEWER for before in islice(frames.behind(each, places), _FAR))
