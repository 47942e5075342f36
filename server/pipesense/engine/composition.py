"""What a task does: the union over the code, SQL and files that it runs. Computed here and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from pipesense.model.code import ScopeCode, ScopeEffects
from pipesense.model.data import WRITES, Access, CheckKind, QualityCheck
from pipesense.model.flow import (
    CallableRun,
    Effect,
    EmbeddedRun,
    OtherRun,
    Pipeline,
    RetryPolicy,
    Role,
    SqlFileRun,
    Task,
    kinds_of_runs,
)
from pipesense.model.making import remade
from pipesense.model.value import Absent, Known, Unknown, Value, known
from pipesense.text.regex import regex

_CHECK_NAME: Final = regex(
    r"(?:^|[_\-.])(?:check|checks|validate|validation|quality|dq|assert|test|tests|verify|audit|expect)(?:$|[_\-.])",
    re.I,
)

CodeOf = Callable[[str], "tuple[ScopeCode, ...]"]
"""What data systems say of a scope of the workspace, by its name; empty where they say nothing."""
AccessesOf = Callable[[SqlFileRun], "tuple[Access, ...] | None"]
"""The accesses of a SQL file that a task runs; None where the file is not in the workspace."""


def compose(
    pipeline: Pipeline,
    effects: Mapping[str, ScopeEffects],
    embedded: Callable[[int], tuple[Access, ...]],
    accesses_of: AccessesOf,
    code_of: CodeOf,
) -> Pipeline:
    """The pipeline with every task knowing what the code that it runs reads, writes and touches."""
    tasks = tuple(_compose_task(task, effects, embedded, accesses_of, code_of) for task in pipeline.tasks)
    if all(new is old for new, old in zip(tasks, pipeline.tasks, strict=True)):
        return pipeline
    return remade(pipeline, tasks=tasks)


def _compose_task(
    task: Task,
    effects: Mapping[str, ScopeEffects],
    embedded: Callable[[int], tuple[Access, ...]],
    accesses_of: AccessesOf,
    code_of: CodeOf,
) -> Task:
    accesses = list(task.accesses)
    own_checks = list(task.checks)
    touched: set[Effect] = set(known(task.does) or ())
    opened: Unknown | None = task.does if isinstance(task.does, Unknown) else None
    scopes: list[ScopeEffects] = []
    for run in task.runs:
        if isinstance(run, EmbeddedRun):
            accesses += _scratch(embedded(run.unit)) if run.scratch else embedded(run.unit)
        elif isinstance(run, SqlFileRun):
            accesses += accesses_of(run) or ()
        elif isinstance(run, CallableRun):
            scope = effects.get(run.scope)
            if scope is None:
                opened = Unknown("the function that it runs is not in the workspace")
            else:
                scopes.append(scope)
                touched |= scope.effects
                for code in (each for name in scope.reached for each in code_of(name)):
                    accesses += _accesses(code, embedded)
                    touched |= code.effects
                    own_checks += code.checks
                opened = Unknown("it calls code outside the workspace") if scope.opened else None
        elif isinstance(run, OtherRun):
            opened = Unknown(f"{run.what} is outside the workspace")
    if not task.runs and not accesses:
        return task
    if any(access.mode in WRITES for access in accesses):
        touched.add(Effect.WRITE)
    does: Value[frozenset[Effect]] = Known(frozenset(touched)) if touched or opened is None else opened
    role = _role(task, accesses, scopes)
    checks = tuple(own_checks)
    if known(role) is Role.CHECK and not checks:
        subject: Unknown = Unknown("the check is a function")
        checks = (QualityCheck(frozenset({CheckKind.CUSTOM}), subject, (), task.name, task.loc),)
    refuses = _fails_on_purpose(scopes)
    retry = _retry(task, scopes, touched, code_of)
    same = (tuple(accesses), does, role, checks, refuses) == (task.accesses, task.does, task.role, task.checks, False)
    if same and retry is task.retry:
        return task
    return remade(
        task, accesses=tuple(accesses), does=does, role=role, checks=checks, fails_on_purpose=refuses, retry=retry
    )


def _retry(task: Task, scopes: list[ScopeEffects], touched: set[Effect], code_of: CodeOf) -> Value[RetryPolicy]:
    """That nothing repeats the task is not known where its code may do so."""
    if isinstance(task.retry, Absent) and _repeats_itself(task, scopes, touched, code_of):
        return Unknown("the code that it runs may repeat by itself what fails")
    return task.retry


def _repeats_itself(task: Task, scopes: list[ScopeEffects], touched: set[Effect], code_of: CodeOf) -> bool:
    """Whether all that a task does over the network, its code may repeat: then nobody can say that nothing does."""
    by_itself = isinstance(task.does, Known) and Effect.NETWORK in task.does.value
    if Effect.NETWORK not in touched or by_itself or not scopes or len(scopes) != len(task.runs) or task.accesses:
        return False
    if any(Effect.NETWORK in scope.bare for scope in scopes):
        return False
    codes = (code for scope in scopes for name in scope.once for code in code_of(name))
    return not any(code.accesses or code.scripts or Effect.NETWORK in code.effects for code in codes)


def _scratch(accesses: tuple[Access, ...]) -> list[Access]:
    """What happens in a database in memory ends with the process."""
    return [replace(each, temporary=True) for each in accesses]


def shown_to_others(code: ScopeCode, embedded: Callable[[int], tuple[Access, ...]]) -> ScopeCode:
    """The same with what its scripts touch as accesses: nobody else can look into the scripts of a file."""
    return remade(code, accesses=tuple(_accesses(code, embedded)), scripts=()) if code.scripts else code


def _accesses(code: ScopeCode, embedded: Callable[[int], tuple[Access, ...]]) -> list[Access]:
    found = list(code.accesses)
    for each in code.scripts:
        found += _scratch(embedded(each.unit)) if each.scratch else embedded(each.unit)
    return found


def runs_of_code(
    pipelines: Sequence[Pipeline], effects: Mapping[str, ScopeEffects], code: Mapping[str, tuple[ScopeCode, ...]]
) -> dict[tuple[int, int], list[EmbeddedRun]]:
    """The SQL that tasks run through functions of their own file, by the numbers of pipeline and task.

    In the order in which it runs, as far as that can be told: what a called function runs comes before what its
    caller runs behind the call, so it comes first.
    """
    found: dict[tuple[int, int], list[EmbeddedRun]] = {}
    scripts = {name: [script for each in said for script in each.scripts] for name, said in code.items()}
    if not any(scripts.values()):
        return found
    for at, pipeline in enumerate(pipelines):
        if CallableRun not in kinds_of_runs(pipeline):
            continue
        for number, task in enumerate(pipeline.tasks):
            runs: list[EmbeddedRun] = []
            for run in task.runs:
                scope = effects.get(run.scope) if isinstance(run, CallableRun) else None
                for name in reversed(scope.reached if scope is not None else ()):
                    runs += scripts.get(name, ())
            if runs:
                found[(at, number)] = runs
    return found


def _role(task: Task, accesses: list[Access], scopes: list[ScopeEffects]) -> Value[Role]:
    if isinstance(task.role, Known):
        return task.role
    if any(access.mode in WRITES and not access.temporary for access in accesses):
        return Known(Role.LOAD)
    name = task.name + " " + " ".join(run.scope for run in task.runs if isinstance(run, CallableRun))
    if any(_CHECK_NAME.search(word) for word in name.split()):
        return Known(Role.CHECK)
    if accesses and _fails_on_purpose(scopes):
        return Known(Role.CHECK)
    return task.role


def _fails_on_purpose(scopes: list[ScopeEffects]) -> bool:
    return any(scope.raises and Effect.WRITE not in scope.effects for scope in scopes)
