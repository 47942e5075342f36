"""What applies to a task, and where it comes from.

Precedence (Prefect 3.8 and 2.20, https://docs.prefect.io/v3/how-to-guides/workflows/retries): ``with_options``, the
decorator, what the project sets for all tasks. A flow that is repeated repeats its tasks.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from pipesense.lang.python.frames import Frame, read_arguments
from pipesense.lang.python.layers import Hit, Layer, as_duration, look_up, narrow, searched, told
from pipesense.lang.python.module import Module
from pipesense.model.flow import RetryPolicy, Setting
from pipesense.model.value import Absent, Known, Origin, Unknown, Value, Version, effective
from pipesense.systems.prefect.things import Thing

_HOOKS: Final = ("on_failure", "on_crashed")
_AUTOMATIONS: Final = Unknown("an automation of the Prefect server may tell somebody")
_NO_DELAY: Final = timedelta(0)


@dataclass(frozen=True, slots=True)
class Settings:
    """The effective settings of a task or of a flow."""

    retry: Value[RetryPolicy]
    timeout: Value[timedelta]
    alerts: Value[str]
    settings: tuple[Setting, ...]


def layers_of(thing: Thing, module: Module) -> list[Layer]:
    """The places that may set something for a task or flow, strongest first."""
    found: list[Layer] = []
    for words, given in thing.arguments(module):
        origin = Origin.HERE if words == "with_options" else Origin.DECORATOR
        found.append(Layer(words, origin, given.items, given.opened, given.unsure))
    return found or [Layer(thing.kind, Origin.DECORATOR, {}, None)]


def settings_of(thing: Thing, flow: Thing | None, module: Module, version: Version) -> Settings:
    """What applies to a task of a flow; for the flow itself ``flow`` is None."""
    layers = layers_of(thing, module)
    outer = layers_of(flow, module) if flow is not None else []
    retry = _retry(thing.role, layers, outer, version)
    timeout = _timeout(layers, outer)
    alerts = _alerts(layers, outer)
    return Settings(retry, timeout, alerts, tuple(_told(layers, retry, timeout, alerts)))


def _retry(role: str, layers: Sequence[Layer], outer: Sequence[Layer], version: Version) -> Value[RetryPolicy]:
    delay, backoff = _delay(layers)
    own = _count(layers)
    project = dict(version.project).get(f"{role}s.default_retries")
    pause = dict(version.project).get("tasks.default_retry_delay_seconds") if role == "task" else None
    if isinstance(delay, Absent) and pause is not None:
        delay = Known(timedelta(seconds=float(pause)), None, Origin.PROJECT_FILE)
    if isinstance(own, Absent) and project is not None:
        own = Known(int(float(project)), None, Origin.PROJECT_FILE)
    if isinstance(own, Absent) and outer:
        around = _count(outer)
        if isinstance(around, Unknown):
            return Unknown(f"whether the flow is repeated cannot be told: {around.why}")
        if isinstance(around, Known) and around.value > 0:
            delay, backoff = _delay(outer)
            own = Known(around.value, around.loc, Origin.PIPELINE)
    longest: Value[timedelta] = Absent(Unknown("there is none"), ())
    policy = RetryPolicy(own, delay, backoff, longest)
    if isinstance(own, Unknown):
        return own
    if isinstance(own, Absent):
        places = (*searched(layers), *(["the flow"] if outer else []), "the project's Prefect settings")
        return Absent(Known(RetryPolicy(Known(0), delay, backoff, longest)), places)
    return Known(policy, own.loc, own.origin)


def _count(layers: Sequence[Layer]) -> Value[int]:
    hit = look_up(layers, "retries")
    if isinstance(hit, Unknown):
        return hit
    if hit is None:
        return Absent(Known(0), searched(layers))
    value = hit.argument.constant()
    if isinstance(value, Known) and value.value is None:
        return Absent(Known(0), searched(layers))
    if isinstance(value, Known) and isinstance(value.value, int) and not isinstance(value.value, bool):
        return Known(value.value, hit.argument.loc, hit.origin)
    return Unknown(value.why) if isinstance(value, Unknown) else Unknown("it has another type than expected")


def _delay(layers: Sequence[Layer]) -> tuple[Value[timedelta], Value[bool]]:
    """The pause before the first repetition, and whether pauses grow."""
    hit = look_up(layers, "retry_delay_seconds")
    if isinstance(hit, Unknown):
        return hit, hit
    if hit is None:
        places = searched(layers)
        return Absent(Known(_NO_DELAY), places), Absent(Known(False), places)
    module, expr = hit.argument.frame.module, hit.argument.value
    if isinstance(expr, ast.Call) and "prefect.tasks.exponential_backoff" in module.qualified(expr.func):
        factor = read_arguments(expr, Frame(module), ("backoff_factor",)).get("backoff_factor")
        first = narrow(as_duration(factor.constant()), timedelta) if factor is not None else Unknown("it is not given")
        return _placed(first, hit), Known(True, hit.argument.loc, hit.origin)
    value = hit.argument.constant()
    if not isinstance(value, Known):
        why = value.why if isinstance(value, Unknown) else "it is computed"
        return Unknown(why), Unknown(why)
    if isinstance(value.value, tuple):
        pauses = [each for each in value.value if isinstance(each, int | float)]
        if not pauses:
            return Unknown("the list of pauses is not known"), Unknown("the list of pauses is not known")
        first = Known(timedelta(seconds=pauses[0]))
        return _placed(first, hit), Known(pauses[-1] > pauses[0], hit.argument.loc, hit.origin)
    return _placed(narrow(as_duration(value), timedelta), hit), Known(False, hit.argument.loc, hit.origin)


def _placed(value: Value[timedelta], hit: Hit) -> Value[timedelta]:
    return Known(value.value, hit.argument.loc, hit.origin) if isinstance(value, Known) else value


def _timeout(layers: Sequence[Layer], outer: Sequence[Layer]) -> Value[timedelta]:
    unknown: Unknown | None = None
    for places in (layers, outer):
        hit = look_up(places, "timeout_seconds")
        if isinstance(hit, Unknown):
            unknown = unknown or hit
        elif hit is not None:
            value = narrow(as_duration(hit.argument.constant()), timedelta)
            if isinstance(value, Known):
                return Known(value.value, hit.argument.loc, Origin.PIPELINE if places is outer else hit.origin)
            unknown = unknown or (value if isinstance(value, Unknown) and value.why != "it is None" else None)
    return unknown or Absent(Unknown("there is none"), (*searched(layers), *(["the flow"] if outer else [])))


def _alerts(layers: Sequence[Layer], outer: Sequence[Layer]) -> Value[str]:
    for places in (layers, outer):
        for key in _HOOKS:
            hit = look_up(places, key)
            if isinstance(hit, Unknown):
                return hit
            if hit is not None:
                words = " ".join(hit.argument.frame.module.text_of(hit.argument.value).split())
                origin = Origin.PIPELINE if places is outer else hit.origin
                return Known(f"{key}: {words}"[:80], hit.argument.loc, origin)
    return _AUTOMATIONS


def _told(
    layers: Sequence[Layer], retry: Value[RetryPolicy], timeout: Value[timedelta], alerts: Value[str]
) -> list[Setting]:
    policy = effective(retry)
    meaning = "how often a failed attempt is repeated"
    if policy is None:
        why = retry if isinstance(retry, Unknown) else Unknown("it cannot be told")
        found = [Setting("retries", why, meaning)]
    elif isinstance(retry, Absent):
        found = [Setting("retries", Absent(told(policy.attempts), retry.searched), meaning)]
    else:
        found = [Setting("retries", told(policy.attempts), meaning)]
    if policy is not None and (effective(policy.attempts) or 0) > 0:
        found.append(Setting("retry delay", told(policy.delay), "the pause before the first repetition"))
        found.append(Setting("growing pauses", told(policy.backoff), "whether each pause is longer than the last"))
        for key, words, says in (
            ("retry_jitter_factor", "jitter", "how far a pause may differ, so that not all tasks come back at once"),
            ("retry_condition_fn", "retry condition", "decides which failures are worth another attempt"),
        ):
            found += _written(layers, key, words, says)
    found.append(Setting("timeout", told(timeout), "after which time an attempt fails"))
    found.append(Setting("alerts", alerts, "who is told of a failure"))
    for key, words, says in (
        ("cache_policy", "cache", "a run with the same key is not repeated; its stored result is used"),
        ("cache_key_fn", "cache key", "a run with the same key is not repeated; its stored result is used"),
        ("cache_expiration", "cache expires", "how long a stored result counts"),
        ("persist_result", "result is stored", "a repeated flow takes it instead of running the task again"),
        ("task_runner", "task runner", "where submitted tasks run"),
    ):
        found += _written(layers, key, words, says)
    return found


def _written(layers: Sequence[Layer], key: str, words: str, says: str) -> list[Setting]:
    hit = look_up(layers, key)
    if not isinstance(hit, Hit):
        return []
    text = " ".join(hit.argument.frame.module.text_of(hit.argument.value).split())
    return [Setting(words, Known(text[:60], hit.argument.loc, hit.origin), says)]
