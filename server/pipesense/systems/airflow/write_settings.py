"""Writes retries, timeouts and start dates: into the shared defaults, or at one task."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from typing import Final

from pipesense.lang.python.edit import add_entries, add_import, add_keywords, add_long_keywords, quote, replace_node
from pipesense.lang.python.frames import constant, dictionary
from pipesense.lang.python.layers import Hit, look_up
from pipesense.lang.python.module import Module
from pipesense.lang.python.nodes import nodes_under
from pipesense.lang.python.syntax import parsed_of
from pipesense.model.change import (
    LimitMapped,
    LimitRuns,
    Refusal,
    Replace,
    SetRetry,
    SetRetryPause,
    SetTimeout,
    WaitWithoutSlot,
)
from pipesense.model.flow import Role, Task
from pipesense.model.value import Absent, Known, known
from pipesense.model.where import Loc
from pipesense.systems.airflow.pipeline import Built
from pipesense.systems.airflow.settings import Defaults
from pipesense.systems.airflow.things import DagDraft, TaskDraft
from pipesense.text.span import Span

_FIXED_DATE: Final = (2024, 1, 1)
"""A first date that is the same whenever the fix is made; whoever applies it puts the right one."""
_MOMENTS: Final = ("datetime.datetime", "pendulum.datetime", "airflow.utils.timezone.datetime")

Items = Sequence[tuple[str, str]]


def set_retry(change: SetRetry | SetRetryPause, built: Built, module: Module) -> tuple[Replace, ...] | Refusal:
    """Retries with a growing pause, or the pause alone, beside retries that are set already."""
    duration, imports = add_import(module, "timedelta", "datetime")
    counts = [("retries", str(change.attempts))] if isinstance(change, SetRetry) else []
    items = [
        *counts,
        ("retry_delay", f"{duration}(minutes={change.delay_minutes})"),
        ("retry_exponential_backoff", "True"),
    ]
    return _set(built, change.task, items, tuple(name for name, _ in counts), "retry_delay", imports, module)


def set_timeout(change: SetTimeout, built: Built, module: Module) -> tuple[Replace, ...] | Refusal:
    """A limit on how long an attempt may take."""
    if change.task is not None and known(change.task.role) is Role.SENSOR:
        seconds = "60 * 60" if change.hours == 1 else f"{change.hours} * 60 * 60"
        return _set(built, change.task, [("timeout", seconds)], ("timeout",), "", (), module)
    duration, imports = add_import(module, "timedelta", "datetime")
    items = [("execution_timeout", f"{duration}(hours={change.hours})")]
    return _set(built, change.task, items, ("execution_timeout",), "execution_timeout", imports, module)


def set_at_task(
    change: WaitWithoutSlot | LimitMapped | LimitRuns, built: Built, module: Module
) -> tuple[Replace, ...] | Refusal:
    """A sensor that is rescheduled between its looks, or a limit on how many runs or mapped tasks are under way."""
    if isinstance(change, LimitRuns):
        return _limit_runs(change, built, module)
    if isinstance(change, LimitMapped):
        name, value = "max_active_tis_per_dagrun", str(change.at_once)
    else:
        name, value = "mode", quote(module, "reschedule", module.body[0]) if module.body else '"reschedule"'
    return _set(built, change.task, [(name, value)], (name,), "", (), module)


def _limit_runs(change: LimitRuns, built: Built, module: Module) -> tuple[Replace, ...] | Refusal:
    call = built.dag.arguments.call
    if call is None or not built.dag.known or module.loc(call).file != module.path:
        return Refusal("Where the DAG takes its arguments cannot be told.")
    return add_keywords(module, call, [("max_active_runs", str(change.at_once))])


def _set(
    built: Built,
    task: Task | None,
    items: Items,
    wanted: tuple[str, ...],
    needs_import: str,
    imports: tuple[Replace, ...],
    module: Module,
) -> tuple[Replace, ...] | Refusal:
    """Write ``items``; those that are set already stay, unless they are ``wanted`` and set to None."""
    if task is None:
        given, missing = _shared(built.dag, items, wanted, module)
    else:
        draft = _draft(built, task)
        if draft is None:
            return Refusal(f"Task {task.name} is no longer where it was.")
        given, missing = _own(built, draft, items, wanted, module)
    if isinstance(given, Refusal):
        return given
    if not given:
        return Refusal("There is no room for the setting in this call.")
    return (*given, *imports) if needs_import in missing else given


def _draft(built: Built, task: Task) -> TaskDraft | None:
    for draft, made in zip(built.drafts, built.pipeline.tasks, strict=True):
        if made.name == task.name and made.loc == task.loc:
            return draft
    named = [d for d, made in zip(built.drafts, built.pipeline.tasks, strict=True) if made.name == task.name]
    return named[0] if len(named) == 1 else None


def _shared(
    dag: DagDraft, items: Items, wanted: tuple[str, ...], module: Module
) -> tuple[tuple[Replace, ...] | Refusal, frozenset[str]]:
    everything = frozenset(name for name, _ in items)
    given = dag.arguments.get("default_args")
    if "default_args" in dag.attributes:
        return Refusal("default_args is replaced after the DAG is made."), everything
    if given is None:
        return _new_defaults(dag, items, module), everything
    found = dictionary(given.value, given.frame)
    literal = found.literal
    if literal is None:
        return Refusal("default_args is not written as a dictionary that could be extended here."), everything
    place = module.loc(literal)
    if place.file != module.path:
        return Refusal(f"The default_args of this DAG are written in another file, {place.file}."), everything
    replaced = [
        replace_node(module, found.entries[name].value, value)
        for name, value in items
        if name in wanted and name in found.entries
    ]
    missing = [(name, value) for name, value in items if name not in found.entries]
    added = (
        add_entries(module, literal, missing)
        if isinstance(literal, ast.Dict)
        else add_keywords(module, literal, missing)
    )
    return (*replaced, *added), frozenset(name for name, _ in missing)


def _new_defaults(dag: DagDraft, items: Items, module: Module) -> tuple[Replace, ...] | Refusal:
    if not dag.known:
        return Refusal(
            "The DAG is made by a class or function that is not Airflow's own; what it accepts is not known."
        )
    if dag.arguments.why_unsure("default_args") is not None:
        return Refusal("The DAG gets arguments from a dictionary, and default_args may be among them.")
    node = dag.node
    if isinstance(node, ast.Call):
        if module.loc(node).file != module.path:
            return Refusal("The DAG is made in another file.")
        return _add_defaults(node, items, module)
    call = dag.arguments.call
    if call is not None:
        return _add_defaults(call, items, module)
    for decorator in node.decorator_list:
        if not isinstance(decorator, ast.Call) and module.text_of(decorator).rpartition(".")[2] == "dag":
            text = f"{module.text_of(decorator)}(default_args={_dict_text(items, decorator, module)})"
            return (replace_node(module, decorator, text),)
    return Refusal("Where the DAG takes its arguments cannot be told.")


def _add_defaults(call: ast.Call, items: Items, module: Module) -> tuple[Replace, ...]:
    return add_long_keywords(
        module,
        call,
        [("default_args", _dict_text(items, call, module))],
        lambda indent: [("default_args", _folded(items, call, module, indent))],
    )


def _dict_text(items: Items, near: ast.expr, module: Module) -> str:
    """A dictionary literal, over several lines where the call around it is."""
    indent = _argument_indent(near, module) if isinstance(near, ast.Call) else None
    if indent is None:
        return "{" + ", ".join(f"{quote(module, name, near)}: {value}" for name, value in items) + "}"
    return _folded(items, near, module, indent)


def _folded(items: Items, near: ast.expr, module: Module, indent: str) -> str:
    entries = (f"{indent}    {quote(module, name, near)}: {value},\n" for name, value in items)
    return "{\n" + "".join(entries) + indent + "}"


def _argument_indent(call: ast.Call, module: Module) -> str | None:
    """The indentation of a call's arguments where each stands in a line of its own."""
    arguments = [*call.args, *call.keywords]
    if not arguments:
        return None
    text = parsed_of(call).text
    start = module.loc(arguments[-1]).span.start
    before = text[text.rfind("\n", 0, start) + 1 : start]
    return before if not before.strip() and "\n" in text[:start] else None


