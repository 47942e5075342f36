"""Pipelines, their tasks, and how tasks are retried, timed and ordered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from itertools import chain
from operator import attrgetter
from typing import Final

from pipesense.model.data import Access, DatasetName, QualityCheck
from pipesense.model.making import quick_to_make
from pipesense.model.value import Absent, Known, Unknown, Value, effective
from pipesense.model.where import Loc


class Effect(Enum):
    """What running a piece of code touches outside its own memory."""

    NETWORK = "network"
    WRITE = "write"
    READ = "read"


class Role(Enum):
    """What a task is there for."""

    LOAD = "load"
    CHECK = "check"
    EXTRACT = "extract"
    TRANSFORM = "transform"
    SENSOR = "sensor"
    BRANCH = "branch"
    EMPTY = "empty"
    NOTIFY = "notify"
    TRIGGER = "trigger"


@quick_to_make
@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and after which pause a failed attempt is repeated; ``attempts`` counts the repetitions."""

    attempts: Value[int]
    delay: Value[timedelta]
    backoff: Value[bool]
    max_delay: Value[timedelta]


@quick_to_make
@dataclass(frozen=True, slots=True)
class Setting:
    """One effective setting of a task, as a hover tells it; the value is spelled for people."""

    name: str
    value: Value[str]
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class CallableRun:
    """The task runs a function of the workspace; ``scope`` names it (``module.function``)."""

    scope: str
    loc: Loc


@dataclass(frozen=True, slots=True)
class EmbeddedRun:
    """The task runs the SQL in a string of its own file; ``unit`` is the embedded unit's number there.

    ``scratch``: it runs in a database in memory, so that nothing it writes outlives the task.
    """

    file: str
    unit: int
    loc: Loc
    scratch: bool = False


@dataclass(frozen=True, slots=True)
class SqlFileRun:
    """The task runs a SQL file; ``path`` as written, ``candidates`` the absolute paths where it may lie.

    ``closed``: the file can lie nowhere else.
    """

    path: str
    candidates: tuple[str, ...]
    loc: Loc
    dialect: str | None = None
    closed: bool = False


@quick_to_make
@dataclass(frozen=True, slots=True)
class OtherRun:
    """The task runs something outside the workspace (a shell command, a job, a container)."""

    what: str
    loc: Loc


Runs = CallableRun | EmbeddedRun | SqlFileRun | OtherRun


@quick_to_make
@dataclass(frozen=True, slots=True)
class Task:
    """One step of a pipeline, whatever its system calls it.

    ``loc`` is the task's name where it is written. ``does``, ``accesses`` and ``checks`` hold what the
    system itself says; composition adds what the code that the task runs does.
    """

    name: str
    loc: Loc
    whole: Loc
    """The whole expression or function that defines the task."""
    kind: str
    """The operator or decorator, as its system names it ("SQLExecuteQueryOperator", "@task")."""
    variable: str | None
    """The Python name that holds the task, where there is one."""
    retry: Value[RetryPolicy]
    timeout: Value[timedelta]
    alerts: Value[str]
    settings: tuple[Setting, ...]
    does: Value[frozenset[Effect]]
    runs: tuple[Runs, ...]
    role: Value[Role]
    accesses: tuple[Access, ...] = ()
    checks: tuple[QualityCheck, ...] = ()
    connection: Value[str] = Unknown("no connection is named")
    """The connection the task works through (its id), where the system has such a thing."""
    mapped: bool = False
    """Runs once per element of a list known only at run time."""
    unlimited: bool = False
    """Mapped over a list of which nobody here knows the length, and nothing limits how many run at once."""
    always_runs: bool = False
    """Runs even when what stands before it failed (a trigger rule such as ``all_done``)."""
    caught: bool = False
    """The pipeline itself says where a run goes on where the task fails for good."""
    called_back: bool = False
    """Waits until somebody outside says that it is done, which may never happen."""
    holds_slot: Value[bool] = Unknown("it does not wait")
    """Whether a task that waits for something keeps a worker busy meanwhile."""
    teardown: bool = False
    """Cleans up: it runs whatever happened, and does not count for how the run ended."""
    kept: bool = False
    """Its result may be stored, so that a pipeline that is repeated takes it instead of running the task again."""
    made_elsewhere: bool = False
    """Another file defines it with its settings; this one only calls it."""
    overruled: int = 0
    """How often the pipeline's defaults would repeat it, where a helper that makes it says never."""
    stores: tuple[DatasetName, ...] = ()
    """Datasets as which the system stores what the task returns (a Dagster asset), by means nobody sees here."""
    fails_on_purpose: bool = False
    """Its code raises by itself and writes nothing: it may be a check, or only careful."""

    def touches(self, effect: Effect) -> bool:
        """Whether the task is known to have the effect."""
        return isinstance(self.does, Known) and effect in self.does.value


