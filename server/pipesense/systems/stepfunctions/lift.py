"""From a file with state machines to pipelines and their states."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Final, TypeVar

from pipesense.lang.documents.file import DocumentFile
from pipesense.lang.documents.queries import accesses_in
from pipesense.lang.yaml.nodes import Scalar, Sequence, items, mapping, scalar
from pipesense.model.code import PatternSite
from pipesense.model.data import Access
from pipesense.model.flow import Edges, Effect, OtherRun, Pipeline, RetryPolicy, Role, Schedule, Setting, Task
from pipesense.model.states import State, StateMachine, TornMachine
from pipesense.model.value import Absent, Known, Origin, Unknown, Value
from pipesense.systems.stepfunctions.find import Found, inner, machines
from pipesense.systems.stepfunctions.resources import Resource
from pipesense.systems.stepfunctions.states import Read, Reader, ReadGraph
from pipesense.systems.stepfunctions.templates import Given, given_to, told
from pipesense.systems.system import Lifted

T = TypeVar("T")

NAME: Final = "stepfunctions"
_EXPRESS: Final = timedelta(minutes=5)
_LAMBDA: Final = timedelta(minutes=15)
"""https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html (900 seconds)."""
_QUERIES: Final = {
    "athena:startQueryExecution": ("QueryString", "athena"),
    "redshiftdata:executeStatement": ("Sql", "redshift"),
    "redshiftdata:batchExecuteStatement": ("Sqls", "redshift"),
}
"""The parameter that holds SQL, and its dialect, by the service."""
_PATTERNS: Final = {
    "Retry": "retry-with-backoff",
    "Catch": "failure-path",
    "TimeoutSeconds": "timeouts",
    "HeartbeatSeconds": "timeouts",
}
_NEVER: Final = Unknown("nothing here says when it starts")


@dataclass(frozen=True, slots=True)
class _Made:
    """What one machine was lifted to; ``count``: its states."""

    machine: StateMachine
    sites: tuple[PatternSite, ...]
    count: int


def lift(file: DocumentFile) -> Lifted:
    """Every state machine of a file."""
    pipelines: list[Pipeline] = []
    facts: list[object] = []
    sites: list[PatternSite] = []
    count = 0
    given = given_to(file)
    for found in machines(file):
        if given is not None and given.express:
            found = replace(found, express=True)
        made = _lifted(file, found, given, count)
        count += made.count
        sites += made.sites
        if found.torn:
            facts.append(TornMachine(made.machine))
        else:
            pipelines.append(made.machine.pipeline)
            facts.append(made.machine)
    return Lifted(pipelines=tuple(pipelines), sites=tuple(sites), facts=tuple(facts), told=told(file))


def _lifted(file: DocumentFile, found: Found, given: Given | None, before: int) -> _Made:
    """A machine; where it lies in a part, once for as long as that stays. ``before``: states read so far."""
    part = found.part
    if part is None:
        return _machine(file, found, given, before)
    key = ("machine", found.place, found.express, found.torn, given)
    return part.memo(key, lambda: _machine(file.alone(part), found, given, 0))


def _machine(file: DocumentFile, found: Found, given: Given | None, before: int) -> _Made:
    reader = Reader(file, found, count=before, given=given)
    read = reader.machine()
    pipeline = _pipeline(file, found, read)
    sites = tuple(site for each in read.reads for site in _kept(each, ("sites",), partial(_sites, each)))
    paths = scalar(found.node.get("QueryLanguage")) in (None, "JSONPath")
    machine = StateMachine(pipeline, tuple(read.graphs()), "state", paths)
    return _Made(machine, sites, reader.count - before)


def _kept(read: Read, key: tuple[object, ...], compute: Callable[[], T]) -> T:
    """What is made of a state; once for as long as its text stays, where it is a part of a large file."""
    return read.part.memo(key, compute) if read.part is not None else compute()


def _sites(read: Read) -> tuple[PatternSite, ...]:
    """The keys that a hover explains."""
    return tuple(
        PatternSite(_PATTERNS[entry.key], each.file.loc(inner(entry.name)))
        for each in read.everything()
        for entry in each.body.entries
        if entry.key in _PATTERNS
    )


def _pipeline(file: DocumentFile, found: Found, read: ReadGraph) -> Pipeline:
    limit = _run_limit(file, found)
    ways = _Ways(read)
    tasks = tuple(task for each in read.reads for task in _tasks(each, limit, ways))
    opened = next((graph.opened for graph in read.graphs() if graph.opened is not None), None)
    return Pipeline(
        name=found.name,
        loc=file.loc(found.place),
        system=NAME,
        noun="state machine",
        tasks=tasks,
        edges=Edges(frozenset(_edges(read, ())), opened),
        schedule=Schedule(text=_NEVER, start=_NEVER),
        shared=None,
    )


def _run_limit(file: DocumentFile, found: Found) -> Known[timedelta] | None:
    """How long a whole run may take, where the machine says it."""
    entry = found.node.entry("TimeoutSeconds")
    if entry is not None:
        value = getattr(entry.value, "value", None)
        if isinstance(value, int):
            return Known(timedelta(seconds=min(value, 10**9)), file.loc(entry.value.span), Origin.PIPELINE)
        return Known(_EXPRESS, file.loc(entry.value.span), Origin.PIPELINE)
    return Known(_EXPRESS, None, Origin.PIPELINE) if found.express else None


def _edges(read: ReadGraph, behind: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Which state runs before which; ``behind`` are those that come after the last state of the graph."""
    for each in read.reads:
        state = each.state
        following = tuple(jump.name for jump in state.jumps) or behind
        yield from ((state.name, name) for name in following)
        for inside in each.inside:
            if inside.graph.start is not None:
                yield state.name, inside.graph.start.name
            yield from _edges(inside, following)