def _own(
    built: Built, draft: TaskDraft, items: Items, wanted: tuple[str, ...], module: Module
) -> tuple[tuple[Replace, ...] | Refusal, frozenset[str]]:
    everything = frozenset(name for name, _ in items)
    layers = Defaults(built.dag).layers(draft)
    hits = {name: look_up(layers, name) for name, _ in items}
    own = draft.layers[-1] if draft.function is not None else draft.layers[0]
    replaced = [
        replace_node(module, own.items[name].value, value)
        for name, value in items
        if name in wanted and name in own.items and _is_none(own.items[name].value, draft)
    ]
    missing = [
        (name, value)
        for name, value in items
        if name not in own.items and (name in wanted or not isinstance(hits[name], Hit))
    ]
    call = own.call
    if call is not None:
        if module.loc(call).file != module.path:
            return Refusal("The task is made in another file."), everything
        return (*replaced, *add_keywords(module, call, missing)), frozenset(name for name, _ in missing)
    if not isinstance(draft.node, ast.Call):
        text = ", ".join(f"{name}={value}" for name, value in missing)
        for decorator in draft.node.decorator_list:
            written = module.text_of(decorator)
            named = written in (draft.kind[1:], written.rpartition(".")[0] + "." + draft.kind[1:])
            # A decorator of the project may take no arguments, or others.
            own_of_airflow = any(name.startswith("airflow.") for name in module.qualified(decorator))
            if not isinstance(decorator, ast.Call) and named and own_of_airflow:
                return (replace_node(module, decorator, f"{written}({text})"),), frozenset(name for name, _ in missing)
    return Refusal("Where the task takes its arguments cannot be told."), everything


