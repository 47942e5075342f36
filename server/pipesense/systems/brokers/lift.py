"""Lifts what a file does with a message broker: its clients, the loops that handle messages, what is sent unchecked."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from pipesense.lang.python.index import FUNCTIONS, LOOPS, FunctionNode, dotted
from pipesense.lang.python.module import Module
from pipesense.lang.python.nodes import nodes_under
from pipesense.lang.python.syntax import place_of
from pipesense.model.broker import ClientRole, MessageLoop, PlainMessages, StreamClient
from pipesense.model.code import ScopeCode
from pipesense.model.data import Access, AccessMode, DatasetName
from pipesense.model.flow import Effect
from pipesense.model.value import Known, Unknown, Version
from pipesense.model.where import Loc
from pipesense.systems.brokers.clients import Found, Looking
from pipesense.systems.brokers.guarantee import sites
from pipesense.systems.brokers.listeners import listeners_by_decorator, listeners_of_call, listeners_of_class
from pipesense.systems.brokers.loops import asked_once, message_loop
from pipesense.systems.brokers.plain import is_json, plain_messages, without_schema
from pipesense.systems.brokers.sending import Use, ordered, unchecked
from pipesense.systems.brokers.settings import names_in, read_client
from pipesense.systems.brokers.steps import end_of, is_log
from pipesense.systems.brokers.table import BrokerTable, ClientClass, Sends
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
    plain: tuple[PlainMessages, ...] = ()


def lift(table: BrokerTable, module: Module, version: Version) -> Lifted:
    """Everything that a file says to the broker."""
    looks = module.memo_each(("broker", table.system, version), module.body, partial(_look, table, module, version))
    clients = tuple(client for look in looks for client in look.clients)
    by_place = {client.whole: client for client in clients}
    uses = tuple(use for look in looks for use in look.uses)
    anybody, finished = _says_done(table, uses)
    loops = tuple(
        replace(
            loop,
            client=by_place.get(origin) if origin is not None else None,
            never_done=loop.never_done and not anybody and origin not in finished,
        )
        for look in looks
        for origin, loop in look.loops
    )
    sent = tuple(unchecked(table, clients, uses))
    in_order = ordered(table, clients, uses)
    return Lifted(
        facts=(
            *clients,
            *loops,
            *sent,
            *in_order,
            *without_schema(module, [each for look in looks for each in look.plain]),
        ),
        sites=tuple(sites(clients, loops, uses, sent)),
        code=tuple(code for look in looks for code in look.code),
    )


def _says_done(table: BrokerTable, uses: Sequence[Use]) -> tuple[bool, frozenset[Loc | None]]:
    """Whether somebody outside the loops may say of any message that it is done, and of which clients' messages."""
    words = frozenset(word for made in table.clients for word in made.done)
    saying = [use for use in uses if use.method in words]
    anybody = any(not use.library or use.origin is None for use in saying)
    return anybody, frozenset(use.origin for use in (*saying, *(use for use in uses if use.escapes)))


@dataclass(slots=True)
class _Nodes:
    """What one walk over a statement finds beside its calls."""

    dropped: set[int]
    told: set[int]
    """Calls whose results are given a callback on the spot (``send(...).add_errback(f)``) and nothing else."""
    entered: list[ast.expr]
    """What ``with`` statements open and close."""
    statements: dict[int, tuple[ast.stmt, str]]
    """Statements that are one call, by its id, with the name that keeps its result."""
    loops: list[ast.For | ast.AsyncFor | ast.While]
    classes: list[ast.ClassDef]
    functions: list[FunctionNode]
    """Those with decorators."""
    given: list[ast.expr]
    """Expressions that are handed to somebody: arguments, results, entries of collections."""


