"""What applies to a task of a DAG that is written in YAML, and where it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from pipesense.lang.python.layers import told
from pipesense.lang.yaml.nodes import Mapping, Node, Scalar, items, resolved, scalar
from pipesense.model.flow import RetryPolicy, Setting
from pipesense.model.value import Absent, Known, Origin, Unknown, Value, effective
from pipesense.model.where import Loc
from pipesense.text.regex import regex

_DELAY: Final = timedelta(minutes=5)
"""Airflow's own default of retry_delay."""
_UNITS: Final = ("weeks", "days", "hours", "minutes", "seconds")
_AMOUNT: Final = regex(rf"({'|'.join(_UNITS)})\s*:\s*(\d+(?:\.\d+)?)")


@dataclass(frozen=True, slots=True)
class Place:
    """One mapping that may set something; ``words`` names it in a hover, ``loc`` places its nodes."""

    words: str
    origin: Origin
    node: Mapping
    path: str
    unit: int

    def loc(self, node: Node) -> Loc:
        """Where a node of it stands."""
        return Loc(self.path, self.unit, node.span)


@dataclass(frozen=True, slots=True)
class Layers:
    """The places that set something for a task, strongest first, and those of which nobody can tell if they do."""

    places: tuple[Place, ...]
    perhaps: tuple[Place, ...] = ()

    def find(self, *keys: str) -> tuple[Place, str, Node] | None:
        """The strongest place that sets one of the keys."""
        for place in self.places:
            for key in keys:
                node = place.node.get(key)
                if node is not None:
                    return place, key, node
        return None

    def unsure(self, *keys: str) -> Unknown | None:
        """Why one of the keys may be set although no place is known to set it."""
        found = next((place for place in self.perhaps if any(place.node.get(key) is not None for key in keys)), None)
        return Unknown(f"{found.words} of another folder may set it") if found is not None else None

    @property
    def searched(self) -> tuple[str, ...]:
        """The places, in words."""
        return tuple(dict.fromkeys(place.words for place in self.places))


@dataclass(frozen=True, slots=True)
class TaskSettings:
    """The effective settings of one task."""

    retry: Value[RetryPolicy]
    timeout: Value[timedelta]
    alerts: Value[str]
    settings: tuple[Setting, ...]
    trigger_rule: str
    holds_slot: Value[bool]


def settings_of(layers: Layers, sensor: bool, whole: Layers) -> TaskSettings:
    """Everything that is told of a task; ``whole`` is what is said of the DAG itself."""
    retry, timeout, alerts = _retry(layers), _timeout(layers, sensor, whole), _alerts(layers, whole)
    policy = effective(retry)
    shown: list[Setting] = []
    count: Value[str]
    if isinstance(retry, Unknown):
        count = retry
    elif isinstance(retry, Absent):
        count = Absent(Known("0"), retry.searched)
    else:
        count = told(retry.value.attempts)
    shown.append(Setting("retries", count, "how often a failed attempt is repeated"))
    if isinstance(retry, Known) and policy is not None:
        shown.append(Setting("retry delay", told(policy.delay), "the pause before the first repetition"))
        shown.append(Setting("exponential backoff", told(policy.backoff), "whether the pause grows"))
    shown.append(Setting("timeout", told(timeout), "after which time an attempt fails"))
    shown.append(Setting("alerts", alerts, "who is told of a failure"))
    found = layers.find("trigger_rule")
    rule = scalar(found[2]) or "" if found is not None else ""
    if found is not None and rule:
        shown.append(
            Setting("trigger rule", Known(rule, found[0].loc(found[2])), "when it runs, by what became of others")
        )
    return TaskSettings(retry, timeout, alerts, tuple(shown), rule, _holds_slot(layers) if sensor else _NO_WAIT)


_NO_WAIT: Final = Unknown("it does not wait")


def constant(node: Node) -> Value[object]:
    """A scalar's value; texts that are filled in later and everything else are not known."""
    node = resolved(node)
    if not isinstance(node, Scalar) or node.template or node.tag or "{{" in node.text or node.text.startswith("$"):
        return Unknown("it is computed")
    return Known(node.value)


def duration(node: Node, key: str) -> Value[timedelta]:
    """A length of time in one of its spellings: seconds, ``!timedelta 'hours: 1'``, or the class and its arguments."""
    node = resolved(node)
    if isinstance(node, Scalar) and node.tag.endswith("timedelta"):
        parts = {unit: float(count) for unit, count in _AMOUNT.findall(node.text)}
        return Known(timedelta(**parts)) if parts else Unknown("it is computed")
    if isinstance(node, Mapping):
        given = ((unit, node.get(unit)) for unit in _UNITS)
        numbers = {unit: each.value for unit, each in given if isinstance(each, Scalar)}
        parts = {unit: float(number) for unit, number in numbers.items() if isinstance(number, (int, float))}
        named = scalar(node.get("__type__")) or node.tag or "timedelta"
        return Known(timedelta(**parts)) if parts and named.endswith("timedelta") else Unknown("it is computed")
    value = constant(node)
    number = value.value if isinstance(value, Known) else None
    if isinstance(number, (int, float)) and not isinstance(number, bool):
        return Known(timedelta(seconds=min(float(number), 10**9)))
    return Unknown("it is computed")


