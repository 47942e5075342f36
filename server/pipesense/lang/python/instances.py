"""Objects that a library makes: their class and the call that made them, through names, ``self`` and factories."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final

from pipesense.lang.python.nodes import nodes_under
from pipesense.lang.python.syntax import place_of

if TYPE_CHECKING:
    from pipesense.lang.python.module import Module

_DEEPEST: Final = 8
_WRAPPER: Final = "contextlib.closing()"


class Instances:
    """Answers for one reading of a file; remembers what the attributes of its classes are set to."""

    def __init__(self, module: Module) -> None:
        self._module = module
        self._attributes: dict[ast.ClassDef, dict[str, list[ast.expr]]] = {}
        self._annotations: dict[tuple[ast.ClassDef, str], ast.expr] = {}

    def names(self, expr: ast.expr, depth: int = 0) -> tuple[str, ...]:
        """Like ``Module.qualified``, and for ``self.x`` what the methods of the class set it to."""
        found = self._module.qualified(expr)
        if (found and not any(name.startswith(_WRAPPER) for name in found)) or depth > _DEEPEST:
            return found
        if isinstance(expr, ast.Await | ast.NamedExpr):
            return self.names(expr.value, depth + 1)
        if isinstance(expr, ast.Call):
            made = self._returned(expr)
            if made is not None:
                return self.names(made, depth + 1)
            bases = self.names(expr.func, depth + 1)
            if "contextlib.closing" in bases and expr.args:
                return self.names(expr.args[0], depth + 1)
            return tuple(f"{base}()" for base in bases)
        if isinstance(expr, ast.Attribute):
            owner = self._class_of(expr)
            if owner is not None:
                return self._of_attribute(owner, expr.attr, depth)
            return tuple(f"{base}.{expr.attr}" for base in self.names(expr.value, depth + 1) if base.endswith(")"))
        if isinstance(expr, ast.Name):
            return self._union([binding.value for binding in self._module.bindings_of(expr)], depth)
        return ()

    def made_by(self, expr: ast.expr, depth: int = 0) -> ast.Call | None:
        """The one call that made the object, None where it is a parameter or may be one of several."""
        if depth > _DEEPEST:
            return None
        if isinstance(expr, ast.Await | ast.NamedExpr):
            return self.made_by(expr.value, depth + 1)
        if isinstance(expr, ast.Call):
            return self._call(expr, depth)
        values: list[ast.expr] = []
        if isinstance(expr, ast.Name):
            bound = self._module.bindings_of(expr)
            values = [value for binding in bound if (value := binding.value) is not None and not _is_none(value)]
            if any(binding.value is None for binding in bound):
                return None
        elif isinstance(expr, ast.Attribute):
            owner = self._class_of(expr)
            values = self._set_to(owner).get(expr.attr, []) if owner is not None else []
        return self.made_by(values[0], depth + 1) if len(values) == 1 else None

    def _call(self, call: ast.Call, depth: int) -> ast.Call | None:
        if "contextlib.closing" in self._module.qualified(call.func) and call.args:
            return self.made_by(call.args[0], depth + 1)
        if not self._module.callables(call.func):
            return call
        made = self._returned(call)
        return self.made_by(made, depth + 1) if made is not None else None

    def _returned(self, call: ast.Call) -> ast.expr | None:
        """The one expression that a function or method of this file returns."""
        functions = self._module.callables(call.func)
        if len(functions) != 1 or functions[0].module is not self._module:
            return None
        returned = self._module.returned(functions[0].node)
        return returned[0] if len(returned) == 1 else None

    def _union(self, values: list[ast.expr | None], depth: int) -> tuple[str, ...]:
        parts = [self.names(value, depth + 1) if value is not None else () for value in values if not _is_none(value)]
        return tuple(dict.fromkeys(name for part in parts for name in part)) if all(parts) else ()

    def _class_of(self, expr: ast.Attribute) -> ast.ClassDef | None:
        """The class whose own attribute ``self.x`` is."""
        if not isinstance(expr.value, ast.Name) or expr.value.id not in ("self", "cls"):
            return None
        return next((place.node for place in place_of(expr).outward() if isinstance(place.node, ast.ClassDef)), None)

    def _of_attribute(self, owner: ast.ClassDef, name: str, depth: int) -> tuple[str, ...]:
        found = self._union(list(self._set_to(owner).get(name, [])), depth)
        annotation = self._annotations.get((owner, name))
        if found or annotation is None:
            return found
        return tuple(f"{base}()" for base in self._module.qualified(annotation))

    def _set_to(self, owner: ast.ClassDef) -> dict[str, list[ast.expr]]:
        known = self._attributes.get(owner)
        if known is None:
            known = self._attributes[owner] = {}
            for statement in owner.body:
                if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                    known[statement.targets[0].id] = [statement.value]
            for node in nodes_under(owner):
                if isinstance(node, ast.Assign):
                    for target in node.targets:
                        self._note(owner, known, target, node.value)
                elif isinstance(node, ast.AnnAssign):
                    self._note(owner, known, node.target, node.value)
                    name = _own_name(node.target)
                    if name:
                        self._annotations[(owner, name)] = node.annotation
                elif isinstance(node, ast.withitem) and node.optional_vars is not None:
                    self._note(owner, known, node.optional_vars, node.context_expr)
        return known

    def _note(
        self, owner: ast.ClassDef, known: dict[str, list[ast.expr]], target: ast.expr, value: ast.expr | None
    ) -> None:
        name = _own_name(target)
        if name and value is not None and not _is_none(value):
            known.setdefault(name, []).append(value)


def _own_name(target: ast.expr) -> str:
    """The attribute that ``self.x = ...`` sets."""
    own = (
        isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id in ("self", "cls")
    )
    return target.attr if own and isinstance(target, ast.Attribute) else ""


def _is_none(expr: ast.expr | None) -> bool:
    return isinstance(expr, ast.Constant) and expr.value is None
