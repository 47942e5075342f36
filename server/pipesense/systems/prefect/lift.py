"""Lifts a file of Prefect: each flow is a pipeline, what it calls are its tasks."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from pipesense.lang.python.effects import name_effect
from pipesense.lang.python.module import Module
from pipesense.lang.python.nodes import nodes_under
from pipesense.lang.python.sites import argument_sites
from pipesense.lang.python.sql_calls import SqlText, numbered
from pipesense.lang.python.steps import Called, Steps, read_steps
from pipesense.model.code import ObsoleteUse, PatternSite
from pipesense.model.flow import CallableRun, Edges, OtherRun, Pipeline, Runs, Schedule, Task
from pipesense.model.value import Absent, Known, Unknown, Version, effective
from pipesense.model.where import Loc
from pipesense.systems.prefect.deployments import Deployment, deployments_in, schedule_of
from pipesense.systems.prefect.faults import schedule_faults, setting_faults
from pipesense.systems.prefect.flow_faults import flow_faults, is_stored, repeated_at
from pipesense.systems.prefect.obsolete import obsolete_in
from pipesense.systems.prefect.settings import Settings, settings_of
from pipesense.systems.prefect.things import Thing, called_thing, decorated, functions_in, thing_of
from pipesense.systems.system import Embed, Lifted
from pipesense.text.regex import regex
from pipesense.text.span import Span

_DEF: Final = regex(r"(?:async\s+)?def\s+(\w+)")
_WAITS: Final = frozenset(
    {"prefect.futures.wait", "prefect.futures.as_completed", "prefect.futures.resolve_futures_to_states"}
)
_MAY_CHECK: Final = regex(r"check|valid|quality|assert|verif|expect|test|audit|ensure|reconcil", re.I)


@dataclass(frozen=True, slots=True, eq=False)
class Lean:
    """A pipeline and the SQL texts that its tasks run; it holds no Module, so that it may be kept.

    ``node`` makes the flow; ``flows`` make those that it calls. ``repeats``: for all that can be told, the flow is run
    again when it fails.
    """

    pipeline: Pipeline
    texts: tuple[SqlText, ...]
    node: ast.FunctionDef | ast.AsyncFunctionDef
    flows: frozenset[ast.AST]
    repeats: bool
    facts: tuple[object, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Built:
    """A pipeline with what it was made from; ``things`` are as many as it has tasks, in the same order.

    ``calls`` are the first call of each in the flow's own body or in a helper's.
    """

    lean: Lean
    things: tuple[Thing, ...]
    flow: Thing
    calls: tuple[tuple[Thing, ast.Call], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What one top-level statement says by itself."""

    flows: tuple[Lean, ...]
    deployments: tuple[Deployment, ...]
    facts: tuple[object, ...]
    obsolete: tuple[ObsoleteUse, ...]
    sites: tuple[PatternSite, ...]


_PATTERNS: Final = {
    "retries": ("retry-with-backoff", ""),
    "retry_delay_seconds": (
        "retry-with-backoff",
        "The pause before each repetition; a list or a function lets it grow.",
    ),
    "retry_jitter_factor": (
        "retry-with-backoff",
        "How far a pause may differ, so that not all tasks come back at once.",
    ),
    "retry_condition_fn": ("retry-with-backoff", "Decides which failures are worth another attempt."),
    "timeout_seconds": ("timeouts", "An attempt fails after this time."),
    "on_failure": ("alerting", "Called when the last attempt has failed."),
    "on_crashed": ("alerting", "Called when the process that ran it is gone."),
    "cron": ("scheduling-and-catchup", "Prefect makes up for no runs that were missed."),
    "interval": ("scheduling-and-catchup", "Prefect makes up for no runs that were missed."),
    "wait_for": ("quality-gate", "The task starts when these have succeeded."),
}


def _is_own(module: Module, call: ast.Call) -> bool:
    """Whether a call makes a task, a flow or a deployment, or starts a task."""
    func = call.func
    if isinstance(func, ast.Attribute) and func.attr in ("serve", "deploy", "to_deployment", "submit", "map"):
        return thing_of(module, func.value) is not None
    if isinstance(func, ast.Attribute) and func.attr == "with_options":
        return thing_of(module, call) is not None
    return any(name.startswith("prefect.") for name in module.qualified(func))


