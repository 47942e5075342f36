"""Reads functions that a client calls with its messages: callbacks, listeners, methods of a processor class."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace

from pipesense.lang.python.functions import Function
from pipesense.lang.python.index import FUNCTIONS, FunctionNode
from pipesense.model.broker import MessageLoop
from pipesense.model.where import Loc
from pipesense.systems.broker import ClientClass, Listener
from pipesense.systems.broker_clients import Looking
from pipesense.systems.broker_loops import fact, words
from pipesense.systems.broker_steps import Reading
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
                        yield read


def _read(looking: Looking, function: Function, made: ClientClass, spec: Listener) -> MessageLoop | None:
    node = function.node
    if function.module is not looking.module or not isinstance(node, FUNCTIONS):
        return None
    names = [each.arg for each in (*node.args.posonlyargs, *node.args.args)]
    if names[:1] in (["self"], ["cls"]):
        names = names[1:]
    if len(names) <= max(spec.message_at, spec.done_at):
        return None
    message, holder = names[spec.message_at], names[spec.done_at]
    reading = Reading(looking.module, looking.instances, words(looking, made, frozenset({holder})), {message})
    reading.holders = frozenset({holder, message})
    reading.body(node.body, certain=True, in_handler=False, guarded=False)
    read = fact(looking, made, reading, node.body, _name(looking, node), holder, message)
    waits = "await " if isinstance(node, ast.AsyncFunctionDef) and read.finish else ""
    return replace(read, survives=spec.survives, finish=waits + read.finish)


def _name(looking: Looking, node: FunctionNode) -> Loc:
    """The function's name where it is defined."""
    loc = looking.module.loc(node)
    text = looking.module.text_of(node)
    start = loc.span.start + text.index(node.name, text.index("def") + 3)
    return loc.at(Span(start, start + len(node.name)))
