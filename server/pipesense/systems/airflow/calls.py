"""Reads calls in DAG code: what makes tasks, groups and DAGs, what connects them, and helpers of the workspace."""

from __future__ import annotations

import ast
from operator import attrgetter
from typing import Final

from pipesense.lang.python.frames import (
    NO_ARGUMENTS,
    Frame,
    follow,
    function_frame,
    read_arguments,
)
from pipesense.lang.python.module import Function
from pipesense.systems.airflow.edges import open_graph
from pipesense.systems.airflow.making import (
    make_dag,
    make_group,
    make_group_from_function,
    make_operator,
    make_partial,
    make_task_from_function,
)
from pipesense.systems.airflow.names import Construct, last_part, mark_of
from pipesense.systems.airflow.reading import Reading
from pipesense.systems.airflow.things import (
    DagDraft,
    FunctionThing,
    GroupDraft,
    Keyed,
    Labelled,
    Many,
    PartialThing,
    TaskDraft,
    Thing,
    endpoints,
)

_VALUE: Final = attrgetter("value")
SAME: Final = frozenset({"output", "map", "zip", "concat", "values", "items", "copy", "operator"})
"""Attributes and methods that lead to the same tasks."""
EDGES: Final = frozenset({"set_upstream", "set_downstream"})
"""Methods that connect tasks."""


def function_thing(reading: Reading, function: Function, outer: Frame | None) -> FunctionThing:
    """A function with what its decorators make of it."""
    mark = mark_of(function, reading.names, outer)
    if mark is None:
        return FunctionThing(function, "plain", "", NO_ARGUMENTS, outer)
    home = outer or Frame(reading.home)
    positional = ("dag_id",) if mark.role == "dag" else ("group_id",) if mark.role == "task_group" else ()
    written = read_arguments(mark.call, home, positional) if mark.call is not None else NO_ARGUMENTS
    return FunctionThing(
        function, mark.role, mark.kind, mark.given or written, outer, setup=mark.setup, teardown=mark.teardown
    )


def sequence(reading: Reading, elements: list[ast.expr], frame: Frame) -> Many:
    """The things in a list display or an argument list, starred ones unpacked."""
    items: list[Thing | None] = []
    exact = True
    for element in elements:
        thing = reading.evaluate(element, frame)
        if isinstance(element, ast.Starred) and isinstance(thing, Many):
            items += thing.items
            exact = exact and thing.exact
        else:
            items.append(thing)
            exact = exact and not isinstance(element, ast.Starred)
    return Many(tuple(items), exact)


def call(reading: Reading, expr: ast.Call, frame: Frame, target: str | None) -> Thing | None:
    """What a call gives; ``target`` is the name it will be bound to."""
    func = expr.func
    if isinstance(func, ast.Attribute) and func.attr in EDGES and isinstance(func.value, ast.Name):
        known = frame.lookup(func.value.id)[1]
        if isinstance(known, TaskDraft | GroupDraft | Many):
            # It connects what was made here, and is no construct of Airflow's.
            return _thing_method(reading, expr, func, known, frame)[1]
    construct = reading.names.construct(func)
    if construct.role and not (isinstance(func, ast.Name) and frame.lookup(func.id)[1] is not None):
        return _construct_call(reading, expr, frame, target, construct)
    if isinstance(func, ast.Attribute):
        found, thing = _method(reading, expr, func, frame, target)
        if found:
            return thing
    callee = reading.evaluate(func, frame)
    if isinstance(callee, FunctionThing):
        return call_function(reading, callee, expr, frame, target)
    return _other_call(reading, expr, frame, target, construct)


