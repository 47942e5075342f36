"""Reads functions that a client calls with its messages: callbacks, listeners, methods of a processor class."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from pipesense.lang.python.functions import Function
from pipesense.lang.python.index import FUNCTIONS, FunctionNode
from pipesense.lang.python.nodes import nodes_under
from pipesense.model.broker import MessageLoop
from pipesense.model.where import Loc
from pipesense.systems.brokers.clients import Looking
from pipesense.systems.brokers.loops import fact, words
from pipesense.systems.brokers.steps import Reading, message_names
from pipesense.systems.brokers.table import ClientClass, Listener
from pipesense.text.span import Span


def listeners_of_call(looking: Looking, call: ast.Call, made: ClientClass, method: str) -> Iterator[MessageLoop]:
    """The functions that a call hands over; ``method`` is "" for the call that makes the client."""
    for spec in made.listeners:
        if spec.bases or spec.method != method:
            continue
        given = next((word.value for word in call.keywords if word.arg == spec.argument), None)
        if given is None and spec.position is not None and len(call.args) > spec.position:
            given = call.args[spec.position]
        if given is None:
            continue
        for function in looking.module.callables(given):
            read = _read(looking, function, made, spec)
            if read is not None:
                yield read


def listeners_of_class(looking: Looking, node: ast.ClassDef) -> Iterator[MessageLoop]:
    """The methods by which a class handles messages for a library that calls it."""
    for made in looking.table.clients:
        for spec in made.listeners:
            if not spec.bases:
                continue
            bases = {name for base in node.bases for name in looking.module.qualified(base)}
            if not bases & set(spec.bases):
                continue
            for statement in node.body:
                if isinstance(statement, FUNCTIONS) and statement.name == spec.name:
                    path = f"{node.name}.{statement.name}"
                    read = _read(looking, Function(looking.module, statement, path), made, spec)
                    if read is not None:
                        asked = not spec.asks_if or _switched_off(looking, node, spec.asks_if)
                        yield read if asked else replace(read, never_done=False, done_for_it=True)


def _switched_off(looking: Looking, node: ast.ClassDef, name: str) -> bool:
    """Whether a class sets an attribute to False."""
    for statement in node.body:
        if isinstance(statement, ast.Assign) and any(
            looking.module.text_of(each) == name for each in statement.targets
        ):
            return isinstance(statement.value, ast.Constant) and statement.value.value is False
    return False


def listeners_by_decorator(looking: Looking, node: FunctionNode) -> Iterator[tuple[Loc | None, MessageLoop]]:
    """A function that a client's decorator makes a listener: the loop in it over what it is given."""
    for decorator in node.decorator_list:
        func = decorator.func if isinstance(decorator, ast.Call) else decorator
        if not isinstance(func, ast.Attribute) or not node.args.args:
            continue
        found = looking.client(func.value)
        if found is None or not any(each.decorator == func.attr for each in found.made.listeners):
            continue
        stream = node.args.args[0].arg
        for loop in nodes_under(node):
            if isinstance(loop, ast.AsyncFor) and root_name_of(loop.iter) == stream:
                names = message_names(loop.target)
                reading = Reading(
                    looking.module, looking.instances, words(looking, found.made, frozenset(names)), names
                )
                reading.body(loop.body, certain=True, in_handler=False, guarded=False)
                message = loop.target.id if isinstance(loop.target, ast.Name) else ""
                read = fact(looking, found.made, reading, loop.body, looking.module.loc(loop.iter), stream, message)
                yield looking.origin(found), replace(read, survives=True, never_done=False)


def root_name_of(expr: ast.expr) -> str:
    """The name at the bottom of ``stream.take(100, within=5)``."""
    while isinstance(expr, ast.Call | ast.Attribute):
        expr = expr.func if isinstance(expr, ast.Call) else expr.value
    return expr.id if isinstance(expr, ast.Name) else ""


def _read(looking: Looking, function: Function, made: ClientClass, spec: Listener) -> MessageLoop | None:
    node = function.node
    if function.module is not looking.module or not isinstance(node, FUNCTIONS):
        return None
    names = [each.arg for each in (*node.args.posonlyargs, *node.args.args)]
    own = names[0] if names[:1] in (["self"], ["cls"]) else ""
    names = names[1:] if own else names
    if len(names) <= max(spec.message_at, spec.done_at or 0):
        return None
    message = names[spec.message_at]
    holder = names[spec.done_at] if spec.done_at is not None else own
    reading = Reading(looking.module, looking.instances, words(looking, made, frozenset({holder})), {message})
    reading.holders = frozenset({holder, message})
    reading.body(node.body, certain=True, in_handler=False, guarded=False)
    read = fact(looking, made, reading, node.body, _name(looking, node), holder, message)
    waits = "await " if isinstance(node, ast.AsyncFunctionDef) and read.finish else ""
    return replace(read, survives=spec.survives, called=bool(spec.bases), finish=waits + read.finish)


def _name(looking: Looking, node: FunctionNode) -> Loc:
    """The function's name where it is defined."""
    loc = looking.module.loc(node)
    text = looking.module.text_of(node)
    start = loc.span.start + text.index(node.name, text.index("def") + 3)
    return loc.at(Span(start, start + len(node.name)))
