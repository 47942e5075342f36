"""Which modules and names are gone or elsewhere: asked name by name of every Airflow."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from .asked import Airflow, spelled
from .operators import operator_facts
from .providers import swap
from .questions import (
    CALL_RENAMES,
    INSTEAD,
    MODULE_MOVES,
    PROVIDER_SWAPS,
    REPLACEMENTS,
    ROOTS,
    WARNS_WHEN_USED,
)
from .render import Call

HINT = re.compile(r"(?:[Uu]se|from) [`'\"]*(airflow(?:\.\w+)+)")
State = dict[str, Any]
# Targets in these packages are looked up in the installed files: importing a client library takes seconds.
READ = ["airflow.providers."]
# Providers installed beside every Airflow asked: only of their names it is known since which Airflow they are there.
EVERYWHERE = ("apache-airflow-providers-standard", "apache-airflow-providers-common-sql")


class Names:
    """Every name the oldest Airflow has, and what each Airflow says when it is imported."""

    def __init__(self, airflows: list[Airflow], oldest_with_standard: Airflow) -> None:
        self.airflows = airflows
        self.lines = [a.line for a in airflows]
        self.oldest_with_standard = oldest_with_standard
        listed = [a.ask("enumerate_names", roots=ROOTS) for a in airflows]
        self.pointers: list[dict[str, str]] = [entry["moved"] for entry in listed]
        self.legacy = {k.replace(":", "."): v for k, v in self.pointers[0].items() if not k.endswith(":")}
        self.asked = sorted({*listed[0]["defined"], *(n for entry in self.pointers for n in entry)})
        self.states = [a.ask("names", names=self.asked, read=[]) for a in airflows]
        self.sdk = self._sdk_names()
        self.operators = self._operator_names()

    def _operator_names(self) -> dict[str, str]:
        """Bare class name to qualified name of the operators that only one module of the newest Airflow defines."""
        found = list(operator_facts(self.airflows[-1])["found"])
        times = Counter(name.rpartition(".")[2] for name in found)
        return {name.rpartition(".")[2]: name for name in found if times[name.rpartition(".")[2]] == 1}

    def _sdk_names(self) -> dict[str, str]:
        newest = self.airflows[-1].ask("exports", module="airflow.sdk")
        return {name: f"airflow.sdk.{name}" for name in newest}

    def history(self, key: str) -> list[State]:
        """What each Airflow says, oldest first. A redirection whose provider is not installed counts as one."""
        found: list[State] = [states[key] for states in self.states]
        if not found[0]["ok"] and key in self.pointers[0]:
            found[0] = {"ok": True, "warned": [f"use {self.pointers[0][key]}"], "module": None, "name": None}
        return found

    def removed(self, key: str) -> str | None:
        """The release line from which on the import fails for good."""
        gone = None
        for line, state in zip(self.lines, self.history(key), strict=True):
            if state["ok"]:
                gone = None
            elif gone is None:
                gone = line
        return gone

    def deprecated(self, key: str) -> str | None:
        for line, state in zip(self.lines, self.history(key), strict=True):
            if state["ok"] and state["warned"]:
                return line
        return None


class Targets:
    """Where a removed or moved name lives now, each candidate verified by importing it."""

    def __init__(self, names: Names) -> None:
        self.names = names
        wanted = {key: self.candidates(key) for key in names.asked if not key.endswith(":")}
        asked = sorted({spelled(c) for options in [*wanted.values(), self.stated()] for c in options})
        newest = names.airflows[-1].ask("names", names=asked, read=READ)
        self.good = {k.replace(":", "."): v for k, v in newest.items() if v["ok"]}
        self.chosen = {key: self._choose(options) for key, options in wanted.items()}
        present = sorted({spelled(t) for t in [*self.chosen.values(), *self.stated()] if t})
        self.presence = [
            (a.line, (names.oldest_with_standard if a.is_two else a).ask("names", names=present, read=READ))
            for a in names.airflows
        ]

    @staticmethod
    def stated() -> list[str]:
        """Replacements that the questions state rather than derive."""
        return [*(new for new, *_ in WARNS_WHEN_USED.values()), *(new for new, *_ in PROVIDER_SWAPS.values())]

    def candidates(self, key: str) -> list[str]:
        """Best first: the newest warning's hint, Airflow's own tables, our replacement, the same name in the SDK."""
        module, _, name = key.partition(":")
        dotted = f"{module}.{name}"
        found: list[str] = []
        for state, pointers in zip(reversed(self.names.history(key)), reversed(self.names.pointers), strict=True):
            hints = [h for text in state.get("warned", []) for h in HINT.findall(text)]
            found += [*hints, *([pointers[key]] if key in pointers else [])]
        if dotted in REPLACEMENTS:
            found.insert(0, REPLACEMENTS[dotted])
        found += self._follow(found)
        found = [c for hint in found for c in ([hint, f"{hint}.{name}"] if hint.count(".") else [f"{hint}.{name}"])]
        found += [dotted.replace(old, new, 1) for old, new in MODULE_MOVES if dotted.startswith(old)]
        if any(c.startswith("airflow.providers.") for c in found) and name in self.names.operators:
            found.append(self.names.operators[name])
        public = [self.names.sdk[c.rpartition(".")[2]] for c in found if self._is_core(c, self.names.sdk)]
        if name in self.names.sdk and not dotted.startswith("airflow.providers"):
            found.append(self.names.sdk[name])
        return [c for c in dict.fromkeys([*public, *found]) if c != dotted]

    def _follow(self, found: list[str]) -> list[str]:
        """Where the candidates themselves have moved to since."""
        further: list[str] = [REPLACEMENTS[c] for c in found if c in REPLACEMENTS]
        for candidate in found:
            for pointers in self.names.pointers[1:]:
                if target := pointers.get(spelled(candidate)):
                    further.append(target)
        return list(reversed(further))

    @staticmethod
    def _is_core(candidate: str, sdk: dict[str, str]) -> bool:
        return candidate.rpartition(".")[2] in sdk and not candidate.startswith("airflow.providers.")

    def _choose(self, options: list[str]) -> str | None:
        """The first that imports without a warning and is a name, not a module."""
        for option in options:
            state = self.good.get(option)
            if state and not state["warned"] and state["name"] != "" and not self._is_module(state, option):
                return option
        return None

    @staticmethod
    def _is_module(state: State, option: str) -> bool:
        return state["module"] is None and state["name"] is None and option.rpartition(".")[2].islower()

    def since(self, target: str) -> str | None:
        for line, states in self.presence:
            state = states[spelled(target)]
            if state["ok"] and not state["warned"]:
                return line
        return None

    def needs(self, target: str) -> str | None:
        owner = self.names.airflows[-1].distribution_of(target)
        return owner[0] if owner else None

    def entry(self, old: str, new: str | None, deprecated: str | None, removed: str | None, **more: object) -> Call:
        needs = self.needs(new) if new else None
        since = self.since(new) if new and needs in (None, *EVERYWHERE) else None
        more.setdefault("instead", None if new else INSTEAD.get(old))
        return Call("MovedName", old, new, deprecated, removed, new_since=since, needs=needs, **more)


def build(airflows: list[Airflow], oldest_with_standard: Airflow) -> dict[str, dict[str, Any]]:
    """Tables MODULES, NAMES and LEGACY."""
    names = Names(airflows, oldest_with_standard)
    targets = Targets(names)
    modules = module_entries(names, targets)
    return {
        "MODULES": modules,
        "NAMES": name_entries(names, targets, set(modules)),
        "LEGACY": legacy_entries(names, targets),
    }


def name_entries(names: Names, targets: Targets, gone_modules: set[str]) -> dict[str, Call]:
    found: dict[str, Call] = {}
    for key in names.asked:
        module, _, name = key.partition(":")
        dotted = f"{module}.{name}"
        if not name or dotted in names.legacy or not names.history(key)[0]["ok"]:
            continue
        removed, deprecated, new = names.removed(key), names.deprecated(key), targets.chosen[key]
        renamed = CALL_RENAMES.get(dotted, ())
        if dotted in WARNS_WHEN_USED:
            new, where, said = WARNS_WHEN_USED[dotted]
            deprecated = first_source_with(names.airflows, where, said)
        quiet = not names.history(key)[-1].get("warned") and not removed
        if quiet and dotted not in WARNS_WHEN_USED and not silently_sdk(names, key, new):
            continue
        if new is None and (removed is None or (module in gone_modules and dotted not in INSTEAD)):
            continue
        found[dotted] = targets.entry(dotted, new, deprecated, removed, renamed=renamed)
    found |= {old: legacy_swap(names, targets, old) for old in names.legacy if names.legacy[old] in PROVIDER_SWAPS}
    return dict(sorted(found.items()))


def legacy_swap(names: Names, targets: Targets, old: str) -> Call:
    """A redirection of Airflow 2 to a provider's class that is gone as well: straight to what replaced that one."""
    more = swap(names.airflows[0], names.airflows[-1], names.legacy[old])
    return targets.entry(old, PROVIDER_SWAPS[names.legacy[old]][0], names.lines[0], names.removed(spelled(old)), **more)


