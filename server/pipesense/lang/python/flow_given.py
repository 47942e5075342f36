"""How an argument is written, and which columns a short expression names."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from pipesense.lang.python.flow import NO_TRAITS, Flow, Library
from pipesense.lang.python.index import FunctionNode
from pipesense.lang.python.module import Module
from pipesense.lang.python.syntax import parsed_of
from pipesense.model.frames import Given, Loop
from pipesense.model.making import quick_to_make
from pipesense.model.value import Known, Unknown, Value
from pipesense.model.where import Loc
from pipesense.text.regex import regex
from pipesense.text.span import Span

_FORMS: Final[dict[type[ast.AST], str]] = {
    ast.Constant: "constant",
    ast.Name: "name",
    ast.Attribute: "name",
    ast.Call: "call",
    ast.List: "list",
    ast.Tuple: "list",
    ast.Set: "list",
    ast.ListComp: "list",
    ast.GeneratorExp: "list",
    ast.Dict: "dict",
    ast.DictComp: "dict",
    ast.Lambda: "lambda",
    ast.JoinedStr: "f-string",
    ast.BinOp: "operator",
    ast.UnaryOp: "operator",
    ast.Compare: "operator",
    ast.BoolOp: "operator",
    ast.Subscript: "item",
    ast.Slice: "slice",
    ast.IfExp: "choice",
}
_VALUES: Final = (ast.Name, ast.Attribute, ast.JoinedStr, ast.BinOp, ast.Tuple, ast.List, ast.UnaryOp, ast.Call)
COMPUTED: Final = Unknown("it is computed")
_COLUMN_CALLS: Final = frozenset({"col", "column", "desc", "asc", "lit"})
_UNCHANGED: Final = frozenset({"alias", "desc", "asc", "cast", "desc_nulls_last", "asc_nulls_last"})


@quick_to_make
@dataclass(frozen=True, slots=True, eq=False)
class Argument:
    """An argument of a call, and the value that it hands over: ``name`` as in Given, ``whole`` with the keyword."""

    name: str
    value: ast.expr
    whole: ast.AST
    flow: Flow | None


def given_of(argument: Argument, module: Module, library: Library) -> Given:
    """What an argument says."""
    value, flow = argument.value, argument.flow
    if argument.name == "*":
        return Given("*", COMPUTED, module.loc(value), module.loc(value))
    known: Value[object] = COMPUTED
    if isinstance(value, ast.Constant) or (flow is None and isinstance(value, _VALUES)):
        known = module.value(value)
    entries: tuple[tuple[str, Value[object]], ...] = ()
    if isinstance(value, ast.Dict) and all(isinstance(key, ast.Constant) for key in value.keys):
        entries = tuple(
            (str(key.value), module.value(item))
            for key, item in zip(value.keys, value.values, strict=True)
            if isinstance(key, ast.Constant)
        )
    return Given(
        argument.name,
        known,
        module.loc(argument.whole),
        module.loc(value),
        form_of(value),
        flow.kind if flow is not None else "",
        flow.traits if flow is not None else NO_TRAITS,
        flow.made if flow is not None else (),
        entries,
        columns_in(value, module),
        windowed(value, module),
        chooses(value),
        starts(value, module),
        library.name == "spark" and aggregates(value, module),
    )


def is_none(expr: ast.expr) -> bool:
    """Whether an expression is the word None."""
    return isinstance(expr, ast.Constant) and expr.value is None


def form_of(expr: ast.expr) -> str:
    """How an expression is written, in one word."""
    return _FORMS.get(type(expr), "other")


def columns_in(expr: ast.expr, module: Module) -> tuple[str, ...]:
    """The columns that ``"a"``, ``["a", "b"]``, ``F.col("a")``, ``df["a"]`` and ``df.a`` name; () for anything else."""
    if isinstance(expr, ast.Constant):
        return (expr.value,) if isinstance(expr.value, str) else ()
    if isinstance(expr, ast.List | ast.Tuple):
        found = [columns_in(each, module) for each in expr.elts]
        return tuple(name for names in found for name in names) if all(found) else ()
    if isinstance(expr, ast.Call):
        return _called(expr, module)
    if isinstance(expr, ast.Subscript):
        return columns_in(expr.slice, module) if isinstance(expr.slice, ast.Constant) else ()
    if isinstance(expr, ast.Attribute):
        return (expr.attr,) if isinstance(expr.value, ast.Name) else ()
    if isinstance(expr, ast.Name):
        value = module.value(expr)
        if isinstance(value, Known):
            if isinstance(value.value, str):
                return (value.value,)
            if isinstance(value.value, tuple) and all(isinstance(each, str) for each in value.value):
                return tuple(str(each) for each in value.value)
    return ()


def _called(expr: ast.Call, module: Module) -> tuple[str, ...]:
    func = expr.func
    name = func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
    if name in _COLUMN_CALLS and len(expr.args) == 1:
        return columns_in(expr.args[0], module)
    if name in _UNCHANGED and isinstance(func, ast.Attribute):
        return columns_in(func.value, module)
    return ()


def starts(expr: ast.expr, module: Module) -> str:
    """The characters that a text surely starts with: a constant, an f-string up to its first field, ``"a" + b``."""
    if isinstance(expr, ast.Constant):
        return expr.value[:200] if isinstance(expr.value, str) else ""
    if isinstance(expr, ast.JoinedStr):
        return starts(expr.values[0], module) if expr.values else ""
    if isinstance(expr, ast.BinOp) and isinstance(expr.op, ast.Add | ast.Mod):
        return starts(expr.left, module)
    if isinstance(expr, ast.Call) and isinstance(expr.func, ast.Attribute) and expr.func.attr in ("format", "strip"):
        return starts(expr.func.value, module)
    if isinstance(expr, ast.Name):
        bound = module.bindings_of(expr)
        if len(bound) == 1 and bound[0].kind == "assign" and isinstance(bound[0].value, _TEXTS):
            return starts(bound[0].value, module)
    return ""


_TEXTS: Final = (ast.Constant, ast.JoinedStr, ast.BinOp, ast.Call)


_DATE: Final = regex(r"\d{4}-\d{2}-\d{2}|\d{8}$")
_EQUALS: Final = regex(r"(?<![<>!=])={1,2}\s*'?\s*$")


def chooses(expr: ast.expr) -> bool:
    """Whether a condition compares something for equality with a variable or a date."""
    if isinstance(expr, ast.JoinedStr):
        parts = expr.values
        return any(
            isinstance(part, ast.Constant) and bool(_EQUALS.search(str(part.value)))
            for part, behind in pairwise(parts)
            if isinstance(behind, ast.FormattedValue)
        )
    if isinstance(expr, ast.Compare) and len(expr.ops) == 1 and isinstance(expr.ops[0], ast.Eq):
        return any(_outside(side) for side in (expr.left, expr.comparators[0]))
    if isinstance(expr, ast.BinOp) and isinstance(expr.op, ast.BitAnd):
        return chooses(expr.left) or chooses(expr.right)
    return False


def _outside(expr: ast.expr) -> bool:
    if isinstance(expr, ast.Call) and len(expr.args) == 1 and not isinstance(expr.args[0], ast.Constant):
        func = expr.func
        return (func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")) == "lit"
    if isinstance(expr, ast.Constant):
        return isinstance(expr.value, str) and _DATE.match(expr.value) is not None
    return isinstance(expr, ast.Name)


_PASSES_ON: Final = frozenset({"zip", "enumerate", "reversed", "sorted"})


def turns(expr: ast.expr, module: Module, hops: int = 2) -> int:
    """How many things a loop runs over at most, where they are written in the code; else 0."""
    if isinstance(expr, ast.ListComp | ast.SetComp | ast.GeneratorExp):
        return turns(expr.generators[0].iter, module, hops - 1) if len(expr.generators) == 1 and hops else 0
    if isinstance(expr, ast.List | ast.Tuple | ast.Set):
        return 0 if any(isinstance(each, ast.Starred) for each in expr.elts) else len(expr.elts)
    if isinstance(expr, ast.Call) and isinstance(expr.func, ast.Attribute) and not expr.args:
        holder = expr.func.value
        if expr.func.attr in ("items", "keys", "values") and isinstance(holder, ast.Name | ast.Dict):
            found = module.dictionary(holder)
            return len(found.entries) if found.opened is None else 0
    if isinstance(expr, ast.Call) and isinstance(expr.func, ast.Name) and expr.args and expr.func.id in _PASSES_ON:
        # zip ends with the shortest of them; what the others hold beside their first argument is no element.
        counts = [turns(each, module, hops) for each in (expr.args if expr.func.id == "zip" else expr.args[:1])]
        return min(counts)
    value = module.value(expr) if isinstance(expr, ast.Name) else None
    if isinstance(value, Known):
        return len(value.value) if isinstance(value.value, tuple) else 0
    made = [binding.value for binding in module.bindings_of(expr)] if isinstance(expr, ast.Name) else []
    return turns(made[0], module, hops) if len(made) == 1 and isinstance(made[0], ast.ListComp | ast.SetComp) else 0


def aggregates(expr: ast.expr, module: Module) -> bool:
    """Whether an expression makes one value of all rows: ``F.max("a")``, ``F.date_trunc("hour", F.min("ts"))``."""
    if isinstance(expr, ast.BinOp):
        return aggregates(expr.left, module) or aggregates(expr.right, module)
    if isinstance(expr, ast.List):
        return bool(expr.elts) and all(aggregates(each, module) for each in expr.elts)
    if isinstance(expr, ast.ListComp | ast.GeneratorExp):
        return aggregates(expr.elt, module)
    if not isinstance(expr, ast.Call):
        return False
    func = expr.func
    if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Call | ast.BinOp):
        return func.attr != "over" and aggregates(func.value, module)
    names = [name.rpartition(".") for name in module.qualified(func)]
    if not any(package == _SPARK for package, _, _ in names):
        return False
    return any(name in _AGGREGATES for _, _, name in names) or any(aggregates(each, module) for each in expr.args)


_SPARK: Final = "pyspark.sql.functions"
_AGGREGATES: Final = frozenset(
    {
        *("count", "min", "max", "sum", "avg", "mean", "stddev", "variance", "median", "first", "last", "any_value"),
        *("countDistinct", "count_distinct", "approx_count_distinct", "percentile_approx", "bool_and", "bool_or"),
    }
)
"""Not those that keep all values (``collect_list``)."""


def windowed(expr: ast.expr, module: Module) -> str:
    """The time column of ``F.window("ts", "1 hour")`` and ``session_window(df.ts, ...)``, "" for anything else."""
    if not isinstance(expr, ast.Call) or not expr.args:
        return ""
    func = expr.func
    name = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
    if name not in ("window", "session_window"):
        return windowed(func.value, module) if name == "alias" and isinstance(func, ast.Attribute) else ""
    found = columns_in(expr.args[0], module)
    return found[0] if len(found) == 1 else ""


def handed_over(function: FunctionNode, given: Sequence[Given]) -> dict[str, Flow]:
    """What a function's parameters are in one call of it, where they are values of the library.

    How the values were made is told where the call stands, and means nothing inside.
    """
    arguments = function.args
    names = [each.arg for each in (*arguments.posonlyargs, *arguments.args)]
    if names[:1] in (["self"], ["cls"]):
        names = names[1:]
    plain = [each for each in given if each.name in ("", "*")]
    found: dict[str, Flow] = {}
    for name, each in zip(names, plain, strict=False):
        if each.name == "*":
            break
        if each.kind:
            found[name] = Flow(each.kind, each.traits)
    keywords = {*names, *(each.arg for each in arguments.kwonlyargs)}
    found.update((each.name, Flow(each.kind, each.traits)) for each in given if each.kind and each.name in keywords)
    return found


def loop_of(module: Module, node: ast.For) -> Loop:
    """A ``for`` statement as operations in it tell of it."""
    size = len(node.body) + len(node.orelse)
    return Loop(module.loc(node), module.loc(node.target), module.loc(node.iter), size, turns(node.iter, module))


def name_loc(module: Module, node: ast.expr, below: ast.expr, loc: Loc, receiver: Loc) -> Loc:
    """Where the name of an operation stands, or the brackets of one that has none."""
    if isinstance(below, ast.Attribute):
        end = parsed_of(node).span_of(below).end
        return loc.at(Span(end - len(below.attr), end))
    if isinstance(node, ast.Subscript):
        return loc.at(Span(receiver.span.end, loc.span.end))
    return module.loc(below)
