"""Pages are asked for one after another, as fast as the service answers."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.http import PagedRequest
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="reliability/rate-limit-ignored",
    wants=PagedRequest,
    pattern="extraction-over-http",
    since="0.1",
    messages={
        "unpaced": Message(
            Severity.INFO,
            "This asks for page after page ({size}) as fast as it can, and does not listen when the service says no.",
            "Services answer 429 when that is too fast; the extract then fails in the middle, and again when repeated.",
            "Repeat after 429 as Retry-After says, or wait between pages.",
        ),
    },
)


@rule(META)
def rate_limit_ignored(request: PagedRequest, ctx: Context) -> Iterator[Finding]:
    """At the request."""
    if request.follows and not request.paces:
        yield ctx.finding("unpaced", at=request.loc, size=request.size)
