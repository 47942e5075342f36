"""Where a file holds frames against schemas of pandera: calls, decorators, and what happens to rows that fail."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Final

from pipesense.lang.python.functions import Function, own_calls
from pipesense.lang.python.index import FUNCTIONS
from pipesense.lang.python.module import Module
from pipesense.lang.python.names import path_of
from pipesense.lang.python.nodes import nodes_under
from pipesense.lang.python.syntax import place_of
from pipesense.model.code import PatternSite, ScopeCode
from pipesense.model.data import CheckKind, QualityCheck
from pipesense.model.frames import CheckedColumn, FrameCheck
from pipesense.model.value import Known, Unknown
from pipesense.systems.pandera.schemas import Schema, is_pandera, schema_of
from pipesense.systems.system import Lifted
from pipesense.text.span import Span

_WHICH: Final = Unknown("which table the frame becomes is not said here")
_DECORATORS: Final = frozenset({"check_types", "check_input", "check_output", "check_io"})
_RAISES: Final = "rows that do not fit raise SchemaError, and nothing behind it runs"
_GATHERS: Final = "all that does not fit is gathered and raised as SchemaErrors, and nothing behind it runs"
_SPARK: Final = "on Spark pandera raises nothing: what does not fit stands in .pandera.errors of the result"
_TOLD: Final = "what does not fit is caught around it, told, and let through"
_DROPS: Final = "rows that do not fit are dropped without a word"


def lift(module: Module) -> Lifted:
    """Every check that a file makes with pandera, scope by scope."""
    checks: list[FrameCheck] = []
    for node, function in _functions(module):
        compute = partial(_read, module, function)
        checks += module.memo("pandera", [node], compute) if node is not None else compute()
    return Lifted(
        facts=tuple(checks),
        sites=tuple(PatternSite("quality-gate", each.loc, _note(each)) for each in checks),
        code=tuple(_code(each) for each in checks if each.gates is not False),
    )


def _functions(module: Module) -> Iterator[tuple[ast.AST | None, Function | None]]:
    yield None, None
    for unit in module.units:
        for node, place in unit.index.definitions:
            if isinstance(node, FUNCTIONS) and not place.is_orphan:
                yield node, Function(module, node, path_of(place, node.name))


def _read(module: Module, function: Function | None) -> tuple[FrameCheck, ...]:
    scope = function.name if function is not None else module.prefix
    found: list[FrameCheck] = []
    for site in own_calls(module, function):
        found += _call(module, scope, site.node)
    if any(each.drops for each in found) and _counts(module, function):
        found = [replace(each, drops=False) for each in found]
    if function is not None and isinstance(function.node, FUNCTIONS):
        for decorator in function.node.decorator_list:
            found += _decorator(module, scope, decorator)
    return tuple(found)


_COUNTS: Final = frozenset({"len", "shape", "count", "size", "empty", "isna", "isnull", "value_counts", "info"})


def _counts(module: Module, function: Function | None) -> bool:
    """Whether code of the scope looks at how many rows there are."""
    if function is not None and isinstance(function.node, FUNCTIONS):
        inside = function.node.body
    else:
        inside = [each for each in module.body if not isinstance(each, (*FUNCTIONS, ast.ClassDef))]
    for statement in inside:
        for node in nodes_under(statement):
            word = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
            if word in _COUNTS:
                return True
    return False


def _call(module: Module, scope: str, call: ast.Call) -> Iterator[FrameCheck]:
    """``schema.validate(frame)``, ``Model.validate(frame)``, ``schema(frame)`` and ``DataFrame[Model](frame)``."""
    func = call.func
    if isinstance(func, ast.Attribute):
        if func.attr == "validate" and (call.args or call.keywords):
            schema = schema_of(module, func.value)
            if schema is not None:
                yield _checked(module, scope, schema, func, call)
    elif isinstance(func, ast.Name) and call.args:
        # A name that is called is mostly a function: only what pandera made is asked further.
        if any(name.startswith("pandera.") and name.endswith("()") for name in module.qualified(func)):
            schema = schema_of(module, func)
            if schema is not None:
                yield _checked(module, scope, schema, func, call)
    elif isinstance(func, ast.Subscript) and call.args and _is_typed(module, func):
        schema = schema_of(module, func.slice)
        if schema is not None:
            yield _checked(module, scope, schema, func, call)


def _is_typed(module: Module, func: ast.Subscript) -> bool:
    return any(name.startswith("pandera.typing.") for name in module.qualified(func.value))


def _checked(module: Module, scope: str, schema: Schema, func: ast.expr, call: ast.Call) -> FrameCheck:
    words = {word.arg: module.value(word.value) for word in call.keywords if word.arg is not None}
    lazy = words.get("lazy")
    is_lazy = isinstance(lazy, Known) and lazy.value is True
    outcome, gates, drops = (_GATHERS if is_lazy else _RAISES), True, False
    if schema.for_spark:
        looks = any(unit.holds("pandera.errors") for unit in module.units)
        outcome, gates = _SPARK, looks
    elif schema.drops and is_lazy:
        outcome, gates, drops = _DROPS, False, True
    if gates and _only_told(module, call):
        outcome, gates = _TOLD, False
    loc = module.loc(func)
    if isinstance(func, ast.Attribute):
        end = loc.span.end
        loc = loc.at(Span(end - len(func.attr), end))
    return FrameCheck("pandera", scope, schema.name, loc, schema.columns, outcome, gates, drops)


_TELLS: Final = frozenset({"print", "pprint", "debug", "info", "warning", "error", "exception", "critical", "log"})
_CAUGHT: Final = frozenset({"SchemaError", "SchemaErrors", "Exception", "BaseException"})


def _only_told(module: Module, call: ast.Call) -> bool:
    """Whether what a check raises is caught around it, printed or logged, and then forgotten."""
    for place in place_of(call).outward():
        node = place.node
        if isinstance(node, (*FUNCTIONS, ast.ClassDef, ast.Lambda)):
            return False
        if isinstance(node, ast.Try) and place.part == "body":
            catching = [each for each in node.handlers if _catches(each)]
            return bool(catching) and all(_tells(each.body) for each in catching)
    return False


def _catches(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    words = {each.attr if isinstance(each, ast.Attribute) else getattr(each, "id", "") for each in kinds if each}
    return handler.type is None or bool(words & _CAUGHT)


def _tells(body: list[ast.stmt]) -> bool:
    calls = [each.value.func for each in body if isinstance(each, ast.Expr) and isinstance(each.value, ast.Call)]
    plain = sum(isinstance(each, ast.Pass) for each in body)
    words = [each.attr if isinstance(each, ast.Attribute) else getattr(each, "id", "") for each in calls]
    return len(calls) + plain == len(body) and all(word in _TELLS for word in words)


def _decorator(module: Module, scope: str, decorator: ast.expr) -> Iterator[FrameCheck]:
    call = decorator if isinstance(decorator, ast.Call) else None
    func = call.func if call is not None else decorator
    names = module.qualified(func)
    if not any(is_pandera(name, _DECORATORS) for name in names):
        return
    columns: tuple[CheckedColumn, ...] = ()
    written = "what its annotations say"
    given = [*call.args, *(word.value for word in call.keywords if word.arg != "lazy")] if call is not None else []
    for expr in given:
        schema = schema_of(module, expr)
        if schema is not None:
            columns, written = schema.columns, schema.name
            break
    spark = any(".pyspark." in name for name in names)
    outcome = _SPARK if spark else _RAISES
    yield FrameCheck("pandera", scope, written, module.loc(func), columns, outcome, None if spark else True)


def _note(check: FrameCheck) -> str:
    """What is demanded, and what becomes of rows that fail."""
    told = [f"{each.name} ({', '.join(each.demands)})" if each.demands else each.name for each in check.columns[:8]]
    more = f" and {len(check.columns) - 8} more" if len(check.columns) > 8 else ""
    demands = f"{check.schema} demands of " + ", ".join(told) + more + ". " if told else ""
    return f"{demands}{check.outcome[:1].upper()}{check.outcome[1:]}."


_KINDS: Final = {"never missing": CheckKind.NOT_NULL, "unique": CheckKind.UNIQUE, "in a range": CheckKind.RANGE}


def _code(check: FrameCheck) -> ScopeCode:
    kinds: set[CheckKind] = set()
    for column in check.columns:
        for demand in column.demands:
            kinds.add(_KINDS.get(demand, CheckKind.RANGE if demand[:1] in "<>" else CheckKind.VALUES))
    columns = tuple(column.name for column in check.columns)
    name = check.scope.rpartition(".")[2]
    made = QualityCheck(frozenset(kinds or {CheckKind.CUSTOM}), _WHICH, columns, name, check.loc)
    return ScopeCode(check.scope, checks=(made,))
