"""What functions that tasks run take from the clock: data chosen by today's date, and naive moments beside aware ones.

Only what is certain is a fact. A clock counts where it is part of what names or selects data (a path, an address, the
text behind WHERE); the moment at which something was loaded, a name made unique and a duration do not choose anything.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from pipesense.lang.python.constants import CLOCK
from pipesense.lang.python.effects import call_effect
from pipesense.lang.python.functions import Function, own_calls
from pipesense.lang.python.index import FUNCTIONS, CallSite
from pipesense.lang.python.nodes import nodes_under
from pipesense.model.change import Replace, imported
from pipesense.model.flow import Effect
from pipesense.model.habits import ClockChoosesData, NaiveMoment
from pipesense.text.regex import regex

if TYPE_CHECKING:
    from pipesense.lang.python.module import Module

_CLOCKS: Final = CLOCK - {"time.time", "time.localtime", "time.gmtime"}
_NAIVE: Final = frozenset({"datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today"})
_MARKS: Final = ("now", "today", "utcnow", "yesterday", "strftime")
_SELECTS: Final = frozenset(
    {
        *("path", "filepath_or_buffer", "url", "params", "sql", "query", "key", "Key", "filename", "prefix", "Prefix"),
        *("bucket_key", "object_name", "io", "path_or_buf", "uri", "endpoint", "fname", "file"),
    }
)
_WHERE: Final = regex(r"\b(?:where|between|partition)\b", re.I)
_STATEMENT: Final = regex(r"^\s*(?:select|with|insert|delete|update|merge|copy|create)\b", re.I)
_TIME_OF_DAY: Final = regex(r"%[HMSIfscXT]")
_CONTEXT: Final = frozenset(
    {"data_interval_start", "data_interval_end", "logical_date", "execution_date", "queued_at", "run_after"}
)
_DEEPEST: Final = 4


def clock_facts(module: Module, function: Function, *, scheduled: bool, airflow: bool) -> tuple[object, ...]:
    """What a function of the module takes from the clock; ``scheduled``: a task of a scheduled pipeline runs it."""
    node = function.node
    if not isinstance(node, FUNCTIONS):
        return ()
    text = module.whole_text(node)
    if not any(mark in text for mark in _MARKS):
        return ()
    return (*_choices(module, function, scheduled), *_naive(module, node, airflow))


def helpers_of(module: Module, function: Function) -> tuple[Function, ...]:
    """The file's own functions that a function calls by itself, each once; one step, not those that they call."""
    if not isinstance(function.node, FUNCTIONS):
        return ()
    called = (helper for _, helper in module.callees(function) if helper.module is module)
    return tuple({helper.path: helper for helper in called if isinstance(helper.node, FUNCTIONS)}.values())


# --- data chosen by the clock ------------------------------------------------------------------------


def _choices(module: Module, function: Function, scheduled: bool) -> Iterator[ClockChoosesData]:
    for site in own_calls(module, function):
        effect = call_effect(module, site)
        if effect is None or module.loc(site.node).file != module.path:
            continue
        for given in _selecting(site):
            clock = _clock_in(module, given, writes=effect.effect is Effect.WRITE)
            if clock is not None and module.loc(clock).file == module.path:
                called = " ".join(module.text_of(site.node.func).split())
                written = " ".join(module.text_of(clock).split())
                yield ClockChoosesData(function.name, module.loc(clock), written, called, scheduled)
                return


def _selecting(site: CallSite) -> Iterator[ast.expr]:
    yield from site.node.args[:1]
    for keyword in site.node.keywords:
        if keyword.arg in _SELECTS:
            yield keyword.value


