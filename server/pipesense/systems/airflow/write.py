"""Writes changes as Airflow code."""

from __future__ import annotations

from pipesense.lang.python.module import Module
from pipesense.model.change import (
    AddCheck,
    Change,
    FlushSends,
    LimitMapped,
    LimitRuns,
    PutMessageAside,
    Refusal,
    Replace,
    Rewrite,
    SetClientSettings,
    SetRetry,
    SetRetryPause,
    SetStartDate,
    SetTimeout,
    UseNewApi,
    WaitFor,
    WaitWithoutSlot,
)
from pipesense.model.flow import Pipeline
from pipesense.model.value import Version
from pipesense.systems.airflow.lift import find_pipelines
from pipesense.systems.airflow.pipeline import Built
from pipesense.systems.airflow.write_api import use_new_api
from pipesense.systems.airflow.write_checks import add_check
from pipesense.systems.airflow.write_edges import wait_for
from pipesense.systems.airflow.write_settings import (
    set_at_task,
    set_retry,
    set_start_date,
    set_timeout,
)

_OfPipeline = (
    SetRetry
    | SetRetryPause
    | SetTimeout
    | SetStartDate
    | AddCheck
    | WaitWithoutSlot
    | LimitMapped
    | LimitRuns
    | WaitFor
)


def write(change: Change, module: Module, version: Version) -> tuple[Replace, ...] | Refusal:
    """The replacements that make a change, or why they cannot be written here."""
    match change:
        case Replace():
            return (change,)
        case Rewrite():
            return change.parts
        case UseNewApi():
            return use_new_api(change.use, module)
        case SetClientSettings() | PutMessageAside() | FlushSends():
            return Refusal("Airflow has no clients of message brokers.")
        case (
            SetRetry()
            | SetRetryPause()
            | SetTimeout()
            | SetStartDate()
            | AddCheck()
            | WaitWithoutSlot()
            | LimitMapped()
            | LimitRuns()
            | WaitFor()
        ):
            built = _find(change.pipeline, module, version)
            if built is None:
                return Refusal(f"DAG {change.pipeline.name} is no longer where it was.")
            return _write_in(change, built, module)
        case _:
            return Refusal("Airflow has no such setting.")


def _write_in(change: _OfPipeline, built: Built, module: Module) -> tuple[Replace, ...] | Refusal:
    match change:
        case SetRetry() | SetRetryPause():
            return set_retry(change, built, module)
        case SetTimeout():
            return set_timeout(change, built, module)
        case SetStartDate():
            return set_start_date(built, module)
        case WaitWithoutSlot() | LimitMapped() | LimitRuns():
            return set_at_task(change, built, module)
        case AddCheck():
            return add_check(change, built, module)
        case WaitFor():
            return wait_for(change, built, module)


def _find(pipeline: Pipeline, module: Module, version: Version) -> Built | None:
    """The pipeline as it is now."""
    same = [each for each in find_pipelines(module, version) if each.pipeline.name == pipeline.name]
    return next((each for each in same if each.pipeline.loc == pipeline.loc), same[0] if len(same) == 1 else None)
