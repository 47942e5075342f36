"""From drafts to the model: one Pipeline per DAG that the lifted file makes."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from pipesense.lang.python.frames import Frame, dictionary, follow
from pipesense.lang.python.module import Module
from pipesense.lang.python.sql_calls import SqlText
from pipesense.model.code import ObsoleteUse
from pipesense.model.faults import SettingFault
from pipesense.model.flow import Edges, Pipeline, Schedule, Task
from pipesense.model.handover import LargeResult, LocalFile
from pipesense.model.value import Unknown, Version
from pipesense.model.where import Loc
from pipesense.systems.airflow import tables
from pipesense.systems.airflow.check_faults import check_faults
from pipesense.systems.airflow.configuration import Configured
from pipesense.systems.airflow.faults import dag_faults, task_faults
from pipesense.systems.airflow.graph_faults import graph_faults
from pipesense.systems.airflow.handover import large_results, local_files
from pipesense.systems.airflow.obsolete import removed_use
from pipesense.systems.airflow.reading import Reading
from pipesense.systems.airflow.roles import (
    always_runs,
    task_accesses,
    task_checks,
    task_effects,
    task_role,
)
from pipesense.systems.airflow.run_faults import clock_faults, run_faults
from pipesense.systems.airflow.runs import task_runs
from pipesense.systems.airflow.schedule import read_schedule
from pipesense.systems.airflow.settings import Defaults, is_unlimited, task_settings
from pipesense.systems.airflow.sources import Source, source_of_dag, source_of_task
from pipesense.systems.airflow.templates import obsolete_keys
from pipesense.systems.airflow.things import DagDraft, TaskDraft
from pipesense.text.regex import regex
from pipesense.text.span import Span

_DEF = regex(r"(?:async\s+)?def\s+(\w+)")


@dataclass(frozen=True, slots=True, eq=False)
class Lean:
    """A pipeline and the SQL texts that its tasks run, numbered by their place in ``texts``.

    It holds nothing of the reading that it comes from, so that it may be kept when that is gone.
    """

    pipeline: Pipeline
    texts: tuple[SqlText, ...]
    node: ast.AST
    obsolete: tuple[ObsoleteUse, ...]
    faults: tuple[SettingFault, ...]
    handed: tuple[LargeResult | LocalFile, ...]
    """What tasks hand to one another in ways that will not last."""


@dataclass(frozen=True, slots=True, eq=False)
class Built(Lean):
    """A pipeline with the drafts that it was made from."""

    dag: DagDraft
    drafts: tuple[TaskDraft, ...]
    """As many as the pipeline has tasks, in the same order."""


def build(reading: Reading, version: Version, line: str) -> tuple[Built, ...]:
    """The pipelines of everything that was read."""
    _adopt(reading)
    by_dag: dict[DagDraft, list[TaskDraft]] = {dag: [] for dag in reading.dags}
    for task in reading.tasks:
        if task.dag is not None and task.dag in by_dag:
            by_dag[task.dag].append(task)
    pairs = reading.edges.resolve(reading.tasks)
    certain = reading.edges.certain
    return tuple(
        _pipeline(dag, tasks, pairs, certain, reading, version, line)
        for dag, tasks in by_dag.items()
        if _belongs(dag, tasks)
    )


def _belongs(dag: DagDraft, tasks: list[TaskDraft]) -> bool:
    """Whether this file is the one to report the DAG.

    A DAG that a helper makes complete with its tasks is reported once, where the helper stands.
    """
    return dag.anchor is None or any(task.anchor is None or task.anchor is not dag.anchor for task in tasks)


def _adopt(reading: Reading) -> None:
    """A task without a DAG of its own belongs to the DAG of a task that it is connected with."""
    changed = True
    while changed:
        changed = False
        for before, behind in reading.edges.pairs:
            if before.dag is not None and behind.dag is None:
                behind.dag, changed = before.dag, True
            elif behind.dag is not None and before.dag is None:
                before.dag, changed = behind.dag, True


def _pipeline(
    dag: DagDraft,
    drafts: list[TaskDraft],
    pairs: Iterable[tuple[TaskDraft, TaskDraft]],
    certain: Iterable[tuple[TaskDraft, TaskDraft]],
    reading: Reading,
    version: Version,
    line: str,
) -> Built:
    home = reading.home
    defaults = Defaults(dag)
    texts: list[SqlText] = []
    tasks: list[Task] = []
    own = set(drafts)
    # What a task is made from is asked to know it again at the next link: a file that is read once has none.
    around = source_of_dag(dag) if home.keeps else None
    head = _head_of(dag, drafts, defaults, home, version, line, around)
    obsolete, faults = [*head.obsolete], [*head.faults]
    names = {draft: full_name(draft) for draft in drafts}
    faults += graph_faults(dag, drafts, certain, defaults, home, version, names)
    faults += check_faults(drafts, home, version)
    for draft in drafts:
        source = source_of_task(draft, around)
        compute = partial(_task, draft, defaults, reading, version, line, len(texts))
        if source is None:
            task, runs, keys, wrong = compute()
        else:
            tag = ("airflow: task", version, line, reading.varies, len(texts), source.words)
            task, runs, keys, wrong = home.memo(tag, source.nodes, compute)
        tasks.append(task)
        texts += runs
        obsolete += keys
        faults += wrong
    edges = frozenset((names[before], names[behind]) for before, behind in pairs if before in own and behind in own)
    pipeline = Pipeline(
        name=dag.name,
        loc=_dag_loc(dag, home),
        system="airflow",
        noun="DAG",
        tasks=tuple(tasks),
        edges=Edges(edges, Unknown(dag.opened) if dag.opened is not None else None),
        schedule=head.schedule,
        shared=head.shared,
        shared_closed=head.shared_closed,
    )
    own_uses = tuple(use for use in obsolete if use.loc.file == home.path)
    handed: tuple[LargeResult | LocalFile, ...] = (
        *(each for draft in drafts for each in large_results(draft, home)),
        *local_files(drafts, names, home),
    )
    return Built(pipeline, tuple(texts), dag.node, own_uses, tuple(faults), handed, dag, tuple(drafts))


@dataclass(frozen=True, slots=True)
class _Head:
    """What a DAG says of itself and hands to its tasks."""

    obsolete: tuple[ObsoleteUse, ...]
    faults: tuple[SettingFault, ...]
    schedule: Schedule
    shared: Loc | None
    shared_closed: bool


def _head_of(
    dag: DagDraft,
    drafts: Sequence[TaskDraft],
    defaults: Defaults,
    home: Module,
    version: Version,
    line: str,
    source: Source | None,
) -> _Head:
    """The head of a DAG; the one worked out before, where all that it is made from is the same."""
    compute = partial(_head, dag, drafts, defaults, home, version, line)
    if source is None:
        return compute()
    # Of the tasks only counts which settings they know.
    kinds = frozenset((draft.sets, draft.facts, draft.function is None) for draft in drafts)
    return home.memo(("airflow: head", version, line, dag.name, kinds, source.words), source.nodes, compute)


def _head(
    dag: DagDraft, drafts: Sequence[TaskDraft], defaults: Defaults, home: Module, version: Version, line: str
) -> _Head:
    defaults.ask_again()
    schedule = read_schedule(defaults, version, line)
    return _Head(
        tuple(_obsolete_defaults(defaults, version)),
        (
            *dag_faults(dag, drafts, defaults, schedule, home, version, line),
            *run_faults(dag, defaults, schedule, _dag_loc(dag, home), home, version),
        ),
        schedule,
        *_shared(dag, defaults),
    )


_Made = tuple[Task, tuple[SqlText, ...], tuple[ObsoleteUse, ...], tuple[SettingFault, ...]]


def _task(draft: TaskDraft, defaults: Defaults, reading: Reading, version: Version, line: str, first: int) -> _Made:
    """A task, its SQL texts (numbered from ``first``), the obsolete context keys that it uses, its faulty settings."""
    home = reading.home
    runs = task_runs(draft, first)
    settings = task_settings(draft, defaults, line, Configured(version.project))
    role = task_role(draft, runs.runs)
    loc = _task_loc(draft, home)
    task = Task(
        name=full_name(draft),
        loc=loc,
        whole=_whole(draft, home),
        kind=draft.kind,
        variable=draft.variable,
        retry=settings.retry,
        timeout=settings.timeout,
        alerts=settings.alerts,
        settings=settings.settings,
        does=task_effects(draft),
        runs=runs.runs,
        role=role,
        accesses=task_accesses(draft, home.path),
        checks=task_checks(draft, role, loc),
        connection=runs.connection,
        mapped=draft.mapped,
        unlimited=is_unlimited(draft, defaults),
        always_runs=always_runs(settings.trigger_rule, draft.teardown),
        teardown=draft.teardown,
        holds_slot=settings.holds_slot,
        overruled=settings.overruled,
    )
    clocks = clock_faults(draft, home, version) if reading.varies else ()
    faults = (*task_faults(draft, home, version, line), *clocks)
    return task, runs.texts, tuple(obsolete_keys(draft, home, version)), faults


def _obsolete_defaults(defaults: Defaults, version: Version) -> Iterator[ObsoleteUse]:
    """Keys of the shared defaults that newer versions refuse or ignore."""
    for key, argument in defaults.shared.items.items() if defaults.shared is not None else ():
        entry = tables.removed_argument("default_args", key)
        if entry is not None and version.number[:1] != (1,):
            yield removed_use(f"{key} in default_args", entry, argument.loc, version)


def full_name(task: TaskDraft) -> str:
    """The task's id with the groups that it is in."""
    return (task.group.path() if task.group is not None else "") + task.name


