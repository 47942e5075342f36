"""Writes quality checks behind a load."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from textwrap import indent
from typing import Final

from pipesense.lang.python.edit import add_after, add_import
from pipesense.lang.python.frames import Argument
from pipesense.lang.python.module import Module
from pipesense.lang.python.syntax import parsed_of, place_of
from pipesense.model.change import AddCheck, Refusal, Replace
from pipesense.model.quality import CheckPlan, HasRows, InRange, NotNull, ProposedCheck, Unique
from pipesense.quality.naming import label
from pipesense.quality.sql import Writer
from pipesense.systems.airflow.pipeline import Built
from pipesense.systems.airflow.things import TaskDraft
from pipesense.text.span import Span

_LONG: Final = 90
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
    if len(behind) > _LONG:
        behind = "[\n" + "".join(f"    {name},\n" for name in names) + "]"
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
    plan = change.plan
    writer = Writer(plan)

    def add(operator: str, name: str, block: list[str], last: list[str], *, table: bool = True) -> None:
        spelled, imports = add_import(module, operator, _SQL)
        edits.extend(each for each in imports if each not in edits)
        subject = [f"table={_string(plan.table)}"] if table else []
        arguments = [f'task_id="{name}"', f"conn_id={connection}", *subject, *extra]
        checks.append((name, _call(name, spelled, arguments, block, last)))

    columns = _by_column(plan)
    if columns:
        mapping = [f"    {_string(column)}: {{{', '.join(asked)}}}," for column, asked in columns.items()]
        add(
            "SQLColumnCheckOperator",
            f"check_{stem}_columns",
            ["column_mapping={", *mapping, "}"],
            ["accept_none=False"],
        )
    rows = [f'    {_string(name)}: {{"check_statement": {_string(said)}}},' for name, said in _by_row(plan, writer)]
    if len(rows) == 1:
        add("SQLTableCheckOperator", f"check_{stem}_rows", [], [f"checks={{{rows[0].strip().rstrip(',')}}}"])
    elif rows:
        add("SQLTableCheckOperator", f"check_{stem}_rows", ["checks={", *rows, "}"], [])
    for check in plan.checks:
        if _task_of_its_own(check, writer):
            query = indent(writer.query(check), "            ")
            text = f"SELECT CASE WHEN COUNT(*) = 0 THEN 1 ELSE 0 END\n        FROM (\n{query}\n        ) AS wrong_rows"
            block = [f'sql="""\n        {text}\n    """']
            add("SQLCheckOperator", f"check_{stem}_{label(check.ask)}", [], block, table=False)
    return checks, _one_import(edits)


def _by_column(plan: CheckPlan) -> dict[str, list[str]]:
    """What SQLColumnCheckOperator can ask of single columns."""
    found: dict[str, list[str]] = {}
    for check in plan.checks:
        ask = check.ask
        asked: list[str] = []
        if isinstance(ask, NotNull):
            asked = ['"null_check": {"equal_to": 0}']
        elif isinstance(ask, Unique) and len(ask.columns) == 1:
            asked = ['"unique_check": {"equal_to": 0}']
        elif isinstance(ask, InRange) and not check.nullable:
            asked = [f'"min": {{"geq_to": {ask.minimum}}}'] if ask.minimum else []
            asked += [f'"max": {{"leq_to": {ask.maximum}}}'] if ask.maximum else []
        if asked:
            found.setdefault(check.columns[0], []).extend(asked)
    return found


def _by_row(plan: CheckPlan, writer: Writer) -> Iterator[tuple[str, str]]:
    """What SQLTableCheckOperator can ask: how many rows there are, and how many break a condition."""
    for check in plan.checks:
        wrong = writer.wrong(check.ask)
        if isinstance(check.ask, HasRows):
            yield label(check.ask), "COUNT(*) > 0"
        elif (
            wrong is not None
            and not isinstance(check.ask, NotNull)
            and (check.nullable or not isinstance(check.ask, InRange))
        ):
            # MIN and MAX of a column without any value are NULL, which the column operator cannot compare.
            yield label(check.ask), f"COUNT(CASE WHEN {wrong} THEN 1 END) = 0"


def _task_of_its_own(check: ProposedCheck, writer: Writer) -> bool:
    """Whether only a query can ask it."""
    ask = check.ask
    by_column = isinstance(ask, HasRows) or (isinstance(ask, Unique) and len(ask.columns) == 1)
    return not by_column and writer.wrong(ask) is None


def _string(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _one_import(edits: list[Replace]) -> list[Replace]:
    """New imports from one module at one place as one line."""
    if len(edits) > 1 and all(each.loc == edits[0].loc and f"from {_SQL} import " in each.text for each in edits):
        names = dict.fromkeys(each.text.rpartition(" ")[2].strip() for each in edits[1:])
        first = edits[0].text.rstrip()
        names.pop(first.rpartition(" ")[2], None)
        return [Replace(edits[0].loc, ", ".join([first, *names]) + edits[0].text[len(first) :])]
    return edits


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
