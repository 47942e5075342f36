"""A pipeline's tasks touch the network, and nothing ends an attempt that hangs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pipesense.model.change import Replace, Rewrite, SetTimeout
from pipesense.model.flow import Pipeline, Role, Task
from pipesense.model.http import HttpCall, HttpCalls
from pipesense.model.value import Absent, Known, effective
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer, Related
from pipesense.rule.meta import FileRole, Message, Option, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules import shapes

META = RuleMeta(
    id="reliability/no-timeout",
    wants=(Pipeline, HttpCalls),
    pattern="timeouts",
    since="0.1",
    roles=frozenset({FileRole.PIPELINE, FileRole.AD_HOC, FileRole.EXAMPLE}),
    messages={
        "absent": Message(
            Severity.INFO,
            "{noun} {name}: {tasks} without a limit on how long an attempt may take.",
            "An attempt that hangs never fails, so it is never retried and nobody is told; it only holds its slot.",
            "Give the tasks a timeout, or the whole run one.",
        ),
        "callback": Message(
            Severity.WARNING,
            "{noun} {name}: {tasks} for an answer from outside, and nothing ends the wait.",
            "Where the other side dies or forgets to answer, the run waits on for as long as a run may last, and nobody"
            " is told.",
            "Give the task a timeout, and a heartbeat where the other side can send one.",
        ),
        "capped": Message(
            Severity.HINT,
            "{noun} {name}: {tasks} without a limit of their own; the service's own one is {limit}.",
            "Until then an attempt that hangs is neither repeated nor reported.",
            "Give the tasks the time that a good attempt takes, twice or three times over.",
        ),
        "request": Message(
            Severity.WARNING,
            "{call} waits for an answer without a limit{times}.",
            "{library} waits for ever by default: a connection that dies quietly holds it until somebody kills it.",
            "Give it a timeout.",
        ),
        "again": Message(
            Severity.HINT,
            "{call} waits without a limit here too.",
            "{library} waits for ever by default.",
            "Give it a timeout.",
        ),
        "sensor": Message(
            Severity.WARNING,
            "{noun} {name}: {sensors} without a timeout, for {days} days by default.",
            "What it waits for may never come; until then nobody is told, and a worker's slot is taken.",
            "Give it a timeout that ends the wait while somebody can still act.",
        ),
        "parked": Message(
            Severity.INFO,
            "{noun} {name}: {sensors} without a timeout, for {days} days by default.",
            "What it waits for may never come, and until then nobody is told.",
            "Give it a timeout that ends the wait while somebody can still act.",
        ),
    },
    options={
        "seconds": Option(int, 30, "The limit that the fix gives to a request, in seconds."),
        "hours": Option(int, 1, "The limit that the fix sets, in hours."),
    },
)
_DAYS: Final = 7
"""Airflow's own limit of a sensor, ``[sensors] default_timeout``."""


@dataclass(frozen=True, slots=True)
class Unlimited:
    """Tasks of a pipeline that lack a limit; the fix is the same for all of them."""

    pipeline: Pipeline
    tasks: tuple[Task, ...]


@rule(META)
def no_timeout(fact: Pipeline | HttpCalls, ctx: Context) -> Iterator[Finding]:
    """One finding per pipeline and kind: at the shared defaults where all lack a limit, else at the first task."""
    yield from _requests(fact, ctx) if isinstance(fact, HttpCalls) else _of_pipeline(fact, ctx)


def _requests(sent: HttpCalls, ctx: Context) -> Iterator[Finding]:
    """Loudly at the first of a file's requests that may wait for ever, quietly at the others."""
    bare = [call for call in sent.calls if isinstance(call.timeout, Absent)]
    for number, call in enumerate(bare):
        one = (call,)
        if number:
            yield ctx.finding("again", at=call.loc, subject=one, call=call.written, library=call.library)
            continue
        times = f", and so do {len(bare) - 1} more in this file" if len(bare) > 2 else ""
        times = ", and so does one more in this file" if len(bare) == 2 else times
        yield ctx.finding("request", at=call.loc, subject=one, times=times, call=call.written, library=call.library)


