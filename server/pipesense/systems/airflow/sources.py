"""What a task is made from: as long as all of it is the same, so is the task.

An edit in one statement of a DAG reads the whole DAG again, since any statement may change any other's task. Most
drafts come out made from the same expressions, and then their tasks need not be worked out again.
"""

from __future__ import annotations

import ast
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Final

from pipesense.lang.python.frames import Argument, Arguments, Frame
from pipesense.model.making import quick_to_make
from pipesense.systems.airflow.things import DagDraft, GroupDraft, TaskDraft


@quick_to_make
@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """``nodes`` are read for what they say, ``words`` is all else that was made of them while the file was read."""

    nodes: tuple[ast.AST, ...]
    words: tuple[Hashable, ...]


_NOTHING: Final = Source((), ())


def source_of_dag(dag: DagDraft) -> Source | None:
    """What a DAG hands to its tasks; None where that depends on what a helper was called with."""
    if dag.anchor is not None:
        return None
    parts = _parts((dag.arguments,), dag.attributes, dag.frame)
    return Source((dag.node, *parts.nodes), (dag.known, *parts.words))


def source_of_task(task: TaskDraft, dag: Source | None) -> Source | None:
    """What a task is made from; None where that depends on what a helper was called with."""
    if dag is None or task.anchor is not None:
        return None
    groups = _groups(task.group) if task.group is not None else ()
    own = _parts(task.layers, task.attributes, task.frame)
    above = _parts([each.arguments for each in groups], {}, None) if groups else _NOTHING
    nodes: list[ast.AST] = [task.node, *own.nodes, *above.nodes, *dag.nodes]
    if task.call is not None:
        nodes.append(task.call)
    if task.name_node is not None:
        nodes.append(task.name_node)
    path: str | None = None
    if task.function is not None:
        nodes.append(task.function.node)
        path = task.function.name
    classes = task.construct.classes if task.construct is not None else ()
    nodes += (each.node for each in classes)
    named = tuple(map(_NAMED, groups))
    return Source(tuple(nodes), (_SAID(task), path, len(own.nodes), named, own.words, above.words, dag.words))


def _groups(group: GroupDraft | None) -> tuple[GroupDraft, ...]:
    """A group and those around it, outwards."""
    found: list[GroupDraft] = []
    while group is not None:
        found.append(group)
        group = group.parent
    return tuple(found)


_SAID: Final = attrgetter(
    *("kind", "qualified", "facts", "name", "variable", "sets", "mapped", "listed", "setup", "teardown")
)
_NAMED: Final = attrgetter("name", "prefix")


_VALUE: Final = attrgetter("value")
_FRAME: Final = attrgetter("frame")
_EXPR: Final = attrgetter("expr")


def _parts(layers: Sequence[Arguments], attributes: Mapping[str, Argument], frame: Frame | None) -> Source:
    nodes: list[ast.AST] = []
    words: list[Hashable] = []
    frames: list[Frame | None] = [frame]
    for layer in layers:
        words.append((*layer.items, layer.opened, layer.unsure))
        if layer.call is not None:
            nodes.append(layer.call)
        given = layer.items.values()
        nodes += map(_VALUE, given)
        frames += map(_FRAME, given)
    words.append(tuple(attributes))
    nodes += map(_VALUE, attributes.values())
    frames += map(_FRAME, attributes.values())
    _add_parameters(frames, nodes, words)
    return Source(tuple(nodes), tuple(words))


def _add_parameters(frames: Sequence[Frame | None], nodes: list[ast.AST], words: list[Hashable]) -> None:
    """Add what the parameters of functions stand for: an expression there means that, too, not the file alone."""
    seen: set[Frame | None] = {None}
    # Most arguments of a task stand in one frame.
    todo = list(set(frames))
    if len(todo) > 1:
        todo = list(dict.fromkeys(frames))
    while todo:
        frame = todo.pop()
        if frame is None or frame in seen:
            continue
        seen.add(frame)
        if frame.outer is not None:
            todo.append(frame.outer)
        if frame.bound:
            words += frame.bound
            nodes += map(_EXPR, frame.bound.values())
            todo += map(_FRAME, frame.bound.values())
        for name, items in frame.spread.items():
            words.append((name, *items))
            nodes += map(_VALUE, items.values())
            todo += map(_FRAME, items.values())