def lift(module: Module, version: Version, embed: Embed) -> Lifted:
    """Everything that a file says to Prefect."""
    looks = module.memo_each(("prefect: statement", version), module.body, partial(_look, module, version))
    deployments = [each for look in looks for each in look.deployments]
    flows = [each for look in looks for each in look.flows]
    called = {node for each in flows for node in each.flows}
    repeated = {node for each in flows if each.repeats for node in each.flows}
    pipelines = [numbered(module, each, embed) for each in flows]
    pipelines = [
        _within(pipeline) if each.node in repeated else pipeline
        for each, pipeline in zip(flows, pipelines, strict=True)
    ]
    return Lifted(
        pipelines=tuple(
            _finished(
                each, _within(pipeline) if each.node in repeated else pipeline, deployments, called, module, version
            )
            for each, pipeline in zip(flows, pipelines, strict=True)
        ),
        facts=tuple(fact for look in looks for fact in look.facts),
        sites=tuple(site for look in looks for site in look.sites),
        obsolete=tuple(use for look in looks for use in look.obsolete),
    )


def _finished(
    lean: Lean,
    pipeline: Pipeline,
    deployments: Sequence[Deployment],
    called: Collection[ast.AST],
    module: Module,
    version: Version,
) -> Pipeline:
    """The pipeline with what other statements of the file say of it."""
    schedule = schedule_of(lean.node, deployments, module, version)
    edges = pipeline.edges
    if lean.node in called and edges.opened is None:
        edges = replace(edges, opened=Unknown("another flow calls this one and goes on behind it"))
    if (schedule, edges) == (pipeline.schedule, pipeline.edges):
        return pipeline
    return replace(pipeline, schedule=schedule, edges=edges)


def _within(pipeline: Pipeline) -> Pipeline:
    """A flow that another one calls which is run again when it fails."""
    why = Unknown("a flow that calls this one is repeated")
    tasks = tuple(replace(task, retry=why) if isinstance(task.retry, Absent) else task for task in pipeline.tasks)
    return replace(pipeline, tasks=tasks)


def _repeats(flow: Thing, module: Module, version: Version) -> bool:
    retry = settings_of(flow, None, module, version).retry
    if isinstance(retry, Known):
        return effective(retry.value.attempts) != 0
    return isinstance(retry, Unknown)


def _look(module: Module, version: Version, statement: ast.stmt) -> Look:
    flows = tuple(each.lean for each in built_in(module, version, statement))
    own = tuple(fact for each in flows for fact in each.facts)
    return Look(
        flows,
        tuple(deployments_in(module, statement)),
        (*own, *_facts(module, version, statement)),
        tuple(obsolete_in(module, statement, version)),
        tuple(argument_sites(module, statement, _PATTERNS, partial(_is_own, module))),
    )


def _facts(module: Module, version: Version, statement: ast.stmt) -> Iterator[object]:
    """What rules want to know of a statement beside its flows."""
    for function in functions_in(module, statement):
        thing = decorated(module, function)
        if thing is not None:
            yield from setting_faults(module, thing, version)
    yield from schedule_faults(module, statement, version)


def built_in(module: Module, version: Version, statement: ast.stmt) -> Iterator[Built]:
    """The flows that one top-level statement makes."""
    for function in functions_in(module, statement):
        thing = decorated(module, function)
        if thing is not None and thing.role == "flow":
            yield _build(module, version, thing)
    if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call):
        thing = thing_of(module, statement.value)
        made = thing is not None and thing.kind == "flow"
        if thing is not None and made and not any(words == "with_options" for words, _ in thing.layers):
            yield _build(module, version, thing)


def _recognise(module: Module, call: ast.Call) -> Called[Thing] | None:
    found = called_thing(module, call)
    if found is None:
        return None
    thing, how = found
    waits = not how and not isinstance(thing.node, ast.AsyncFunctionDef)
    return Called(thing, waits, how == "map", awaited=not how)


