"""A setting of a pipeline or task is computed from the clock, or at random, whenever the file is read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pipesense.model.faults import FaultKind, SettingFault
from pipesense.model.value import Version
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule

_DO = "Take the date from the run ({{{{ ds }}}}, data_interval_start), or compute it in the code that the task runs."

META = RuleMeta(
    id="idempotency/runtime-varying-arg",
    wants=SettingFault,
    pattern="parse-time-and-run-time",
    since="0.2",
    roles=frozenset({FileRole.PIPELINE, FileRole.AD_HOC, FileRole.EXAMPLE}),
    messages={
        "versions": Message(
            Severity.WARNING,
            "{setting} of {owner} is computed by {call}, which gives something else whenever the file is read.",
            "Airflow 3 takes every difference for a new version of the DAG and stores it: the tables of versions grow "
            "with every parse. And the value is that of the last parse, not that of the run.",
            _DO,
        ),
        "moves": Message(
            Severity.INFO,
            "{setting} of {owner} is computed by {call} when the file is read, not when the task runs.",
            "A retry, a cleared run and a backfill all get the moment at which the file was read last. From Airflow 3 "
            "on every parse also makes a new version of the DAG.",
            _DO,
        ),
    },
)


@rule(META)
def runtime_varying_arg(fault: SettingFault, ctx: Context) -> Iterator[Finding]:
    """At the call that asks the clock."""
    if fault.kind is FaultKind.CLOCK_IN_SETTING:
        args: dict[str, Any] = {"setting": fault.setting, "owner": fault.owner, "call": fault.written}
        yield ctx.finding("versions" if _versioned(fault.target) else "moves", at=fault.loc, **args)


def _versioned(target: Version) -> bool:
    return target.number[:1] >= (3,)
