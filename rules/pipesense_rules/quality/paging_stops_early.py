"""One page of a list is read, and the next one is never asked for."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.http import PagedRequest
from pipesense.rule.context import Context
from pipesense.rule.finding import Finding
from pipesense.rule.meta import Message, RuleMeta, Severity
from pipesense.rule.rule import rule

META = RuleMeta(
    id="quality/paging-stops-early",
    wants=PagedRequest,
    pattern="extraction-over-http",
    since="0.1",
    messages={
        "first-page": Message(
            Severity.WARNING,
            "This asks for one page ({size}) and never for the next.",
            "On the day when there is more than one page, the rest is missing, and nothing fails.",
            "Follow the service's next page until there is none, or fail when the page is full.",
        ),
    },
)


@rule(META)
def paging_stops_early(request: PagedRequest, ctx: Context) -> Iterator[Finding]:
    """At the request."""
    if not request.follows:
        yield ctx.finding("first-page", at=request.loc, size=request.size)
