"""What one walk over a unit's tree finds: calls, bindings, changes of objects, definitions, edges."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipesense.model.making import quick_to_make

if TYPE_CHECKING:
    from pipesense.lang.python.syntax import ParsedUnit

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
ComprehensionNode = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp

FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)
COMPREHENSIONS: Final = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
SCOPES: Final = (*FUNCTIONS, ast.ClassDef, ast.Lambda, *COMPREHENSIONS)
LOOPS: Final = (ast.For, ast.AsyncFor, ast.While)
_CONDITIONS: Final = (ast.If, ast.IfExp, ast.Try, ast.Match, *LOOPS)

ORPHAN: Final = "orphan"
"""The part of a Place whose header cannot be read."""


class Place:
    """Where a node stands inside its file: the enclosing construct and which part of it.

    ``node`` is the innermost enclosing statement or expression that decides when or in which scope code runs
    (function, class, lambda, comprehension, with, for, while, if, try, match), None at the unit's own level.
    ``part`` is "body", "orelse", "handler0", "case0" ... Decorators, default values, with-items and loop
    iterables stand at the place of the statement they belong to, as they run there. The root place of a child
    unit gets its header as ``parent`` when a Module is linked.
    """

    __slots__ = ("node", "parent", "part", "unit")

    def __init__(self, unit: ParsedUnit, node: ast.AST | None, part: str, parent: Place | None) -> None:
        self.unit = unit
        self.node = node
        self.part = part
        self.parent = parent

    def outward(self) -> Iterator[Place]:
        """This place and every place around it, innermost first."""
        at: Place | None = self
        while at is not None:
            yield at
            at = at.parent

    @property
    def scope(self) -> ast.AST | None:
        """The innermost function, class, lambda or comprehension around, None for the module."""
        inner = self.scope_place
        return inner.node if inner is not None else None

    @property
    def scope_place(self) -> Place | None:
        """The place of that function, class, lambda or comprehension's body."""
        at: Place | None = self
        while at is not None and not isinstance(at.node, SCOPES):
            at = at.parent
        return at

    def conditions(self) -> Iterator[Place]:
        """Places up to the scope's own level that decide whether the code here runs."""
        at: Place | None = self
        while at is not None and not isinstance(at.node, SCOPES):
            if isinstance(at.node, _CONDITIONS):
                yield at
            at = at.parent

    @property
    def is_orphan(self) -> bool:
        at: Place | None = self
        while at is not None:
            if at.part == ORPHAN:
                return True
            at = at.parent
        return False


@quick_to_make
@dataclass(frozen=True, slots=True, eq=False)
class CallSite:
    """A call: ``callee`` is its dotted text as written ("Variable.get"), "" where it is no dotted name."""

    node: ast.Call
    callee: str
    place: Place


@dataclass(frozen=True, slots=True, eq=False)
class ShiftSite:
    """An expression statement built with ``>>`` or ``<<`` (the outermost operation)."""

    node: ast.BinOp
    statement: ast.stmt
    place: Place


@quick_to_make
@dataclass(frozen=True, slots=True, eq=False)
class Binding:
    """A name gets a meaning.

    ``kind``: "assign" (``value`` is exactly what the name gets), "with" (``value`` is the context expression),
    "import", "from" (``node`` is the alias), "function", "class", "parameter", and "other" for whatever gives a
    value nobody follows (loops, unpacking, ``del``, ``except ... as``, patterns); ``why`` then says which.
    ``statement`` is the statement that binds.
    """

    name: str
    kind: str
    node: ast.AST
    statement: ast.AST
    value: ast.expr | None
    place: Place
    why: str = ""


@quick_to_make
@dataclass(frozen=True, slots=True, eq=False)
class Mutation:
    """The object behind a name is changed, not the name.

    ``kind``: "item" (``name[key] = value``; ``key`` is the subscript), "merge" (``|=``, ``.update``: ``value`` or the
    call's arguments), "nested" (something inside an entry), "attribute" (``name.attr = value``), "escape" (given to a
    call whose result nobody uses), "other" (``pop``, ``del name[k]`` ...).
    """

    name: str
    kind: str
    node: ast.AST
    key: ast.expr | None
    value: ast.expr | None
    place: Place


@dataclass(slots=True, init=False)
class UnitIndex:
    """The findings of the walk. Scope keys are nodes of this unit, None for the unit's own level."""

    calls: list[CallSite]
    shifts: list[ShiftSite]
    bindings: dict[ast.AST | None, dict[str, list[Binding]]]
    mutations: dict[str, list[Mutation]]
    aliases: dict[str, list[Binding]]
    """Plain copies of a reference, ``other = name``, by ``name``."""
    imports: list[tuple[ast.Import | ast.ImportFrom, Place]]
    definitions: list[tuple[FunctionNode | ast.ClassDef, Place]]
    returns: dict[ast.AST | None, list[ast.Return]]
    generators: set[ast.AST | None]
    raises: list[Place]
    duration_attributes: list[tuple[ast.Attribute, Place]]
    global_names: set[str]
    places: list[Place]
    """The places inside constructs of the unit."""
    mentions: frozenset[str]
    """Every name that the unit binds or changes, in any scope.

    "*" stands for a star import, which may bind anything; IMPORTS for any import. A unit that cannot be read mentions
    every name in its text.
    """

    def __init__(self, mentions: frozenset[str] = frozenset()) -> None:
        # One for every statement of a file: to ask of each field what it starts with takes three times as long.
        self.calls, self.shifts, self.imports = [], [], []
        self.definitions, self.raises, self.duration_attributes, self.places = [], [], [], []
        self.bindings, self.mutations, self.aliases, self.returns = {}, {}, {}, {}
        self.generators, self.global_names = set(), set()
        self.mentions = mentions


DURATION_WORDS: Final = frozenset(
    {
        *("hours", "minutes", "weeks", "months", "years", "hour", "minute", "second", "day"),
        *("total_hours", "total_minutes", "total_days", "in_hours", "in_minutes", "in_seconds", "in_days"),
        *("milliseconds", "total_milliseconds"),
    }
)
"""Attributes that people look for on a ``datetime.timedelta`` and that it does not have."""

IMPORTS: Final = "import"
"""Stands among a unit's ``mentions`` when it imports anything; a keyword, so never a name."""


def dotted(node: ast.AST) -> str:
    """The dotted text of a name or attribute chain, "" for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    parts.append(node.id)
    parts.reverse()
    return ".".join(parts)


def root_name(node: ast.AST) -> str:
    """The name at the bottom of attributes and subscripts (``a`` of ``a.b["c"].d``), "" where there is none."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
