"""A heartbeat that may come later than the end of the wait."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.change import Replace
from pipesense.model.states import State, StateMachine
from pipesense.model.value import Known
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer, Related
from pipesense.rule.meta import EVERYWHERE, Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="correctness/heartbeat-ge-timeout",
    wants=StateMachine,
    pattern="timeouts",
    since="0.1",
    roles=EVERYWHERE,
    messages={
        "late": Message(
            Severity.ERROR,
            "{state}: the heartbeat of {heartbeat} seconds is not shorter than the timeout of {timeout}.",
            "The timeout always comes first, so a worker that died is noticed no sooner; the specification forbids it.",
            "Make the heartbeat a small part of the timeout.",
        ),
    },
)


@rule(META)
def heartbeat_ge_timeout(machine: StateMachine, ctx: Context) -> Iterator[Finding]:
    """At the number of seconds of the heartbeat."""
    for graph in machine.graphs:
        for state in graph.states:
            heartbeat, timeout = state.heartbeat, state.timeout
            if not (isinstance(heartbeat, Known) and isinstance(timeout, Known) and heartbeat.loc is not None):
                continue
            if heartbeat.value >= timeout.value:
                told = [Related(timeout.loc, "the timeout")] if timeout.loc is not None else []
                words = {"state": state.name, "heartbeat": heartbeat.value, "timeout": timeout.value}
                yield ctx.finding("late", at=heartbeat.loc, subject=state, related=told, **words)


@heartbeat_ge_timeout.fix
def shorten(finding: Finding, state: State, ctx: Context) -> Offer | None:
    """A third of the timeout: two beats may be lost."""
    if not isinstance(state.timeout, Known):
        return None
    seconds = state.timeout.value // 3
    title = f"Let the heartbeat be {seconds} seconds, a third of the timeout"
    return Offer(title, Replace(finding.loc, str(seconds)), Applicability.UNSAFE) if seconds > 0 else None
