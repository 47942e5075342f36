"""What a task is there for, what it touches by itself, and which data it checks."""

from __future__ import annotations

import re
from typing import Final

from pipesense.lang.python.frames import Argument, dictionary
from pipesense.lang.python.sql_calls import dataset_of
from pipesense.model.data import Access, AccessMode, CheckKind, DatasetName, Guard, QualityCheck
from pipesense.model.flow import Effect, Role, Runs
from pipesense.model.value import Known, Unknown, Value
from pipesense.model.where import Loc
from pipesense.systems.airflow.things import TaskDraft
from pipesense.text.regex import regex

NETWORK: Final = frozenset({Effect.NETWORK})
_NOTHING: Final[frozenset[Effect]] = frozenset()
_CHECK_NAME: Final = regex(
    r"(?:^|[_\W])(?:check|checks|validate|validates|validation|quality|dq|qa|assert|test|tests|verify|audit|expect)(?:$|[_\W])"
)
_CHECK_KIND: Final = regex(r"GreatExpectations|GXValidate|Soda|DbtTest|DataQuality|DbtBuild|CheckOperator$")
_CHECK_COMMAND: Final = regex(
    r"\bdbt\b.*\b(?:test|build)\b|\bsoda\s+scan\b|\bgreat_expectations\b.*\bcheckpoint\b|\bpytest\b"
)
_COLUMN_CHECKS: Final = {
    "null_check": CheckKind.NOT_NULL,
    "unique_check": CheckKind.UNIQUE,
    "distinct_check": CheckKind.UNIQUE,
    "min": CheckKind.RANGE,
    "max": CheckKind.RANGE,
}
_COUNT: Final = regex(r"\bcount\s*\(\s*(?:\*|1)\s*\)", re.I)


def task_role(task: TaskDraft, runs: tuple[Runs, ...]) -> Value[Role]:
    """What the task is there for, as far as its class and command say; its name is the last resort."""
    kind = task.facts.kind if task.facts is not None else ""
    flavour = task.kind.partition(".")[2]
    if kind == "sql_check" or _CHECK_KIND.search(task.kind) or _checks_by_command(task):
        return Known(Role.CHECK)
    if kind == "sensor" or flavour == "sensor" or task.kind.endswith("Sensor"):
        return Known(Role.SENSOR)
    if kind == "empty" or task.kind in ("EmptyOperator", "DummyOperator", "LatestOnlyOperator"):
        return Known(Role.EMPTY)
    if kind == "branch" or flavour in ("branch", "branch_virtualenv", "branch_external_python", "short_circuit"):
        return Known(Role.CHECK) if flavour == "short_circuit" and _named_check(task) else Known(Role.BRANCH)
    if kind == "trigger":
        return Known(Role.TRIGGER)
    if kind == "transfer":
        # Files are a step on the way; tables are what people read.
        return Known(Role.LOAD if task.facts is not None and task.facts.table else Role.EXTRACT)
    if re.search(r"Slack|Email|Teams|PagerDuty|Opsgenie|Discord|Telegram|Notify", task.kind):
        return Known(Role.NOTIFY)
    # What code does speaks louder than its name: composition asks the name again once it knows the code.
    if not runs and _named_check(task):
        return Known(Role.CHECK)
    return Unknown("what the task does decides")


def _named_check(task: TaskDraft) -> bool:
    return bool(_CHECK_NAME.search(task.name.lower()))


def _checks_by_command(task: TaskDraft) -> bool:
    given = task.argument("bash_command", "command", "cmds", "arguments")
    if given is None:
        return False
    value = given.constant()
    text = value.value if isinstance(value, Known) else given.frame.module.text_of(given.value)
    return bool(_CHECK_COMMAND.search(text if isinstance(text, str) else str(text)))


def task_effects(task: TaskDraft) -> Value[frozenset[Effect]]:
    """What the class itself touches; composition adds what its code does."""
    facts = task.facts
    if task.function is not None:
        return Unknown("what the function does is told by its body")
    if facts is None:
        return Unknown(f"what {task.kind} does is not known")
    if facts.kind in ("python", "branch", "sensor") and task.argument("python_callable") is not None:
        return Unknown("what the function does is told by its body")
    if facts.touches_network is True:
        return NETWORK_KNOWN
    if facts.touches_network is False:
        return Known(_NOTHING)
    return Unknown(f"what {task.kind} does depends on what it is given")


NETWORK_KNOWN: Final = Known(NETWORK)


