"""Keys of assets, in every form in which code names an asset.

https://docs.dagster.io/api/dagster/assets (1.13): a string, a sequence of strings, ``AssetKey``, the asset itself, or
an object that has a key (``AssetDep``, ``AssetSpec``, ``AssetIn``).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from pipesense.lang.python.frames import Frame, read_arguments
from pipesense.lang.python.module import Module
from pipesense.model.value import Known
from pipesense.systems.dagster.settings import resolved
from pipesense.systems.dagster.things import Thing, decorated, named

Key = tuple[str, ...]
_KEYED = {"AssetKey": "path", "AssetDep": "asset", "AssetSpec": "key", "AssetIn": "key", "SourceAsset": "key"}


def key_of(module: Module, expr: ast.expr, hops: int = 0) -> Key | None:
    """The key that an expression names; None where nobody can tell."""
    if hops > 6:
        return None
    for function in module.callables(expr) if isinstance(expr, ast.Name | ast.Attribute) else ():
        thing = decorated(module, function)
        if thing is not None and thing.role == "asset":
            own = keys_of_asset(module, thing)
            return own[0] if len(own) == 1 else None
    expr = resolved(module, expr)
    value = module.value(expr)
    if isinstance(value, Known):
        if isinstance(value.value, str):
            return (value.value,)
        if isinstance(value.value, tuple) and value.value:
            parts = [part for part in value.value if isinstance(part, str)]
            return tuple(parts) if len(parts) == len(value.value) else None
    if isinstance(expr, ast.Call):
        argument = _KEYED.get(named(module, expr.func))
        if argument is not None:
            given = read_arguments(expr, Frame(module), (argument,))
            inner = given.get(argument)
            if inner is None:
                return None
            key = key_of(module, inner.value, hops + 1)
            prefix = given.get("key_prefix")
            above = key_of(module, prefix.value, hops + 1) if prefix is not None else ()
            return (*above, *key) if key is not None and above is not None else None
        if isinstance(expr.func, ast.Attribute) and expr.func.attr == "from_user_string" and expr.args:
            text = module.value(expr.args[0])
            return tuple(str(text.value).split("/")) if isinstance(text, Known) else None
    return None


def keys_in(module: Module, expr: ast.expr) -> Iterator[Key | None]:
    """The keys in a list of assets."""
    expr = resolved(module, expr)
    if isinstance(expr, ast.List | ast.Tuple | ast.Set):
        for element in expr.elts:
            yield key_of(module, element)
    elif isinstance(expr, ast.Constant) and expr.value is None:
        return
    else:
        yield None


def keys_of_asset(module: Module, thing: Thing) -> tuple[Key, ...]:
    """The keys that an asset function makes; empty where they are computed."""
    given = thing.arguments(module)
    if thing.kind in ("@asset", "@graph_asset"):
        if given.opened is not None:
            return ()
        key = given.get("key")
        if key is not None:
            found = key_of(module, key.value)
            return (found,) if found is not None else ()
        name = given.get("name")
        last = key_of(module, name.value) if name is not None else (thing.node.name,)
        prefix = given.get("key_prefix")
        above = key_of(module, prefix.value) if prefix is not None else ()
        return ((*above, *last),) if above is not None and last is not None else ()
    specs = given.get("specs")
    if specs is not None:
        return tuple(key for key in keys_in(module, specs.value) if key is not None)
    outs = given.get("outs")
    if outs is not None:
        return tuple((name,) for name in module.dictionary(outs.value).entries)
    return ()
