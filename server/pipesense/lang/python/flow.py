"""Values of libraries on their way through a function: what each expression gives, and which calls made it.

A library says what its functions give and what the operations on its values give (``Library``); this module follows
the values, one version per assignment, through branches, loops and ``with``. A receiver that nobody knows gives no
operation: ``Repo().collect()`` is not a data frame's. Each function is read once, from top to bottom, and a chain of
any length costs its own length.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from pipesense.lang.python.functions import Function
from pipesense.lang.python.module import Module
from pipesense.model.frames import FrameOperation, Given
from pipesense.model.where import Loc

DEEPEST: Final = 3
"""So many functions of the workspace are followed into one another for what they return."""

NO_TRAITS: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Made:
    """What an operation gives: the kind of value, in the library's own terms, and its traits."""

    kind: str
    traits: frozenset[str] = NO_TRAITS


@dataclass(frozen=True, slots=True)
class Flow:
    """A value: its kind, its traits, and the operations that made it (several where branches meet)."""

    kind: str
    traits: frozenset[str] = NO_TRAITS
    made: tuple[Loc, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One operation, for a library to judge: ``form`` is "call", "attribute", "item" or "operator"."""

    kind: str
    name: str
    form: str
    traits: frozenset[str] = NO_TRAITS
    given: tuple[Given, ...] = ()

    def argument(self, name: str, position: int | None = None) -> Given | None:
        """As FrameOperation.argument."""
        if position is not None:
            plain = [each for each in self.given if each.name == ""]
            if position < len(plain):
                return plain[position]
        return next((each for each in self.given if each.name == name), None)


@dataclass(frozen=True, slots=True)
class Library:
    """A library whose values are followed.

    ``packages`` are the beginnings of its functions' qualified names, each with its dot; ``function(name, step)``
    judges a call of one of them (``name`` without the package), ``operation(step)`` an operation on a value.
    ``objects`` are names that are values themselves, and classes: "pandas.DataFrame" both as an annotation and as
    a call. ``endings``: calls that give a value of the library whoever offers them (".toPandas()").
    """

    name: str
    packages: tuple[str, ...]
    objects: Mapping[str, str]
    function: Callable[[str, Step], Made | None]
    operation: Callable[[Step], Made | None]
    endings: Mapping[str, str] = field(default_factory=dict)
    silent: frozenset[str] = frozenset()
    """Kinds whose operations are followed and not told."""
    counts: frozenset[str] = frozenset()
    """Attributes by which code looks at a value, told as operations ("shape")."""
    quiet: tuple[str, ...] = ()
    """Beginnings of functions that are told only where they give something that is followed."""
    loose: Mapping[str, str] = field(default_factory=dict)
    """Names that mean one kind of value wherever nothing else says what they are: parameters without an annotation,
    and what the surroundings provide (``spark`` in a notebook)."""
    signs: Mapping[str, str] = field(default_factory=dict)
    """Methods that values of this library alone have: what they are called on, a parameter without an annotation, is of
    that kind. Only in files that import it."""
    alike: tuple[str, ...] = ()
    """Beginnings of packages whose values have methods of the same names: beside their imports signs mean nothing."""
    calls: frozenset[str] = frozenset()
    """Kinds whose values are called themselves, told as operations "__call__" (``Session()`` of a session maker)."""
    keeps_none: bool = False
    """What its own functions are given they only use, and hand to nobody."""
    whole_names: bool = False
    """``function`` is given qualified names with their package: the library is several packages."""

    def package_of(self, qualified: str) -> str | None:
        """The rest of a qualified name behind the package, None for another package."""
        for package in self.packages if qualified.startswith(self.packages) else ():
            if qualified.startswith(package):
                return qualified if self.whole_names else qualified[len(package) :]
        return None

    def only_uses(self, names: Iterable[str]) -> bool:
        """Whether a function that may be called one of these is the library's own, and keeps nothing."""
        return self.keeps_none and any(self.package_of(name) is not None for name in names)

    def named(self, qualified: str) -> Flow | None:
        """The value of a qualified name that came through other files: "pandas.read_csv().dropna()"."""
        if qualified in self.objects:
            return Flow(self.objects[qualified])
        rest = self.package_of(qualified)
        if rest is None:
            return None
        flow: Flow | None = None
        start = ""
        for word in _words(rest):
            called = word.endswith("()")
            bare = word.removesuffix("()")
            if flow is not None:
                made = self.operation(Step(flow.kind, bare, "call" if called else "attribute", flow.traits))
                flow = Flow(made.kind, made.traits) if made is not None else None
                if flow is None:
                    return None
                continue
            start = f"{start}.{bare}".lstrip(".")
            whole = qualified[: len(qualified) - len(rest)] + start
            if whole in self.objects:
                flow = Flow(self.objects[whole])
            elif called:
                made = self.function(start, Step("", start, "call"))
                if made is None:
                    return None
                flow = Flow(made.kind, made.traits)
        return flow


def _words(text: str) -> list[str]:
    return [word for word in text.split(".") if word]


@dataclass(frozen=True, slots=True)
class Read:
    """What one scope does with a library's values, and the value that it returns."""

    operations: tuple[FrameOperation, ...]
    returns: Flow | None
    escaped: frozenset[str]


def meet(flows: Iterable[Flow | None]) -> Flow | None:
    """The value where branches come together: None unless all branches have the same kind of value."""
    found: Flow | None = None
    for each in flows:
        if each is None:
            return None
        if found is None or found == each:
            found = each
        elif found.kind != each.kind:
            return None
        else:
            traits = found.traits & each.traits
            if found.traits != each.traits:
                # What is missing in one branch is not known to be missing.
                traits |= {"mixed"}
            found = Flow(found.kind, traits, tuple(dict.fromkeys((*found.made, *each.made))))
    return found


Handed = Mapping[ast.AST, Mapping[str, Flow]]
"""Values that parameters of certain functions are known to have (those that a stream hands its batches to)."""


def read_function(
    module: Module,
    function: Function,
    library: Library,
    handed: Handed,
    depth: int = 0,
    arguments: Mapping[str, Flow] | None = None,
) -> Read:
    """What a function of the workspace does with a library's values; ``arguments`` are those of one call of it."""
    owner = function.module
    node = function.node
    given = {**handed.get(node, {}), **(arguments or {})}
    tag = ("flow", library.name, depth, tuple(sorted((name, flow.kind, flow.traits) for name, flow in given.items())))
    compute = partial(_read_function, owner, function, library, handed, depth, given)
    if owner is module:
        return module.memo(tag, [node], compute)
    return module.ask(owner, compute)


def _read_function(
    module: Module, function: Function, library: Library, handed: Handed, depth: int, given: Mapping[str, Flow]
) -> Read:
    from pipesense.lang.python.flow_walk import Walk

    walk = Walk(module, library, handed, depth)
    walk.parameters(function.node, given)
    body = function.node.body
    if isinstance(body, list):
        walk.statements(body)
    else:
        walk.returns.append(walk.flow(body, "return"))
    return Read(tuple(walk.operations), meet(walk.returns) if walk.returns else None, frozenset(walk.escaped))


def read_top_level(module: Module, body: Sequence[ast.stmt], library: Library, handed: Handed) -> Read:
    """What statements of a file's top level do with a library's values."""
    from pipesense.lang.python.flow_walk import Walk

    walk = Walk(module, library, handed, 0)
    walk.statements(body)
    return Read(tuple(walk.operations), None, frozenset(walk.escaped))
