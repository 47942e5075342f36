"""Lifts what a file does with a message broker: its clients, the loops that handle messages, what is sent unchecked."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from pipesense.lang.python.index import FUNCTIONS, LOOPS, dotted
from pipesense.lang.python.module import Module
from pipesense.lang.python.syntax import place_of
from pipesense.model.broker import ClientRole, MessageLoop, StreamClient
from pipesense.model.code import ScopeCode
from pipesense.model.data import Access, AccessMode, DatasetName
from pipesense.model.flow import Effect
from pipesense.model.value import Unknown, Version
from pipesense.model.where import Loc
from pipesense.systems.broker import BrokerTable, Sends
from pipesense.systems.broker_clients import Found, Looking
from pipesense.systems.broker_guarantee import sites
from pipesense.systems.broker_loops import message_loop
from pipesense.systems.broker_sending import Use, unchecked
from pipesense.systems.broker_settings import names_in, read_client
from pipesense.systems.broker_steps import end_of
from pipesense.systems.system import Lifted
from pipesense.text.span import Span

_Loop = ast.For | ast.AsyncFor | ast.While
_GUARD: Final = Unknown("whether readers drop a message that comes twice is not known")


@dataclass(frozen=True, slots=True)
class Look:
    """What one top-level statement says. ``origin`` of loops and uses is the call that made the client."""

    clients: tuple[StreamClient, ...]
    loops: tuple[tuple[Loc | None, MessageLoop], ...]
    uses: tuple[Use, ...]
    code: tuple[ScopeCode, ...]


def lift(table: BrokerTable, module: Module, version: Version) -> Lifted:
    """Everything that a file says to the broker."""
    looks = module.memo_each(("broker", table.system, version), module.body, partial(_look, table, module, version))
    clients = tuple(client for look in looks for client in look.clients)
    by_place = {client.whole: client for client in clients}
    loops = tuple(
        replace(loop, client=by_place.get(origin) if origin is not None else None)
        for look in looks
        for origin, loop in look.loops
    )
    uses = tuple(use for look in looks for use in look.uses)
    sent = tuple(unchecked(table, clients, uses))
    return Lifted(
        facts=(*clients, *loops, *sent),
        sites=tuple(sites(clients, loops, uses)),
        code=tuple(code for look in looks for code in look.code),
    )


@dataclass(slots=True)
class _Nodes:
    """What one walk over a statement finds beside its calls."""

    dropped: set[int]
    statements: dict[int, tuple[ast.stmt, str]]
    """Statements that are one call, by its id, with the name that keeps its result."""
    loops: list[ast.For | ast.AsyncFor | ast.While]
    given: list[ast.expr]
    """Expressions that are handed to somebody: arguments, results, entries of collections."""


def _walk(statement: ast.stmt) -> _Nodes:
    nodes = _Nodes(set(), {}, [], [])
    for node in ast.walk(statement):
        if isinstance(node, ast.Expr):
            value = node.value.value if isinstance(node.value, ast.Await) else node.value
            nodes.dropped.add(id(value))
            nodes.statements[id(value)] = (node, "")
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            nodes.statements[id(node.value)] = (node, node.targets[0].id)
        elif isinstance(node, LOOPS):
            nodes.loops.append(node)
        elif isinstance(node, ast.Call):
            nodes.given += [*node.args, *(word.value for word in node.keywords)]
        elif isinstance(node, ast.Return | ast.Yield) and node.value is not None:
            nodes.given += node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
        elif isinstance(node, ast.List | ast.Tuple | ast.Set):
            nodes.given += node.elts
        elif isinstance(node, ast.Dict):
            nodes.given += node.values
    return nodes


def _look(table: BrokerTable, module: Module, version: Version, statement: ast.stmt) -> Look:
    looking = Looking(table, module, version)
    nodes = _walk(statement)
    clients: list[StreamClient] = []
    uses: list[Use] = []
    accesses: dict[str, list[Access]] = {}
    loops: dict[ast.AST, tuple[Loc | None, MessageLoop]] = {}
    for loop, subject, found in _loops_over(looking, nodes):
        read = message_loop(looking, found, loop, subject)
        if read is not None:
            loops[loop] = (looking.origin(found), read)
    for site in module.calls_under(statement):
        call = site.node
        made = looking.made_by(call) if looking.may_make(call) else None
        if made is not None:
            client = read_client(module, call, made, table, version)
            clients.append(client)
            mode = AccessMode.READ if made.role is ClientRole.CONSUMER else AccessMode.APPEND
            _access(accesses, table, module, call, client.topics, mode)
        receiver = looking.receiver(call)
        if receiver is None or not isinstance(call.func, ast.Attribute):
            continue
        method, where = call.func.attr, looking.origin(receiver)
        uses.append(_use(looking, call, method, receiver, where, nodes))
        if method in receiver.made.subscribes and call.args:
            _access(accesses, table, module, call, names_in(module, call.args[0]), AccessMode.READ)
        if any(method in sends.methods for sends in receiver.made.sends):
            _access(accesses, table, module, call, _sent_to(module, call), AccessMode.APPEND)
        around = _loop_around(call) if method in receiver.made.receives else None
        if around is not None and around not in loops:
            read = message_loop(looking, receiver, around, call.func.value)
            if read is not None:
                loops[around] = (where, read)
    uses += _given_away(looking, nodes)
    return Look(tuple(clients), tuple(loops.values()), tuple(uses), tuple(_code(accesses)))


def _sent_to(module: Module, call: ast.Call) -> list[str]:
    given = call.args[0] if call.args else None
    given = given or next((word.value for word in call.keywords if word.arg in ("topic", "StreamName")), None)
    return names_in(module, given) if given is not None else []


def _access(
    accesses: dict[str, list[Access]],
    table: BrokerTable,
    module: Module,
    call: ast.Call,
    topics: Sequence[str],
    mode: AccessMode,
) -> None:
    found = accesses.setdefault(scope_name(module, call), [])
    for topic in topics:
        dataset = DatasetName((topic.lower(),), table.system)
        found.append(Access(dataset, mode, _GUARD, module.loc(call), streaming=True))


def scope_name(module: Module, node: ast.AST) -> str:
    """The qualified name of the function that a node runs in, or of the module."""
    scope = module.scope_of(node)
    while scope.kind not in ("function", "module") and scope.parent is not None:
        scope = scope.parent
    return f"{module.prefix}.{scope.name}" if scope.name else module.prefix


def _code(accesses: dict[str, list[Access]]) -> Iterator[ScopeCode]:
    for scope, found in accesses.items():
        yield ScopeCode(scope, tuple(found), frozenset({Effect.NETWORK}))


def _use(looking: Looking, call: ast.Call, method: str, found: Found, origin: Loc | None, nodes: _Nodes) -> Use:
    sends = next((each for each in found.made.sends if method in each.methods), None)
    return Use(
        library=found.made.library,
        method=method,
        origin=origin,
        loc=looking.module.loc(call),
        written=" ".join(looking.module.text_of(call.func).split()),
        sends=sends is not None,
        settles=any(method in each.settles for each in found.made.sends),
        dropped=id(call) in nodes.dropped,
        told=sends is not None and _tells(call, sends),
        counted=sends is not None and bool(sends.counter) and _counts(call, sends.counter),
        repair=_look_at(looking.module, call, sends.counter, nodes) if sends is not None and sends.counter else (),
    )


def _look_at(module: Module, call: ast.Call, counter: str, nodes: _Nodes) -> tuple[tuple[Loc, str], ...]:
    """Text that fails where the result counts failures."""
    statement, name = nodes.statements.get(id(call), (None, ""))
    if statement is None:
        return ()
    end, indent = end_of(module, [statement])
    start = module.loc(call)
    before = () if name else ((start.at(Span(start.span.start, start.span.start)), "response = "),)
    name = name or "response"
    check = f'\n{indent}if {name}["{counter}"]:\n{indent}    raise RuntimeError("some records were refused")'
    return (*before, (end, check))


def _tells(call: ast.Call, sends: Sends) -> bool:
    """Whether somebody is told what became of the message."""
    named = any(word.arg in sends.callbacks or word.arg is None for word in call.keywords)
    return named or (sends.callback_at is not None and len(call.args) > sends.callback_at)


def _counts(call: ast.Call, counter: str) -> bool:
    """Whether the code around the call reads the number of failures."""
    around = next((p.node for p in place_of(call).outward() if isinstance(p.node, (*FUNCTIONS, ast.ClassDef))), None)
    if around is None:
        return False
    return any(isinstance(node, ast.Constant) and node.value == counter for node in ast.walk(around))


def _given_away(looking: Looking, nodes: _Nodes) -> Iterator[Use]:
    """Clients that somebody else gets, and methods that are handed on (``atexit.register(producer.flush)``)."""
    for expr in nodes.given:
        if isinstance(expr, ast.Starred):
            expr = expr.value
        if isinstance(expr, ast.Attribute) and expr.attr in looking.methods:
            found = looking.client(expr.value)
            if found is not None:
                yield Use(found.made.library, expr.attr, looking.origin(found), looking.module.loc(expr), settles=True)
                continue
        if isinstance(expr, ast.Name | ast.Attribute | ast.Call):
            found = looking.client(expr)
            if found is not None:
                yield Use(found.made.library, "", looking.origin(found), looking.module.loc(expr), escapes=True)


def _loops_over(looking: Looking, nodes: _Nodes) -> Iterator[tuple[_Loop, ast.expr, Found]]:
    for loop in nodes.loops:
        if isinstance(loop, ast.While):
            yield from _asking(looking, loop)
            continue
        subject = loop.iter
        if isinstance(subject, ast.Call) and dotted(subject.func) in ("enumerate", "iter", "tqdm") and subject.args:
            subject = subject.args[0]
        found = looking.client(subject)
        if found is not None and found.made.iterates:
            yield loop, subject, found


def _asking(looking: Looking, loop: ast.While) -> Iterator[tuple[_Loop, ast.expr, Found]]:
    """``while message := consumer.poll()``: the head of the loop asks for messages."""
    for node in ast.walk(loop.test):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        found = looking.receiver(node)
        if found is not None and node.func.attr in found.made.receives:
            yield loop, node.func.value, found


def _loop_around(call: ast.Call) -> _Loop | None:
    """The innermost loop that a call stands in, inside its function."""
    for place in place_of(call).outward():
        if isinstance(place.node, LOOPS):
            return place.node
        if isinstance(place.node, (*FUNCTIONS, ast.Lambda, ast.ClassDef)):
            return None
    return None
