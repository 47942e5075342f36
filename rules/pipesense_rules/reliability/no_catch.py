"""A state asks another service for something, and nothing says what happens where that fails for good."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.change import CatchFailures
from pipesense.model.states import State, StateGraph, StateMachine
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer, Related
from pipesense.rule.meta import FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules.states import named, reached, sure

_SEVERAL: Final = 2
"""Where only one thing is asked for, nothing is left half done."""

META = RuleMeta(
    id="reliability/no-catch",
    wants=StateMachine,
    pattern="failure-path",
    since="0.1",
    roles=frozenset({FileRole.PIPELINE, FileRole.AD_HOC}),
    messages={
        "states": Message(
            Severity.INFO,
            "{noun} {name}: nothing says where a run goes on when {states} {fails} for good.",
            "The run ends there: what was begun stays half done, and nobody is told by it.",
            "Catch the failure and lead it to a {word} that undoes, records or reports.",
        ),
    },
)


@rule(META)
def no_catch(machine: StateMachine, ctx: Context) -> Iterator[Finding]:
    """One finding per machine, at the first such state; what is itself the way of a failure needs no other."""
    bare = [state for _, state in _bare(machine)]
    if bare:
        pipeline = machine.pipeline
        yield ctx.finding(
            "states",
            at=bare[0].loc,
            related=[Related(state.loc, f"a failure of {state.name} ends the run") for state in bare[1:]],
            noun=pipeline.noun,
            name=pipeline.name,
            states=named(bare, machine.word),
            fails="fails" if len(bare) == 1 else "fail",
            word=machine.word,
        )


@no_catch.fix
def catch(finding: Finding, machine: StateMachine, ctx: Context) -> Offer | None:
    """To where the machine leads failures already."""
    bare = _bare(machine)
    graphs = {id(graph): graph for graph, _ in bare}
    if len(graphs) != 1:
        return None
    target, shared = _target(next(iter(graphs.values())))
    if target is None:
        return None
    states = tuple(state for _, state in bare)
    change = CatchFailures(machine.pipeline.system, states, target, machine.paths)
    # What was made for the failure of one state may say or undo what is wrong for another.
    return Offer(f"Lead failures to {target}", change, Applicability.UNSAFE if shared else Applicability.DISPLAY)


def _bare(machine: StateMachine) -> list[tuple[StateGraph, State]]:
    found: list[tuple[StateGraph, State]] = []
    if sum(state.works for graph in machine.graphs for state in graph.states) < _SEVERAL:
        return []
    for graph in sure(machine):
        usual = reached(graph, through_failures=False)
        found += ((graph, state) for state in graph.states if state.works and not state.handled and state.name in usual)
    return found


def _target(graph: StateGraph) -> tuple[str | None, bool]:
    """Where other failures of the same list go, else its only Fail state; and whether it is there for any failure.

    A state that runs come to without a failure is no answer to one.
    """
    usual = reached(graph, through_failures=False)
    named_already = [
        handler.jump.name
        for state in graph.states
        for handler in state.catchers
        if handler.jump is not None and "States.ALL" in handler.errors and handler.jump.name not in usual
    ]
    failing = [state.name for state in graph.states if state.kind == "Fail"]
    if named_already:
        most = max(dict.fromkeys(named_already), key=named_already.count)
        return most, named_already.count(most) > 1 or most in failing
    return (failing[0], True) if len(failing) == 1 else (None, False)
