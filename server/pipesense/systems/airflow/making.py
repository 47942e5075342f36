"""Makes drafts: DAGs, groups and tasks from the calls and decorators that make the real ones."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from pipesense.lang.python.frames import (
    Argument,
    Arguments,
    Frame,
    constant,
    read_arguments,
    template,
)
from pipesense.model.value import Known, Unknown
from pipesense.systems.airflow.names import Construct, Names, last_part
from pipesense.systems.airflow.reading import Reading
from pipesense.systems.airflow.things import (
    DagDraft,
    FunctionThing,
    GroupDraft,
    Labelled,
    Many,
    PartialThing,
    TaskDraft,
    Thing,
)

DAG_POSITIONS: Final = ("dag_id", "description", "schedule")


def make_dag(reading: Reading, call: ast.Call, frame: Frame, construct: Construct) -> DagDraft:
    """A DAG from ``DAG(...)`` or from a class that looks like a DAG."""
    known = construct.role == "dag"
    arguments = read_arguments(call, frame, DAG_POSITIONS if known else ("dag_id",))
    name = arguments.get("dag_id")
    dag = DagDraft(
        node=call,
        arguments=arguments,
        frame=frame,
        name=template(name.value, name.frame) if name is not None else "{...}",
        name_node=name.value if name is not None else None,
        known=known,
        anchor=reading.anchor,
    )
    reading.dags.append(dag)
    return dag


def make_dag_from_function(
    reading: Reading, thing: FunctionThing, node: ast.FunctionDef | ast.AsyncFunctionDef, frame: Frame
) -> DagDraft:
    """A DAG from a function that ``@dag`` decorates."""
    name = thing.decorator.get("dag_id")
    dag = DagDraft(
        node=node,
        arguments=thing.decorator,
        frame=frame,
        name=template(name.value, name.frame) if name is not None else node.name,
        name_node=name.value if name is not None else None,
        known=True,
        anchor=reading.anchor,
    )
    reading.dags.append(dag)
    return dag


def unknown_dag(reading: Reading, item: ast.withitem, frame: Frame) -> DagDraft | None:
    """A DAG from a call that nobody here can read (``with create_dag("x") as dag:``)."""
    call = item.context_expr
    if not isinstance(call, ast.Call):
        return None
    bound = item.optional_vars.id if isinstance(item.optional_vars, ast.Name) else ""
    words = f"{last_part(call.func)} {bound}".lower()
    if "dag" not in words:
        return None
    given = read_arguments(call, frame, ("dag_id",))
    arguments = Arguments(given.items, Unknown(f"{frame.module.text_of(call.func)} is not in the workspace"), call)
    name = given.get("dag_id")
    readable = name is not None and isinstance(constant(name.value, name.frame), Known)
    dag = DagDraft(
        node=call,
        arguments=arguments,
        frame=frame,
        name=template(name.value, name.frame) if name is not None and readable else bound or "{...}",
        name_node=name.value if name is not None and readable else None,
        known=False,
        anchor=reading.anchor,
    )
    reading.dags.append(dag)
    return dag


def make_group(reading: Reading, call: ast.Call, frame: Frame) -> GroupDraft:
    """A group from ``TaskGroup(...)``."""
    arguments = read_arguments(call, frame, ("group_id",))
    return _group(reading, arguments, arguments.get("group_id"), "")


def make_group_from_function(reading: Reading, thing: FunctionThing, frame: Frame) -> GroupDraft:
    """A group from a function that ``@task_group`` decorates."""
    layers = (*thing.overrides, thing.decorator)
    items: dict[str, Argument] = {}
    for layer in reversed(layers):
        items.update(layer.items)
    opened = next((layer.opened for layer in layers if layer.opened is not None), None)
    arguments = Arguments(items, opened, thing.decorator.call)
    return _group(reading, arguments, arguments.get("group_id"), getattr(thing.function.node, "name", ""))


def _group(reading: Reading, arguments: Arguments, name: Argument | None, otherwise: str) -> GroupDraft:
    prefix = arguments.get("prefix_group_id")
    value = prefix.constant() if prefix is not None else None
    named_dag = arguments.get("dag")
    dag = reading.evaluate(named_dag.value, named_dag.frame) if named_dag is not None else None
    above = arguments.get("parent_group")
    parent = reading.evaluate(above.value, above.frame) if above is not None else None
    return GroupDraft(
        name=template(name.value, name.frame) if name is not None else otherwise or "{...}",
        parent=parent if isinstance(parent, GroupDraft) else reading.group,
        dag=dag if isinstance(dag, DagDraft) else reading.dag,
        arguments=arguments,
        prefix=not (isinstance(value, Known) and value.value is False),
    )


def make_partial(call: ast.Call, base: ast.expr, frame: Frame) -> PartialThing:
    """``Operator.partial(...)``."""
    return PartialThing(call, base, read_arguments(call, frame), frame)


@dataclass(frozen=True, slots=True, eq=False)
class Operator:
    """What an operator call says by itself, whatever stands around it."""

    call: ast.Call
    construct: Construct
    arguments: Arguments
    kind: str
    name: str
    name_node: ast.expr | None
    sets: frozenset[str]


def read_operator(call: ast.Call, frame: Frame, construct: Construct, names: Names) -> Operator | None:
    """An operator call as it is written; None for one that makes no task (a base class without a task id)."""
    arguments = read_arguments(call, frame)
    name = arguments.get("task_id") or (arguments.get("group_id") if construct.role == "group_wrapper" else None)
    if name is None and arguments.opened is None and construct.role != "group_wrapper":
        return None
    kind = last_part(call.func) if last_part(call.func) != "partial" else ""
    if not kind and isinstance(call.func, ast.Attribute):
        kind = last_part(call.func.value)
    base = call.func.value if isinstance(call.func, ast.Attribute) and call.func.attr == "partial" else call.func
    return Operator(
        call,
        construct,
        arguments,
        kind,
        template(name.value, name.frame) if name is not None else "{...}",
        name.value if name is not None else None,
        names.class_words(base, construct) if construct.facts is None or construct.classes else frozenset(),
    )


def make_operator(
    reading: Reading,
    call: ast.Call,
    frame: Frame,
    target: str | None,
    construct: Construct,
    things: Iterable[Thing | None],
) -> TaskDraft | None:
    """A task from an operator call; None for a call that makes none."""
    operator = read_operator(call, frame, construct, reading.names)
    return make_task(reading, operator, frame, target, things) if operator is not None else None


def make_task(
    reading: Reading, operator: Operator, frame: Frame, target: str | None, things: Iterable[Thing | None]
) -> TaskDraft:
    """A task from what its operator call says, and from what stands around that."""
    construct = operator.construct
    task = TaskDraft(
        node=operator.call,
        frame=frame,
        kind=operator.kind,
        qualified=construct.qualified,
        facts=construct.facts,
        layers=(operator.arguments,),
        name=operator.name,
        name_node=operator.name_node,
        variable=target,
        anchor=reading.anchor,
        call=operator.call,
        construct=construct,
        sets=operator.sets,
    )
    _place(reading, task, operator.arguments)
    reading.tasks.append(task)
    _data_edges(reading, task, things)
    return task


def make_task_from_function(
    reading: Reading,
    thing: FunctionThing,
    call: ast.Call,
    frame: Frame,
    target: str | None,
    things: Iterable[Thing | None],
) -> TaskDraft:
    """A task from a call of a function that ``@task`` decorates."""
    node = thing.function.node
    layers = (*thing.overrides, thing.decorator)
    name = next((found for layer in layers if (found := layer.get("task_id")) is not None), None)
    task = TaskDraft(
        node=node if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else call,
        frame=frame,
        kind=thing.kind,
        qualified="",
        facts=None,
        layers=layers,
        name=template(name.value, name.frame) if name is not None else getattr(node, "name", "{...}"),
        name_node=name.value if name is not None else None,
        function=thing.function,
        variable=target,
        setup=thing.setup,
        teardown=thing.teardown,
        anchor=reading.anchor,
        call=call,
    )
    _place(reading, task, Arguments({key: item for layer in layers for key, item in layer.items.items()}, None))
    same = sum(
        1
        for other in reading.tasks
        if other.function and other.dag is task.dag and _bare(other) == task.name and other.group is task.group
    )
    if same:
        task.name = f"{task.name}__{same}"
    reading.tasks.append(task)
    _data_edges(reading, task, things)
    return task


def _bare(task: TaskDraft) -> str:
    return task.name.partition("__")[0] if task.name.rpartition("__")[2].isdigit() else task.name


def _place(reading: Reading, task: TaskDraft, arguments: Arguments) -> None:
    """To which DAG and group the task belongs."""
    named_dag, named_group = arguments.get("dag"), arguments.get("task_group")
    dag = reading.evaluate(named_dag.value, named_dag.frame) if named_dag is not None else None
    group = reading.evaluate(named_group.value, named_group.frame) if named_group is not None else None
    task.group = group if isinstance(group, GroupDraft) else reading.group
    if isinstance(dag, DagDraft):
        task.dag = dag
    elif task.group is not None and task.group.dag is not None:
        task.dag = task.group.dag
    else:
        task.dag = reading.dag


def _data_edges(reading: Reading, task: TaskDraft, things: Iterable[Thing | None]) -> None:
    """A task runs after the tasks whose results it is given."""
    for thing in things:
        if isinstance(thing, TaskDraft | Many | GroupDraft | Labelled):
            for before in _results(thing):
                reading.edges.connect(before, task, task.dag, task.name)


def _results(thing: Thing | None) -> list[TaskDraft]:
    if isinstance(thing, TaskDraft):
        return [thing]
    if isinstance(thing, Many):
        return [result for item in thing.items for result in _results(item)]
    return []
