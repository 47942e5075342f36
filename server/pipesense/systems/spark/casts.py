"""Casts of texts: from Spark 4 on they raise for a value that does not fit, where they gave NULL before.

Only what is surely a text counts: the result of a function that gives texts, or of a cast to one.
https://spark.apache.org/docs/4.0.0/sql-ref-ansi-compliance.html#cast (spark.sql.ansi.enabled is true by default)
"""

from __future__ import annotations

import ast
from functools import partial
from typing import Final

from pipesense.lang.python.module import Module
from pipesense.lang.python.syntax import parsed_of
from pipesense.model.frames import TextCast
from pipesense.model.value import Known, Version
from pipesense.text.span import Span

_FUNCTIONS: Final = "pyspark.sql.functions."
_GIVE_TEXTS: Final = frozenset(
    {
        *("regexp_extract", "regexp_replace", "regexp_substr", "get_json_object", "substring", "substring_index"),
        *("trim", "ltrim", "rtrim", "btrim", "upper", "lower", "concat_ws", "split_part", "translate", "lpad", "rpad"),
        *("left", "right", "decode", "initcap", "replace"),
    }
)
_NAMES: Final = {
    **dict.fromkeys(("int", "integer", "bigint", "long", "smallint", "short", "tinyint", "byte"), "a number"),
    **dict.fromkeys(("double", "float", "real", "decimal"), "a number"),
    **dict.fromkeys(("date", "timestamp", "timestamp_ntz"), "a time"),
    "boolean": "a boolean",
}
_TYPES: Final = {
    **dict.fromkeys(("IntegerType", "LongType", "ShortType", "ByteType"), "a number"),
    **dict.fromkeys(("DoubleType", "FloatType", "DecimalType"), "a number"),
    **dict.fromkeys(("DateType", "TimestampType", "TimestampNTZType"), "a time"),
    "BooleanType": "a boolean",
}


def text_casts(module: Module, version: Version) -> tuple[TextCast, ...]:
    """The casts of texts in a file."""
    heads = [unit.body[0] for unit in module.units if unit.body and unit.holds("cast(")]
    if not heads:
        return ()
    found = module.memo_each(("spark: casts", version), heads, partial(_in_unit, module, version))
    return tuple(fact for each in found for fact in each)


def _in_unit(module: Module, version: Version, head: ast.stmt) -> tuple[TextCast, ...]:
    found: list[TextCast] = []
    for site in parsed_of(head).index.calls:
        call, func = site.node, site.node.func
        if not isinstance(func, ast.Attribute) or func.attr != "cast" or len(call.args) != 1:
            continue
        to = _target(module, call.args[0])
        if to and _is_text(module, func.value):
            end = module.loc(func).span.end
            name = module.loc(func).at(Span(end - len("cast"), end))
            found.append(TextCast("spark", name, " ".join(module.text_of(func.value).split()), to, version))
    return tuple(found)


def _target(module: Module, expr: ast.expr) -> str:
    value = module.value(expr)
    if isinstance(value, Known):
        return _NAMES.get(str(value.value).lower().partition("(")[0].strip(), "")
    made = expr.func if isinstance(expr, ast.Call) else expr
    return next((_TYPES[last] for name in module.qualified(made) if (last := name.rpartition(".")[2]) in _TYPES), "")


def _is_text(module: Module, expr: ast.expr) -> bool:
    """Whether an expression over columns surely gives texts."""
    if isinstance(expr, ast.Subscript):
        return _is_split(module, expr.value)
    if not isinstance(expr, ast.Call):
        return False
    func = expr.func
    if any(name.removeprefix(_FUNCTIONS) in _GIVE_TEXTS for name in _functions(module, func)):
        return True
    if not isinstance(func, ast.Attribute):
        return False
    if func.attr == "getItem":
        return _is_split(module, func.value)
    value = module.value(expr.args[0]) if func.attr == "cast" and len(expr.args) == 1 else None
    return isinstance(value, Known) and str(value.value).lower() in ("string", "varchar")


def _is_split(module: Module, expr: ast.expr) -> bool:
    return isinstance(expr, ast.Call) and f"{_FUNCTIONS}split" in module.qualified(expr.func)


def _functions(module: Module, func: ast.expr) -> list[str]:
    return [name for name in module.qualified(func) if name.startswith(_FUNCTIONS)]
