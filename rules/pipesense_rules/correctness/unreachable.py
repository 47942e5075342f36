"""States that no way leads to."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.states import StateMachine
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding, Related
from pipesense.rule.meta import EVERYWHERE, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules.states import named, reached, sure

META = RuleMeta(
    id="correctness/unreachable",
    wants=StateMachine,
    pattern="state-machine",
    since="0.1",
    roles=EVERYWHERE,
    messages={
        "states": Message(
            Severity.WARNING,
            "{noun} {name}: no way leads to {states}.",
            "What stands there never runs, a check or an undo perhaps, and nobody misses it until it is needed.",
            "Lead a Next, Default or Catch to it, or take it out.",
        ),
    },
)


@rule(META)
def unreachable(machine: StateMachine, ctx: Context) -> Iterator[Finding]:
    """One finding per list of states, at the first of those that are cut off."""
    for graph in sure(machine):
        names = {state.name for state in graph.states}
        # A name that names nothing is the cause then, and it is told at its own place.
        if graph.sequential or any(jump.name not in names for jump in graph.jumps()):
            continue
        seen = reached(graph)
        apart = [state for state in graph.states if state.name not in seen]
        if apart:
            pipeline, word = machine.pipeline, machine.word
            told = [Related(state.loc, f"no way leads to {state.name}") for state in apart[1:]]
            states = named(apart, word)
            words = {"noun": pipeline.noun, "name": pipeline.name, "states": states}
            yield ctx.finding("states", at=apart[0].loc, related=told, **words)
