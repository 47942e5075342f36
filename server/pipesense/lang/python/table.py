"""Which units bind or change a name: the look-ups that everything else is built on."""

from __future__ import annotations

import ast
import zlib
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import TYPE_CHECKING, Any, Final

from pipesense.lang.python import names
from pipesense.lang.python.index import FUNCTIONS, Binding, FunctionNode, Mutation
from pipesense.lang.python.syntax import HEADERS, ParsedUnit, place_of
from pipesense.lang.python.tree import UnitTree

if TYPE_CHECKING:
    from pipesense.lang.python.link import Change


_ALONE: Final = frozenset({"statement", "header"})
"""The kinds of units that stand at the file's own level."""


class NameTable:
    """The names of one file. It answers without recording; a Module records what is asked of it."""

    def __init__(self, units: Sequence[ParsedUnit], tree: UnitTree) -> None:
        self._units = units
        self._tree = tree
        self._by_name: dict[str, list[ParsedUnit]] | None = None
        self._bindings: dict[ast.AST | None, dict[str, list[Binding]]] = {}
        self._whole: dict[str, tuple[ParsedUnit, ...]] = {}
        self._holds_behind: dict[str, int] = {}
        self._in_turn: dict[str, names.Turns | None] = {}
        self._digests: dict[str, int] = {}
        self._by_function: dict[str, bool] = {}
        self._all_digests: dict[str, int] | None = None
        self._functions: dict[str, FunctionNode] | None = None
        self._functions_called: dict[str, dict[str, FunctionNode]] = {}
        """Function definitions by the last part of their paths, and then by these."""
        self._attributes: dict[str, dict[str, list[Mutation]]] = {}

    def take_over(self, last: NameTable, order: Mapping[ParsedUnit, int], change: Change) -> None:
        """Keep what the table of the last link knew of names that have nothing to do with what changed since."""
        if last._by_name is None:
            return
        self._by_name = dict(last._by_name)
        fresh = [unit for unit in change.units if unit in order]
        mentioned = {unit: frozenset(self._tree.mentions(unit)) for unit in fresh}
        for name in change.names:
            units = [unit for unit in last._by_name.get(name, ()) if unit not in change.units]
            units += (unit for unit in fresh if name in mentioned[unit])
            if units:
                units.sort(key=order.__getitem__)
                self._by_name[name] = units
            else:
                self._by_name.pop(name, None)
        self._whole, self._digests, self._by_function = dict(last._whole), dict(last._digests), dict(last._by_function)
        self._functions_called = dict(last._functions_called)
        if len(last._units) == len(self._units):
            # Whatever did not change kept its number.
            self._holds_behind = dict(last._holds_behind)
        known = (self._whole, self._digests, self._by_function, self._functions_called, self._holds_behind)
        _take_out(known, change.names)
        if last._all_digests is not None:
            self._all_digests = dict(last._all_digests)
            _take_out((self._all_digests,), change.names)
            self._all_digests.update(self._digests_of(self._by_name.keys() & change.names))
        if not any(unit.index.definitions for unit in (*change.units, *change.headers)):
            self._functions = last._functions
        for scope, bound in last._bindings.items():
            if scope is None or place_of(scope).unit not in change.units:
                kept = bound
                if not bound.keys().isdisjoint(change.names):
                    kept = dict(bound)
                    _take_out((kept,), change.names)
                self._bindings[scope] = kept

    @property
    def by_name(self) -> Mapping[str, Sequence[ParsedUnit]]:
        """The units that mention a name, in order; put together at the first question."""
        if self._by_name is None:
            found: dict[str, list[ParsedUnit]] = {}
            mentions = self._tree.mentions
            for unit in self._units:
                # What stands in no header mentions what it says itself.
                own = unit.index.mentions if unit.kind in _ALONE else mentions(unit)
                for mentioned in own:
                    found.setdefault(mentioned, []).append(unit)
            self._by_name = found
        return self._by_name

    def mentions(self, name: str) -> tuple[ParsedUnit, ...]:
        """The units that bind or change ``name`` in any scope, in order, headers with their children."""
        if name not in self._whole:
            found: list[ParsedUnit] = []
            for unit in self.by_name.get(name, ()):
                found.append(unit)
                if unit.kind in HEADERS and unit.body and isinstance(unit.body[0], (*FUNCTIONS, ast.ClassDef)):
                    found += self._tree.inside(unit)
            self._whole[name] = tuple(found)
        return self._whole[name]

    def digest(self, name: str) -> int:
        """A number that is the same as long as all units that mention ``name`` are; 0 where none does."""
        found = self._digests.get(name)
        if found is None:
            found = 0
            for unit in self.mentions(name):
                found = zlib.crc32(unit.digest, found)
            self._digests[name] = found
        return found

    def digests(self) -> Mapping[str, int]:
        """The digest of every name that is mentioned."""
        if self._all_digests is None:
            self._all_digests = self._digests_of(self.by_name)
        return self._all_digests

    def _digests_of(self, names: Iterable[str]) -> dict[str, int]:
        return {name: self.digest(name) for name in names if "\0" not in name}

    @property
    def functions(self) -> Mapping[str, FunctionNode]:
        """Function definitions by dotted path; the last definition of a path wins."""
        if self._functions is None:
            self._functions = {
                names.path_of(place, node.name): node
                for unit in self._units
                if unit.index.definitions and not unit.root.is_orphan
                for node, place in unit.index.definitions
                if isinstance(node, FUNCTIONS)
            }
        return self._functions

    def function_at(self, path: str) -> FunctionNode | None:
        """The function definition at a dotted path; the last one wins."""
        if self._functions is not None:
            return self._functions.get(path)
        name = path.rpartition(".")[2]
        known = self._functions_called.get(name)
        if known is None:
            known = self._functions_called[name] = {
                names.path_of(place, name): node
                for unit in self.by_name.get(name, ())
                if not unit.root.is_orphan
                for node, place in unit.index.definitions
                if node.name == name and isinstance(node, FUNCTIONS)
            }
        return known.get(path)

    def may_be_bound(self, name: str) -> bool:
        """Whether code that nobody can read may bind ``name``: a star import, or a unit with an error that has it."""
        return bool(self.by_name.get("*")) or any(unit.problem is not None for unit in self.by_name.get(name, ()))

    def bindings(self, scope: ast.AST | None, name: str) -> list[Binding]:
        """The bindings of ``name`` in the scope of a node (None: the module's), in order."""
        known = self._bindings.get(scope)
        if known is None:
            known = self._bindings[scope] = {}
        found = known.get(name)
        if found is None:
            found = known[name] = self._find(scope, name)
        return found

    def _find(self, scope: ast.AST | None, name: str) -> list[Binding]:
        if scope is None:
            units: Sequence[ParsedUnit] = self.by_name.get(name, ())
        else:
            # What a function binds stands in its own unit or in those of its body, whoever else uses the name.
            unit = place_of(scope).unit
            units = (unit, *self._tree.inside(unit)) if unit in self._tree else ()
        found: list[Binding] = []
        for unit in units:
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

    def attribute_changes(self, name: str, attribute: str) -> list[Mutation]:
        """Assignments to an attribute of that name of the object behind ``name``, or of what that holds, in order."""
        known = self._attributes.get(name)
        if known is None:
            known = self._attributes[name] = {}
            for change in self.changes(name) if name else ():
                node = change.node
                targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
                written = {each.attr for each in targets if isinstance(each, ast.Attribute)}
                for each in written if change.kind == "attribute" else ():
                    known.setdefault(each, []).append(change)
        return known.get(attribute, [])

    def only_binding(self, name: str) -> Binding | None:
        """The binding of a name that one statement at the file's own level binds, always, and nothing else; or None."""
        units = self.by_name.get(name)
        if units is None or len(units) != 1 or units[0].kind != "statement":
            return None
        index = units[0].index
        found = index.bindings[None].get(name, []) if len(index.bindings) == 1 and None in index.bindings else []
        certain = len(found) == 1 and found[0].place is units[0].root and name not in index.global_names
        return found[0] if certain else None

    def holds_behind(self, name: str) -> int:
        """The number of the unit behind which a name means one thing wherever it stands: that of its only binding, or
        of the first of several imports of the same; as many as there are where what it means depends on the place.
        """
        known = self._holds_behind.get(name)
        if known is None:
            only = self.only_binding(name)
            unit = only.place.unit if only is not None else self._same_import(name)
            known = self._holds_behind[name] = self._tree.order[unit] if unit is not None else len(self._units)
        return known

    def in_turn(self, name: str) -> names.Turns | None:
        """The bindings of a name, where all that the file's own level makes of it is made one after the other."""
        if name not in self._in_turn:
            found = self.bindings(None, name)
            alone = bool(found) and not self.is_set_by_function(name)
            self._in_turn[name] = names.in_turn(self._tree.order, found) if alone else None
        return self._in_turn[name]

    def _same_import(self, name: str) -> ParsedUnit | None:
        units = self.by_name.get(name, ())
        meant: set[tuple[object, ...]] = set()
        for unit in units:
            index = unit.index
            bound = index.bindings.get(None, {}).get(name, ())
            if len(index.bindings) != 1 or len(bound) != 1 or name in index.mutations or unit.kind != "statement":
                return None
            node, statement = bound[0].node, bound[0].statement
            if bound[0].place is not unit.root or not isinstance(node, ast.alias):
                return None
            source = (statement.module, statement.level) if isinstance(statement, ast.ImportFrom) else (None, -1)
            meant.add((*source, node.name, node.asname))
        return units[0] if len(meant) == 1 else None

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
        found = self._by_function.get(name)
        if found is None:
            units = self.by_name.get(name, ())
            found = self._by_function[name] = any(name in unit.index.global_names for unit in units)
        return found


def _take_out(tables: Iterable[dict[str, Any]], names: Set[str]) -> None:
    for table in tables:
        for name in table.keys() & names:
            del table[name]
