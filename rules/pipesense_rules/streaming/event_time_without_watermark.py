"""A window over the time of events stands on a stream that has no watermarks."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.stream_job import StreamJob
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding, Related
from pipesense.rule.meta import FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="streaming/event-time-without-watermark",
    wants=StreamJob,
    pattern="watermark",
    since="0.2",
    roles=frozenset({FileRole.PIPELINE, FileRole.AD_HOC, FileRole.EXAMPLE}),
    messages={
        "never-fires": Message(
            Severity.WARNING,
            "{window} waits for watermarks, and the source of this job is told to make none.",
            "Without watermarks the time of events never moves on: no window ever closes, and no result comes out.",
            "Give the stream a watermark strategy, such as for_bounded_out_of_orderness with a timestamp assigner.",
        ),
    },
)


@rule(META)
def event_time_without_watermark(job: StreamJob, ctx: Context) -> Iterator[Finding]:
    """At the window."""
    if job.event_time_window is None or job.no_watermarks is None or job.watermarked or job.endless is None:
        return
    none = Related(job.no_watermarks, "no watermarks are made here")
    yield ctx.finding("never-fires", at=job.event_time_window, related=[none], window=job.window_text)