def _construct_call(
    reading: Reading, call: ast.Call, frame: Frame, target: str | None, construct: Construct
) -> Thing | None:
    match construct.role:
        case "dag" | "dag_wrapper":
            return make_dag(reading, call, frame, construct)
        case "task_group":
            return make_group(reading, call, frame)
        case "operator" | "group_wrapper" | "operator_base" | "sensor_base" | "branch_base":
            things = _arguments(reading, call, frame, texts=False)
            return make_operator(reading, call, frame, target, construct, things)
        case "chain" | "chain_linear":
            links = sequence(reading, call.args, frame)
            linear = construct.role == "chain_linear"
            reading.edges.chain(links.items, reading.dag, frame.module.text_of(call), linear)
            if not links.exact:
                open_graph(frame.module.text_of(call), reading.dag, endpoints(links)[0])
        case "cross_downstream":
            given = read_arguments(call, frame, ("from_tasks", "to_tasks"))
            ends = [
                reading.evaluate(item.value, item.frame) if item is not None else None
                for item in (given.get("from_tasks"), given.get("to_tasks"))
            ]
            reading.edges.connect(ends[0], ends[1], reading.dag, frame.module.text_of(call.func))
        case "label":
            return Labelled(None)
        case "xcom_arg":
            return reading.evaluate(call.args[0], frame) if call.args else None
        case "task_decorator" | "task_group_decorator" | "setup" | "teardown" | "dag_decorator":
            return _decorate(reading, call, frame, construct)
        case _:
            _arguments(reading, call, frame)
    return None


def _decorate(reading: Reading, call: ast.Call, frame: Frame, construct: Construct) -> Thing | None:
    """``task(function)``, or ``task(retries=2)`` that is yet to get its function."""
    if not call.args:
        return None
    functions = frame.module.callables(call.args[0])
    if len(functions) != 1:
        return None
    if mark_of(functions[0], reading.names) is not None:
        return function_thing(reading, functions[0], None)
    role = {"task_group_decorator": "task_group", "dag_decorator": "dag"}.get(construct.role, "task")
    kind = "@" + role + (f".{construct.flavour}" if construct.flavour else "")
    return FunctionThing(
        functions[0],
        role,
        kind,
        read_arguments(call, frame, ("python_callable",)),
        setup=construct.role == "setup",
        teardown=construct.role == "teardown",
    )


def _method(
    reading: Reading, call: ast.Call, func: ast.Attribute, frame: Frame, target: str | None
) -> tuple[bool, Thing | None]:
    """A method of something of Airflow's: (whether it was one, its result)."""
    if func.attr == "partial":
        construct = reading.names.construct(func.value)
        if construct.role in ("operator", "group_wrapper", "operator_base", "sensor_base"):
            _arguments(reading, call, frame)
            return True, make_partial(call, func.value, frame)
    inner = func.value
    if isinstance(inner, ast.Call) and not isinstance(inner.func, ast.Attribute):
        construct = reading.names.construct(inner.func)
        if construct.role == "task_decorator":
            return False, None
    owner = reading.evaluate(inner, frame)
    if isinstance(owner, PartialThing) and func.attr in ("expand", "expand_kwargs"):
        things = _arguments(reading, call, frame)
        construct = reading.names.construct(owner.base)
        task = make_operator(reading, owner.call, owner.frame, target, construct, things)
        if task is not None:
            task.mapped = True
            task.listed = _is_short(call, frame)
            task.layers = (*task.layers, read_arguments(call, frame))
        return True, task
    if isinstance(owner, FunctionThing):
        return _function_method(reading, call, func.attr, owner, frame, target)
    if isinstance(owner, TaskDraft | GroupDraft | Many | Keyed | Labelled):
        return _thing_method(reading, call, func, owner, frame)
    if isinstance(owner, DagDraft):
        things = _arguments(reading, call, frame)
        for end in endpoints(Many(tuple(things)))[0]:
            end.dag = owner
        return True, None
    return False, None


def _function_method(
    reading: Reading, call: ast.Call, method: str, owner: FunctionThing, frame: Frame, target: str | None
) -> tuple[bool, Thing | None]:
    if method == "override":
        return True, owner.override(read_arguments(call, frame))
    if method == "partial":
        _arguments(reading, call, frame)
        return True, FunctionThing(
            owner.function,
            owner.role,
            owner.kind,
            owner.decorator,
            owner.outer,
            owner.overrides,
            read_arguments(call, frame),
            owner.setup,
            owner.teardown,
        )
    if method in ("expand", "expand_kwargs"):
        thing = call_function(reading, owner, call, frame, target)
        for end in endpoints(thing)[0]:
            if isinstance(end, TaskDraft):
                end.mapped = True
                end.listed = _is_short(call, frame)
        return True, thing
    return False, None


