"""Context keys that newer versions gave up, in the templates and the functions of tasks."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Set
from typing import Final

from pipesense.lang.python.frames import dictionary
from pipesense.lang.python.module import Module
from pipesense.lang.python.nodes import nodes_under
from pipesense.lang.python.strings import literal
from pipesense.model.code import ApiChange, ObsoleteUse
from pipesense.model.value import Version
from pipesense.model.where import Loc
from pipesense.systems.airflow import tables
from pipesense.systems.airflow.obsolete import SYSTEM, version_of
from pipesense.systems.airflow.things import TaskDraft
from pipesense.text.regex import regex
from pipesense.text.span import Span

_TAG: Final = regex(r"\{\{.*?\}\}|\{%.*?%\}", re.S)
_NAME: Final = regex(r"(?<![\w.'\"])([a-z_][a-z_0-9]*)(?![\w'\"(=])")
_QUOTED: Final = regex(r"'[^']*'|\"[^\"]*\"")
_HOLDERS: Final = frozenset({"context", "kwargs", "ctx"})


def obsolete_keys(task: TaskDraft, home: Module, version: Version) -> Iterator[ObsoleteUse]:
    """Uses of removed context keys by one task."""
    fields = task.facts.template_fields if task.facts is not None else ()
    for name in fields:
        given = task.argument(name)
        if given is not None:
            for text in _texts(given.value):
                yield from _in_text(text, home, version)
    passed = _given(task)
    if task.function is not None:
        yield from _keys_of(task.function.node, home, version, passed)
    called = task.argument("python_callable")
    if called is not None and task.facts is not None:
        for function in home.callables(called.value):
            yield from _keys_of(function.node, home, version, passed)


def _keys_of(
    node: ast.AST, home: Module, version: Version, passed: tuple[int, frozenset[str]]
) -> tuple[ObsoleteUse, ...]:
    """The keys that a function asks for; it is read again only when it changed."""
    return home.memo(
        ("airflow: keys", version, passed), [node], lambda: tuple(_in_function(node, home, version, passed))
    )


def _given(task: TaskDraft) -> tuple[int, frozenset[str]]:
    """How many arguments the function gets by position, and which by name: those do not come from the context."""
    if task.function is not None and task.call is not None:
        names = {keyword.arg for keyword in task.call.keywords if keyword.arg is not None}
        return len(task.call.args), frozenset(names)
    listed, named = task.argument("op_args"), task.argument("op_kwargs")
    count = len(listed.value.elts) if listed is not None and isinstance(listed.value, ast.List | ast.Tuple) else 0
    return count, frozenset(dictionary(named.value, named.frame).entries if named is not None else ())


def _texts(expr: ast.expr) -> Iterator[ast.expr]:
    if isinstance(expr, ast.Constant | ast.JoinedStr | ast.BinOp | ast.Name):
        yield expr
    elif isinstance(expr, ast.List | ast.Tuple):
        for element in expr.elts:
            yield from _texts(element)
    elif isinstance(expr, ast.Dict):
        for value in expr.values:
            yield from _texts(value)


def _in_text(expr: ast.expr, home: Module, version: Version) -> Iterator[ObsoleteUse]:
    if isinstance(expr, ast.Constant) and not (
        isinstance(expr.value, str) and "{" in expr.value and _may_use_removed(expr.value)
    ):
        return
    text = literal(expr, home)
    if text is None or text.loc.file != home.path:
        return
    for tag in _TAG.finditer(text.text):
        inner = _QUOTED.sub(lambda quoted: "'" * len(quoted[0]), tag[0])
        for found in _NAME.finditer(inner):
            span = Span(tag.start() + found.start(1), tag.start() + found.end(1))
            if text.map.is_verbatim(span):
                yield from _use(found.group(1), text.loc.at(text.map.to_source(span)), version, "in a template")


def _may_use_removed(text: str) -> bool:
    """Whether a text holds the letters of a removed key: most templates ask for others."""
    return any(map(text.__contains__, tables.removed_context_keys()))


def _in_function(
    node: ast.AST, home: Module, version: Version, given: tuple[int, frozenset[str]]
) -> Iterator[ObsoleteUse]:
    """Parameters that ask for a key, and ``context["key"]``."""
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or home.loc(node).file != home.path:
        return
    arguments = node.args
    for argument in (*arguments.args[given[0] :], *arguments.kwonlyargs):
        # "conf" is what many functions call something of their own.
        if argument.arg in given[1] or argument.arg == "conf":
            continue
        yield from _use(argument.arg, _name_only(home.loc(argument), argument.arg), version, "as a parameter")
    holders = _HOLDERS | ({arguments.kwarg.arg} if arguments.kwarg is not None else set())
    text = home.text_of(node)
    if text.isascii() and not home.is_divided(node) and not _may_ask(text, holders):
        return
    for inner in nodes_under(node):
        key: ast.expr | None = None
        if isinstance(inner, ast.Subscript) and isinstance(inner.value, ast.Name) and inner.value.id in holders:
            key = inner.slice
        elif (
            isinstance(inner, ast.Call)
            and isinstance(inner.func, ast.Attribute)
            and inner.func.attr == "get"
            and isinstance(inner.func.value, ast.Name)
            and inner.func.value.id in holders
            and inner.args
        ):
            key = inner.args[0]
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            loc = home.loc(key)
            inside = loc.at(Span(loc.span.start + 1, loc.span.end - 1))
            yield from _use(key.value, inside, version, "in the task's context")


def _may_ask(text: str, holders: Set[str]) -> bool:
    """Whether a function may ask a holder of the context for a removed key; a backslash may spell one another way."""
    return any(map(text.__contains__, holders)) and ("\\" in text or _may_use_removed(text))


def _name_only(loc: Loc, name: str) -> Loc:
    return loc.at(Span(loc.span.start, loc.span.start + len(name)))


def _use(name: str, loc: Loc, version: Version, where: str) -> Iterator[ObsoleteUse]:
    key = tables.context_key(name)
    if key is None or key.removed is None:
        return
    instead = key.instead[0] if key.instead else "something else: the context no longer has it"
    simple = re.fullmatch(r"[a-z_]+", instead) is not None and (len(key.instead) == 1 or name == "execution_date")
    yield ObsoleteUse(
        system=SYSTEM,
        what=f"The context key {name} ({where})",
        loc=loc,
        change=ApiChange.REMOVED,
        since=version_of(key.removed),
        package="apache-airflow",
        target=version,
        instead=instead,
        fix=f"write {key.instead[0]}" if simple and where != "as a parameter" else None,
    )
