"""A scheduler does input or output whenever it reads the file."""

from __future__ import annotations

from collections.abc import Iterator

from pipesense.model.change import Replace
from pipesense.model.code import CallAtParse
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
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
        "direct": Message(Severity.WARNING, "{call} {effect} while the scheduler reads this file.", _WHY, _DO),
        "indirect": Message(
            Severity.WARNING,
            "{call} {effect} while the scheduler reads this file: {route} runs at the top level.",
            _WHY,
            _DO,
        ),
    },
)


@rule(META)
def parse_time_io(call: CallAtParse, ctx: Context) -> Iterator[Finding]:
    """At the call."""
    if call.via:
        route = " > ".join(call.via)
        yield ctx.finding("indirect", at=call.loc, call=call.written, effect=call.effect, route=route)
    else:
        yield ctx.finding("direct", at=call.loc, call=call.written, effect=call.effect)


@parse_time_io.fix
def use_template(finding: Finding, call: CallAtParse, ctx: Context) -> Offer | None:
    """The template that says the same at run time, where there is one."""
    if call.template is None:
        return None
    return Offer(f"Ask at run time: {call.template}", Replace(call.loc, call.template), Applicability.UNSAFE)