def _walk(statement: ast.stmt) -> _Nodes:
    nodes = _Nodes(set(), set(), [], {}, [], [], [], [])
    for node in nodes_under(statement):
        if isinstance(node, ast.Expr):
            value = node.value.value if isinstance(node.value, ast.Await) else node.value
            nodes.dropped.add(id(value))
            nodes.statements[id(value)] = (node, "")
            sent = _under_callbacks(value)
            if sent is not None:
                nodes.dropped.add(id(sent))
                nodes.told.add(id(sent))
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            nodes.statements[id(node.value)] = (node, node.targets[0].id)
        elif isinstance(node, ast.ClassDef):
            nodes.classes.append(node)
        elif isinstance(node, FUNCTIONS) and node.decorator_list:
            nodes.functions.append(node)
        elif isinstance(node, LOOPS):
            nodes.loops.append(node)
        elif isinstance(node, ast.With | ast.AsyncWith):
            nodes.entered += (item.context_expr for item in node.items)
        elif isinstance(node, ast.Call) and not is_log(node):
            nodes.given += [*node.args, *(word.value for word in node.keywords)]
        elif isinstance(node, ast.Return | ast.Yield) and node.value is not None:
            nodes.given += node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
        elif isinstance(node, ast.List | ast.Tuple | ast.Set):
            nodes.given += node.elts
        elif isinstance(node, ast.Dict):
            nodes.given += node.values
    return nodes


_LISTENS: Final = frozenset({"add_errback", "add_callback", "add_both", "add_done_callback"})


def _under_callbacks(value: ast.expr) -> ast.expr | None:
    """``send(...)`` of ``send(...).add_callback(f).add_errback(g)``."""
    found: ast.expr | None = None
    while isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr in _LISTENS:
        found = value = value.func.value
    return found


@dataclass(slots=True)
class _Gathering:
    """Collects what one top-level statement says."""

    looking: Looking
    nodes: _Nodes
    clients: list[StreamClient] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    accesses: dict[str, list[Access]] = field(default_factory=dict)
    loops: dict[ast.AST, tuple[Loc | None, MessageLoop]] = field(default_factory=dict)
    plain: list[PlainMessages] = field(default_factory=list)

    def making(self, call: ast.Call, made: ClientClass) -> None:
        """A call that makes a client."""
        looking = self.looking
        client = read_client(looking.module, call, made, looking.table, looking.version)
        self.clients.append(client)
        if made.role is ClientRole.CONSUMER:
            self.access(call, client.topics, AccessMode.READ)
        elif made.role is ClientRole.PRODUCER:
            self.access(call, client.topics, AccessMode.APPEND)
        for read in listeners_of_call(looking, call, made, ""):
            self.loops[call] = (client.whole, read)

    def using(self, call: ast.Call, func: ast.Attribute, receiver: Found) -> None:
        """A call on a client."""
        looking, made, method = self.looking, receiver.made, func.attr
        origin = looking.origin(receiver)
        self.uses.append(_use(looking, call, method, receiver, origin, self.nodes))
        if method in made.subscribes and call.args:
            self.access(call, names_in(looking.module, call.args[0]), AccessMode.READ)
        for sends in made.sends:
            if method in sends.methods and sends.topic:
                topics = _sent_to(looking.module, call, sends.topic)
                self.access(call, topics, AccessMode.APPEND)
                if topics and is_json(looking, call, receiver):
                    named = [DatasetName(_parts(topic), looking.table.system) for topic in topics]
                    self.plain += (plain_messages(looking, topic, func, made.library) for topic in named)
        for read in listeners_of_call(looking, call, made, method):
            self.loops[call] = (origin, read)
        if method in made.receives:
            around = _loop_around(call)
            if around is None:
                self.once(call, func.value, receiver)
            elif around not in self.loops:
                self.loop(around, func.value, receiver)

    def loop(self, loop: _Loop, subject: ast.expr, found: Found) -> None:
        """A loop over a consumer."""
        read = message_loop(self.looking, found, loop, subject)
        if read is not None:
            self.loops[loop] = (self.looking.origin(found), read)

    def once(self, call: ast.Call, subject: ast.expr, found: Found) -> None:
        """A call that asks a consumer for messages and stands in no loop."""
        around = _block_around(call)
        if around is not None and around not in self.loops:
            read = asked_once(self.looking, found, call, around.body, subject)
            if read is not None:
                self.loops[around] = (self.looking.origin(found), read)

    def access(self, call: ast.Call, topics: Sequence[str], mode: AccessMode) -> None:
        """The scope of a call reads or writes topics."""
        module, system = self.looking.module, self.looking.table.system
        found = self.accesses.setdefault(scope_name(module, call), [])
        for topic in topics:
            dataset = DatasetName(_parts(topic), system)
            found.append(Access(dataset, mode, _GUARD, module.loc(call), streaming=True))


