"""Facts about ordinary code that several systems share."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from pipesense.model.data import Access, QualityCheck
from pipesense.model.flow import Effect, EmbeddedRun
from pipesense.model.making import quick_to_make
from pipesense.model.value import Version
from pipesense.model.where import Loc

if TYPE_CHECKING:
    from pipesense.model.change import Replace


@dataclass(frozen=True, slots=True)
class TimedeltaAttribute:
    """A duration is asked for an attribute that it does not have (``(a - b).hours``).

    ``whole`` is the expression with the attribute, ``attribute_loc`` the dot and the attribute alone.
    """

    attribute: str
    loc: Loc
    whole: Loc
    attribute_loc: Loc
    receiver: str
    """The expression before the dot, as written."""
    needs_parentheses: bool = False
    """The expression stands where a division would bind otherwise (``d.hours ** 2``)."""


@dataclass(frozen=True, slots=True)
class CallAtParse:
    """A call that does input or output runs while a scheduler parses the file.

    ``what`` is the resolved callable ("airflow.models.Variable.get"), ``effect`` what it touches in words
    ("asks the metadata database"). ``template`` is a text that says the same at run time, where there is one,
    and ``whole`` the range it would replace.
    """

    what: str
    written: str
    effect: str
    loc: Loc
    template: str | None = None
    via: tuple[str, ...] = ()
    """The functions through which the file's own top level reaches the call, outermost first."""
    again: tuple[CallAtParse, ...] = ()
    """The same call elsewhere in the file: one cause, however often it is written."""


@dataclass(frozen=True, slots=True)
class HeavyImport:
    """A large library is imported while a scheduler parses the file, and only functions that run later use it.

    ``functions`` are their dotted paths in the file. ``edits`` import it in each of them; none where there is no
    place for it.
    """

    package: str
    loc: Loc
    functions: tuple[str, ...]
    edits: tuple[Replace, ...] = ()


class ApiChange(Enum):
    """What became of an old spelling."""

    REMOVED = "was removed"
    MOVED = "moved"
    IGNORED = "is ignored"
    RAISES = "raises an error"
    NO_OP = "does nothing"
    NEEDLESS = "is not needed any more"


@quick_to_make
@dataclass(frozen=True, slots=True)
class ObsoleteUse:
    """A name, module or argument is used that its system gave up.

    ``since`` is the first version (of ``package``) in which the change holds, () where it always did, as far as
    anybody looked; ``target`` is the version this file runs on. ``instead`` is the new spelling in words; what a fix
    writes is the system's business (``fix`` names it there, with ``fix_site`` as its place).
    """

    system: str
    what: str
    loc: Loc
    change: ApiChange
    since: tuple[int, ...]
    package: str
    target: Version
    instead: str
    fix: str | None = None
    guarded: bool = False
    """Stands in a branch that another version takes (``try: new import / except ImportError: old``)."""


@dataclass(frozen=True, slots=True)
class ScopeEffects:
    """What the code of one function or module body touches, calls of the workspace's own functions included.

    ``opened`` is True where the body also calls code that nobody here can read.
    """

    scope: str
    effects: frozenset[Effect]
    opened: bool
    raises: bool
    """Fails on purpose (``raise``, ``assert``), as a check does."""
    reached: tuple[str, ...] = ()
    """The scopes whose code runs: this one and the workspace's functions that it calls, in the order of the calls."""
    bare: frozenset[Effect] = frozenset()
    """Of ``effects``, what is touched where no code, for all that is known, repeats a failed attempt."""
    once: frozenset[str] = frozenset()
    """Of ``reached``, the scopes that run on some way on which no code repeats them."""


@dataclass(frozen=True, slots=True)
class ScopeCode:
    """What the calls of data systems in one scope's own code read, write and check.

    ``scope`` is the qualified name of a function, or of the module where the calls stand at its top level; what
    the functions do that it calls belongs to their own scopes. Composition adds it to the tasks that run the scope.
    ``scripts`` is the SQL that it runs, in the order of the calls; what that touches is added to ``accesses`` for the
    other files that read this.
    """

    scope: str
    accesses: tuple[Access, ...] = ()
    effects: frozenset[Effect] = frozenset()
    checks: tuple[QualityCheck, ...] = ()
    scripts: tuple[EmbeddedRun, ...] = ()


@dataclass(frozen=True, slots=True)
class UnrunJob:
    """A job is defined, and nothing in its file runs it. ``why`` says what that means, ``remedy`` what to call.

    ``importable`` is the name by which another file may run it, "" where none could. ``certain``: the system does
    nothing at all with a job that nobody runs. ``edits`` run it.
    """

    system: str
    loc: Loc
    name: str
    why: str
    remedy: str
    importable: str = ""
    certain: bool = False
    edits: tuple[Replace, ...] = ()


@quick_to_make
@dataclass(frozen=True, slots=True)
class PatternSite:
    """A place in the code that stands for a pattern worth explaining (``retries=``, ``catchup=``).

    ``pattern`` is the page's name under patterns/, ``note`` one sentence about this very place.
    """

    pattern: str
    loc: Loc
    note: str = ""