# --- tasks ---------------------------------------------------------------------------------------


def _tasks(read: Read, limit: Known[timedelta] | None, ways: _Ways) -> tuple[Task, ...]:
    """A state and those inside it."""
    back = tuple(each.state.name for each in read.everything() if ways.come_back(each.state))
    return _kept(read, ("tasks", limit, back), lambda: tuple(_task(each, limit, back) for each in read.everything()))


def _task(read: Read, limit: Known[timedelta] | None, back: tuple[str, ...]) -> Task:
    """A state as a task; ``back`` are the states to which their catchers lead back."""
    state, resource = read.state, read.resource
    retry = _retry(read, back)
    timeout = _timeout(state, resource, limit) if not read.around.ended else Unknown("a branch beside it ends it")
    works = resource is not None
    kind = resource.kind if resource is not None else state.kind or "state"
    return Task(
        name=state.name,
        loc=state.loc,
        whole=state.whole,
        kind=kind,
        variable=None,
        retry=retry,
        timeout=timeout,
        alerts=Unknown("alerts are made outside of the definition"),
        settings=tuple(_settings(read, retry, limit)) if works else (),
        does=Known(frozenset({Effect.NETWORK} if works else ())),
        runs=(OtherRun(kind, state.loc),) if works else (),
        role=_role(state, resource),
        accesses=_accesses(read) if works else (),
        mapped=state.kind == "Map",
        caught=state.handled,
        called_back=resource is not None and resource.waits,
    )


def _accesses(read: Read) -> tuple[Access, ...]:
    """What the SQL of a state touches, where its service takes SQL and the text stands there."""
    kind = read.resource.kind if read.resource is not None else ""
    found = next((each for name, each in _QUERIES.items() if name in kind), None)
    given = mapping(read.body.get("Parameters")) or mapping(read.body.get("Arguments"))
    if found is None or given is None:
        return ()
    key, dialect = found
    node = given.get(key)
    texts = items(node) if isinstance(node, Sequence) else (node,)
    return accesses_in(((each.text, read.file.loc(each.span)) for each in texts if isinstance(each, Scalar)), dialect)


def _role(state: State, resource: Resource | None) -> Value[Role]:
    if resource is None:
        return Known(Role.BRANCH if state.kind == "Choice" else Role.EMPTY)
    role = resource.role
    return Known(role) if role is not None else Unknown("what the service does with data is not told here")


