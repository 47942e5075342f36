"""Statements in order, branches apart: the walk over one scope that ``flow`` is about."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from pipesense.lang.python.flow import Flow, Step, meet
from pipesense.lang.python.flow_given import COMPUTED, form_of
from pipesense.lang.python.flow_values import Expressions
from pipesense.lang.python.index import dotted, root_name
from pipesense.lang.python.nodes import children
from pipesense.model.frames import FrameOperation, Given
from pipesense.text.span import Span

_ENDS: Final = (ast.Return, ast.Raise, ast.Continue, ast.Break)


class Walk(Expressions):
    """One scope while it is read. ``env`` holds what each variable has now; None for what nobody knows."""

    # statements

    def statements(self, body: Sequence[ast.stmt]) -> bool:
        """Read statements in order; whether the last one leaves the block."""
        for statement in body:
            self.statement(statement)
        return bool(body) and isinstance(body[-1], _ENDS)

    def statement(self, node: ast.stmt) -> None:
        """Read one statement."""
        reader = _READERS.get(type(node))
        if reader is not None:
            reader(self, node)
            return
        for child in children(node):
            if isinstance(child, ast.expr):
                self.flow(child)

    def _plain(self, node: ast.Assign) -> None:
        self._assign(node.targets, node.value, node)

    def _annotated(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self._assign([node.target], node.value, node)
        if isinstance(node.target, ast.Name) and self.env.get(node.target.id) is None:
            self.env[node.target.id] = self.annotated(node.annotation)

    def _augmented(self, node: ast.AugAssign) -> None:
        self.flow(node.value, "argument")
        self._store(node.target, self.flow(node.target) if isinstance(node.target, ast.Name) else None, node)

    def _expression(self, node: ast.Expr) -> None:
        self.flow(node.value, "statement", node)

    def _return(self, node: ast.Return) -> None:
        if node.value is not None:
            self._leaves(node.value)
            self.returns.append(self.flow(node.value, "return", node))

    def _if(self, node: ast.If) -> None:
        self.flow(node.test)
        self._branches([node.body, node.orelse])

    def _for(self, node: ast.For | ast.AsyncFor) -> None:
        whole = self.flow(node.iter, "iterate", node)
        self._forget(node.target)
        if whole is not None and isinstance(node.target, ast.Name):
            made = self.library.operation(Step(whole.kind, "__iter__", "attribute", whole.traits))
            self.env[node.target.id] = Flow(made.kind, made.traits, whole.made) if made is not None else None
        if isinstance(node, ast.For):
            self.around.append(node)
        self._repeated(node.body)
        if isinstance(node, ast.For):
            self.around.pop()
        self._branches([node.orelse, []])

    def _while(self, node: ast.While) -> None:
        self.flow(node.test)
        self._repeated(node.body)
        self._branches([node.orelse, []])

    def _with(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            named = item.optional_vars.id if isinstance(item.optional_vars, ast.Name) else ""
            flow = self.flow(item.context_expr, "with", node, named)
            if flow is not None and isinstance(item.context_expr, ast.Name):
                self._enters(item.context_expr, flow)
            if item.optional_vars is not None:
                self._store(item.optional_vars, self._entered(flow), node)
        self.statements(node.body)

    def _match(self, node: ast.Match) -> None:
        self.flow(node.subject)
        self._branches([*(case.body for case in node.cases), []])

    def _definition(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        self.env[node.name] = None

    def _delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            self._forget(target)

    def _nothing(self, node: ast.stmt) -> None:
        """It says nothing about values."""

    def _enters(self, variable: ast.Name, flow: Flow) -> None:
        """``with connection:`` over a variable is an operation of its own; many libraries commit at its end."""
        loc = self.module.loc(variable)
        self.operations.append(
            FrameOperation(flow.kind, "enter", (), loc, loc, loc, flow.made, flow.traits, root=variable.id)
        )

    def _entered(self, flow: Flow | None) -> Flow | None:
        if flow is None:
            return None
        made = self.library.operation(Step(flow.kind, "__enter__", "attribute", flow.traits))
        return Flow(made.kind, made.traits, flow.made) if made is not None else flow

    def _try(self, node: ast.Try) -> None:
        before = dict(self.env)
        with self._maybe():
            ended = self.statements(node.body)
            ended = self.statements(node.orelse) or ended
        after = self.env
        ways = [] if ended else [after]
        for handler in node.handlers:
            self.env = _meet(before, after)
            with self._maybe():
                if not self.statements(handler.body):
                    ways.append(self.env)
        self.env = ways[0] if ways else after
        for way in ways[1:]:
            self.env = _meet(self.env, way)
        self.statements(node.finalbody)

    def _branches(self, bodies: Sequence[Sequence[ast.stmt]]) -> None:
        before = self.env
        ways: list[dict[str, Flow | None]] = []
        for body in bodies:
            self.env = dict(before)
            with self._maybe():
                if not self.statements(body):
                    ways.append(self.env)
        self.env = ways[0] if ways else before
        for way in ways[1:]:
            self.env = _meet(self.env, way)

    def _repeated(self, body: Sequence[ast.stmt]) -> None:
        before = dict(self.env)
        with self._loop():
            self.statements(body)
        self.env = _meet(before, self.env)

    def _assign(self, targets: Sequence[ast.expr], value: ast.expr, statement: ast.stmt) -> None:
        first = targets[0]
        if (
            len(targets) == 1
            and isinstance(first, ast.Tuple | ast.List)
            and isinstance(value, ast.Tuple | ast.List)
            and len(first.elts) == len(value.elts)
        ):
            for target, part in zip(first.elts, value.elts, strict=True):
                self._store(target, self.flow(part, "argument"), statement)
            return
        name = first.id if isinstance(first, ast.Name) else ""
        flow = self.flow(value, "assign" if name else "argument", statement, name)
        if not name:
            self._leaves(value)
        for target in targets:
            self._store(target, flow, statement, value)

    def _store(self, target: ast.expr, flow: Flow | None, statement: ast.stmt, value: ast.expr | None = None) -> None:
        if isinstance(target, ast.Name):
            self.env[target.id] = flow
        elif isinstance(target, ast.Attribute):
            holder = self.flow(target.value)
            if holder is not None:
                self._told(holder, f"setattr:{target.attr}", self._one(value), target, statement)
            elif dotted(target):
                self.env[dotted(target)] = flow
        elif isinstance(target, ast.Subscript):
            holder = self.flow(target.value, "chain")
            if holder is not None:
                given = (*self._given([self._argument("", target.slice, target.slice)]), *self._one(value))
                self._told(holder, "setitem", given, target, statement)
            else:
                self.flow(target.slice)
        elif isinstance(target, ast.Starred):
            self._forget(target.value)
        else:
            self._forget(target)

    def _one(self, value: ast.expr | None) -> tuple[Given, ...]:
        if value is None:
            return ()
        return (Given("", COMPUTED, self.module.loc(value), self.module.loc(value), form_of(value)),)

    def _told(
        self, holder: Flow, name: str, given: tuple[Given, ...], target: ast.Attribute | ast.Subscript, at: ast.stmt
    ) -> None:
        if holder.kind in self.library.silent:
            return
        receiver = self.module.loc(target.value)
        loc = self.module.loc(target)
        behind = loc.at(Span(receiver.span.end, loc.span.end))
        self.operations.append(
            FrameOperation(
                holder.kind,
                name,
                given,
                loc,
                behind,
                receiver,
                holder.made,
                holder.traits,
                use="statement",
                use_loc=self.module.loc(at),
                root=root_name(target),
                loop=self.loops > 0,
                conditional=self.conditions > 0,
            )
        )


def _meet(one: Mapping[str, Flow | None], other: Mapping[str, Flow | None]) -> dict[str, Flow | None]:
    found: dict[str, Flow | None] = {}
    for name in {**one, **other}:
        if name in one and name in other:
            left, right = one[name], other[name]
            found[name] = left if left is right else meet([left, right])
        else:
            # Bound in one branch only: whoever reads it counts on that branch.
            found[name] = one[name] if name in one else other[name]
    return found


_READERS: Final[dict[type[ast.stmt], Callable[[Walk, Any], None]]] = {
    ast.Assign: Walk._plain,
    ast.AnnAssign: Walk._annotated,
    ast.AugAssign: Walk._augmented,
    ast.Expr: Walk._expression,
    ast.Return: Walk._return,
    ast.If: Walk._if,
    ast.For: Walk._for,
    ast.AsyncFor: Walk._for,
    ast.While: Walk._while,
    ast.With: Walk._with,
    ast.AsyncWith: Walk._with,
    ast.Try: Walk._try,
    ast.Match: Walk._match,
    ast.FunctionDef: Walk._definition,
    ast.AsyncFunctionDef: Walk._definition,
    ast.ClassDef: Walk._definition,
    ast.Delete: Walk._delete,
    **dict.fromkeys((ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal, ast.Pass), Walk._nothing),
}
