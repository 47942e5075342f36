"""Reads a loop over a consumer, or a function that is called with each message, as one fact."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from pipesense.lang.python.index import FUNCTIONS, root_name
from pipesense.lang.python.nodes import nodes_under
from pipesense.lang.python.syntax import place_of
from pipesense.model.broker import MessageLoop, StepKind
from pipesense.model.where import Loc
from pipesense.systems.brokers.clients import Found, Looking
from pipesense.systems.brokers.settings import given
from pipesense.systems.brokers.steps import Reading, Words, end_of, message_names
from pipesense.systems.brokers.table import ClientClass


def message_loop(
    looking: Looking, found: Found, loop: ast.For | ast.AsyncFor | ast.While, subject: ast.expr
) -> MessageLoop | None:
    """The loop as a fact; ``subject`` is the consumer."""
    module, made = looking.module, found.made
    tainted: set[str] = set()
    if isinstance(loop, ast.For | ast.AsyncFor) and any(node is subject for node in nodes_under(loop.iter)):
        tainted = message_names(loop.target)
    reading = Reading(module, looking.instances, words(looking, found.made, frozenset()), tainted)
    if isinstance(loop, ast.While):
        reading.expression(loop.test, loop)
    reading.body(loop.body, certain=True, in_handler=False, guarded=False)
    if not reading.steps and not tainted:
        return None
    consumer = " ".join(module.text_of(subject).split())
    message = _message(loop, reading)
    read = fact(looking, made, reading, loop.body, module.loc(subject), consumer, message)
    return replace(
        read,
        closes_on_error=_closes(looking, loop, consumer),
        decoder=_decoder(looking, found),
        dead_letter=dead_letter_of(looking, loop, message),
        placed=_placed(loop),
    )


def asked_once(
    looking: Looking, found: Found, call: ast.Call, body: Sequence[ast.stmt], subject: ast.expr
) -> MessageLoop | None:
    """Code that asks for messages in no loop of its own, and says itself that they are done; ``body`` holds the call.

    What stands in front of the call has no message yet.
    """
    module = looking.module
    reading = Reading(module, looking.instances, words(looking, found.made, frozenset()), set())
    reading.body(body, certain=True, in_handler=False, guarded=False)
    asked = module.loc(call).span.end
    reading.steps = [step for step in reading.steps if step.loc.span.start > asked]
    if not any(step.kind is StepKind.DONE for step in reading.steps):
        return None
    consumer = " ".join(module.text_of(subject).split())
    message = reading.received[0] if len(set(reading.received)) == 1 else ""
    read = fact(looking, found.made, reading, body, module.loc(subject), consumer, message)
    return replace(read, once=True, placed=_placed(call))


def fact(
    looking: Looking,
    made: ClientClass,
    reading: Reading,
    body: Sequence[ast.stmt],
    loc: Loc,
    consumer: str,
    message: str,
) -> MessageLoop:
    """What was read, as a fact."""
    end, indent = end_of(looking.module, body)
    says_done = any(step.kind is StepKind.DONE for step in reading.steps)
    named = (message or "{message}" not in made.finish) and (consumer or "{consumer}" not in made.finish)
    return MessageLoop(
        system=looking.table.system,
        library=made.library,
        loc=loc,
        client=None,
        consumer=consumer,
        message=message,
        done=f"{sorted(made.done)[0]}()" if made.done else "",
        steps=tuple(reading.steps),
        handlers=tuple(reading.handlers),
        moment=made.moment,
        finish=made.finish.format(consumer=consumer, message=message) if named else "",
        end=end,
        indent=indent,
        individual=made.individual,
        never_done=bool(made.done) and not reading.handed_on and not says_done,
    )


def words(looking: Looking, made: ClientClass, holders: frozenset[str]) -> Words:
    """What this consumer calls things; ``holders`` are names on which messages are said to be done too."""

    def method(call: ast.Call) -> tuple[str, Found | None]:
        receiver = looking.receiver(call)
        return (call.func.attr if isinstance(call.func, ast.Attribute) else ""), receiver

    def of_consumer(call: ast.Call, names: frozenset[str]) -> bool:
        if not isinstance(call.func, ast.Attribute) or call.func.attr not in names:
            return False
        if root_name(call.func.value) in holders:
            return True
        receiver = looking.receiver(call)
        return receiver is not None and receiver.made.library == made.library

    def sends(call: ast.Call) -> bool:
        name, receiver = method(call)
        return receiver is not None and any(name in each.methods for each in receiver.made.sends)

    return Words(
        reads=lambda call: of_consumer(call, made.receives),
        done=lambda call: of_consumer(call, made.done),
        again=lambda call: of_consumer(call, made.again),
        sends=sends,
    )


def dead_letter_of(looking: Looking, loop: ast.AST, message: str) -> str:
    """A statement that puts the message aside, through a producer that the loop has at hand."""
    for node in nodes_under(loop) if message else ():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            receiver = looking.receiver(node)
            if receiver is not None and any(node.func.attr in each.methods for each in receiver.made.sends):
                if _serializes(looking, receiver):
                    # It would take the bytes of the message for a value of its own.
                    return ""
                producer = looking.module.text_of(node.func.value)
                return receiver.made.dead_letter.format(producer=producer, message=message)
    return ""


def _serializes(looking: Looking, producer: Found) -> bool:
    """Whether a producer turns what it is given into bytes by a function of its own."""
    if producer.call is None:
        return False
    entries = given(looking.module, producer.call, producer.made).entries
    return any(name.replace(".", "_") in ("value_serializer", "key_serializer") for name in entries)


def _message(loop: ast.For | ast.AsyncFor | ast.While, reading: Reading) -> str:
    """The one name of the message at hand."""
    if isinstance(loop, ast.For | ast.AsyncFor) and isinstance(loop.target, ast.Name):
        return loop.target.id
    return reading.received[0] if len(set(reading.received)) == 1 else ""


def _closes(looking: Looking, loop: ast.AST, consumer: str) -> bool:
    """Whether an error in the loop closes the consumer on the way out."""
    for place in place_of(loop).outward():
        node = place.node
        if isinstance(node, ast.With | ast.AsyncWith):
            for item in node.items:
                bound = item.optional_vars
                if bound is not None and looking.module.text_of(bound) == consumer:
                    return True
        elif isinstance(node, ast.Try) and place.part == "body":
            closing = (inner for statement in node.finalbody for inner in nodes_under(statement))
            if any(isinstance(inner, ast.Call) and _is_close(looking, inner, consumer) for inner in closing):
                return True
        elif isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            return False
    return False


_PLACES: Final = frozenset({"seek", "seek_to_beginning", "seek_to_end", "seek_to_timestamp", "offsets_for_times"})


def _placed(loop: ast.AST) -> bool:
    """Whether the function around a loop moves a consumer's position before it reads."""
    around = next((place.node for place in place_of(loop).outward() if isinstance(place.node, FUNCTIONS)), None)
    for node in nodes_under(around) if around is not None else ():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _PLACES:
            return True
    return False


