"""Code that repeats a failed attempt by itself: decorators, loops around a ``try``, functions that are named so.

Nothing here is sure to repeat; what matters is where nobody can say any more that nothing does.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Final

from pipesense.lang.python.index import FUNCTIONS, LOOPS, CallSite, FunctionNode, dotted
from pipesense.lang.python.nodes import nodes_under
from pipesense.text.regex import regex

if TYPE_CHECKING:
    from pipesense.lang.python.functions import Function
    from pipesense.lang.python.module import Module

_NAMED: Final = regex(r"retr(?:y|ies|ied|ying)|backoff|attempt", re.I)
_COUNTED: Final = regex(r"retr|attempt|tries|range\(", re.I)
_PLAIN: Final = frozenset(
    {
        *("builtins", "functools", "contextlib", "typing", "typing_extensions", "abc", "dataclasses", "warnings"),
        *("airflow", "prefect", "dagster", "pandera", "pydantic", "beartype", "typeguard", "great_expectations"),
        *("sentry_sdk", "opentelemetry", "ddtrace", "numba", "click", "typer", "pytest", "unittest", "asyncio"),
        *("flask", "fastapi", "ramda", "toolz", "cytoolz", "deprecated", "line_profiler", "memory_profiler"),
    }
)
"""Packages whose decorators repeat nothing, or whose repetition is read elsewhere."""
_STAYS: Final = (ast.Raise, ast.Return, ast.Break)


def may_repeat(module: Module, function: Function) -> bool:
    """Whether a decorator of a function may run it again when it fails."""
    node = function.node
    return isinstance(node, FUNCTIONS) and any(_decorator_repeats(module, each) for each in node.decorator_list)


def _decorator_repeats(module: Module, decorator: ast.expr) -> bool:
    target = decorator.func if isinstance(decorator, ast.Call) else decorator
    if _NAMED.search(dotted(target) or ""):
        return True
    functions = module.callables(target)
    if functions:
        return any(isinstance(each.node, FUNCTIONS) and _looks_repeating(each.node) for each in functions)
    names = module.qualified(target)
    # An object of the file (``app.task``, ``limiter.limit()``) is as unknown as a package that is not there.
    return not names or not all(name.partition(".")[0] in _PLAIN for name in names)


def _looks_repeating(node: FunctionNode) -> bool:
    """Whether a decorator's own code loops, or calls something that is named after repeating."""
    return any(
        isinstance(each, LOOPS) or (isinstance(each, ast.Name | ast.Attribute) and _NAMED.search(dotted(each) or ""))
        for each in nodes_under(node)
    )


def is_repeated(site: CallSite) -> bool:
    """Whether a call names a function that repeats, or stands in a loop that goes on when it fails."""
    func = site.node.func
    named = func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
    if _NAMED.search(named):
        return True
    caught = False
    for place in site.place.outward():
        node = place.node
        if isinstance(node, (*FUNCTIONS, ast.Lambda)):
            return False
        if isinstance(node, ast.Try) and place.part == "body":
            caught = caught or any(not isinstance(each.body[-1], _STAYS) for each in node.handlers)
        elif isinstance(node, ast.While) and caught:
            return True
        elif isinstance(node, ast.For | ast.AsyncFor):
            written = ast.unparse(node.iter)
            if _NAMED.search(written) or (caught and _COUNTED.search(f"{ast.unparse(node.target)} {written}")):
                return True
    return False
