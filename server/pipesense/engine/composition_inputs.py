"""What composing a pipeline looks at beside the pipeline: while all of it is the same, so is what is composed."""

from __future__ import annotations

from collections.abc import Callable
from operator import is_
from typing import Final

from pipesense.engine.linked import Linked
from pipesense.model.code import ScopeCode
from pipesense.model.data import Access
from pipesense.model.flow import CallableRun, EmbeddedRun, Pipeline, SqlFileRun, kinds_of_runs

_LOOKED_AT: Final = frozenset({EmbeddedRun, SqlFileRun, CallableRun})
"""Runs that composing follows beyond the pipeline."""


def inputs_of(
    pipeline: Pipeline,
    linked: Linked,
    accesses_of: Callable[[SqlFileRun], tuple[Access, ...] | None],
    code_of: Callable[[str], tuple[ScopeCode, ...]],
) -> tuple[object, ...]:
    """Everything that composing a pipeline looks at beside the pipeline."""
    found: list[object] = []
    if _LOOKED_AT.isdisjoint(kinds_of_runs(pipeline)):
        return ()
    for task in pipeline.tasks:
        for run in task.runs:
            if isinstance(run, EmbeddedRun):
                found.append(linked.scripts.get(run.unit))
            elif isinstance(run, SqlFileRun):
                found.append(accesses_of(run))
            elif isinstance(run, CallableRun):
                effects = linked.effects.get(run.scope)
                found.append(effects)
                for code in (each for name in (effects.reached if effects else ()) for each in code_of(name)):
                    found.append(code)
                    found += (linked.scripts.get(each.unit) for each in code.scripts)
    return tuple(found)


def identical(one: tuple[object, ...], other: tuple[object, ...]) -> bool:
    """Whether both hold the same objects."""
    return len(one) == len(other) and all(map(is_, one, other))
