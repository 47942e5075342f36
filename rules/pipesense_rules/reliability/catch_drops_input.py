"""A failure is caught, and what the failed state was given is gone."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.change import KeepInput
from pipesense.model.states import Handler, StateMachine
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer, Related
from pipesense.rule.meta import FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="reliability/catch-drops-input",
    wants=StateMachine,
    pattern="failure-path",
    since="0.1",
    roles=frozenset({FileRole.PIPELINE, FileRole.AD_HOC}),
    messages={
        "lost": Message(
            Severity.INFO,
            "{noun} {name}: {target} gets the error in place of what the failed {word} was given.",
            "Whoever undoes, records or repeats there no longer knows for which order, file or day.",
            'Add "ResultPath": "$.error", which puts the error beside the input.',
        ),
    },
)


@rule(META)
def catch_drops_input(machine: StateMachine, ctx: Context) -> Iterator[Finding]:
    """One finding per machine, at the first such catcher."""
    found = _dropping(machine)
    if found:
        pipeline, jump = machine.pipeline, found[0].jump
        yield ctx.finding(
            "lost",
            at=found[0].loc,
            related=[Related(each.loc, "this one drops it, too") for each in found[1:]],
            noun=pipeline.noun,
            name=pipeline.name,
            target=jump.name if jump is not None else "what follows",
            word=machine.word,
        )


@catch_drops_input.fix
def keep(finding: Finding, machine: StateMachine, ctx: Context) -> Offer:
    """The error beside the input."""
    change = KeepInput(machine.pipeline.system, _dropping(machine))
    return Offer("Keep the input, and put the error beside it", change, Applicability.UNSAFE)


def _dropping(machine: StateMachine) -> tuple[Handler, ...]:
    """Those that lead to a state that could use the input: a Fail or Succeed state does nothing with it."""
    found: dict[object, Handler] = {}
    for graph in machine.graphs if machine.paths else ():
        for handler in (each for state in graph.states for each in state.catchers):
            target = graph.state(handler.jump.name) if handler.jump is not None else None
            if not handler.keeps_input and target is not None and target.kind not in ("Fail", "Succeed"):
                found[handler.whole] = handler
    return tuple(found.values())
