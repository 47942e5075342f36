"""Places in DAG code that stand for a pattern worth explaining."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from operator import attrgetter
from typing import Final

from pipesense.lang.python.module import Module
from pipesense.lang.python.nodes import nodes_under
from pipesense.lang.python.syntax import parsed_of
from pipesense.model.code import PatternSite
from pipesense.systems.airflow.names import Names, last_part
from pipesense.text.regex import regex

_PATTERNS: Final = {
    "retries": ("retry-with-backoff", ""),
    "retry_delay": ("retry-with-backoff", "The pause before the first repetition."),
    "retry_exponential_backoff": ("retry-with-backoff", "Each pause is longer than the one before."),
    "max_retry_delay": ("retry-with-backoff", "No pause is longer than this."),
    "execution_timeout": ("timeouts", "An attempt fails after this time."),
    "dagrun_timeout": ("timeouts", "A run fails after this time."),
    "sla": ("deadlines", "Airflow 3 accepts sla and ignores it."),
    "sla_miss_callback": ("deadlines", "Airflow 3 has no such callback any more."),
    "deadline": ("deadlines", ""),
    "retry_policy": ("retry-with-backoff", "Decides by the kind of failure, from Airflow 3.3 on."),
    "on_failure_callback": ("alerting", "Called when the last attempt has failed; at a DAG once for the whole run."),
    "email_on_failure": ("alerting", "Needs an address in email; without one nobody is told."),
    "notifier": ("alerting", ""),
    "catchup": ("scheduling-and-catchup", ""),
    "start_date": ("scheduling-and-catchup", "The start of the first interval."),
    "schedule": ("scheduling-and-catchup", ""),
    "schedule_interval": ("scheduling-and-catchup", ""),
    "max_active_runs": ("scheduling-and-catchup", "So many runs may be under way at once."),
    "depends_on_past": ("scheduling-and-catchup", "A task waits for its own success in the run before."),
    "trigger_rule": ("quality-gate", "Decides whether the task runs when something before it failed."),
    "accept_none": ("quality-checks", "With True, a check over no rows at all passes."),
    "column_mapping": ("quality-checks", ""),
}
_NAMES: Final = frozenset(_PATTERNS)
_ARGUMENT: Final = attrgetter("arg")
_CALLS: Final = frozenset(
    {"dag", "dag_wrapper", "dag_decorator", "operator", "task_decorator", "task_group", "group_wrapper"}
)
_BREAKERS: Final = ("ShortCircuitOperator", "short_circuit")
_MARKS: Final = frozenset({"retries", "retry_delay", "start_date", "owner", "execution_timeout", "depends_on_past"})
"""Keys of which one at least is in a dictionary of defaults."""
_MARKED: Final = regex(r"[\"'](?:" + "|".join(sorted(_MARKS)) + r")[\"']|\\")
"""A text without any of these holds no such key; a backslash may spell one in another way."""


def pattern_sites(module: Module, statement: ast.AST, names: Names) -> tuple[PatternSite, ...]:
    """The places in one top-level statement."""
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return ()
    return tuple(_sites(module, statement, names))


def _sites(module: Module, statement: ast.AST, names: Names) -> Iterator[PatternSite]:
    for site in module.calls_under(statement):
        func = site.node.func
        # What a callable is takes far longer to tell than what it is called.
        if not _NAMES.isdisjoint(map(_ARGUMENT, site.node.keywords)):
            override = isinstance(func, ast.Attribute) and func.attr in ("override", "partial")
            if override or names.construct(func).role in _CALLS:
                for keyword in site.node.keywords:
                    if keyword.arg in _PATTERNS:
                        pattern, note = _PATTERNS[keyword.arg]
                        yield PatternSite(pattern, module.loc(keyword), note)
        last = last_part(func)
        if last in _BREAKERS and names.construct(func).role in _CALLS:
            note = "What stands behind it is skipped where its function gives something false; the run stays green."
            yield PatternSite("circuit-breaker", module.loc(func), note)
        if "Check" in last:
            facts = names.construct(func).facts
            if facts is not None and facts.kind == "sql_check":
                yield PatternSite("quality-checks", module.loc(func))
    unit = parsed_of(statement)
    inside = module.tree.inside(unit) if unit.body[0] is statement else ()
    if any("{" in each.text and _MARKED.search(each.text) for each in (unit, *inside)):
        for node in nodes_under(statement):
            if isinstance(node, ast.Dict):
                yield from _entries(module, node)


def _entries(module: Module, node: ast.Dict) -> Iterator[PatternSite]:
    keys = [(key, key.value) for key in node.keys if isinstance(key, ast.Constant) and isinstance(key.value, str)]
    if not _MARKS & {name for _, name in keys}:
        return
    for key, name in keys:
        if name in _PATTERNS:
            pattern, note = _PATTERNS[name]
            yield PatternSite(pattern, module.loc(key), note)
