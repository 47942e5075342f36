"""Reads statements in order, as Python would run them: branches all, loop bodies once."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from pipesense.lang.python.frames import Argument, Frame
from pipesense.lang.python.module import Function
from pipesense.systems.airflow.calls import function_thing
from pipesense.systems.airflow.edges import open_graph
from pipesense.systems.airflow.expressions import evaluate
from pipesense.systems.airflow.making import make_dag_from_function, unknown_dag
from pipesense.systems.airflow.plain_calls import plain_task
from pipesense.systems.airflow.reading import Reading
from pipesense.systems.airflow.things import (
    DagDraft,
    GroupDraft,
    Keyed,
    Many,
    TaskDraft,
    Thing,
    merge,
)


def run(reading: Reading, body: Sequence[ast.stmt], frame: Frame) -> Thing | None:
    """Read statements; the result is what they return, all ``return`` statements together."""
    returned: Thing | None = None
    for statement in body:
        returned = merge(returned, _statement(reading, statement, frame))
    return returned


def _statement(reading: Reading, statement: ast.stmt, frame: Frame) -> Thing | None:
    match statement:
        case ast.Expr():
            _value(reading, statement.value, frame)
        case ast.Assign() | ast.AnnAssign():
            _assign(reading, statement, frame)
        case ast.AugAssign():
            _augment(reading, statement, frame)
        case ast.Return():
            return evaluate(reading, statement.value, frame) if statement.value is not None else None
        case ast.With() | ast.AsyncWith():
            return _with(reading, statement, frame)
        case ast.For() | ast.AsyncFor():
            return _for(reading, statement, frame)
        case ast.While():
            with reading.edges.doubted():
                return run(reading, [*statement.body, *statement.orelse], frame)
        case ast.If():
            evaluate(reading, statement.test, frame)
            return _branches(reading, [statement.body, statement.orelse], frame)
        case ast.Match():
            return _branches(reading, [*(case.body for case in statement.cases), []], frame)
        case ast.Try():
            handlers = [inner for handler in statement.handlers for inner in handler.body]
            with reading.edges.doubted():
                return run(reading, [*statement.body, *handlers, *statement.orelse, *statement.finalbody], frame)
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            _define(reading, statement, frame)
        case _:
            pass
    return None


def _assign(reading: Reading, statement: ast.Assign | ast.AnnAssign, frame: Frame) -> None:
    if statement.value is None:
        return
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    if (
        len(targets) == 1
        and isinstance(targets[0], ast.Tuple | ast.List)
        and isinstance(statement.value, ast.Tuple | ast.List)
    ):
        names, values = targets[0].elts, statement.value.elts
        if len(names) == len(values) and not any(isinstance(each, ast.Starred) for each in (*names, *values)):
            things = [evaluate(reading, value, frame, _name(name)) for name, value in zip(names, values, strict=True)]
            for name, value, thing in zip(names, values, things, strict=True):
                _bind(reading, name, thing, frame, value)
            return
    thing = _value(reading, statement.value, frame, _name(targets[0]))
    for target in targets:
        _bind(reading, target, thing, frame, statement.value)


def _value(reading: Reading, value: ast.expr, frame: Frame, target: str | None = None) -> Thing | None:
    """What a statement's value stands for; a plain call of an operator is known from the last link."""
    if frame is reading.lasting and isinstance(value, ast.Call):
        task = plain_task(reading, value, frame, target)
        if task is not None:
            return task
    return evaluate(reading, value, frame, target)


def _name(target: ast.expr) -> str | None:
    return target.id if isinstance(target, ast.Name) else None


def _bind(reading: Reading, target: ast.expr, thing: Thing | None, frame: Frame, value: ast.expr | None = None) -> None:
    match target:
        case ast.Name():
            frame.names[target.id] = thing
            if target.id in frame.bound and not (isinstance(value, ast.Name) and value.id == target.id):
                del frame.bound[target.id]
            if isinstance(thing, TaskDraft) and thing.variable is None:
                thing.variable = target.id
        case ast.Attribute():
            _bind_attribute(reading, target, thing, frame, value)
        case ast.Subscript():
            _bind_item(reading, target, thing, frame)
        case ast.Starred():
            _bind(reading, target.value, thing, frame)
        case ast.Tuple() | ast.List():
            exact = isinstance(thing, Many) and thing.exact and len(thing.items) == len(target.elts)
            for index, element in enumerate(target.elts):
                part = thing.items[index] if exact and isinstance(thing, Many) else None
                _bind(reading, element, part, frame)
        case _:
            pass


def _bind_attribute(
    reading: Reading, target: ast.Attribute, thing: Thing | None, frame: Frame, value: ast.expr | None
) -> None:
    if isinstance(target.value, ast.Name) and target.value.id in ("self", "cls"):
        frame.names[f"self.{target.attr}"] = thing
        return
    owner = evaluate(reading, target.value, frame)
    if isinstance(owner, DagDraft | TaskDraft) and value is not None:
        owner.attributes[target.attr] = Argument(value, frame, value)
        if target.attr == "dag" and isinstance(owner, TaskDraft) and isinstance(thing, DagDraft):
            owner.dag = thing


