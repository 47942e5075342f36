"""Decorators that a project makes of a framework's own.

``my_task = partial(task, retries=2)``; ``def my_task(function): return task(retries=2)(function)``; a function that
gives such a decorator; one that hands the framework a function of its own, which calls the decorated one. They are read
as Python would run them on a function that nobody knows yet. What may come out in several ways is told only as far as
all ways agree, so that a setting that one of them makes is not called missing.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Final

from pipesense.lang.python.frames import NO_ARGUMENTS, Argument, Arguments, Frame, function_frame, read_arguments
from pipesense.lang.python.functions import Function
from pipesense.lang.python.index import FUNCTIONS, FunctionNode
from pipesense.lang.python.module import Module
from pipesense.lang.python.nodes import nodes_under
from pipesense.model.value import Unknown

IsMarker = Callable[[ast.expr], bool]
"""Whether an expression is a decorator of the framework ("task", not "task(retries=2)")."""

_PARTIAL: Final = "functools.partial"
_WRAPS: Final = "functools.wraps"
_DEEPEST: Final = 8
_LOOPS: Final = (ast.For, ast.AsyncFor, ast.While)


@dataclass(frozen=True, slots=True, eq=False)
class Applied:
    """What a decorator of the project comes to.

    Attributes:
        marker: the framework's decorator, as the wrapper names it.
        arguments: what the framework's decorator is given.
        inner: the function that the framework gets, which calls the decorated one; None where it gets that itself.
    """

    marker: ast.expr
    arguments: Arguments
    inner: FunctionNode | None


@dataclass(frozen=True, slots=True, eq=False)
class _Marker:
    """The framework's decorator, with what it was given so far."""

    expr: ast.expr
    arguments: Arguments


@dataclass(frozen=True, slots=True, eq=False)
class _Local:
    """A function of the workspace, with the frame it was defined in."""

    function: Function
    outer: Frame | None


@dataclass(frozen=True, slots=True, eq=False)
class _Decorated:
    """The function that is decorated."""


_FUNCTION: Final = _Decorated()
_Value = _Marker | _Local | _Decorated | Applied


def applied(decorator: ast.expr, frame: Frame, is_marker: IsMarker) -> Applied | None:
    """What a decorator that is no marker itself makes of a function; None where that is not sure."""
    reader = _Reader(frame.module, is_marker)
    value = reader.value(decorator, frame, 0)
    if isinstance(value, _Marker):
        return Applied(value.expr, value.arguments, None)
    made = reader.decorate(value, 0) if isinstance(value, _Local) else None
    return made if isinstance(made, Applied) else None