def _of_pipeline(pipeline: Pipeline, ctx: Context) -> Iterator[Finding]:
    working = _working(pipeline)
    bare = _bare(working)
    waiting = _waiting(pipeline) if ctx.role is not FileRole.EXAMPLE else []
    if waiting:
        yield ctx.finding(
            "sensor" if any(effective(task.holds_slot) is True for task in waiting) else "parked",
            at=waiting[0].loc,
            related=[Related(task.loc, f"{task.name} ({task.kind}) waits, too") for task in waiting[1:]],
            subject=Unlimited(pipeline, tuple(waiting)),
            noun=pipeline.noun,
            name=pipeline.name,
            sensors=f"sensor {waiting[0].name} waits" if len(waiting) == 1 else f"{len(waiting)} sensors wait",
            days=_DAYS,
        )
        bare = [task for task in bare if task not in waiting]
    capped = [task for task in bare if _capped(task)]
    called = [task for task in bare if task.called_back and task not in capped]
    plain = [task for task in bare if task not in called and task not in capped]
    for variant, tasks, does in (("callback", called, _wait(called)), ("absent", plain, shapes.reach_out(plain))):
        if tasks:
            yield _finding(variant, pipeline, tasks, working, "may run for ever", ctx, tasks=does)
    if capped and not plain and ctx.role is not FileRole.EXAMPLE:
        limit = _minutes(capped[0])
        yield _finding(
            "capped",
            pipeline,
            capped,
            working,
            "has no limit of its own",
            ctx,
            tasks=shapes.reach_out(capped),
            limit=limit,
        )


def _finding(
    variant: str, pipeline: Pipeline, bare: list[Task], working: list[Task], told: str, ctx: Context, **words: str
) -> Finding:
    return ctx.finding(
        variant,
        at=shapes.common_place(pipeline, bare, working),
        related=[Related(task.loc, f"{task.name} ({task.kind}) {told}") for task in bare],
        subject=Unlimited(pipeline, tuple(bare)),
        noun=pipeline.noun,
        name=pipeline.name,
        **words,
    )


@no_timeout.fix
def add_timeout(finding: Finding, unlimited: Unlimited | tuple[HttpCall, ...], ctx: Context) -> Offer | None:
    """A limit for the request, the pipeline, or for the tasks that lack it."""
    if isinstance(unlimited, tuple):
        seconds = ctx.option("seconds")
        parts = tuple(
            Replace(part.loc, part.text.replace("30", str(seconds))) for call in unlimited for part in call.add_timeout
        )
        return Offer(f"Give up after {seconds} seconds without an answer", Rewrite(parts), Applicability.UNSAFE)
    pipeline, bare = unlimited.pipeline, unlimited.tasks
    hours = ctx.option("hours")
    limit = hours if isinstance(hours, int) else 1
    if finding.variant in ("sensor", "parked"):
        title = f"Let {bare[0].name} wait {limit} hour{'s' * (limit != 1)} at most"
        return Offer(title, SetTimeout(pipeline, bare[0], limit), Applicability.UNSAFE)
    lone = bare[0] if len(bare) == 1 < len(_working(pipeline)) else None
    title = f"Let attempts fail after {limit} hour{'s' * (limit != 1)}"
    return Offer(title, SetTimeout(pipeline, lone, limit, bare), Applicability.UNSAFE)


def _capped(task: Task) -> bool:
    return isinstance(task.timeout, Absent) and effective(task.timeout) is not None


def _minutes(task: Task) -> str:
    limit = effective(task.timeout)
    return f"{int(limit.total_seconds() // 60)} minutes" if limit is not None else "long"


def _wait(tasks: list[Task]) -> str:
    return f"task {tasks[0].name} waits" if len(tasks) == 1 else f"{len(tasks)} tasks wait"


def _waiting(pipeline: Pipeline) -> list[Task]:
    """Sensors that wait as long as the framework lets them."""
    return [
        task
        for task in pipeline.tasks
        if isinstance(task.role, Known) and task.role.value is Role.SENSOR and isinstance(task.timeout, Absent)
    ]


def _working(pipeline: Pipeline) -> list[Task]:
    return [task for task in pipeline.tasks if shapes.works_outside(task)]


def _bare(working: Sequence[Task]) -> list[Task]:
    return [
        task
        for task in working
        if isinstance(task.timeout, Absent) or (isinstance(task.timeout, Known) and task.timeout.value is None)
    ]
