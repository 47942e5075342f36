"""Provider classes and modules that are gone: the last release that had them beside the first that has not."""

from __future__ import annotations

import json
from typing import Any

from .asked import Airflow, spelled
from .operators import older_operator_facts, operator_facts
from .questions import PROVIDER_INSTEAD, PROVIDER_MODULE_MOVES, PROVIDER_SWAPS
from .render import Call


def build(before: Airflow, after: Airflow, newest: Airflow) -> dict[str, Call]:
    found: dict[str, Call] = {}
    for old in sorted(PROVIDER_SWAPS):
        check_present(newest, PROVIDER_SWAPS[old][0])
        package, version = first_without(before, after, spelled(old))
        more = swap(before, newest, old)
        new = PROVIDER_SWAPS[old][0]
        needs = (newest.distribution_of(new) or ("", ""))[0]
        found[old] = Call(
            "MovedName", old, new, None, version, package=package, needs=needs if needs != package else None, **more
        )
        found |= gone_module(before, after, old.rpartition(".")[0], package, version)
    for old, instead in sorted(PROVIDER_INSTEAD.items()):
        check_present(newest, instead)
        package, version = first_without(before, after, spelled(old))
        found[old] = Call("MovedName", old, None, None, version, package=package, instead=instead)
    for old, new in PROVIDER_MODULE_MOVES.items():
        package, version = first_without(before, after, f"{old}:")
        found[old] = Call("MovedName", old, new, None, version, package=package, prefix=True)
    return dict(sorted(found.items()))


def check_present(newest: Airflow, name: str) -> None:
    state = newest.ask("names", names=[spelled(name)], read=["airflow.providers."])[spelled(name)]
    if not state["ok"]:
        raise SystemExit(f"{name} is not in {newest.python}: correct the replacement")


def gone_module(before: Airflow, after: Airflow, module: str, package: str, version: str) -> dict[str, Call]:
    """An entry for the module itself when it went with its class."""
    if imports(before, f"{module}:") and not imports(after, f"{module}:"):
        return {module: Call("MovedName", module, None, None, version, package=package, prefix=True)}
    return {}


def imports(airflow: Airflow, key: str) -> bool:
    """Whether the installed files define it; importing is tried first where the drivers are installed."""
    state = airflow.ask("names", names=[key], read=[])[key]
    if state["ok"] or key.endswith(":"):
        missing = state.get("error", "")
        return bool(state["ok"]) or ("No module named 'airflow." not in missing and missing != "")
    return bool(airflow.ask("names", names=[key], read=["airflow.providers."])[key]["ok"])


def first_without(before: Airflow, after: Airflow, key: str) -> tuple[str, str]:
    """The distribution that had `key`, and its version in `after`, once shown that it is gone there."""
    module = key.partition(":")[0]
    had, has = before.distribution_of(module), after.distribution_of(module)
    if had is None or has is None or not imports(before, key) or imports(after, key):
        raise SystemExit(f"{key} is expected in {before.python} ({had}) and gone from {after.python} ({has})")
    return had[0], has[1]


def swap(before: Airflow, newest: Airflow, old: str) -> dict[str, Any]:
    """Argument changes from a removed class to its replacement, held against both signatures."""
    new, renamed, stated = PROVIDER_SWAPS[old]
    added = dict(stated)
    old_facts = older_operator_facts(before)["found"].get(old)
    new_facts = operator_facts(newest)["found"].get(new)
    without: tuple[str, ...] = ()
    if old_facts and new_facts:
        unknown = set(renamed) - set(old_facts["arguments"]) | set(renamed.values()) - set(new_facts["arguments"])
        if unknown:
            raise SystemExit(f"{old}: no such arguments {sorted(unknown)}")
        # The old class had a connection of its own by default, the new one has none.
        added |= {renamed[k]: json.dumps(old_facts["arguments"][k]) for k in renamed if old_facts["arguments"][k]}
        without = tuple(sorted(set(old_facts["arguments"]) - set(new_facts["arguments"]) - set(renamed)))
    return {"renamed": tuple(renamed.items()), "added": tuple(added.items()), "without": without}