def _retry(read: Read, back: tuple[str, ...]) -> Value[RetryPolicy]:
    state, resource = read.state, read.resource
    if resource is None:
        return Unknown("nothing outside is called")
    if state.retriers:
        grows: Value[bool] = Known(True)
        most = max((each.attempts.value for each in state.retriers if isinstance(each.attempts, Known)), default=3)
        delay: Value[timedelta] = Unknown("each retrier has its own")
        return Known(RetryPolicy(Known(most, state.retriers[0].list), delay, grows, delay))
    if read.body.entry("Retry") is not None:
        return Unknown("its Retry cannot be read here")
    if read.around.repeated:
        return Unknown(f"{read.around.repeated} repeats all that is inside it")
    if resource.waits:
        return Unknown("whoever answers decides what a failure means")
    if state.name in back:
        return Unknown("what catches its failures leads back to it")
    none: Known[int] = Known(0)
    unset: Unknown = Unknown("nothing is repeated")
    return Absent(Known(RetryPolicy(none, unset, unset, unset)), ("the state",))


@dataclass(slots=True)
class _Ways:
    """Which states can be reached from which."""

    top: ReadGraph
    _ways: dict[str, tuple[str, ...]] | None = None
    _reached: dict[str, frozenset[str]] = field(default_factory=dict)

    def come_back(self, state: State) -> bool:
        """Whether a loop in the machine tries again by itself: what catches its failures leads back to it."""
        return any(each.jump is not None and state.name in self._from(each.jump.name) for each in state.catchers)

    def _from(self, start: str) -> frozenset[str]:
        found = self._reached.get(start)
        if found is None:
            if self._ways is None:
                reads = self.top.everything()
                self._ways = {read.state.name: tuple(jump.name for jump in read.state.jumps) for read in reads}
            waiting, seen = [start], set[str]()
            while waiting:
                name = waiting.pop()
                if name not in seen:
                    seen.add(name)
                    waiting += self._ways.get(name, ())
            found = self._reached[start] = frozenset(seen)
        return found


def _timeout(state: State, resource: Resource | None, limit: Known[timedelta] | None) -> Value[timedelta]:
    if resource is None:
        return Unknown("nothing outside is called")
    for each in (state.timeout, state.heartbeat):
        if isinstance(each, Known):
            return Known(timedelta(seconds=min(each.value, 10**9)), each.loc)
        if isinstance(each, Unknown):
            return each
    if limit is not None:
        return limit
    if resource.is_lambda and not resource.waits:
        return Absent(Known(_LAMBDA), ("the state", "the state machine"))
    if not (resource.waits or resource.job):
        return Unknown("the service answers at once" if resource.known else "what is called is put in from elsewhere")
    return Absent(Unknown("a run of a standard workflow may take a year"), ("the state", "the state machine"))


def _settings(read: Read, retry: Value[RetryPolicy], limit: Known[timedelta] | None) -> Iterator[Setting]:
    state = read.state
    if isinstance(retry, Known):
        count = len(state.retriers)
        what = f"{count} retrier{'s' * (count != 1)}"
        yield Setting("retry", Known(what, state.retriers[0].list), _retriers(state))
    elif isinstance(retry, Absent):
        yield Setting("retry", Absent(Unknown("nothing is repeated"), retry.searched), "a failed attempt ends the run")
    else:
        yield Setting("retry", retry)
    yield Setting("timeout", _words(state.timeout, limit))
    if not isinstance(state.heartbeat, Absent):
        yield Setting("heartbeat", _words(state.heartbeat, None))
    caught = ", ".join(f"{'/'.join(each.errors)} to {each.jump.name}" for each in state.catchers if each.jump)
    if caught:
        yield Setting("catch", Known(caught, state.catchers[0].list))


def _retriers(state: State) -> str:
    return "; ".join(f"{', '.join(each.errors)}: {_times(each.attempts)}" for each in state.retriers)


def _times(attempts: Value[int]) -> str:
    if isinstance(attempts, Known):
        return f"{attempts.value} times"
    return "3 times" if isinstance(attempts, Absent) else "a computed number of times"


def _words(seconds: Value[int], limit: Known[timedelta] | None) -> Value[str]:
    if isinstance(seconds, Known):
        return Known(f"{seconds.value} seconds", seconds.loc)
    if isinstance(seconds, Absent) and limit is not None:
        return Known(f"{int(limit.value.total_seconds())} seconds for the whole run", limit.loc, limit.origin)
    if isinstance(seconds, Absent):
        return Absent(Unknown("nothing ends it"), ("the state", "the state machine"))
    return seconds
