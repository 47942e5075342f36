"""Going over trees: ``ast.walk`` without what it asks of every node.

``ast.walk`` looks at each field of each node for what it may hold; which fields of a kind hold nodes is known. Whether
a name is read or bound (its ``ctx``) is left out: nobody looks for it by itself.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

_NO_NODES: Final = frozenset({"ctx", "type_comment", "kind", "level", "simple", "is_async", "conversion", "tag"})
_TEXTS: Final = frozenset({"id", "attr", "arg", "asname", "module", "rest", "kwd_attrs", "str"})
_NAMED: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.ExceptHandler, ast.MatchAs, ast.MatchStar)
"""Of these ``name`` is a text (of ``type X = ...`` it is a node)."""


def _kinds(kind: type[ast.AST]) -> Iterator[type[ast.AST]]:
    yield kind
    for each in kind.__subclasses__():
        yield from _kinds(each)


def _fields(kind: type[ast.AST]) -> tuple[str, ...]:
    if issubclass(kind, (ast.Constant, ast.alias, ast.Global, ast.Nonlocal, ast.MatchSingleton)):
        return ()
    skipped = _NO_NODES | _TEXTS
    if issubclass(kind, _NAMED) or kind.__name__ in ("TypeVar", "ParamSpec", "TypeVarTuple"):
        skipped |= {"name"}
    return tuple(field for field in kind._fields if field not in skipped)


FIELDS: Final[dict[type[ast.AST], tuple[str, ...]]] = {kind: _fields(kind) for kind in _kinds(ast.AST)}
"""For each kind of node the fields that hold nodes, or lists of them."""


def children(node: ast.AST) -> list[ast.AST]:
    """What stands directly in a node, in the order of its fields."""
    found: list[ast.AST] = []
    for field in FIELDS[type(node)]:
        value = getattr(node, field, None)
        if value is None:
            continue
        if type(value) is not list:
            found.append(value)
        elif None in value:
            found += filter(None, value)
        else:
            found += value
    return found


def nodes_under(node: ast.AST) -> list[ast.AST]:
    """A node and all it holds, level by level, as ``ast.walk`` gives them."""
    found = [node]
    fields = FIELDS
    for each in found:
        for field in fields[type(each)]:
            value = getattr(each, field, None)
            if value is None:
                continue
            if type(value) is not list:
                found.append(value)
            elif None in value:
                found += filter(None, value)
            else:
                found += value
    return found