def silently_sdk(names: Names, key: str, new: str | None) -> bool:
    """Imports without a word, but what comes is the SDK's object: the old path of a public SDK name."""
    module, _, name = key.partition(":")
    state = names.history(key)[-1]
    from_sdk = (state["module"] or "").startswith("airflow.sdk.") and new == names.sdk.get(name)
    return from_sdk and new is not None and module != "airflow" and not module.startswith("airflow.sdk")


def first_source_with(airflows: list[Airflow], module: str, said: str) -> str | None:
    for airflow in airflows:
        if airflow.ask("source_says", module=module, text=said):
            return airflow.line
    raise SystemExit(f"no Airflow says {said!r} in {module} any more: correct WARNS_WHEN_USED")


def module_entries(names: Names, targets: Targets) -> dict[str, Call]:
    """Modules that cannot be imported any more, with the one module their names went to, if it is one."""
    found: dict[str, Call] = {}
    shims = {key.partition(":")[0] for key in names.pointers[0]}
    for key in names.asked:
        module, _, name = key.partition(":")
        if not name:
            found |= module_entry(names, targets, module, names.removed(key), names.deprecated(key))
    for module in shims:
        if f"{module}:" not in names.states[0] and not module.startswith("airflow.contrib."):
            gone = {names.removed(k) for k in names.asked if k.startswith(f"{module}:")}
            if gone and None not in gone:
                found |= module_entry(names, targets, module, min(str(g) for g in gone), names.lines[0])
    covered = {m for m in found for above in found if m.startswith(above + ".")}
    return {m: e for m, e in sorted(found.items()) if m not in covered}


def module_entry(
    names: Names, targets: Targets, module: str, removed: str | None, deprecated: str | None
) -> dict[str, Call]:
    if removed is None:
        return {}
    went = Counter(t.rpartition(".")[0] for k, t in targets.chosen.items() if t and k.startswith(f"{module}:"))
    new = next(iter(went)) if len(went) == 1 else None
    return {module: Call("MovedName", module, new, deprecated, removed, prefix=True)}


def legacy_entries(names: Names, targets: Targets) -> dict[str, tuple[str, str, str]]:
    found: dict[str, tuple[str, str, str]] = {}
    for dotted, pointer in sorted(names.legacy.items()):
        new = targets.chosen.get(spelled(dotted))
        public = not dotted.rpartition(".")[2].startswith("_")
        if not public or new is None or pointer in PROVIDER_SWAPS or names.removed(spelled(dotted)) != names.lines[1]:
            continue
        entry = targets.entry(dotted, new, None, None).keywords
        found[dotted] = (new, str(entry["new_since"] or ""), str(entry["needs"] or ""))
    return found
