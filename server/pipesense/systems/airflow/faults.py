"""Settings of DAGs and tasks that Airflow refuses, ignores, or takes for something else.

What happens to each was seen on Airflow 2.11.2 and 3.3.2: ``tests/frameworks/airflow/test_airflow_faults.py`` shows it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from pipesense.lang.python.edit import add_entries, add_keywords, remove_entry, remove_keyword, replace_node
from pipesense.lang.python.frames import Argument, dictionary
from pipesense.lang.python.module import Module
from pipesense.lang.python.syntax import parsed_of
from pipesense.model.change import Refusal, Replace, imported
from pipesense.model.faults import FaultKind, SettingFault
from pipesense.model.flow import Schedule
from pipesense.model.value import Absent, Known, Version, known
from pipesense.model.where import Loc
from pipesense.systems.airflow import tables
from pipesense.systems.airflow.schedule import SCHEDULES, cron_problem
from pipesense.systems.airflow.settings import Defaults
from pipesense.systems.airflow.things import DagDraft, TaskDraft
from pipesense.text.distance import distance, nearest
from pipesense.text.span import Span

_DURATION: Final = "timedelta"
_DURATIONS: Final = frozenset({"execution_timeout", "dagrun_timeout"})
_SECONDS: Final = frozenset({"retry_delay", "max_retry_delay"})
_SENSOR_SECONDS: Final = frozenset({"poke_interval", "timeout"})
_WHOLE: Final = frozenset(
    {
        *("retries", "priority_weight", "pool_slots", "max_active_tis_per_dag", "max_active_tis_per_dagrun"),
        *("max_active_runs", "max_active_tasks"),
    }
)
_SWITCHES: Final = frozenset({"depends_on_past", "do_xcom_push", "wait_for_downstream", "catchup"})
_TEXTS: Final = frozenset({"pool", "queue"})
_MODES: Final = ("poke", "reschedule")
_ONLY_PIPELINE: Final = frozenset(
    {"catchup", "max_active_runs", "max_active_tasks", "dagrun_timeout", "schedule", "template_searchpath"}
)
"""Names that no operator uses for something of its own."""
_DESCRIBE: Final = frozenset({"dag_id", "description", "doc_md", "tags", "dag_display_name", "owner_links"})
"""Settings that change nothing about how a DAG runs."""
_SHORTEST: Final = 5
"""Shorter names are too near to one another to tell a slip from a name of somebody's own."""


def dag_faults(
    dag: DagDraft,
    drafts: Sequence[TaskDraft],
    defaults: Defaults,
    schedule: Schedule,
    home: Module,
    version: Version,
    line: str,
) -> tuple[SettingFault, ...]:
    """What is wrong with the settings of a DAG itself and with the defaults that it hands to its tasks."""
    if not dag.known:
        return ()
    owner = f"DAG {dag.name}"
    found: list[SettingFault] = []
    found += _task_settings(dag, owner, home, version, line)
    found += _start_and_schedule(dag, schedule, owner, home, version)
    for name, argument in dag.arguments.items.items():
        found += _value(name, argument, owner, home, version, line, of_dag=True)
    if defaults.shared is not None:
        found += _defaults(dag, drafts, defaults, owner, home, version, line)
    return tuple(found)


def task_faults(draft: TaskDraft, home: Module, version: Version, line: str) -> tuple[SettingFault, ...]:
    """What is wrong with the settings that are written at a task."""
    if draft.facts is None and draft.function is None:
        return ()
    owner = f"task {draft.name}"
    found: list[SettingFault] = []
    sensor = _is_sensor(draft)
    for arguments in draft.layers:
        for name, argument in arguments.items.items():
            if name not in draft.sets:
                found += _value(name, argument, owner, home, version, line, sensor=sensor)
    return tuple(found)


def _is_sensor(draft: TaskDraft) -> bool:
    return draft.kind == "@task.sensor" or (draft.facts is not None and draft.facts.sensor)


# --- values ----------------------------------------------------------------------------------------