def _is_close(looking: Looking, call: ast.Call, consumer: str) -> bool:
    func = call.func
    return (
        isinstance(func, ast.Attribute)
        and func.attr in ("close", "stop")
        and looking.module.text_of(func.value) == consumer
    )


def _decoder(looking: Looking, found: Found) -> Loc | None:
    """A decoder that the client calls by itself, and that raises for text that it does not know."""
    if found.call is None or not found.made.decoders:
        return None
    settings = given(looking.module, found.call, found.made)
    for name in found.made.decoders:
        entry = settings.entries.get(name)
        if entry is not None and _may_raise(looking, entry.value):
            return entry.entry_loc
    return None


def _may_raise(looking: Looking, expr: ast.expr) -> bool:
    """Whether a decoder surely fails on bytes that are no JSON: a lambda over json.loads, or the function itself."""
    module = looking.module
    inner: Sequence[ast.AST] = list(nodes_under(expr.body)) if isinstance(expr, ast.Lambda) else [expr]
    if isinstance(expr, ast.Lambda) and isinstance(expr.body, ast.IfExp):
        inner = list(nodes_under(expr.body.body))
    for node in inner:
        callee = node.func if isinstance(node, ast.Call) else node
        if isinstance(callee, ast.Name | ast.Attribute) and "json.loads" in module.qualified(callee):
            return True
    return False