def _clock_in(module: Module, expr: ast.expr, *, writes: bool, depth: int = 0) -> ast.expr | None:
    """The call of the clock in an expression that names or selects data, None where there is none."""
    if depth > _DEEPEST:
        return None
    if isinstance(expr, ast.Name):
        found = module.bindings_of(expr)
        value = found[0].value if len(found) == 1 and found[0].kind == "assign" else None
        return _clock_in(module, value, writes=writes, depth=depth + 1) if value is not None else None
    if isinstance(expr, ast.JoinedStr):
        return _in_text(module, expr, writes, depth)
    if isinstance(expr, ast.Dict):
        found_in = (_clock_in(module, each, writes=writes, depth=depth + 1) for each in expr.values)
        return next((each for each in found_in if each is not None), None)
    if isinstance(expr, ast.BinOp):
        if isinstance(expr.left, ast.Constant) and _is_statement_without_where(expr.left.value):
            return None
        sides = (_clock_in(module, side, writes=writes, depth=depth + 1) for side in (expr.left, expr.right))
        return next((each for each in sides if each is not None), None)
    if isinstance(expr, ast.Call):
        return _in_call(module, expr, writes, depth)
    return None


def _in_call(module: Module, call: ast.Call, writes: bool, depth: int) -> ast.expr | None:
    names = module.qualified(call.func)
    helped = _helper_clock(module, call, writes, depth)
    if helped is not None:
        return helped
    if names and _CLOCKS.issuperset(names):
        # A moment down to the second makes a name unique; a day chooses.
        day = all("date.today" in name or (name.startswith("pendulum.") and "now" not in name) for name in names)
        return call if day or not writes else None
    if isinstance(call.func, ast.Attribute):
        text = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else ""
        timed = isinstance(text, str) and _TIME_OF_DAY.search(text) is not None
        by_day = call.func.attr == "date" or (call.func.attr == "strftime" and not timed)
        if call.func.attr in ("isoformat", "strftime", "date", "replace", "subtract", "add", "format"):
            return _clock_in(module, call.func.value, writes=writes and not by_day, depth=depth + 1)
    if names == ("builtins.str",) and call.args:
        return _clock_in(module, call.args[0], writes=writes, depth=depth + 1)
    return None


def _helper_clock(module: Module, call: ast.Call, writes: bool, depth: int) -> ast.expr | None:
    """The call itself, where it is of a function of the file that only gives back what the clock says."""
    found = module.callables(call.func) if isinstance(call.func, ast.Name) and not (call.args or call.keywords) else ()
    if len(found) != 1 or found[0].module is not module or not isinstance(found[0].node, FUNCTIONS):
        return None
    given = module.returned(found[0].node)
    value = given[0] if len(given) == 1 else None
    clock = _clock_in(module, value, writes=writes, depth=depth + 1) if value is not None else None
    return call if clock is not None else None


def _in_text(module: Module, text: ast.JoinedStr, writes: bool, depth: int) -> ast.expr | None:
    before = ""
    for part in text.values:
        if isinstance(part, ast.Constant):
            before += str(part.value)
        elif isinstance(part, ast.FormattedValue):
            if _is_statement_without_where(before):
                continue
            spec = part.format_spec
            timed = spec is None or _TIME_OF_DAY.search(ast.unparse(spec)) is not None
            found = _clock_in(module, part.value, writes=writes and timed, depth=depth + 1)
            if found is not None:
                return found
    return None


def _is_statement_without_where(text: object) -> bool:
    return isinstance(text, str) and _STATEMENT.match(text) is not None and _WHERE.search(text) is None


# --- naive beside aware ------------------------------------------------------------------------------


def _naive(module: Module, node: ast.FunctionDef | ast.AsyncFunctionDef, airflow: bool) -> Iterator[NaiveMoment]:
    for inner in nodes_under(node):
        if isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Sub):
            pair = (inner.left, inner.right)
        elif isinstance(inner, ast.Compare) and len(inner.ops) == 1:
            if not isinstance(inner.ops[0], ast.Lt | ast.LtE | ast.Gt | ast.GtE):
                continue
            pair = (inner.left, inner.comparators[0])
        else:
            continue
        for one, other in (pair, pair[::-1]):
            clock = _naive_clock(module, one, 0)
            if clock is None or module.loc(clock).file != module.path:
                continue
            aware = _aware(module, other, node if airflow else None, 0)
            if aware:
                yield NaiveMoment(
                    module.loc(clock),
                    " ".join(module.text_of(clock).split()),
                    " ".join(module.text_of(other).split()),
                    aware,
                    _with_zone(module, clock),
                )
                break