def _look(table: BrokerTable, module: Module, version: Version, statement: ast.stmt) -> Look:
    looking = Looking(table, module, version)
    nodes = _walk(statement)
    found = _Gathering(looking, nodes)
    for loop, subject, client in _loops_over(looking, nodes):
        found.loop(loop, subject, client)
    by_class = {owner: tuple(listeners_of_class(looking, owner)) for owner in nodes.classes}
    listeners = frozenset(owner for owner, read in by_class.items() if read)
    for site in module.calls_under(statement):
        call = site.node
        made = looking.made_by(call) if looking.may_make(call) else None
        if made is not None:
            found.making(call, made)
        receiver = looking.receiver(call)
        if receiver is not None and isinstance(call.func, ast.Attribute):
            found.using(call, call.func, receiver)
        else:
            found.uses += () if _of_listener(call, listeners) else _loose(looking, call)
    for function in nodes.functions:
        for origin, read in listeners_by_decorator(looking, function):
            found.loops[function] = (origin, read)
    for owner, loops in by_class.items():
        for read in loops:
            found.loops[owner] = (None, read)
    found.uses += _given_away(looking, nodes)
    return Look(
        tuple(found.clients),
        tuple(found.loops.values()),
        tuple(found.uses),
        tuple(_code(found.accesses)),
        tuple(found.plain),
    )


def _of_listener(call: ast.Call, listeners: frozenset[ast.ClassDef]) -> bool:
    """Whether a call is one of a class that is a listener itself, on its own object: it says nothing of others."""
    func = call.func
    if not listeners or not isinstance(func, ast.Attribute) or not isinstance(func.value, ast.Name):
        return False
    return func.value.id == "self" and any(place.node in listeners for place in place_of(call).outward())


def _loose(looking: Looking, call: ast.Call) -> Iterator[Use]:
    """A call by a name that clients have, on something that nobody can tell: it may be one of them."""
    func = call.func
    if not isinstance(func, ast.Attribute) or func.attr not in looking.methods or looking.instances.names(func):
        return
    yield Use("", func.attr, None, looking.module.loc(call), settles=func.attr in looking.settling)


def _sent_to(module: Module, call: ast.Call, argument: str) -> list[str]:
    named = next((word.value for word in call.keywords if word.arg == argument), None)
    given = named or (call.args[0] if call.args and argument == "topic" else None)
    return names_in(module, given) if given is not None else []


def _parts(topic: str) -> tuple[str, ...]:
    """A topic's name from the outermost part to the innermost: "projects/p/topics/t" is p.t."""
    parts = topic.lower().rpartition("://")[2].split("/")
    return tuple(part for part in parts if part not in ("projects", "topics", "subscriptions", "")) or (topic.lower(),)


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
        settles=any(method in each.settles for each in found.made.sends) and not _only_looks(looking, call, found),
        dropped=id(call) in nodes.dropped
        or (sends is not None and bool(sends.counter) and id(call) in nodes.statements),
        told=sends is not None and (_tells(call, sends) or id(call) in nodes.told),
        chained=id(call) in nodes.told,
        counted=sends is not None and bool(sends.counter) and _counts(call, sends.counter, nodes),
        endless=sends is not None and _is_endless(_loop_around(call)),
        ordered=_ordering(looking.module, call, sends) if sends is not None and sends.ordered_by[0] else None,
        repair=_look_at(looking.module, call, sends.counter, nodes) if sends is not None and sends.counter else (),
    )


