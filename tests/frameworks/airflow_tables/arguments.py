"""Arguments and their defaults: what constructors accept, refuse and ignore."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from .asked import Airflow
from .operators import older_operator_facts, operator_facts
from .questions import DAG_ARGUMENTS_ASKED, OPERATOR_RENAMES, OPTIONS, TASK_ARGUMENTS_ASKED, TRIGGER_RULES_ASKED
from .render import Call

PREAMBLE = """
from datetime import datetime, timedelta
from airflow import DAG
from airflow.timetables.trigger import CronTriggerTimetable
from {empty} import EmptyOperator
from {python} import PythonOperator
from {rules} import TriggerRule
day = datetime(2024, 1, 1)
"""
HOMES = {
    True: {
        "empty": "airflow.operators.empty",
        "python": "airflow.operators.python",
        "rules": "airflow.utils.trigger_rule",
    },
    False: {
        "empty": "airflow.providers.standard.operators.empty",
        "python": "airflow.providers.standard.operators.python",
        "rules": "airflow.utils.trigger_rule",
    },
}


def codes() -> dict[str, str]:
    """Every construction to try, by the key of its answer."""
    found: dict[str, str] = {"rules": "result = ' '.join(sorted(r.value for r in TriggerRule))"}
    for name, (value, _) in DAG_ARGUMENTS_ASKED.items():
        schedule = "" if name in ("schedule_interval", "timetable") else "schedule=None, "
        found[f"dag {name}"] = f"DAG('d', start_date=day, {schedule}{name}={value})"
        found[f"default_args {name}"] = in_default_args(name, value)
    for name, (value, _) in TASK_ARGUMENTS_ASKED.items():
        found[f"task {name}"] = f"t = EmptyOperator(task_id='t', {name}={value}); result = getattr(t, '{name}', None)"
        found[f"default_args {name}"] = in_default_args(name, value)
    for rule in TRIGGER_RULES_ASKED:
        found[f"task trigger_rule {rule}"] = f"EmptyOperator(task_id='t', trigger_rule='{rule}')"
        found[f"default_args trigger_rule {rule}"] = in_default_args("trigger_rule", repr(rule))
    found["task provide_context"] = "PythonOperator(task_id='t', python_callable=print, provide_context=True)"
    found["default_args provide_context"] = (
        "PythonOperator(task_id='t', python_callable=print, "
        "dag=DAG('d', schedule=None, default_args={'provide_context': True}))"
    )
    found["positional"] = "EmptyOperator('t')"
    return found


def in_default_args(name: str, value: str) -> str:
    made = f"EmptyOperator(task_id='t', dag=DAG('d', schedule=None, start_date=day, default_args={{'{name}': {value}}}))"
    return f"t = {made}; result = getattr(t, '{name}', None)"


class Tried:
    """The outcomes of `codes` on every Airflow."""

    def __init__(self, airflows: list[Airflow]) -> None:
        self.airflows = airflows
        self.outcomes = [
            a.ask("snippets", preamble=PREAMBLE.format(**HOMES[a.is_two]), codes=codes()) for a in airflows
        ]
        if any(o["positional"]["ok"] for o in self.outcomes):
            raise SystemExit("an operator took a positional argument: the tables hold keyword names only")

    def first(self, key: str, state: str) -> str | None:
        """The first release line in which the construction failed ("error") or warned ("warned")."""
        for airflow, outcome in zip(self.airflows, self.outcomes, strict=True):
            answer = outcome[key]
            if (state == "error" and not answer["ok"]) or (state == "warned" and answer["warned"]):
                return airflow.line
        return None

    def said(self, key: str) -> str:
        answer = self.outcomes[-1][key]
        said: str = answer["error"] if not answer["ok"] else next(iter(answer["warned"]), "")
        return said.split(" {<")[0].split(" ['all_")[0]


def removed(tried: Tried, airflows: list[Airflow]) -> list[Call]:
    found: list[Call] = []
    asked: Iterable[tuple[str, str, str | None]] = [
        *(("dag", n, new) for n, (_, new) in DAG_ARGUMENTS_ASKED.items()),
        *(("task", n, new) for n, (_, new) in TASK_ARGUMENTS_ASKED.items()),
    ]
    for owner, name, new in asked:
        found.append(entry(tried, owner, name, new))
        found.append(ignored_default(tried, name, new, airflows))
    for rule, new in TRIGGER_RULES_ASKED.items():
        for owner in ("task", "default_args"):
            key = f"{owner} trigger_rule {rule}"
            since, warned = tried.first(key, "error"), tried.first(key, "warned")
            outcome = tried.said(key)
            found.append(
                Call(
                    *("RemovedArgument", owner, "trigger_rule", None, "RAISES", since, outcome),
                    deprecated=warned,
                    value=rule,
                    new_value=new,
                )
            )
    return sorted([*found, *operator_arguments(tried, airflows)], key=lambda c: tuple(map(str, c.positional)))


def entry(tried: Tried, owner: str, name: str, new: str | None) -> Call:
    """A refused argument, or one that is accepted without effect."""
    key = f"{owner} {name}"
    failed, warned = tried.first(key, "error"), tried.first(key, "warned")
    if failed is None:
        return Call("RemovedArgument", owner, name, new, "IGNORED", warned, tried.said(key))
    change = "RENAMED" if new else "REMOVED"
    return Call("RemovedArgument", owner, name, new, change, failed, tried.said(key), deprecated=warned)


def ignored_default(tried: Tried, name: str, new: str | None, airflows: list[Airflow]) -> Call:
    """The same key in default_args: since when no operator takes it, it goes unnoticed."""
    key = f"default_args {name}"
    if tried.first(key, "error"):
        raise SystemExit(f"{key} is refused: {tried.said(key)}")
    arguments = [set(base(a)["task"]) for a in airflows]
    without = [a.line for a, names in zip(airflows, arguments, strict=True) if name not in names]
    since = without[0] if without else tried.first(key, "warned")
    return Call("RemovedArgument", "default_args", name, new, "IGNORED", since, tried.said(key))


def operator_arguments(tried: Tried, airflows: list[Airflow]) -> list[Call]:
    """Arguments of single operators, from the two signatures; the one PythonOperator popped itself by construction."""
    two, three = older_operator_facts(airflows[0])["found"], operator_facts(airflows[-1])["found"]
    found: list[Call] = []
    for name, renames in OPERATOR_RENAMES.items():
        new_home = next(q for q in three if q.startswith("airflow.providers.standard.") and q.endswith("." + name))
        old_home = next(q for q in two if q.endswith("." + name) and not q.startswith("airflow.providers."))
        for old, new in renames.items():
            if old in three[new_home]["arguments"] or (new and new not in three[new_home]["arguments"]):
                raise SystemExit(f"{new_home}: {old} is expected to be gone, {new} to be there")
            if old != "provide_context" and old not in two[old_home]["arguments"]:
                raise SystemExit(f"{old_home} has no {old}")
            change = "RENAMED" if new else "REMOVED"
            said = tried.said("task provide_context").replace("PythonOperator", name).replace("provide_context", old)
            deprecated = tried.first("task provide_context", "warned") if old == "provide_context" else None
            for home in (old_home, new_home):
                found.append(
                    Call(
                        *("RemovedArgument", "operator", old, new, change, airflows[1].line, said),
                        deprecated=deprecated,
                        operator=home,
                    )
                )
    found.append(ignored_default(tried, "provide_context", None, airflows[1:]))
    return found


def base(airflow: Airflow, environment: dict[str, str] | None = None) -> dict[str, Any]:
    two = {
        "base_operator": "airflow.models.baseoperator:BaseOperator",
        "dag": "airflow:DAG",
        "sensor": "airflow.sensors.base:BaseSensorOperator",
    }
    three = {
        "base_operator": "airflow.sdk:BaseOperator",
        "dag": "airflow.sdk:DAG",
        "sensor": "airflow.sdk:BaseSensorOperator",
    }
    answer: dict[str, Any] = airflow.ask("base_arguments", environment=environment, **(two if airflow.is_two else three))
    return answer


def names_by_line(airflows: list[Airflow], owner: str) -> dict[str, list[str]]:
    return {a.line: sorted(base(a)[owner]) for a in airflows}


def trigger_rules(tried: Tried) -> dict[str, list[str]]:
    lines = [a.line for a in tried.airflows]
    return {line: o["rules"]["result"].split() for line, o in zip(lines, tried.outcomes, strict=True)}


# -- defaults ----------------------------------------------------------------------------------------------------


def value_of(plain: Any) -> tuple[bool, object]:
    """A default as a literal; False for those that are objects and say nothing."""
    if isinstance(plain, dict):
        return ("seconds" in plain, timedelta(seconds=plain["seconds"]) if "seconds" in plain else None)
    return True, plain


def defaults(airflows: list[Airflow]) -> dict[tuple[str, str], list[tuple[str, object, str | None]]]:
    """(owner, argument) to the default of each release line that changed it, with the option that sets it."""
    options = options_of(airflows[-1])
    found: dict[tuple[str, str], list[tuple[str, object, str | None]]] = {}
    for airflow in airflows:
        for owner, table in base(airflow).items():
            if owner == "dag_positional":
                continue
            for name, plain in table.items():
                known, value = value_of(plain)
                if known and name not in ("dag_id", "dag_display_name", "full_filepath"):
                    note(found.setdefault((owner, name), []), airflow.line, value, options.get((owner, name)))
    for qualified, facts in sorted(operator_facts(airflows[-1])["found"].items()):
        if qualified.startswith("airflow.providers.common.sql.operators.sql."):
            for name, plain in facts["arguments"].items():
                known, value = value_of(plain)
                if known and value is not None:
                    found[(qualified, name)] = [(airflows[0].line, value, None)]
    return dict(sorted(found.items()))


def note(history: list[tuple[str, object, str | None]], line: str, value: object, option: str | None) -> None:
    if not history or repr(history[-1][1]) != repr(value):
        history.append((line, value, option))


def options_of(airflow: Airflow) -> dict[tuple[str, str], str]:
    """(owner, argument) to the configuration key that moves its default, found by setting the key."""
    plain = base(airflow)
    found: dict[tuple[str, str], str] = {}
    for option, value in OPTIONS.items():
        section, key = option.split(".")
        tried = str(not plain["dag"]["catchup"]) if value == "flip" else value
        changed = base(airflow, {f"AIRFLOW__{section.upper()}__{key.upper()}": tried})
        for owner in ("task", "sensor", "dag"):
            for name, default in changed[owner].items():
                if default != plain[owner].get(name):
                    found[owner, name] = option
    return found