def _naive_clock(module: Module, expr: ast.expr, depth: int) -> ast.Call | None:
    if isinstance(expr, ast.Name) and depth < _DEEPEST:
        found = module.bindings_of(expr)
        value = found[0].value if len(found) == 1 and found[0].kind == "assign" else None
        return _naive_clock(module, value, depth + 1) if value is not None else None
    if isinstance(expr, ast.BinOp) and isinstance(expr.op, ast.Sub | ast.Add) and depth < _DEEPEST:
        return _naive_clock(module, expr.left, depth + 1) if _is_duration(module, expr.right) else None
    if isinstance(expr, ast.Call) and not expr.args and not expr.keywords:
        names = module.qualified(expr.func)
        return expr if names and _NAIVE.issuperset(names) else None
    return None


def _is_duration(module: Module, expr: ast.expr) -> bool:
    return isinstance(expr, ast.Call) and module.qualified(expr.func) == ("datetime.timedelta",)


def _aware(module: Module, expr: ast.expr, context: ast.AST | None, depth: int) -> str:
    """Why a moment surely has a time zone, in words; "" where that is not known."""
    if depth > _DEEPEST:
        return ""
    if isinstance(expr, ast.Name):
        if context is not None and expr.id in _CONTEXT and _is_parameter(context, expr.id):
            return "Airflow hands it out with a time zone"
        found = module.bindings_of(expr)
        value = found[0].value if len(found) == 1 and found[0].kind == "assign" else None
        return _aware(module, value, context, depth + 1) if value is not None else ""
    if isinstance(expr, ast.Subscript):
        key = expr.slice.value if isinstance(expr.slice, ast.Constant) else None
        held = isinstance(expr.value, ast.Name) and expr.value.id in ("context", "kwargs")
        return "Airflow hands it out with a time zone" if context is not None and held and key in _CONTEXT else ""
    if isinstance(expr, ast.BinOp) and isinstance(expr.op, ast.Sub | ast.Add) and _is_duration(module, expr.right):
        return _aware(module, expr.left, context, depth + 1)
    if not isinstance(expr, ast.Call):
        return ""
    names = module.qualified(expr.func)
    zone = next((each.value for each in expr.keywords if each.arg in ("tz", "tzinfo")), None)
    none = isinstance(zone, ast.Constant) and zone.value is None
    if names == ("datetime.datetime.now",):
        given = zone is not None or len(expr.args) == 1
        empty = none or (bool(expr.args) and isinstance(expr.args[0], ast.Constant))
        return "it is asked for with a time zone" if given and not empty else ""
    if names == ("datetime.datetime",):
        return "it is made with a time zone" if zone is not None and not none else ""
    if names and all(name in ("pendulum.now", "pendulum.datetime", "pendulum.today") for name in names):
        return "pendulum always gives a time zone"
    if isinstance(expr.func, ast.Attribute) and expr.func.attr == "replace" and zone is not None and not none:
        return "it is given a time zone"
    return ""


def _is_parameter(function: ast.AST, name: str) -> bool:
    if not isinstance(function, FUNCTIONS):
        return False
    given = function.args
    return any(each.arg == name for each in (*given.args, *given.kwonlyargs))


def _with_zone(module: Module, clock: ast.Call) -> tuple[Replace, ...]:
    func = clock.func
    if not isinstance(func, ast.Attribute):
        return ()
    return (Replace(module.loc(clock), f"{module.text_of(func.value)}.now({imported('timezone')}.utc)"),)
