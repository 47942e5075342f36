"""The body of an answer is read, and nobody looks at its status."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.change import Rewrite
from pipesense.model.http import HttpCall, HttpCalls
from pipesense.model.value import Absent, Known
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer, Related
from pipesense.rule.meta import FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule

_DO = "Call raise_for_status() on the answer before its body is read."

META = RuleMeta(
    id="quality/unchecked-status",
    wants=HttpCalls,
    pattern="extraction-over-http",
    since="0.2",
    roles=frozenset({FileRole.PIPELINE, FileRole.AD_HOC}),
    messages={
        "any-body": Message(
            Severity.WARNING,
            "The body of what {call} gets is taken as it is, and nobody looks at the status.",
            "The page that a service shows with a refusal or an error is then stored as if it were the data, and the "
            "run is green.",
            _DO,
        ),
        "parsed": Message(
            Severity.INFO,
            "The body of what {call} gets is read, and nobody looks at the status.",
            "An error that comes as JSON is read as if it were the data; another is told as a broken document.",
            _DO,
        ),
    },
)


@rule(META)
def unchecked_status(sent: HttpCalls, ctx: Context) -> Iterator[Finding]:
    """One finding per function."""
    by_scope: dict[str, list[HttpCall]] = {}
    for call in sent.calls:
        if isinstance(call.checked, Absent):
            by_scope.setdefault(call.scope, []).append(call)
    for calls in by_scope.values():
        first = min(calls, key=_is_parsed)
        related = [Related(each.loc, "nor that of this one") for each in calls if each is not first]
        variant = "parsed" if _is_parsed(first) else "any-body"
        yield ctx.finding(variant, at=first.loc, related=related, subject=first, call=first.written)


def _is_parsed(call: HttpCall) -> bool:
    return isinstance(call.checked, Absent) and isinstance(call.checked.default, Known)


@unchecked_status.fix
def look_at_it(finding: Finding, call: HttpCall, ctx: Context) -> Offer | None:
    """``raise_for_status()`` behind the request."""
    if not call.check_status:
        return None
    return Offer("Raise for every status that is no success", Rewrite(call.check_status), Applicability.UNSAFE)
