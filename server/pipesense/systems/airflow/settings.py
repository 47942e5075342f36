"""What applies to a task, and where it comes from.

Precedence (proven with DagBag on 3.3.2): the task's own arguments, its ``default_args``, those of its groups from
the inside out, those of the DAG, and last what the deployment's configuration says.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Hashable, Sequence, Set
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, TypeVar

from pipesense.lang.python.frames import Arguments, dictionary, entry_arguments
from pipesense.lang.python.layers import Hit, Layer, as_duration, look_up, narrow, searched
from pipesense.lang.python.layers import told as as_told
from pipesense.lang.python.link import Recorder
from pipesense.model.flow import RetryPolicy, Setting
from pipesense.model.making import quick_to_make
from pipesense.model.value import Absent, Known, Origin, Unknown, Value, effective, known
from pipesense.systems.airflow import tables
from pipesense.systems.airflow.configuration import Configured
from pipesense.systems.airflow.names import last_part
from pipesense.systems.airflow.things import DagDraft, GroupDraft, TaskDraft

T = TypeVar("T")

_NEWEST: Final = "99.0"
_LIMITS: Final = ("pool", "max_active_tis_per_dag", "max_active_tis_per_dagrun", "task_concurrency")
_DAG_LIMITS: Final = ("max_active_tasks", "concurrency")
_CALLBACKS: Final = ("on_failure_callback", "on_retry_callback")
_RETRIES: Final = frozenset({"retries", "retry_delay", "max_retry_delay", "retry_exponential_backoff", "retry_policy"})
_TIMEOUTS: Final = frozenset({"execution_timeout", "timeout"})
_ALERTS: Final = frozenset({"on_failure_callback", "email", "email_on_failure"})
_RULE: Final = frozenset({"trigger_rule"})
_PAST: Final = frozenset({"depends_on_past"})
_WAITING: Final = frozenset({"deferrable", "mode"})
"""The settings that each part of what is told of a task is worked out from."""


def defaults_layer(arguments: Arguments, words: str, origin: Origin) -> Layer | None:
    """The layer that the ``default_args`` in a call's arguments make, None where there are none."""
    given = arguments.get("default_args")
    if given is None:
        why = arguments.why_unsure("default_args")
        return Layer(words, origin, {}, why) if why is not None else None
    found = dictionary(given.value, given.frame)
    entries = entry_arguments(found.entries, given.frame)
    why = found.opened and Unknown(f"{words}: {found.opened.why}")
    return Layer(words, origin, entries, why, found.unsure)


class Defaults:
    """The shared defaults of one DAG and its groups, each read once."""

    def __init__(self, dag: DagDraft) -> None:
        self.dag = dag
        self._groups: dict[GroupDraft, Layer | None] = {}
        self._alike: dict[object, Any] = {}
        """What holds for all tasks that say nothing about it themselves; only in a file that is read once."""
        self._asked = Recorder()
        """What reading all of this asked; each task rests on it, whichever asked first."""
        with dag.frame.module.recording(self._asked):
            self.shared = self._shared(dag)

    @staticmethod
    def _shared(dag: DagDraft) -> Layer | None:
        found = defaults_layer(dag.arguments, "the DAG's default_args", Origin.DEFAULT_ARGS)
        if found is None and not dag.known:
            found = Layer("the DAG", Origin.DEFAULT_ARGS, {}, Unknown("the DAG's class is not Airflow's own"))
        if "default_args" in dag.attributes:
            found = Layer("the DAG", Origin.DEFAULT_ARGS, {}, Unknown("default_args is replaced after the DAG is made"))
        return found

    def layers(self, task: TaskDraft) -> list[Layer]:
        """The places that may set something for a task, strongest first."""
        found = [Layer("the task", Origin.HERE, task.attributes, None)]
        for index, arguments in enumerate(task.layers):
            decorated = task.function is not None and index == len(task.layers) - 1
            origin = Origin.DECORATOR if decorated else Origin.FACTORY if task.anchor is not None else Origin.HERE
            found.append(Layer("the task", origin, arguments.items, arguments.opened, arguments.unsure))
            own = defaults_layer(arguments, "the task's default_args", Origin.DEFAULT_ARGS)
            if own is not None:
                found.append(own)
        group = task.group
        while group is not None:
            if group not in self._groups:
                words = f"default_args of group {group.name}"
                with self.dag.frame.module.recording(self._asked):
                    self._groups[group] = defaults_layer(group.arguments, words, Origin.TASK_GROUP)
            layer = self._groups[group]
            if layer is not None:
                found.append(layer)
            group = group.parent
        if self.shared is not None:
            found.append(self.shared)
        self.ask_again()
        return found

    def alike(self, key: Hashable, compute: Callable[[], T]) -> T:
        """What is the same for all that ask with this key, worked out once.

        Not for a file that another link follows: there each task must rest on what it was worked out from.
        """
        if key not in self._alike:
            self._alike[key] = compute()
        found: T = self._alike[key]
        return found

    def ask_again(self) -> None:
        """Let whoever is being computed rest on all that was asked for the defaults so far."""
        self.dag.frame.module.note_all(self._asked)


