"""Which task runs before which: ``>>``, ``chain`` and their kin, gathered first and resolved at the end."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise

from pipesense.systems.airflow.things import (
    DagDraft,
    Endpoint,
    GroupDraft,
    Labelled,
    Many,
    TaskDraft,
    Thing,
    endpoints,
)


class EdgeBook:
    """Edges between tasks and groups. An operand that nobody can tell opens the graph of its DAG."""

    def __init__(self) -> None:
        self.pairs: dict[tuple[Endpoint, Endpoint], None] = {}
        self.certain: set[tuple[TaskDraft, TaskDraft]] = set()
        """Edges of which both ends are surely meant, made by code that runs whenever the file is read."""
        self.doubts = 0
        """So many branches, loops and helpers is the reading in."""

    @contextmanager
    def doubted(self) -> Iterator[None]:
        """Edges made meanwhile may not exist, or exist for other tasks each time."""
        self.doubts += 1
        try:
            yield
        finally:
            self.doubts -= 1

    def connect(self, before: Thing | None, behind: Thing | None, dag: DagDraft | None, written: str) -> None:
        """All of ``before`` run before all of ``behind``."""
        first, first_whole = endpoints(before)
        second, second_whole = endpoints(behind)
        for source in first:
            for target in second:
                if source is not target:
                    self.pairs[source, target] = None
        if not self.doubts and first_whole and second_whole and _exact(before) and _exact(behind):
            self.certain |= {
                (source, target)
                for source in first
                for target in second
                if isinstance(source, TaskDraft) and isinstance(target, TaskDraft) and source is not target
            }
        if not (first_whole and second_whole):
            open_graph(written, dag, (*first, *second))

    def chain(self, items: Sequence[Thing | None], dag: DagDraft | None, written: str, linear: bool) -> None:
        """``chain(a, [b, c], [d, e])``; lists of equal length are paired unless ``linear``."""
        sequence = [item for item in items if not isinstance(item, Labelled)]
        for before, behind in pairwise(sequence):
            if not linear and isinstance(before, Many) and isinstance(behind, Many) and _pairs_up(before, behind):
                for source, target in zip(before.items, behind.items, strict=True):
                    self.connect(source, target, dag, written)
            else:
                self.connect(before, behind, dag, written)

    def resolve(self, tasks: Iterable[TaskDraft]) -> set[tuple[TaskDraft, TaskDraft]]:
        """The edges between tasks: a group stands for its first or its last tasks."""
        members: dict[GroupDraft, list[TaskDraft]] = {}
        for task in tasks:
            group = task.group
            while group is not None:
                members.setdefault(group, []).append(task)
                group = group.parent
        found = {
            (before, behind)
            for before, behind in self.pairs
            if isinstance(before, TaskDraft) and isinstance(behind, TaskDraft)
        }
        # A group's first and last tasks depend on the edges inside it, which may lead to inner groups.
        grouped = [pair for pair in self.pairs if not all(isinstance(end, TaskDraft) for end in pair)]
        grouped.sort(key=lambda pair: -max(_depth(end) for end in pair))
        for before, behind in grouped:
            sources = _ends(before, members, found, last=True)
            targets = _ends(behind, members, found, last=False)
            found |= {(source, target) for source in sources for target in targets if source is not target}
        return found


def _exact(thing: Thing | None) -> bool:
    """Whether all that a thing stands for is meant together, not one or another of it."""
    if isinstance(thing, Many):
        return thing.exact and all(_exact(each) for each in thing.items)
    return isinstance(thing, TaskDraft)


def _pairs_up(before: Many, behind: Many) -> bool:
    return before.exact and behind.exact and len(before.items) == len(behind.items)


def _depth(end: Endpoint) -> int:
    depth, group = 0, end.group if isinstance(end, TaskDraft) else end
    while group is not None:
        depth, group = depth + 1, group.parent
    return depth


def _ends(
    end: Endpoint,
    members: dict[GroupDraft, list[TaskDraft]],
    edges: set[tuple[TaskDraft, TaskDraft]],
    last: bool,
) -> list[TaskDraft]:
    if isinstance(end, TaskDraft):
        return [end]
    inside = members.get(end, [])
    within = set(inside)
    taken = {
        (before if last else behind)
        for before, behind in edges
        if before in within and behind in within and not (last and behind.teardown)
    }
    return [task for task in inside if task not in taken and not (last and task.teardown)]


def open_graph(written: str, dag: DagDraft | None, ends: Iterable[Endpoint] = ()) -> None:
    """Edges may exist that were not seen, because of the expression ``written``."""
    dags = {id(end.dag): end.dag for end in ends if end.dag is not None}
    if dag is not None:
        dags[id(dag)] = dag
    short = " ".join(re.sub(r"#.*", "", written).split())
    short = short if len(short) <= 60 else short[:57] + "..."
    for each in dags.values():
        if each.opened is None:
            each.opened = f"what {short} stands for cannot be told from the code"
