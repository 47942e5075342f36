"""What rules about state machines and workflows share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pipesense.model.states import State, StateGraph, StateMachine


def ways(graph: StateGraph, *, through_failures: bool = True) -> dict[str, tuple[str, ...]]:
    """Where each state may go on, by its name."""
    found: dict[str, tuple[str, ...]] = {}
    for state in graph.states:
        caught = {id(handler.jump) for handler in state.catchers}
        found[state.name] = tuple(jump.name for jump in state.jumps if through_failures or id(jump) not in caught)
    return found


def reached(graph: StateGraph, *, through_failures: bool = True) -> frozenset[str]:
    """The states that a run can come to from the start."""
    if graph.start is None:
        return frozenset()
    following = ways(graph, through_failures=through_failures)
    waiting, seen = [graph.start.name], set[str]()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += following.get(name, ())
    return frozenset(seen)


def named(states: Sequence[State], word: str, most: int = 4) -> str:
    """``state Load``, ``states Load, Count and 3 more``."""
    names = [state.name for state in states]
    if len(names) == 1:
        return f"{word} {names[0]}"
    if len(names) <= most:
        return f"{word}s {', '.join(names[:-1])} and {names[-1]}"
    return f"{word}s {', '.join(names[: most - 1])} and {len(names) - most + 1} more"


def sure(machine: StateMachine) -> Iterable[StateGraph]:
    """The graphs of which every state and jump is seen."""
    return (graph for graph in machine.graphs if graph.opened is None)
