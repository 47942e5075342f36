"""Writes quality checks behind a load."""

from __future__ import annotations

import ast
import re
from itertools import pairwise
from typing import Final

from pipesense.lang.python.edit import add_after, add_import
from pipesense.lang.python.module import Module
from pipesense.lang.python.syntax import parsed_of, place_of
from pipesense.model.change import AddCheck, Refusal, Replace
from pipesense.systems.airflow.frames import Argument
from pipesense.systems.airflow.pipeline import Built
from pipesense.systems.airflow.things import TaskDraft
from pipesense.text.span import Span

_SQL: Final = "airflow.providers.common.sql.operators.sql"


def add_check(change: AddCheck, built: Built, module: Module) -> tuple[Replace, ...] | Refusal:
    """Column and row-count checks right behind the load, in the same DAG and over the same connection."""
    draft = _draft(change, built)
    if draft is None or draft.call is None or module.loc(draft.call).file != module.path:
        return Refusal(f"Task {change.task.name} is not made by a call in this file.")
    if draft.mapped:
        return Refusal(
            f"Task {change.task.name} runs once per element; where its checks belong is for people to decide."
        )
    if _in_loop(draft.call, module):
        return Refusal(
            f"Task {change.task.name} is made in a loop; its checks belong into that loop under names of their own."
        )
    statement = _statement(draft.call, module)
    if statement is None:
        return Refusal("The load stands inside a larger expression; give it a statement of its own first.")
    connection = _connection(draft)
    if connection is None:
        return Refusal("The connection that the load works through is not named, and a check needs one.")
    stem = re.sub(r"\W+", "_", change.task.name.rpartition(".")[2]).strip("_").lower() or "load"
    variable, naming = _variable(draft, statement, stem, module)
    if variable is None:
        return Refusal("The load is not assigned to a name, so nothing can be put behind it.")
    extra = _context_arguments(draft, module)
    checks, imports = _checks(change, stem, connection, extra, module)
    names = [name for name, _ in checks]
    behind = f"[{', '.join(names)}]" if len(names) > 1 else names[0]
    lines = "\n".join(text for _, text in checks) + f"\n{variable} >> {behind}"
    edits = [*naming, *add_after(module, statement, lines), *_gate(variable, behind, built, module), *imports]
    return tuple(edits)


def _draft(change: AddCheck, built: Built) -> TaskDraft | None:
    pairs = zip(built.drafts, built.pipeline.tasks, strict=True)
    same = [draft for draft, task in pairs if task.name == change.task.name]
    return same[0] if len(same) == 1 else None


