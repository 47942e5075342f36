"""What a function that makes a pipeline calls: the steps, in which order they run, and what they hand to each other.

A flow or a job is a function whose body calls tasks. It is read as Python would run it, branches all and loop bodies
once. A step that is called is waited for (*blocking*) or only started; whoever starts something goes on, and waits for
it where it asks for its result, or hands it to a step that does.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from pipesense.lang.python.functions import Function
from pipesense.lang.python.module import Module
from pipesense.lang.python.nodes import children

K = TypeVar("K")
Ends = frozenset[K]
_DEEPEST: Final = 4
_MOST: Final = 2000
"""Steps enough for any function that people write."""


@dataclass(frozen=True, slots=True)
class Called(Generic[K]):
    """A call is a step. ``what`` it is (a step that is called twice is one step); whether the caller waits for it.

    ``awaited``: to await the call is to wait for the step, not only for its start.
    """

    what: K
    blocking: bool
    mapped: bool = False
    awaited: bool = True


@dataclass(slots=True)
class Steps(Generic[K]):
    """``first`` holds the first call of each step, in the order of the calls; ``pairs`` what runs before what."""

    first: dict[K, ast.Call] = field(default_factory=dict)
    mapped: set[K] = field(default_factory=set)
    pairs: set[tuple[K, K]] = field(default_factory=set)
    others: list[ast.Call] = field(default_factory=list)
    """Calls in the bodies that were read which are no steps and lead to none."""
    lost: dict[K, ast.Call] = field(default_factory=dict)
    """Steps that were only started: nobody waits for them, hands on what they give, or returns it."""


_KEEPING: Final = frozenset({"append", "extend", "add"})
_ONLY_SHOWING: Final = frozenset({"print", "len", "repr", "str", "list", "tuple", "set", "dict", "enumerate", "zip"})


def _keeps(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr in _KEEPING


Recognise = Callable[[ast.Call], "Called[K] | None"]


def read_steps(module: Module, function: Function, recognise: Recognise[K], waits: frozenset[str]) -> Steps[K]:
    """The steps of a function and of the workspace's plain functions that it calls.

    ``recognise`` tells steps from other calls; ``waits`` are qualified names of functions that wait for what they get.
    """
    walk = _Walk(module, recognise, waits)
    returned = walk.enter(function, {})
    walk.asked |= returned
    walk.found.lost = {what: call for what, call in walk.started.items() if what not in walk.asked}
    return walk.found


Env = dict[str, "frozenset[K]"]


class _Walk(Generic[K]):
    def __init__(self, module: Module, recognise: Recognise[K], waits: frozenset[str]) -> None:
        self.module = module
        self.recognise = recognise
        self.waits = waits
        self.found: Steps[K] = Steps()
        self.ended: frozenset[K] = frozenset()
        """The last steps that have surely ended: everything called from here on runs behind them."""
        self.inside: list[ast.AST] = []
        self.started: dict[K, ast.Call] = {}
        self.asked: frozenset[K] = frozenset()

    def enter(self, function: Function, given: Mapping[str, frozenset[K]]) -> frozenset[K]:
        """Read a function's body; what it returns."""
        node = function.node
        if node in self.inside or len(self.inside) >= _DEEPEST or len(self.found.first) > _MOST:
            return frozenset()
        env = dict(given)
        self.inside.append(node)
        try:
            return self.value(node.body, env) if isinstance(node, ast.Lambda) else self.run(node.body, env)
        finally:
            self.inside.pop()

    # statements

    def run(self, body: Sequence[ast.stmt], env: Env[K]) -> frozenset[K]:
        returned: frozenset[K] = frozenset()
        for statement in body:
            returned |= self.statement(statement, env)
        return returned

    def statement(self, node: ast.stmt, env: Env[K]) -> frozenset[K]:
        match node:
            case ast.Expr():
                self.value(node.value, env)
            case ast.Return():
                return self.value(node.value, env)
            case ast.Assign():
                self._assign(node, env)
            case ast.AnnAssign() | ast.AugAssign():
                found = self.value(node.value, env)
                kept = env.get(node.target.id, frozenset()) if isinstance(node.target, ast.Name) else frozenset()
                self.bind(node.target, found | kept if isinstance(node, ast.AugAssign) else found, env)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                pass
            case ast.For() | ast.AsyncFor() | ast.While() | ast.If() | ast.Match() | ast.Try():
                return self._block(node, env)
            case ast.With() | ast.AsyncWith():
                for item in node.items:
                    entered = self.value(item.context_expr, env)
                    if item.optional_vars is not None:
                        self.bind(item.optional_vars, entered, env)
                return self.run(node.body, env)
            case _:
                for child in children(node):
                    if isinstance(child, ast.expr):
                        self.value(child, env)
        return frozenset()

    def _block(
        self, node: ast.For | ast.AsyncFor | ast.While | ast.If | ast.Match | ast.Try, env: Env[K]
    ) -> frozenset[K]:
        match node:
            case ast.For() | ast.AsyncFor():
                self.bind(node.target, self.value(node.iter, env), env)
                return self.run(node.body, env) | self.run(node.orelse, env)
            case ast.While():
                self.value(node.test, env)
                return self.run([*node.body, *node.orelse], env)
            case ast.If():
                self.value(node.test, env)
                return self._branches((node.body, node.orelse), env)
            case ast.Match():
                self.value(node.subject, env)
                return self._branches([*(case.body for case in node.cases), []], env)
            case ast.Try():
                handlers = [inner for handler in node.handlers for inner in handler.body]
                return self.run([*node.body, *handlers, *node.orelse, *node.finalbody], env)

    def _assign(self, node: ast.Assign, env: Env[K]) -> None:
        target = node.targets[0]
        if (
            isinstance(target, ast.Tuple)
            and isinstance(node.value, ast.Tuple)
            and len(target.elts) == len(node.value.elts)
        ):
            found = [self.value(part, env) for part in node.value.elts]
            for name, given in zip(target.elts, found, strict=True):
                self.bind(name, given, env)
            return
        value = self.value(node.value, env)
        for each in node.targets:
            self.bind(each, value, env)

    def _branches(self, bodies: Iterable[Sequence[ast.stmt]], env: Env[K]) -> frozenset[K]:
        """Any of several bodies may run: a name means whatever any of them gives it."""
        before, ended = dict(env), self.ended
        returned: frozenset[K] = frozenset()
        after: Env[K] = {}
        ends: frozenset[K] = frozenset()
        for body in bodies:
            own, self.ended = dict(before), ended
            returned |= self.run(body, own)
            ends |= self.ended
            for name, value in own.items():
                after[name] = after.get(name, frozenset()) | value
        env.clear()
        env.update(after)
        self.ended = ends
        return returned

    def bind(self, target: ast.expr, value: frozenset[K], env: Env[K]) -> None:
        match target:
            case ast.Name():
                env[target.id] = value
            case ast.Tuple() | ast.List():
                for each in target.elts:
                    self.bind(each, value, env)
            case ast.Starred():
                self.bind(target.value, value, env)
            case ast.Subscript(value=ast.Name(id=name)) | ast.Attribute(value=ast.Name(id=name)):
                env[name] = env.get(name, frozenset()) | value
            case _:
                pass

    # expressions

    def value(self, expr: ast.expr | None, env: Env[K]) -> frozenset[K]:
        """The steps that a value comes from."""
        match expr:
            case None | ast.Constant() | ast.Lambda():
                return frozenset()
            case ast.Name():
                return env.get(expr.id, frozenset())
            case ast.Await():
                found = self.value(expr.value, env)
                called = self.recognise(expr.value) if isinstance(expr.value, ast.Call) else None
                if called is None or called.awaited:
                    self.wait(found)
                return found
            case ast.Call():
                return self.call(expr, env)
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                inner = dict(env)
                for part in expr.generators:
                    self.bind(part.target, self.value(part.iter, inner), inner)
                    for condition in part.ifs:
                        self.value(condition, inner)
                parts = (expr.key, expr.value) if isinstance(expr, ast.DictComp) else (expr.elt,)
                return frozenset().union(*(self.value(part, inner) for part in parts))
            case ast.Attribute() | ast.Yield() | ast.YieldFrom():
                found = self.value(expr.value, env)
                self.asked |= found
                return found
            case ast.NamedExpr():
                found = self.value(expr.value, env)
                self.bind(expr.target, found, env)
                return found
            case _:
                nodes = (child for child in children(expr) if isinstance(child, ast.expr))
                return frozenset().union(*[self.value(child, env) for child in nodes])

    def call(self, call: ast.Call, env: Env[K]) -> frozenset[K]:
        base = self.value(call.func.value, env) if isinstance(call.func, ast.Attribute) else frozenset()
        called = self.recognise(call)
        positional = [self.value(each, env) for each in call.args]
        named = {word.arg: self.value(word.value, env) for word in call.keywords}
        given = base.union(*positional, *named.values())
        if called is not None:
            return self._step(call, called, given)
        if isinstance(call.func, ast.Attribute) and call.func.attr in _KEEPING:
            if isinstance(call.func.value, ast.Name):
                self.bind(call.func.value, given, env)
        elif isinstance(call.func, ast.Attribute):
            # Whoever looks at what was started may learn how it ended.
            self.asked |= base
            if call.func.attr in ("result", "wait", "get") and base:
                self.wait(base)
        if given and not self.waits.isdisjoint(self.module.qualified(call.func)):
            self.wait(given)
        entered = self.module.callables(call.func)
        if not entered:
            self.found.others.append(call)
            if not (isinstance(call.func, ast.Name) and call.func.id in _ONLY_SHOWING) and not _keeps(call):
                self.asked |= given
        for function in entered:
            steps = len(self.found.first)
            parameters = function.node.args
            names = [arg.arg for arg in (*parameters.posonlyargs, *parameters.args)]
            bound = dict(zip(names, positional, strict=False))
            bound |= {name: value for name, value in named.items() if name is not None}
            given |= self.enter(function, bound)
            if steps == len(self.found.first):
                self.found.others.append(call)
        return given

    def _step(self, call: ast.Call, called: Called[K], given: frozenset[K]) -> frozenset[K]:
        what = called.what
        self.found.first.setdefault(what, call)
        if called.mapped:
            self.found.mapped.add(what)
        self.found.pairs |= {(each, what) for each in given | self.ended if each != what}
        self.asked |= given
        if not called.blocking:
            self.started.setdefault(what, call)
        else:
            self.ended = frozenset((what,))
        return frozenset((what,))

    def wait(self, steps: frozenset[K]) -> None:
        """Everything from here on runs behind these steps."""
        self.ended |= steps
        self.asked |= steps
