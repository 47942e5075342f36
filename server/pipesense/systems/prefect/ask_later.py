"""Writes that a flow asks for what it started, once everything else of the same block has been started."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field

from pipesense.lang.python.edit import add_after, add_before
from pipesense.lang.python.index import FUNCTIONS
from pipesense.lang.python.module import Module
from pipesense.lang.python.nodes import nodes_under
from pipesense.model.change import Replace
from pipesense.text.span import Span

_REPEATED = (ast.For, ast.AsyncFor, ast.While, ast.If)
"""What may run its body any number of times, none included."""


@dataclass(slots=True)
class _Block:
    """The body of a flow or of a ``with`` in it: what is open there is still open where it ends."""

    body: list[ast.stmt]
    asked: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Start:
    """Where a call stands: ``statement`` is its own, ``outer`` the one of the block that holds it."""

    block: _Block
    outer: ast.stmt
    statement: ast.stmt


def asked_later(module: Module, calls: Sequence[ast.Call]) -> tuple[Replace, ...]:
    """``result()`` of each at the end of its block, so that all still run side by side; () where there is no place."""
    flow = next((each for each in module.enclosing(calls[0]) if isinstance(each, FUNCTIONS)), None)
    if flow is None:
        return ()
    starts: dict[ast.expr, _Start] = {}
    blocks: list[_Block] = []
    _collect(_Block(flow.body), flow.body, None, starts, blocks)
    taken = {each.id for statement in flow.body for each in nodes_under(statement) if isinstance(each, ast.Name)}
    edits: list[Replace] = []
    for call in calls:
        start = starts.get(call)
        made = _held(module, call, start, taken) if start is not None else None
        if made is None:
            return ()
        edits += made
    for block in blocks:
        if block.asked:
            last, text = block.body[-1], "\n".join(block.asked)
            ends = isinstance(last, ast.Return)
            edits += add_before(module, last, text) if ends else add_after(module, last, text)
    return tuple(edits)


def _collect(
    block: _Block,
    body: Sequence[ast.stmt],
    outer: ast.stmt | None,
    starts: dict[ast.expr, _Start],
    blocks: list[_Block],
) -> None:
    """Where each call stands that is a statement, or is given a name by one."""
    if outer is None:
        blocks.append(block)
    for statement in body:
        if isinstance(statement, ast.Expr | ast.Assign) and isinstance(statement.value, ast.Call):
            starts[statement.value] = _Start(block, outer or statement, statement)
        elif isinstance(statement, ast.With | ast.AsyncWith) and outer is None:
            _collect(_Block(statement.body), statement.body, None, starts, blocks)
        elif isinstance(statement, _REPEATED):
            _collect(block, statement.body, outer or statement, starts, blocks)
            _collect(block, statement.orelse, outer or statement, starts, blocks)


def _held(module: Module, call: ast.Call, start: _Start, taken: set[str]) -> list[Replace] | None:
    """Give what the call returns a name, and note that it is asked for; None where that cannot be written."""
    statement, once = start.statement, start.outer is start.statement
    if isinstance(statement, ast.Assign):
        target = statement.targets[0]
        if not once or len(statement.targets) > 1 or not isinstance(target, ast.Name):
            return None
        start.block.asked.append(f"{target.id}.result()")
        return []
    started = call.func.value if isinstance(call.func, ast.Attribute) else None
    if not isinstance(started, ast.Name):
        return None
    name = f"{started.id}_done" if once else f"{started.id}_started"
    if name in taken:
        return None
    taken.add(name)
    span, loc = module.loc(call).span, module.loc(call)
    before = Replace(loc.at(Span(span.start, span.start)), f"{name} = " if once else f"{name}.append(")
    if once:
        start.block.asked.append(f"{name}.result()")
        return [before]
    start.block.asked += [f"for each in {name}:", "    each.result()"]
    return [*add_before(module, start.outer, f"{name} = []"), before, Replace(loc.at(Span(span.end, span.end)), ")")]
