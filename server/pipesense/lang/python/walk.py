"""The one walk over a unit's tree that fills its index and gives every node its place."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from pipesense.lang.python.index import (
    COMPREHENSIONS,
    DURATION_WORDS,
    IMPORTS,
    SCOPES,
    Binding,
    CallSite,
    ComprehensionNode,
    FunctionNode,
    Mutation,
    Place,
    ShiftSite,
    UnitIndex,
    dotted,
    root_name,
)
from pipesense.lang.python.nodes import FIELDS, children, nodes_under

if TYPE_CHECKING:
    from pipesense.lang.python.syntax import ParsedUnit

_CHANGES: Final = frozenset(
    {
        *("pop", "popitem", "clear", "setdefault", "__setitem__", "__delitem__", "__ior__"),
        *("append", "extend", "insert", "remove", "sort", "reverse", "add", "discard"),
    }
)
_HARMLESS: Final = frozenset({"print", "pprint", "repr", "len", "str", "isinstance", "type", "id"})


_LEAVES: Final = frozenset({ast.Name, ast.Constant, ast.alias, ast.Pass})
"""More than half of all nodes; they hold no further ones."""
_FIELDS_BACKWARDS: Final = {
    kind: tuple(name for name in reversed(names) if name not in ("op", "ops")) for kind, names in FIELDS.items()
}
"""For each kind of node the fields to go into, the last one first; operators stand nowhere."""


class _Walk:
    """One pass over a unit. ``todo`` holds (node, place) pairs, the next one last."""

    def __init__(self, unit: ParsedUnit, body: list[ast.stmt], root: Place) -> None:
        self.unit = unit
        self.index = UnitIndex()
        self.todo: list[tuple[ast.AST, Place]] = [(node, root) for node in reversed(body)]

    def run(self) -> UnitIndex:
        todo = self.todo
        handlers, fields, leaves = _HANDLERS, _FIELDS_BACKWARDS, _LEAVES
        while todo:
            node, place = todo.pop()
            node._place = place  # type: ignore[attr-defined]
            kind = type(node)
            if kind in leaves:
                continue
            handler = handlers.get(kind)
            if handler is not None:
                handler(self, node, place)
                continue
            for name in fields[kind]:
                child = getattr(node, name, None)
                if type(child) is list:
                    for item in reversed(child):
                        if type(item) in leaves:
                            item._place = place
                        elif item is not None:
                            todo.append((item, place))
                elif type(child) in leaves:
                    child._place = place  # type: ignore[union-attr]
                elif child is not None:
                    todo.append((child, place))
        index = self.index
        names = {*index.mutations, *index.aliases, *index.global_names}
        for bound in index.bindings.values():
            names.update(bound)
        if index.imports:
            names.add(IMPORTS)
        index.mentions = frozenset(names)
        return index

    def inside(self, node: ast.AST, part: str, place: Place) -> Place:
        """The place of a part of a construct."""
        made = Place(self.unit, node, part, place)
        self.index.places.append(made)
        return made

    def push(self, nodes: list[tuple[ast.AST | None, Place]]) -> None:
        self.todo += [(node, place) for node, place in reversed(nodes) if node is not None]

    def _scope_of(self, place: Place) -> ast.AST | None:
        at: Place | None = place
        while at is not None and at.unit is self.unit:
            if isinstance(at.node, SCOPES):
                return at.node
            at = at.parent
        return None

    def bind(
        self,
        name: str,
        kind: str,
        node: ast.AST,
        statement: ast.AST,
        value: ast.expr | None,
        place: Place,
        why: str = "",
    ) -> None:
        # Most names are bound at the unit's own level.
        scope = self._scope_of(place) if place.node is not None else None
        binding = Binding(name, kind, node, statement, value, place, why)
        self.index.bindings.setdefault(scope, {}).setdefault(name, []).append(binding)
        if kind == "assign" and isinstance(value, ast.Name):
            self.index.aliases.setdefault(value.id, []).append(binding)

    def change(
        self,
        kind: str,
        target: ast.AST,
        node: ast.AST,
        place: Place,
        key: ast.expr | None = None,
        value: ast.expr | None = None,
    ) -> None:
        name = root_name(target)
        if name:
            self.index.mutations.setdefault(name, []).append(Mutation(name, kind, node, key, value, place))

    # bindings
    def target(self, target: ast.expr, statement: ast.AST, value: ast.expr | None, place: Place, why: str = "") -> None:
        """An assignment target; ``value`` None where it gets something nobody follows, ``why`` then says what."""
        if isinstance(target, ast.Name):
            kind = "other" if value is None else "assign"
            self.bind(target.id, kind, target, statement, value, place, why)
        elif isinstance(target, ast.Starred):
            self.target(target.value, statement, None, place, why or "it is unpacked")
        elif isinstance(target, ast.Tuple | ast.List):
            values: list[ast.expr | None] = [None] * len(target.elts)
            if (
                isinstance(value, ast.Tuple | ast.List)
                and len(value.elts) == len(values)
                and not any(isinstance(item, ast.Starred) for item in (*value.elts, *target.elts))
            ):
                values = list(value.elts)
            for item, part in zip(target.elts, values, strict=True):
                self.target(item, statement, part, place, why or "it is unpacked")
        elif isinstance(target, ast.Subscript):
            if isinstance(target.value, ast.Name):
                self.change("item" if value is not None else "other", target, statement, place, target.slice, value)
            else:
                self.change("nested", target, statement, place)
        elif isinstance(target, ast.Attribute):
            self.change("attribute", target, statement, place, None, value)

    def assign(self, node: ast.Assign, place: Place) -> None:
        for target in node.targets:
            self.target(target, node, node.value, place)
        if len(node.targets) == 1 and type(target) is ast.Name:
            target._place = place  # type: ignore[attr-defined]
            self.todo.append((node.value, place))
        else:
            self.push([(node.value, place), *((target, place) for target in node.targets)])

    def annotated(self, node: ast.AnnAssign, place: Place) -> None:
        if node.value is not None:
            self.target(node.target, node, node.value, place)
        self.push([(node.value, place), (node.target, place), (node.annotation, place)])

    def augmented(self, node: ast.AugAssign, place: Place) -> None:
        target = node.target
        if isinstance(target, ast.Name):
            if isinstance(node.op, ast.BitOr):
                self.change("merge", target, node, place, None, node.value)
            else:
                self.bind(target.id, "other", target, node, None, place, "it is changed in place")
        else:
            self.change(
                "other" if isinstance(getattr(target, "value", None), ast.Name) else "nested", target, node, place
            )
        self.push([(node.value, place), (target, place)])

    def delete(self, node: ast.Delete, place: Place) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                self.bind(target.id, "other", target, node, None, place, "it is deleted")
            else:
                self.change("other", target, node, place)
        self.push([(target, place) for target in node.targets])

    def walrus(self, node: ast.NamedExpr, place: Place) -> None:
        at = place
        while isinstance(at.node, COMPREHENSIONS) and at.parent is not None:
            at = at.parent
        self.target(node.target, node, node.value, at)
        self.push([(node.target, place), (node.value, place)])

    def imports(self, node: ast.Import, place: Place) -> None:
        self.index.imports.append((node, place))
        for alias in node.names:
            name = alias.asname or alias.name.partition(".")[0]
            self.bind(name, "import", alias, node, None, place)
            alias._place = place  # type: ignore[attr-defined]

    def from_import(self, node: ast.ImportFrom, place: Place) -> None:
        self.index.imports.append((node, place))
        for alias in node.names:
            self.bind(alias.asname or alias.name, "from", alias, node, None, place)
            alias._place = place  # type: ignore[attr-defined]

    def global_(self, node: ast.Global | ast.Nonlocal, place: Place) -> None:
        for name in node.names:
            self.bind(name, "other", node, node, None, place, "it is a global that a function sets")
            self.index.global_names.add(name)

    # scopes
    def function(self, node: FunctionNode, place: Place) -> None:
        self.bind(node.name, "function", node, node, None, place)
        self.index.definitions.append((node, place))
        inner = self.inside(node, "body", place)
        outer = self._arguments(node.args, inner, place)
        self.push(
            [
                *((item, place) for item in node.decorator_list),
                *((item, place) for item in outer),
                (node.returns, place),
                *((item, inner) for item in node.body),
            ]
        )

    def _arguments(self, arguments: ast.arguments, inner: Place, place: Place) -> list[ast.expr]:
        """Bind the parameters; gives the expressions that are evaluated outside."""
        outer: list[ast.expr] = [*arguments.defaults, *(item for item in arguments.kw_defaults if item is not None)]
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        for extra in (arguments.vararg, arguments.kwarg):
            if extra is not None:
                every.append(extra)
        for argument in every:
            argument._place = place  # type: ignore[attr-defined]
            self.bind(argument.arg, "parameter", argument, argument, None, inner, "it is a parameter")
            if argument.annotation is not None:
                outer.append(argument.annotation)
        return outer

    def lambda_(self, node: ast.Lambda, place: Place) -> None:
        inner = self.inside(node, "body", place)
        outer = self._arguments(node.args, inner, place)
        self.push([*((item, place) for item in outer), (node.body, inner)])

    def class_(self, node: ast.ClassDef, place: Place) -> None:
        self.bind(node.name, "class", node, node, None, place)
        self.index.definitions.append((node, place))
        inner = self.inside(node, "body", place)
        self.push(
            [
                *((item, place) for item in (*node.decorator_list, *node.bases, *node.keywords)),
                *((item, inner) for item in node.body),
            ]
        )

    def comprehension(self, node: ComprehensionNode, place: Place) -> None:
        inner = self.inside(node, "body", place)
        results = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        parts: list[tuple[ast.AST | None, Place]] = []
        for number, generator in enumerate(node.generators):
            generator._place = inner  # type: ignore[attr-defined]
            self.target(generator.target, node, None, inner, "it runs over a comprehension")
            parts.append((generator.iter, inner if number else place))
            parts.append((generator.target, inner))
            parts += [(test, inner) for test in generator.ifs]
        self.push([*parts, *((item, inner) for item in results)])

    # control flow
    def with_(self, node: ast.With | ast.AsyncWith, place: Place) -> None:
        inner = self.inside(node, "body", place)
        for item in node.items:
            item._place = place  # type: ignore[attr-defined]
            if isinstance(item.optional_vars, ast.Name):
                name = item.optional_vars
                self.bind(name.id, "with", name, node, item.context_expr, place)
            elif item.optional_vars is not None:
                self.target(item.optional_vars, node, None, place, "it is unpacked")
        self.push(
            [
                *((part, place) for item in node.items for part in (item.context_expr, item.optional_vars)),
                *((item, inner) for item in node.body),
            ]
        )

    def for_(self, node: ast.For | ast.AsyncFor, place: Place) -> None:
        inner = self.inside(node, "body", place)
        behind = self.inside(node, "orelse", place)
        self.target(node.target, node, None, inner, "it runs over a loop")
        self.push(
            [
                (node.iter, place),
                (node.target, inner),
                *((item, inner) for item in node.body),
                *((item, behind) for item in node.orelse),
            ]
        )

    def branch(self, node: ast.If | ast.While, place: Place) -> None:
        inner = self.inside(node, "body", place)
        behind = self.inside(node, "orelse", place)
        self.push(
            [
                (node.test, place),
                *((item, inner) for item in node.body),
                *((item, behind) for item in node.orelse),
            ]
        )

    def try_(self, node: ast.Try, place: Place) -> None:
        inner = self.inside(node, "body", place)
        parts: list[tuple[ast.AST | None, Place]] = [(item, inner) for item in node.body]
        for number, handler in enumerate(node.handlers):
            at = self.inside(node, f"handler{number}", place)
            handler._place = at  # type: ignore[attr-defined]
            if handler.name:
                self.bind(handler.name, "other", handler, handler, None, at, "it is a caught exception")
            parts += [(handler.type, place), *((item, at) for item in handler.body)]
        behind = self.inside(node, "orelse", place)
        parts += [*((item, behind) for item in node.orelse), *((item, place) for item in node.finalbody)]
        self.push(parts)

    def match(self, node: ast.Match, place: Place) -> None:
        parts: list[tuple[ast.AST | None, Place]] = [(node.subject, place)]
        for number, case in enumerate(node.cases):
            at = self.inside(node, f"case{number}", place)
            for pattern in nodes_under(case.pattern):
                name = getattr(pattern, "name", None) or getattr(pattern, "rest", None)
                if isinstance(name, str):
                    self.bind(name, "other", pattern, node, None, at, "it is bound by a pattern")
                pattern._place = at  # type: ignore[attr-defined]
            parts += [(case.guard, at), *((item, at) for item in case.body)]
        self.push(parts)

    # uses
    def expression(self, node: ast.Expr, place: Place) -> None:
        value = node.value
        if isinstance(value, ast.BinOp) and isinstance(value.op, ast.RShift | ast.LShift):
            self.index.shifts.append(ShiftSite(value, node, place))
        elif isinstance(value, ast.Call) and dotted(value.func) not in _HARMLESS:
            for argument in value.args:
                if isinstance(argument, ast.Name):
                    self.change("escape", argument, value, place)
        self.todo.append((value, place))

    def call(self, node: ast.Call, place: Place) -> None:
        function = node.func
        at: ast.expr = function
        index, todo, leaves = self.index, self.todo, _LEAVES
        parts: list[str] = []
        # Most of what a call holds are names and constants: they have their place at once, without a turn of the loop.
        while type(at) is ast.Attribute:
            at._place = place  # type: ignore[attr-defined]
            parts.append(at.attr)
            if at.attr in DURATION_WORDS:
                index.duration_attributes.append((at, place))
            at = at.value
        callee = ""
        if type(at) is ast.Name:
            at._place = place  # type: ignore[attr-defined]
            parts.append(at.id)
            parts.reverse()
            callee = ".".join(parts)
        index.calls.append(CallSite(node, callee, place))
        if type(function) is ast.Attribute and (function.attr == "update" or function.attr in _CHANGES):
            kind = "nested"
            if isinstance(function.value, ast.Name):
                kind = "merge" if function.attr == "update" else "other"
            self.change(kind, function.value, node, place)
        for keyword in node.keywords:
            keyword._place = place  # type: ignore[attr-defined]
        for item in (*[keyword.value for keyword in reversed(node.keywords)], *reversed(node.args)):
            if type(item) in leaves:
                item._place = place  # type: ignore[attr-defined]
            else:
                todo.append((item, place))
        if not callee:
            todo.append((at, place))

    def attribute(self, node: ast.Attribute, place: Place) -> None:
        if node.attr in DURATION_WORDS:
            self.index.duration_attributes.append((node, place))
        self.todo.append((node.value, place))

    def return_(self, node: ast.Return, place: Place) -> None:
        self.index.returns.setdefault(self._scope_of(place), []).append(node)
        if node.value is not None:
            self.todo.append((node.value, place))

    def yield_(self, node: ast.Yield | ast.YieldFrom, place: Place) -> None:
        self.index.generators.add(self._scope_of(place))
        if node.value is not None:
            self.todo.append((node.value, place))

    def raise_(self, node: ast.Raise | ast.Assert, place: Place) -> None:
        self.index.raises.append(place)
        self.push([(child, place) for child in children(node)])


_HANDLERS: Final[dict[type[ast.AST], Callable[..., None]]] = {
    ast.Call: _Walk.call,
    ast.Attribute: _Walk.attribute,
    ast.Expr: _Walk.expression,
    ast.Assign: _Walk.assign,
    ast.AnnAssign: _Walk.annotated,
    ast.AugAssign: _Walk.augmented,
    ast.Delete: _Walk.delete,
    ast.NamedExpr: _Walk.walrus,
    ast.Import: _Walk.imports,
    ast.ImportFrom: _Walk.from_import,
    ast.Global: _Walk.global_,
    ast.Nonlocal: _Walk.global_,
    ast.FunctionDef: _Walk.function,
    ast.AsyncFunctionDef: _Walk.function,
    ast.Lambda: _Walk.lambda_,
    ast.ClassDef: _Walk.class_,
    ast.ListComp: _Walk.comprehension,
    ast.SetComp: _Walk.comprehension,
    ast.DictComp: _Walk.comprehension,
    ast.GeneratorExp: _Walk.comprehension,
    ast.With: _Walk.with_,
    ast.AsyncWith: _Walk.with_,
    ast.For: _Walk.for_,
    ast.AsyncFor: _Walk.for_,
    ast.If: _Walk.branch,
    ast.While: _Walk.branch,
    ast.Try: _Walk.try_,
    ast.Match: _Walk.match,
    ast.Return: _Walk.return_,
    ast.Yield: _Walk.yield_,
    ast.YieldFrom: _Walk.yield_,
    ast.Raise: _Walk.raise_,
    ast.Assert: _Walk.raise_,
}


if sys.version_info >= (3, 11):
    _HANDLERS[ast.TryStar] = _Walk.try_


def build_index(unit: ParsedUnit, body: list[ast.stmt], root: Place) -> UnitIndex:
    """Walk over a unit's statements once. Gives every node its place."""
    return _Walk(unit, body, root).run()
