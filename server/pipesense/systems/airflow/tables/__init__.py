"""What Airflow accepts, by version: generated tables and the questions that may be asked of them.

Every table module is loaded at the first question that needs it. Versions are release lines as text ("2.11", "3.2"),
provider versions are full versions ("6.0.0").
"""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, KeysView

    from .facts import ArgumentDefault, ContextKey, ImportPath, MovedName, OperatorFacts, RemovedArgument

__all__ = [
    "base_operator_arguments",
    "construct",
    "context_key",
    "dag_arguments",
    "default",
    "import_paths",
    "moved",
    "operator",
    "operators_named",
    "removable",
    "removed_argument",
    "removed_arguments",
    "removed_context_keys",
    "sensor_arguments",
    "still_works",
    "task_decorator",
    "trigger_rules",
]


@lru_cache(maxsize=64)
def _line(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit())


def _by_line(table: dict[str, frozenset[str]], version: str) -> frozenset[str]:
    """The entry of the newest probed release line that is not newer than `version`; of the oldest one otherwise."""
    wanted = _line(version)
    lines = sorted(table, key=_line)
    known = [line for line in lines if _line(line) <= wanted]
    return table[known[-1] if known else lines[0]]


@lru_cache(maxsize=8)
def base_operator_arguments(version: str) -> frozenset[str]:
    """Keyword names that every operator accepts in Airflow `version`."""
    from .arguments import BASE_OPERATOR_ARGUMENTS

    return _by_line(BASE_OPERATOR_ARGUMENTS, version)


@lru_cache(maxsize=8)
def sensor_arguments(version: str) -> frozenset[str]:
    """Keyword names that every sensor accepts beyond those of every operator."""
    from .arguments import SENSOR_ARGUMENTS

    return _by_line(SENSOR_ARGUMENTS, version)


@lru_cache(maxsize=8)
def dag_arguments(version: str) -> frozenset[str]:
    """Argument names of ``DAG(...)`` and ``@dag(...)`` in Airflow `version`."""
    from .arguments import DAG_ARGUMENTS

    return _by_line(DAG_ARGUMENTS, version)


@lru_cache(maxsize=8)
def trigger_rules(version: str) -> frozenset[str]:
    """Values that ``trigger_rule=`` accepts in Airflow `version`."""
    from .arguments import TRIGGER_RULES

    return _by_line(TRIGGER_RULES, version)


def removed_argument(owner: str, name: str, *, value: str | None = None) -> RemovedArgument | None:
    """The entry for argument `name` of `owner` ("dag", "task", "default_args", or an operator's qualified name).

    Entries about one value of an argument are found only when that `value` is given.
    """
    for entry in _removed_by_name().get(name, ()):
        if entry.value == value and owner in (entry.owner, entry.operator):
            return entry
    return None


@lru_cache(maxsize=1)
def _removed_by_name() -> dict[str, list[RemovedArgument]]:
    found: dict[str, list[RemovedArgument]] = {}
    for entry in removed_arguments():
        found.setdefault(entry.name, []).append(entry)
    return found


def removable() -> KeysView[str]:
    """The names of all arguments for which there is an entry, whoever takes them."""
    return _removed_by_name().keys()


def removed_arguments() -> tuple[RemovedArgument, ...]:
    """Every argument that some probed Airflow ignores or refuses."""
    from .arguments import REMOVED_ARGUMENTS

    return REMOVED_ARGUMENTS


def moved(qualified: str) -> MovedName | None:
    """What became of a module or of a name in a module (``airflow.operators.dummy.DummyOperator``).

    A name below a module that is gone as a whole is answered by the module's entry, whose `old` is then shorter than
    what was asked for and whose `new` says nothing about the name. None: nothing is known to have changed.
    """
    if qualified.startswith("airflow.sdk."):
        return None
    for table in _moved_tables(qualified):
        if entry := table.get(qualified):
            return entry
    above = qualified
    while above := above.rpartition(".")[0]:
        for table in _moved_tables(qualified):
            if (entry := table.get(above)) and entry.prefix:
                return entry
    return None


def still_works(new: str) -> str | None:
    """An older address of a thing that every probed release still has, those before the new one included."""
    return _old_by_new().get(new)


@lru_cache(maxsize=1)
def _old_by_new() -> dict[str, str]:
    from .moved_names import NAMES

    return {
        entry.new: name
        for name, entry in NAMES.items()
        if entry.new is not None and entry.removed is None and not (entry.renamed or entry.added)
    }


