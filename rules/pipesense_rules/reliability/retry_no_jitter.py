"""Attempts that are repeated at the same moments by everybody."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.change import SpreadRetries
from pipesense.model.states import Handler, StateMachine
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer, Related
from pipesense.rule.meta import FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="reliability/retry-no-jitter",
    wants=StateMachine,
    pattern="retry-with-backoff",
    since="0.1",
    roles=frozenset({FileRole.PIPELINE, FileRole.AD_HOC}),
    messages={
        "same": Message(
            Severity.HINT,
            "{noun} {name}: {count} without jitter.",
            "Runs that failed together come back together, and meet the service that is recovering all at once.",
            'Add "JitterStrategy": "FULL", so that each waits for another while.',
        ),
    },
)


@rule(META)
def retry_no_jitter(machine: StateMachine, ctx: Context) -> Iterator[Finding]:
    """One finding per machine, at the first such retrier."""
    found = _bare(machine)
    if found:
        pipeline = machine.pipeline
        yield ctx.finding(
            "same",
            at=found[0].loc,
            related=[Related(each.loc, "this one repeats without jitter, too") for each in found[1:]],
            noun=pipeline.noun,
            name=pipeline.name,
            count="one retrier repeats" if len(found) == 1 else f"{len(found)} retriers repeat",
        )


@retry_no_jitter.fix
def spread(finding: Finding, machine: StateMachine, ctx: Context) -> Offer:
    """Full jitter."""
    return Offer(
        "Add full jitter to the attempts", SpreadRetries(machine.pipeline.system, _bare(machine)), Applicability.SAFE
    )


def _bare(machine: StateMachine) -> tuple[Handler, ...]:
    found = (each for graph in machine.graphs for state in graph.states for each in state.retriers if not each.jitter)
    return tuple({each.whole: each for each in found}.values())