def _value(
    name: str,
    argument: Argument,
    owner: str,
    home: Module,
    version: Version,
    line: str,
    *,
    sensor: bool = False,
    of_dag: bool = False,
) -> Iterator[SettingFault]:
    """The fault of one value, where its type or its text is refused or misread."""
    if name not in _CHECKED or (name in _SENSOR_SECONDS and not sensor) or (name == "mode" and not sensor):
        return
    given = argument.constant()
    if not isinstance(given, Known) or given.value is None:
        return
    value = given.value
    found = _judged(name, value, line, of_dag)
    place = _own(argument.value, argument, home) if found is not None else None
    if found is None or place is None:
        return
    if name == "dagrun_timeout" and version.below(_TYPES_CHECKED) and found[3]:
        # Until then nobody looked at the type, and the scheduler read a number as seconds.
        found = (FaultKind.TOLERATED_VALUE, "this release takes the number for seconds", *found[2:])
    kind, outcome, instead, text, certain = found
    edits: tuple[Replace, ...] = ()
    if text and isinstance(argument.value, ast.Constant):
        edits = (Replace(place, text),)
    yield SettingFault(
        kind=kind,
        owner=owner,
        setting=name,
        written=_short(home.text_of(argument.value)),
        loc=place,
        outcome=outcome,
        instead=instead,
        target=version,
        edits=edits,
        title="Write " + text.replace(imported(_DURATION), _DURATION) if edits else "",
        certain=certain,
        imports=((_DURATION, "datetime"),) if _DURATION in text else (),
    )


_TYPES_CHECKED: Final = (2, 10)
"""https://github.com/apache/airflow/pull/40269; SerializedDAG.deserialize_dag made a timedelta of a number."""
_CHECKED: Final = (
    _DURATIONS
    | _SECONDS
    | _SENSOR_SECONDS
    | _WHOLE
    | _SWITCHES
    | _TEXTS
    | {*("trigger_rule", "mode", "start_date", "retry_exponential_backoff", "tags")}
)
_Judged = tuple[FaultKind, str, str, str, bool]
"""Kind, what happens, what to write in words, the text to write ("" for none), whether that is certain."""


def _judged(name: str, value: object, line: str, of_dag: bool) -> _Judged | None:
    refused = FaultKind.REFUSED_VALUE
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if name in _DURATIONS and not isinstance(value, timedelta):
        text = f"{imported(_DURATION)}(seconds={value})" if number else ""
        return refused, f"{name} must be a timedelta, and Airflow raises an error", "a timedelta", text, False
    if name in (_SECONDS | _SENSOR_SECONDS) and not (number or isinstance(value, timedelta)):
        return refused, f"{name} must be seconds or a timedelta, and Airflow raises an error", "a timedelta", "", False
    if name in _WHOLE and not number:
        if isinstance(value, bool):
            return None
        digits = isinstance(value, str) and value.strip().isdigit()
        text = str(value).strip() if digits else ""
        if name == "retries" and digits:
            outcome = "Airflow turns the text into a number"
            return FaultKind.TOLERATED_VALUE, outcome, f"the number {text}", text, True
        return refused, f"{name} must be a whole number, and Airflow raises an error", "a whole number", text, digits
    if name in _SWITCHES and isinstance(value, str):
        return _switch(name, value, line)
    if name in _TEXTS and not isinstance(value, str):
        return refused, f"{name} must be a text, and Airflow raises an error", "a text", "", False
    return _text_judged(name, value, line, of_dag) if isinstance(value, str) else None


def _text_judged(name: str, value: str, line: str, of_dag: bool) -> _Judged | None:
    refused = FaultKind.REFUSED_VALUE
    if name == "trigger_rule":
        return _trigger_rule(value, line)
    if name == "mode" and value not in _MODES:
        text = nearest(value, _MODES, 3) or ""
        return (
            refused,
            "a sensor's mode is poke or reschedule, and Airflow raises an error",
            "one of the two",
            (f'"{text}"' if text else ""),
            False,
        )
    if name == "retry_exponential_backoff":
        return refused, "it must be True or a factor, and Airflow raises an error", "True", "True", False
    if of_dag and name == "start_date":
        return refused, "start_date must be a datetime here, and Airflow raises an error", "a datetime", "", False
    if of_dag and name == "tags":
        if line.startswith("2"):
            return refused, "tags must be a list, and Airflow raises an error", "a list", f'["{value}"]', True
        outcome = "Airflow takes each letter for a tag"
        return FaultKind.MISREAD_VALUE, outcome, "a list", f'["{value}"]' if '"' not in value else "", True
    return None


def _switch(name: str, value: str, line: str) -> _Judged:
    meant = value.strip().lower()
    text = "False" if meant in ("false", "no", "0", "off") else "True" if meant in ("true", "yes", "1", "on") else ""
    if name == "catchup" and not line.startswith("2"):
        outcome = "every text counts as True, so Airflow makes up for all missed runs"
        if text == "True":
            return FaultKind.TOLERATED_VALUE, "Airflow takes every text for True", "True", text, True
        return FaultKind.MISREAD_VALUE, outcome, text or "True or False", text, bool(text)
    outcome = f"{name} must be True or False, and Airflow raises an error"
    return FaultKind.REFUSED_VALUE, outcome, text or "True or False", text, bool(text)


