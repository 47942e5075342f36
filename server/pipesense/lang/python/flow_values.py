"""What expressions give: operations on values of a library, followed through variables, calls and classes."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

from pipesense.lang.python.flow import DEEPEST, NO_TRAITS, Flow, Handed, Library, Made, Step, meet, read_function
from pipesense.lang.python.flow_given import (
    Argument,
    given_of,
    handed_over,
    is_none,
    loop_of,
    name_loc,
)
from pipesense.lang.python.flow_signs import told_by_use
from pipesense.lang.python.index import COMPREHENSIONS, FUNCTIONS, dotted, root_name
from pipesense.lang.python.module import Module
from pipesense.lang.python.nodes import children, nodes_under
from pipesense.lang.python.syntax import unquoted
from pipesense.model.frames import FrameOperation, Given

_MOST_HOPS: Final = 4
_MOST_WAYS: Final = 3
"""So far, and so many ways apart, other scopes are searched for what a name has; more ways are not worth their cost."""
_OPERATORS: Final = {ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}

How = tuple[str, "ast.AST | None", str]
"""What becomes of a value: FrameOperation's ``use``, the statement, and ``detail``."""


class Expressions:
    """The expressions of one scope. ``env`` holds what each variable has now; None for what nobody knows."""

    def __init__(self, module: Module, library: Library, handed: Handed, depth: int) -> None:
        self.module = module
        self.library = library
        self.handed = handed
        self.depth = depth
        self.env: dict[str, Flow | None] = {}
        self.operations: list[FrameOperation] = []
        self.returns: list[Flow | None] = []
        self.escaped: set[str] = set()
        self.loops = 0
        self.around: list[ast.For] = []
        self.conditions = 0
        self.hops = 0
        self.found: dict[tuple[ast.expr, int], Flow | None] = {}
        """What other scopes were searched for already, by how far it lies: attributes are made of one another."""

    def parameters(self, node: ast.AST, given: Mapping[str, Flow]) -> None:
        """Bind a function's parameters: what is handed to them, else what their annotations say."""
        arguments = getattr(node, "args", None)
        if not isinstance(arguments, ast.arguments):
            return
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        given = {**told_by_use(self.module, self.library, node, every, given), **given}
        self.env.update((each.arg, given.get(each.arg) or self._parameter(each)) for each in every)
        rest = [each.arg for each in (arguments.vararg, arguments.kwarg) if each is not None]
        self.env.update((name, given.get(name)) for name in rest)

    def _parameter(self, node: ast.arg) -> Flow | None:
        if node.annotation is None and node.arg in self.library.loose:
            return Flow(self.library.loose[node.arg], frozenset({"handed"}))
        return self.annotated(node.annotation)

    def annotated(self, annotation: ast.expr | None) -> Flow | None:
        """The value that an annotation promises; ``X | None`` and ``Optional[X]`` promise X."""
        annotation = unquoted(annotation)
        if isinstance(annotation, ast.BinOp) and isinstance(annotation.op, ast.BitOr):
            sides = [side for side in (annotation.left, annotation.right) if not is_none(side)]
            return self.annotated(sides[0]) if len(sides) == 1 else None
        if isinstance(annotation, ast.Subscript):
            inner = annotation.slice
            names = self.module.qualified(annotation.value)
            return self.annotated(inner) if "typing.Optional" in names else None
        if isinstance(annotation, ast.Name | ast.Attribute):
            kinds = {self.library.objects.get(name) for name in self.module.qualified(annotation)}
            kind = kinds.pop() if len(kinds) == 1 else None
            return Flow(kind) if kind else None
        return None

    @contextmanager
    def _loop(self) -> Iterator[None]:
        self.loops += 1
        self.conditions += 1
        yield
        self.loops -= 1
        self.conditions -= 1

    @contextmanager
    def _maybe(self) -> Iterator[None]:
        self.conditions += 1
        yield
        self.conditions -= 1

    def _forget(self, target: ast.AST) -> None:
        for name in (node.id for node in nodes_under(target) if isinstance(node, ast.Name)):
            self.env[name] = None

    def _leaves(self, expr: ast.expr) -> None:
        """Variables that stand in ``expr`` by themselves leave the scope's sight."""
        parts = expr.elts if isinstance(expr, ast.Tuple | ast.List | ast.Set) else [expr]
        if isinstance(expr, ast.Dict):
            parts = expr.values
        self.escaped.update(part.id for part in parts if isinstance(part, ast.Name))

    # expressions

    def flow(self, expr: ast.expr, use: str = "", at: ast.AST | None = None, name: str = "") -> Flow | None:
        """The value of an expression; operations in it are told on the way."""
        spine: list[ast.Call | ast.Attribute | ast.Subscript] = []
        node: ast.expr = expr
        while True:
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                spine.append(node)
                node = node.func.value
            elif isinstance(node, ast.Attribute | ast.Subscript):
                spine.append(node)
                node = node.value
            else:
                break
        last = not spine
        flow = self._base(node, use if last else "chain", at if last else None, name if last else "")
        root = node.id if isinstance(node, ast.Name) else root_name(node)
        for number in range(len(spine) - 1, -1, -1):
            part = spine[number]
            how = (use, at, name) if number == 0 else ("chain", None, "")
            flow = self._part(part, flow, how, root)
        return flow

    def _part(
        self,
        node: ast.Call | ast.Attribute | ast.Subscript,
        flow: Flow | None,
        how: How,
        root: str,
    ) -> Flow | None:
        if isinstance(node, ast.Call):
            arguments = self._arguments(node, flow)
            if flow is None:
                return self._package_call(node, arguments, how, root)
            assert isinstance(node.func, ast.Attribute)
            step = Step(flow.kind, node.func.attr, "call", flow.traits, self._given(arguments))
            made = self.library.operation(step)
            return self._tell(node, step, made, flow, how, root)
        if isinstance(node, ast.Subscript):
            if flow is None:
                self.flow(node.slice)
                return None
            item = self._argument("", node.slice, node.slice)
            step = Step(flow.kind, "getitem", "item", flow.traits, self._given([item]))
            return self._tell(node, step, self.library.operation(step), flow, how, root)
        if flow is None:
            return self._object(node)
        step = Step(flow.kind, node.attr, "attribute", flow.traits)
        made = self.library.operation(step)
        if node.attr in self.library.counts:
            self._tell(node, step, made, flow, how, root)
        return Flow(made.kind, made.traits, flow.made) if made is not None else None

    def _tell(
        self,
        node: ast.expr,
        step: Step,
        made: Made | None,
        flow: Flow | None,
        how: How,
        root: str,
    ) -> Flow | None:
        loc = self.module.loc(node)
        use, at, name = how
        if step.kind not in self.library.silent:
            below = node.func if isinstance(node, ast.Call) else node
            receiver = self.module.loc(below.value) if isinstance(below, ast.Attribute | ast.Subscript) else loc
            self.operations.append(
                FrameOperation(
                    step.kind,
                    step.name,
                    step.given,
                    loc,
                    name_loc(self.module, node, below, loc, receiver),
                    receiver,
                    flow.made if flow is not None else (),
                    step.traits,
                    made.kind if made is not None else "",
                    made.traits if made is not None else NO_TRAITS,
                    use,
                    name,
                    self.module.loc(at) if at is not None else None,
                    root,
                    self.loops > 0,
                    self.conditions > 0,
                    loop_of(self.module, self.around[-1]) if self.around else None,
                )
            )
        if made is None:
            return None
        kept = flow.made if flow is not None and step.kind in self.library.silent else (loc,)
        return Flow(made.kind, made.traits, kept)

    def _arguments(self, node: ast.Call, receiver: Flow | None) -> list[Argument]:
        found: list[Argument] = []
        to = None if receiver is not None else node.func
        for each in node.args:
            if isinstance(each, ast.Starred):
                self.flow(each.value, "argument")
                found.append(Argument("*", each, each, None))
            else:
                found.append(self._argument("", each, each, to))
        for word in node.keywords:
            found.append(self._argument(word.arg or "**", word.value, word, to))
        return found

    def _argument(self, name: str, value: ast.expr, whole: ast.AST, to: ast.expr | None = None) -> Argument:
        flow = self.flow(value, "argument")
        if to is not None and flow is not None and isinstance(value, ast.Name):
            self.escaped |= set() if self.library.only_uses(self.module.qualified(to)) else {value.id}
        return Argument(name, value, whole, flow)

    def _given(self, arguments: Sequence[Argument]) -> tuple[Given, ...]:
        """What arguments say. Of most calls nobody asks: they have nothing to do with the library."""
        return tuple(given_of(each, self.module, self.library) for each in arguments)

    def _base(self, node: ast.expr, use: str, at: ast.AST | None, name: str) -> Flow | None:
        if isinstance(node, ast.Call):
            return self._package_call(node, self._arguments(node, None), (use, at, name), root_name(node.func))
        if isinstance(node, ast.Await):
            return self.flow(node.value, use, at, name)
        reader = _READERS.get(type(node))
        if reader is not None:
            return reader(self, node)
        for child in children(node):
            if isinstance(child, ast.expr):
                self.flow(child, "argument")
        return None

    def _constant(self, node: ast.Constant) -> Flow | None:
        return None

    def _choice(self, node: ast.IfExp) -> Flow | None:
        self.flow(node.test)
        with self._maybe():
            return meet([self.flow(node.body), self.flow(node.orelse)])

    def _walrus(self, node: ast.NamedExpr) -> Flow | None:
        flow = self.env[node.target.id] = self.flow(node.value, "assign", node, node.target.id)
        return flow

    def _either(self, node: ast.BoolOp) -> Flow | None:
        flows = [self.flow(value) for value in node.values]
        return meet(flows) if isinstance(node.op, ast.Or) else None

    def _binary(self, node: ast.BinOp) -> Flow | None:
        return self._operator([self.flow(node.left), self.flow(node.right)])

    def _unary(self, node: ast.UnaryOp) -> Flow | None:
        return self._operator([self.flow(node.operand)])

    def _function(self, node: ast.Lambda) -> Flow | None:
        self._lambda(node, None)
        return None

    def _yield(self, node: ast.Yield | ast.YieldFrom) -> Flow | None:
        if node.value is not None:
            self._leaves(node.value)
            self.flow(node.value, "return")
        return None

    def _sequence(self, node: ast.Tuple | ast.List | ast.Set) -> Flow | None:
        self._leaves(node)
        for each in node.elts:
            self.flow(each, "argument")
        return None

    def _operator(self, flows: Sequence[Flow | None]) -> Flow | None:
        for flow in flows:
            if flow is not None:
                made = self.library.operation(Step(flow.kind, "", "operator", flow.traits))
                return Flow(made.kind, made.traits, flow.made) if made is not None else None
        return None

    def _compare(self, node: ast.Compare) -> Flow | None:
        detail = ""
        if len(node.ops) == 1 and isinstance(node.comparators[0], ast.Constant):
            detail = f"{_OPERATORS.get(type(node.ops[0]), '')} {node.comparators[0].value!r}"
        left = self.flow(node.left, "compare", node, detail)
        return self._operator([left, *(self.flow(each) for each in node.comparators)])

    def _comprehension(self, node: ast.expr) -> Flow | None:
        generators: list[ast.comprehension] = getattr(node, "generators", [])
        outer = dict(self.env)
        for number, each in enumerate(generators):
            self.flow(each.iter, "iterate" if not number else "", node)
            self._forget(each.target)
        with self._loop():
            for each in generators:
                for test in each.ifs:
                    self.flow(test)
            for part in ("key", "value", "elt"):
                inner = getattr(node, part, None)
                if isinstance(inner, ast.expr):
                    self.flow(inner)
        self.env = outer
        return None

    def _lambda(self, node: ast.Lambda, first: Flow | None) -> Flow | None:
        outer = dict(self.env)
        self.parameters(node, {})
        names = [each.arg for each in node.args.args]
        if first is not None and names:
            self.env[names[0]] = first
        found = self.flow(node.body, "return")
        self.env = outer
        return found

    def _variable(self, node: ast.Name) -> Flow | None:
        if node.id in self.env:
            return self.env[node.id]
        if self.hops > _MOST_HOPS:
            return None
        found: list[Flow | None] = []
        # What another scope bound: read where it stands, without telling its operations again.
        bindings = self.module.bindings_of(node)
        if len(bindings) > _MOST_WAYS:
            return None
        for binding in bindings:
            if binding.kind in ("assign", "with") and binding.value is not None:
                if not is_none(binding.value):
                    found.append(self._elsewhere(binding.value))
            elif binding.kind == "parameter" and isinstance(binding.node, ast.arg):
                found.append(self._parameter(binding.node))
            elif binding.kind == "from":
                found.append(self._by_name(node))
            else:
                return None
        if not bindings and node.id in self.library.loose:
            return Flow(self.library.loose[node.id], frozenset({"handed"}))
        return meet(found) if found else None

    def _elsewhere(self, expr: ast.expr) -> Flow | None:
        if (expr, self.hops) not in self.found:
            walk = Expressions(self.module, self.library, self.handed, self.depth)
            walk.hops, walk.found = self.hops + 1, self.found
            self.found[expr, self.hops] = walk.flow(expr)
        return self.found[expr, self.hops]

    def _by_name(self, node: ast.expr) -> Flow | None:
        names = self.module.qualified(node)
        return meet([self.library.named(name) if "()" in name else None for name in names]) if names else None

    def _object(self, node: ast.Attribute) -> Flow | None:
        """An attribute of something unknown: ``self.spark``, or a value that the library keeps under a name."""
        written = dotted(node)
        if written in self.env:
            return self.env[written]
        if isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"):
            return self._of_class(node)
        names = self.module.qualified(node) if written else ()
        found = [self.library.named(name) for name in names if not name.startswith("builtins.")]
        return meet(found) if found else None

    def _of_class(self, node: ast.Attribute) -> Flow | None:
        """What the methods of a class keep in an attribute of its objects."""
        if self.hops > _MOST_HOPS or not isinstance(node.value, ast.Name):
            return None
        around = [each for each in self.module.enclosing(node) if isinstance(each, ast.ClassDef)]
        found: list[Flow | None] = []
        self.module.note(node.value.id)
        for change in self.module.table.attribute_changes(node.value.id, node.attr) if around else ():
            if around[0] not in self.module.enclosing(change.node):
                continue
            if len(found) > _MOST_WAYS:
                return None
            if change.value is None or not is_none(change.value):
                found.append(self._elsewhere(change.value) if change.value is not None else None)
        return meet(found) if found else None

    def _package_call(self, node: ast.Call, arguments: Sequence[Argument], how: How, root: str) -> Flow | None:
        """A call on nothing known: a function of the library, or one of the workspace that returns its values."""
        names = self.module.qualified(node.func)
        if "functools.reduce" in names:
            return self._reduce(node)
        first = arguments[0].flow if arguments and "builtins.len" in names else None
        if first is not None and first.kind:
            return self._tell(node, Step(first.kind, "len", "call", first.traits), None, first, how, root)
        called = self._called(node.func)
        if called is not None:
            step = Step(called.kind, "__call__", "call", called.traits, self._given(arguments))
            return self._tell(node, step, self.library.operation(step), called, how, root)
        found: Flow | None = None
        for name in names:
            if name in self.library.objects:
                step = Step("", name.rpartition(".")[2], "call", NO_TRAITS, self._given(arguments))
                kind = self.library.objects[name]
                made = self.library.function(step.name, step) or Made(kind)
                found = self._tell(node, step, made, None, how, root)
                break
            rest = self.library.package_of(name)
            if rest is not None and "()" not in rest:
                step = Step("", rest, "call", NO_TRAITS, self._given(arguments))
                given_back = self.library.function(rest, step)
                if given_back is not None or not rest.startswith(self.library.quiet or ("()",)):
                    found = self._tell(node, step, given_back, None, how, root)
                break
            if rest is not None:
                flow = self.library.named(name + "()")
                found = Flow(flow.kind, flow.traits, (self.module.loc(node),)) if flow is not None else None
                break
        else:
            found = self._returned(node, arguments)
        if found is None and isinstance(node.func, ast.Attribute):
            kind = self.library.endings.get(node.func.attr, "")
            if kind:
                found = Flow(kind, NO_TRAITS, (self.module.loc(node),))
        return found

    def _called(self, node: ast.expr) -> Flow | None:
        """A value of the library that is called itself."""
        if not self.library.calls or not isinstance(node, ast.Name | ast.Attribute):
            return None
        flow = self._variable(node) if isinstance(node, ast.Name) else self._object(node)
        return flow if flow is not None and flow.kind in self.library.calls else None

    def _returned(self, node: ast.Call, arguments: Sequence[Argument]) -> Flow | None:
        if self.depth >= DEEPEST:
            return None
        callees = self.module.callables(node.func)
        if len(callees) != 1:
            return None
        callee, definition = callees[0], callees[0].node
        if not isinstance(definition, FUNCTIONS) or definition.decorator_list:
            return None
        asked = Expressions(callee.module, self.library, self.handed, self.depth)
        told = self.module.ask(callee.module, partial(asked.annotated, definition.returns))
        if told is None and callee.module.returned(definition):
            handed = handed_over(definition, self._given(arguments))
            told = read_function(self.module, callee, self.library, self.handed, self.depth + 1, handed).returns
        return Flow(told.kind, told.traits, (self.module.loc(node),)) if told is not None else None

    def _reduce(self, node: ast.Call) -> Flow | None:
        """``reduce(lambda df, c: ..., columns, df)``: a loop over its second argument."""
        if len(node.args) < 3 or not isinstance(node.args[0], ast.Lambda):
            return None
        start = self.flow(node.args[2])
        if start is None:
            return None
        with self._loop():
            return self._lambda(node.args[0], start)


_READERS: Final[dict[type[ast.expr], Callable[[Expressions, Any], Flow | None]]] = {
    ast.Constant: Expressions._constant,
    ast.Name: Expressions._variable,
    ast.IfExp: Expressions._choice,
    ast.NamedExpr: Expressions._walrus,
    ast.BoolOp: Expressions._either,
    ast.BinOp: Expressions._binary,
    ast.UnaryOp: Expressions._unary,
    ast.Compare: Expressions._compare,
    ast.Lambda: Expressions._function,
    ast.Yield: Expressions._yield,
    ast.YieldFrom: Expressions._yield,
    ast.Tuple: Expressions._sequence,
    ast.List: Expressions._sequence,
    ast.Set: Expressions._sequence,
    **dict.fromkeys(COMPREHENSIONS, Expressions._comprehension),
}
