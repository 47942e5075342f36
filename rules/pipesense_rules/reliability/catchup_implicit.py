"""A pipeline with a calendar does not say whether missed runs are made up for."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.faults import FaultKind, SettingFault
from pipesense.model.value import Evidence
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding, Offer
from pipesense.rule.meta import FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules import faults

_DO = "Write {instead}, or catchup=True where every missed run shall be made up for."

META = RuleMeta(
    id="reliability/catchup-implicit",
    wants=SettingFault,
    pattern="scheduling-and-catchup",
    since="0.2",
    roles=frozenset({FileRole.PIPELINE, FileRole.AD_HOC}),
    messages={
        "on": Message(
            Severity.INFO,
            "{owner} starts on {start} and does not say what happens to missed runs: {outcome}.",
            "Switched on for the first time, or after a pause, it starts a run for every interval since then, many at "
            "once. Airflow {target} ({source}) does so unless it is configured otherwise; Airflow 3 does not.",
            _DO,
        ),
        "unknown": Message(
            Severity.INFO,
            "{owner} starts on {start} and does not say what happens to missed runs: {outcome}.",
            "The same file makes up for all of them on one installation and for none on another.",
            _DO,
        ),
    },
)


@rule(META)
def catchup_implicit(fault: SettingFault, ctx: Context) -> Iterator[Finding]:
    """At the pipeline's name."""
    if fault.kind is not FaultKind.CATCHUP_BY_DEFAULT:
        return
    sure = bool(fault.target.number) and fault.target.evidence is not Evidence.UNKNOWN
    yield ctx.finding(
        "on" if sure else "unknown",
        at=fault.loc,
        owner=fault.owner,
        start=fault.written,
        outcome=fault.outcome,
        instead=fault.instead,
        target=str(fault.target),
        source=fault.target.source,
    )


@catchup_implicit.fix
def switch_it_off(finding: Finding, fault: SettingFault, ctx: Context) -> Offer | None:
    """``catchup=False``."""
    return faults.offer(fault)
