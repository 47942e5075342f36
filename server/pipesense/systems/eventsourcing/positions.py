"""Reads, function by function, in which order rows, positions and commits are written through one connection."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from pipesense.lang.python.index import FUNCTIONS, root_name
from pipesense.lang.python.module import Module
from pipesense.lang.python.nodes import children, nodes_under
from pipesense.model.code import PatternSite
from pipesense.model.position import Apart, PositionApart
from pipesense.model.value import Known
from pipesense.model.where import Loc
from pipesense.systems.system import Lifted
from pipesense.text.regex import regex

_WRITE: Final = regex(
    r"\s*(?:WITH\b.*?\)\s*)?(INSERT\s+(?:OR\s+\w+\s+)?INTO|UPDATE|MERGE\s+INTO|REPLACE\s+INTO|DELETE\s+FROM)\s+([\w.\"`]+)",
    re.I | re.S,
)
_POSITION: Final = regex(
    r"(?:^|_)(?:positions?|checkpoints?|offsets?|cursors?|watermarks?|bookmarks?|progress|high_water_marks?)$", re.I
)
_SELF: Final = regex(r"^(?:projection|projector|consumer|reader|sync|etl|load)_(?:positions?|state|status)$", re.I)
_REPEATABLE: Final = regex(
    r"\bON\s+CONFLICT\b|\bON\s+DUPLICATE\s+KEY\b|^\s*(?:MERGE|REPLACE)\b|OR\s+(?:REPLACE|IGNORE)", re.I
)
_STORE: Final = ("event-sourcing", "Its state is made from events that are kept; queries read projections of them.")
_READ_SIDE: Final = ("cqrs", "This is the side that is read: it follows the events that the other side keeps.")
_BASES: Final = {
    "eventsourcing.application.Application": _STORE,
    "eventsourcing.domain.Aggregate": _STORE,
    "eventsourcing.system.ProcessApplication": _READ_SIDE,
    "eventsourcing.projection.Projection": _READ_SIDE,
}
"""Classes of the package eventsourcing (9.x), and what those that derive from them are."""


@dataclass(frozen=True, slots=True)
class _Step:
    """``kind``: "rows", "position" or "commit"; ``block`` is the transaction block that it stands in."""

    kind: str
    loc: Loc
    connection: str
    table: str = ""
    repeatable: bool = False
    block: int = 0


def lift(module: Module) -> Lifted:
    """The positions of a file that are stored apart, and places worth a hover."""
    looks = module.memo_each("positions", module.body, partial(_look, module))
    return Lifted(
        facts=tuple(fact for facts, _ in looks for fact in facts),
        sites=tuple(site for _, sites in looks for site in sites),
    )


def _look(module: Module, statement: ast.stmt) -> tuple[tuple[PositionApart, ...], tuple[PatternSite, ...]]:
    facts: list[PositionApart] = []
    sites: list[PatternSite] = []
    units = module.units_of([statement])
    writes = any("execute" in unit.text for unit in units)
    if not writes and not any("class" in unit.text for unit in units):
        return (), ()
    for node in nodes_under(statement):
        if isinstance(node, FUNCTIONS) and writes:
            steps = list(_steps(module, node.body, 0, [0]))
            facts += _apart(steps)
            sites += (_site(step) for step in steps if step.kind == "position")
        elif isinstance(node, ast.ClassDef):
            for base in node.bases:
                found = next((_BASES[name] for name in module.qualified(base) if name in _BASES), None)
                if found is not None:
                    sites.append(PatternSite(found[0], module.loc(base), found[1]))
            sites += (_kept(module, each) for each in node.body if _keeps(each))
    return tuple(facts), tuple(sites)


def _keeps(statement: ast.stmt) -> bool:
    """Whether a class says after how many events a state is stored."""
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    targets = [statement.target] if isinstance(statement, ast.AnnAssign) else targets
    return any(isinstance(each, ast.Name) and each.id == "snapshotting_intervals" for each in targets)


def _kept(module: Module, statement: ast.stmt) -> PatternSite:
    note = "A state is stored after so many events, so that reading it back does not begin with the first one."
    return PatternSite("snapshot", module.loc(statement), note)


def _site(step: _Step) -> PatternSite:
    note = f"A position in {step.table}: what it covers belongs into the same transaction."
    return PatternSite("projection", step.loc, note)


def _steps(module: Module, body: Sequence[ast.stmt], block: int, count: list[int]) -> Iterator[_Step]:
    """The writes and commits of a block in order; conditions and loops are read as if they ran once."""
    for node in body:
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            continue
        if isinstance(node, ast.With | ast.AsyncWith):
            opened = next((item for item in node.items if _is_transaction(item.context_expr)), None)
            if opened is not None:
                count[0] += 1
                inner = count[0]
                yield from _steps(module, node.body, inner, count)
                connection = _connection(opened.context_expr)
                yield _Step("commit", module.loc(opened.context_expr), connection, block=inner)
                continue
        for call in _own_calls(node):
            found = _step(module, call, block)
            if found is not None:
                yield found
        for inner_body in ("body", "orelse", "finalbody"):
            yield from _steps(module, getattr(node, inner_body, []), block, count)


def _own_calls(node: ast.stmt) -> list[ast.Call]:
    todo: list[ast.AST] = [each for each in children(node) if not isinstance(each, ast.stmt | ast.ExceptHandler)]
    found: list[ast.Call] = []
    while todo:
        at = todo.pop()
        if isinstance(at, ast.Lambda):
            continue
        if isinstance(at, ast.Call):
            found.append(at)
        todo += children(at)
    return sorted(found, key=lambda call: (call.end_lineno or 0, call.end_col_offset or 0))


def _is_transaction(expr: ast.expr) -> bool:
    if isinstance(expr, ast.Call) and isinstance(expr.func, ast.Attribute):
        return expr.func.attr in ("begin", "transaction", "atomic")
    return isinstance(expr, ast.Name | ast.Attribute) and _connection(expr).rpartition(".")[2] in (
        "conn",
        "connection",
        "db",
    )


def _connection(expr: ast.expr) -> str:
    """The name at the bottom of ``self.conn.cursor()``, with the attribute of self."""
    parts: list[str] = []
    while isinstance(expr, ast.Call | ast.Attribute):
        if isinstance(expr, ast.Attribute):
            parts.append(expr.attr)
            expr = expr.value
        else:
            expr = expr.func
    if isinstance(expr, ast.Name):
        return f"self.{parts[-1]}" if expr.id == "self" and parts else expr.id
    return ""


def _step(module: Module, call: ast.Call, block: int) -> _Step | None:
    func = call.func
    if not isinstance(func, ast.Attribute):
        return None
    if func.attr == "commit" and not call.args:
        return _Step("commit", module.loc(call), _connection(func.value), block=block)
    if func.attr not in ("execute", "executemany") or not call.args:
        return None
    given = call.args[0]
    if isinstance(given, ast.Call) and len(given.args) == 1 and root_name(given.func) in ("text", "sa", "sqlalchemy"):
        given = given.args[0]
    value = module.value(given)
    written = _WRITE.match(value.value) if isinstance(value, Known) and isinstance(value.value, str) else None
    if written is None or not isinstance(value, Known):
        return None
    table = written.group(2).replace('"', "").replace("`", "").lower()
    last = table.rpartition(".")[2]
    kind = "position" if _POSITION.search(last) or _SELF.search(last) else "rows"
    repeatable = _REPEATABLE.search(str(value.value)) is not None or written.group(1).upper().startswith("DELETE")
    return _Step(kind, module.loc(call), _connection(func.value), table, repeatable, block)


def _apart(steps: list[_Step]) -> Iterator[PositionApart]:
    """Pairs of rows and position with a commit in between."""
    position = next((number for number, step in enumerate(steps) if step.kind == "position"), None)
    if position is None:
        return
    place = steps[position]
    before, behind = steps[:position], steps[position + 1 :]
    rows_before = [number for number, step in enumerate(before) if step.kind == "rows"]
    if rows_before:
        last = rows_before[-1]
        commit = next((step for step in before[last + 1 :] if step.kind == "commit"), None)
        if commit is not None and _ends_alone(place, behind):
            yield _fact(place, before[last], commit, Apart.AFTER)
        return
    rows_behind = next((number for number, step in enumerate(behind) if step.kind == "rows"), None)
    if rows_behind is None:
        return
    commit = next((step for step in behind[:rows_behind] if step.kind == "commit"), None)
    if commit is not None:
        yield _fact(place, behind[rows_behind], commit, Apart.BEFORE)


def _ends_alone(place: _Step, behind: list[_Step]) -> bool:
    """Whether the position is committed by itself."""
    following = next((step for step in behind if step.kind in ("commit", "rows")), None)
    return following is not None and following.kind == "commit"


def _fact(place: _Step, rows: _Step, commit: _Step, apart: Apart) -> PositionApart:
    return PositionApart(place.loc, rows.loc, commit.loc, place.table, rows.table, apart, rows.repeatable)
