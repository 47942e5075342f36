"""Rows that sessions are given as objects of mapped classes: the table they go to, and whether a rerun doubles them.

https://docs.sqlalchemy.org/en/20/orm/declarative_tables.html, https://sqlmodel.tiangolo.com/tutorial/create-db-and-table/
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from pipesense.lang.python.datasets import dataset_named
from pipesense.lang.python.functions import Function, own_calls
from pipesense.lang.python.module import Module
from pipesense.lang.python.nodes import nodes_under
from pipesense.model.code import ScopeCode
from pipesense.model.data import Access, AccessMode, DatasetName, Guard
from pipesense.model.frames import FrameScope
from pipesense.model.value import Absent, Known, Unknown, Value
from pipesense.systems.sql_clients.tables import QUERY, SESSION, SESSIONS

_OBJECTS: Final = frozenset({"add", "add_all", "bulk_save_objects", "merge"})
_MAPPINGS: Final = frozenset({"bulk_insert_mappings"})
_PURE: Final = frozenset({"add", "add_all", "bulk_save_objects", "bulk_insert_mappings"}) | frozenset(
    {"commit", "flush", "rollback", "close", "begin", "enter", "__call__", "remove", "refresh", "expunge_all"}
)
"""What neither looks for rows that are there nor takes any away."""
_BRINGS: Final = Unknown("an object may bring its own key, or be looked for before")
_NOTHING: Final[Value[Guard]] = Absent(Unknown("nothing"), ("the function",))
_HOPS: Final = 3


@dataclass(frozen=True, slots=True)
class Mapped:
    """A mapped class: its table, and the key that the database makes by itself; "" where it does not, or may not."""

    table: DatasetName
    key: str


def written_objects(module: Module, function: Function | None, scope: FrameScope) -> tuple[ScopeCode, ...]:
    """What a scope hands to sessions, as writes of tables."""
    own = [each for each in scope.operations if each.kind in (SESSION, SESSIONS, QUERY)]
    adding = {each.loc: each.name for each in own if each.kind != QUERY and each.name in _OBJECTS | _MAPPINGS}
    if not adding:
        return ()
    owner = function.module if function is not None else module
    # Somebody who is given the session, or SQL beside it, may take the rows of an earlier run away.
    apart = not any(each.root in scope.escaped for each in own)
    plain = all(each.kind != QUERY and each.name in _PURE for each in own)
    pure = apart and plain and not any(each.name.startswith("exec") for each in scope.operations)
    found: list[Access] = []
    for site in own_calls(owner, function):
        name = adding.get(owner.loc(site.node))
        if name is None or not site.node.args:
            continue
        made = _made(owner, site.node.args[0], 0) if name in _OBJECTS else None
        cls = made.func if made is not None else site.node.args[0] if name in _MAPPINGS else None
        mapped = _mapped(owner, cls) if cls is not None else None
        if mapped is None:
            continue
        doubles = pure and bool(mapped.key) and made is not None and _leaves_out(made, mapped.key, function)
        guard: Value[Guard] = _NOTHING if doubles else _BRINGS
        mode = AccessMode.MERGE if name == "merge" else AccessMode.APPEND
        found.append(Access(mapped.table, mode, guard, owner.loc(site.node.args[0]), call=name))
    return (ScopeCode(scope.scope, tuple(found)),) if found else ()


def _made(module: Module, expr: ast.expr, hops: int) -> ast.Call | None:
    """The call that makes an object, or each object of a list."""
    if isinstance(expr, ast.Call):
        return expr
    if isinstance(expr, ast.ListComp | ast.GeneratorExp):
        return expr.elt if isinstance(expr.elt, ast.Call) else None
    if isinstance(expr, ast.List | ast.Tuple) and expr.elts:
        made = [_made(module, each, hops) for each in expr.elts]
        same = {ast.dump(each.func) for each in made if each is not None}
        return made[0] if None not in made and len(same) == 1 and len(made) == 1 else None
    if isinstance(expr, ast.Name) and hops < _HOPS:
        bound = module.bindings_of(expr)
        if len(bound) == 1 and bound[0].kind == "assign" and bound[0].value is not None:
            return _made(module, bound[0].value, hops + 1)
    return None


def _leaves_out(made: ast.Call, key: str, function: Function | None) -> bool:
    """Whether an object surely gets no key of its own, neither when it is made nor later in a function."""
    if function is None or made.args or any(word.arg is None or word.arg == key for word in made.keywords):
        return False
    return not any(
        isinstance(each, ast.Attribute) and each.attr == key and isinstance(each.ctx, ast.Store)
        for each in nodes_under(function.node)
    )


def _mapped(module: Module, cls: ast.expr) -> Mapped | None:
    """The mapped class that an expression is, in this file or another one of the workspace."""
    if not isinstance(cls, ast.Name | ast.Attribute):
        return None
    for node in module.definition(cls):
        if isinstance(node, ast.ClassDef):
            return _read(module, node)
    for name in module.qualified(cls):
        package, _, last = name.rpartition(".")
        owner = module.imported(package) if package else None
        if owner is not None and owner is not module:
            return module.ask(owner, partial(_named, owner, last))
    return None


def _named(owner: Module, name: str) -> Mapped | None:
    node = next((each for each in owner.body if isinstance(each, ast.ClassDef) and each.name == name), None)
    return _read(owner, node) if node is not None else None


def _read(module: Module, node: ast.ClassDef) -> Mapped | None:
    fields = dict(_fields(node))
    named = module.value(fields["__tablename__"]) if "__tablename__" in fields else None
    table = named.value if isinstance(named, Known) else None
    if "__tablename__" not in fields and any(word.arg == "table" for word in node.keywords):
        table = node.name.lower()
    schema = _schema(module, fields.get("__table_args__"))
    if not isinstance(table, str) or schema is None:
        return None
    dataset = dataset_named(f"{schema}.{table}" if schema else table)
    return Mapped(dataset, _own_key(fields, frozenset(_numbers(node)))) if dataset is not None else None


def _fields(node: ast.ClassDef) -> Iterator[tuple[str, ast.expr]]:
    for each in node.body:
        if isinstance(each, ast.Assign) and len(each.targets) == 1 and isinstance(each.targets[0], ast.Name):
            yield each.targets[0].id, each.value
        elif isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name) and each.value is not None:
            yield each.target.id, each.value


def _schema(module: Module, args: ast.expr | None) -> str | None:
    """The schema of a table, "" for none, None where that is not known."""
    if args is None:
        return ""
    options = args.elts[-1] if isinstance(args, ast.Tuple) and args.elts else args
    if isinstance(options, ast.Call):
        return ""
    if not isinstance(options, ast.Dict):
        return None
    for key, value in zip(options.keys, options.values, strict=True):
        if isinstance(key, ast.Constant) and key.value == "schema":
            known = module.value(value)
            return known.value if isinstance(known, Known) and isinstance(known.value, str) else None
    return ""


def _numbers(node: ast.ClassDef) -> Iterator[str]:
    """The columns that are annotated as whole numbers: ``Mapped[int]``, ``int | None``."""
    for each in node.body:
        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name):
            words = {inner.id for inner in nodes_under(each.annotation) if isinstance(inner, ast.Name)}
            if "int" in words and words <= {"int", "Mapped", "Optional"}:
                yield each.target.id


def _own_key(fields: Mapping[str, ast.expr], numbers: frozenset[str]) -> str:
    """The one column of the key, if the database makes its numbers and nothing else in the table is unique."""
    keys: list[str] = []
    for name, value in fields.items():
        words = {
            word.arg: word.value.value
            for each in nodes_under(value)
            if isinstance(each, ast.Call)
            for word in each.keywords
            if word.arg is not None and isinstance(word.value, ast.Constant)
        }
        called = {
            each.func.id
            for each in nodes_under(value)
            if isinstance(each, ast.Call) and isinstance(each.func, ast.Name)
        }
        if words.get("unique") or called & {"UniqueConstraint", "PrimaryKeyConstraint", "ExcludeConstraint"}:
            return ""
        if any(isinstance(each, ast.Attribute) and each.attr.endswith("Constraint") for each in nodes_under(value)):
            return ""
        if words.get("primary_key"):
            keys.append(name if _is_counted(value, name in numbers) else "")
    return keys[0] if len(keys) == 1 else ""


def _is_counted(value: ast.expr, number: bool) -> bool:
    """``Column(Integer, primary_key=True)``: an integer key without a default of its own counts by itself."""
    if not isinstance(value, ast.Call):
        return False
    for word in value.keywords:
        empty = isinstance(word.value, ast.Constant) and word.value.value is None
        if word.arg in ("default", "default_factory") and not empty:
            return False
    types = {
        each.id if isinstance(each, ast.Name) else each.attr
        for each in value.args
        if isinstance(each, ast.Name | ast.Attribute)
    }
    return bool(types & {"Integer", "BigInteger", "SmallInteger", "INTEGER", "BIGINT"}) or (number and not value.args)
