"""Which bindings of a name reach a place, and which fully qualified names an expression may stand for."""

from __future__ import annotations

import ast
import builtins
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from pipesense.lang.python.index import (
    COMPREHENSIONS,
    FUNCTIONS,
    LOOPS,
    SCOPES,
    Binding,
    Place,
    dotted,
)
from pipesense.lang.python.syntax import ParsedUnit, place_of
from pipesense.model.making import quick_to_make

if TYPE_CHECKING:
    from pipesense.lang.python.module import Module

Position = tuple[int, int, int]

_BUILTINS: Final = frozenset(dir(builtins))
_HOLDERS: Final = (*FUNCTIONS, ast.ClassDef)
_RUN_AT_ONCE: Final = (*COMPREHENSIONS, ast.ClassDef)
_APART: Final[frozenset[type]] = frozenset((*SCOPES, *LOOPS))
"""What stands in one of these may mean something that another place so far down in the file does not."""


@quick_to_make
@dataclass(frozen=True, slots=True)
class Reaching:
    """The bindings that may give a name its value at one place.

    ``outside`` is True where the name is bound nowhere in the file: then it is a builtin or unknown. ``certain`` is
    False where the name may also have been bound by something nobody sees (a star import, a unit that cannot be read).
    """

    bindings: tuple[Binding, ...]
    outside: bool = False
    certain: bool = True


Turns = tuple[list[Position], list[Reaching]]
"""From where on each of several bindings holds; what holds before them all, and then from each on."""


def position(module: Module, node: ast.AST) -> Position:
    """The order of a node in its file."""
    return (module.order_of(place_of(node).unit), node.lineno, node.col_offset)  # type: ignore[attr-defined]


def ends(module: Module, node: ast.AST) -> Position:
    """Where a node ends, in the order of its file."""
    return (module.order_of(place_of(node).unit), node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]


def takes_effect(module: Module, binding: Binding) -> Position:
    """From where on a binding holds: behind the statement for an assignment, as its value is read before."""
    return _begins(module.tree.order, binding)


def _begins(order: Mapping[ParsedUnit, int], binding: Binding) -> Position:
    node: Any = binding.statement
    if binding.kind == "assign" or (binding.kind == "other" and isinstance(node, ast.AugAssign | ast.Assign)):
        return order.get(place_of(node).unit, -1), node.end_lineno, node.end_col_offset
    node = binding.node
    return order.get(place_of(node).unit, -1), node.lineno, node.col_offset


def flow_scope(place: Place) -> tuple[ast.AST | None, Place]:
    """The scope whose code runs in one go with a place: comprehensions belong to what is around them."""
    at: Place | None = place
    while at is not None:
        if isinstance(at.node, SCOPES) and not isinstance(at.node, COMPREHENSIONS):
            return at.node, place
        at = at.parent
    return None, place


def scope_chain(place: Place) -> Iterator[tuple[ast.AST | None, bool]]:
    """Scopes in which a name used at ``place`` is looked up, innermost first, and whether the use runs with them.

    Class scopes are seen only by code directly in the class body.
    """
    runs_with = True
    at: Place | None = place
    while at is not None:
        node = at.node
        at = at.parent
        if not isinstance(node, SCOPES):
            continue
        if not isinstance(node, ast.ClassDef) or runs_with:
            yield node, runs_with
        if not isinstance(node, _RUN_AT_ONCE):
            runs_with = False
    yield None, runs_with


def dominates(made: Place, use: Place) -> bool:
    """Whether code at ``use`` runs only when code at ``made`` did (both in one scope, ``made`` first)."""
    if made.parent is None:
        return True
    needed = [(at.node, at.part) for at in made.conditions()]
    return not needed or {(at.node, at.part) for at in use.outward()}.issuperset(needed)


def excludes(made: Place, use: Place) -> bool:
    """Whether both stand in different branches of one ``if`` or ``match``."""
    if made.parent is None:
        return False
    branches = [at for at in made.conditions() if isinstance(at.node, ast.If | ast.Match)]
    if not branches:
        return False
    parts = {at.node: at.part for at in use.outward()}
    return any(at.node in parts and parts[at.node] != at.part for at in branches)


def share_loop(made: Place, use: Place) -> bool:
    """Whether both stand in one loop, so that what is written later may run earlier."""
    loops = {at.node for at in use.outward() if isinstance(at.node, LOOPS)}
    return any(at.node in loops for at in made.conditions())


