"""A step is started, and nobody ever asks how it ended."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.change import Rewrite
from pipesense.model.steps import LostFuture
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer, Related
from pipesense.rule.meta import FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="reliability/lost-future",
    wants=LostFuture,
    pattern="waiting-for-what-was-started",
    since="0.1",
    roles=frozenset({FileRole.PIPELINE, FileRole.AD_HOC, FileRole.EXAMPLE}),
    messages={
        "lost": Message(
            Severity.WARNING,
            "{noun} {pipeline} starts {steps} and never asks how {it} ended.",
            "Since Prefect 3 the flow then counts as completed although a task failed.",
            "Call result() or wait() on what the call returns, hand it on, or return it.",
        ),
    },
)


@rule(META)
def lost_future(lost: LostFuture, ctx: Context) -> Iterator[Finding]:
    """At the first call that starts one; one finding per pipeline."""
    lone = len(lost.steps) == 1
    yield ctx.finding(
        "lost",
        at=lost.places[0],
        related=[
            Related(place, f"{step} is started here")
            for step, place in list(zip(lost.steps, lost.places, strict=True))[1:]
        ],
        noun=lost.noun,
        pipeline=lost.pipeline,
        steps=lost.steps[0] if lone else f"{lost.steps[0]} and {len(lost.steps) - 1} more",
        it="it" if lone else "they",
    )


@lost_future.fix
def ask_at_the_end(finding: Finding, lost: LostFuture, ctx: Context) -> Offer | None:
    """``result()`` at the end of the flow."""
    if not lost.edits:
        return None
    title = "Ask for result() at the end" if len(lost.steps) == 1 else "Ask for each result() at the end"
    return Offer(title, Rewrite(lost.edits), Applicability.UNSAFE)
