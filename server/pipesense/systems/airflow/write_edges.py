"""Writes edges between tasks."""

from __future__ import annotations

import ast
from typing import Final

from pipesense.lang.python.edit import add_after
from pipesense.lang.python.module import Module
from pipesense.lang.python.nodes import nodes_under
from pipesense.model.change import Refusal, Replace, WaitFor
from pipesense.systems.airflow.pipeline import Built
from pipesense.systems.airflow.things import TaskDraft

_LOOPS: Final = (ast.For, ast.AsyncFor, ast.While, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def wait_for(change: WaitFor, built: Built, module: Module) -> tuple[Replace, ...] | Refusal:
    """``check >> publish`` as a line behind the last one of their block that puts one of them in order."""
    tasks = [*change.others, change.task]
    drafts = [_draft(task.name, built) for task in tasks]
    body: list[ast.stmt] | None = None
    names: list[str] = []
    for task, draft in zip(tasks, drafts, strict=True):
        if draft is None or draft.call is None or module.loc(draft.call).file != module.path:
            return Refusal(f"Task {task.name} is not made by a call in this file.")
        if any(isinstance(node, _LOOPS) for node in module.enclosing(draft.call)):
            return Refusal(f"Task {task.name} is made in a loop; what waits for it belongs there.")
        own = _body(draft.call, module)
        if draft.variable is None or own is None:
            return Refusal(f"Task {task.name} is not assigned to a name, so nothing can be put in order with it.")
        if body is not None and own[0] is not body[0]:
            return Refusal("The tasks are made in different blocks; where their order is written is for people to say.")
        body, names = own, [*names, draft.variable]
    at = _last(body or [], frozenset(names))
    if at is None:
        return Refusal("There is no certain place for their order.")
    before = names[0] if len(names) == 2 else f"[{', '.join(names[:-1])}]"
    return add_after(module, at, f"{before} >> {names[-1]}")


def _draft(name: str, built: Built) -> TaskDraft | None:
    pairs = zip(built.drafts, built.pipeline.tasks, strict=True)
    same = [draft for draft, task in pairs if task.name == name]
    return same[0] if len(same) == 1 else None


def _body(call: ast.Call, module: Module) -> list[ast.stmt] | None:
    """The statements of which one gives the value of a call to a name."""
    holder = next(iter(module.enclosing(call)), None)
    fields = ("body", "orelse", "finalbody")
    bodies = [module.body] if holder is None else [getattr(holder, field, []) for field in fields]
    return next((body for body in bodies if any(_gives(each, call) for each in body)), None)


def _gives(statement: ast.stmt, call: ast.Call) -> bool:
    return isinstance(statement, ast.Assign) and statement.value is call


def _last(body: list[ast.stmt], names: frozenset[str]) -> ast.stmt | None:
    """The last statement of a block that gives one of the names a value, or puts it in order."""
    found: ast.stmt | None = None
    for statement in body:
        if isinstance(statement, ast.Assign):
            mentions = any(isinstance(each, ast.Name) and each.id in names for each in statement.targets)
        else:
            mentions = isinstance(statement, ast.Expr) and any(
                isinstance(each, ast.Name) and each.id in names for each in nodes_under(statement)
            )
        found = statement if mentions else found
    return found
