"""Jobs and graphs: functions whose body calls ops, with what schedules them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from pipesense.lang.python.frames import NO_ARGUMENTS, Arguments, Frame, read_arguments
from pipesense.lang.python.functions import Function
from pipesense.lang.python.module import Module
from pipesense.lang.python.sql_calls import SqlText
from pipesense.lang.python.steps import Called, Steps, read_steps
from pipesense.model.flow import CallableRun, Edges, Pipeline, Schedule, Task
from pipesense.model.value import Absent, Known, Origin, Unknown, Value, Version
from pipesense.systems.dagster.assets import name_loc
from pipesense.systems.dagster.settings import (
    NO_ALERTS,
    NO_TIMEOUT,
    effective_retry,
    resolved,
    retry_settings,
    written_settings,
)
from pipesense.systems.dagster.things import Invoked, Thing, invoked, named

ELSEWHERE = Unknown("a schedule or sensor made elsewhere may run it")
NO_START: Value[str] = Absent(Unknown("Dagster's schedules need none"), ())


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """A job or graph, with the SQL of its ops; ``entered`` are the graphs that were read as part of it."""

    pipeline: Pipeline
    texts: tuple[SqlText, ...]
    node: ast.FunctionDef | ast.AsyncFunctionDef
    entered: frozenset[ast.AST]
    graph: bool


@dataclass(frozen=True, slots=True)
class Timing:
    """Something runs ``job`` (a name, as written or as it is called) on a schedule, or when something happens."""

    job: str
    text: Value[str | None]
    triggered: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Built:
    """A job with what it was made from; ``ops`` are as many as it has tasks, in the same order."""

    job: Job
    ops: tuple[Invoked, ...]


def _recognise(module: Module, entered: set[ast.AST], call: ast.Call) -> Called[Invoked] | None:
    found = invoked(module, call.func)
    if found is not None:
        return Called(found, blocking=False)
    entered.update(function.node for function in module.callables(call.func))
    return None


def read_job(module: Module, thing: Thing, version: Version) -> Built:
    """A job or graph with its ops."""
    entered: set[ast.AST] = set()
    steps: Steps[Invoked] = read_steps(module, thing.function, partial(_recognise, module, entered), frozenset())
    given = thing.arguments(module)
    ops = tuple(steps.first)
    names = _names(ops, module)
    texts: list[SqlText] = []
    tasks = tuple(_task(module, op, names[op], given, steps.first[op], version, texts, thing) for op in ops)
    name = given.get("name")
    value = name.constant() if name is not None else None
    pipeline = Pipeline(
        name=value.value if isinstance(value, Known) and isinstance(value.value, str) else thing.node.name,
        loc=name_loc(module, thing.node),
        system="dagster",
        noun=thing.role,
        tasks=tasks,
        edges=Edges(frozenset((names[before], names[behind]) for before, behind in steps.pairs)),
        schedule=Schedule(ELSEWHERE, NO_START, catchup=Known(False)),
        shared=None,
        resumes=True,
    )
    return Built(Job(pipeline, tuple(texts), thing.node, frozenset(entered), thing.role == "graph"), ops)


def _names(ops: Sequence[Invoked], module: Module) -> dict[Invoked, str]:
    found: dict[Invoked, str] = {}
    for op in ops:
        plain = _name(op, module)
        name, count = plain, 1
        while name in found.values():
            count += 1
            name = f"{plain}_{count}"
        found[op] = name
    return found


def _name(op: Invoked, module: Module) -> str:
    for layer in op.layers:
        if isinstance(layer.func, ast.Attribute) and layer.func.attr == "alias" and layer.args:
            value = module.value(layer.args[0])
            if isinstance(value, Known):
                return str(value.value)
    name = op.thing.arguments(module).get("name")
    value = name.constant() if name is not None else Unknown("")
    return value.value if isinstance(value, Known) and isinstance(value.value, str) else op.thing.node.name


def _task(
    module: Module,
    op: Invoked,
    name: str,
    job: Arguments,
    call: ast.Call,
    version: Version,
    texts: list[SqlText],
    outer: Thing,
) -> Task:
    function: Function = op.thing.function
    own = function.module is module
    loc = (
        name_loc(module, function.node) if own and not isinstance(function.node, ast.Lambda) else module.loc(call.func)
    )
    invocations = [
        ("the call", Origin.HERE, read_arguments(layer, Frame(module), ("retry_policy",)), "retry_policy")
        for layer in op.layers
        if isinstance(layer.func, ast.Attribute) and layer.func.attr == "with_retry_policy"
    ]
    given = op.thing.arguments(module)
    layers = [
        *invocations,
        ("@op", Origin.DECORATOR, given, "retry_policy"),
        (f"the {outer.role}", Origin.PIPELINE, job if outer.role == "job" else NO_ARGUMENTS, "op_retry_policy"),
    ]
    retry = effective_retry(module, layers, version)
    return Task(
        name=name,
        loc=loc,
        whole=module.loc(function.node if own else call),
        kind="@op",
        variable=op.thing.node.name,
        retry=retry,
        timeout=NO_TIMEOUT,
        alerts=NO_ALERTS,
        settings=(*retry_settings(retry), *written_settings(given, (("pool", "pool", "how many may run at once"),))),
        does=Unknown("what the function does is told by its body"),
        runs=(CallableRun(function.name, loc),),
        role=Unknown("what the op does decides"),
    )


def timings_in(module: Module, statement: ast.stmt) -> Iterator[Timing]:
    """What runs jobs by itself: ``ScheduleDefinition``, ``@schedule``, ``@sensor``, ``build_schedule_from_...``."""
    for site in module.calls_under(statement):
        name = named(module, site.node.func)
        if name in ("ScheduleDefinition", "schedule", "build_schedule_from_partitioned_job", "sensor", "asset_sensor"):
            given = read_arguments(site.node, Frame(module), ("cron_schedule",) if name == "schedule" else ())
            job = given.get("job", "target", "job_name")
            if job is not None:
                yield Timing(job_name(module, job.value), _when(name, given), name.endswith("sensor"))


def _when(name: str, given: Arguments) -> Value[str | None]:
    if name.endswith("sensor"):
        return Known(None)
    cron = given.get("cron_schedule")
    if cron is None:
        return Known("as its partitions")
    value = cron.constant()
    if isinstance(value, Known):
        return Known(str(value.value), cron.loc)
    return value if isinstance(value, Unknown) else Unknown("it is computed")


def job_name(module: Module, expr: ast.expr) -> str:
    """A job as schedules name it: the function, the variable, or the text."""
    if isinstance(expr, ast.Name):
        return expr.id
    found = resolved(module, expr)
    if isinstance(found, ast.Constant) and isinstance(found.value, str):
        return found.value
    return " ".join(module.text_of(expr).split())
