"""Writes changes as Prefect code."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from typing import Final

from pipesense.lang.python.edit import add_after, add_before, add_import, add_long_keywords, replace_node
from pipesense.lang.python.module import Module
from pipesense.lang.python.nodes import nodes_under
from pipesense.lang.python.openings import opening_in
from pipesense.model.change import (
    AddCheck,
    Change,
    Refusal,
    Replace,
    Rewrite,
    SetRetry,
    SetRetryPause,
    SetTimeout,
    UseNewApi,
)
from pipesense.model.flow import Pipeline, Task
from pipesense.model.value import Version
from pipesense.quality.python import queries
from pipesense.systems.prefect.lift import Built, built_in
from pipesense.systems.prefect.things import Thing

Items = Sequence[tuple[str, str]]
_HELD: Final = Refusal("Where the settings of this task are written cannot be told.")


def write(change: Change, module: Module, version: Version) -> tuple[Replace, ...] | Refusal:
    """The replacements that make a change, or why they cannot be written here."""
    match change:
        case Replace():
            return (change,)
        case Rewrite():
            return change.parts
        case SetRetry() | SetRetryPause() | SetTimeout() | AddCheck():
            built = _find(change.pipeline, module, version)
            if built is None:
                return Refusal(f"Flow {change.pipeline.name} is no longer where it was.")
            match change:
                case SetRetry():
                    return _set_retry(change, built, module, [("retries", str(change.attempts))])
                case SetRetryPause():
                    return _set_retry(change, built, module, [])
                case SetTimeout():
                    return _set_timeout(change, built, module)
                case AddCheck():
                    return _add_check(change, built, module)
        case UseNewApi():
            return Refusal(f"{change.use.what} has no successor of the same form.")
        case _:
            return Refusal("Prefect has nothing of this kind.")


def _find(pipeline: Pipeline, module: Module, version: Version) -> Built | None:
    """The flow as it is now."""
    found = [each for statement in module.body for each in built_in(module, version, statement)]
    same = [each for each in found if each.lean.pipeline.name == pipeline.name]
    return next((each for each in same if each.lean.pipeline.loc == pipeline.loc), same[0] if len(same) == 1 else None)


def _chosen(task: Task | None, tasks: Sequence[Task], built: Built) -> list[tuple[Task, Thing]]:
    """The tasks to change with what makes them, each function once: ``task``, else ``tasks``."""
    things = dict(zip([each.name for each in built.lean.pipeline.tasks], built.things, strict=True))
    chosen: dict[ast.AST, tuple[Task, Thing]] = {}
    for each in (task,) if task is not None else tasks:
        if each.name in things:
            chosen.setdefault(things[each.name].node, (each, things[each.name]))
    return list(chosen.values())


def _set_retry(
    change: SetRetry | SetRetryPause, built: Built, module: Module, counts: Items
) -> tuple[Replace, ...] | Refusal:
    """Retries with a growing pause, ``counts`` saying how many; a flow has no growing pauses."""
    chosen = _chosen(change.task, change.tasks, built)
    if not any(thing.role == "task" for _, thing in chosen):
        items = [*counts, ("retry_delay_seconds", str(change.delay_seconds))]
        return _set(chosen, items, module)
    growing, imports = add_import(module, "exponential_backoff", "prefect.tasks")
    items = [
        *counts,
        ("retry_delay_seconds", f"{growing}(backoff_factor={change.delay_seconds})"),
        ("retry_jitter_factor", "1"),
    ]
    made = _set([pair for pair in chosen if pair[1].role == "task"], items, module)
    if isinstance(made, Refusal):
        return made
    return (*made, *imports) if any(growing in part.text for part in made) else made


def _set_timeout(change: SetTimeout, built: Built, module: Module) -> tuple[Replace, ...] | Refusal:
    chosen = _chosen(change.task, change.tasks, built)
    return _set(chosen, [("timeout_seconds", str(3600 * change.hours))], module)


def _set(chosen: Sequence[tuple[Task, Thing]], items: Items, module: Module) -> tuple[Replace, ...] | Refusal:
    """Write ``items`` into the decorators; what is set there already stays."""
    edits: list[Replace] = []
    for task, thing in chosen:
        if thing.given is not None:
            return Refusal(f"Task {task.name} gets its settings from {thing.kind}, which other tasks may share.")
        place: ast.AST = thing.layers[-1][1] if thing.layers else thing.node
        if module.loc(place).file != module.path:
            return Refusal(f"Task {task.name} is made in another file, {module.loc(place).file}.")
        given = {name for _, arguments in thing.arguments(module) for name in arguments.items}
        missing = [(name, value) for name, value in items if name not in given]
        if thing.layers:
            edits += add_long_keywords(module, thing.layers[-1][1], missing)
        elif thing.bare is not None:
            text = ", ".join(f"{name}={value}" for name, value in missing)
            edits.append(replace_node(module, thing.bare, f"{module.text_of(thing.bare)}({text})"))
    return tuple(edits) if edits else _HELD


def _add_check(change: AddCheck, built: Built, module: Module) -> tuple[Replace, ...] | Refusal:
    """A task that runs the checks over the load's own connection, called behind the load."""
    things = dict(zip([each.name for each in built.lean.pipeline.tasks], built.things, strict=True))
    thing = things.get(change.task.name)
    if thing is None or thing.function.module is not module:
        return Refusal(f"Task {change.task.name} is not made in this file.")
    if thing.role == "flow":
        return Refusal("The flow loads without a task; what runs behind the load cannot be told apart from it.")
    if change.task.mapped:
        return Refusal(
            f"Task {change.task.name} runs once per element; where its check belongs is for people to decide."
        )
    opening = opening_in(module, thing.function)
    if opening is None or opening.parameters:
        return Refusal("How the load opens its database cannot be repeated in a check.")
    load = next(call for what, call in built.calls if what == thing)
    statement = _statement(built.flow.node, load)
    if statement is None:
        return Refusal("Where the load is called in the flow cannot be told.")
    stem = "check_" + re.sub(r"\W+", "_", str(change.plan.dataset)).strip("_").lower()
    while module.table.mentions(stem):
        stem += "_"
    decorator, imports = add_import(module, "task", "prefect")
    text_function, more = add_import(module, "text", "sqlalchemy") if opening.way == "engine" else ("", ())
    lines = [
        f"@{decorator}",
        f"def {stem}():",
        f'    """Fail when {change.plan.table} is not as it must be."""',
        *(f"    {line}" for line in queries(change.plan, "queries")),
        *(f"    {line}" for line in opening.lines("queries", "wrong", text_function)),
        "    if wrong:",
        f'        raise ValueError(f"{change.plan.table} fails its checks: {{wrong}}")',
    ]
    call = _call(stem, statement, load)
    if isinstance(call, Refusal):
        return call
    defined = add_before(module, built.flow.node, "\n".join(lines) + "\n\n")
    return (*defined, *add_after(module, statement, call), *imports, *more)


def _statement(flow: ast.FunctionDef | ast.AsyncFunctionDef, call: ast.Call) -> ast.stmt | None:
    """The innermost statement of the flow's body that holds a call."""
    found: ast.stmt | None = None
    for node in nodes_under(flow):
        simple = isinstance(node, ast.Expr | ast.Assign | ast.AnnAssign)
        if simple and any(inner is call for inner in nodes_under(node)):
            found = node  # type: ignore[assignment]
    return found


def _call(stem: str, statement: ast.stmt, call: ast.Call) -> str | Refusal:
    """The call of the check, behind the end of the load."""
    func = call.func
    if not isinstance(func, ast.Attribute) or func.attr not in ("submit", "map", "delay"):
        return f"{stem}()"
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name) and statement.value is call:
        return f"{stem}(wait_for=[{statement.targets[0].id}])"
    return Refusal("The load is only started here; give what it returns a name, so that the check can wait for it.")