def _is_short(call: ast.Call, frame: Frame) -> bool:
    """Whether all lists that a task is expanded over are written here, with few elements."""
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    followed = (follow(each, frame)[0] for each in given)
    return bool(given) and all(isinstance(each, ast.List | ast.Tuple) and len(each.elts) <= _FEW for each in followed)


_FEW: Final = 16
"""As many tasks of one DAG as Airflow runs at once anyway (``max_active_tasks_per_dag``)."""


def _thing_method(
    reading: Reading, call: ast.Call, func: ast.Attribute, owner: Thing, frame: Frame
) -> tuple[bool, Thing | None]:
    match func.attr:
        case "set_downstream" | "set_upstream":
            given = read_arguments(call, frame, ("task_or_task_list",)).get("task_or_task_list")
            other = reading.evaluate(given.value, given.frame) if given is not None else None
            before, behind = (owner, other) if func.attr == "set_downstream" else (other, owner)
            reading.edges.connect(before, behind, reading.dag, frame.module.text_of(call))
            return True, None
        case "as_setup" | "as_teardown":
            return True, _set_up_or_tear_down(reading, call, func.attr, owner, frame)
        case "append" | "add" | "extend" | "insert" | "update" if isinstance(func.value, ast.Name):
            _add(func.value.id, _arguments(reading, call, frame), owner, frame, _in_loop(call, frame))
            return True, None
        case "get" if isinstance(owner, Keyed) and call.args:
            return True, owner.items.get(frame.module.text_of(call.args[0]))
    _arguments(reading, call, frame)
    return True, owner if func.attr in SAME or func.attr in ("expand", "expand_kwargs", "partial") else None


def _add(name: str, things: list[Thing | None], owner: Thing, frame: Frame, in_loop: bool) -> None:
    """Things are put into what ``name`` holds: a group, a dictionary, a list."""
    if isinstance(owner, GroupDraft):
        for end in endpoints(Many(tuple(things)))[0]:
            if isinstance(end, TaskDraft):
                end.group = owner
    elif isinstance(owner, Keyed):
        items = {**owner.items}
        for thing in things:
            items.update(thing.items if isinstance(thing, Keyed) else {})
        frame.names[name] = Keyed(items)
    elif isinstance(owner, Many):
        flat = [inner for thing in things for inner in (thing.items if isinstance(thing, Many) else (thing,))]
        frame.names[name] = Many((*owner.items, *flat), owner.exact and not in_loop)


def _in_loop(call: ast.Call, frame: Frame) -> bool:
    return any(isinstance(node, ast.For | ast.While | ast.AsyncFor) for node in frame.module.enclosing(call))


def _set_up_or_tear_down(reading: Reading, call: ast.Call, method: str, owner: Thing, frame: Frame) -> Thing:
    for end in endpoints(owner)[0]:
        if isinstance(end, TaskDraft):
            end.setup = end.setup or method == "as_setup"
            end.teardown = end.teardown or method == "as_teardown"
    setups = read_arguments(call, frame, ("setups",)).get("setups")
    if setups is not None:
        before = reading.evaluate(setups.value, setups.frame)
        for end in endpoints(before)[0]:
            if isinstance(end, TaskDraft):
                end.setup = True
        reading.edges.connect(before, owner, reading.dag, frame.module.text_of(call))
    return owner


def call_function(
    reading: Reading, callee: FunctionThing, call: ast.Call, frame: Frame, target: str | None
) -> Thing | None:
    """A call of a function: a task, a group, or code that is read as if it stood here."""
    if callee.role == "task":
        things = [*_arguments(reading, call, frame), *_partial_things(reading, callee)]
        return make_task_from_function(reading, callee, call, frame, target, things)
    if callee.role == "dag":
        return None
    if callee.role == "plain" and not reading.names.builds(callee.function):
        return _other_call(reading, call, frame, target, None)
    node = callee.function.node
    inner = function_frame(callee.function, call, frame, callee.outer)
    for name, bound in inner.bound.items():
        if bound.frame is frame and not isinstance(bound.expr, ast.Constant):
            thing = reading.evaluate(bound.expr, frame)
            if thing is not None:
                inner.names[name] = thing
    group = make_group_from_function(reading, callee, frame) if callee.role == "task_group" else None
    # The body of a group is the DAG's own code; other helpers are followed from the call in this file.
    foreign = reading.home.loc(node).file != reading.home.path
    with reading.following(node, call if group is None or foreign else None) as entered:
        if not entered:
            return group
        with reading.inside(group=group):
            if isinstance(node, ast.Lambda):
                returned = reading.evaluate(node.body, inner)
            else:
                returned = reading.read_body(node.body, inner)
    if isinstance(returned, DagDraft) or endpoints(returned)[0]:
        return returned
    return group or returned


