"""A message that cannot be handled stops the reading, or disappears."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipesense.model.broker import Handler, MessageLoop, Step, StepKind
from pipesense.model.change import PutMessageAside, Replace
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer
from pipesense.rule.meta import FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules import brokers

_ASIDE = "Put the message aside (a topic for what could not be handled, a table), count it, and go on."

META = RuleMeta(
    id="streaming/no-dead-letter",
    wants=MessageLoop,
    pattern="dead-letter",
    since="0.2",
    roles=frozenset({FileRole.PIPELINE, FileRole.AD_HOC}),
    messages={
        "dropped": Message(
            Severity.WARNING,
            "A message whose handling fails is logged here and passed over.",
            "The next commit covers it, so nobody can read it again: the data is gone, and the job is green.",
            _ASIDE,
        ),
        "stops": Message(
            Severity.WARNING,
            "One message that {call} cannot read ends the loop.",
            "It comes again after a restart and ends the loop again: what is behind it waits for a person.",
            _ASIDE,
        ),
        "decoder": Message(
            Severity.WARNING,
            "The consumer itself decodes every message, and one that it cannot read raises out of the loop.",
            "The loop's own try cannot catch it, and after a restart the same message comes again.",
            "Read bytes, decode them inside the loop, and put what cannot be read aside.",
        ),
    },
)


@dataclass(frozen=True, slots=True)
class _Dropped:
    loop: MessageLoop
    handler: Handler


@dataclass(frozen=True, slots=True)
class _Stops:
    loop: MessageLoop
    step: Step


@rule(META)
def no_dead_letter(loop: MessageLoop, ctx: Context) -> Iterator[Finding]:
    """At the handler that drops, at the call that may fail, or at the decoder."""
    if loop.once:
        # Whoever calls it may catch what it raises, and go on with the next batch.
        return
    for handler in loop.handlers if not loop.placed else ():
        if handler.quiet and handler.covers & brokers.HANDLING and not _comes_again(loop, handler):
            yield ctx.finding("dropped", at=handler.loc, subject=_Dropped(loop, handler))
    if not brokers.work(loop) and not any(step.kind is StepKind.DONE for step in loop.steps):
        # It only shows what comes: nothing waits for it.
        return
    if loop.decoder is not None:
        yield ctx.finding("decoder", at=loop.decoder, subject=loop)
        return
    for step in loop.steps if not loop.survives else ():
        if step.kind is StepKind.DECODE and step.takes_message and not step.guarded and not step.in_handler:
            yield ctx.finding("stops", at=step.loc, subject=_Stops(loop, step), call=step.text)
            return


def _comes_again(loop: MessageLoop, handler: Handler) -> bool:
    """Whether the broker hands the failed message out again: it is said to be done in what failed only."""
    if not loop.individual:
        return False
    done = [step for step in loop.steps if step.kind is StepKind.DONE]
    return all(step.guarded and not step.in_handler for step in done)


@no_dead_letter.fix
def put_aside(finding: Finding, dropped: object, ctx: Context) -> Offer | None:
    """The message into a topic of its own: by the producer that the loop has at hand, or by a new one."""
    if isinstance(dropped, _Stops):
        aside = PutMessageAside(dropped.loop.system, dropped.step.loc)
        return Offer("Send what cannot be read to a dead-letter topic", aside, Applicability.UNSAFE)
    if not isinstance(dropped, _Dropped) or not dropped.loop.dead_letter or not dropped.handler.indent:
        return None
    text = f"\n{dropped.handler.indent}{dropped.loop.dead_letter}"
    return Offer("Send the message to a dead-letter topic", Replace(dropped.handler.end, text), Applicability.UNSAFE)
