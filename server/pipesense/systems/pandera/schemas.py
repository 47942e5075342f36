"""Schemas of pandera as they are written: objects and classes, and what each column must be.

https://pandera.readthedocs.io/en/stable/dataframe_schemas.html and dataframe_models.html (0.24 and later; read on the
installed package). A column is never missing unless it says ``nullable=True``.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import partial
from typing import Final

from pipesense.lang.python.functions import Class, locate_class
from pipesense.lang.python.module import Module
from pipesense.model.frames import CheckedColumn
from pipesense.model.value import Known

PACKAGE: Final = "pandera"
_SCHEMAS: Final = frozenset({"DataFrameSchema", "SeriesSchema", "infer_schema", "from_yaml", "from_json"})
_MODELS: Final = frozenset({"DataFrameModel", "SchemaModel"})
_COMPARED: Final = {
    "ge": ">=",
    "greater_than_or_equal_to": ">=",
    "gt": ">",
    "greater_than": ">",
    "le": "<=",
    "less_than_or_equal_to": "<=",
    "lt": "<",
    "less_than": "<",
    "eq": "=",
    "equal_to": "=",
}
_WORDS: Final = {
    "isin": "of a list",
    "in_range": "in a range",
    "between": "in a range",
    "notin": "not of a list",
    "str_matches": "of a shape",
    "str_length": "of a length",
    "str_contains": "of a shape",
    "unique_values_eq": "of exactly a list",
    "str_startswith": "of a shape",
    "str_endswith": "of a shape",
}


@dataclass(frozen=True, slots=True, eq=False)
class Schema:
    """A schema and what is known of it. ``for_spark``: it gathers failures and never raises."""

    name: str
    columns: tuple[CheckedColumn, ...]
    for_spark: bool = False
    drops: bool = False


def is_pandera(name: str, last: frozenset[str]) -> bool:
    """Whether a qualified name is one of pandera's, whichever of its modules it comes from."""
    return name.startswith(f"{PACKAGE}.") and name.removesuffix("()").rpartition(".")[2] in last


def schema_of(module: Module, expr: ast.expr) -> Schema | None:
    """The schema that an expression is; None for anything else."""
    written = expr.id if isinstance(expr, ast.Name) else expr.attr if isinstance(expr, ast.Attribute) else "the schema"
    names = module.qualified(expr)
    for name in names:
        if name.endswith("()") and is_pandera(name, _SCHEMAS):
            return _object(module, expr, written, name)
    for name in names:
        if name.startswith("builtins.") or "(" in name:
            continue
        found = locate_class(module, name)
        if found is not None:
            return _model(module, found)
    return None


def _object(module: Module, expr: ast.expr, written: str, name: str) -> Schema:
    call = expr if isinstance(expr, ast.Call) else None
    if call is None:
        values = [each for each in module.definition(expr) if isinstance(each, ast.Call)]
        call = values[0] if len(values) == 1 else None
    if call is None:
        return Schema(written, (), ".pyspark." in name)
    words = {word.arg: word.value for word in call.keywords if word.arg is not None}
    mapping = call.args[0] if call.args else words.get("columns")
    columns: list[CheckedColumn] = []
    if isinstance(mapping, ast.Dict):
        for key, value in zip(mapping.keys, mapping.values, strict=True):
            known = module.value(key) if key is not None else None
            if isinstance(known, Known) and isinstance(value, ast.Call):
                columns.append(CheckedColumn(str(known.value), _demands(module, value)))
    unique = module.value(words["unique"]) if "unique" in words else None
    if isinstance(unique, Known):
        listed = unique.value if isinstance(unique.value, tuple) else (unique.value,)
        columns.append(CheckedColumn(", ".join(map(str, listed)), ("unique",)))
    return Schema(written, tuple(columns), ".pyspark." in name, _is_true(module, words.get("drop_invalid_rows")))


def _model(module: Module, found: Class) -> Schema | None:
    """A class whose base is one of pandera's models, directly or through one class of the workspace."""
    owner, node = found.module, found.node
    names = [name for base in node.bases for name in module.ask(owner, partial(owner.qualified, base))]
    base = next((name for name in names if is_pandera(name, _MODELS)), "")
    if not base:
        parents = [locate_class(owner, name) for name in names if "(" not in name]
        parent = next((each for each in parents if each is not None and each.node is not node), None)
        above = _model(module, parent) if parent is not None else None
        if above is None:
            return None
        return Schema(node.name, (*above.columns, *_fields(owner, node)), above.for_spark, above.drops)
    return Schema(node.name, _fields(owner, node), ".pyspark." in base, _drops(owner, node))


def _fields(module: Module, node: ast.ClassDef) -> tuple[CheckedColumn, ...]:
    found: list[CheckedColumn] = []
    for each in node.body:
        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name):
            call = each.value if isinstance(each.value, ast.Call) else None
            demands = _demands(module, call) if call is not None else ("never missing",)
            found.append(CheckedColumn(each.target.id, demands))
    return tuple(found)


def _drops(module: Module, node: ast.ClassDef) -> bool:
    for inner in node.body:
        if isinstance(inner, ast.ClassDef) and inner.name == "Config":
            for each in inner.body:
                target = each.targets[0] if isinstance(each, ast.Assign) else None
                if isinstance(each, ast.Assign) and isinstance(target, ast.Name) and target.id == "drop_invalid_rows":
                    return _is_true(module, each.value)
    return False


def _is_true(module: Module, expr: ast.expr | None) -> bool:
    value = module.value(expr) if expr is not None else None
    return isinstance(value, Known) and value.value is True


def _demands(module: Module, call: ast.Call) -> tuple[str, ...]:
    """What ``Column(...)`` or ``Field(...)`` demands."""
    found = ["never missing"]
    checks: list[ast.expr] = [*call.args[1:2]]
    for word in call.keywords:
        value = module.value(word.value)
        constant = value.value if isinstance(value, Known) else None
        if word.arg == "nullable" and constant is not False:
            found = [each for each in found if each != "never missing"]
        elif word.arg == "unique" and constant is True:
            found.append("unique")
        elif word.arg == "checks":
            checks.append(word.value)
        elif word.arg in _COMPARED:
            found.append(f"{_COMPARED[word.arg]} {module.text_of(word.value)}")
        elif word.arg in _WORDS:
            found.append(_WORDS[word.arg])
    for check in checks:
        for each in check.elts if isinstance(check, ast.List | ast.Tuple) else [check]:
            found += _check(module, each)
    return tuple(found)


def _check(module: Module, expr: ast.expr) -> list[str]:
    """What ``Check.ge(0)`` demands; a check that is written out is called one of one's own."""
    if not isinstance(expr, ast.Call):
        return []
    name = expr.func.attr if isinstance(expr.func, ast.Attribute) else ""
    if name in _COMPARED and expr.args:
        return [f"{_COMPARED[name]} {module.text_of(expr.args[0])}"]
    return [_WORDS.get(name, "a check of its own")]
