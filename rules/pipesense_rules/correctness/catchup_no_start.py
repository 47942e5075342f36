"""Missed runs are to be made up for, and no first date says since when."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.faults import FaultKind, SettingFault
from pipesense.model.value import Evidence
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule

_WHAT = "{owner} makes up for missed runs, and has no start date: {outcome}."
_DO = "Give it a fixed start_date, or write catchup=False."

META = RuleMeta(
    id="correctness/catchup-no-start",
    wants=SettingFault,
    pattern="scheduling-and-catchup",
    since="0.1",
    messages={
        "refused": Message(
            Severity.ERROR, _WHAT, "The file then cannot be imported, and all its pipelines are gone.", _DO
        ),
        "likely": Message(
            Severity.WARNING,
            _WHAT,
            "Airflow 2.11 and 3 refuse it; which version runs this file is not pinned in the workspace.",
            _DO,
        ),
    },
)
_REFUSES = (2, 11)


@rule(META)
def catchup_no_start(fault: SettingFault, ctx: Context) -> Iterator[Finding]:
    """At ``catchup=True``."""
    if fault.kind is not FaultKind.NO_START or fault.target.below(_REFUSES):
        return
    pinned = fault.target.evidence is Evidence.PINNED
    yield ctx.finding("refused" if pinned else "likely", at=fault.loc, owner=fault.owner, outcome=fault.outcome)
