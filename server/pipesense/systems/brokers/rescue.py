"""Writes what saves messages: a topic for those that cannot be read, and a flush behind those that only wait."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from pipesense.lang.python.edit import add_after, add_before, add_import
from pipesense.lang.python.index import FUNCTIONS, LOOPS
from pipesense.lang.python.module import Module
from pipesense.lang.python.nodes import children, nodes_under
from pipesense.lang.python.syntax import parsed_of, place_of
from pipesense.model.broker import ClientRole
from pipesense.model.change import FlushSends, Refusal, Replace
from pipesense.model.where import Loc
from pipesense.systems.brokers.clients import Found, Looking
from pipesense.systems.brokers.loops import dead_letter_of
from pipesense.systems.brokers.settings import given
from pipesense.systems.brokers.table import ClientClass, Form
from pipesense.text.span import Span

_READERS: Final = frozenset({"json.loads", "orjson.loads", "ujson.loads", "simplejson.loads"})
"""Functions that raise ValueError for text that they cannot read."""
_NAME: Final = "dead_letters"
_RESULT: Final = "decoded"
_CONNECTION: Final = ("bootstrap_servers", "security_protocol", "sasl_", "ssl_", "api_version")
"""How the settings begin that say where the brokers are and who asks; their dots are written as underscores here."""
_Loop = ast.For | ast.AsyncFor | ast.While


def put_aside(looking: Looking, decode: Loc) -> tuple[Replace, ...] | Refusal:
    """The statement that reads a message in a ``try`` that sends what it cannot read to a topic of its own."""
    module = looking.module
    call = next((site.node for site in module.calls() if module.loc(site.node) == decode), None)
    statement, loop = _around(module, call) if call is not None else (None, None)
    if call is None or statement is None or loop is None or not _raises_value_error(module, call):
        return Refusal("What this call raises for a message that it cannot read is not known.")
    message = _message(looking, loop, call)
    found = _consumer(looking, loop)
    outer = _outermost(looking, loop)
    if not message or found is None or outer is None:
        return Refusal("Which name holds the message, or which client reads it, cannot be told here.")
    aside, made = dead_letter_of(looking, outer, message), tuple[Replace, ...]()
    if not aside:
        written = _new_producer(looking, found, outer, message)
        if isinstance(written, Refusal):
            return written
        aside, made = written
    lines = aside.splitlines()
    if found.made.individual and found.made.finish:
        consumer = _subject(looking, outer)
        lines.append(found.made.finish.format(consumer=consumer, message=message))
    lines.append("continue")
    passed_on = any(
        isinstance(each, ast.Call) and each is not call and any(node is call for node in nodes_under(each))
        for each in nodes_under(statement)
    )
    tried = (_tried_before if passed_on else _tried)(module, statement, call, lines)
    return (*made, *tried) if not isinstance(tried, Refusal) else tried


def _around(module: Module, call: ast.Call) -> tuple[ast.stmt | None, _Loop | None]:
    """The simple statement that a call stands in, and the loop that this statement stands in."""
    place = place_of(call)
    statement = _holding(module, place.node, call)
    if not isinstance(statement, ast.Assign | ast.AnnAssign | ast.Expr):
        return None, None
    for around in place.outward():
        if isinstance(around.node, LOOPS):
            return statement, around.node
        if isinstance(around.node, (*FUNCTIONS, ast.ClassDef, ast.Lambda)):
            break
    return None, None


def _holding(module: Module, owner: ast.AST | None, call: ast.Call) -> ast.stmt | None:
    """The statement of a block that holds a call; without an owner it is the file's own block."""
    inside = module.body if owner is None else [each for each in children(owner) if isinstance(each, ast.stmt)]
    if isinstance(owner, ast.Try):
        inside = [*inside, *(each for handler in owner.handlers for each in handler.body)]
    return next((each for each in inside if any(node is call for node in nodes_under(each))), None)


def _raises_value_error(module: Module, call: ast.Call) -> bool:
    func = call.func
    if _READERS & set(module.qualified(func)):
        return True
    plain = all(isinstance(each, ast.Constant) for each in call.args) and not call.keywords
    return isinstance(func, ast.Attribute) and func.attr == "decode" and plain