def default_of(owner: str, name: str, version: str) -> object:
    """Airflow's own default of an argument."""
    found = tables.default(owner, name, version)
    return found.value if found is not None else None


def _typed(hit: Hit, kinds: tuple[type, ...]) -> Value[object]:
    """The constant at a hit: the right kind, None, or unknown."""
    value = hit.argument.constant()
    if not isinstance(value, Known):
        member = _member(hit.argument.value) if str in kinds else None
        return Known(member, hit.argument.loc, hit.origin) if member is not None else value
    if value.value is not None and (
        not isinstance(value.value, kinds) or isinstance(value.value, bool) != (bool in kinds)
    ):
        return Unknown("it has another type than expected")
    return Known(value.value, hit.argument.loc, hit.origin)


def _member(expr: ast.expr) -> str | None:
    """``TriggerRule.ALL_DONE`` as the text that it stands for."""
    if isinstance(expr, ast.Attribute) and expr.attr.isupper() and last_part(expr.value) == "TriggerRule":
        return expr.attr.lower()
    return None


@quick_to_make
@dataclass(frozen=True, slots=True)
class TaskSettings:
    """The effective settings of one task."""

    retry: Value[RetryPolicy]
    timeout: Value[timedelta]
    alerts: Value[str]
    settings: tuple[Setting, ...]
    trigger_rule: Value[str]
    holds_slot: Value[bool]
    overruled: int
    """How often weaker places would repeat the task, where the helper that makes it says never."""


def task_settings(task: TaskDraft, defaults: Defaults, version: str, deployed: Configured) -> TaskSettings:
    """Everything that a hover tells about a task; ``version`` is Airflow's release line."""
    dag = defaults.dag
    if not dag.frame.module.keeps:
        return _of_several(task, defaults, version, deployed)
    layers = defaults.layers(task)
    retry = _retry(task, layers, version, deployed)
    timeout = _timeout(task, layers, dag, deployed)
    alerts = _alerts(task, layers, dag)
    rule = _rule(task, layers, version)
    told = _told(retry, timeout, alerts, rule, _past(task, layers), deployed)
    holds = _holds_slot(task, layers) if _is_sensor(task) else _NOT_WAITING
    return TaskSettings(retry, timeout, alerts, told, rule, holds, _overruled(task, layers))


