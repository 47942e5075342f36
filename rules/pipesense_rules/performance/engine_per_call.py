"""A connection or engine is opened again for every turn of a loop."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.frames import FrameScope
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import PRODUCTION, Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="performance/engine-per-call",
    wants=FrameScope,
    pattern="connection-pool",
    since="0.1",
    roles=PRODUCTION,
    messages={
        "engine": Message(
            Severity.WARNING,
            "create_engine runs in a loop: every turn makes a pool of connections of its own.",
            "An engine keeps its connections open for the next use that never comes; the server runs out of them, and "
            "every turn pays for a new log-in.",
            "Make the engine once, before the loop or at the top of the module.",
        ),
        "connection": Message(
            Severity.WARNING,
            "{call} runs in a loop: every turn logs in to the database anew.",
            "A log-in costs more than most statements, and connections that are not closed add up until the server "
            "refuses the next one.",
            "Open the connection once, before the loop.",
        ),
    },
)


@rule(META)
def engine_per_call(scope: FrameScope, ctx: Context) -> Iterator[Finding]:
    """At the function that opens it."""
    if scope.system != "sql_clients":
        return
    for each in scope.operations:
        if not each.loop or each.kind or _other_place(each.given and each.given[0].form):
            continue
        if each.result == "engine":
            yield ctx.finding("engine", at=each.name_loc)
        elif each.result == "dbapi" and not each.name.startswith(("sqlite3", "duckdb")):
            yield ctx.finding("connection", at=each.name_loc, call=each.name)


def _other_place(form: object) -> bool:
    """Whether every turn may open another database: a name or expression that the loop may give."""
    return form not in ("constant",)