def _message(looking: Looking, loop: _Loop, call: ast.Call) -> str:
    """The name that holds one message."""
    if isinstance(loop, ast.For | ast.AsyncFor):
        named = {each.id for each in nodes_under(call) if isinstance(each, ast.Name)}
        if not isinstance(loop.target, ast.Name):
            return ""
        own = looking.client(loop.iter) is not None
        return loop.target.id if own or loop.target.id in named else ""
    bound = {
        target.id
        for node in nodes_under(loop)
        for target in (node.targets if isinstance(node, ast.Assign) else [])
        if isinstance(target, ast.Name) and _receives(looking, node)
    }
    return bound.pop() if len(bound) == 1 else ""


def _receives(looking: Looking, node: ast.AST) -> bool:
    return any(_reader(looking, each) is not None for each in nodes_under(node))


def _reader(looking: Looking, node: ast.AST) -> Found | None:
    """The consumer, where a node asks it for messages."""
    found = looking.receiver(node) if isinstance(node, ast.Call) else None
    if found is None or not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return None
    return found if node.func.attr in found.made.receives else None


def _loops(loop: _Loop) -> Iterator[_Loop]:
    """A loop and those around it, in one function."""
    yield loop
    for place in place_of(loop).outward():
        if isinstance(place.node, (*FUNCTIONS, ast.ClassDef)):
            return
        if isinstance(place.node, LOOPS):
            yield place.node


def _asks(looking: Looking, loop: _Loop) -> tuple[Found, ast.expr] | None:
    """The consumer that a loop reads from, with the expression that is it."""
    if isinstance(loop, ast.For | ast.AsyncFor):
        found = looking.client(loop.iter)
        if found is not None and found.made.iterates:
            return found, loop.iter
    for node in nodes_under(loop):
        reader = _reader(looking, node)
        if reader is not None and isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            return reader, node.func.value
    return None


def _outermost(looking: Looking, loop: _Loop) -> _Loop | None:
    """The outermost loop around the message that reads from its consumer."""
    reading = [each for each in _loops(loop) if _asks(looking, each) is not None]
    return reading[-1] if reading else None


def _consumer(looking: Looking, loop: _Loop) -> Found | None:
    outer = _outermost(looking, loop)
    asked = _asks(looking, outer) if outer is not None else None
    return asked[0] if asked is not None else None


def _subject(looking: Looking, loop: _Loop) -> str:
    asked = _asks(looking, loop)
    return looking.module.text_of(asked[1]) if asked is not None else ""


def _new_producer(
    looking: Looking, consumer: Found, loop: _Loop, message: str
) -> tuple[str, tuple[Replace, ...]] | Refusal:
    """What sends through a producer of the same library, and the edits that make one before the loop."""
    module, library = looking.module, consumer.made.library
    made = next(
        (
            each
            for each in looking.table.clients
            if each.library == library and each.role is ClientRole.PRODUCER and each.dead_letter
        ),
        None,
    )
    if made is None or "await " in made.dead_letter or "(" in made.names[0] or consumer.call is None:
        return Refusal("There is no producer at hand that could send the message elsewhere.")
    if module.table.mentions(_NAME):
        return Refusal(f"There is something called {_NAME} already.")
    entries = _connection(module, consumer, loop)
    if isinstance(entries, Refusal):
        return entries
    package, _, name = made.names[0].rpartition(".")
    spelled, edits = add_import(module, name, package)
    new = f"{_NAME} = {spelled}({_arguments(made, entries)})"
    sent = made.dead_letter.format(producer=_NAME, message=message)
    if any(each.loss is not None and "flush" in each.settles and not each.repair for each in made.sends):
        sent += f"\n{_NAME}.flush()"
    return sent, (*edits, *add_before(module, loop, new))


def _arguments(made: ClientClass, entries: list[tuple[str, str]]) -> str:
    if made.form is Form.DICTIONARY:
        return "{" + ", ".join(f'"{key}": {text}' for key, text in entries) + "}"
    return ", ".join(f"{key}={text}" for key, text in (*entries, ("acks", '"all"')))