def reaching(module: Module, name: str, place: Place, at: Position | None) -> Reaching:
    """The bindings of ``name`` that code at ``place`` may see; ``at`` None means after everything."""
    only = module.table.only_binding(name)
    if only is not None and (at is None or module.order_of(only.place.unit) < at[0]):
        # Most names are imported or defined once, above everything that uses them.
        module.note(name)
        return Reaching((only,))
    turn = _turn(module, name, place, at) if at is not None and not module.keeps else None
    if turn is not None:
        module.note(name)
        return turn[0]
    holder = _holder(place)
    if holder is not None:
        # What a function or class binds itself is told by its own text, whatever others call by the same name.
        module.note(*holder)
    for scope, runs_with in scope_chain(place):
        bindings = module.table.bindings(scope, name)
        if isinstance(scope, _HOLDERS) and module.is_header(scope):
            # Its text is several units, of which any may bind the name.
            module.note(name, scope.name)
        elif bindings and (scope is None or holder is None):
            module.note(name)
        if not bindings:
            continue
        found = _in_order(module, bindings, place, at) if runs_with and at is not None else list(bindings)
        if runs_with and at is None:
            found = _last(bindings)
        if scope is None and module.table.is_set_by_function(name):
            return Reaching(tuple(found), certain=False)
        return Reaching(tuple(found))
    module.note(name)
    module.note("*")
    return Reaching((), outside=True, certain=not module.table.may_be_bound(name))


def _turn(module: Module, name: str, place: Place, at: Position) -> tuple[Reaching, int] | None:
    """The binding whose turn it is at a place of the file's own level, of several that are made one after the other.

    With its number. None where it may be another one, or where nobody can tell.
    """
    turns = module.table.in_turn(name)
    if turns is None:
        return None
    around: Place | None = place
    while around is not None:
        if type(around.node) in _APART:
            return None
        around = around.parent
    number = bisect_right(turns[0], at)
    return turns[1][number], number


def in_turn(module_order: Mapping[ParsedUnit, int], bindings: Sequence[Binding]) -> Turns | None:
    """From where on each of several bindings holds, and what holds from there; None where one may not be made at all.

    Before the first of them nothing holds.
    """
    if any(True for binding in bindings for _ in binding.place.conditions()):
        return None
    begins = [_begins(module_order, binding) for binding in bindings]
    return (begins, [Reaching(()), *(Reaching((each,)) for each in bindings)]) if begins == sorted(begins) else None


def meaning(module: Module, expr: ast.expr) -> tuple[str, int] | None:
    """What all places share at which an expression means the same: its dotted text, and whose turn it is of several
    bindings. None where the place matters.

    It notes nothing, and is for a file that asks for itself. Whose turn it is is told only in one that is linked once:
    the next link may count otherwise.
    """
    node = expr
    while type(node) is ast.Attribute:
        node = node.value
    if type(node) is not ast.Name:
        return None
    place = place_of(expr)
    number = -1
    if module.tree.order.get(place.unit, -1) <= module.table.holds_behind(node.id):
        turn = _turn(module, node.id, place, position(module, node)) if not module.keeps else None
        if turn is None:
            return None
        number = turn[1]
    return (node.id if node is expr else dotted(expr)), number


def _holder(place: Place) -> tuple[str, str] | None:
    """The name of the outermost function or class around a place of which all the text is one unit.

    With it the name of the function or class around that, of which the text is several; "" where there is none.
    """
    found: str | None = None
    at: Place | None = place
    while at is not None:
        if isinstance(at.node, _HOLDERS):
            if at is not at.unit.inside:
                found = at.node.name
            elif found is not None:
                return found, at.node.name
        at = at.parent
    return (found, "") if found is not None else None


def _last(bindings: list[Binding]) -> list[Binding]:
    """What a name means once its whole scope has run."""
    found: list[Binding] = []
    for binding in reversed(bindings):
        found.append(binding)
        if not any(True for _ in binding.place.conditions()):
            break
    found.reverse()
    return found


_FEW: Final = 8
_LONGEST: Final = 600
"""Names of results with more characters than that are not known: each would hold the whole of the one before."""


def _unit_order(module: Module, binding: Binding) -> int:
    return module.order_of(place_of(binding.node).unit)


def _in_order(module: Module, bindings: list[Binding], place: Place, at: Position) -> list[Binding]:
    loops = False
    around: Place | None = place
    while around is not None and not loops:
        loops, around = isinstance(around.node, LOOPS), around.parent
    found: list[Binding] = []
    if not loops and len(bindings) > _FEW:
        # A name that is bound anew in statement after statement: what stands behind the place is not looked at.
        bindings = bindings[: bisect_right(bindings, at[0], key=partial(_unit_order, module))]
    for binding in reversed(bindings):
        earlier = takes_effect(module, binding) <= at
        if not earlier and not loops:
            continue
        repeats = loops and share_loop(binding.place, place)
        if not repeats and (not earlier or excludes(binding.place, place)):
            continue
        found.append(binding)
        if earlier and dominates(binding.place, place):
            break
    found.reverse()
    return found


def name_bindings(module: Module, expr: ast.Name) -> Reaching:
    """The bindings that a name, where it stands, may have."""
    return reaching(module, expr.id, place_of(expr), position(module, expr))


