"""What expressions stand for while a DAG file is read: tasks, groups, DAGs, and collections of them.

Drafts are filled while the walk goes on; ``pipeline.py`` turns them into the model's Pipeline and Task.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pipesense.lang.python.frames import NO_ARGUMENTS, Argument, Arguments, Frame
from pipesense.lang.python.module import Function, FunctionNode

if TYPE_CHECKING:
    from pipesense.systems.airflow.names import Construct
    from pipesense.systems.airflow.tables.facts import OperatorFacts


@dataclass(slots=True, eq=False)
class DagDraft:
    """A DAG while it is read.

    Attributes:
        node: the call or the decorated function that makes it.
        arguments: what it is given.
        frame: where its arguments are read.
        name: its id; a template where the id is computed.
        name_node: the expression of the id, None where the function's name serves.
        known: the callable is Airflow's own; False for a wrapper whose signature nobody here knows.
        anchor: the call in the linked file that led to it, when a function of the workspace makes it.
        attributes: what is assigned to it later (``dag.catchup = False``).
        opened: why edges may exist that were not seen.
    """

    node: ast.Call | FunctionNode
    arguments: Arguments
    frame: Frame
    name: str
    name_node: ast.expr | None
    known: bool
    anchor: ast.Call | None = None
    attributes: dict[str, Argument] = field(default_factory=dict)
    opened: str | None = None


@dataclass(slots=True, eq=False)
class GroupDraft:
    """A task group; ``prefix`` tells whether its id goes before the names of its tasks."""

    name: str
    parent: GroupDraft | None
    dag: DagDraft | None
    arguments: Arguments
    prefix: bool = True

    def path(self) -> str:
        """What stands before the names of the group's tasks."""
        above = self.parent.path() if self.parent else ""
        return f"{above}{self.name}." if self.prefix else above


@dataclass(slots=True, eq=False)
class TaskDraft:
    """A task while it is read.

    Attributes:
        node: the operator call, or the decorated function.
        frame: where its arguments are read.
        kind: the class or decorator, as people write it.
        qualified: its full name, "" where it is unknown.
        facts: what the tables know about the class.
        layers: its arguments, the strongest first (``override`` before the call or decorator).
        function: the function that a decorator made a task.
        name: the task's id without groups.
        name_node: the expression of the id, None where a function's name serves.
        call: the call that makes the task (of the operator, or of the decorated function).
        sets: argument names that the class itself mentions, so that it may set them.
        construct: what the class is, for operators.
        listed: what it is mapped over is written down in the file, and short.
    """

    node: ast.Call | FunctionNode
    frame: Frame
    kind: str
    qualified: str
    facts: OperatorFacts | None
    layers: tuple[Arguments, ...]
    name: str
    name_node: ast.expr | None
    function: Function | None = None
    dag: DagDraft | None = None
    group: GroupDraft | None = None
    variable: str | None = None
    mapped: bool = False
    listed: bool = False
    setup: bool = False
    teardown: bool = False
    anchor: ast.Call | None = None
    call: ast.Call | None = None
    attributes: dict[str, Argument] = field(default_factory=dict)
    sets: frozenset[str] = frozenset()
    construct: Construct | None = None

    def argument(self, *names: str) -> Argument | None:
        """The argument of that name that applies."""
        for layer in self.layers:
            items = layer.items
            for name in names:
                if name in items:
                    return items[name]
        return None


@dataclass(frozen=True, slots=True, eq=False)
class FunctionThing:
    """A function. ``role``: "task", "task_group", "dag" (decorated so) or "plain"."""

    function: Function
    role: str
    kind: str
    decorator: Arguments
    outer: Frame | None = None
    overrides: tuple[Arguments, ...] = ()
    partial: Arguments = NO_ARGUMENTS
    setup: bool = False
    teardown: bool = False

    def override(self, arguments: Arguments) -> FunctionThing:
        """The function with stronger arguments."""
        return replace(self, overrides=(arguments, *self.overrides))


@dataclass(frozen=True, slots=True, eq=False)
class PartialThing:
    """``Operator.partial(...)``, not yet expanded."""

    call: ast.Call
    base: ast.expr
    arguments: Arguments
    frame: Frame


@dataclass(frozen=True, slots=True, eq=False)
class Many:
    """Several things, any of which may be meant; ``exact`` where it is a sequence that is known completely."""

    items: tuple[Thing | None, ...]
    exact: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Keyed:
    """A dictionary of things; keys are constants, or the text of the key where it is computed."""

    items: Mapping[str, Thing | None]


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """An edge label, with the tasks that stand before it."""

    source: Thing | None


Thing = DagDraft | GroupDraft | TaskDraft | FunctionThing | PartialThing | Many | Keyed | Labelled
Endpoint = TaskDraft | GroupDraft


def endpoints(thing: Thing | None) -> tuple[list[Endpoint], bool]:
    """The tasks and groups in a thing, and whether that is all of it."""
    if isinstance(thing, TaskDraft | GroupDraft):
        return [thing], True
    if isinstance(thing, Labelled):
        return endpoints(thing.source) if thing.source is not None else ([], True)
    if isinstance(thing, Many | Keyed):
        items = thing.items if isinstance(thing, Many) else thing.items.values()
        found: list[Endpoint] = []
        whole = True
        for item in items:
            inner, complete = endpoints(item)
            found += inner
            whole = whole and complete
        return found, whole
    return [], False


def merge(left: Thing | None, right: Thing | None) -> Thing | None:
    """Either of two things."""
    if left is right or right is None:
        return left
    if left is None:
        return right
    items = [
        *(left.items if isinstance(left, Many) else (left,)),
        *(right.items if isinstance(right, Many) else (right,)),
    ]
    return Many(tuple(dict.fromkeys(items)), exact=False)
