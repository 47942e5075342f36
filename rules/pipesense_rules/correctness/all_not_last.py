"""An entry for all errors that does not stand alone, or with other entries behind it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.change import HandleAllLast
from pipesense.model.states import Handler, StateMachine
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import EVERYWHERE, Message, RuleMeta, Severity
from pipesense.rule.rule import rule

_ALL: Final = "States.ALL"
_DO: Final = "States.ALL stands alone in the last entry."

META = RuleMeta(
    id="correctness/all-not-last",
    wants=StateMachine,
    pattern="failure-path",
    since="0.1",
    roles=EVERYWHERE,
    messages={
        "mixed": Message(
            Severity.ERROR,
            "{state}: States.ALL stands beside other errors.",
            "The specification allows it alone only, and the other names say nothing that it does not.",
            _DO,
        ),
        "not-last": Message(
            Severity.ERROR,
            "{state}: the entry for States.ALL has {behind} behind it.",
            "It takes every error, so what stands behind it is never asked; the specification wants it last.",
            _DO,
        ),
    },
)


@rule(META)
def all_not_last(machine: StateMachine, ctx: Context) -> Iterator[Finding]:
    """At the list of errors of each such entry."""
    for graph in machine.graphs:
        for state in graph.states:
            for handler in state.handlers:
                if _ALL not in handler.errors:
                    continue
                subject = (machine.pipeline.system, handler)
                if len(handler.errors) > 1:
                    yield ctx.finding("mixed", at=handler.loc, subject=subject, state=state.name)
                elif handler.position < handler.count - 1:
                    others = handler.count - 1 - handler.position
                    behind = f"{others} other{'s' * (others != 1)}"
                    yield ctx.finding("not-last", at=handler.loc, subject=subject, state=state.name, behind=behind)


@all_not_last.fix
def put_last(finding: Finding, subject: tuple[str, Handler], ctx: Context) -> Offer:
    """The one form that is allowed."""
    alone = finding.variant == "mixed"
    title = "Leave States.ALL alone" if alone else "Move the entry for States.ALL to the end"
    return Offer(title, HandleAllLast(*subject), Applicability.SAFE if alone else Applicability.UNSAFE)
