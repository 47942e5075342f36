"""What is known so far while DAG code is read from top to bottom."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from pipesense.lang.python.frames import Frame
from pipesense.lang.python.module import Module
from pipesense.systems.airflow.edges import EdgeBook
from pipesense.systems.airflow.names import Names
from pipesense.systems.airflow.things import DagDraft, GroupDraft, TaskDraft, Thing

MAX_INLINE = 5
"""How deep calls of the workspace's own functions are followed."""
MAX_TASKS = 5000
"""Enough for any file that people write; generated code beyond it is read no further."""


Evaluate = Callable[["Reading", ast.expr, Frame, "str | None"], "Thing | None"]
ReadBody = Callable[["Reading", Sequence[ast.stmt], Frame], "Thing | None"]


class Reading:
    """Drafts, edges and the surrounding ``with`` blocks.

    Attributes:
        home: the file that is lifted; helpers may come from other files.
        anchor: the outermost call in ``home`` that is being followed into a helper, None at its own level.
        lasting: the frame of the file's own level, where what is read in it may be kept for the next link.
        varies: something in the file may ask the clock or the dice.
    """

    def __init__(
        self,
        home: Module,
        names: Names,
        evaluate: Evaluate,
        read_body: ReadBody,
        lasting: Frame | None = None,
        *,
        varies: bool = True,
    ) -> None:
        self._evaluate = evaluate
        self._read_body = read_body
        self.home = home
        self.lasting = lasting
        self.varies = varies
        self.names = names
        self.edges = EdgeBook()
        self.tasks: list[TaskDraft] = []
        self.dags: list[DagDraft] = []
        self.dag_stack: list[DagDraft] = []
        self.group_stack: list[GroupDraft] = []
        self.inlining: list[ast.AST] = []
        self.anchor: ast.Call | None = None
        self.followed: set[ast.AST] = set()

    def evaluate(self, expr: ast.expr, frame: Frame, target: str | None = None) -> Thing | None:
        """What an expression stands for; ``target`` is the name it will be bound to."""
        return self._evaluate(self, expr, frame, target)

    def read_body(self, body: Sequence[ast.stmt], frame: Frame) -> Thing | None:
        """Read the statements of a helper; what they return."""
        return self._read_body(self, body, frame)

    @property
    def dag(self) -> DagDraft | None:
        """The DAG that tasks made here belong to when they name none."""
        return self.dag_stack[-1] if self.dag_stack else None

    @property
    def group(self) -> GroupDraft | None:
        """The group that tasks made here belong to."""
        return self.group_stack[-1] if self.group_stack else None

    @contextmanager
    def inside(self, dag: DagDraft | None = None, group: GroupDraft | None = None) -> Iterator[None]:
        """Within the ``with`` block (or the decorated body) of a DAG or group."""
        groups = self.group_stack
        if dag is not None:
            self.dag_stack.append(dag)
            self.group_stack = []
        if group is not None:
            self.group_stack.append(group)
        try:
            yield
        finally:
            if dag is not None:
                self.dag_stack.pop()
                self.group_stack = groups
            if group is not None:
                self.group_stack.pop()

    @contextmanager
    def following(self, node: ast.AST, call: ast.Call | None) -> Iterator[bool]:
        """Inside a helper's body; False where it must not be entered (recursion, too deep)."""
        if node in self.inlining or len(self.inlining) >= MAX_INLINE or len(self.tasks) >= MAX_TASKS:
            yield False
            return
        anchor = self.anchor
        self.anchor = anchor or call
        self.inlining.append(node)
        self.followed.add(node)
        try:
            with self.edges.doubted():
                yield True
        finally:
            self.inlining.pop()
            self.anchor = anchor
