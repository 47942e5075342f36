"""Writes changes as Dagster code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Final

from pipesense.lang.python.edit import (
    add_after,
    add_elements,
    add_imports,
    add_keywords,
    add_long_keywords,
    replace_node,
)
from pipesense.lang.python.module import Module
from pipesense.lang.python.openings import opening_in
from pipesense.model.change import (
    AddCheck,
    Change,
    Refusal,
    Replace,
    Rewrite,
    SetRetry,
    SetRetryPause,
    SetStartDate,
    UseNewApi,
)
from pipesense.model.flow import Task
from pipesense.model.quality import NotNull, Unique
from pipesense.model.value import Version
from pipesense.quality.naming import label
from pipesense.quality.python import queries
from pipesense.systems.dagster.settings import resolved
from pipesense.systems.dagster.things import Thing, decorated, functions_in, named
from pipesense.systems.dagster.write_api import use_new_api

_POLICY: Final = ("Backoff", "Jitter", "RetryPolicy")
_FRAMES: Final = frozenset({"pandas.DataFrame", "pandas.core.frame.DataFrame"})
_SIZED: Final = frozenset({"builtins.list", "builtins.dict", "builtins.tuple", "builtins.set", "polars.DataFrame"})


def write(change: Change, module: Module, version: Version) -> tuple[Replace, ...] | Refusal:
    """The replacements that make a change, or why they cannot be written here."""
    match change:
        case Replace():
            return (change,)
        case Rewrite():
            return change.parts
        case SetRetry():
            return _set_retry(change, module)
        case SetRetryPause():
            return _set_pause(change, module)
        case AddCheck():
            return _add_check(change, module)
        case SetStartDate():
            return _set_start_date(change, module)
        case UseNewApi():
            return use_new_api(change.use, module)
        case _:
            return Refusal("Dagster has nothing of this kind for a step.")


def _things(module: Module) -> Iterator[Thing]:
    for statement in module.body:
        for function in functions_in(module, statement):
            thing = decorated(module, function)
            if thing is not None:
                yield thing


def _thing(task: Task, module: Module) -> Thing | None:
    """The asset or op that makes a task, where it stands in this file."""
    found = [each for each in _things(module) if each.node.name == task.variable and each.kind == task.kind]
    at = [each for each in found if module.loc(each.node) == task.whole]
    return at[0] if at else found[0] if len(found) == 1 else None


def _set_retry(change: SetRetry, module: Module) -> tuple[Replace, ...] | Refusal:
    """A retry policy with a growing, scattered pause."""
    names, imports = add_imports(module, _POLICY, "dagster")
    policy = (
        f"{names['RetryPolicy']}(max_retries={change.attempts}, delay={change.delay_seconds}, "
        f"backoff={names['Backoff']}.EXPONENTIAL, jitter={names['Jitter']}.PLUS_MINUS)"
    )
    edits: list[Replace] = []
    done: set[ast.AST] = set()
    for task in (change.task,) if change.task is not None else change.tasks:
        thing = _thing(task, module)
        if thing is None:
            return Refusal(f"{task.name} is not made in this file.")
        if thing.node in done:
            continue
        done.add(thing.node)
        if thing.given is not None:
            return Refusal(f"{task.name} gets its settings from a decorator of the project, which others may share.")
        given = thing.arguments(module).get("retry_policy")
        if given is not None:
            edits.append(replace_node(module, given.value, policy))
        elif thing.decorator is not None:
            edits += add_long_keywords(module, thing.decorator, [("retry_policy", policy)])
        else:
            edits.append(
                replace_node(module, thing.bare, f"{module.text_of(thing.bare)}(\n    retry_policy={policy},\n)")
            )
    return (*edits, *imports) if edits else Refusal("Where the settings of this step are written cannot be told.")


def _set_pause(change: SetRetryPause, module: Module) -> tuple[Replace, ...] | Refusal:
    """A growing, scattered pause in the policies that the steps have; one policy may serve several."""
    names, imports = add_imports(module, ("Backoff", "Jitter"), "dagster")
    items = [
        ("delay", str(change.delay_seconds)),
        ("backoff", f"{names['Backoff']}.EXPONENTIAL"),
        ("jitter", f"{names['Jitter']}.PLUS_MINUS"),
    ]
    edits: list[Replace] = []
    done: set[ast.AST] = set()
    for task in (change.task,) if change.task is not None else change.tasks:
        thing = _thing(task, module)
        given = thing.arguments(module).get("retry_policy") if thing is not None else None
        policy = resolved(module, given.value) if given is not None else None
        if not isinstance(policy, ast.Call) or module.loc(policy).file != module.path:
            return Refusal(f"The retry policy of {task.name} is not made in this file.")
        if policy not in done:
            done.add(policy)
            written = {word.arg for word in policy.keywords}
            edits += add_keywords(module, policy, [item for item in items if item[0] not in written])
    return (*edits, *imports) if edits else Refusal("There is no policy to add a pause to.")


def _set_start_date(change: SetStartDate, module: Module) -> tuple[Replace, ...] | Refusal:
    """A fixed first partition in place of one from the clock."""
    moving = change.pipeline.schedule.moving_start
    if moving is None or moving.file != module.path:
        return Refusal("The start date does not move in this file.")
    names, imports = add_imports(module, ("datetime",), "datetime")
    return (Replace(moving, f"{names['datetime']}(2024, 1, 1)"), *imports)


def _add_check(change: AddCheck, module: Module) -> tuple[Replace, ...] | Refusal:
    """A blocking check of the asset: of the value that it gives, or over the connection that it writes through."""
    thing = _thing(change.task, module)
    if thing is None or thing.role != "asset":
        return Refusal(f"{change.task.name} is not an asset of this file.")
    if thing.kind != "@asset":
        return Refusal("It makes several assets; each needs a check of its own.")
    if _scope(module, thing) != "module":
        return Refusal("The asset is made inside a function; its check belongs there too.")
    names, imports = add_imports(module, ("AssetCheckResult", "asset_check"), "dagster")
    stem = re.sub(r"\W+", "_", thing.node.name).lower() + "_is_whole"
    while module.table.mentions(stem):
        stem += "_"
    body = _body(change, thing, names["AssetCheckResult"], module)
    if isinstance(body, Refusal):
        return body
    parameters, lines, more = body
    text = [
        "",
        "",
        f"@{names['asset_check']}(asset={thing.node.name}, blocking=True)",
        *_signature(stem, parameters, names["AssetCheckResult"]),
        f'    """Whether {thing.node.name} is as it must be; what is built on it waits for the answer."""',
        *(f"    {line}" for line in lines),
    ]
    registered = _registered(stem, module)
    return (*add_after(module, thing.node, "\n".join(text)), *registered, *imports, *more)


def _signature(stem: str, parameters: str, result: str) -> list[str]:
    line = f"def {stem}({parameters}) -> {result}:"
    if len(line) <= _WIDTH or not parameters:
        return [line]
    return [f"def {stem}(", f"    {parameters},", f") -> {result}:"]


def _scope(module: Module, thing: Thing) -> str:
    return module.scope_of(thing.node).kind


_WIDTH: Final = 100
"""A line of code that would be longer is written over several."""

_Body = tuple[str, list[str], tuple[Replace, ...]]


def _body(change: AddCheck, thing: Thing, result: str, module: Module) -> _Body | Refusal:
    """The check's parameters, its statements, and imports that these need."""
    annotation = thing.node.returns
    closing = f'return {result}(passed=not wrong, metadata={{"wrong": ", ".join(wrong)}})'
    kinds = (
        frozenset(module.qualified(annotation.value if isinstance(annotation, ast.Subscript) else annotation))
        if (annotation is not None)
        else frozenset()
    )
    if annotation is not None and kinds & (_FRAMES | _SIZED):
        if change.task.mapped:
            return Refusal("The asset has partitions, and a check of its value would be handed those of all at once.")
        value = thing.node.name
        tests = _value_tests(change, value, frame=bool(kinds & _FRAMES))
        lines = [
            "failed = {",
            *(f'    "{name}": {test},' for name, test in tests),
            "}",
            "wrong = [name for name, found in failed.items() if found]",
            closing,
        ]
        return f"{value}: {module.text_of(annotation)}", lines, ()
    opening = opening_in(module, thing.function)
    if opening is None:
        return Refusal(
            "What the asset returns is not said, and how it opens a database cannot be repeated; "
            "annotate what it returns (-> pd.DataFrame)."
        )
    text_function, more = "", ()
    imports: tuple[Replace, ...] = more
    if opening.way == "engine":
        written, imports = add_imports(module, ("text",), "sqlalchemy")
        text_function = written["text"]
    lines = [*queries(change.plan, "queries"), *opening.lines("queries", "wrong", text_function), closing]
    return ", ".join(opening.parameters), lines, imports