def _retry(layers: Layers) -> Value[RetryPolicy]:
    found = layers.find("retries")
    delay, backoff = _delay(layers), _flag(layers, "retry_exponential_backoff", False)
    longest: Value[timedelta] = Unknown("it is not told here")
    if found is None:
        unsure = layers.unsure("retries")
        if unsure is not None:
            return unsure
        policy = RetryPolicy(Known(0), delay, backoff, longest)
        return Absent(Known(policy), (*layers.searched, "airflow.cfg is not read"))
    place, _, node = found
    value = constant(node)
    number = value.value if isinstance(value, Known) else None
    attempts: Value[int] = Unknown("it is computed")
    if isinstance(number, str) and number.isdigit():
        number = int(number)
    if isinstance(number, int) and not isinstance(number, bool):
        attempts = Known(number, place.loc(node), place.origin)
    elif isinstance(value, Known) and number is None:
        attempts = Known(0, place.loc(node), place.origin)
    return Known(RetryPolicy(attempts, delay, backoff, longest), place.loc(node), place.origin)


def _delay(layers: Layers) -> Value[timedelta]:
    found = layers.find("retry_delay", "retry_delay_sec")
    if found is None:
        return layers.unsure("retry_delay", "retry_delay_sec") or Absent(Known(_DELAY), layers.searched)
    return _placed(duration(found[2], found[1]), found)


def _placed(value: Value[timedelta], found: tuple[Place, str, Node]) -> Value[timedelta]:
    place, _, node = found
    return Known(value.value, place.loc(node), place.origin) if isinstance(value, Known) else value


def _flag(layers: Layers, key: str, otherwise: bool) -> Value[bool]:
    found = layers.find(key)
    if found is None:
        return layers.unsure(key) or Absent(Known(otherwise), layers.searched)
    value = constant(found[2])
    if isinstance(value, Known) and isinstance(value.value, (bool, int, float)):
        return Known(bool(value.value), found[0].loc(found[2]), found[0].origin)
    return Unknown("it is computed")


def _timeout(layers: Layers, sensor: bool, whole: Layers) -> Value[timedelta]:
    keys = ("execution_timeout", "execution_timeout_secs", *(("timeout",) if sensor else ()))
    runs = ("dagrun_timeout", "dagrun_timeout_sec")
    for place_layers, wanted in ((layers, keys), (whole, runs)):
        found = place_layers.find(*wanted)
        if found is not None:
            return _placed(duration(found[2], found[1]), found)
    unsure = layers.unsure(*keys) or whole.unsure(*runs)
    return unsure or Absent(Unknown("there is none"), (*layers.searched, "the DAG's dagrun_timeout"))


def _alerts(layers: Layers, whole: Layers) -> Value[str]:
    keys = ("on_failure_callback", "on_failure_callback_name", "email")
    for each in (layers, whole):
        found = each.find(*keys)
        if found is not None and not (isinstance(found[2], Scalar) and found[2].is_null):
            words = scalar(found[2]) or ", ".join(filter(None, map(scalar, items(found[2])))) or "set"
            return Known(f"{found[1]}: {words}"[:80], found[0].loc(found[2]), found[0].origin)
    unsure = layers.unsure(*keys) or whole.unsure(*keys)
    return unsure or Absent(Unknown("nobody is told"), (*layers.searched, "the DAG's on_failure_callback"))


def _holds_slot(layers: Layers) -> Value[bool]:
    """A sensor keeps its worker unless it is rescheduled or deferred."""
    mode, deferred = layers.find("mode"), layers.find("deferrable")
    if mode is None and deferred is None:
        return layers.unsure("mode", "deferrable") or Absent(Known(True), layers.searched)
    defers = constant(deferred[2]) if deferred is not None else Known(False)
    way = constant(mode[2]) if mode is not None else Known("poke")
    if not isinstance(defers, Known) or not isinstance(way, Known):
        return Unknown("how it waits is computed")
    return Known(not defers.value and way.value == "poke")


def pairs(node: Node | None) -> Sequence[tuple[str, Node]]:
    """Keys and values of a mapping, aliases and merges followed."""
    found = resolved(node) if node is not None else None
    return tuple(found.pairs()) if isinstance(found, Mapping) else ()