def name_loc(module: Module, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Loc:
    """Where a function's name stands in its definition."""
    loc = module.loc(node)
    found = _DEF.match(module.text_of(node))
    if found is None:
        return loc
    return loc.at(Span(loc.span.start + found.start(1), loc.span.start + found.end(1)))


def _named(expr: ast.expr | None, frame: Frame, home: Module) -> Loc | None:
    """Where a name is written in the lifted file."""
    if expr is None:
        return None
    expr, _ = follow(expr, frame)
    loc = home.loc(expr)
    return loc if loc.file == home.path else None


def _task_loc(task: TaskDraft, home: Module) -> Loc:
    found = _named(task.name_node, task.frame, home)
    if found is not None:
        return found
    if isinstance(task.node, ast.Call):
        loc = home.loc(task.node)
    else:
        loc = name_loc(home, task.node)
    if loc.file != home.path and task.anchor is not None:
        return home.loc(task.anchor)
    return loc


def _whole(task: TaskDraft, home: Module) -> Loc:
    loc = home.loc(task.node)
    return home.loc(task.anchor) if loc.file != home.path and task.anchor is not None else loc


def _dag_loc(dag: DagDraft, home: Module) -> Loc:
    found = _named(dag.name_node, dag.frame, home)
    if found is not None:
        return found
    if not isinstance(dag.node, ast.Call):
        return name_loc(home, dag.node)
    loc = home.loc(dag.node)
    return home.loc(dag.anchor) if loc.file != home.path and dag.anchor is not None else loc


def _shared(dag: DagDraft, defaults: Defaults) -> tuple[Loc | None, bool]:
    """Where the DAG's default_args are written, and whether every key is known."""
    closed = defaults.shared is None or defaults.shared.opened is None
    given = dag.arguments.get("default_args")
    if given is None:
        return None, closed
    found = dictionary(given.value, given.frame)
    return (given.frame.module.loc(found.literal) if found.literal is not None else None), closed
