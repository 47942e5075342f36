"""Functions of Python that Spark calls row by row where it has a function of its own.

What has no name of its own in pyspark.sql.functions, or means something else there for some rows (``round`` goes to
the even neighbour in Python), is not in the tables.
https://spark.apache.org/docs/4.0.0/api/python/reference/pyspark.sql/functions.html
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Final

from pipesense.lang.python.index import FUNCTIONS
from pipesense.lang.python.module import Module
from pipesense.lang.python.nodes import children
from pipesense.lang.python.syntax import parsed_of
from pipesense.model.change import Replace, imported
from pipesense.model.frames import RowFunction
from pipesense.text.regex import regex
from pipesense.text.span import Span

_FUNCTIONS: Final = "pyspark.sql.functions"
_UDF: Final = frozenset({f"{_FUNCTIONS}.udf", "pyspark.sql.udf.udf", f"{_FUNCTIONS}.builtin.udf"})
_METHODS: Final = {
    "upper": "upper",
    "lower": "lower",
    "strip": "trim",
    "lstrip": "ltrim",
    "rstrip": "rtrim",
    "title": "initcap",
}
_CALLS: Final = {
    "builtins.len": "length",
    "builtins.abs": "abs",
    **{f"math.{name}": name for name in ("sqrt", "exp", "log10", "log2", "sin", "cos", "tan", "floor", "ceil")},
}
_PLAIN: Final = regex(r"[^\\.^$|?*+()\[\]{}]+")
"""Texts that mean themselves in a regular expression."""


def row_functions(module: Module) -> tuple[RowFunction, ...]:
    """The functions of a file that a built-in one could be."""
    heads = [unit.body[0] for unit in module.units if unit.body and unit.holds("udf")]
    if not heads:
        return ()
    found = module.memo_each("spark: udf", heads, partial(_in_unit, module))
    return tuple(
        replace(fact, parts=()) if name and fact.parts and not _called_only(module, name) else fact
        for each in found
        for name, fact in each
    )


def _in_unit(module: Module, head: ast.stmt) -> tuple[tuple[str, RowFunction], ...]:
    """What is made a function of rows, under the name that it is defined with ("" where a call makes it one)."""
    unit = parsed_of(head)
    found = [("", fact) for site in unit.index.calls if (fact := _called(module, site.node)) is not None]
    for node, _ in unit.index.definitions:
        if isinstance(node, FUNCTIONS):
            found += [(node.name, fact) for fact in _decorated(module, node)]
    return tuple(found)


def _called_only(module: Module, name: str) -> bool:
    """Whether a function is used by calling it alone, and never from what may itself be called for each row."""
    pending: list[tuple[ast.AST, bool]] = [(statement, False) for statement in module.body]
    while pending:
        node, for_rows = pending.pop()
        if isinstance(node, ast.Name) and node.id == name:
            return False
        decorated = isinstance(node, FUNCTIONS) and bool(node.decorator_list)
        inside = for_rows or decorated or isinstance(node, ast.Lambda)
        for child in children(node):
            direct = isinstance(node, ast.Call) and child is node.func and not inside
            if not (direct and isinstance(child, ast.Name)):
                pending.append((child, inside))
    return True


def _called(module: Module, call: ast.Call) -> RowFunction | None:
    """``udf(lambda s: s.upper(), StringType())`` and ``udf(f)`` with a function of one expression."""
    if not call.args or _UDF.isdisjoint(module.qualified(call.func)):
        return None
    given = call.args[0]
    if isinstance(given, ast.Lambda):
        parameters, body = given.args, given.body
    else:
        callees = module.callables(given) if isinstance(given, ast.Name) else ()
        node = callees[0].node if len(callees) == 1 and callees[0].module is module else None
        expr = _returned(node) if isinstance(node, ast.FunctionDef) and not node.decorator_list else None
        if not isinstance(node, ast.FunctionDef) or expr is None:
            return None
        parameters, body = node.args, expr
    names: list[str] = []
    made = _whole(module, parameters, body, names)
    if made is None:
        return None
    imports = tuple((name, _FUNCTIONS) for name in dict.fromkeys(names))
    # Whether the values are texts or arrays is not said here.
    parts = (Replace(module.loc(call), made),) if "length" not in names else ()
    return RowFunction("spark", module.loc(call.func), module.text_of(body), _words(names), parts, imports)


def _words(names: list[str]) -> str:
    return " and ".join(dict.fromkeys("length or size" if name == "length" else name for name in names))


def _decorated(module: Module, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[RowFunction]:
    for decorator in node.decorator_list:
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        if _UDF.isdisjoint(module.qualified(target)):
            continue
        names: list[str] = []
        expr = _returned(node)
        if expr is None or _whole(module, node.args, expr, names) is None:
            continue
        column = [*node.args.posonlyargs, *node.args.args][0].arg
        made = _column(module, _guarded(expr, column), column, [])
        # What the other decorators make of it, and whether values are texts or arrays, is not said here.
        alone = len(node.decorator_list) == 1 and isinstance(node, ast.FunctionDef) and "length" not in names
        parts: tuple[Replace, ...] = ()
        if alone and made is not None:
            parts = (_line_of(module, decorator), *_untyped(module, node), Replace(module.loc(expr), made))
        imports = tuple((name, _FUNCTIONS) for name in dict.fromkeys(names))
        yield RowFunction("spark", module.loc(target), module.text_of(expr), _words(names), parts, imports)


def _untyped(module: Module, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[Replace]:
    """Takes the annotations out, which speak of values: what is left works on columns."""
    for each in (*node.args.posonlyargs, *node.args.args):
        if each.annotation is not None:
            yield Replace(module.loc(each), each.arg)
    if node.returns is not None:
        loc, text = module.loc(node.returns), parsed_of(node).text
        arrow = text.rfind("->", 0, loc.span.start)
        yield Replace(loc.at(Span(len(text[:arrow].rstrip()), loc.span.end)), "")


def _line_of(module: Module, decorator: ast.expr) -> Replace:
    """Takes a decorator out with its ``@`` and its line."""
    text, loc = parsed_of(decorator).text, module.loc(decorator)
    start = text.rfind("@", 0, loc.span.start)
    end = text.find("\n", loc.span.end) + 1
    if text[loc.span.end : end].strip():
        # A comment stays where it is.
        return Replace(loc.at(Span(start, text.index("#", loc.span.end))), "")
    return Replace(loc.at(Span(text.rfind("\n", 0, start) + 1, end)), "")


def _returned(node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.expr | None:
    """The one expression that a function is."""
    body = node.body
    if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    only = body[0] if len(body) == 1 else None
    return only.value if isinstance(only, ast.Return) else None


def _whole(module: Module, parameters: ast.arguments, body: ast.expr, names: list[str]) -> str | None:
    """A function of columns that does the same; ``names`` are the built-in ones that it needs."""
    plain = [*parameters.posonlyargs, *parameters.args]
    if len(plain) != 1 or parameters.vararg or parameters.kwarg or parameters.kwonlyargs or parameters.defaults:
        return None
    column = plain[0].arg
    made = _column(module, _guarded(body, column), column, names)
    if made is None or not names:
        return None
    return imported(names[0]) if made == f"{imported(names[0])}({column})" else f"lambda {column}: {made}"


def _guarded(body: ast.expr, column: str) -> ast.expr:
    """What is behind ``... if x is not None else None``: a built-in function leaves missing values missing."""
    if not isinstance(body, ast.IfExp) or not isinstance(body.orelse, ast.Constant) or body.orelse.value is not None:
        return body
    test = body.test
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.IsNot | ast.NotEq):
        other = test.comparators[0]
        test = test.left if isinstance(other, ast.Constant) and other.value is None else body
    return body.body if isinstance(test, ast.Name) and test.id == column else body


def _column(module: Module, expr: ast.expr, column: str, names: list[str]) -> str | None:
    """An expression over one value as an expression over a column."""
    if isinstance(expr, ast.Name):
        return column if expr.id == column else None
    if not isinstance(expr, ast.Call) or expr.keywords:
        return None
    func = expr.func
    if isinstance(func, ast.Attribute) and (_is_over(func.value, column) or not module.qualified(func)):
        return _method(module, func, expr, column, names)
    builtin = next((_CALLS[name] for name in module.qualified(func) if name in _CALLS), None)
    if builtin is None or len(expr.args) != 1:
        return None
    inner = _column(module, expr.args[0], column, names)
    return _of(builtin, inner, names)


def _is_over(expr: ast.expr, column: str) -> bool:
    """Whether an expression is the value itself, or methods of it: an annotation may have given it a name."""
    while isinstance(expr, ast.Call) and isinstance(expr.func, ast.Attribute):
        expr = expr.func.value
    return isinstance(expr, ast.Name) and expr.id == column


def _method(module: Module, func: ast.Attribute, call: ast.Call, column: str, names: list[str]) -> str | None:
    inner = _column(module, func.value, column, names)
    texts = [each.value for each in call.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    if inner is None or len(texts) != len(call.args):
        return None
    if func.attr in _METHODS and not texts:
        return _of(_METHODS[func.attr], inner, names)
    if func.attr == "replace" and len(texts) == 2 and _PLAIN.fullmatch(texts[0]) and not set("$\\") & set(texts[1]):
        return _of("regexp_replace", inner, names, call.args, module)
    if func.attr == "split" and len(texts) == 1 and _PLAIN.fullmatch(texts[0]):
        return _of("split", inner, names, call.args, module)
    return None


def _of(
    name: str, inner: str | None, names: list[str], others: list[ast.expr] | None = None, module: Module | None = None
) -> str | None:
    if inner is None:
        return None
    names.insert(0, name)
    more = "".join(f", {module.text_of(each)}" for each in others or () if module is not None)
    return f"{imported(name)}({inner}{more})"