def _of_several(task: TaskDraft, defaults: Defaults, version: str, deployed: Configured) -> TaskSettings:
    """The same, each part worked out once for all tasks that say nothing about it themselves."""
    said = _said(task)
    layers: list[Layer] = []

    def places() -> list[Layer]:
        if not layers:
            layers.extend(defaults.layers(task))
        return layers

    def part(keys: frozenset[str], compute: Callable[[list[Layer]], T]) -> T:
        if said is not None and said.isdisjoint(keys):
            return defaults.alike((keys, task.group, sensor, version), lambda: compute(places()))
        return compute(places())

    dag, sensor = defaults.dag, _is_sensor(task)
    retry = part(_RETRIES, lambda given: _retry(task, given, version, deployed))
    timeout = part(_TIMEOUTS, lambda given: _timeout(task, given, dag, deployed))
    alerts = part(_ALERTS, lambda given: _alerts(task, given, dag))
    rule = part(_RULE, lambda given: _rule(task, given, version))
    past = part(_PAST, lambda given: _past(task, given))
    holds = part(_WAITING, lambda given: _holds_slot(task, given)) if sensor else _NOT_WAITING
    overruled = _overruled(task, places()) if task.anchor is not None else 0
    parts = (retry, timeout, alerts, rule, past)
    # With the parts themselves, so that their numbers stay theirs.
    told, _ = defaults.alike((*map(id, parts), deployed), lambda: (_told(*parts, deployed), parts))
    return TaskSettings(retry, timeout, alerts, told, rule, holds, overruled)


def _said(task: TaskDraft) -> Set[str] | None:
    """The settings that a task's own places, or its class, may set; None where that may be any."""
    said = {*task.attributes, *task.sets}
    for arguments in task.layers:
        said.update(arguments.items)
        if arguments.opened is not None:
            if arguments.unsure is None:
                return None
            said |= arguments.unsure
    return said if "default_args" not in said else None


def _rule(task: TaskDraft, layers: Sequence[Layer], version: str) -> Value[str]:
    return _plain(task, layers, "trigger_rule", str, default_of("task", "trigger_rule", version) or "all_success")


def _past(task: TaskDraft, layers: Sequence[Layer]) -> Value[bool]:
    return _plain(task, layers, "depends_on_past", bool, False)


_NOT_WAITING: Final = Unknown("it does not wait")


def _overruled(task: TaskDraft, layers: Sequence[Layer]) -> int:
    hit = look_up(layers, "retries", task.sets)
    if not isinstance(hit, Hit) or hit.origin is not Origin.FACTORY:
        return 0
    never = hit.argument.constant()
    if not isinstance(never, Known) or never.value != 0 or never.loc is None:
        return 0
    weaker = look_up([layer for layer in layers if layer.origin is not Origin.FACTORY], "retries")
    value = weaker.argument.constant() if isinstance(weaker, Hit) else None
    # What the helper is given by whoever calls it is that one's decision.
    own = never.loc.file == hit.argument.loc.file
    return value.value if own and isinstance(value, Known) and isinstance(value.value, int) else 0


def is_unlimited(task: TaskDraft, defaults: Defaults) -> bool:
    """Whether a task is mapped over a list of unknown length, and nothing says how many of it run at once."""
    dag = defaults.dag
    if not task.mapped or task.listed or not dag.known:
        return False
    if any(dag.arguments.get(key) or dag.arguments.why_unsure(key) or key in dag.attributes for key in _DAG_LIMITS):
        return False
    layers = defaults.layers(task)
    return all(look_up(layers, key, task.sets) is None for key in _LIMITS)


def _retry(task: TaskDraft, layers: Sequence[Layer], version: str, deployed: Configured) -> Value[RetryPolicy]:
    hit = look_up(layers, "retries", task.sets)
    if isinstance(hit, Unknown):
        return hit
    delay = _delay(task, layers, version, deployed)
    backoff: Value[bool] = _backoff(task, layers)
    longest: Value[timedelta] = narrow(
        _setting(task, layers, "max_retry_delay", (timedelta, int, float), None), timedelta
    )
    if hit is None:
        usual = default_of("task", "retries", version)
        count = deployed.number("default_task_retries", usual if isinstance(usual, int) else 0)
        if isinstance(count, Unknown):
            return count
        if isinstance(count, Known):
            return Known(RetryPolicy(count, delay, backoff, longest), None, Origin.PROJECT_FILE)
        return Absent(
            Known(RetryPolicy(Known(effective(count) or 0), delay, backoff, longest)),
            (*searched(layers), *count.searched),
        )
    value = _typed(hit, (int,))
    given: Value[int]
    if isinstance(value, Known):
        given = Known(value.value if isinstance(value.value, int) else 0, value.loc, value.origin)
    else:
        given = Unknown(value.why) if isinstance(value, Unknown) else Unknown("it is not set")
    return Known(RetryPolicy(given, delay, backoff, longest), hit.argument.loc, hit.origin)


