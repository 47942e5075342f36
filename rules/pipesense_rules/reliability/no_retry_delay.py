"""Failed attempts are repeated, but without a pause that anybody chose."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from pipesense.model.change import SetRetryPause
from pipesense.model.flow import Effect, Pipeline, RetryPolicy, Task
from pipesense.model.value import Absent, Known, Origin, effective, known
from pipesense.model.where import Loc
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer, Related
from pipesense.rule.meta import FileRole, Message, Option, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules import shapes

META = RuleMeta(
    id="reliability/no-retry-delay",
    wants=Pipeline,
    pattern="retry-with-backoff",
    since="0.1",
    roles=frozenset({FileRole.PIPELINE, FileRole.AD_HOC}),
    messages={
        "at-once": Message(
            Severity.INFO,
            "{noun} {name}: {tasks}, and a failed attempt is repeated at once.",
            "The retries are used up within seconds, while a service that restarts needs a minute.",
            "Set a pause that grows from attempt to attempt.",
        ),
        "constant": Message(
            Severity.INFO,
            "{noun} {name}: {tasks}, and nothing says how long to wait between {count}.",
            "All pauses are then {minutes} minutes long: an outage of more than {total} minutes uses up the retries.",
            "Let the pause grow from attempt to attempt.",
        ),
    },
    options={
        "delay_minutes": Option(int, 5, "The first pause that the fix asks for, in minutes."),
        "delay_seconds": Option(
            int, 30, "The same in seconds, where a step that waits holds its run (Prefect, Dagster)."
        ),
    },
)


@rule(META)
def no_retry_delay(pipeline: Pipeline, ctx: Context) -> Iterator[Finding]:
    """One finding per pipeline, at the number of retries."""
    bare = _bare(pipeline)
    if not bare:
        return
    policy = _policy(bare[0])
    place = _place(policy, pipeline)
    if policy is None or place is None:
        return
    pause, attempts = effective(policy.delay) or timedelta(0), known(policy.attempts) or 0
    minutes = round(pause / timedelta(minutes=1))
    yield ctx.finding(
        "constant" if pause else "at-once",
        at=place if place != pipeline.loc else bare[0].loc,
        related=[Related(task.loc, f"{task.name} ({task.kind}) waits no longer") for task in bare[1:]],
        noun=pipeline.noun,
        name=pipeline.name,
        tasks=shapes.reach_out(bare),
        count=shapes.counted(attempts, "retry", "retries"),
        minutes=minutes,
        total=minutes * attempts,
    )


@no_retry_delay.fix
def let_pauses_grow(finding: Finding, pipeline: Pipeline, ctx: Context) -> Offer | None:
    """A first pause that doubles, where the retries are set."""
    bare = _bare(pipeline)
    if not bare:
        return None
    policy = _policy(bare[0])
    attempts = policy.attempts if policy is not None else None
    own = isinstance(attempts, Known) and attempts.origin in (Origin.HERE, Origin.DECORATOR)
    minutes, seconds = ctx.option("delay_minutes"), ctx.option("delay_seconds")
    change = SetRetryPause(
        pipeline,
        bare[0] if own and len(bare) == 1 else None,
        minutes if isinstance(minutes, int) else 5,
        tuple(bare),
        seconds if isinstance(seconds, int) else 30,
    )
    return Offer("Wait longer before each further attempt", change, Applicability.UNSAFE)


def _bare(pipeline: Pipeline) -> Sequence[Task]:
    """The tasks that ask others for something and whose pauses nobody chose, those alike of the first one."""
    found = [task for task in pipeline.tasks if task.touches(Effect.NETWORK) and _unspaced(task, pipeline)]
    return [task for task in found if _policy(task) == _policy(found[0])]


def _unspaced(task: Task, pipeline: Pipeline) -> bool:
    policy = _policy(task)
    if policy is None or not isinstance(policy.delay, Absent) or not isinstance(policy.backoff, Absent):
        return False
    pause, attempts = effective(policy.delay), policy.attempts
    if pause is None or not isinstance(attempts, Known) or attempts.origin is Origin.PIPELINE:
        return False
    # One more attempt after minutes is as good a pause as any; one at once is none.
    return attempts.value >= (2 if pause else 1) and _place(policy, pipeline) is not None


def _policy(task: Task) -> RetryPolicy | None:
    return known(task.retry)


def _place(policy: RetryPolicy | None, pipeline: Pipeline) -> Loc | None:
    """Where the retries are set in this file, the pipeline itself where no code says it; None in other files."""
    attempts = policy.attempts if policy is not None else None
    if not isinstance(attempts, Known):
        return None
    place = attempts.loc or pipeline.loc
    return place if place.file == pipeline.loc.file else None