def _trigger_rule(value: str, line: str) -> _Judged | None:
    rules = tables.trigger_rules(line)
    if value in rules or tables.removed_argument("task", "trigger_rule", value=value) is not None:
        return None
    # A rule of a release that is newer than the one in use is another matter, and said by its version.
    if any(value in tables.trigger_rules(each) for each in ("2.11", "3.3")):
        return None
    text = nearest(value, sorted(rules), 3) or ""
    outcome = "there is no such trigger rule, and Airflow raises an error"
    return FaultKind.REFUSED_VALUE, outcome, text or "one of Airflow's rules", f'"{text}"' if text else "", False


# --- the DAG ---------------------------------------------------------------------------------------


def _task_settings(dag: DagDraft, owner: str, home: Module, version: Version, line: str) -> Iterator[SettingFault]:
    """``DAG(retries=3)``: a setting of tasks where the DAG's own settings belong."""
    known_here = tables.dag_arguments(line) | tables.dag_arguments("2.11") | tables.dag_arguments("3.3")
    for name, argument in dag.arguments.items.items():
        if name in known_here or name not in tables.base_operator_arguments(line):
            continue
        if tables.removed_argument("dag", name) is not None or argument.file != home.path:
            continue
        yield SettingFault(
            kind=FaultKind.TASK_SETTING_ON_PIPELINE,
            owner=owner,
            setting=name,
            written=_short(home.text_of(argument.value)),
            loc=argument.loc,
            outcome="DAG() raises TypeError",
            instead="default_args",
            target=version,
            edits=_to_defaults(dag, name, argument, home),
            title=f"Move {name} to default_args",
        )


def _to_defaults(dag: DagDraft, name: str, argument: Argument, home: Module) -> tuple[Replace, ...]:
    call = dag.arguments.call
    keyword = _keyword(call, name)
    if call is None or keyword is None:
        return ()
    text = home.text_of(argument.value)
    given = dag.arguments.get("default_args")
    if given is None:
        if dag.arguments.why_unsure("default_args") is not None:
            return ()
        # The one argument becomes the other, where it stands.
        return (replace_node(home, keyword, f'default_args={{"{name}": {text}}}'),)
    found = dictionary(given.value, given.frame)
    if found.opened is not None or name in found.entries or not isinstance(found.literal, ast.Dict):
        return ()
    if home.loc(found.literal).file != home.path:
        return ()
    return (*remove_keyword(home, call, keyword), *add_entries(home, found.literal, [(name, text)]))


def _keyword(call: ast.Call | None, name: str) -> ast.keyword | None:
    return next((each for each in call.keywords if each.arg == name), None) if call is not None else None


def _start_and_schedule(
    dag: DagDraft, schedule: Schedule, owner: str, home: Module, version: Version
) -> Iterator[SettingFault]:
    for name in SCHEDULES:
        argument = dag.attributes.get(name) or dag.arguments.get(name)
        problem = cron_problem(argument) if argument is not None else None
        place = _own(argument.value, argument, home) if argument is not None else None
        if argument is None or problem is None or place is None:
            continue
        yield SettingFault(
            kind=FaultKind.UNREADABLE_SCHEDULE,
            owner=owner,
            setting=name,
            written=_short(home.text_of(argument.value)),
            loc=place,
            outcome=problem,
            instead="a cron expression of five columns",
            target=version,
        )
    catchup = dag.attributes.get("catchup") or dag.arguments.get("catchup")
    starts = isinstance(schedule.start, Absent)
    if known(schedule.catchup) is True and starts and catchup is not None and catchup.file == home.path:
        text = known(schedule.text)
        # Airflow 2.11 asks for a date only where something starts runs; Airflow 3 asks always.
        if text is None and not schedule.triggered and version.number[:1] < (3,):
            return
        yield SettingFault(
            kind=FaultKind.NO_START,
            owner=owner,
            setting="catchup",
            written="True",
            loc=catchup.loc,
            outcome="DAG() raises ValueError",
            instead="a start_date",
            target=version,
        )


# --- the shared defaults ----------------------------------------------------------------------------


def _defaults(
    dag: DagDraft,
    drafts: Sequence[TaskDraft],
    defaults: Defaults,
    owner: str,
    home: Module,
    version: Version,
    line: str,
) -> Iterator[SettingFault]:
    given = dag.arguments.get("default_args")
    if defaults.shared is None or given is None:
        return
    literal = dictionary(given.value, given.frame).literal
    for name, argument in defaults.shared.items.items():
        if argument.file != home.path:
            continue
        if name in tables.base_operator_arguments(line) or name in tables.sensor_arguments(line):
            yield from _value(name, argument, owner, home, version, line)
        elif tables.removed_argument("default_args", name) is not None or _taken(name, drafts):
            continue
        elif name in tables.dag_arguments(line):
            if name in _ONLY_PIPELINE or not _has_strangers(drafts):
                yield _misplaced(dag, name, argument, literal, owner, home, version)
        else:
            yield from _misspelled(name, argument, drafts, owner, home, version, line)


