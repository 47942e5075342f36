"""What goes wrong between the tasks of a flow.

What Prefect does was seen on 3.8.8: ``tests/frameworks/prefect/test_prefect_flows.py`` shows it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Final

from pipesense.lang.python.effects import name_effect
from pipesense.lang.python.frames import Frame, read_arguments
from pipesense.lang.python.module import Module
from pipesense.lang.python.steps import Steps
from pipesense.model.flow import Effect
from pipesense.model.steps import LostFuture, WorkBetweenSteps
from pipesense.model.value import Known, Version
from pipesense.model.where import Loc
from pipesense.systems.prefect.ask_later import asked_later
from pipesense.systems.prefect.settings import layers_of, settings_of
from pipesense.systems.prefect.things import Thing

_STORES: Final = ("persist_result", "cache_policy", "cache_key_fn", "result_storage_key")
"""Settings of which one lets a repeated flow take a task's result instead of running it again."""


def flow_faults(
    module: Module, version: Version, steps: Steps[Thing], names: Mapping[Thing, str], name: str
) -> Iterator[object]:
    """The faults of one flow."""
    if version.number[:1] != (2,):
        yield from _lost(module, version, steps, names, name)
    if steps.first:
        yield from _between(module, steps, name)


def _lost(
    module: Module, version: Version, steps: Steps[Thing], names: Mapping[Thing, str], name: str
) -> Iterator[LostFuture]:
    found = [(names[thing], call) for thing, call in steps.lost.items() if _is_start(module, call)]
    if found:
        places = tuple(module.loc(call) for _, call in found)
        edits = asked_later(module, [call for _, call in found])
        yield LostFuture("flow", name, tuple(step for step, _ in found), places, version, edits)


def _is_start(module: Module, call: ast.Call) -> bool:
    """Whether a call of this file starts a task and gives a future back."""
    func = call.func
    if not isinstance(func, ast.Attribute) or func.attr not in ("submit", "map"):
        return False
    return module.loc(call).file == module.path and read_arguments(call, Frame(module)).get("return_state") is None


def repeated_at(module: Module, flow: Thing, version: Version) -> Loc | None:
    """Where a flow is told to run again as a whole when it fails, in this file."""
    retry = settings_of(flow, None, module, version).retry
    attempts = retry.value.attempts if isinstance(retry, Known) else None
    if not isinstance(attempts, Known) or attempts.value < 1 or attempts.loc is None:
        return None
    return None if attempts.loc.file != module.path or is_stored(flow, module) else attempts.loc


def is_stored(thing: Thing, module: Module) -> bool:
    """Whether results may be stored, for all that can be told: a repeated flow then takes them."""
    for layer in layers_of(thing, module):
        for key in _STORES:
            given = layer.items.get(key)
            if given is not None or layer.why_unsure(key) is not None:
                value = given.constant() if given is not None else None
                return not (isinstance(value, Known) and value.value in (False, None))
    return False


def _between(module: Module, steps: Steps[Thing], name: str) -> Iterator[WorkBetweenSteps]:
    for call in steps.others:
        loc = module.loc(call.func)
        found = next((each for written in module.qualified(call.func) if (each := name_effect(written))), None)
        if found is not None and found[0] is Effect.NETWORK and loc.file == module.path:
            written = " ".join(module.text_of(call.func).split())
            yield WorkBetweenSteps("flow", name, written, found[1], loc)
            return