def _constant_text(argument: Argument | None) -> str | None:
    if argument is None:
        return None
    value = argument.constant()
    return value.value if isinstance(value, Known) and isinstance(value.value, str) else None


def task_accesses(task: TaskDraft, home: str) -> tuple[Access, ...]:
    """What the class itself reads or writes, where an argument names the table."""
    facts = task.facts
    if facts is None or not facts.table:
        return ()
    given = task.argument(facts.table)
    dataset = dataset_of(_constant_text(given))
    if given is None or dataset is None or given.loc.file != home:
        return ()
    loc = given.frame.module.loc(given.value)
    if facts.kind == "sql_check":
        return (Access(dataset, AccessMode.READ, Unknown("it is only read"), loc),)
    if facts.kind == "transfer":
        mode, guard = _write_mode(task)
        return (Access(dataset, mode, guard, loc),)
    return ()


def _write_mode(task: TaskDraft) -> tuple[AccessMode, Value[Guard]]:
    """What a transfer does to the rows that are there already."""
    written = _constant_text(task.argument("write_disposition", "if_exists", "method")) or ""
    if written in ("WRITE_TRUNCATE", "replace", "REPLACE"):
        return AccessMode.OVERWRITE, Unknown("it replaces the table")
    if written in ("UPSERT", "upsert"):
        return AccessMode.MERGE, Unknown("it merges by key")
    return AccessMode.APPEND, Unknown("how the operator writes is not known")


def task_checks(task: TaskDraft, role: Value[Role], loc: Loc) -> tuple[QualityCheck, ...]:
    """The quality checks that a task runs."""
    if not (isinstance(role, Known) and role.value is Role.CHECK):
        return ()
    table = task.facts.table if task.facts is not None else None
    dataset = dataset_of(_constant_text(task.argument(table))) if table else None
    subject: Value[DatasetName] = (
        Known(dataset) if dataset is not None else Unknown("which data is checked is not said")
    )
    if task.kind.endswith("ColumnCheckOperator"):
        return _column_checks(task, subject, loc)
    if task.kind.endswith("TableCheckOperator"):
        return (QualityCheck(table_kinds(task), subject, (), task.name, loc),)
    return (QualityCheck(frozenset({CheckKind.CUSTOM}), subject, (), task.name, loc),)


def _column_checks(task: TaskDraft, subject: Value[DatasetName], loc: Loc) -> tuple[QualityCheck, ...]:
    given = task.argument("column_mapping")
    if given is None:
        return ()
    columns = dictionary(given.value, given.frame)
    by_kind: dict[CheckKind, list[str]] = {}
    for column, entry in columns.entries.items():
        for check in given.frame.module.dictionary(entry.value).entries:
            by_kind.setdefault(_COLUMN_CHECKS.get(check, CheckKind.CUSTOM), []).append(column)
    if not by_kind:
        return (QualityCheck(frozenset({CheckKind.CUSTOM}), subject, (), task.name, loc),)
    return tuple(
        QualityCheck(frozenset({kind}), subject, tuple(columns), task.name, loc) for kind, columns in by_kind.items()
    )


def table_kinds(task: TaskDraft) -> frozenset[CheckKind]:
    """What the conditions of a table check look at."""
    given = task.argument("checks")
    if given is None:
        return frozenset({CheckKind.CUSTOM})
    found: set[CheckKind] = set()
    module = given.frame.module
    for entry in dictionary(given.value, given.frame).entries.values():
        statement = module.dictionary(entry.value).entries.get("check_statement")
        text = module.text_of(statement.value if statement is not None else entry.value)
        found.add(CheckKind.ROW_COUNT if _COUNT.search(text) else CheckKind.CUSTOM)
    return frozenset(found or {CheckKind.CUSTOM})


def always_runs(rule: Value[str], teardown: bool) -> bool:
    """Whether a trigger rule lets a task run although something before it failed."""
    if teardown:
        return True
    return isinstance(rule, Known) and rule.value in _RUNS_AFTER_FAILURE


_RUNS_AFTER_FAILURE: Final = frozenset(
    {
        *("all_done", "always", "all_failed", "one_failed", "one_done", "none_skipped"),
        *("all_done_setup_success", "dummy"),
    }
)
"""Not ``one_success`` and ``all_done_min_one_success``: where the only way to such a task fails, it fails as well.
https://airflow.apache.org/docs/apache-airflow/stable/core-concepts/dags.html#trigger-rules (3.0)"""
