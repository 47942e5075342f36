"""Something that needs the driver's own process is asked of a session on another machine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pipesense.model.frames import FrameScope
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import EVERYWHERE, FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="upgrade/not-on-connect",
    wants=FrameScope,
    pattern="work-where-the-data-is",
    since="0.2",
    roles=EVERYWHERE - {FileRole.GENERATED},
    messages={
        "refused": Message(
            Severity.ERROR,
            "{name} is not there through Spark Connect, and {session} is made by remote().",
            "The client has no JVM beside it: it sends plans to the server, and this raises as soon as it is reached "
            "(PySparkAttributeError: JVM_ATTRIBUTE_NOT_SUPPORTED).",
            "{instead}.",
        ),
    },
)

OF_FRAME: Final = {
    "rdd": "Say it with the frame's own operations, or with mapInPandas and mapInArrow",
    "_jdf": "Say it with the frame's own operations",
}
OF_SESSION: Final = {
    "sparkContext": "Use the session itself: createDataFrame instead of parallelize, conf, addArtifacts",
    "_jvm": "Say it in Python, or keep it in a job that runs on the driver",
    "_jsparkSession": "Say it in Python, or keep it in a job that runs on the driver",
}


@rule(META)
def not_on_connect(scope: FrameScope, ctx: Context) -> Iterator[Finding]:
    """At the attribute."""
    if scope.system != "spark":
        return
    for each in scope.operations:
        names = OF_FRAME if each.kind == "frame" else OF_SESSION if each.kind == "session" else {}
        if each.name in names and "remote" in each.traits:
            what = "the session behind it" if each.kind == "frame" else "the session"
            yield ctx.finding("refused", at=each.name_loc, name=each.name, session=what, instead=names[each.name])