def _delay(task: TaskDraft, layers: Sequence[Layer], version: str, deployed: Configured) -> Value[timedelta]:
    found = default_of("task", "retry_delay", version)
    usual = found if isinstance(found, timedelta) else timedelta(seconds=300)
    decided = _by_policy(task, layers)
    if decided is not None:
        return decided
    delay: Value[timedelta] = narrow(_setting(task, layers, "retry_delay", (timedelta, int, float), usual), timedelta)
    if not isinstance(delay, Absent):
        return delay
    elsewhere = deployed.duration("default_task_retry_delay", usual)
    return (
        Absent(elsewhere.default, (*delay.searched, *elsewhere.searched))
        if isinstance(elsewhere, Absent)
        else elsewhere
    )


def _backoff(task: TaskDraft, layers: Sequence[Layer]) -> Value[bool]:
    """Whether pauses grow; from 3.2 on a number says by how much (``True`` is 2.0 there, and 0 is off)."""
    decided = _by_policy(task, layers)
    if decided is not None:
        return decided
    value = _setting(task, layers, "retry_exponential_backoff", (bool, int, float), False)
    if isinstance(value, Known) and isinstance(value.value, int | float):
        return Known(bool(value.value), value.loc, value.origin)
    return narrow(value, bool)


def _by_policy(task: TaskDraft, layers: Sequence[Layer]) -> Unknown | None:
    """Airflow 3.3 leaves pauses to ``retry_policy=``, where there is one."""
    return Unknown("retry_policy decides it") if look_up(layers, "retry_policy", task.sets) is not None else None


def _setting(
    task: TaskDraft, layers: Sequence[Layer], key: str, kinds: tuple[type, ...], default: object
) -> Value[object]:
    hit = look_up(layers, key, task.sets)
    if isinstance(hit, Unknown):
        return hit
    if hit is None:
        return Absent(Known(default) if default is not None else Unknown("there is none"), searched(layers))
    value = _typed(hit, kinds)
    return as_duration(value) if timedelta in kinds else value


def _plain(task: TaskDraft, layers: Sequence[Layer], key: str, kind: type[T], default: object) -> Value[T]:
    return narrow(_setting(task, layers, key, (kind,), default), kind)


def _timeout(task: TaskDraft, layers: Sequence[Layer], dag: DagDraft, deployed: Configured) -> Value[timedelta]:
    """The limit of an attempt: the task's own, a sensor's, or that of the whole run."""
    keys = ["execution_timeout"]
    if _is_sensor(task):
        keys.append("timeout")
    unknown: Unknown | None = None
    for key in keys:
        hit = look_up(layers, key, task.sets)
        if isinstance(hit, Unknown):
            unknown = unknown or hit
        elif hit is not None:
            value = narrow(as_duration(_typed(hit, (timedelta, int, float))), timedelta)
            if isinstance(value, Known):
                return value
            unknown = unknown or (value if isinstance(value, Unknown) else None)
    run = dag.attributes.get("dagrun_timeout") or dag.arguments.get("dagrun_timeout")
    if run is not None:
        value = narrow(as_duration(_typed(Hit(run, Origin.PIPELINE), (timedelta, int, float))), timedelta)
        if isinstance(value, Known):
            return value
        unknown = unknown or (value if isinstance(value, Unknown) else None)
    else:
        unknown = unknown or dag.arguments.why_unsure("dagrun_timeout")
    if unknown is not None:
        return unknown
    limit = deployed.duration("default_task_execution_timeout", None)
    if not isinstance(limit, Absent):
        return limit
    return Absent(Unknown("there is none"), (*searched(layers), "the DAG's dagrun_timeout", *limit.searched))


