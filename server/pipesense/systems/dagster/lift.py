"""Lifts a file of Dagster: its assets with their checks are one graph, each job and graph of ops is another."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from pipesense.lang.python.frames import Frame, read_arguments
from pipesense.lang.python.module import Module
from pipesense.lang.python.sites import argument_sites
from pipesense.lang.python.sql_calls import numbered, numbered_task
from pipesense.model.code import ObsoleteUse, PatternSite
from pipesense.model.data import CheckKind, DatasetName, QualityCheck
from pipesense.model.flow import Edges, Pipeline, Schedule, Task
from pipesense.model.value import Absent, Known, Unknown, Value, Version
from pipesense.systems.dagster.asset_faults import Handed, Named, handed_in, names_in, unknown_assets, unregistered
from pipesense.systems.dagster.assets import Piece, read_asset, read_check
from pipesense.systems.dagster.faults import faults_in
from pipesense.systems.dagster.jobs import ELSEWHERE, NO_START, Job, Timing, read_job, timings_in
from pipesense.systems.dagster.keys import Key, keys_in
from pipesense.systems.dagster.obsolete import obsolete_in
from pipesense.systems.dagster.things import decorated, functions_in, named
from pipesense.systems.system import Embed, Lifted

_BY_JOB: Final = Unknown("a job of this file repeats the steps of the assets that it selects")

_CHECK_LOADER: Final = "load_asset_checks_from_modules"
_CHECK_LOADERS: Final = ("load_asset_checks_from_", "load_definitions_from_", "load_from_defs_folder", "load_defs")
"""What takes the checks of a module as well: ``load_assets_from_modules`` leaves them out (dagster 1.7 and later,
https://docs.dagster.io/api/dagster/asset-checks#dagster.load_asset_checks_from_modules)."""

_PATTERNS: Final = {
    "retry_policy": ("retry-with-backoff", ""),
    "op_retry_policy": ("retry-with-backoff", "For every op of the job that has no policy of its own."),
    "max_retries": ("retry-with-backoff", ""),
    "backoff": ("retry-with-backoff", "Each pause is longer than the one before."),
    "jitter": ("retry-with-backoff", "How far a pause may differ, so that not all steps come back at once."),
    "freshness_policy": ("deadlines", "By when the asset has to be made anew; Dagster shows what is late."),
    "blocking": ("quality-gate", "With True, what is built on the asset waits for the check."),
    "check_specs": ("quality-checks", "Checks that the asset does itself while it is made."),
    "partitions_def": ("partition-design", "A run makes one partition, and makes it again when it is repeated."),
    "cron_schedule": ("scheduling-and-catchup", "Dagster makes up for no runs that were missed."),
    "automation_condition": ("scheduling-and-catchup", "Decides when the asset is made without being asked."),
}


def _is_own(module: Module, call: ast.Call) -> bool:
    return named(module, call.func) != ""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What one top-level statement says by itself; ``checked`` are assets for which it builds checks."""

    pieces: tuple[Piece, ...]
    jobs: tuple[Job, ...]
    timings: tuple[Timing, ...]
    asset_jobs: tuple[str, ...]
    checked: tuple[Key | None, ...]
    facts: tuple[object, ...]
    obsolete: tuple[ObsoleteUse, ...]
    names: tuple[Named, ...]
    handed: tuple[Handed, ...]
    sites: tuple[PatternSite, ...]
    repeats: bool
    """A job of assets in it repeats their steps (``op_retry_policy``)."""
    loads_checks: bool


def lift(module: Module, version: Version, embed: Embed) -> Lifted:
    """Everything that a file says to Dagster."""
    looks = module.memo_each(("dagster: statement", version), module.body, partial(_look, module, version))
    timings = [each for look in looks for each in look.timings]
    pipelines: list[Pipeline] = []
    pieces = [each for look in looks for each in look.pieces]
    if pieces:
        jobs = {name for look in looks for name in look.asset_jobs}
        tasks = [numbered_task(module, piece, embed) for piece in pieces]
        if any(look.repeats for look in looks):
            tasks = [replace(each, retry=_BY_JOB) if isinstance(each.retry, Absent) else each for each in tasks]
        checked = [key for look in looks for key in look.checked]
        own = [each for each in timings if each.job in jobs]
        pipelines.append(_assets(module, pieces, tasks, checked, own, any(look.handed for look in looks)))
    found = [each for look in looks for each in look.jobs]
    inner = {node for each in found for node in each.entered}
    for job in found:
        if not (job.graph and job.node in inner):
            pipelines.append(_scheduled(numbered(module, job, embed), job.node, timings))
    names = [each for look in looks for each in look.names]
    handed = [each for look in looks for each in look.handed]
    between = (*unknown_assets(module, names, pieces), *unregistered(module, pieces, handed))
    return Lifted(
        pipelines=tuple(pipelines),
        facts=(*(fact for look in looks for fact in look.facts), *between),
        obsolete=tuple(use for look in looks for use in look.obsolete),
        sites=tuple(site for look in looks for site in look.sites),
        told={("loads checks", "dagster"): True} if any(look.loads_checks for look in looks) else {},
    )


def _look(module: Module, version: Version, statement: ast.stmt) -> Look:
    pieces: list[Piece] = []
    jobs: list[Job] = []
    names: list[Named] = []
    for function in functions_in(module, statement):
        thing = decorated(module, function)
        if thing is None:
            continue
        names += names_in(module, thing)
        if thing.role == "asset":
            pieces.append(read_asset(module, thing, version))
        elif thing.role == "check":
            pieces.append(read_check(module, thing, version))
        elif thing.role in ("job", "graph"):
            jobs.append(read_job(module, thing, version).job)
    asset_jobs: list[str] = []
    checked: list[Key | None] = []
    repeats = loads_checks = False
    for site in module.calls_under(statement):
        name = named(module, site.node.func)
        loads_checks = loads_checks or name.startswith(_CHECK_LOADERS)
        if name == "define_asset_job":
            given = read_arguments(site.node, Frame(module), ("name",)).get("name")
            value = given.constant() if given is not None else None
            asset_jobs += [str(value.value)] if isinstance(value, Known) else []
            repeats = repeats or any(word.arg == "op_retry_policy" for word in site.node.keywords)
            if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                asset_jobs.append(statement.targets[0].id)
        elif name.startswith("build_") and name.endswith("_checks"):
            about = read_arguments(site.node, Frame(module)).get("assets")
            checked += keys_in(module, about.value) if about is not None else [None]
    timings = tuple(timings_in(module, statement))
    facts = tuple(faults_in(module, statement, version))
    obsolete = tuple(obsolete_in(module, statement, version))
    handed = tuple(handed_in(module, statement))
    sites = tuple(argument_sites(module, statement, _PATTERNS, partial(_is_own, module)))
    return Look(
        tuple(pieces),
        tuple(jobs),
        timings,
        tuple(asset_jobs),
        tuple(checked),
        facts,
        obsolete,
        tuple(names),
        handed,
        sites,
        repeats,
        loads_checks,
    )


def _assets(
    module: Module,
    pieces: Sequence[Piece],
    tasks: Sequence[Task],
    checked: Sequence[Key | None],
    timings: Sequence[Timing],
    registers: bool,
) -> Pipeline:
    """The assets of a file as one graph; ``registers``: the file hands them to Dagster itself."""
    names = _unique([task.name for task in tasks])
    made = {key: name for piece, name in zip(pieces, names, strict=True) if not piece.check for key in piece.keys}
    by_last: dict[str, str | None] = {}
    for key, name in made.items():
        by_last[key[-1]] = None if key[-1] in by_last else name
    pairs: set[tuple[str, str]] = set()
    for piece, name in zip(pieces, names, strict=True):
        before = {made[key] for key in (*piece.needs, *(piece.keys if piece.check else ())) if key in made}
        before |= {found for each in piece.parameters if (found := by_last.get(each)) is not None}
        pairs |= {(each, name) for each in before if each != name}
    for piece, name in zip(pieces, names, strict=True):
        if piece.check and piece.blocking:
            about = {made[key] for key in piece.keys if key in made}
            behind = {b for a, b in pairs if a in about and b not in about and b != name}
            gated = {b for b, each in zip(names, pieces, strict=True) if b in behind and not each.check}
            pairs |= {(name, each) for each in gated}
    opened = None
    if any(key is None for key in checked) or any(piece.check and piece.opened for piece in pieces):
        opened = Unknown("checks are built for assets that cannot be told from the code")
    asked = {made[key] for key in checked if key is not None and key in made}
    final = tuple(
        replace(task, name=name, checks=(*task.checks, *_built(task))) if name in asked else replace(task, name=name)
        for task, name in zip(tasks, names, strict=True)
    )
    moving = next((piece.moving for piece in pieces if piece.moving is not None), None)
    cron = next((piece.cron for piece in pieces if piece.cron is not None), None)
    text: Value[str | None] = next((each.text for each in timings if not each.triggered), ELSEWHERE)
    if cron is not None and isinstance(text, Unknown):
        text = Known(cron)
    return Pipeline(
        name="/".join(module.path.removesuffix(".py").split("/")[-2:]),
        loc=tasks[0].loc,
        system="dagster",
        noun="asset graph",
        tasks=final,
        edges=Edges(frozenset(pairs), opened),
        schedule=Schedule(
            text,
            NO_START,
            moving_start=moving[0] if moving is not None else None,
            moving_start_text=moving[1] if moving is not None else "",
            catchup=Known(False),
        ),
        shared=None,
        resumes=True,
        check_loader="" if registers else _CHECK_LOADER,
    )


def _built(task: Task) -> tuple[QualityCheck, ...]:
    """The check that a builder of Dagster makes for an asset."""
    subject: Value[DatasetName] = Known(task.stores[0]) if task.stores else Unknown("the asset")
    return (QualityCheck(frozenset({CheckKind.FRESHNESS}), subject, (), f"checks built for {task.name}", task.loc),)


def _unique(names: Sequence[str]) -> list[str]:
    """Names of tasks, those that occur again numbered."""
    found: list[str] = []
    for plain in names:
        name, count = plain, 1
        while name in found:
            count += 1
            name = f"{plain}_{count}"
        found.append(name)
    return found


def _scheduled(pipeline: Pipeline, node: ast.FunctionDef | ast.AsyncFunctionDef, timings: Sequence[Timing]) -> Pipeline:
    """The job with what runs it, as far as this file says."""
    own = [each for each in timings if each.job in (pipeline.name, node.name)]
    if not own:
        return pipeline
    timed = next((each for each in own if not each.triggered), own[0])
    schedule = replace(pipeline.schedule, text=timed.text, triggered=timed.triggered)
    return replace(pipeline, schedule=schedule)
