"""What a fix asks for, in model words. A system's ``write.py`` spells it in that system's own syntax."""

from __future__ import annotations

from dataclasses import dataclass

from pipesense.model.avro import GiveAvroDefault
from pipesense.model.broker import StreamClient
from pipesense.model.code import ObsoleteUse
from pipesense.model.dbt_change import DbtChange
from pipesense.model.failures import SwallowedFailure
from pipesense.model.flow import Pipeline, Task
from pipesense.model.quality import CheckPlan
from pipesense.model.states import Handler, State, StepRetry
from pipesense.model.where import Loc


@dataclass(frozen=True, slots=True)
class SetRetry:
    """Give tasks ``attempts`` retries with a growing pause that starts at ``delay_minutes``.

    A step that holds its run while it waits (Prefect, Dagster) starts with ``delay_seconds`` instead. With
    ``task`` None the whole pipeline's shared defaults are set, else that task alone.
    """

    pipeline: Pipeline
    task: Task | None
    attempts: int
    delay_minutes: int
    tasks: tuple[Task, ...] = ()
    """Where nothing is shared between tasks: those to set it at."""
    delay_seconds: int = 30


@dataclass(frozen=True, slots=True)
class SetRetryPause:
    """Let the pauses between the attempts of tasks that are repeated grow; how often they are repeated stays.

    All else as in SetRetry.
    """

    pipeline: Pipeline
    task: Task | None
    delay_minutes: int
    tasks: tuple[Task, ...] = ()
    delay_seconds: int = 30


@dataclass(frozen=True, slots=True)
class SetTimeout:
    """Let tasks fail after ``hours``; ``task`` as in SetRetry."""

    pipeline: Pipeline
    task: Task | None
    hours: int
    tasks: tuple[Task, ...] = ()
    """As in SetRetry."""


@dataclass(frozen=True, slots=True)
class WaitWithoutSlot:
    """Let a task that waits leave its worker to others meanwhile."""

    pipeline: Pipeline
    task: Task


@dataclass(frozen=True, slots=True)
class LimitMapped:
    """Let at most ``at_once`` of the tasks that a mapped task becomes run at once in one run."""

    pipeline: Pipeline
    task: Task
    at_once: int


@dataclass(frozen=True, slots=True)
class WaitFor:
    """Let a task of a pipeline start only behind others that it does not wait for yet."""

    pipeline: Pipeline
    task: Task
    others: tuple[Task, ...]


@dataclass(frozen=True, slots=True)
class LimitRuns:
    """Let at most ``at_once`` runs of a pipeline be under way at once."""

    pipeline: Pipeline
    at_once: int


@dataclass(frozen=True, slots=True)
class AddCheck:
    """Make the checks of ``plan`` after ``task``, which loads the table; in a script, on the frame before it is
    written. ``style`` is the package that the project checks frames with, "" where it has none yet.
    """

    pipeline: Pipeline
    task: Task
    plan: CheckPlan
    style: str = ""


@dataclass(frozen=True, slots=True)
class SetStartDate:
    """Replace a start date computed from the clock by a fixed one."""

    pipeline: Pipeline


@dataclass(frozen=True, slots=True)
class SpreadRetries:
    """Let the pauses between the attempts of some retriers differ at random."""

    system: str
    handlers: tuple[Handler, ...]


@dataclass(frozen=True, slots=True)
class KeepInput:
    """Let what some catchers go on with keep the failed state's input beside the error."""

    system: str
    handlers: tuple[Handler, ...]


@dataclass(frozen=True, slots=True)
class CatchFailures:
    """Let some states go on with the state ``to`` where they fail."""

    system: str
    states: tuple[State, ...]
    to: str
    keep_input: bool


@dataclass(frozen=True, slots=True)
class HandleAllLast:
    """Write the handler of all errors the one way that is allowed: alone, and behind every other one."""

    system: str
    handler: Handler


@dataclass(frozen=True, slots=True)
class CompleteRetry:
    """Add what a retry of one's own lacks."""

    system: str
    retry: StepRetry


@dataclass(frozen=True, slots=True)
class RaiseAgain:
    """Let a failure that is only noted end the run."""

    system: str
    failure: SwallowedFailure


@dataclass(frozen=True, slots=True)
class UseRetryPolicy:
    """Repeat some calls by another policy, by its name."""

    system: str
    retry: StepRetry
    policy: str


@dataclass(frozen=True, slots=True)
class UseNewApi:
    """Write an obsolete use in today's spelling."""

    use: ObsoleteUse


@dataclass(frozen=True, slots=True)
class Replace:
    """Replace the characters at ``loc`` by ``text``; an empty span inserts."""

    loc: Loc
    text: str


@dataclass(frozen=True, slots=True)
class Rewrite:
    """Several replacements that belong together.

    ``imports`` are the Python names that the new text needs, each with the module that it comes from; the text spells
    such a name as ``imported(name)``, since a file may know it under another one.
    """

    parts: tuple[Replace, ...]
    imports: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that is not there yet, by its path."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Together:
    """Changes, in several files where need be, with the files that they need; all of it or none."""

    parts: tuple[Replace | DbtChange, ...]
    files: tuple[NewFile, ...] = ()


def imported(name: str) -> str:
    """An imported name in the text of a Replace; the writer puts in its place how the file spells it."""
    return f"\0{name}\0"


@dataclass(frozen=True, slots=True)
class PythonCode:
    """``name`` of ``module`` with ``rest`` behind it, as a value that is written as code and not as a literal.

    ``imports`` as in Rewrite, for names in ``rest``.
    """

    name: str
    module: str
    rest: str
    imports: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SetClientSettings:
    """Give a broker's client settings, by their names in the model; what its version does not know is left out.

    A value is a literal or PythonCode.

    ``also`` are replacements elsewhere in the file without which the settings would be wrong.
    """

    client: StreamClient
    items: tuple[tuple[str, object], ...]
    also: tuple[Replace, ...] = ()


@dataclass(frozen=True, slots=True)
class PutMessageAside:
    """Send a message that the call at ``decode`` cannot read to a topic of its own, and go on with the next one."""

    system: str
    decode: Loc


@dataclass(frozen=True, slots=True)
class FlushSends:
    """Send what waits in memory behind the last of these calls, by a method of the producer."""

    system: str
    calls: tuple[Loc, ...]
    method: str


StateChange = SpreadRetries | KeepInput | CatchFailures | HandleAllLast | CompleteRetry | UseRetryPolicy | RaiseAgain
"""What is asked of the writers of state machines and workflows."""

Change = (
    DbtChange
    | GiveAvroDefault
    | SetRetry
    | SetRetryPause
    | SetTimeout
    | AddCheck
    | SetStartDate
    | WaitWithoutSlot
    | LimitMapped
    | LimitRuns
    | WaitFor
    | UseNewApi
    | SetClientSettings
    | PutMessageAside
    | FlushSends
    | StateChange
    | Replace
    | Rewrite
    | Together
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a change cannot be written here, as a sentence for people."""

    why: str
