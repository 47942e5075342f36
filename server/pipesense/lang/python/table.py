"""Which units bind or change a name: the look-ups that everything else is built on."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from pipesense.lang.python import names
from pipesense.lang.python.index import FUNCTIONS, Binding, Mutation
from pipesense.lang.python.syntax import ParsedUnit


class NameTable:
    """The names of one file. It answers without recording; a Module records what is asked of it."""

    def __init__(self, units: Sequence[ParsedUnit], children: Mapping[ParsedUnit, Sequence[ParsedUnit]]) -> None:
        self._units = units
        self._children = children
        self._by_name: dict[str, list[ParsedUnit]] | None = None
        self._bindings: dict[tuple[ast.AST | None, str], list[Binding]] = {}
        self._whole: dict[str, tuple[ParsedUnit, ...]] = {}

    @property
    def by_name(self) -> Mapping[str, Sequence[ParsedUnit]]:
        """The units that mention a name, in order; put together at the first question."""
        if self._by_name is None:
            self._by_name = {}
            for unit in self._units:
                for mentioned in unit.index.mentions:
                    self._by_name.setdefault(mentioned, []).append(unit)
        return self._by_name

    def mentions(self, name: str) -> tuple[ParsedUnit, ...]:
        """The units that bind or change ``name`` in any scope, in order, headers with their children."""
        if name not in self._whole:
            found: list[ParsedUnit] = []
            for unit in self.by_name.get(name, ()):
                found.append(unit)
                if unit in self._children and isinstance(unit.body[0], (*FUNCTIONS, ast.ClassDef)):
                    found += self._children[unit]
            self._whole[name] = tuple(found)
        return self._whole[name]

    def may_be_bound(self, name: str) -> bool:
        """Whether code that nobody can read may bind ``name``: a star import, or a unit with an error that has it."""
        return bool(self.by_name.get("*")) or any(unit.problem is not None for unit in self.by_name.get(name, ()))

    def bindings(self, scope: ast.AST | None, name: str) -> list[Binding]:
        """The bindings of ``name`` in the scope of a node (None: the module's), in order."""
        key = (scope, name)
        if key not in self._bindings:
            self._bindings[key] = self._find(scope, name)
        return self._bindings[key]

    def _find(self, scope: ast.AST | None, name: str) -> list[Binding]:
        found: list[Binding] = []
        for unit in self.by_name.get(name, ()):
            table = unit.index.bindings
            own = table.get(None)
            if own is not None and name in own and unit.root.scope is scope and not unit.root.is_orphan:
                found += own[name]
            if scope is not None and scope in table:
                found += table[scope].get(name, ())
        return found

    def changes(self, name: str) -> list[Mutation]:
        """Changes of the object behind ``name``, in every scope of the file, in order."""
        return [change for unit in self.by_name.get(name, ()) for change in unit.index.mutations.get(name, ())]

    def aliases(self, name: str) -> list[Binding]:
        """Bindings of other names to exactly ``name``."""
        return [alias for unit in self.by_name.get(name, ()) for alias in unit.index.aliases.get(name, ())]

    def home(self, mutation: Mutation) -> ast.AST | None:
        """The scope that holds the name whose object is changed."""
        for scope, _ in names.scope_chain(mutation.place):
            if self.bindings(scope, mutation.name):
                return scope
        return None

    def is_set_by_function(self, name: str) -> bool:
        """Whether some function declares ``name`` global (or nonlocal)."""
        return any(name in unit.index.global_names for unit in self.by_name.get(name, ()))