def _is_sensor(task: TaskDraft) -> bool:
    return task.kind.endswith("Sensor") or "sensor" in task.kind or (task.facts is not None and task.facts.sensor)


def _holds_slot(task: TaskDraft, layers: Sequence[Layer]) -> Value[bool]:
    """A sensor keeps its worker unless it is rescheduled or deferred."""
    deferred = _plain(task, layers, "deferrable", bool, False)
    mode = _plain(task, layers, "mode", str, "poke")
    if isinstance(deferred, Unknown) or isinstance(mode, Unknown):
        return Unknown("how it waits is computed")
    if effective(deferred) or effective(mode) != "poke":
        return Known(False)
    return Absent(Known(True), searched(layers)) if isinstance(mode, Absent) else Known(True)


def _alerts(task: TaskDraft, layers: Sequence[Layer], dag: DagDraft) -> Value[str]:
    """Who is told of a failure."""
    for key in (*_CALLBACKS[:1], "email"):
        hit = look_up(layers, key, task.sets)
        if isinstance(hit, Unknown):
            return hit
        if hit is None:
            continue
        value = hit.argument.constant()
        if isinstance(value, Known) and not value.value:
            continue
        if key == "email" and _switched_off(task, layers):
            continue
        words = " ".join(hit.argument.frame.module.text_of(hit.argument.value).split())
        return Known(f"{key}: {words}"[:80], hit.argument.loc, hit.origin)
    whole = dag.attributes.get("on_failure_callback") or dag.arguments.get("on_failure_callback")
    if whole is not None:
        return Known("on_failure_callback of the DAG", whole.loc, Origin.PIPELINE)
    why = dag.arguments.why_unsure("on_failure_callback")
    if why is not None:
        return why
    return Absent(Unknown("nobody is told"), (*searched(layers), "the DAG's on_failure_callback"))


def _switched_off(task: TaskDraft, layers: Sequence[Layer]) -> bool:
    value = _setting(task, layers, "email_on_failure", (bool,), True)
    return known(value) is False


def _told(
    retry: Value[RetryPolicy],
    timeout: Value[timedelta],
    alerts: Value[str],
    rule: Value[str],
    past: Value[bool],
    deployed: Configured,
) -> tuple[Setting, ...]:
    policy = effective(retry)

    def placed(words: str, value: Value[T], key: str) -> str:
        from_file = isinstance(value, Known) and value.origin is Origin.PROJECT_FILE
        return f"{words}; set in {deployed.place(key)}" if from_file else words

    told = [
        Setting(
            "retries",
            _spelled(policy.attempts, retry) if policy else _passed(retry),
            placed("how often a failed attempt is repeated", retry, "default_task_retries"),
        )
    ]
    if policy is not None and (effective(policy.attempts) or 0) > 0:
        meaning = placed("the pause before the first repetition", policy.delay, "default_task_retry_delay")
        told.append(Setting("retry delay", as_told(policy.delay), meaning))
        told.append(Setting("exponential backoff", as_told(policy.backoff), "whether the pause grows"))
    meaning = placed("after which time an attempt fails", timeout, "default_task_execution_timeout")
    told.append(Setting("timeout", as_told(timeout), meaning))
    told.append(Setting("alerts", alerts, "who is told of a failure"))
    if isinstance(rule, Known):
        told.append(Setting("trigger rule", rule, "when it runs, by what became of the tasks before it"))
    if known(past):
        told.append(Setting("depends on past", as_told(past), "waits for its own success in the run before"))
    return tuple(told)


def _passed(value: Value[RetryPolicy]) -> Value[str]:
    return value if isinstance(value, Unknown) else Unknown("it cannot be told")


def _spelled(attempts: Value[int], retry: Value[RetryPolicy]) -> Value[str]:
    if isinstance(retry, Absent):
        return Absent(as_told(attempts), retry.searched)
    return as_told(attempts)