@dataclass(frozen=True, slots=True)
class Edges:
    """Which task runs before which, by task name; ``opened`` says why more edges may exist, None if none can."""

    pairs: frozenset[tuple[str, str]]
    opened: Unknown | None = None

    def downstream(self, *names: str) -> frozenset[str]:
        """Every task that runs after one of ``names``, directly or not."""
        return _reached(names, ((before, behind) for before, behind in self.pairs))

    def upstream(self, *names: str) -> frozenset[str]:
        """Every task that runs before one of ``names``, directly or not."""
        return _reached(names, ((behind, before) for before, behind in self.pairs))


def _reached(names: Iterable[str], pairs: Iterable[tuple[str, str]]) -> frozenset[str]:
    following: dict[str, list[str]] = {}
    for one, other in pairs:
        following.setdefault(one, []).append(other)
    seen: set[str] = set()
    todo = [each for name in names for each in following.get(name, ())]
    while todo:
        at = todo.pop()
        if at not in seen:
            seen.add(at)
            todo += following.get(at, ())
    return frozenset(seen)


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a pipeline runs; ``text`` as written ("@daily", "0 2 * * *"), None for never by itself."""

    text: Value[str | None]
    start: Value[str]
    """The first date, spelled for people; Unknown where it is computed."""
    moving_start: Loc | None = None
    """Where the start date is computed from the clock, None where it is not."""
    moving_start_text: str = ""
    triggered: bool = False
    """Runs when datasets are updated, not by the calendar."""
    catchup: Value[bool] = Unknown("catchup was not looked for")
    concurrent: Value[int] = Unknown("how many runs may be under way was not looked for")
    """How many runs may be under way at once."""
    every: timedelta | None = None
    """The shortest time between two runs by the clock, None where there is no clock or nobody can tell."""

    @property
    def recurs(self) -> bool:
        """Whether runs are known to begin again and again without anybody's doing; ``@once`` begins one."""
        text = effective(self.text)
        return self.triggered or (text is not None and text != "@once")


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A graph of tasks under one schedule: a DAG, a flow, a state machine, or a script of one task."""

    name: str
    loc: Loc
    """The pipeline's name where it is written, else the call that makes the pipeline."""
    system: str
    """The folder of systems/ that lifted it and can write it ("airflow")."""
    noun: str
    """What people call it ("DAG", "flow", "state machine")."""
    tasks: tuple[Task, ...]
    edges: Edges
    schedule: Schedule
    shared: Loc | None
    """The place that sets defaults for all tasks (Airflow's default_args dict), where there is one."""
    shared_closed: bool = True
    """Whether every key of that place is known."""
    repeated: Loc | None = None
    """Where the pipeline is told to run again as a whole when it fails, None where it is not."""
    resumes: bool = False
    """A failed run is taken up where it failed, from stored results, by the system's own means: what a step repeats or
    checks by itself is then a convenience more than a need."""
    check_loader: str = ""
    """What has to load a check that stands beside the tasks before it is run; "" where nothing has to. Whether some
    file does is told as ("loads checks", system)."""

    spread: bool = False
    """Its tasks stand in files of their own; what is found of them is said where the pipeline is written."""

    def task(self, name: str) -> Task | None:
        """The task of that name."""
        return next((task for task in self.tasks if task.name == name), None)


def kinds_of_runs(pipeline: Pipeline) -> frozenset[type]:
    """The classes of what tasks run; no look at each of hundreds of tasks."""
    return frozenset(map(type, chain.from_iterable(map(_RUNS, pipeline.tasks))))


_RUNS: Final = attrgetter("runs")


def retries_of(task: Task) -> Value[int]:
    """How often a failed attempt of the task is repeated."""
    if isinstance(task.retry, Known):
        return task.retry.value.attempts
    if isinstance(task.retry, Absent):
        if isinstance(task.retry.default, Known):
            return Absent(task.retry.default.value.attempts, task.retry.searched)
        return Unknown("the default depends on the installation")
    return task.retry