def _in_loop(call: ast.Call, module: Module) -> bool:
    loops = (ast.For, ast.AsyncFor, ast.While, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
    for node in module.enclosing(call):
        if isinstance(node, loops):
            # A loop around the whole DAG makes several DAGs, each with its own load.
            return not _holds_dag(node, call, module)
    return False


def _holds_dag(loop: ast.AST, call: ast.Call, module: Module) -> bool:
    inside = True
    for node in module.enclosing(call):
        if node is loop:
            inside = False
        if inside and isinstance(node, ast.With | ast.AsyncWith):
            return True
    return False


def _statement(call: ast.Call, module: Module) -> ast.Assign | ast.Expr | None:
    """The statement whose whole value the call is."""
    place = place_of(call)
    holder = place.node
    body: list[ast.stmt] = []
    if holder is None:
        body = parsed_of(call).body
    else:
        for field in ("body", "orelse", "finalbody"):
            body += [each for each in getattr(holder, field, ()) if isinstance(each, ast.stmt)]
    for statement in body or module.body:
        if isinstance(statement, ast.Assign | ast.Expr) and statement.value is call:
            return statement
    return None


def _variable(
    draft: TaskDraft, statement: ast.Assign | ast.Expr, stem: str, module: Module
) -> tuple[str | None, tuple[Replace, ...]]:
    """The name that holds the load, and the edit that gives it one."""
    if isinstance(statement, ast.Assign):
        target = statement.targets[0]
        return (target.id, ()) if isinstance(target, ast.Name) else (None, ())
    taken = bool(module.table.mentions(stem))
    name = f"{stem}_task" if taken or not stem.isidentifier() else stem
    loc = module.loc(statement)
    return name, (Replace(loc.at(Span(loc.span.start, loc.span.start)), f"{name} = "),)


def _connection(draft: TaskDraft) -> str | None:
    """The source text of the connection's id."""
    facts = draft.facts
    names = (*(facts.connections if facts is not None else ()), "conn_id")
    given = draft.argument(*names)
    if given is None:
        candidates = [item for layer in draft.layers for name, item in layer.items.items() if name.endswith("_conn_id")]
        given = candidates[0] if len(candidates) == 1 else None
    return _text(given) if given is not None and given.frame is draft.frame else None


def _text(argument: Argument) -> str:
    return argument.frame.module.text_of(argument.value)


def _context_arguments(draft: TaskDraft, module: Module) -> list[str]:
    """Arguments that put the checks into the same DAG and group."""
    found: list[str] = []
    for name in ("dag", "task_group"):
        given = draft.argument(name)
        if given is not None:
            found.append(f"{name}={_text(given)}")
    return found


def _checks(
    change: AddCheck, stem: str, connection: str, extra: list[str], module: Module
) -> tuple[list[tuple[str, str]], list[Replace]]:
    """(name, source) of each check, and the imports they need."""
    checks: list[tuple[str, str]] = []
    edits: list[Replace] = []
    table = str(change.dataset)
    columns = list(dict.fromkeys((*change.not_null, *change.unique)))
    if columns:
        operator, imports = add_import(module, "SQLColumnCheckOperator", _SQL)
        edits += imports
        mapping = ["column_mapping={", *(f"    {_column(each, change)}," for each in columns), "}"]
        name = f"check_{stem}_columns"
        arguments = [f'task_id="{name}"', f"conn_id={connection}", f'table="{table}"', *extra]
        checks.append((name, _call(name, operator, arguments, mapping, ["accept_none=False"])))
    operator, imports = add_import(module, "SQLTableCheckOperator", _SQL)
    edits += imports
    name = f"check_{stem}_rows"
    arguments = [f'task_id="{name}"', f"conn_id={connection}", f'table="{table}"', *extra]
    rows = 'checks={"row_count": {"check_statement": "COUNT(*) > 0"}}'
    checks.append((name, _call(name, operator, arguments, [], [rows])))
    return checks, _one_import(edits)


def _one_import(edits: list[Replace]) -> list[Replace]:
    """Two new imports from one module as one line."""
    if len(edits) == 2 and edits[0].loc == edits[1].loc and all(f"from {_SQL} import " in each.text for each in edits):
        name = edits[1].text.rpartition(" ")[2]
        return [Replace(edits[0].loc, edits[0].text.rstrip() + f", {name}")]
    return edits


def _column(column: str, change: AddCheck) -> str:
    asked = [
        f'"{check}": {{"equal_to": 0}}'
        for check, columns in (("null_check", change.not_null), ("unique_check", change.unique))
        if column in columns
    ]
    return f'"{column}": {{{", ".join(asked)}}}'


def _call(name: str, operator: str, arguments: list[str], block: list[str], last: list[str]) -> str:
    lines = [f"{name} = {operator}(", *(f"    {each}," for each in arguments)]
    if block:
        lines += [f"    {line}" for line in block[:-1]] + [f"    {block[-1]},"]
    return "\n".join([*lines, *(f"    {each}," for each in last), ")"])


def _gate(variable: str, behind: str, built: Built, module: Module) -> tuple[Replace, ...]:
    """What stands behind the load in ``load >> next`` waits for the checks too."""
    for site in module.shifts():
        operands = _operands(site.node)
        for before, after in pairwise(operands):
            if isinstance(before, ast.Name) and before.id == variable and isinstance(after, ast.Name | ast.List):
                names = _names(after)
                if names and _all_tasks(names, built):
                    target = module.text_of(after) if isinstance(after, ast.Name) else None
                    lines = [f"{behind} >> {target}"] if target else [f"{behind} >> {name}" for name in names]
                    return add_after(module, site.statement, "\n".join(lines))
    return ()


def _operands(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.RShift):
        return [*_operands(node.left), node.right]
    return [node]


def _names(expr: ast.expr) -> list[str]:
    if isinstance(expr, ast.Name):
        return [expr.id]
    if isinstance(expr, ast.List):
        return [each.id for each in expr.elts if isinstance(each, ast.Name)]
    return []


def _all_tasks(names: list[str], built: Built) -> bool:
    known = {task.variable for task in built.pipeline.tasks}
    return all(name in known for name in names)