def _build(module: Module, version: Version, flow: Thing) -> Built:
    steps = read_steps(module, flow.function, partial(_recognise, module), _WAITS)
    things = list(steps.first)
    texts: list[SqlText] = []
    tasks: list[Task] = []
    names = _names(things, module)
    for thing in things:
        call = steps.first[thing]
        tasks.append(_task(thing, names[thing], flow, call, thing in steps.mapped, module, version, texts))
    if not things:
        # A flow without tasks does all its work by itself.
        tasks.append(_task(flow, _name(flow, module), None, None, False, module, version, texts))
        things.append(flow)
    pairs = frozenset((names[before], names[behind]) for before, behind in steps.pairs)
    pipeline = Pipeline(
        name=_name(flow, module),
        loc=name_loc(module, flow.node),
        system="prefect",
        noun="flow",
        tasks=tuple(tasks),
        edges=Edges(pairs, _opened(module, steps, flow) if steps.first else None),
        schedule=Schedule(
            Unknown("a deployment made elsewhere may give it a schedule"), Absent(Unknown("there is none"))
        ),
        shared=None,
        repeated=repeated_at(module, flow, version) if steps.first else None,
    )
    flows = frozenset(thing.node for thing in steps.first if thing.role == "flow")
    return Built(
        Lean(
            pipeline,
            tuple(texts),
            flow.node,
            flows,
            _repeats(flow, module, version),
            tuple(flow_faults(module, version, steps, names, pipeline.name)),
        ),
        tuple(things),
        flow,
        tuple(steps.first.items()),
    )


def _names(things: Sequence[Thing], module: Module) -> dict[Thing, str]:
    """A name for each task; one that is used twice with other options is numbered."""
    found: dict[Thing, str] = {}
    for thing in things:
        name = plain = _name(thing, module)
        count = 1
        while name in found.values():
            count += 1
            name = f"{plain}-{count}"
        found[thing] = name
    return found


def _name(thing: Thing, module: Module) -> str:
    for _, given in thing.arguments(module):
        named = given.get("name")
        value = named.constant() if named is not None else None
        if isinstance(value, Known) and isinstance(value.value, str):
            return value.value
    return thing.node.name


def name_loc(module: Module, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Loc:
    """Where a function's name stands in its definition."""
    loc = module.loc(node)
    found = _DEF.match(module.text_of(node))
    if found is None:
        return loc
    return loc.at(Span(loc.span.start + found.start(1), loc.span.start + found.end(1)))


def _task(
    thing: Thing,
    name: str,
    flow: Thing | None,
    call: ast.Call | None,
    mapped: bool,
    module: Module,
    version: Version,
    texts: list[SqlText],
) -> Task:
    settings: Settings = settings_of(thing, flow, module, version)
    own = thing.function.module is module
    anchor = call if call is not None and module.loc(call).file == module.path else None
    optioned = any(words == "with_options" for words, _ in thing.layers)
    here = anchor is not None and (optioned or not own)
    loc = module.loc(anchor.func) if here and anchor is not None else name_loc(module, thing.node)
    runs: tuple[Runs, ...]
    if thing.role == "flow" and flow is not None:
        runs = (OtherRun(f"flow {thing.node.name}", loc),)
    else:
        runs = (CallableRun(thing.function.name, loc),)
    return Task(
        name=name,
        loc=loc,
        whole=module.loc(anchor if here and anchor is not None else thing.node),
        kind=thing.kind,
        variable=None,
        retry=settings.retry,
        timeout=settings.timeout,
        alerts=settings.alerts,
        settings=settings.settings,
        does=Unknown("what the function does is told by its body"),
        runs=runs,
        role=Unknown("what the task does decides"),
        mapped=mapped,
        made_elsewhere=not own,
        kept=is_stored(thing, module),
    )


def _opened(module: Module, steps: Steps[Thing], flow: Thing) -> Unknown | None:
    """Why the flow may do more between its tasks than its tasks say."""
    for call in steps.others:
        if thing_of(module, call) is not None:
            continue
        names = module.qualified(call.func)
        written = " ".join(module.text_of(call.func).split())[:60]
        if _MAY_CHECK.search(written.rpartition(".")[2]):
            return Unknown(f"{written} in the flow's own body may check the data")
        if names and not any(map(_is_plain, names)):
            return Unknown(f"what {written} does is not in the workspace")
    if any(isinstance(node, ast.Raise | ast.Assert) for node in nodes_under(flow.node)):
        return Unknown("the flow's own body checks something")
    return None


_PLAIN: Final = (
    "prefect.",
    "builtins.",
    "asyncio.",
    "logging.",
    "datetime.",
    "os.",
    "time.",
    "json.",
    "pathlib.",
    "pandas.",
)


def _is_plain(name: str) -> bool:
    """Whether a call is of an object, of a library that checks no data, or of one whose effects are known."""
    return "(" in name or name.startswith(_PLAIN) or name_effect(name) is not None
