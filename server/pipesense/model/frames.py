"""What code does with the values of data libraries: frames, columns, sessions, connections, queries."""

from __future__ import annotations

from dataclasses import dataclass

from pipesense.model.change import Replace
from pipesense.model.making import quick_to_make
from pipesense.model.value import Value, Version
from pipesense.model.where import Loc


@quick_to_make
@dataclass(frozen=True, slots=True)
class Given:
    """An argument of an operation.

    ``name`` is its keyword, "" for one given by position, "*" and "**" for a sequence or mapping that is unpacked.
    ``loc`` is the whole argument with its keyword. ``kind`` and ``made`` say what is known of a value of the library
    (a frame given to a join), as in FrameOperation. ``form`` is how it is written: "constant", "name", "call",
    "list", "dict", "lambda", "f-string", "operator" or "other".
    """

    name: str
    value: Value[object]
    loc: Loc
    value_loc: Loc
    form: str = "other"
    kind: str = ""
    traits: frozenset[str] = frozenset()
    made: tuple[Loc, ...] = ()
    entries: tuple[tuple[str, Value[object]], ...] = ()
    """The entries of a dictionary that is written here, where all keys are known."""
    columns: tuple[str, ...] = ()
    """The columns that a short expression names (``"a"``, ``F.col("a")``, ``df.a``), in order."""
    windowed: str = ""
    """The time column of a window that is made here (``F.window("ts", "1 hour")``), "" where it is none."""
    chooses: bool = False
    """It is a condition that compares for equality with a value that comes from outside, or with a date."""
    starts: str = ""
    """The characters with which a text surely starts, at most 200; "" where nobody can tell."""
    aggregate: bool = False
    """It makes one value of all rows (``F.max("a")``)."""


@dataclass(frozen=True, slots=True)
class Loop:
    """A ``for`` statement: all of it, its variable, what it runs over, and how many statements its body has.

    ``turns``: how many turns it takes at most, where the things that it runs over are written in the code; else 0.
    """

    whole: Loc
    target: Loc
    over: Loc
    statements: int
    turns: int = 0


@quick_to_make
@dataclass(frozen=True, slots=True)
class FrameOperation:
    """A call on a value of a data library, or of one of the library's own functions.

    ``kind`` is what the receiver is in the library's own terms ("frame", "series", "writer", "connection"), "" for a
    function of the library; ``name`` the method or function, or "getitem", "setitem" and "setattr" for what is no call.
    ``made`` are the operations that made the receiver (their ``loc``), so that a chain can be followed from variable
    to variable; ``traits`` what is known of the receiver ("streaming", "bounded", "cached"), ``result`` and
    ``result_traits`` the same of what the operation gives, "" where nobody can tell.
    """

    kind: str
    name: str
    given: tuple[Given, ...]
    loc: Loc
    name_loc: Loc
    receiver: Loc
    made: tuple[Loc, ...] = ()
    traits: frozenset[str] = frozenset()
    result: str = ""
    result_traits: frozenset[str] = frozenset()
    use: str = ""
    """What becomes of the result: "statement" (nothing), "assign", "iterate", "compare", "return", "argument",
    "chain" (the next operation takes it), "" for anything else."""
    detail: str = ""
    """For "compare" the rest of the comparison ("== 0"); for "assign" the name that is assigned."""
    use_loc: Loc | None = None
    """The whole statement or comparison that ``use`` speaks of."""
    root: str = ""
    """The variable at the bottom of the chain, "" where there is none."""
    loop: bool = False
    """Runs again and again in a loop or comprehension of its own scope."""
    conditional: bool = False
    """Whether it runs at all is decided in its own scope."""
    loop_of: Loop | None = None
    """The ``for`` statement around it, the innermost one."""

    def argument(self, name: str, position: int | None = None) -> Given | None:
        """An argument by keyword, or by its position among those without one."""
        for each in self.given:
            if each.name == name:
                return each
        if position is None:
            return None
        plain = [each for each in self.given if each.name in ("", "*")]
        if any(each.name == "*" for each in plain[: position + 1]) or position >= len(plain):
            return None
        return plain[position]

    @property
    def open(self) -> bool:
        """Whether arguments may be given that nobody sees (``*args``, ``**kwargs``)."""
        return any(each.name in ("*", "**") for each in self.given)


@dataclass(frozen=True, slots=True)
class FrameScope:
    """All operations of one library in one function, or at the top level of a file, in the order of the code.

    ``scope`` is the qualified name of the function, or of the module. ``escaped`` are the variables that leave the
    scope other than by an operation: returned, yielded, given to functions that nobody reads, kept in an object.
    """

    system: str
    scope: str
    operations: tuple[FrameOperation, ...]
    version: Version
    parameters: tuple[str, ...] = ()
    escaped: frozenset[str] = frozenset()
    top_level: bool = False
    settings: tuple[tuple[str, str], ...] = ()
    """Configuration keys that some call or text of the file sets ("spark.sql.ansi.enabled"), with their values where
    those are written beside them, else ""."""
    handler: bool = False
    """A stream hands its micro-batches to this function, and hands one over again after a failure."""


@dataclass(frozen=True, slots=True)
class RowFunction:
    """A function of Python that a distributed engine calls row by row, although it has one of its own for it.

    ``loc`` is what makes it such a function, ``body`` what it does, as written, ``instead`` the engine's function in
    words. ``parts`` and ``imports`` write that in its place, as in Rewrite; without parts nobody can.
    """

    system: str
    loc: Loc
    body: str
    instead: str
    parts: tuple[Replace, ...] = ()
    imports: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class TextCast:
    """A text is cast to another type by an engine that may refuse it.

    ``loc`` is the method, ``text`` what is cast, as written, ``to`` what it shall be, in words. ``lenient``: the file
    says that what does not fit becomes NULL.
    """

    system: str
    loc: Loc
    text: str
    to: str
    version: Version
    lenient: bool = False


@dataclass(frozen=True, slots=True)
class CheckedColumn:
    """What a schema demands of a column, each as a few words ("unique", "never missing", ">= 0")."""

    name: str
    demands: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FrameCheck:
    """A frame is held against a schema in code.

    ``loc`` is the method or decorator that does it, ``schema`` what it is called there, ``columns`` what is demanded
    as far as it can be read. ``outcome`` says what happens to rows that fail, as a clause. ``gates`` is False where
    nothing is raised, so that whatever follows goes on with the rows; None where nobody can tell.
    """

    system: str
    scope: str
    schema: str
    loc: Loc
    columns: tuple[CheckedColumn, ...]
    outcome: str
    gates: bool | None = True
    drops: bool = False
    """Rows that fail are left out of the result, and nothing in the scope looks at how many rows there are."""
