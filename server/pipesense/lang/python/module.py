"""A Python file, linked from its units: names, constants, dictionaries and scopes.

A Module is rebuilt at every link and is cheap: nothing is computed before somebody asks. Positions are Locs.
Everything a Module cannot tell is said so (``()``, Unknown, an open dictionary), never guessed.

Its methods also take nodes of other workspace files that an answer led to; they are read there, and what was
read is recorded here.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from operator import attrgetter
from typing import Final, TypeVar

from pipesense.lang.python import constants, dicts, functions, names
from pipesense.lang.python.answers import Answers, alone, once
from pipesense.lang.python.constants import Moment
from pipesense.lang.python.dicts import AbstractDict, Entry
from pipesense.lang.python.functions import Function
from pipesense.lang.python.index import IMPORTS, Binding, CallSite, FunctionNode, Mutation, Place, ShiftSite
from pipesense.lang.python.link import LinkMemo, ReadKey, Recorder, Recording
from pipesense.lang.python.scopes import Scope, Scopes
from pipesense.lang.python.syntax import HEADERS, NOWHERE, ParsedUnit, parsed_of, place_of
from pipesense.lang.python.table import NameTable
from pipesense.lang.python.tree import UnitTree, inside
from pipesense.model.value import Known, Unknown, Value
from pipesense.model.where import Loc

__all__ = ["AbstractDict", "Entry", "Function", "FunctionNode", "LinkMemo", "Module", "Moment", "ReadKey", "Scope"]

T = TypeVar("T")
N = TypeVar("N", bound=ast.AST)

_CALLS: Final = attrgetter("index.calls")
_CYCLIC: Final[Value[object]] = Unknown("it refers to itself")


class Module:
    """One linked file.

    Args:
        path: the file, as in Loc.
        name: its dotted module name, None where it has none.
        units: its parsed units in the order of the file. The Module owns their trees: it puts children's
            statements into the bodies of their headers.
        imported: gives the Module of another workspace file by dotted name, or None.
        memo: results of earlier links of this file.
        package: the file is an ``__init__.py`` (relative imports count from itself).

    Attributes:
        body: top-level statements; a header's statement holds its children's statements as its body.
        orphans: statements of child units whose header cannot be read: in no scope, not in ``body``.
        broken: some unit could not be read, so names may be bound that nobody sees.
        keeps: a later link may use what this one works out; otherwise the whole file is read once, and that is all.
        reads: what was asked of other files, misses included.
    """

    def __init__(
        self,
        path: str,
        name: str | None,
        units: Sequence[ParsedUnit],
        imported: Callable[[str], Module | None] | None = None,
        memo: LinkMemo | None = None,
        *,
        package: bool = False,
    ) -> None:
        self.path = path
        self.name = name
        self.units = units
        self.package = package
        self.reads: set[ReadKey] = set()
        self._imported = imported
        self._memo = memo if memo is not None else LinkMemo()
        self.keeps = self._memo.keeps
        self._scopes = Scopes()
        self._recorders: list[Recorder] = []
        self._answers = Answers(self._memo, self._recorders)
        self._meant: dict[int, tuple[str, int] | int] = {}
        """What an expression shares with all that mean the same, by its number."""
        self._foreign: dict[str, Module | None] = {}
        self._foreign_digests: dict[ReadKey, int] = {}
        self._askers: list[Module] = []
        self._roots: list[Module] = []
        self._self = self._memo.owner
        self._self.claim(self, units)
        self.tree: UnitTree = UnitTree(units, self._memo.last.tree if self._memo.last is not None else None)
        self.body = self.tree.body
        self.orphans = self.tree.orphans
        self.broken = self.tree.broken
        self.table = NameTable(units, self.tree)
        last, change = self._memo.begin(self)
        if last is not None and change is not None:
            self.table.take_over(last.table, self.tree.order, change)
            last._answers.given.clear()  # they know the Module, which would wait for the collector

    def _claim(self) -> None:
        """Make nodes of this file say that they belong here; other Modules may have been linked from its units."""
        if self.units and self.units[0].owner is not self._self:
            self._self.claim(self, self.units)

    # places

    def loc(self, node: ast.AST) -> Loc:
        """Where a node stands."""
        known: Loc | None = getattr(node, "_loc", None)
        if known is None:
            unit = parsed_of(node)
            path = self.path if unit.owner is self._self else self._owner(node).path
            known = Loc(path, unit.unit, unit.span_of(node))
            node._loc = known  # type: ignore[attr-defined]
        return known

    def text_of(self, node: ast.AST) -> str:
        """The characters of a node, as written; for a header, without its children."""
        unit = parsed_of(node)
        return unit.span_of(node).of(unit.text)

    def whole_text(self, node: ast.AST) -> str:
        """The characters of a node with all it contains: of a header also its children, as far as they can be read."""
        unit, owner = parsed_of(node), self._owner(node)
        children = owner.tree.inside(unit) if unit.body and unit.body[0] is node else ()
        return "\n".join((self.text_of(node), *(each.text for each in children)))

    def path_of(self, node: ast.AST) -> str:
        """The file that a node stands in."""
        return self._owner(node).path

    def _owner(self, node: ast.AST) -> Module:
        """The Module that a node belongs to."""
        owner = node._place.unit.owner  # type: ignore[attr-defined]
        return (owner.module() if owner is not None else None) or self

    def order_of(self, unit: ParsedUnit) -> int:
        """The number of a unit in the order of the file."""
        return self.tree.order.get(unit, -1)

    def units_of(self, nodes: Sequence[ast.AST]) -> tuple[ParsedUnit, ...]:
        """The units that hold nodes and all they contain: headers with their children, children with their headers."""
        found: dict[ParsedUnit, None] = {}
        leaf: ParsedUnit | None = None
        for node in nodes:
            unit = parsed_of(node)
            if unit is leaf or unit not in self.tree:
                continue
            leaf = unit if unit.inside is None else None
            found[unit] = None
            found.update(dict.fromkeys(self.tree.around(unit)))
            if node in unit.body:  # what stands in the head of a statement does not hold its body
                found.update(dict.fromkeys(self.tree.inside(unit)))
        return tuple(found)

    def scope_of(self, node: ast.AST) -> Scope:
        """The scope in which a node is evaluated (for a ``def``: the scope that holds the name)."""
        return self._scopes.at(place_of(node))

    def inner_scope(self, node: FunctionNode | ast.ClassDef | ast.Lambda) -> Scope:
        """The scope that a function, class or lambda makes."""
        return self._scopes.at(Place(parsed_of(node), node, "body", place_of(node)))

    def enclosing(self, node: ast.AST) -> tuple[ast.AST, ...]:
        """Constructs around a node, innermost first: functions, classes, lambdas, with, for, if, try."""
        return tuple(place.node for place in place_of(node).outward() if place.node is not None)

    # contents

    def calls(self) -> Iterator[CallSite]:
        """Every call in module order (orphans left out)."""
        self._note_everything()
        for unit in self.units:
            if not self.tree.is_orphan(unit):
                yield from unit.index.calls

    def is_divided(self, statement: ast.stmt) -> bool:
        """Whether the statements of its body are units of their own."""
        return bool(self._owner(statement).tree.children(parsed_of(statement)))

    def is_header(self, node: ast.AST) -> bool:
        """Whether a node is a statement of which the body may be units of their own."""
        unit = parsed_of(node)
        return unit.kind in HEADERS and unit.body[0] is node

    def calls_under(self, node: ast.AST) -> Sequence[CallSite]:
        """The calls inside a node, header children and nested functions included."""
        unit = parsed_of(node)
        calls = unit.index.calls
        if len(unit.body) == 1 and unit.body[0] is node:
            if unit.inside is None:
                return calls
            inside = self._owner(node).tree.inside(unit)
            return calls if not inside else [*calls, *chain.from_iterable(map(_CALLS, inside))]
        start, end = unit.span_of(node)
        spans = ((site, unit.span_of(site.node)) for site in calls)
        return [site for site, span in spans if start <= span.start and span.end <= end]

    def shifts(self) -> Iterator[ShiftSite]:
        """Every expression statement with ``>>`` or ``<<``, in module order."""
        self._note_everything()
        for unit in self.units:
            if not self.tree.is_orphan(unit):
                yield from unit.index.shifts

    @property
    def functions(self) -> Mapping[str, FunctionNode]:
        """Function definitions by dotted path; the last definition of a path wins."""
        self._note_everything()
        return self.table.functions

    def function_at(self, path: str) -> FunctionNode | None:
        """The function definition at a dotted path; the caller notes the path's first name."""
        return self.table.function_at(path)

    def imports(self) -> frozenset[str]:
        """The modules that import statements of the file name, and the names taken from them ("airflow.sdk.DAG")."""
        return self.memo("imports", (), self._read_imports)

    def _read_imports(self) -> frozenset[str]:
        self.note(IMPORTS)
        found: set[str] = set()
        for unit in self.table.mentions(IMPORTS):
            for statement, _ in unit.index.imports:
                if isinstance(statement, ast.Import):
                    found.update(alias.name for alias in statement.names)
                elif source := self.absolute(statement):
                    found.add(source)
                    found.update(f"{source}.{alias.name}" for alias in statement.names if alias.name != "*")
        return frozenset(found)

    # names

    @property
    def prefix(self) -> str:
        """The first part of the qualified names of this file's own definitions."""
        return self.name or "__main__"

    @property
    def end_place(self) -> Place:
        """The module's own level, for what is true after all of it has run."""
        return self.units[-1].root if self.units and self.units[-1].kind == "statement" else NOWHERE

    def is_own(self, qualified: str) -> bool:
        """Whether a qualified name is defined in this file."""
        return qualified.startswith(self.prefix + ".")

    def absolute(self, statement: ast.ImportFrom) -> str:
        """The absolute name of the module that a ``from`` import names, "" where it cannot be told."""
        if not statement.level:
            return statement.module or ""
        if self.name is None:
            return ""
        parts = self.name.split(".")
        up = statement.level - (1 if self.package else 0)
        if up > len(parts):
            return ""
        kept = parts[: len(parts) - up]
        return ".".join([*kept, *([statement.module] if statement.module else [])])

    def changes(self, name: str) -> list[Mutation]:
        """Changes of the object behind ``name``, in every scope of the file, in order."""
        self.note(name)
        return self.table.changes(name)

    def returned(self, function: ast.AST) -> list[ast.expr | None]:
        """What the ``return`` statements of a function give; empty for generators and where there are none."""
        owner = self._owner(function)
        unit = parsed_of(function)
        found = list(unit.index.returns.get(function, ()))
        generator = function in unit.index.generators
        for child in owner.tree.own_code(unit) if unit.body[0] is function else ():
            found += child.index.returns.get(None, ())
            generator = generator or None in child.index.generators
        return [] if generator else [statement.value for statement in found]

    # resolution

    def qualified(self, expr: ast.expr) -> tuple[str, ...]:
        """All fully qualified names an expression may stand for, () for unknown.

        Follows import aliases, attributes, simple re-binding, both branches of conditions and of
        ``try/except ImportError``, and re-exports through workspace files. A definition of this file
        is ``<module name>.<path>`` ("__main__" where the module has no name), an unbound builtin
        ``builtins.open``. The result of a call is the callee with "()": ``boto3.client().put_object``.
        """
        return self.answer("qualified", expr, names.qualified, (), anywhere=True)

    def value(self, expr: ast.expr) -> Value[object]:
        """The constant value: str, bytes, int, float, bool, None, timedelta, Moment, or a tuple of such.

        Known only where all possibilities agree; never Absent. ``loc`` is where the constant is written.
        """
        if isinstance(expr, ast.Constant):
            return Known(expr.value, self.loc(expr))
        return self.answer("value", expr, constants.value, _CYCLIC, anywhere=not self.keeps)

    def dictionary(self, expr: ast.expr) -> AbstractDict:
        """The dictionary an expression stands for, changes between its making and this use included."""
        return self.answer("dictionary", expr, dicts.dictionary, AbstractDict({}, Unknown("it refers to itself")))

    def callables(self, expr: ast.expr) -> tuple[Function, ...]:
        """The workspace functions a callable expression may mean: names, imports, lambdas, ``functools.partial``."""
        return self.answer("callables", expr, functions.callables, (), anywhere=True)

    def bindings_of(self, expr: ast.expr) -> tuple[Binding, ...]:
        """The bindings of a name that may reach the place where it stands; () where the file has none."""
        return self.answer("bindings", expr, names.bindings_of, ())

    def definition(self, expr: ast.expr) -> tuple[ast.AST, ...]:
        """What a name may be bound to in its file: values, context expressions, definitions, import aliases."""
        return tuple(binding.value if binding.value is not None else binding.node for binding in self.bindings_of(expr))

    def locate(self, qualified: str) -> Function | None:
        """The workspace function of a qualified name."""
        return functions.locate(self, qualified)

    def callees(self, function: Function | None) -> tuple[tuple[CallSite, Function], ...]:
        """Calls in a function's own body (None: the module's top level) that reach workspace functions."""
        return functions.callees(self, function)

    def answer(
        self,
        kind: str,
        expr: ast.expr,
        compute: Callable[[Module, ast.expr], T],
        cyclic: T,
        may_last: Callable[[T], bool] | None = None,
        *,
        anywhere: bool = False,
    ) -> T:
        """An answer about an expression, given by the file it stands in.

        The next link may take it over if ``may_last`` says so: an answer that holds no Module and no nodes.
        ``anywhere``: it hangs on what the names mean, not on where they stand.
        """
        if expr._place.unit.owner is not self._self:  # type: ignore[attr-defined]
            owner = self._owner(expr)
            if owner is not self:
                return self.ask(owner, lambda: owner.answer(kind, expr, compute, cyclic, may_last, anywhere=anywhere))
        where: tuple[str, int] | int = id(expr)
        if anywhere and not self._askers:
            # Of one callee is asked what it is, what it may call and what it touches.
            where = self._meant.get(id(expr)) or self._meant.setdefault(id(expr), names.meaning(self, expr) or where)
        key = kind, where
        if self.keeps:
            return once(self, self._answers, key, partial(compute, self, expr), cyclic, expr, may_last)
        known = self._answers.given.get(key)
        return alone(self, self._answers, key, compute, expr, cyclic) if known is None else known[1]  # type: ignore[return-value]

    def answer_about(self, kind: str, name: str, compute: Callable[[Module, str], T], cyclic: T) -> T:
        """An answer about a top-level name, computed once; ``cyclic`` where it leads back to itself."""
        return once(self, self._answers, (kind, name), lambda: compute(self, name), cyclic)

    # other files

    def imported(self, name: str) -> Module | None:
        """Another workspace file by dotted module name; the question is recorded in ``reads``."""
        if name == self.name:
            return self
        if name not in self._foreign:
            self._foreign[name] = self._imported(name) if self._imported is not None else None
        self._note_foreign(("python", name, ""))
        return self._foreign[name]

    def ask(self, other: Module, question: Callable[[], T]) -> T:
        """Ask another file on behalf of this one: every name it looks up is a read of this file."""
        if other is self:
            return question()
        other._claim()
        depth, other._answers.depth = other._answers.depth, self._answers.depth
        other._roots.append(self._roots[-1] if self._roots else self)
        other._askers.append(self)
        try:
            return question()
        finally:
            other._askers.pop()
            other._roots.pop()
            other._answers.depth = depth
            self._claim()

    def exports(self) -> Mapping[str, int]:
        """A digest per name of the file, equal as long as nothing that the name means here can have changed."""
        return self.table.digests()

    def foreign_module(self, source: str) -> Module | None:
        """Another file by its dotted module name; while it is the same object, its names mean the same."""
        if source not in self._foreign:
            self._foreign[source] = self._imported(source) if self._imported is not None else None
        return self._foreign[source]

    def foreign_modules(self, sources: Iterable[str]) -> dict[str, Module | None]:
        """Several of them, by their names; asked for dozens at every link, so by no loop of Python's own."""
        wanted = tuple(sources)
        if self._imported is not None:
            self._foreign.update(zip(wanted, map(self._imported, wanted), strict=True))
            return dict(zip(wanted, map(self._foreign.__getitem__, wanted), strict=True))
        return dict.fromkeys(wanted)

    def foreign_digest(self, key: ReadKey) -> int:
        """What a recorded read stands for now, and in which file: 0 where the module or name is missing."""
        known = self._foreign_digests.get(key)
        if known is None:
            _, source, name = key
            other = self.foreign_module(source)
            digest = 0 if other is None else other.table.digest(name) if name else 1
            # Another file that says the same has its places elsewhere.
            known = hash((other.path, digest)) if other is not None and digest else 0
            self._foreign_digests[key] = known
        return known

    # recording

    def note(self, name: str, function: str = "") -> None:
        """Record that a name of this file was looked up; with ``function`` only what the code inside that one says."""
        noted = inside(function, name) if function else name
        if self._recorders:
            self._recorders[-1].names.add(noted)
        if self._askers and self.name is not None:
            self._askers[-1]._note_foreign(("python", self.name, name))

    def note_all(self, recorder: Recorder) -> None:
        """Record everything that an earlier computation asked."""
        if self._recorders:
            self._recorders[-1].include(recorder)
        if not self._askers:
            self.reads |= recorder.foreign
            return
        if self.name is not None:
            for name in recorder.names:
                self._askers[-1]._note_foreign(("python", self.name, name))
        for key in recorder.foreign:
            self._note_foreign(key)

    def _note_everything(self) -> None:
        if self._recorders:
            self._recorders[-1].everything = True

    def _note_foreign(self, key: ReadKey) -> None:
        at: Module | None = self
        seen: set[Module] = set()
        while at is not None and at not in seen:
            seen.add(at)
            at.reads.add(key)
            if at._recorders:
                at._recorders[-1].foreign.add(key)
            at = at._askers[-1] if at._askers else None

    def recording(self, recorder: Recorder) -> Recording:
        """Let a recorder see everything asked meanwhile."""
        return Recording(self._recorders, recorder)

    def memo(self, tag: Hashable, nodes: Sequence[ast.AST], compute: Callable[[], T]) -> T:
        """``compute()``, or its earlier result while the nodes' units and everything asked meanwhile are the same.

        ``compute`` may read the given nodes with all they contain, and may ask this Module anything.
        """
        return self._memo.get(self, tag, nodes, compute)

    def memo_each(self, tag: Hashable, nodes: Sequence[N], compute: Callable[[N], T]) -> list[T]:
        """``memo`` for each of many nodes by itself."""
        if not nodes:
            return []
        if self._recorders or self._askers:
            return [self.memo(tag, [node], partial(compute, node)) for node in nodes]
        return self._memo.each(self, tag, nodes, compute)
