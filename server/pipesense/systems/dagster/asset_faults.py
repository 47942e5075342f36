"""Names of assets that lead nowhere, and checks that nobody runs.

``dagster definitions validate`` accepts both (1.13.29): ``tests/frameworks/dagster/test_dagster_graph.py`` shows it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pipesense.lang.python.edit import add_elements, add_keywords, quote, replace_node
from pipesense.lang.python.frames import Frame, read_arguments
from pipesense.lang.python.module import Module
from pipesense.model.steps import UnknownAsset, UnregisteredCheck
from pipesense.model.where import Loc
from pipesense.systems.dagster.assets import Piece
from pipesense.systems.dagster.things import Thing, named
from pipesense.text.distance import nearest

_SHORTEST: Final = 5
_FARTHEST: Final = 2


@dataclass(frozen=True, slots=True, eq=False)
class Named:
    """An asset that a text names, and who says so ("check whole", "asset report")."""

    text: str
    node: ast.Constant
    by: str
    loc: Loc


@dataclass(frozen=True, slots=True, eq=False)
class Handed:
    """What a ``Definitions`` lists: names of assets and of checks, and the call to add one to."""

    call: ast.Call
    assets: frozenset[str]
    checks: frozenset[str]
    listed: ast.List | None
    closed: bool


def names_in(module: Module, thing: Thing) -> Iterator[Named]:
    """The assets that an asset or check names by a text."""
    if thing.given is not None:
        return
    given = thing.arguments(module)
    texts: list[ast.expr] = []
    about = given.get("asset") if thing.role == "check" else None
    texts += [about.value] if about is not None else []
    deps = given.get("deps", "non_argument_deps")
    if deps is not None and isinstance(deps.value, ast.List | ast.Tuple | ast.Set):
        texts += deps.value.elts
    for expr in texts:
        if isinstance(expr, ast.Constant) and isinstance(expr.value, str) and module.loc(expr).file == module.path:
            yield Named(expr.value, expr, f"{thing.role} {thing.node.name}", module.loc(expr))


def unknown_assets(module: Module, names: Sequence[Named], pieces: Sequence[Piece]) -> Iterator[UnknownAsset]:
    """Texts that come near to a key of the file and are none."""
    keys = {"/".join(key) for piece in pieces if not piece.check for key in piece.keys}
    plain = {key for key in keys if "/" not in key}
    for name in names:
        if name.text in keys or len(name.text) < _SHORTEST:
            continue
        meant = nearest(name.text, plain, _FARTHEST)
        if meant is not None and _is_slip(name.text, meant):
            edit = replace_node(module, name.node, quote(module, meant, name.node))
            yield UnknownAsset(name.text, meant, name.by, name.loc, edit)


def _is_slip(text: str, other: str) -> bool:
    """Whether two names differ as by a slip, and not as two things do: in number, or in a plural."""
    if {text, other} in ({text, text + "s"}, {other, other + "s"}):
        return False
    return [each for each in text if each.isdigit()] == [each for each in other if each.isdigit()]


def handed_in(module: Module, statement: ast.stmt) -> Iterator[Handed]:
    """What the file's own ``Definitions`` list; open where something is loaded."""
    for site in module.calls_under(statement):
        if named(module, site.node.func) != "Definitions":
            continue
        given = read_arguments(site.node, Frame(module))
        assets, checks = given.get("assets"), given.get("asset_checks")
        listed = checks.value if checks is not None and isinstance(checks.value, ast.List) else None
        closed = (
            given.opened is None
            and assets is not None
            and _all_names(assets.value)
            and (checks is None or _all_names(checks.value))
        )
        yield Handed(
            site.node,
            _names(assets.value if assets is not None else None),
            _names(checks.value if checks is not None else None),
            listed,
            closed,
        )


def _all_names(expr: ast.expr) -> bool:
    return isinstance(expr, ast.List) and all(isinstance(each, ast.Name) for each in expr.elts)


def _names(expr: ast.expr | None) -> frozenset[str]:
    elements = expr.elts if isinstance(expr, ast.List) else ()
    return frozenset(each.id for each in elements if isinstance(each, ast.Name))


def unregistered(module: Module, pieces: Sequence[Piece], handed: Sequence[Handed]) -> Iterator[UnregisteredCheck]:
    """Checks of assets that the file's only Definitions lists, and which it does not list themselves."""
    if len(handed) != 1 or not handed[0].closed:
        return
    only = handed[0]
    makers = {key: piece.node.name for piece in pieces if not piece.check for key in piece.keys}
    for piece in pieces:
        name = piece.node.name
        about = [makers[key] for key in piece.keys if key in makers]
        if not piece.check or name in only.checks or not about or not set(about) <= only.assets:
            continue
        if only.listed is not None:
            edits = add_elements(module, only.listed, [name])
        else:
            edits = add_keywords(module, only.call, [("asset_checks", f"[{name}]")])
        yield UnregisteredCheck(name, about[0], piece.task.loc, module.loc(only.call), edits)