def _connection(module: Module, consumer: Found, loop: _Loop) -> list[tuple[str, str]] | Refusal:
    """The consumer's settings that say how to get to the brokers, as they are written."""
    call = consumer.call
    found = given(module, call, consumer.made) if call is not None else None
    if call is None or found is None or found.opened is not None:
        return Refusal("How the consumer gets to its brokers is not all written here.")
    near = _function(call) is None or _function(call) is _function(loop)
    entries: list[tuple[str, str]] = []
    for key, entry in found.entries.items():
        if not key.replace(".", "_").startswith(_CONNECTION):
            continue
        own = parsed_of(entry.value) is parsed_of(call) or isinstance(entry.value, ast.Constant)
        if not own or not (near or isinstance(entry.value, ast.Constant)):
            return Refusal(f"What {key} is, is written elsewhere.")
        entries.append((key, module.text_of(entry.value)))
    if consumer.made.form is Form.DICTIONARY and "bootstrap.servers" not in found.entries:
        return Refusal("Where the brokers are is not written here.")
    return entries


def _function(node: ast.AST) -> ast.AST | None:
    return next((place.node for place in place_of(node).outward() if isinstance(place.node, FUNCTIONS)), None)


def _tried_before(
    module: Module, statement: ast.stmt, call: ast.Call, lines: list[str]
) -> tuple[Replace, ...] | Refusal:
    """The call alone inside ``try``, before the statement: what is done with the result may fail for other reasons."""
    unit = parsed_of(statement)
    span = unit.span_of(statement)
    start = unit.text.rfind("\n", 0, span.start) + 1
    indent = unit.text[start : span.start]
    if indent.strip() or "\t" in indent:
        return Refusal("The statement does not stand in lines of its own.")
    if module.table.mentions(_RESULT):
        return Refusal(f"There is something called {_RESULT} already.")
    written = f"{indent}try:\n{indent}    {_RESULT} = {module.text_of(call)}\n{indent}except ValueError:\n"
    written += "".join(f"{indent}    {line}\n" for line in lines)
    return Replace(module.loc(statement).at(Span(start, start)), written), Replace(module.loc(call), _RESULT)


def _tried(module: Module, statement: ast.stmt, call: ast.Call, lines: list[str]) -> tuple[Replace, ...] | Refusal:
    """A statement inside ``try``, with what its ``except`` does; the lines of the statement move to the right."""
    unit = parsed_of(statement)
    span = unit.span_of(statement)
    start = unit.text.rfind("\n", 0, span.start) + 1
    indent = unit.text[start : span.start]
    end = unit.text.find("\n", span.end)
    end = len(unit.text) if end < 0 else end
    texts = (each for each in nodes_under(statement) if isinstance(each, ast.Constant) and isinstance(each.value, str))
    torn = any("\n" in module.text_of(each) for each in texts)
    if indent.strip() or "\t" in indent or torn or ";" in unit.text[span.end : end].partition("#")[0]:
        return Refusal("The statement does not stand in lines of its own.")
    loc = module.loc(statement)
    edits = [Replace(loc.at(Span(start, start)), f"{indent}try:\n    ")]
    at = unit.text.find("\n", start, span.end)
    while at >= 0:
        edits.append(Replace(loc.at(Span(at + 1, at + 1)), "    "))
        at = unit.text.find("\n", at + 1, span.end)
    behind = "".join(f"\n{indent}    {line}" for line in lines)
    edits.append(Replace(loc.at(Span(end, end)), f"\n{indent}except ValueError:{behind}"))
    return tuple(edits)


def flush_behind(module: Module, change: FlushSends) -> tuple[Replace, ...] | Refusal:
    """A flush behind the last statement of each function that sends."""
    calls = [site.node for site in module.calls() if module.loc(site.node) in change.calls]
    lasts: dict[ast.AST | None, tuple[ast.stmt, str]] = {}
    for call in calls:
        around = _function(call)
        last = _holding(module, around, call)
        named = call.func.value if isinstance(call.func, ast.Attribute) else None
        if last is None or not isinstance(named, ast.Name):
            return Refusal("Where the program ends using this producer cannot be told here.")
        endless = isinstance(last, ast.While) and isinstance(last.test, ast.Constant) and bool(last.test.value)
        if endless or isinstance(last, ast.Return | ast.Try | ast.ClassDef):
            return Refusal("Nothing that stands behind this statement would surely run.")
        waits = any(isinstance(each, ast.Await) and each.value is call for each in nodes_under(last))
        lasts[around] = (last, f"{'await ' if waits else ''}{named.id}")
    if not lasts:
        return Refusal("The calls are no longer where they were.")
    return tuple(part for last, name in lasts.values() for part in add_after(module, last, f"{name}.{change.method}()"))
