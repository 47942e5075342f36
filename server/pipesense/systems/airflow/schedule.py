"""When a DAG runs, from which date on, and whether it makes up for runs that it missed."""

from __future__ import annotations

import ast
from datetime import timedelta
from typing import Final

from pipesense.lang.python.frames import Argument, Frame, follow
from pipesense.lang.python.module import Moment
from pipesense.model.flow import Schedule
from pipesense.model.value import Absent, Evidence, Known, Unknown, Value, Version
from pipesense.model.where import Loc
from pipesense.systems.airflow import tables
from pipesense.systems.airflow.configuration import Configured
from pipesense.systems.airflow.settings import Defaults
from pipesense.systems.airflow.things import DagDraft
from pipesense.text.cron import Cron, read_cron
from pipesense.text.cron import cron_problem as text_problem

SCHEDULES: Final = ("schedule", "schedule_interval", "timetable")
"""The arguments that say when a DAG runs; the later ones are older spellings."""
_RUNS: Final = 16
"""How many runs of a DAG may be under way where nothing says so: ``[core] max_active_runs_per_dag`` of 2.11 and 3.3."""
_NOT_CRON: Final = frozenset({"@once", "@continuous"})
"""Presets that are no times of the clock."""


def read_schedule(defaults: Defaults, version: Version, line: str) -> Schedule:
    """The schedule of a DAG; ``line`` is the release line to ask the tables for."""
    dag = defaults.dag
    start = _start(defaults)
    moving = _moving(start) if start is not None else None
    return Schedule(
        text=_text(dag, version, line),
        concurrent=_concurrent(dag, Configured(version.project)),
        every=_every(_given(dag, *SCHEDULES)),
        start=_first(start, defaults),
        moving_start=moving[0] if moving else None,
        moving_start_text=moving[1] if moving else "",
        triggered=_is_triggered(_given(dag, *SCHEDULES)),
        catchup=_catchup(dag, version, line),
    )


def cron_problem(given: Argument) -> str | None:
    """Why a schedule that is a text cannot be read as cron; None where it can, or is no text."""
    value = given.constant()
    if not isinstance(value, Known) or not isinstance(value.value, str) or value.value in _NOT_CRON:
        return None
    return text_problem(value.value)


def _concurrent(dag: DagDraft, deployed: Configured) -> Value[int]:
    given = _given(dag, "max_active_runs")
    if given is None:
        elsewhere = deployed.number("max_active_runs_per_dag", _RUNS)
        searched = elsewhere.searched if isinstance(elsewhere, Absent) else ()
        return dag.arguments.why_unsure("max_active_runs") or (
            Absent(elsewhere.default, ("the DAG", *searched)) if isinstance(elsewhere, Absent) else elsewhere
        )
    value = given.constant()
    if isinstance(value, Known) and isinstance(value.value, int):
        return Known(value.value, given.loc)
    return Unknown("it is computed")


def _every(given: Argument | None) -> timedelta | None:
    """The shortest time between two runs by the clock; None where there is no clock, or nobody can tell."""
    value = given.constant() if given is not None else None
    if not isinstance(value, Known):
        return None
    if isinstance(value.value, timedelta):
        return value.value
    found = read_cron(value.value) if isinstance(value.value, str) and value.value not in _NOT_CRON else None
    return found.shortest() if isinstance(found, Cron) else None


def _given(dag: DagDraft, *names: str) -> Argument | None:
    for name in names:
        found = dag.attributes.get(name) or dag.arguments.get(name)
        if found is not None:
            return found
    return None


def _is_triggered(given: Argument | None) -> bool:
    """Whether the schedule is made of datasets (assets) alone."""
    return given is not None and _is_dataset(given.value, given.frame, 0)


def _is_dataset(expr: ast.expr, frame: Frame, depth: int) -> bool:
    expr, frame = follow(expr, frame)
    if depth > _DEEPEST:
        return False
    if isinstance(expr, ast.List | ast.Tuple):
        return bool(expr.elts) and all(_is_dataset(each, frame, depth + 1) for each in expr.elts)
    if isinstance(expr, ast.BinOp) and isinstance(expr.op, ast.BitOr | ast.BitAnd):
        return _is_dataset(expr.left, frame, depth + 1) and _is_dataset(expr.right, frame, depth + 1)
    module = frame.module
    if isinstance(expr, ast.Name):
        found = [each.value for each in module.bindings_of(expr)]
        if len(found) == 1 and found[0] is not None:
            return _is_dataset(found[0], frame, depth + 1)
    names = {name.rpartition(".")[2] for name in module.qualified(expr)}
    return bool(names) and names <= _DATASETS


