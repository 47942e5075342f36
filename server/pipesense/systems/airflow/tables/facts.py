"""Shapes of the Airflow tables. The values are generated; see the header of each table for the packages probed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

Owner = Literal["dag", "task", "default_args", "operator"]
"""Who is handed the argument: ``DAG(...)``, any operator, a ``default_args`` dict, or one operator class only."""

ArgumentChange = Literal["REMOVED", "IGNORED", "RAISES", "RENAMED"]
"""REMOVED, RENAMED: the constructor refuses the name. IGNORED: accepted, no effect. RAISES: it refuses the value."""

NameChange = Literal["REMOVED", "MOVED"]
"""REMOVED: the import fails. MOVED: it works, with a warning or as a silent second path of the new name."""

OperatorKind = Literal[
    "bash",
    "branch",
    "empty",
    "http",
    "kubernetes",
    "other",
    "python",
    "sensor",
    "sql",
    "sql_check",
    "transfer",
    "trigger",
]

DefaultValue = bool | int | float | str | timedelta | None


@dataclass(frozen=True, slots=True)
class RemovedArgument:
    """An argument that a later Airflow no longer honours.

    `since` is the first probed release line in which it has no effect or is refused ("2.11", the oldest one, also when
    it was so before), `deprecated` the first one that warns although it still works. `value` restricts the entry to one
    value of the argument (a trigger rule that is gone). `operator` is the class for owner ``operator``. `outcome` is
    what the newest real constructor did: the exception with its message, or the warning it gave, or nothing.
    """

    owner: Owner
    name: str
    new: str | None
    change: ArgumentChange
    since: str
    outcome: str
    deprecated: str | None = None
    value: str | None = None
    new_value: str | None = None
    operator: str | None = None


@dataclass(frozen=True, slots=True)
class MovedName:
    """A module or a name of a module that a later release warns about or no longer has.

    `deprecated` is the first probed version that warns, `removed` the first one in which the import fails, both of the
    distribution `package`. `new` is where it lives now, `new_since` the first probed Airflow that has it there, `needs`
    the distribution that brings it when that is not Airflow itself. For an operator that became another one, `renamed`
    pairs old with new argument names, `added` gives the source text of arguments to write where the call, after
    renaming, has none of that name, and `without`
    lists old arguments with no counterpart. `prefix` marks an entry that speaks for everything below `old`. `instead`
    is what serves the purpose where nothing is a drop-in replacement.
    """

    old: str
    new: str | None
    deprecated: str | None
    removed: str | None
    package: str = "apache-airflow"
    new_since: str | None = None
    needs: str | None = None
    renamed: tuple[tuple[str, str], ...] = ()
    added: tuple[tuple[str, str], ...] = ()
    without: tuple[str, ...] = ()
    prefix: bool = False
    instead: str | None = None

    @property
    def change(self) -> NameChange:
        return "MOVED" if self.removed is None else "REMOVED"

    @property
    def since(self) -> str:
        """First version of `package` with the final state: removed, or warned about.

        For an old path that still gives the new object without a word: the first that has the new path.
        """
        return self.removed or self.deprecated or self.new_since or ""


@dataclass(frozen=True, slots=True)
class OperatorFacts:
    """What an operator class is, read from the class itself.

    `arguments` are its own keyword names, without those every operator or every sensor takes; Airflow accepts no
    positional argument. `sql` is the keyword that carries SQL, `sql_path` the keys below it when the SQL sits inside a
    dict. `connections` are the keywords that name a connection. `dialect` is sqlglot's name. `touches_network` is None
    where only the arguments or the callable can tell. `deferrable` says that the class takes `deferrable=`.
    """

    name: str
    kind: OperatorKind
    template_fields: tuple[str, ...]
    arguments: tuple[str, ...]
    connections: tuple[str, ...]
    sql: str | None
    sql_path: tuple[str, ...]
    table: str | None
    dialect: str | None
    touches_network: bool | None
    sensor: bool
    deferrable: bool

    @property
    def has_mode(self) -> bool:
        """Whether ``mode="reschedule"`` is accepted: every sensor takes it."""
        return self.sensor


@dataclass(frozen=True, slots=True)
class ArgumentDefault:
    """Default of an argument from `since` on, and the configuration key (``section.key``) that a deployment may set."""

    since: str
    value: DefaultValue
    option: str | None = None


@dataclass(frozen=True, slots=True)
class ImportPath:
    """One qualified name under which a construct can be imported, with the probed release lines in which it works."""

    qualified: str
    first: str
    last: str
    deprecated: str | None


@dataclass(frozen=True, slots=True)
class ContextKey:
    """A key of the task context. `removed`: the first probed release line without it; `instead`: Airflow's own hint."""

    name: str
    first: str
    removed: str | None
    instead: tuple[str, ...] = ()
