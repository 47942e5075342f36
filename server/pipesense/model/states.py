"""State machines and workflows: steps that name the one that comes next, and what they do when one fails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pipesense.model.flow import Pipeline
from pipesense.model.making import quick_to_make
from pipesense.model.value import Absent, Unknown, Value
from pipesense.model.where import Loc

_UNSET: Final[Absent[int]] = Absent(Unknown("the service has its own"))


@quick_to_make
@dataclass(frozen=True, slots=True)
class Jump:
    """A place that names the state to go on with; ``field`` as it is written ("Next", "Default", "StartAt", "next").

    ``loc`` is the name without its quotes. ``sure``: nothing is filled in later, so the name is the whole name.
    """

    field: str
    name: str
    loc: Loc
    sure: bool = True


@quick_to_make
@dataclass(frozen=True, slots=True)
class Handler:
    """One entry of the list that says what is done about which errors: tried again, or gone on elsewhere.

    ``loc`` is the list of errors, ``whole`` the entry, ``list`` all entries of the same kind, ``position`` among them.
    """

    errors: tuple[str, ...]
    loc: Loc
    whole: Loc
    list: Loc
    position: int
    count: int
    jump: Jump | None = None
    """Where a catcher goes on."""
    attempts: Value[int] = Unknown("it does not repeat")
    """How often a retrier repeats."""
    jitter: bool = True
    """Whether the pauses are spread at random, or nobody can tell."""
    keeps_input: bool = True
    """Whether a catcher hands on what the failed state was given, or nobody can tell."""


@quick_to_make
@dataclass(frozen=True, slots=True)
class State:
    """One state of a machine, or one step of a workflow. ``loc`` is its name without quotes."""

    name: str
    loc: Loc
    whole: Loc
    kind: str
    jumps: tuple[Jump, ...]
    retriers: tuple[Handler, ...] = ()
    catchers: tuple[Handler, ...] = ()
    timeout: Value[int] = _UNSET
    """Seconds."""
    heartbeat: Value[int] = _UNSET
    """Seconds within which a long task has to say that it is alive."""
    handled: bool = True
    """Whether something around it goes on where it fails, or nobody can tell."""
    ends: bool = True
    """Whether it says where the run goes on or that it ends here, or nobody can tell."""
    works: bool = False
    """Whether it asks another service to do something."""

    @property
    def handlers(self) -> tuple[Handler, ...]:
        """Retriers and catchers."""
        return (*self.retriers, *self.catchers)


@dataclass(frozen=True, slots=True)
class StateGraph:
    """States that may name each other: those of a machine, of one branch, or of one subworkflow.

    ``opened``: why there may be states or jumps that are not seen; then none is called missing or unreachable.
    ``sequential``: what names no next state goes on with the one behind it.
    """

    loc: Loc
    whole: Loc
    start: Jump | None
    states: tuple[State, ...]
    sequential: bool = False
    opened: Unknown | None = None

    def state(self, name: str) -> State | None:
        """The state of that name."""
        return next((each for each in self.states if each.name == name), None)

    def jumps(self) -> tuple[Jump, ...]:
        """Every place that names a state."""
        own = tuple(jump for state in self.states for jump in state.jumps)
        return own if self.start is None else (self.start, *own)


@dataclass(frozen=True, slots=True)
class StateMachine:
    """A machine or workflow with all its graphs, the outermost first; ``word`` is what people call its parts."""

    pipeline: Pipeline
    graphs: tuple[StateGraph, ...]
    word: str
    paths: bool = False
    """Whether states pass data on by JSONPath, so that what a catcher gets takes the place of its input."""


@dataclass(frozen=True, slots=True)
class TornMachine:
    """What can be told of a machine whose text could not be read to its end: names for who types, nothing to judge."""

    machine: StateMachine


@dataclass(frozen=True, slots=True)
class StepCall:
    """A call that a step makes; ``method`` as it is written ("http.post")."""

    method: str
    loc: Loc
    step: str
    harmless: bool
    """It may arrive twice, by its method or by a key that it carries, or nobody can tell."""


@dataclass(frozen=True, slots=True)
class StepRetry:
    """How the calls of a block are repeated. ``policy`` is a policy's name, "" for one of one's own.

    ``missing``: what a retry of one's own does not say though it must.
    """

    loc: Loc
    policy: str
    missing: tuple[str, ...]
    calls: tuple[StepCall, ...]
    own: bool = False
    """It is spelled out here; ``policy`` is the name of its predicate then."""