def _only_looks(looking: Looking, call: ast.Call, found: Found) -> bool:
    """``poll(0)`` on a producer that ends with its function: it waits for nothing, and nobody polls later."""
    func, module = call.func, looking.module
    if not isinstance(func, ast.Attribute) or func.attr != "poll" or len(call.args) != 1:
        return False
    waits = module.value(call.args[0])
    if not isinstance(waits, Known) or waits.value != 0 or not isinstance(func.value, ast.Name) or found.call is None:
        return False
    local = module.scope_of(found.call).kind == "function" and module.scope_of(call) is module.scope_of(found.call)
    return local and not _is_endless(_loop_around(call))


def _ordering(module: Module, call: ast.Call, sends: Sends) -> Loc | None:
    """The argument that gives the message a key of order, where that is surely not empty."""
    word = next((each for each in call.keywords if each.arg == sends.ordered_by[0]), None)
    if word is None:
        return None
    value = module.value(word.value)
    # A name that nobody can follow may stand for the empty text that means no order.
    sure = bool(value.value) if isinstance(value, Known) else isinstance(word.value, ast.Call | ast.JoinedStr)
    return module.loc(word) if sure else None


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


def _counts(call: ast.Call, counter: str, nodes: _Nodes) -> bool:
    """Whether the code around the call reads the number of failures, or hands the result to others."""
    name = nodes.statements.get(id(call), (None, ""))[1]
    if name and any(isinstance(each, ast.Name) and each.id == name for each in nodes.given):
        return True
    around = next((p.node for p in place_of(call).outward() if isinstance(p.node, (*FUNCTIONS, ast.ClassDef))), None)
    if around is None:
        return False
    return any(isinstance(node, ast.Constant) and node.value == counter for node in nodes_under(around))


def _given_away(looking: Looking, nodes: _Nodes) -> Iterator[Use]:
    """Clients that somebody else gets, and methods that are handed on (``atexit.register(producer.flush)``)."""
    for expr in nodes.entered:
        found = looking.client(expr)
        if found is not None and any(each.settles & _LEAVES for each in found.made.sends):
            yield Use(found.made.library, "__exit__", looking.origin(found), looking.module.loc(expr), settles=True)
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


_LEAVES: Final = frozenset({"__exit__", "__aexit__"})


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
    for node in nodes_under(loop.test):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        found = looking.receiver(node)
        if found is not None and node.func.attr in found.made.receives:
            yield loop, node.func.value, found


def _is_endless(loop: _Loop | None) -> bool:
    """Whether a loop runs for ever: ``while True`` without a way out."""
    if not isinstance(loop, ast.While) or not isinstance(loop.test, ast.Constant) or not loop.test.value:
        return False
    return not any(isinstance(node, ast.Break | ast.Return) for node in nodes_under(loop))


def _block_around(call: ast.Call) -> FunctionNode | ast.With | ast.AsyncWith | None:
    """The function that a call stands in, or the outermost ``with`` of the file's top level."""
    block: ast.With | ast.AsyncWith | None = None
    for place in place_of(call).outward():
        if isinstance(place.node, FUNCTIONS):
            return place.node
        if isinstance(place.node, ast.Lambda | ast.ClassDef):
            return None
        if isinstance(place.node, ast.With | ast.AsyncWith):
            block = place.node
    return block


def _loop_around(call: ast.Call) -> _Loop | None:
    """The innermost loop that a call stands in, inside its function."""
    for place in place_of(call).outward():
        if isinstance(place.node, LOOPS):
            return place.node
        if isinstance(place.node, (*FUNCTIONS, ast.Lambda, ast.ClassDef)):
            return None
    return None
