"""What applies to an asset or op: its own retry policy, that of the call in a graph, that of the job.

https://docs.dagster.io/guides/build/ops/op-retries (1.13): a policy on the invocation or the op beats the job's.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from pipesense.lang.python.frames import Argument, Arguments, Frame, read_arguments
from pipesense.lang.python.layers import as_duration, narrow, told
from pipesense.lang.python.module import Module
from pipesense.model.flow import RetryPolicy, Setting
from pipesense.model.value import Absent, Known, Origin, Unknown, Value, Version, effective
from pipesense.systems.dagster.things import named

NO_TIMEOUT: Final = Unknown("Dagster limits runs, not steps")
"""By the tag dagster/max_runtime, https://docs.dagster.io/deployment/execution/run-monitoring (1.13)."""
NO_ALERTS: Final = Unknown("a sensor or an alert policy of the deployment may tell somebody")
_NO_DELAY: Final = timedelta(0)


def resolved(module: Module, expr: ast.expr, hops: int = 0) -> ast.expr:
    """The expression that a name of the file was bound to, where that is one."""
    if isinstance(expr, ast.Name) and hops < 6:
        found = module.bindings_of(expr)
        if len(found) == 1 and found[0].kind == "assign" and found[0].value is not None:
            return resolved(module, found[0].value, hops + 1)
    return expr


def policy(module: Module, given: Argument, origin: Origin) -> Value[RetryPolicy]:
    """The retry policy that an argument names."""
    expr = resolved(module, given.value)
    if isinstance(expr, ast.Constant) and expr.value is None:
        return Absent(_none(), ())
    if not isinstance(expr, ast.Call) or named(module, expr.func) != "RetryPolicy":
        return Known(RetryPolicy(*[Unknown("the policy is made elsewhere")] * 4), given.loc, origin)
    arguments = read_arguments(expr, Frame(module), ("max_retries", "delay", "backoff", "jitter"))
    absent: Value[timedelta] = Absent(Known(_NO_DELAY), ("the retry policy",))
    return Known(
        RetryPolicy(
            attempts=_attempts(arguments, origin),
            delay=_delay(arguments) if arguments.get("delay") is not None else arguments.opened or absent,
            backoff=_backoff(module, arguments),
            max_delay=Absent(Unknown("there is none"), ()),
        ),
        given.loc,
        origin,
    )


def _none() -> Known[RetryPolicy]:
    delay: Value[timedelta] = Absent(Known(_NO_DELAY), ())
    return Known(RetryPolicy(Known(0), delay, Absent(Known(False), ()), Absent(Unknown("there is none"), ())))


def _attempts(arguments: Arguments, origin: Origin) -> Value[int]:
    given = arguments.get("max_retries")
    if given is None:
        return arguments.opened or Known(1, None, origin)
    value = given.constant()
    if isinstance(value, Known) and isinstance(value.value, int):
        return Known(value.value, given.loc, origin)
    return Unknown(value.why) if isinstance(value, Unknown) else Unknown("it has another type than expected")


def _delay(arguments: Arguments) -> Value[timedelta]:
    given = arguments.get("delay")
    value = narrow(as_duration(given.constant()), timedelta) if given is not None else Unknown("it is not given")
    return Known(value.value, given.loc) if given is not None and isinstance(value, Known) else value


def _backoff(module: Module, arguments: Arguments) -> Value[bool]:
    given = arguments.get("backoff")
    if given is None:
        return arguments.opened or Absent(Known(False), ("the retry policy",))
    if isinstance(given.value, ast.Attribute) and named(module, given.value.value) == "Backoff":
        return Known(True, given.loc)
    return Unknown("it is computed")


def effective_retry(
    module: Module, layers: Iterable[tuple[str, Origin, Arguments, str]], version: Version
) -> Value[RetryPolicy]:
    """The first policy that a layer sets; each layer is (words, origin, arguments, the argument's name)."""
    places: list[str] = []
    for words, origin, arguments, name in layers:
        places.append(words)
        given = arguments.get(name)
        if given is not None:
            found = policy(module, given, origin)
            if not isinstance(found, Absent):
                return found
            continue
        why = arguments.why_unsure(name)
        if why is not None:
            return why
    if dict(version.project).get("run_retries"):
        return Unknown("dagster.yaml repeats whole runs")
    return Absent(_none(), tuple(places))


def retry_settings(retry: Value[RetryPolicy]) -> list[Setting]:
    """What a hover tells of the retries."""
    found = effective(retry)
    meaning = "how often a failed attempt is repeated"
    if found is None:
        why = retry if isinstance(retry, Unknown) else Unknown("it cannot be told")
        return [Setting("retries", why, meaning)]
    if isinstance(retry, Absent):
        return [Setting("retries", Absent(told(found.attempts), retry.searched), meaning)]
    count = told(found.attempts)
    if isinstance(count, Known) and isinstance(retry, Known):
        count = Known(count.value, retry.loc, retry.origin)
    return [
        Setting("retries", count, meaning),
        Setting("retry delay", told(found.delay), "the pause before the first repetition"),
        Setting("growing pauses", told(found.backoff), "whether each pause is longer than the last"),
    ]


def written_settings(arguments: Arguments, keys: Iterable[tuple[str, str, str]]) -> list[Setting]:
    """Arguments as they are written, by (name, words, meaning)."""
    found: list[Setting] = []
    for key, words, says in keys:
        given = arguments.get(key)
        if given is not None:
            text = " ".join(given.frame.module.text_of(given.value).split())
            found.append(Setting(words, Known(text if len(text) <= 70 else text[:67] + "...", given.loc), says))
    return found