def _partial_things(reading: Reading, callee: FunctionThing) -> list[Thing | None]:
    return [reading.evaluate(item.value, item.frame) for item in callee.partial.items.values()]


_TEXTS: Final = frozenset((ast.Constant, ast.JoinedStr))
_SILENT: Final = frozenset((*_TEXTS, ast.Lambda))


def _holds_texts(value: ast.expr) -> bool:
    """Whether a value is a list or dictionary of texts."""
    if isinstance(value, ast.List | ast.Tuple):
        return _TEXTS.issuperset(map(type, value.elts))
    return isinstance(value, ast.Dict) and _TEXTS.issuperset(map(type, value.values))


def _arguments(reading: Reading, call: ast.Call, frame: Frame, *, texts: bool = True) -> list[Thing | None]:
    """What the arguments of a call stand for; tasks made inside them are noted.

    Without ``texts``, collections that hold nothing else are left out.
    """
    found: list[Thing | None] = []
    for value in (*call.args, *map(_VALUE, call.keywords)):
        if value.__class__ in _SILENT or (not texts and _holds_texts(value)) or _is_plain_data(value, frame):
            continue
        thing = reading.evaluate(value, frame)
        if thing is not None and not isinstance(thing, FunctionThing):
            found.append(thing)
    return found


def _is_plain_data(value: ast.expr, frame: Frame) -> bool:
    """Whether a value is a name, or a part of what it names, that stands for nothing made here: data or a function."""
    base = value
    while isinstance(base, ast.Subscript | ast.Attribute):
        base = base.value
    if not isinstance(base, ast.Name) or base.id in ("self", "cls"):
        return False
    return not frame.lookup(base.id)[0] and frame.parameter(base.id) is None


def _other_call(
    reading: Reading, call: ast.Call, frame: Frame, target: str | None, construct: Construct | None
) -> Thing | None:
    """A call of something that is not Airflow's and that is not read further."""
    things = _arguments(reading, call, frame)
    name = last_part(call.func)
    if any(keyword.arg == "task_id" for keyword in call.keywords) and construct is not None and name != "xcom_pull":
        return make_operator(reading, call, frame, target, construct, things)
    if name in _SAME_ELEMENTS and len(things) == 1:
        return things[0]
    if name in ("list", "tuple", "dict", "set") and not call.args and not call.keywords:
        return Many(()) if name != "dict" else Keyed({})
    if name in ("zip", "enumerate", "pairwise") and len(things) == len(call.args):
        return _rows(name, things)
    if name == "cast" and len(call.args) == 2:
        return things[0] if things else None
    harmless = construct is None or construct.qualified.startswith(("builtins.", "typing.", "json.", "logging."))
    if not harmless and _receives_tasks(things):
        open_graph(frame.module.text_of(call), reading.dag, endpoints(Many(tuple(things)))[0])
    return None


_SAME_ELEMENTS: Final = frozenset({"list", "tuple", "sorted", "reversed", "set", "filter", "iter", "XComArg"})


def _rows(name: str, things: list[Thing | None]) -> Thing | None:
    """What a loop over ``zip``, ``enumerate`` or ``pairwise`` gives: sequences of things."""
    columns = [list(thing.items) for thing in things if isinstance(thing, Many)]
    if len(columns) != len(things) or len({len(column) for column in columns}) != 1:
        return None
    if name == "enumerate":
        columns.insert(0, [None] * len(columns[0]))
    elif name == "pairwise":
        columns = [columns[0][:-1], columns[0][1:]]
    return Many(tuple(Many(row) for row in zip(*columns, strict=True)))


def _receives_tasks(things: list[Thing | None]) -> bool:
    return any(endpoints(thing)[0] or isinstance(thing, DagDraft) for thing in things)
