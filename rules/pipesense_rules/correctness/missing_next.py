"""A state goes on with one that is not there, or says nothing of how it goes on."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from pipesense.model.change import Replace
from pipesense.model.states import Jump, StateGraph, StateMachine
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer, Related
from pipesense.rule.meta import EVERYWHERE, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules.states import sure

META = RuleMeta(
    id="correctness/missing-next",
    wants=StateMachine,
    pattern="state-machine",
    since="0.1",
    roles=EVERYWHERE,
    messages={
        "absent": Message(
            Severity.ERROR,
            "{field} names {target}, and there is no such {word} here.",
            "The definition is refused when it is deployed.",
            "Name a {word} of the same list, or add it.",
        ),
        "elsewhere": Message(
            Severity.ERROR,
            "{field} names {target}, which stands in another list of {word}s.",
            "No {word} goes on outside of its own list: into a branch, out of one, or into another part.",
            "Name a {word} of the same list; what follows the whole branch is said outside of it.",
        ),
        "open-end": Message(
            Severity.ERROR,
            "{target} says neither which {word} comes next nor that the run ends there.",
            "The definition is refused when it is deployed.",
            'Add "Next" or "End": true.',
        ),
    },
)


@rule(META)
def missing_next(machine: StateMachine, ctx: Context) -> Iterator[Finding]:
    """At each name that names nothing, and at each state without an end."""
    for graph in sure(machine):
        names = {state.name for state in graph.states}
        for jump in graph.jumps():
            if jump.sure and jump.name not in names:
                yield _about(jump, graph, machine, ctx)
        for state in graph.states:
            if not state.ends:
                yield ctx.finding("open-end", at=state.loc, subject=None, target=state.name, word=machine.word)


def _about(jump: Jump, graph: StateGraph, machine: StateMachine, ctx: Context) -> Finding:
    words = {"field": jump.field, "target": f'"{jump.name}"', "word": machine.word}
    other = next((found for each in machine.graphs if (found := each.state(jump.name)) is not None), None)
    told = [Related(other.loc, f"this {machine.word} is called so")] if other is not None else []
    variant = "absent" if other is None else "elsewhere"
    return ctx.finding(variant, at=jump.loc, subject=(jump, graph), related=told, **words)


@missing_next.fix
def nearest(finding: Finding, subject: tuple[Jump, StateGraph] | StateMachine, ctx: Context) -> Offer | None:
    """The name that is most like the one that is written."""
    if not isinstance(subject, tuple):
        return None
    jump, graph = subject
    near = get_close_matches(jump.name, [state.name for state in graph.states], n=1, cutoff=0.75)
    if not near or any(sign in near[0] for sign in "\"'\\#:"):
        return None
    return Offer(f"Go on with {near[0]}", Replace(jump.loc, near[0]), Applicability.UNSAFE)