def qualified(module: Module, expr: ast.expr) -> tuple[str, ...]:
    """See ``Module.qualified``."""
    if isinstance(expr, ast.Name):
        return _qualified_name(module, expr)
    if isinstance(expr, ast.Attribute):
        return _unique(name for base in module.qualified(expr.value) for name in _member(module, base, expr.attr))
    if isinstance(expr, ast.Call):
        return _unique(name for base in module.qualified(expr.func) for name in _result(module, base))
    if isinstance(expr, ast.Await | ast.NamedExpr):
        return module.qualified(expr.value)
    if isinstance(expr, ast.IfExp):
        return _union([module.qualified(expr.body), module.qualified(expr.orelse)])
    if isinstance(expr, ast.BoolOp) and isinstance(expr.op, ast.Or):
        return _union([module.qualified(value) for value in expr.values if not _is_none(value)])
    return ()


def _is_none(expr: ast.expr | None) -> bool:
    return isinstance(expr, ast.Constant) and expr.value is None


def _unique(names: Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _union(parts: list[tuple[str, ...]]) -> tuple[str, ...]:
    """All names of all possibilities; unknown when one possibility is."""
    if not all(parts):
        return ()
    return tuple(dict.fromkeys(name for part in parts for name in part))


def _qualified_name(module: Module, expr: ast.Name) -> tuple[str, ...]:
    found = name_bindings(module, expr)
    if found.outside:
        return (f"builtins.{expr.id}",) if found.certain and expr.id in _BUILTINS else ()
    if not found.certain:
        return ()
    return _union([binding_names(module, binding) for binding in found.bindings if not _is_none(binding.value)])


def binding_names(module: Module, binding: Binding) -> tuple[str, ...]:
    """The qualified names that one binding gives its name."""
    node = binding.node
    if binding.kind in {"assign", "with"} and binding.value is not None:
        return module.qualified(binding.value)
    if binding.kind == "import" and isinstance(node, ast.alias):
        return (node.name if node.asname else node.name.partition(".")[0],)
    if binding.kind == "from" and isinstance(node, ast.alias) and isinstance(binding.statement, ast.ImportFrom):
        source = module.absolute(binding.statement)
        return _from(module, source, node.name) if source else ()
    if binding.kind in {"function", "class"}:
        return (f"{module.prefix}.{path_of(binding.place, binding.name)}",)
    if binding.kind == "parameter" and isinstance(node, ast.arg):
        annotation = node.annotation
        names = module.qualified(annotation) if isinstance(annotation, ast.Name | ast.Attribute) else ()
        return tuple(f"{name}()" for name in names)
    return ()


def path_of(place: Place, name: str) -> str:
    """The dotted path in its file of something defined at ``place``."""
    parts = [name]
    for at in place.outward():
        if isinstance(at.node, (*FUNCTIONS, ast.ClassDef)):
            parts.append(at.node.name)
    return ".".join(reversed(parts))


def _from(module: Module, source: str, name: str) -> tuple[str, ...]:
    other = module.imported(source)
    if other is None:
        return (f"{source}.{name}",)
    found = module.ask(other, lambda: exported_names(other, name))
    return found or (f"{source}.{name}",)


def exported_names(module: Module, name: str) -> tuple[str, ...]:
    """The qualified names that a top-level name has once the module has run."""
    return module.answer_about("qualified", name, _exported_names, ())


def _exported_names(module: Module, name: str) -> tuple[str, ...]:
    found = reaching(module, name, module.end_place, None)
    if found.outside or not found.certain:
        return ()
    return _union([binding_names(module, binding) for binding in found.bindings if not _is_none(binding.value)])


def _member(module: Module, base: str, attribute: str) -> tuple[str, ...]:
    if base.endswith(")") or base.startswith("builtins."):
        return (f"{base}.{attribute}",)
    return _from(module, base, attribute)


def _result(module: Module, callee: str) -> tuple[str, ...]:
    """What calling ``callee`` gives: for a workspace function with plain returns, what those are."""
    if len(callee) > _LONGEST:
        # What a name that is bound anew thousands of times is made of tells nobody anything.
        return ()
    function = module.locate(callee)
    if function is not None and isinstance(function.node, FUNCTIONS) and not function.node.decorator_list:
        owner = function.module
        returned = module.ask(
            owner,
            lambda: _union(
                [owner.qualified(value) if value is not None else () for value in owner.returned(function.node)]
            ),
        )
        if returned:
            return returned
    return (f"{callee}()",)


def bindings_of(module: Module, expr: ast.expr) -> tuple[Binding, ...]:
    """The bindings that a name may mean; none for any other expression."""
    return name_bindings(module, expr).bindings if isinstance(expr, ast.Name) else ()
