"""A pipeline's tasks touch the network, and a failed attempt is not repeated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final

from pipesense.model.change import Rewrite, SetRetry
from pipesense.model.data import AccessMode
from pipesense.model.flow import Pipeline, RetryPolicy, Task
from pipesense.model.http import HttpCall, HttpCalls
from pipesense.model.value import Absent, Known, Value
from pipesense.model.where import Loc
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer, Related
from pipesense.rule.meta import FileRole, Message, Option, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules import shapes

_WHAT = "{noun} {name}: {tasks}, and no failed attempt is repeated."
_WHY = "One dropped connection then fails the run, and somebody has to restart it by hand."
_DO = "Set retries with a growing pause between them."

META = RuleMeta(
    id="reliability/no-retries",
    wants=(Pipeline, HttpCalls),
    pattern="retry-with-backoff",
    since="0.1",
    roles=frozenset({FileRole.PIPELINE, FileRole.AD_HOC, FileRole.EXAMPLE}),
    messages={
        "absent": Message(Severity.WARNING, _WHAT, _WHY, _DO),
        "caught": Message(
            Severity.WARNING,
            _WHAT,
            "One dropped connection then sends the run down the way of its failures, where a second attempt would do.",
            _DO,
        ),
        "overruled": Message(
            Severity.WARNING,
            "{noun} {name}: {task} is never repeated, although the defaults ask for {count}.",
            "The helper in {file} that makes it sets retries to 0, and a task's own setting beats the defaults.",
            "Pass retries to the helper, or let the helper leave it out.",
        ),
        "frequent": Message(
            Severity.INFO,
            _WHAT,
            "The next run, {minutes} minutes later, does the work of a failed one; until then it is late.",
            _DO,
        ),
        "by-hand": Message(
            Severity.INFO, _WHAT, "Whoever starts the run sees it fail, and has to start it once more.", _DO
        ),
        "resumes": Message(
            Severity.HINT,
            _WHAT,
            "The failed run can be taken up where it failed, but somebody or a setting of the deployment has to do it.",
            _DO,
        ),
        "elsewhere": Message(
            Severity.INFO,
            _WHAT,
            "What it calls is made in another file, which may have its reasons; each flow can still ask for more here.",
            _DO,
        ),
        "request": Message(
            Severity.INFO,
            "{call} asks another service, and a failed request is not repeated{looped}.",
            "Services answer 503 for a moment, and connections break; one of them ends the whole run here.",
            "Repeat the request a few times, with a pause that grows and differs.",
        ),
        "example": Message(Severity.INFO, _WHAT, _WHY, _DO + " Examples are copied, this setting with them."),
    },
    options={
        "attempts": Option(int, 3, "How many repetitions the fix asks for."),
        "delay_minutes": Option(int, 5, "The pause before the first repetition that the fix asks for, in minutes."),
        "delay_seconds": Option(
            int, 30, "The same in seconds, where a step that waits holds its run (Prefect, Dagster)."
        ),
    },
)
_SOON: Final = timedelta(minutes=15)


@rule(META)
def no_retries(fact: Pipeline | HttpCalls, ctx: Context) -> Iterator[Finding]:
    """One finding per pipeline: at the shared defaults where all tasks lack retries, else at the first task."""
    yield from _requests(fact, ctx) if isinstance(fact, HttpCalls) else _of_pipeline(fact, ctx)


def _requests(sent: HttpCalls, ctx: Context) -> Iterator[Finding]:
    """One finding per file, where no orchestrator repeats what sends the requests."""
    told = [call for call in sent.calls if isinstance(call.retried, Absent)]
    if told and not sent.orchestrated and ctx.role is not FileRole.EXAMPLE:
        call = told[0]
        related = [Related(each.loc, "nor is this one") for each in told[1:]]
        looped = "; a failure in this loop loses all that it has read" if call.looped else ""
        yield ctx.finding("request", at=call.loc, related=related, subject=call, call=call.written, looped=looped)


def _of_pipeline(pipeline: Pipeline, ctx: Context) -> Iterator[Finding]:
    working = _working(pipeline)
    bare = _bare(working)
    yield from _overruled(pipeline, working, ctx)
    if not bare:
        return
    variant, minutes = _variant(pipeline, ctx)
    yield ctx.finding(
        variant,
        minutes=minutes,
        at=shapes.common_place(pipeline, bare, working),
        related=[Related(task.loc, f"{task.name} ({task.kind}) is not repeated") for task in bare],
        noun=pipeline.noun,
        name=pipeline.name,
        tasks=shapes.reach_out(bare),
    )


def _overruled(pipeline: Pipeline, working: Sequence[Task], ctx: Context) -> Iterator[Finding]:
    """One finding per helper: what a helper of this file says, its reader sees."""
    told: set[Loc] = set()
    for task in working:
        attempts = task.retry.value.attempts if isinstance(task.retry, Known) else None
        place = attempts.loc if task.overruled and isinstance(attempts, Known) else None
        if place is None or place.file == pipeline.loc.file or place in told or task.loc.file != pipeline.loc.file:
            continue
        told.add(place)
        yield ctx.finding(
            "overruled",
            at=task.loc,
            related=[Related(place, "retries are set to 0 here")],
            noun=pipeline.noun,
            name=pipeline.name,
            task=task.name,
            count=shapes.counted(task.overruled, "retry", "retries"),
            file=place.file.rpartition("/")[2],
        )


def _variant(pipeline: Pipeline, ctx: Context) -> tuple[str, int]:
    """How loudly to speak: a run that comes again in minutes, or that somebody watches, may do without."""
    if pipeline.resumes:
        return "resumes", 0
    if ctx.role is FileRole.EXAMPLE:
        return "example", 0
    if all(task.made_elsewhere for task in _bare(_working(pipeline))):
        return "elsewhere", 0
    schedule = pipeline.schedule
    if schedule.every is not None and schedule.every <= _SOON:
        return "frequent", max(1, round(schedule.every / timedelta(minutes=1)))
    text = schedule.text.default if isinstance(schedule.text, Absent) else schedule.text
    by_hand = isinstance(text, Known) and text.value is None and not schedule.triggered
    if by_hand:
        return "by-hand", 0
    return "caught" if all(task.caught for task in _bare(_working(pipeline))) else "absent", 0


@no_retries.fix
def add_retries(finding: Finding, pipeline: Pipeline | HttpCall, ctx: Context) -> Offer | None:
    """Retries for the pipeline, for the one task that lacks them, or for the function that sends the request."""
    if isinstance(pipeline, HttpCall):
        change = Rewrite(pipeline.add_retries, pipeline.retry_imports)
        title = "Repeat the function with a growing pause (tenacity)"
        # In a loop the request belongs into a function of its own, so that what was read already is not read again.
        return Offer(title, change, Applicability.UNSAFE) if pipeline.add_retries and not pipeline.looped else None
    working = _working(pipeline)
    bare = _bare(working)
    if not bare:
        return None
    lone = bare[0] if len(bare) == 1 < len(working) else None
    setting = SetRetry(
        pipeline,
        lone,
        _number(ctx, "attempts", 3),
        _number(ctx, "delay_minutes", 5),
        tasks=tuple(bare),
        delay_seconds=_number(ctx, "delay_seconds", 30),
    )
    appending = next((task for task in bare if _appends(task)), None)
    if appending:
        title = f"Add retries with exponential backoff, once {appending.name} can run twice (it appends now)"
        return Offer(title, setting, Applicability.DISPLAY)
    return Offer("Add retries with exponential backoff", setting, Applicability.UNSAFE)


def _number(ctx: Context, name: str, otherwise: int) -> int:
    value = ctx.option(name)
    return value if isinstance(value, int) else otherwise


def _working(pipeline: Pipeline) -> list[Task]:
    return [task for task in pipeline.tasks if shapes.works_outside(task)]


def _bare(working: Sequence[Task]) -> list[Task]:
    return [task for task in working if _unset(task.retry)]


def _unset(retry: Value[RetryPolicy]) -> bool:
    if not isinstance(retry, Known):
        return isinstance(retry, Absent)
    attempts = retry.value.attempts
    # An explicit None means "not set" to the systems that accept it; an explicit 0 is somebody's decision.
    return isinstance(attempts, Absent) or (isinstance(attempts, Known) and attempts.value is None)


def _appends(task: Task) -> bool:
    return any(
        access.mode is AccessMode.APPEND and isinstance(access.guard, Absent) and not access.temporary
        for access in task.accesses
    )