def _taken(name: str, drafts: Iterable[TaskDraft]) -> bool:
    """Whether an operator of the DAG has an argument of that name of its own."""
    return any(name in draft.sets or (draft.facts is not None and name in draft.facts.arguments) for draft in drafts)


def _has_strangers(drafts: Iterable[TaskDraft]) -> bool:
    """Whether the arguments of some operator are not known."""
    return any(draft.facts is None and draft.function is None for draft in drafts)


def _misplaced(
    dag: DagDraft,
    name: str,
    argument: Argument,
    literal: ast.Dict | ast.Call | None,
    owner: str,
    home: Module,
    version: Version,
) -> SettingFault:
    edits: tuple[Replace, ...] = ()
    call = dag.arguments.call
    if (
        isinstance(literal, ast.Dict)
        and home.loc(literal).file == home.path
        and call is not None
        and home.loc(call).file == home.path
        and dag.arguments.get(name) is None
        and dag.arguments.why_unsure(name) is None
    ):
        removed = remove_entry(home, literal, name)
        if not isinstance(removed, Refusal):
            edits = (*removed, *add_keywords(home, call, [(name, home.text_of(argument.value))]))
    harmless = name in _DESCRIBE or dag.arguments.get(name) is not None or name in dag.attributes
    return SettingFault(
        kind=FaultKind.NEEDLESS_DEFAULT if harmless else FaultKind.PIPELINE_SETTING_AMONG_DEFAULTS,
        owner=owner,
        setting=name,
        written=_short(home.text_of(argument.value)),
        loc=argument.loc,
        outcome="Airflow hands it to the tasks, which ignore it",
        instead=f"DAG({name}=...)",
        target=version,
        edits=edits,
        title=f"Move {name} to the DAG" if edits else "",
    )


def _misspelled(
    name: str,
    argument: Argument,
    drafts: Sequence[TaskDraft],
    owner: str,
    home: Module,
    version: Version,
    line: str,
) -> Iterator[SettingFault]:
    if len(name) < _SHORTEST:
        return
    candidates = sorted(tables.base_operator_arguments(line))
    meant = nearest(name, candidates, 2)
    if meant is None or (name[:3] != meant[:3] and distance(name, meant, 1) > 1):
        return
    if name[:-1] == meant and _has_strangers(drafts):
        return
    key = _key_loc(argument, name)
    yield SettingFault(
        kind=FaultKind.MISSPELLED_DEFAULT,
        owner=owner,
        setting=name,
        written=name,
        loc=key,
        outcome=f"no operator of this DAG takes {name}, so it is dropped without a word",
        instead=meant,
        target=version,
        edits=_renamed(key, meant, argument),
        title=f"Write {meant}",
    )


def _key_loc(argument: Argument, name: str) -> Loc:
    """Where the key stands: an entry's range starts with it."""
    at = argument.loc.span.of(parsed_of(argument.value).text).find(name)
    start = argument.loc.span.start + max(at, 0)
    return argument.loc.at(Span(start, start + len(name)))


def _renamed(key: Loc, meant: str, argument: Argument) -> tuple[Replace, ...]:
    return (Replace(key, meant),) if key.span.of(parsed_of(argument.value).text).isidentifier() else ()


def _own(expr: ast.expr, argument: Argument, home: Module) -> Loc | None:
    """The place of a value that is written in the lifted file where the argument stands."""
    loc = argument.frame.module.loc(expr)
    return loc if loc.file == home.path else None


def _short(text: str) -> str:
    written = " ".join(text.split())
    return written if len(written) <= 40 else written[:37] + "..."


def merged(faults: Iterable[SettingFault]) -> tuple[SettingFault, ...]:
    """One fault for each place; where several DAGs share it, its edits make the change for all of them."""
    found: dict[tuple[FaultKind, Loc], SettingFault] = {}
    for fault in faults:
        key = (fault.kind, fault.loc)
        known_one = found.get(key)
        if known_one is None:
            found[key] = fault
        elif known_one.owner != fault.owner and known_one.edits and fault.edits:
            found[key] = replace(known_one, edits=tuple(dict.fromkeys((*known_one.edits, *fault.edits))))
    return tuple(found.values())