class _Reader:
    def __init__(self, home: Module, is_marker: IsMarker) -> None:
        self._home = home
        self._is_marker = is_marker

    def value(self, expr: ast.expr, frame: Frame, depth: int) -> _Value | None:
        """What an expression of a wrapper stands for."""
        if depth > _DEEPEST:
            return None
        if isinstance(expr, ast.Call):
            return self._call(expr, frame, depth + 1)
        if not isinstance(expr, ast.Name | ast.Attribute):
            return None
        if isinstance(expr, ast.Name):
            found, known = frame.lookup(expr.id)
            if found:
                return known if isinstance(known, _Value) else None
            bound = frame.parameter(expr.id)
            if bound is not None:
                return self.value(bound.expr, bound.frame, depth + 1)
        if self._is_marker(expr):
            return _Marker(expr, NO_ARGUMENTS)
        if isinstance(expr, ast.Name):
            bindings = frame.module.bindings_of(expr)
            if len(bindings) == 1 and bindings[0].kind == "assign" and bindings[0].value is not None:
                return self.value(bindings[0].value, Frame(frame.module), depth + 1)
        functions = frame.module.callables(expr)
        return _Local(functions[0], None) if len(functions) == 1 else None

    def _call(self, call: ast.Call, frame: Frame, depth: int) -> _Value | None:
        if call.args and _PARTIAL in frame.module.qualified(call.func):
            base = self.value(call.args[0], frame, depth)
            return _given(base, call, frame) if isinstance(base, _Marker) and len(call.args) == 1 else None
        base = self.value(call.func, frame, depth)
        if isinstance(base, _Marker):
            if not call.args:
                return _given(base, call, frame)
            what = self.value(call.args[0], frame, depth) if len(call.args) == 1 else None
            return self._marked(_given(base, call, frame), what)
        if not isinstance(base, _Local):
            return None
        if len(call.args) == 1 and not call.keywords and self.value(call.args[0], frame, depth) is _FUNCTION:
            return self.decorate(base, depth)
        return self._run(base, function_frame(base.function, call, frame, base.outer), depth)

    def _marked(self, marker: _Marker, what: _Value | None) -> Applied | None:
        """The framework's decorator on a function of the wrapper's."""
        if what is _FUNCTION:
            return Applied(marker.expr, marker.arguments, None)
        node = what.function.node if isinstance(what, _Local) else None
        if isinstance(what, _Local) and isinstance(node, FUNCTIONS) and what.outer is not None:
            return _through(marker, node, what.outer)
        return None

    def decorate(self, local: _Local, depth: int) -> _Value | None:
        """What a function of the workspace gives for the function that is decorated."""
        node = local.function.node
        parameters = [*node.args.posonlyargs, *node.args.args]
        if not parameters or depth > _DEEPEST:
            return None
        bare = ast.Call(ast.Name("_", ast.Load()), [], [])
        frame = function_frame(local.function, bare, Frame(self._home), local.outer)
        frame.bound.pop(parameters[0].arg, None)
        frame.names[parameters[0].arg] = _FUNCTION
        return self._run(local, frame, depth)

    def _run(self, local: _Local, frame: Frame, depth: int) -> _Value | None:
        node = local.function.node
        if isinstance(node, ast.Lambda):
            return self.value(node.body, frame, depth + 1)
        if node.decorator_list or isinstance(node, ast.AsyncFunctionDef) or not _returns(node.body):
            return None
        _forget_changed(node, frame)
        found = list(self._returned(node.body, frame, depth + 1))
        return reduce(_either, found) if found else None

    def _returned(self, body: Sequence[ast.stmt], frame: Frame, depth: int) -> Iterator[_Value | None]:
        """What the statements may return, tests of whether a function was given decided."""
        for statement in body:
            match statement:
                case ast.Return(value=value):
                    yield self.value(value, frame, depth) if value is not None else None
                    return
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    frame.names[statement.name] = self._defined(statement, frame, depth)
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    frame.bound.pop(name, None)
                    frame.names[name] = self.value(value, frame, depth)
                case ast.If():
                    sure = self._decided(statement.test, frame, depth)
                    ways = [statement.body, statement.orelse] if sure is None else [_way(statement, sure)]
                    for way in ways:
                        yield from self._returned(way, frame, depth)
                    if all(map(_returns, ways)):
                        return
                case ast.For() | ast.While() | ast.Try() | ast.With() | ast.Match():
                    yield None
                    return
                case _:
                    pass

    def _defined(self, node: FunctionNode, frame: Frame, depth: int) -> _Value | None:
        """What a function that a wrapper defines is called by."""
        others = [each for each in node.decorator_list if not self._wraps(each, frame)]
        if not others:
            return _Local(Function(frame.module, node, node.name), frame)
        marker = self.value(others[0], frame, depth) if len(others) == 1 else None
        return _through(marker, node, frame) if isinstance(marker, _Marker) else None

    def _wraps(self, decorator: ast.expr, frame: Frame) -> bool:
        return isinstance(decorator, ast.Call) and _WRAPS in frame.module.qualified(decorator.func)

    def _decided(self, test: ast.expr, frame: Frame, depth: int) -> bool | None:
        """Whether a test holds that asks if the wrapper was given a function; None where it asks something else."""
        match test:
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                inner = self._decided(operand, frame, depth)
                return None if inner is None else not inner
            case ast.Compare(left=ast.Name() as name, ops=[ast.Is() | ast.IsNot() as how], comparators=[right]):
                given = self._is_given(name, frame)
                if given is None or not (isinstance(right, ast.Constant) and right.value is None):
                    return None
                return given is isinstance(how, ast.IsNot)
            case ast.Call(func=ast.Name(id="callable"), args=[ast.Name() as name]) | (ast.Name() as name):
                return self._is_given(name, frame)
            case _:
                return None

    def _is_given(self, name: ast.Name, frame: Frame) -> bool | None:
        if frame.lookup(name.id)[1] is _FUNCTION:
            return True
        bound = frame.parameter(name.id)
        return False if bound is not None and isinstance(bound.expr, ast.Constant) and not bound.expr.value else None


