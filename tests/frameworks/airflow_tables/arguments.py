"""Arguments and their defaults: what constructors accept, refuse and ignore."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from .asked import Airflow
from .operators import operator_facts
from .questions import (
    DAG_ARGUMENTS_ASKED,
    DAG_ARGUMENTS_WITHOUT_EFFECT_IN_DEFAULT_ARGS,
    OPERATOR_ARGUMENTS_ASKED,
    OPTIONS,
    TASK_ARGUMENTS_ASKED,
    TRIGGER_RULES_ASKED,
)
from .render import Call

PREAMBLE = """
from datetime import datetime, timedelta
from airflow import DAG
from airflow.timetables.trigger import CronTriggerTimetable
from {home}.empty import EmptyOperator
from {home}.python import PythonOperator
day = datetime(2024, 1, 1)
"""
HOMES = {True: "airflow.operators", False: "airflow.providers.standard.operators"}


def codes(*, two: bool) -> dict[str, str]:
    """Every construction to try, by the key of its answer."""
    rules = (
        "from airflow.utils.trigger_rule import TriggerRule; result = ' '.join(sorted(r.value for r in TriggerRule))"
    )
    found: dict[str, str] = {"rules": rules, "positional": "EmptyOperator('t')"}
    for name, (value, _) in DAG_ARGUMENTS_ASKED.items():
        schedule = "" if name in ("schedule_interval", "timetable") else "schedule=None, "
        found[f"dag {name}"] = f"DAG('d', start_date=day, {schedule}{name}={value})"
        found[f"default_args {name}"] = in_default_args(name, value)
    for name, (value, _) in TASK_ARGUMENTS_ASKED.items():
        found[f"task {name}"] = f"PythonOperator(task_id='t', python_callable=print, {name}={value})"
        found[f"default_args {name}"] = in_default_args(name, value)
    for rule in TRIGGER_RULES_ASKED:
        found[f"task trigger_rule {rule}"] = f"EmptyOperator(task_id='t', trigger_rule='{rule}')"
        found[f"default_args trigger_rule {rule}"] = in_default_args("trigger_rule", repr(rule))
    for name, value in DAG_ARGUMENTS_WITHOUT_EFFECT_IN_DEFAULT_ARGS.items():
        found[f"no effect {name}"] = (
            f"plain = DAG('d', schedule=None, start_date=day); value = {value}\n"
            f"made = DAG('d', schedule=None, start_date=day, default_args={{'{name}': value}})\n"
            f"result = str(getattr(plain, '{name}', None)) == str(getattr(made, '{name}', None)) != str(value)"
        )
    for kind, old_home, new_home, others, name, value, new in OPERATOR_ARGUMENTS_ASKED:
        home = old_home if two else new_home
        for argument in (name, new):
            made = f"{kind}(task_id='t', {others}, {argument}={value})"
            found[f"{kind} {argument}"] = f"from {home} import {kind}\n{made}"
    return found


def in_default_args(name: str, value: str) -> str:
    dag = f"DAG('d', schedule=None, start_date=day, default_args={{'{name}': {value}}})"
    return f"PythonOperator(task_id='t', python_callable=print, dag={dag})"


class Tried:
    """The outcomes of `codes` on every Airflow."""

    def __init__(self, airflows: list[Airflow]) -> None:
        self.airflows = airflows
        self.outcomes = [
            a.ask("snippets", preamble=PREAMBLE.format(home=HOMES[a.is_two]), codes=codes(two=a.is_two))
            for a in airflows
        ]
        if any(o["positional"]["ok"] for o in self.outcomes):
            raise SystemExit("an operator took a positional argument: the tables hold keyword names only")
        for name in DAG_ARGUMENTS_WITHOUT_EFFECT_IN_DEFAULT_ARGS:
            if not all(o[f"no effect {name}"].get("result") for o in self.outcomes):
                raise SystemExit(f"default_args[{name!r}] has an effect on some DAG: {self.outcomes}")

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
        return said.split(" {<")[0].split(" ['all_")[0].split("/tmp")[0]


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
    return sorted([*found, *operator_arguments(tried)], key=lambda c: (*map(str, c.positional), str(c.keywords)))


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
    deprecated = tried.first(key, "warned")
    return Call(
        *("RemovedArgument", "default_args", name, new, "IGNORED", since, tried.said(key)),
        deprecated=deprecated if deprecated != since else None,
    )


def operator_arguments(tried: Tried) -> list[Call]:
    """Arguments of single operators, refused under their old name and accepted under the new one."""
    found: list[Call] = []
    for kind, old_home, new_home, _, name, _, new in OPERATOR_ARGUMENTS_ASKED:
        key = f"{kind} {name}"
        failed, warned = tried.first(key, "error"), tried.first(key, "warned")
        if failed is None or not tried.outcomes[-1][f"{kind} {new}"]["ok"]:
            raise SystemExit(f"{key} is expected to be refused and {new} to be taken: {tried.said(key)}")
        for home in (old_home, new_home):
            entry = ("RemovedArgument", "operator", name, new, "RENAMED", failed, tried.said(key))
            found.append(Call(*entry, deprecated=warned, operator=f"{home}.{kind}"))
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
    answer: dict[str, Any] = airflow.ask(
        "base_arguments", environment=environment, **(two if airflow.is_two else three)
    )
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
                if name == "schedule" and plain == {"type": "ArgNotSet"}:
                    plain = table["schedule_interval"]
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