def _is_none(expr: ast.expr, draft: TaskDraft) -> bool:
    value = constant(expr, draft.frame)
    return isinstance(value, Known) and value.value is None


def set_start_date(built: Built, module: Module) -> tuple[Replace, ...] | Refusal:
    """A fixed date in place of one from the clock, in the way the file writes dates.

    Where nothing says that missed runs are left alone, that is said too: from a date long ago there would be many.
    """
    moving = built.pipeline.schedule.moving_start
    if moving is None:
        return Refusal("The start date does not move.")
    if moving.file != module.path:
        return Refusal(f"The start date is written in another file, {moving.file}.")
    return (*_fixed_date(moving, module), *_no_catchup(built, module))


def _no_catchup(built: Built, module: Module) -> tuple[Replace, ...]:
    schedule, call = built.pipeline.schedule, built.dag.arguments.call
    text = schedule.text.default if isinstance(schedule.text, Absent) else schedule.text
    never = schedule.triggered or (isinstance(text, Known) and text.value in (None, "@once", "@continuous"))
    if never or not isinstance(schedule.catchup, Absent) or known(schedule.catchup.default) is False:
        return ()
    if call is None or not built.dag.known or module.loc(call).file != module.path:
        return ()
    return add_keywords(module, call, [("catchup", "False")])


def _fixed_date(moving: Loc, module: Module) -> tuple[Replace, ...]:
    date = ", ".join(map(str, _first_date(module) or _FIXED_DATE))
    if any(name == "pendulum" for name in module.imports()):
        written, imports = add_import(module, "datetime", "pendulum")
        return (Replace(moving, f'{written}({date}, tz="UTC")'), *imports)
    written, imports = add_import(module, "datetime", "datetime")
    zone = _utc(module)
    if zone:
        date += f", tzinfo={zone}"
    unused = _import_used_once(module, moving)
    if unused is not None:
        # Airflow 3 has no days_ago, and nothing else in the file asks for it.
        gone = remove_line(unused, module)
        if any(_touch(part.loc, gone.loc) for part in imports):
            return (
                Replace(moving, f"{written}({date})"),
                replace_node(module, unused, "from datetime import datetime"),
            )
        return (Replace(moving, f"{written}({date})"), gone, *imports)
    return (Replace(moving, f"{written}({date})"), *imports)


def _first_date(module: Module) -> tuple[int, ...] | None:
    """The earliest day that another DAG of the file starts with, None where none is written."""
    given = [word.value for site in module.calls() for word in site.node.keywords if word.arg == "start_date"]
    given += [
        value
        for each in module.body
        for node in nodes_under(each)
        if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant) and key.value == "start_date"
    ]
    return min(filter(None, (_day_of(module, value) for value in given)), default=None)


def _day_of(module: Module, value: ast.expr) -> tuple[int, ...] | None:
    """``datetime(2023, 5, 1)`` as its three numbers."""
    if not isinstance(value, ast.Call) or not set(_MOMENTS) & set(module.qualified(value.func)):
        return None
    parts = [part.value for part in value.args[:3] if isinstance(part, ast.Constant) and isinstance(part.value, int)]
    return tuple(parts) if len(parts) == 3 else None


def _utc(module: Module) -> str:
    """UTC as the file can write it without another import, "" where it cannot."""
    found = ""
    for statement in module.body:
        if isinstance(statement, ast.ImportFrom) and statement.module == "datetime" and not statement.level:
            for alias in statement.names:
                if alias.name == "timezone":
                    return f"{alias.asname or alias.name}.utc"
                if alias.name == "UTC":
                    found = alias.asname or alias.name
        elif isinstance(statement, ast.Import):
            for alias in statement.names:
                if alias.name == "datetime":
                    found = f"{alias.asname or alias.name}.timezone.utc"
    return found


def _import_used_once(module: Module, moving: Loc) -> ast.ImportFrom | None:
    """The import of days_ago alone, where the moving date is its only use."""
    for statement in module.body:
        if isinstance(statement, ast.ImportFrom) and statement.module == "airflow.utils.dates":
            names = [alias.asname or alias.name for alias in statement.names]
            uses = [
                module.loc(node) for other in module.body for node in nodes_under(other) if _is_name(node, names[0])
            ]
            if names == ["days_ago"] and len(uses) == 1 and _inside(uses[0], moving):
                return statement
    return None


def _is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _inside(inner: Loc, outer: Loc) -> bool:
    return inner.unit == outer.unit and outer.span.start <= inner.span.start and inner.span.end <= outer.span.end


def _touch(one: Loc, other: Loc) -> bool:
    return one.unit == other.unit and one.span.start <= other.span.end and other.span.start <= one.span.end


def remove_line(statement: ast.stmt, module: Module) -> Replace:
    """Take a statement out, with its line break."""
    loc = module.loc(statement)
    text = parsed_of(statement).text
    behind = re.compile(r"\r\n|\n|\r").match(text, loc.span.end)
    return Replace(loc.at(Span(loc.span.start, behind.end() if behind else loc.span.end)), "")
