"""Which top-level statements belong together: those that make one DAG, its tasks and its edges.

A file with many DAGs is read DAG by DAG, so that an edit in one of them leaves the others as they are.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress
from operator import attrgetter
from typing import Any, Final

from pipesense.lang.python.index import Place
from pipesense.lang.python.module import Module
from pipesense.lang.python.nodes import FIELDS, children, nodes_under
from pipesense.lang.python.syntax import parsed_of
from pipesense.model.making import quick_to_make
from pipesense.systems.airflow.names import Names, last_part
from pipesense.text.regex import regex

_MAKES: Final = frozenset(
    {
        *("dag", "dag_wrapper", "task_group", "group_wrapper", "operator", "task_decorator", "dag_decorator"),
        *("chain", "chain_linear", "cross_downstream", "operator_base", "sensor_base", "branch_base"),
    }
)
_DAGS: Final = frozenset({"dag", "dag_wrapper", "dag_decorator"})
_MOVES: Final = frozenset({"set_upstream", "set_downstream", "append", "extend", "as_setup", "as_teardown", "add"})
_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)


@quick_to_make
@dataclass(frozen=True, slots=True, eq=False)
class Summary:
    """What a top-level statement has to do with DAGs.

    ``makes``: it makes or connects something of Airflow's when it runs. ``factories``: functions in it that make
    a DAG when they are called. ``binds`` and ``uses``: names at the module's level.
    """

    makes: bool
    factories: tuple[ast.FunctionDef | ast.AsyncFunctionDef, ...]
    binds: frozenset[str]
    uses: frozenset[str]


NOTHING: Final = Summary(False, (), frozenset(), frozenset())


def summarise(
    module: Module, statement: ast.stmt | ast.expr, names: Names, mentioned: Mentioned | None = None
) -> Summary:
    """Look at one top-level statement, or at a part of one; ``mentioned`` is what it mentions, where that is known."""
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return NOTHING
    makes = False
    factories: list[ast.FunctionDef | ast.AsyncFunctionDef] = []
    if isinstance(statement, _FUNCTIONS):
        decorated = any(
            names.construct(each.func if isinstance(each, ast.Call) else each).role == "dag_decorator"
            for each in statement.decorator_list
        )
        if decorated:
            return Summary(True, (), frozenset({statement.name}), Mentioned.of(statement).loads)
    for site in module.calls_under(statement):
        function = _function_around(site.place)
        if function is not None:
            # Only a look at the name: most calls in functions have nothing to do with DAGs.
            if "dag" in last_part(site.node.func).lower() and names.construct(site.node.func).role in _DAGS:
                factories.append(function)
            continue
        if makes:
            continue
        makes = (
            _moves(site.node) or names.construct(site.node.func).role in _MAKES or _is_helper(module, names, site.node)
        )
    if sum(len(unit.index.definitions) for unit in module.units_of([statement])) > 1:
        factories += [node for node in _dag_functions(module, statement, names) if node not in factories]
    makes = makes or _shifts(statement) or _sets_attribute(statement) or _holds_things(statement)
    if not makes:
        return Summary(False, tuple(dict.fromkeys(factories)), frozenset(), frozenset())
    mentioned = mentioned or Mentioned.of(statement)
    return Summary(
        True, tuple(dict.fromkeys(factories)), mentioned.stores | mentioned.changes, _free(statement, mentioned)
    )


def summarise_block(statement: ast.With, parts: Sequence[tuple[Summary, Mentioned]]) -> Summary:
    """The summary of a ``with`` statement from those of what it enters, which come first, and of its body's parts."""
    makes = any(part.makes for part, _ in parts)
    factories = tuple(dict.fromkeys(factory for part, _ in parts for factory in part.factories))
    if not makes:
        return Summary(False, factories, frozenset(), frozenset())
    named = Mentioned.of(*(item.optional_vars for item in statement.items if item.optional_vars is not None))
    mentioned = Mentioned(
        stores=named.stores.union(*(part.stores for _, part in parts)),
        loads=named.loads.union(*(part.loads for _, part in parts)),
        changes=named.changes.union(*(part.changes for _, part in parts)),
    )
    entered = frozenset().union(*(part.loads for _, part in parts[: len(statement.items)]))
    return Summary(True, factories, mentioned.stores | mentioned.changes, _needed(mentioned, entered))