def _moved_tables(qualified: str) -> Iterator[dict[str, MovedName]]:
    if qualified.startswith("airflow.providers."):
        from .moved_providers import PROVIDER_NAMES

        yield PROVIDER_NAMES
        return
    from .moved_names import MODULES, NAMES

    yield NAMES
    yield MODULES
    yield _legacy_names()


@lru_cache(maxsize=1)
def _legacy_names() -> dict[str, MovedName]:
    from .facts import MovedName
    from .moved_legacy import LEGACY, LEGACY_REMOVED

    return {
        old: MovedName(old, new or None, "2.11", LEGACY_REMOVED, new_since=since or None, needs=needs or None)
        for old, (new, since, needs) in LEGACY.items()
    }


_OPERATOR_TABLES = (
    ("airflow.providers.amazon.", "operators_amazon"),
    ("airflow.providers.google.", "operators_google"),
    ("airflow.operators.", "operators_airflow2"),
    ("airflow.sensors.", "operators_airflow2"),
)


def operator(qualified: str) -> OperatorFacts | None:
    """Facts of an operator, sensor or transfer class by its qualified name, also of those only older releases have."""
    names = [table for prefix, table in _OPERATOR_TABLES if qualified.startswith(prefix)]
    for name in (*names, "operators", "operators_airflow2"):
        if facts := _operators(name).get(qualified):
            return facts
    return None


def operators_named(name: str) -> tuple[OperatorFacts, ...]:
    """Every known class with the bare name `name`: for code whose imports cannot be resolved."""
    return _by_bare_name().get(name, ())


@lru_cache(maxsize=1)
def _by_bare_name() -> dict[str, tuple[OperatorFacts, ...]]:
    found: dict[str, tuple[OperatorFacts, ...]] = {}
    for table in dict.fromkeys(["operators", *(table for _, table in _OPERATOR_TABLES)]):
        for qualified, facts in _operators(table).items():
            bare = qualified.rpartition(".")[2]
            found[bare] = (*found.get(bare, ()), facts)
    return found


@lru_cache(maxsize=8)
def _operators(table: str) -> dict[str, OperatorFacts]:
    from .facts import OperatorFacts

    rows = import_module(f"{__name__}.{table}").OPERATORS
    return {
        name: OperatorFacts(
            name=name,
            kind=kind,
            template_fields=tuple(fields.split()),
            arguments=tuple(arguments.split()),
            connections=tuple(connections.split()),
            sql=sql.split(".")[0] or None,
            sql_path=tuple(sql.split(".")[1:]),
            table=target or None,
            dialect=dialect or None,
            touches_network=network,
            sensor=sensor,
            deferrable="deferrable" in arguments.split(),
        )
        for name, (kind, fields, arguments, connections, sql, target, dialect, network, sensor) in rows.items()
    }


@lru_cache(maxsize=512)
def default(owner: str, name: str, version: str) -> ArgumentDefault | None:
    """Default of an argument of "task", "sensor", "dag" or an operator's qualified name in Airflow `version`.

    A version older than the oldest one probed is answered like that one. None: the argument came later, or its default
    is an object that says nothing. That an argument was given up since is told by `removed_argument`, not here.
    """
    from .defaults import DEFAULTS, OLDEST

    wanted = max(_line(version), _line(OLDEST))
    known = [entry for entry in DEFAULTS.get((owner, name), ()) if _line(entry.since) <= wanted]
    return known[-1] if known else None


def construct(qualified: str) -> str | None:
    """What a qualified name builds: "dag", "dag_decorator", "task_decorator", "task_group", "chain" and so on."""
    return _roles().get(qualified)


@lru_cache(maxsize=1)
def _roles() -> dict[str, str]:
    from .context import CONSTRUCTS

    return {path.qualified: role for role, paths in CONSTRUCTS.items() for path in paths}


def import_paths(role: str) -> tuple[ImportPath, ...]:
    """Every qualified name under which the construct `role` can be imported."""
    from .context import CONSTRUCTS

    return CONSTRUCTS.get(role, ())


def task_decorator(name: str) -> str | None:
    """The function behind ``@task.NAME``, of Airflow's own and the larger providers' decorators."""
    from .context import TASK_DECORATORS

    return TASK_DECORATORS.get(name)


def context_key(name: str) -> ContextKey | None:
    """A key of the task context, as used in ``context["ds"]``, as a task parameter, or in a template."""
    from .context import CONTEXT_KEYS

    return CONTEXT_KEYS.get(name)


@lru_cache(maxsize=1)
def removed_context_keys() -> tuple[str, ...]:
    """The keys of the context that some release no longer has."""
    from .context import CONTEXT_KEYS

    return tuple(key.name for key in CONTEXT_KEYS.values() if key.removed is not None)