def _way(statement: ast.If, sure: bool) -> list[ast.stmt]:
    return statement.body if sure else statement.orelse


def _returns(body: Sequence[ast.stmt]) -> bool:
    last = body[-1] if body else None
    if isinstance(last, ast.If):
        return _returns(last.body) and _returns(last.orelse)
    return isinstance(last, ast.Return | ast.Raise)


def _forget_changed(node: FunctionNode, frame: Frame) -> None:
    """Keywords that a wrapper collects are known only where it does nothing but hand them on."""
    handed = {id(each.value) for each in nodes_under(node) if isinstance(each, ast.keyword) and each.arg is None}
    for each in nodes_under(node):
        if isinstance(each, ast.Name) and each.id in frame.spread and id(each) not in handed:
            del frame.spread[each.id]


def _given(marker: _Marker, call: ast.Call, frame: Frame) -> _Marker:
    """The marker with the keywords of one more call, which beat those that it had."""
    more = read_arguments(call, frame)
    before = marker.arguments
    hidden = more.opened is not None and more.unsure is None
    kept = {} if hidden else {name: given for name, given in before.items.items() if name not in (more.unsure or ())}
    opened = more.opened or before.opened
    partly = [each.unsure for each in (more, before) if each.opened is not None]
    unsure = frozenset().union(*(each or () for each in partly)) if partly and None not in partly else None
    return _Marker(marker.expr, Arguments({**kept, **more.items}, opened, unsure=unsure))


def _through(marker: _Marker, node: FunctionNode, frame: Frame) -> Applied | None:
    """The marker on a function that calls the decorated one; its own loops and handlers may repeat or hide."""
    nodes = nodes_under(node)
    names = {each.id for each in nodes if isinstance(each, ast.Name)}
    if not any(frame.lookup(name)[1] is _FUNCTION for name in names):
        return None
    plain = not any(isinstance(each, _LOOPS) for each in nodes) and all(
        isinstance(each.body[-1], ast.Raise) for each in nodes if isinstance(each, ast.ExceptHandler)
    )
    given = marker.arguments
    if not plain:
        why = Unknown(f"{node.name}, which a decorator of the project puts around it, may deal with failures")
        given = replace(given, opened=given.opened or why, unsure=None)
    return Applied(marker.expr, given, node)


def _either(left: _Value | None, right: _Value | None) -> _Value | None:
    """Either of two values: what only one of them is given is not known."""
    if isinstance(left, _Local) and isinstance(right, _Local):
        return left if left.function.node is right.function.node else None
    if isinstance(left, _Marker) and isinstance(right, _Marker) and ast.dump(left.expr) == ast.dump(right.expr):
        return _Marker(left.expr, _common(left.arguments, right.arguments))
    if (
        isinstance(left, Applied)
        and isinstance(right, Applied)
        and left.inner is right.inner
        and ast.dump(left.marker) == ast.dump(right.marker)
    ):
        return Applied(left.marker, _common(left.arguments, right.arguments), left.inner)
    return None


def _common(left: Arguments, right: Arguments) -> Arguments:
    same: dict[str, Argument] = {
        name: given
        for name, given in left.items.items()
        if name in right.items and ast.dump(given.value) == ast.dump(right.items[name].value)
    }
    differing = frozenset((left.items.keys() | right.items.keys()) - same.keys())
    opened = left.opened or right.opened
    if opened is None and not differing:
        return left
    why = Unknown("a decorator of the project sets it in one case only")
    partly = [each.unsure for each in (left, right) if each.opened is not None]
    unsure = None if None in partly else frozenset(differing).union(*(each or () for each in partly))
    return Arguments(same, opened or why, unsure=unsure)
