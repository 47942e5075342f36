"""A scheduler does input or output whenever it reads the file."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.change import Replace, Rewrite
from pipesense.model.code import CallAtParse
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer, Related
from pipesense.rule.meta import FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule

_WHY = (
    "A scheduler reads the file again and again, on several machines, and the call waits and may fail each time; "
    "then every pipeline of the file is gone."
)
_DO = "Move the call into the code that a task runs, or use a template that is filled in at run time."

META = RuleMeta(
    id="performance/parse-time-io",
    wants=CallAtParse,
    pattern="parse-time-and-run-time",
    since="0.1",
    roles=frozenset({FileRole.PIPELINE, FileRole.AD_HOC, FileRole.EXAMPLE}),
    messages={
        "direct": Message(Severity.WARNING, "{call} {effect} while the scheduler reads this file{times}.", _WHY, _DO),
        "indirect": Message(
            Severity.WARNING,
            "{call} {effect} while the scheduler reads this file{times}: {route} runs at the top level.",
            _WHY,
            _DO,
        ),
        "again": Message(Severity.HINT, "{call} {effect} here too while the scheduler reads this file.", _WHY, _DO),
    },
)


@rule(META)
def parse_time_io(call: CallAtParse, ctx: Context) -> Iterator[Finding]:
    """At the first of the calls that are alike; quietly at those others that a template can replace."""
    times = f", in {len(call.again) + 1} places" if call.again else ""
    related = [Related(each.loc, "and here") for each in call.again]
    if call.via:
        route = " > ".join(call.via)
        yield ctx.finding(
            "indirect", at=call.loc, related=related, call=call.written, effect=call.effect, route=route, times=times
        )
    else:
        yield ctx.finding("direct", at=call.loc, related=related, call=call.written, effect=call.effect, times=times)
    for each in call.again:
        if each.template is not None:
            yield ctx.finding("again", at=each.loc, subject=each, call=each.written, effect=each.effect)


@parse_time_io.fix
def use_template(finding: Finding, call: CallAtParse, ctx: Context) -> Offer | None:
    """The templates that say the same at run time, where there are some."""
    parts = [Replace(each.loc, each.template) for each in (call, *call.again) if each.template is not None]
    if not parts:
        return None
    title = f"Ask at run time: {parts[0].text}" if len(parts) == 1 else f"Ask at run time in {len(parts)} places"
    return Offer(title, Rewrite(tuple(parts)) if len(parts) > 1 else parts[0], Applicability.UNSAFE)