_DATASETS: Final = frozenset(
    f"{kind}{part}()" for kind in ("Dataset", "Asset") for part in ("", "Alias", "Any", "All")
) | {"AssetRef()", "AssetWatcher()"}
_DEEPEST: Final = 6


def _default(name: str, version: Version, line: str) -> Value[object]:
    if version.evidence is Evidence.UNKNOWN:
        two, three = tables.default("dag", name, "2.10"), tables.default("dag", name, "3.0")
        if two is None or three is None or two.value != three.value:
            return Unknown("the default differs between Airflow 2 and 3")
        return Known(three.value)
    found = tables.default("dag", name, line)
    return Known(found.value) if found is not None else Unknown("there is none")


def _text(dag: DagDraft, version: Version, line: str) -> Value[str | None]:
    given = _given(dag, *SCHEDULES)
    if given is None:
        why = dag.arguments.why_unsure(*SCHEDULES)
        if why is not None:
            return why
        if version.number and version.number[0] < 3:
            return Absent(Known("every day"), ("the DAG",))
        if version.number:
            return Absent(Known(None), ("the DAG",))
        return Absent(Unknown("the default differs between Airflow 2 and 3"), ("the DAG",))
    value = given.constant()
    if isinstance(value, Known):
        if value.value is None or isinstance(value.value, str):
            return Known(value.value, given.loc)
        if isinstance(value.value, timedelta):
            return Known(f"every {value.value}", given.loc)
    written = " ".join(given.frame.module.text_of(given.value).split())
    expr, _ = follow(given.value, given.frame)
    if isinstance(expr, ast.List | ast.Tuple | ast.Call | ast.BinOp):
        return Known(written if len(written) <= 60 else written[:57] + "...", given.loc)
    return value if isinstance(value, Unknown) else Unknown("it is computed")


def _start(defaults: Defaults) -> Argument | None:
    given = _given(defaults.dag, "start_date")
    if given is None and defaults.shared is not None:
        given = defaults.shared.items.get("start_date")
    return given


def _first(start: Argument | None, defaults: Defaults) -> Value[str]:
    if start is not None:
        value = start.constant()
        if isinstance(value, Known):
            if isinstance(value.value, Moment):
                return (
                    Unknown("it is computed from the clock")
                    if value.value.moving
                    else Known(value.value.text, start.loc)
                )
            return Known(str(value.value), start.loc)
        return Unknown(value.why) if isinstance(value, Unknown) else Unknown("it is not set")
    opened = defaults.dag.arguments.why_unsure("start_date") or (
        defaults.shared.why_unsure("start_date") if defaults.shared is not None else None
    )
    return opened or Absent(Unknown("there is none"), ("the DAG", "the DAG's default_args"))


def _moving(start: Argument) -> tuple[Loc, str] | None:
    """Where the start date asks the clock: the value as it is written, one name followed."""
    value = start.constant()
    if not (isinstance(value, Known) and isinstance(value.value, Moment) and value.value.moving):
        return None
    expr, frame = follow(start.value, start.frame)
    module = frame.module
    if isinstance(expr, ast.Name):
        found = module.definition(expr)
        if len(found) == 1 and isinstance(found[0], ast.expr) and module.loc(found[0]).file == module.path:
            expr = found[0]
    return module.loc(expr), " ".join(module.text_of(expr).split())


def _catchup(dag: DagDraft, version: Version, line: str) -> Value[bool]:
    given = _given(dag, "catchup")
    if given is None:
        why = dag.arguments.why_unsure("catchup")
        if why is not None:
            return why
        if not dag.known:
            return Unknown("the DAG's class is not Airflow's own")
        deployed = Configured(version.project)
        told = deployed.switch("catchup_by_default")
        if told is not None:
            return Absent(Known(told), ("the DAG", deployed.searched("catchup_by_default")))
        if deployed.place("catchup_by_default"):
            return Unknown(f"what {deployed.place('catchup_by_default')} says cannot be told")
        default = _default("catchup", version, line)
        if isinstance(default, Known) and isinstance(default.value, bool):
            return Absent(Known(default.value), ("the DAG", deployed.searched("catchup_by_default")))
        return Absent(default if isinstance(default, Unknown) else Unknown("the default is not known"), ("the DAG",))
    value = given.constant()
    if isinstance(value, Known):
        return Known(bool(value.value), given.loc)
    return Unknown(value.why) if isinstance(value, Unknown) else Unknown("it is computed")
