"""From a file with a workflow to a pipeline and its steps."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from pipesense.lang.documents.file import DocumentFile
from pipesense.lang.documents.queries import accesses_in
from pipesense.lang.yaml.nodes import Mapping, Node, Scalar, mapping, resolved
from pipesense.model.code import PatternSite
from pipesense.model.data import Access
from pipesense.model.flow import Edges, Effect, OtherRun, Pipeline, RetryPolicy, Role, Schedule, Setting, Task
from pipesense.model.states import State, StateGraph, StateMachine, TornMachine
from pipesense.model.value import Absent, Known, Unknown, Value
from pipesense.systems.cloud_workflows.calls import CALLBACK_LIMIT, REQUEST_LIMIT, Call
from pipesense.systems.cloud_workflows.steps import Part, Step, StepReader, inside
from pipesense.systems.system import Lifted

NAME: Final = "cloud_workflows"
_PATTERNS: Final = {"retry": "retry-with-backoff", "except": "failure-path"}
_NEVER: Final = Unknown("nothing here says when it starts")
_DEFAULT_RETRIES: Final = 5


def lift(file: DocumentFile) -> Lifted:
    """The workflow of a file."""
    reader = StepReader(file)
    if not reader.read():
        return Lifted()
    torn = file.tree.problem is not None
    covered = _repeated_parts(reader)
    tasks = tuple(
        _task(file, step, part, covered, len(reader.parts) > 1) for part in reader.parts for step in part.steps
    )
    pairs = frozenset(
        (_name(before, part), _name(after, part)) for part in reader.parts for before, after in part.edges
    )
    pipeline = Pipeline(
        name=file.name,
        loc=file.loc(reader.parts[0].place),
        system=NAME,
        noun="workflow",
        tasks=tasks,
        edges=Edges(pairs, Unknown("other parts call each other") if len(reader.parts) > 1 else None),
        schedule=Schedule(text=_NEVER, start=_NEVER),
        shared=None,
    )
    opened = Unknown("the file cannot be read to its end") if torn else None
    graphs = tuple(_graph(file, part, opened) for part in reader.parts)
    machine = StateMachine(pipeline, graphs, "step")
    if torn:
        return Lifted(facts=(TornMachine(machine),))
    sites = tuple(
        PatternSite(_PATTERNS[entry.key], file.loc(inside(entry.name)))
        for part in reader.parts
        for step in part.steps
        for entry in step.body.entries
        if entry.key in _PATTERNS
    )
    return Lifted(pipelines=(pipeline,), sites=sites, facts=(machine, *reader.retries, *reader.swallowed))


def _name(step: str, part: Part) -> str:
    return step if part.name == "main" else f"{part.name}.{step}"


def _graph(file: DocumentFile, part: Part, opened: Unknown | None) -> StateGraph:
    states = tuple(
        State(
            step.name,
            file.loc(inside(step.entry.name)),
            file.loc(step.entry.span),
            step.call.name if step.call is not None else "step",
            tuple(step.jumps),
        )
        for step in part.steps
    )
    return StateGraph(file.loc(part.place), file.loc(part.node.span), None, states, True, opened)


def _repeated_parts(reader: StepReader) -> frozenset[str]:
    """The subworkflows that some step of the file calls under a retry, and those that they call."""
    calls = [(step.part, step.call.name, step.around) for part in reader.parts for step in part.steps if step.call]
    found = {name for _, name, around in calls if around.repeated is not None or around.back}
    while True:
        more = {name for part, name, _ in calls if part in found} - found
        if not more:
            return frozenset(found)
        found |= more


def _task(file: DocumentFile, step: Step, part: Part, repeated: frozenset[str], several: bool) -> Task:
    call = step.call
    works = call is not None and (call.is_request or call.is_connector or call.is_callback)
    retry = _retry(file, step, call, repeated)
    timeout = _timeout(file, call)
    kind = call.name if call is not None else next(iter(step.body.keys()), "step")
    return Task(
        name=_name(step.name, part) if several else step.name,
        loc=file.loc(inside(step.entry.name)),
        whole=file.loc(step.entry.span),
        kind=kind,
        variable=None,
        retry=retry,
        timeout=timeout,
        alerts=Unknown("alerts are made outside of the workflow"),
        settings=_settings(retry, timeout) if works else (),
        does=Known(frozenset({Effect.NETWORK} if works else ())),
        runs=(OtherRun(kind, file.loc(step.entry.span)),) if works else (),
        role=Unknown("what is called does what it does") if call is not None else Known(Role.EMPTY),
        caught=step.around.handled,
        accesses=_accesses(file, step, call),
        called_back=call is not None and call.is_callback,
    )


def _accesses(file: DocumentFile, step: Step, call: Call | None) -> tuple[Access, ...]:
    """What a query of BigQuery touches, where its text stands there."""
    if call is None or not call.name.startswith("googleapis.bigquery.v2.jobs."):
        return ()
    node: Node | None = step.calling.get("args")
    for key in ("body", "query") if call.name.endswith(".query") else ("body", "configuration", "query", "query"):
        held = mapping(node)
        node = held.get(key) if held is not None else None
    return accesses_in([(node.text, file.loc(node.span))], "bigquery") if isinstance(node, Scalar) else ()


def _retry(file: DocumentFile, step: Step, call: Call | None, repeated: frozenset[str]) -> Value[RetryPolicy]:
    if call is None or not (call.is_request or call.is_connector or call.is_callback):
        return Unknown("nothing outside is called")
    around = step.around
    if around.repeated is not None:
        return _policy(file, around.repeated)
    if call.is_connector:
        return Unknown("the connector repeats by itself what may be repeated")
    if call.is_callback:
        return Unknown("it waits for an answer")
    if around.back:
        return Unknown("its except block leads back to it")
    if step.part in repeated:
        return Unknown(f"a step that calls {step.part} repeats it")
    unset = Unknown("nothing is repeated")
    return Absent(Known(RetryPolicy(Known(0), unset, unset, unset)), ("the step", "the steps around it"))


def _policy(file: DocumentFile, node: Node) -> Known[RetryPolicy]:
    said = resolved(node)
    attempts: Value[int] = Known(_DEFAULT_RETRIES) if isinstance(said, Scalar) else Unknown("it is computed")
    if isinstance(said, Mapping):
        most = said.get("max_retries")
        value = most.value if isinstance(most, Scalar) else None
        attempts = Known(value) if isinstance(value, int) else Unknown("it is computed")
    unknown = Unknown("the policy says it")
    return Known(RetryPolicy(attempts, unknown, Known(True), unknown), file.loc(said.span))


def _timeout(file: DocumentFile, call: Call | None) -> Value[timedelta]:
    if call is None:
        return Unknown("nothing outside is called")
    if call.timeout is not None:
        value = call.timeout.value if isinstance(call.timeout, Scalar) else None
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return Known(timedelta(seconds=min(value, 10**9)), file.loc(call.timeout.span))
        return Unknown("it is computed")
    if call.is_request:
        return Absent(Known(REQUEST_LIMIT), ("the step's args",))
    if call.is_callback:
        return Absent(Known(CALLBACK_LIMIT), ("the step's args",))
    return Unknown("the service has its own")


def _settings(retry: Value[RetryPolicy], timeout: Value[timedelta]) -> tuple[Setting, ...]:
    told: Value[str]
    if isinstance(retry, Known):
        attempts = retry.value.attempts
        count = f"up to {attempts.value} times" if isinstance(attempts, Known) else "as the policy says"
        told = Known(count, retry.loc)
    elif isinstance(retry, Absent):
        told = Absent(Unknown("nothing is repeated"), retry.searched)
    else:
        told = retry
    limit: Value[str]
    if isinstance(timeout, Known):
        limit = Known(f"{int(timeout.value.total_seconds())} seconds", timeout.loc)
    elif isinstance(timeout, Absent) and isinstance(timeout.default, Known):
        limit = Absent(Known(f"{int(timeout.default.value.total_seconds())} seconds"), timeout.searched)
    else:
        limit = timeout if isinstance(timeout, Unknown) else Unknown("the service has its own")
    return (Setting("retry", told), Setting("timeout", limit))
