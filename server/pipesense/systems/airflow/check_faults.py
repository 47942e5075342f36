"""Column checks that Airflow refuses, and those that pass when there is nothing to check.

What is refused is what ``SQLColumnCheckOperator._column_mapping_validation`` of common-sql 2.4.0 refuses; what a check
says of an empty table follows from its queries: ``SUM``, ``MIN`` and ``MAX`` of no rows are NULL, which ``accept_none``
takes for 0, and counts are 0.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pipesense.lang.python.dicts import AbstractDict
from pipesense.lang.python.edit import add_keywords
from pipesense.lang.python.frames import Argument, constant, dictionary
from pipesense.lang.python.module import Module
from pipesense.model.change import Replace
from pipesense.model.data import CheckKind
from pipesense.model.faults import FaultKind, SettingFault
from pipesense.model.value import Known, Version
from pipesense.systems.airflow.roles import table_kinds
from pipesense.systems.airflow.things import TaskDraft
from pipesense.text.distance import nearest

_CHECKS: Final = ("null_check", "distinct_check", "unique_check", "min", "max")
_COMPARISONS: Final = ("equal_to", "greater_than", "geq_to", "less_than", "leq_to")
_BOUNDS: Final = frozenset(_COMPARISONS) - {"equal_to"}
_OTHER_CHECKS: Final = frozenset(f"SQL{name}CheckOperator" for name in ("", "Value", "Interval", "Threshold"))
_OPTIONS: Final = frozenset({*_COMPARISONS, "tolerance", "partition_clause"})


def check_faults(drafts: Sequence[TaskDraft], home: Module, version: Version) -> Iterator[SettingFault]:
    """What is wrong with the column checks among a DAG's tasks."""
    for draft in drafts:
        given = draft.argument("column_mapping")
        if draft.kind != "SQLColumnCheckOperator" or given is None or given.loc.file != home.path:
            continue
        refused = list(_refused(draft, given, home, version))
        yield from refused
        if not refused and _passes_without_rows(draft, given) and not _counted(draft, drafts):
            call = draft.node
            edits: tuple[Replace, ...] = ()
            unsaid = draft.argument("accept_none") is None
            if isinstance(call, ast.Call) and unsaid and home.loc(call).file == home.path:
                edits = add_keywords(home, call, [("accept_none", "False")])
            yield SettingFault(
                kind=FaultKind.PASSES_WITHOUT_ROWS,
                owner=f"task {draft.name}",
                setting="accept_none",
                written="True",
                loc=home.loc(call.func) if isinstance(call, ast.Call) else given.loc,
                outcome="every value of an empty table is NULL, which it takes for 0",
                instead="accept_none=False, or a check that counts rows",
                target=version,
                edits=edits,
                title="Write accept_none=False",
            )


def _refused(draft: TaskDraft, given: Argument, home: Module, version: Version) -> Iterator[SettingFault]:
    columns = dictionary(given.value, given.frame)
    for column, entry in columns.entries.items():
        checks = given.frame.module.dictionary(entry.value)
        for name, check in checks.entries.items():
            if check.key_loc.file != home.path:
                continue
            problem = _problem(name, given.frame.module.dictionary(check.value), given)
            if problem is None:
                continue
            outcome, instead = problem
            meant = nearest(name, _CHECKS, 3) if name not in _CHECKS else None
            edits = (Replace(check.key_loc, f'"{meant}"'),) if meant else ()
            yield SettingFault(
                kind=FaultKind.REFUSED_CHECK,
                owner=f"task {draft.name}",
                setting=f"{name} of {column}",
                written=name,
                loc=check.key_loc,
                outcome=outcome,
                instead=meant or instead,
                target=version,
                edits=edits,
                title=f"Write {meant}" if meant else "",
            )


def _problem(name: str, values: AbstractDict, given: Argument) -> tuple[str, str] | None:
    """Why a check is refused, and what to write; None where it is taken, or nobody can tell."""
    if name not in _CHECKS:
        return "there is no such check", "null_check, unique_check, distinct_check, min or max"
    if values.opened is not None:
        return None
    said = set(values.entries)
    if not said & set(_COMPARISONS):
        stray = next((key for key in values.entries if key not in _OPTIONS), None)
        what = f"{stray} is no comparison" if stray else "it compares with nothing"
        return what, "equal_to, greater_than, geq_to, less_than or leq_to"
    if "equal_to" in said and said & _BOUNDS:
        return "equal_to stands beside a bound", "one of the two"
    for strict, loose in (("greater_than", "geq_to"), ("less_than", "leq_to")):
        if strict in said and loose in said:
            return f"{strict} stands beside {loose}", "one of the two"
    numbers = _numbers(values, given)
    low, high = _first(numbers, "greater_than", "geq_to"), _first(numbers, "less_than", "leq_to")
    both_loose = "geq_to" in said and "leq_to" in said
    if low is not None and high is not None and (low > high or (low == high and not both_loose)):
        return f"nothing is above {_plain(low)} and below {_plain(high)}", "bounds that leave room"
    return None


def _numbers(values: AbstractDict, given: Argument) -> dict[str, float]:
    found: dict[str, float] = {}
    for key, entry in values.entries.items():
        value = constant(entry.value, given.frame)
        if isinstance(value, Known) and isinstance(value.value, int | float):
            found[key] = float(value.value)
    return found


def _first(numbers: Mapping[str, float], *names: str) -> float | None:
    return next((numbers[name] for name in names if name in numbers), None)


def _plain(number: float) -> str:
    return f"{number:g}"


def _passes_without_rows(draft: TaskDraft, given: Argument) -> bool:
    """Whether every check holds of 0, which is what an empty table gives."""
    accepts = draft.argument("accept_none")
    if accepts is not None:
        value = accepts.constant()
        if not (isinstance(value, Known) and value.value is True):
            return False
    columns = dictionary(given.value, given.frame)
    if columns.opened is not None or not columns.entries:
        return False
    for entry in columns.entries.values():
        checks = given.frame.module.dictionary(entry.value)
        if checks.opened is not None or not checks.entries:
            return False
        for check in checks.entries.values():
            values = given.frame.module.dictionary(check.value)
            numbers = _numbers(values, given)
            compared = [key for key in values.entries if key in _COMPARISONS]
            zero = all(key in numbers and _holds_of_zero(key, numbers[key]) for key in compared)
            if values.opened is not None or not zero:
                return False
    return True


def _holds_of_zero(comparison: str, bound: float) -> bool:
    return {
        "equal_to": bound == 0,
        "greater_than": bound < 0,
        "geq_to": bound <= 0,
        "less_than": bound > 0,
        "leq_to": bound >= 0,
    }[comparison]


def _counted(draft: TaskDraft, drafts: Sequence[TaskDraft]) -> bool:
    """Whether another task of the DAG counts the rows, or may do so."""
    table = _text(draft.argument("table"))
    for other in drafts:
        if other is draft:
            continue
        if other.kind == "SQLTableCheckOperator" and CheckKind.ROW_COUNT in table_kinds(other):
            if table is None or _text(other.argument("table")) in (table, None):
                return True
        elif other.kind in _OTHER_CHECKS:
            sql = other.argument("sql", "table")
            written = sql.frame.module.text_of(sql.value).lower() if sql is not None else ""
            if table is None or table.lower() in written or not written.startswith(("'", '"')):
                return True
    return False


def _text(argument: Argument | None) -> str | None:
    value = argument.constant() if argument is not None else None
    return value.value if isinstance(value, Known) and isinstance(value.value, str) else None