def _bind_item(reading: Reading, target: ast.Subscript, thing: Thing | None, frame: Frame) -> None:
    if not isinstance(target.value, ast.Name) or thing is None:
        return
    _, holder = frame.lookup(target.value.id)
    key = frame.module.text_of(target.slice)
    known = dict(holder.items) if isinstance(holder, Keyed) else {}
    known[key] = merge(known.get(key), thing)
    frame.names[target.value.id] = Keyed(known)


def _augment(reading: Reading, statement: ast.AugAssign, frame: Frame) -> None:
    thing = evaluate(reading, statement.value, frame)
    if isinstance(statement.op, ast.RShift | ast.LShift):
        before, behind = evaluate(reading, statement.target, frame), thing
        if isinstance(statement.op, ast.LShift):
            before, behind = behind, before
        reading.edges.connect(before, behind, reading.dag, frame.module.text_of(statement))
    elif isinstance(statement.target, ast.Name) and thing is not None:
        _, holder = frame.lookup(statement.target.id)
        added = thing.items if isinstance(thing, Many) else (thing,)
        items = holder.items if isinstance(holder, Many) else ()
        frame.names[statement.target.id] = Many((*items, *added), exact=False)
    elif isinstance(statement.target, ast.Name):
        frame.names.pop(statement.target.id, None)
        frame.bound.pop(statement.target.id, None)


def _for(reading: Reading, statement: ast.For | ast.AsyncFor, frame: Frame) -> Thing | None:
    """A loop over tasks is followed for each of them, every other loop once."""
    over = evaluate(reading, statement.iter, frame)
    items: tuple[Thing | None, ...] = (None,)
    if isinstance(over, Many) and 0 < len(over.items) <= _MOST_TURNS and None not in over.items:
        items = over.items
    returned: Thing | None = None
    for item in items:
        _bind(reading, statement.target, item, frame)
        with reading.edges.doubted():
            returned = merge(returned, run(reading, statement.body, frame))
    return merge(returned, run(reading, statement.orelse, frame))


_MOST_TURNS = 30


def _branches(reading: Reading, bodies: Sequence[list[ast.stmt]], frame: Frame) -> Thing | None:
    """Each of several bodies may run: a name means whatever any of them gives it."""
    before = dict(frame.names)
    results: list[dict[str, Thing | None]] = []
    returned: Thing | None = None
    for body in bodies:
        frame.names = dict(before)
        with reading.edges.doubted():
            returned = merge(returned, run(reading, body, frame))
        results.append(frame.names)
    merged: dict[str, Thing | None] = {}
    for result in results:
        for name, thing in result.items():
            merged[name] = merge(merged.get(name), thing)
    frame.names = merged
    return returned


def _define(reading: Reading, node: ast.FunctionDef | ast.AsyncFunctionDef, frame: Frame) -> None:
    path = frame.module.inner_scope(node).name
    thing = function_thing(reading, Function(frame.module, node, path), frame)
    frame.names[node.name] = thing
    frame.bound.pop(node.name, None)
    if thing.role == "dag":
        dag = make_dag_from_function(reading, thing, node, frame)
        inner = Frame(frame.module, outer=frame)
        with reading.inside(dag=dag):
            run(reading, node.body, inner)
        frame.names[node.name] = thing


def _with(reading: Reading, statement: ast.With | ast.AsyncWith, frame: Frame) -> Thing | None:
    return _with_items(reading, statement, list(statement.items), frame)


def _with_items(
    reading: Reading, statement: ast.With | ast.AsyncWith, items: list[ast.withitem], frame: Frame
) -> Thing | None:
    if not items:
        return run(reading, statement.body, frame)
    item, rest = items[0], items[1:]
    name = _name(item.optional_vars) if item.optional_vars is not None else None
    context = evaluate(reading, item.context_expr, frame, name)
    if context is None:
        context = unknown_dag(reading, item, frame)
    if item.optional_vars is not None:
        _bind(reading, item.optional_vars, context, frame)
    if isinstance(context, DagDraft):
        with reading.inside(dag=context):
            return _with_items(reading, statement, rest, frame)
    if isinstance(context, GroupDraft):
        with reading.inside(group=context):
            return _with_items(reading, statement, rest, frame)
    if isinstance(context, TaskDraft | Many):
        return _with_setup(reading, statement, rest, frame, context)
    return _with_items(reading, statement, rest, frame)


def _with_setup(
    reading: Reading,
    statement: ast.With | ast.AsyncWith,
    rest: list[ast.withitem],
    frame: Frame,
    context: TaskDraft | Many,
) -> Thing | None:
    """``with setup_task >> teardown_task:``: what is made inside runs between the two."""
    first = len(reading.tasks)
    returned = _with_items(reading, statement, rest, frame)
    inside = Many(tuple(reading.tasks[first:]))
    around = context.items if isinstance(context, Many) else (context,)
    ends = [task for task in around if isinstance(task, TaskDraft)]
    for task in ends:
        if task.teardown:
            reading.edges.connect(inside, task, reading.dag, "with")
            setups = [
                before
                for before, behind in reading.edges.pairs
                if behind is task and isinstance(before, TaskDraft) and before.setup
            ]
            reading.edges.connect(Many(tuple(setups)), inside, reading.dag, "with")
        else:
            reading.edges.connect(task, inside, reading.dag, "with")
    if not ends:
        open_graph(frame.module.text_of(statement.items[0]), reading.dag)
    return returned
