"""Reads expressions of DAG code: what they stand for, and the edges they make."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, Final

from pipesense.lang.python.frames import Frame, constant
from pipesense.model.value import Known
from pipesense.systems.airflow.calls import SAME, call, function_thing, sequence
from pipesense.systems.airflow.reading import Reading
from pipesense.systems.airflow.things import (
    DagDraft,
    Keyed,
    Labelled,
    Many,
    TaskDraft,
    Thing,
    merge,
)


def evaluate(reading: Reading, expr: ast.expr, frame: Frame, target: str | None = None) -> Thing | None:
    """What an expression stands for, None where it is nothing of Airflow's; edges in it are noted.

    ``target`` is the name that the result will be bound to.
    """
    if isinstance(expr, ast.Call):
        return call(reading, expr, frame, target)
    reader = _READERS.get(expr.__class__)
    if reader is not None:
        return reader(reading, expr, frame)
    if isinstance(expr, ast.IfExp):
        return merge(evaluate(reading, expr.body, frame, target), evaluate(reading, expr.orelse, frame, target))
    return None


def _name(reading: Reading, expr: ast.Name, frame: Frame) -> Thing | None:
    thing: Thing | None
    bound, thing = frame.lookup(expr.id)
    if bound:
        return thing
    parameter = frame.parameter(expr.id)
    if parameter is not None:
        followable = isinstance(parameter.expr, ast.Name | ast.Attribute)
        return evaluate(reading, parameter.expr, parameter.frame) if followable else None
    functions = frame.module.callables(expr)
    return function_thing(reading, functions[0], None) if len(functions) == 1 else None


def _joined(left: Thing | None, right: Thing | None) -> Thing | None:
    if left is None and right is None:
        return None
    items = [
        *(left.items if isinstance(left, Many) else (left,)),
        *(right.items if isinstance(right, Many) else (right,)),
    ]
    return Many(tuple(items), exact=isinstance(left, Many) and isinstance(right, Many))


def _comprehension(reading: Reading, expr: ast.ListComp | ast.GeneratorExp | ast.SetComp, frame: Frame) -> Thing | None:
    inner = Frame(frame.module, outer=frame)
    for generator in expr.generators:
        source = evaluate(reading, generator.iter, frame)
        if isinstance(generator.target, ast.Name):
            inner.names[generator.target.id] = source if isinstance(source, Many) else None
    thing = evaluate(reading, expr.elt, inner)
    return Many((thing,), exact=False) if thing is not None else None


def _dict(reading: Reading, expr: ast.Dict, frame: Frame) -> Keyed:
    items: dict[str, Thing | None] = {}
    for key, value in zip(expr.keys, expr.values, strict=True):
        thing = evaluate(reading, value, frame)
        if key is None:
            items.update(thing.items if isinstance(thing, Keyed) else {})
        elif thing is not None:
            items[frame.module.text_of(key)] = thing
    return Keyed(items)


def _item(reading: Reading, expr: ast.Subscript, frame: Frame) -> Thing | None:
    holder = evaluate(reading, expr.value, frame)
    if isinstance(holder, Keyed):
        written = frame.module.text_of(expr.slice)
        if written in holder.items:
            return holder.items[written]
        return Many((*holder.items.values(), None), exact=False) if holder.items else None
    if isinstance(holder, Many):
        index = constant(expr.slice, frame) if not isinstance(expr.slice, ast.Slice) else None
        at = index.value if isinstance(index, Known) and holder.exact else None
        if isinstance(at, int) and -len(holder.items) <= at < len(holder.items):
            return holder.items[at]
        if isinstance(expr.slice, ast.Slice):
            return _slice(holder, expr.slice, frame)
        if len(holder.items) == 1:
            return holder.items[0]
        # One of the tasks, nobody knows which: the None says that this is not all there is to say.
        return Many((*holder.items, None), exact=False)
    return holder if isinstance(holder, TaskDraft) else None


def _slice(holder: Many, part: ast.Slice, frame: Frame) -> Many:
    bounds: list[int | None] = []
    for bound in (part.lower, part.upper, part.step):
        value = constant(bound, frame) if bound is not None else None
        if isinstance(value, Known) and isinstance(value.value, int):
            bounds.append(value.value)
        elif bound is None:
            bounds.append(None)
        else:
            return Many((*holder.items, None), exact=False)
    return Many(holder.items[slice(*bounds)], holder.exact) if bounds[2] != 0 else holder


def _attribute(reading: Reading, expr: ast.Attribute, frame: Frame) -> Thing | None:
    if isinstance(expr.value, ast.Name) and expr.value.id in ("self", "cls"):
        thing: Thing | None
        bound, thing = frame.lookup(f"self.{expr.attr}")
        if bound:
            return thing
    owner = evaluate(reading, expr.value, frame) if not isinstance(expr.value, ast.Constant) else None
    if expr.attr in SAME:
        return owner
    if isinstance(owner, TaskDraft) and expr.attr == "dag":
        return owner.dag
    if isinstance(owner, DagDraft) and expr.attr == "tasks":
        return Many(tuple(task for task in reading.tasks if task.dag is owner))
    if owner is None and isinstance(expr.value, ast.Name):
        functions = frame.module.callables(expr)
        return function_thing(reading, functions[0], None) if len(functions) == 1 else None
    return None


def _operation(reading: Reading, expr: ast.BinOp, frame: Frame) -> Thing | None:
    if isinstance(expr.op, ast.RShift | ast.LShift):
        return _shift(reading, expr, frame)
    if isinstance(expr.op, ast.Add):
        return _joined(evaluate(reading, expr.left, frame), evaluate(reading, expr.right, frame))
    return None


def _any_of(reading: Reading, expr: ast.BoolOp, frame: Frame) -> Thing | None:
    found: Thing | None = None
    for value in expr.values:
        found = merge(found, evaluate(reading, value, frame))
    return found


def _bound_here(reading: Reading, expr: ast.NamedExpr, frame: Frame) -> Thing | None:
    found = evaluate(reading, expr.value, frame, expr.target.id)
    frame.names[expr.target.id] = found
    return found


def _inner(reading: Reading, expr: ast.Await | ast.Starred, frame: Frame) -> Thing | None:
    return evaluate(reading, expr.value, frame)


def _constant(reading: Reading, expr: ast.Constant, frame: Frame) -> Thing | None:
    # ``previous = None`` before a loop that chains tasks: no task, and nothing unknown.
    return Many(()) if expr.value is None else None


def _display(reading: Reading, expr: ast.List | ast.Tuple | ast.Set, frame: Frame) -> Thing | None:
    return sequence(reading, expr.elts, frame)


def _dict_comprehension(reading: Reading, expr: ast.DictComp, frame: Frame) -> Thing | None:
    thing = evaluate(reading, expr.value, frame)
    return Keyed({frame.module.text_of(expr.key): thing}) if thing is not None else None


def _shift(reading: Reading, expr: ast.BinOp, frame: Frame) -> Thing | None:
    left, right = evaluate(reading, expr.left, frame), evaluate(reading, expr.right, frame)
    if isinstance(right, Labelled):
        return Labelled(left)
    before, behind = (left, right) if isinstance(expr.op, ast.RShift) else (right, left)
    if isinstance(left, Labelled) and left.source is None:
        return right
    reading.edges.connect(before, behind, reading.dag, frame.module.text_of(expr))
    return right


_READERS: Final[dict[type[ast.expr], Callable[[Reading, Any, Frame], Thing | None]]] = {
    ast.Name: _name,
    ast.BinOp: _operation,
    ast.List: _display,
    ast.Tuple: _display,
    ast.Set: _display,
    ast.ListComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.SetComp: _comprehension,
    ast.Dict: _dict,
    ast.DictComp: _dict_comprehension,
    ast.Subscript: _item,
    ast.Attribute: _attribute,
    ast.BoolOp: _any_of,
    ast.NamedExpr: _bound_here,
    ast.Await: _inner,
    ast.Starred: _inner,
    ast.Constant: _constant,
}
