"""A table of facts is copied to every executor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from pipesense.model.change import Replace
from pipesense.model.frames import FrameOperation, FrameScope, Given
from pipesense.model.where import Loc
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import PRODUCTION, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules import frames, shapes

META = RuleMeta(
    id="performance/broadcast-large",
    wants=FrameScope,
    pattern="broadcast-join",
    since="0.1",
    roles=PRODUCTION,
    messages={
        "facts": Message(
            Severity.WARNING,
            "This broadcast copies all of {table} to every executor, and by its name it holds facts, which grow.",
            "A broadcast table is collected on the driver first and must fit into the memory of each executor; beyond "
            "8 GB Spark refuses it, and long before that the driver runs out of memory.",
            "Broadcast the small side of the join, or leave the choice to Spark, which knows the sizes at run time.",
        ),
    },
)

_FACTS: Final = frozenset(
    {
        *("fact", "facts", "fct", "event", "events", "click", "clicks", "clickstream", "transaction", "transactions"),
        *("log", "logs", "impression", "impressions", "pageview", "pageviews", "telemetry", "measurements", "readings"),
        *("orders", "payments", "trips", "sessions", "messages", "visits"),
    }
)
_SMALL: Final = frozenset({"dim", "dimension", "lookup", "mapping", "type", "types", "status", "statuses", "codes"})
_KEEPS: Final = frozenset({"withColumn", "withColumns", "withColumnRenamed", "alias", "select", "hint", "repartition"})
_READ: Final = frozenset({"bounded", "local", "aggregated", "mixed", "streaming", "micro-batch", "command"})


@rule(META)
def broadcast_large(scope: FrameScope, ctx: Context) -> Iterator[Finding]:
    """At the function or method that asks for the broadcast, where nothing before it takes rows away."""
    if scope.system != "spark":
        return
    places: Mapping[Loc, FrameOperation] | None = None
    for each in scope.operations:
        frame = _broadcast(each)
        if frame is None or "source" not in each.result_traits or each.result_traits & _READ:
            continue
        places = places or frames.by_place(scope)
        table = _read_whole(frame, places)
        if table:
            yield ctx.finding("facts", at=each.name_loc, subject=each, table=table)


def _broadcast(each: FrameOperation) -> tuple[Loc, ...] | None:
    """The operations that made the frame that is broadcast, None where nothing is."""
    if each.kind == "" and each.name.endswith("broadcast") and each.given and "broadcast" in each.result_traits:
        return each.given[0].made
    if each.kind == "frame" and each.name == "hint" and each.given:
        return each.made if str(frames.constant(each.given[0])).lower() in ("broadcast", "mapjoin") else None
    return None


def _read_whole(made: tuple[Loc, ...], places: Mapping[Loc, FrameOperation]) -> str:
    """The table or path of facts that a frame holds all rows of, "" where rows went on the way or nobody can tell."""
    while len(made) == 1 and (each := places.get(made[0])) is not None:
        if each.kind == "frame" and each.name in _KEEPS:
            made = each.made
            continue
        if each.kind in ("reader", "session") and each.name in ("table", "parquet", "orc", "load", "csv", "json"):
            return _of_facts(each.given[0] if each.given else None)
        return ""
    return ""


def _of_facts(given: Given | None) -> str:
    name = frames.constant(given)
    if not isinstance(name, str) or "*" in name or "=" in name:
        return ""
    last = name.rstrip("/").rpartition("/")[2] if "/" in name else name.rpartition(".")[2]
    found = shapes.words(last)
    return name if found & _FACTS and not found & _SMALL else ""


@broadcast_large.fix
def leave_it_to_spark(finding: Finding, each: FrameOperation, ctx: Context) -> Offer | None:
    """The frame without the request."""
    if each.kind != "" or len(each.given) != 1:
        return None
    text = ctx.text(each.given[0].value_loc)
    return Offer("Leave out broadcast()", Replace(each.loc, text), Applicability.SAFE)
