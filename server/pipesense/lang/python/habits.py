"""How functions that tasks run deal with failures: exceptions that are caught and dropped, checks that only tell.

Only what is certain is a fact. A handler counts that does nothing but log, print, tell or pass; one that assigns,
counts, collects, returns or raises has thought of something. What is caught must be able to fail for reasons outside: a
call that reaches the network or writes, or a function of the workspace that does.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from pipesense.lang.python.edit import add_after, replace_node
from pipesense.lang.python.effects import call_effect, scope_effects
from pipesense.lang.python.functions import Function, runs_in
from pipesense.lang.python.index import FUNCTIONS, CallSite
from pipesense.lang.python.names import ends, position
from pipesense.lang.python.nodes import children, nodes_under
from pipesense.model.change import Replace
from pipesense.model.flow import Effect
from pipesense.model.habits import CheckThatOnlyTells, DroppedException
from pipesense.text.regex import regex

if TYPE_CHECKING:
    from pipesense.lang.python.module import Module

_BROAD: Final = frozenset({"Exception", "BaseException"})
_TELLS: Final = regex(
    r"(?:^|[._])(?:log(?:ger|ging)?|debug|info|warn(?:ing)?|error|exception|critical|print|print_exc|format_exc|echo"
    r"|notify|alert|send_\w+|\w*_alert|slack\w*|post_message|email|message)(?:$|[._(])",
    re.I,
)
_CLEANS: Final = regex(
    r"close|clean|remove|unlink|rmtree|rollback|disconnect|delete|drop|cancel|quit|shutdown"
    r"|notify|alert|slack|mail|webhook|teams|metric|statsd",
    re.I,
)
_CHECKS: Final = regex(
    r"(?:^|_)(?:check|checks|validate|validation|data_quality|quality_(?:check|gate)|dq|verify|assert)(?:_|$)", re.I
)
_ENDS: Final = regex(r"\b(?:raise|assert|exit|fail|Skip\w*Exception|abort|expect\w*|validate\w*|XCom|xcom)\b", re.I)

_NOTHING: Final = "nothing happens"

Habit = DroppedException | CheckThatOnlyTells


def habits(module: Module, function: Function) -> tuple[Habit, ...]:
    """What a function of the module does with failures."""
    node = function.node
    if not isinstance(node, FUNCTIONS):
        return ()
    return (*_swallowed(module, function, node), *_only_tells(module, function, node))


def _own_nodes(node: ast.AST) -> list[ast.AST]:
    """What stands in a function, without the functions inside it."""
    found = children(node)
    for at in found:
        if not isinstance(at, (*FUNCTIONS, ast.Lambda, ast.ClassDef)):
            found += children(at)
    return found


def _swallowed(module: Module, function: Function, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Habit]:
    # Most functions catch nothing, which the walk that was made anyway tells.
    places = (place for unit in module.units_of([node]) for place in unit.index.places)
    if not any(isinstance(place.node, ast.Try) for place in places):
        return
    tries = [each for each in _own_nodes(node) if isinstance(each, ast.Try)]
    if not tries:
        return
    sites = [site for site in module.calls_under(node) if runs_in(site.place) is node]
    for each in tries:
        for handler in each.handlers:
            caught = _caught(handler)
            does = _does(module, handler) if caught else ""
            work = _work(module, each, sites) if does else ""
            if work and not _looked_at_later(module, node, each):
                place = handler.type if handler.type is not None else handler
                loc = module.loc(place)
                if handler.type is None:
                    loc = loc.at(type(loc.span)(loc.span.start, loc.span.start + len("except")))
                yield DroppedException(function.name, loc, caught, work, does, _raise(module, node, each))


def _caught(handler: ast.ExceptHandler) -> str:
    """What a handler catches, where that is everything."""
    if handler.type is None:
        return "everything"
    names = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return next((f"every {each.id}" for each in names if isinstance(each, ast.Name) and each.id in _BROAD), "")


def _does(module: Module, handler: ast.ExceptHandler) -> str:
    """What a handler does, in words, where it does nothing about the failure."""
    told = ""
    for statement in handler.body:
        if isinstance(statement, ast.Pass | ast.Continue):
            continue
        call = statement.value if isinstance(statement, ast.Expr) else None
        if isinstance(call, ast.Constant):
            continue
        if not isinstance(call, ast.Call) or not _TELLS.search(ast.unparse(call.func)):
            return ""
        if any(Effect.NETWORK in scope_effects(module, each).effects for each in module.callables(call.func)):
            # The failure is put down where others find it, in a table of runs or with whoever is on call.
            return ""
        told = told or f"{ast.unparse(call.func)} is all that happens"
    return told or _NOTHING


def _work(module: Module, statement: ast.Try, sites: list[CallSite]) -> str:
    """The first call in a ``try`` that can fail for reasons outside, as written; "" where there is none."""
    inside = {id(each) for part in statement.body for each in nodes_under(part)}
    found = ""
    for site in sites:
        if id(site.node) not in inside:
            continue
        written = " ".join(module.text_of(site.node.func).split())
        if _CLEANS.search(written):
            return ""
        effect = call_effect(module, site)
        if effect is not None and _is_arranging(site.node):
            continue
        if effect is not None and effect.effect in (Effect.NETWORK, Effect.WRITE):
            found = found or written
        elif not found:
            for callee in module.callables(site.node.func):
                if callee.module is module and scope_effects(module, callee).effects & {Effect.NETWORK, Effect.WRITE}:
                    found = written
    return found


def _is_arranging(call: ast.Call) -> bool:
    """Whether a statement drops or makes something: that it was gone or there already is why its failure is caught."""
    texts = (each.value for each in nodes_under(call) if isinstance(each, ast.Constant))
    return any(isinstance(each, str) and _ARRANGES.match(each) is not None for each in texts)


_ARRANGES: Final = regex(
    r"\s*(?:drop\s+\w+|create\s+(?:unique\s+)?(?:table|schema|database|index|extension|role|user|type|sequence|view)"
    r"|alter\s+table\s+\S+\s+(?:add|drop))\b",
    re.I,
)


def _looked_at_later(module: Module, node: ast.AST, statement: ast.Try) -> bool:
    """Whether the function raises or returns something behind the ``try``, which may be about what happened in it."""
    after = ends(module, statement)
    return any(isinstance(each, ast.Raise | ast.Assert) and position(module, each) > after for each in _own_nodes(node))


def _raise(module: Module, function: ast.AST, statement: ast.Try) -> tuple[Replace, ...]:
    """``raise`` at the end of every handler that does nothing about what it catches: one of them alone would leave the
    others' failures dropped. In a loop it would end the work on all that is still to come, so nothing is written there.
    """
    loops = (each for each in _own_nodes(function) if isinstance(each, ast.For | ast.AsyncFor | ast.While))
    if any(inner is statement for loop in loops for inner in _own_nodes(loop)):
        return ()
    edits: list[Replace] = []
    for handler in statement.handlers:
        last, does = handler.body[-1], _does(module, handler)
        if not does or (does == _NOTHING and not _caught(handler)):
            # One exception that is named and passed over is meant so.
            continue
        if isinstance(last, ast.Continue):
            return ()
        edits += (
            (replace_node(module, last, "raise"),) if isinstance(last, ast.Pass) else add_after(module, last, "raise")
        )
    return tuple(edits)


def _only_tells(module: Module, function: Function, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Habit]:
    if not _CHECKS.search(node.name) or _ENDS.search(module.whole_text(node).partition("\n")[2]):
        return
    if any(isinstance(each, ast.Return) and each.value is not None for each in _own_nodes(node)):
        return
    reads = any(
        (effect := call_effect(module, site)) is not None and effect.effect is Effect.NETWORK
        for site in module.calls_under(node)
    )
    if not reads:
        return
    given = {part.arg for part in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)}
    for each in _own_nodes(node):
        if not isinstance(each, ast.If) or not isinstance(each.test, ast.Compare | ast.BoolOp | ast.UnaryOp):
            continue
        named = {part.id for part in ast.walk(each.test) if isinstance(part, ast.Name)}
        if named <= given:
            # Whether to tell at all is asked of the caller's words, not of the data.
            continue
        calls = [part.value for part in each.body if isinstance(part, ast.Expr) and isinstance(part.value, ast.Call)]
        if len(calls) != len(each.body) or not all(_TELLS.search(ast.unparse(call.func)) for call in calls):
            continue
        tells = ast.unparse(calls[-1].func)
        if re.search(r"\b(?:info|debug|print)$", tells):
            continue
        edits = add_after(module, each.body[-1], f'raise RuntimeError("{node.name} found wrong data")')
        yield CheckThatOnlyTells(function.name, node.name, module.loc(each.test), tells, edits)
        return