def _function_around(place: Place) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    at: Place | None = place
    while at is not None:
        if isinstance(at.node, _FUNCTIONS):
            return at.node
        at = at.parent
    return None


def _moves(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr in _MOVES


def _is_helper(module: Module, names: Names, call: ast.Call) -> bool:
    """Whether the call is one of a workspace function that makes tasks or DAGs, or of an unknown task factory."""
    if any(keyword.arg == "task_id" for keyword in call.keywords):
        return True
    if not isinstance(call.func, ast.Name | ast.Attribute) or last_part(call.func) in ("partial", "expand"):
        return isinstance(call.func, ast.Attribute)
    return any(names.builds(function) for function in module.callables(call.func))


def _dag_functions(
    module: Module, statement: ast.AST, names: Names
) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Functions around a nested function that ``@dag`` decorates."""
    for unit in module.units_of([statement]):
        for node, _ in unit.index.definitions:
            if node is statement or not node.decorator_list or not isinstance(node, _FUNCTIONS):
                continue
            around = module.enclosing(node)
            outer = next((each for each in around if isinstance(each, _FUNCTIONS)), None)
            if outer is not None and statement in around:
                targets = [each.func if isinstance(each, ast.Call) else each for each in node.decorator_list]
                if any(names.construct(target).role == "dag_decorator" for target in targets):
                    yield outer


def _shifts(statement: ast.AST) -> bool:
    at = statement.value if isinstance(statement, ast.Expr) else None
    if isinstance(at, ast.BinOp):
        return isinstance(at.op, ast.RShift | ast.LShift)
    if isinstance(statement, ast.For | ast.While | ast.If | ast.With | ast.Try):
        return any(_shifts(inner) for inner in children(statement) if isinstance(inner, ast.stmt))
    return isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.RShift | ast.LShift)


def _sets_attribute(statement: ast.AST) -> bool:
    """``dag.catchup = False``."""
    if not isinstance(statement, ast.Assign):
        return False
    target = statement.targets[0]
    return isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name)


def _holds_things(statement: ast.AST) -> bool:
    """An empty list or dictionary, a list of names: they may come to hold tasks."""
    if not isinstance(statement, ast.Assign | ast.AnnAssign):
        return False
    match statement.value:
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            return all(isinstance(element, ast.Name) for element in elements)
        case ast.Dict(keys=keys, values=values):
            return not keys or all(isinstance(value, ast.Name) for value in values)
        case ast.Call(func=ast.Name(id="list" | "dict"), args=[], keywords=[]):
            return True
        case _:
            return False


_WORD: Final = regex(r"[^\W\d]\w*")
_DEFINING: Final = frozenset({*_FUNCTIONS, ast.ClassDef})
_INNER: Final = frozenset({*_DEFINING, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp})
"""What has names of its own."""
_CHANGING: Final = frozenset({ast.Call, ast.Subscript})
"""What may change an object in place."""
_APART: Final[frozenset[type]] = _INNER | _CHANGING | {ast.Name}
_CONDITIONAL: Final[frozenset[type]] = frozenset({ast.If, ast.Try, ast.For, ast.While})
_NAMES: Final = attrgetter("binds", "uses")
_EMPTY: Final[frozenset[type]] = frozenset({ast.Constant, type(None)})


@quick_to_make
@dataclass(frozen=True, slots=True)
class Mentioned:
    """The names in a statement: bound at its own level, read anywhere in it, changed in place at its own level."""

    stores: frozenset[str]
    loads: frozenset[str]
    changes: frozenset[str]

    @staticmethod
    def of(*nodes: ast.AST) -> Mentioned:
        found = _Gathered()
        names, todo = found.names, found.todo
        todo += nodes
        fields, apart, empty = FIELDS, _APART, _EMPTY
        for node in todo:
            kind = type(node)
            if kind in apart and not found.goes_into(node, kind):
                continue
            for field in fields[kind]:
                value: Any = getattr(node, field, None)
                several = type(value) is list
                if several and empty.issuperset(map(type, value)):
                    continue
                for child in value if several else (value,):
                    part = type(child)
                    if part is ast.keyword:
                        child = child.value
                        part = type(child)
                    if part is ast.Name:
                        names.append(child)
                    elif part not in empty:
                        todo.append(child)
        loads = {each.id for each in names if type(each.ctx) is ast.Load} | found.loads
        stores = {each.id for each in names if type(each.ctx) is not ast.Load} | found.stores
        return Mentioned(frozenset(stores), frozenset(loads), frozenset(found.changes))


class _Gathered:
    """What was found so far, and what is still to be looked at."""

    __slots__ = ("changes", "loads", "names", "stores", "todo")

    def __init__(self) -> None:
        self.todo: list[ast.AST] = []
        self.names: list[ast.Name] = []
        self.stores: set[str] = set()
        self.loads: set[str] = set()
        self.changes: set[str] = set()

    def goes_into(self, node: ast.AST, kind: type) -> bool:
        """Note what a node says by itself; whether what it holds is at the statement's own level."""
        if kind in _CHANGING:
            changed = _changed(node)
            if changed is not None:
                self.changes.add(changed)
            return True
        if kind in _DEFINING:
            defined: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef = node  # type: ignore[assignment]
            self.stores.add(defined.name)
            # Words of texts and comments count as well: that joins statements, and takes nothing apart.
            self.loads.update(_WORD.findall(_written(defined)))
        elif kind is ast.Name:
            self.names.append(node)  # type: ignore[arg-type]
        else:
            inside = (each for each in nodes_under(node) if type(each) is ast.Name)
            self.loads.update(each.id for each in inside if type(each.ctx) is ast.Load)
        return False


def _written(node: ast.stmt) -> str:
    """The text of a statement with its decorators; with its body where that stands in units of its own."""
    unit = parsed_of(node)
    if unit.inside is not None and unit.body[0] is node:
        return "\n".join((unit.text, *map(_written, getattr(node, "body", ()))))
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return unit.text[unit.span_of(decorators[0] if decorators else node).start : unit.span_of(node).end]


def _changed(node: ast.AST) -> str | None:
    """The name whose object a node changes in place."""
    target: ast.expr | None = None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _MOVES:
        target = node.func.value
    elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
        target = node.value
    return target.id if isinstance(target, ast.Name) else None


def _free(statement: ast.AST, mentioned: Mentioned) -> frozenset[str]:
    """Names that a statement needs from those before it."""
    if not isinstance(statement, ast.With | ast.AsyncWith):
        return mentioned.loads
    return _needed(mentioned, Mentioned.of(*(item.context_expr for item in statement.items)).loads)


def _needed(mentioned: Mentioned, entered: frozenset[str]) -> frozenset[str]:
    """What a ``with`` statement needs that enters these; what is changed in place must be there before."""
    return (mentioned.loads - mentioned.stores - mentioned.changes) | entered | mentioned.changes


def components(body: list[ast.stmt], summaries: list[Summary]) -> list[list[ast.stmt]]:
    """Statements that share names, in the order of the file; statements that make nothing are left out."""
    makes = list(map(attrgetter("makes"), summaries))
    making = list(compress(body, makes))
    groups = _groups(tuple(zip(map(type, making), map(_NAMES, compress(summaries, makes)), strict=True)))
    return [list(map(making.__getitem__, group)) for group in groups]


@lru_cache(maxsize=64)
def _groups(
    statements: tuple[tuple[type, tuple[frozenset[str], frozenset[str]]], ...],
) -> tuple[tuple[int, ...], ...]:
    """The numbers of statements that share names. Most keys change no name that a statement binds or uses.

    Of each statement its class, and what it binds and uses.
    """
    parent = list(range(len(statements)))

    def find(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    binder: dict[str, int] = {}
    for index, (kind, (binds, uses)) in enumerate(statements):
        for name in binder.keys() & uses:
            parent[find(index)] = find(binder[name])
        for name in binds:
            if kind in _CONDITIONAL and name in binder:
                parent[find(index)] = find(binder[name])
            binder[name] = index
    groups: dict[int, list[int]] = {}
    for index in range(len(statements)):
        groups.setdefault(find(index), []).append(index)
    return tuple(map(tuple, groups.values()))
