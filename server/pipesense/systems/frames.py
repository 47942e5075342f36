"""What all systems of data libraries share: which scopes a file has, and what each does with the library's values."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from pipesense.lang.python.flow import Handed, Library, read_function, read_top_level
from pipesense.lang.python.functions import Function
from pipesense.lang.python.index import FUNCTIONS, IMPORTS
from pipesense.lang.python.module import Module
from pipesense.lang.python.names import path_of
from pipesense.model.frames import FrameScope
from pipesense.model.value import Version

T = TypeVar("T")
Settings = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Found(Generic[T]):
    """A scope, and what the system makes of it beside."""

    scope: FrameScope
    beside: T


@dataclass(frozen=True, slots=True, eq=False)
class Reading(Generic[T]):
    """How a system reads a file. ``beside(function, scope)`` makes what the system says of a scope by itself; it may
    ask the function's module anything. ``tag`` names that, and all it rests on beside the scope.
    """

    module: Module
    library: Library
    version: Version
    beside: Callable[[Function | None, FrameScope], T]
    tag: str
    handed: Handed
    settings: Settings = ()

    def scopes(self) -> tuple[Found[T], ...]:
        """Every scope of the file that has operations of the library, the top level first.

        A scope in which nothing changed is the same object as before, so that what was judged of it holds.
        """
        module = self.module
        words = self._words()
        if not any(unit.names_any(words) for unit in module.units):
            return ()
        found = [self._top_level() if self._is_used(words) else None]
        tag = ("frames", self.tag, self.version, self.settings)
        for unit in module.units:
            for node, place in unit.index.definitions:
                if isinstance(node, FUNCTIONS) and not place.is_orphan:
                    function = Function(module, node, path_of(place, node.name))
                    flows = tuple(
                        sorted(
                            (name, flow.kind, *sorted(flow.traits)) for name, flow in self.handed.get(node, {}).items()
                        )
                    )
                    found.append(module.memo((*tag, flows), [node], partial(self._of_function, function)))
        return tuple(each for each in found if each is not None)

    def _words(self) -> frozenset[str]:
        """The words of which one stands in all code that gets a value of the library, from another file perhaps."""
        library, module = self.library, self.module
        found = {*library.loose, *library.endings}
        for package in library.packages:
            root = package.partition(".")[0]
            found |= {root, *_ALIASES.get(root, ())}
        for unit in module.table.mentions(IMPORTS):
            for statement, _ in unit.index.imports:
                source = module.absolute(statement) if isinstance(statement, ast.ImportFrom) else ""
                for name in statement.names:
                    origin = source or name.name
                    is_own = module.imported(origin) is not None
                    if is_own or any(f"{origin}.".startswith(package) for package in library.packages):
                        found.add((name.asname or name.name).partition(".")[0])
        return frozenset(found)

    def _is_used(self, words: frozenset[str]) -> bool:
        """Whether one of the words stands in code that runs when the file is read, or a function that may have to do
        with them is named there.
        """
        words |= self._functions(words)
        for unit in self.module.units:
            if unit.names_any(words) and not all(isinstance(statement, _APART) for statement in unit.body):
                return True
        return False

    def _functions(self, words: frozenset[str]) -> frozenset[str]:
        """The names of the file's own functions and classes that may give values of the library."""
        module = self.module
        found: set[str] = set()
        for unit in module.units:
            if unit.names_any(words):
                found.update(node.name for node, _ in unit.index.definitions)
        return frozenset(found)

    def _of_function(self, function: Function) -> Found[T] | None:
        read = read_function(function.module, function, self.library, self.handed)
        if not read.operations:
            return None
        arguments = function.node.args
        parameters = tuple(each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs))
        scope = FrameScope(
            self.library.name,
            function.name,
            read.operations,
            self.version,
            parameters,
            read.escaped,
            settings=self.settings,
            handler=function.node in self.handed,
        )
        return Found(scope, self.beside(function, scope))

    def _top_level(self) -> Found[T] | None:
        body = [statement for statement in self.module.body if not isinstance(statement, _APART)]
        tag = ("frames: top", self.tag, self.version, self.settings)
        return self.module.memo(tag, body, partial(self._of_top_level, body))

    def _of_top_level(self, body: list[ast.stmt]) -> Found[T] | None:
        read = read_top_level(self.module, body, self.library, self.handed)
        if not read.operations:
            return None
        name, prefix = self.library.name, self.module.prefix
        scope = FrameScope(name, prefix, read.operations, self.version, (), read.escaped, True, self.settings)
        return Found(scope, self.beside(None, scope))


_ALIASES = {"pandas": ("pd",), "polars": ("pl",)}
"""What a library is called in texts that do not import it."""


_APART = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)


def nothing_beside(function: Function | None, scope: FrameScope) -> None:
    """For systems that say nothing of a scope but its operations."""