def _value_tests(change: AddCheck, value: str, *, frame: bool) -> list[tuple[str, str]]:
    """(name, expression that is true where it is wrong) for a value in memory."""
    found = [("row_count", f"len({value}) == 0")]
    for check in change.plan.checks if frame else ():
        if isinstance(check.ask, NotNull):
            found.append((label(check.ask), f'bool({value}["{check.ask.column}"].isna().any())'))
        elif isinstance(check.ask, Unique):
            listed = ", ".join(f'"{column}"' for column in check.ask.columns)
            found.append((label(check.ask), f"bool({value}.duplicated([{listed}]).any())"))
    return found


def _registered(stem: str, module: Module) -> tuple[Replace, ...]:
    """The check in the file's own Definitions; where another file loads this module, it finds the check there."""
    for site in module.calls():
        if named(module, site.node.func) != "Definitions":
            continue
        given = next((word.value for word in site.node.keywords if word.arg == "asset_checks"), None)
        if given is None:
            return add_keywords(module, site.node, [("asset_checks", f"[{stem}]")])
        if isinstance(given, ast.List):
            return add_elements(module, given, [stem])
        if isinstance(given, ast.BinOp) or "load_asset_checks" not in module.text_of(given):
            return (Replace(module.loc(given), f"[*{module.text_of(given)}, {stem}]"),)
    return ()
