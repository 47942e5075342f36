"""A message counts as done before the work with it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from pipesense.model.broker import MessageLoop, Step, StepKind, StreamClient
from pipesense.model.change import Replace, Rewrite, SetClientSettings
from pipesense.rule.context import Context
from pipesense.rule.finding import Applicability, Finding, Offer, Related
from pipesense.rule.meta import FileRole, Message, RuleMeta, Severity
from pipesense.rule.rule import rule
from pipesense_rules import brokers

_COMMIT_AFTER = "Switch the client's own commits off, and commit behind the work."

META = RuleMeta(
    id="streaming/commit-before-work",
    wants=MessageLoop,
    pattern="delivery-guarantees",
    since="0.2",
    roles=frozenset({FileRole.PIPELINE, FileRole.AD_HOC, FileRole.EXAMPLE}),
    messages={
        "explicit": Message(
            Severity.WARNING,
            "{done} says that the message is done before {work} has worked with it.",
            "If the work fails, or the program stops in between, the message is not handed out again: it is lost.",
            "Say so behind the work; what is then handed out twice after a crash must bear a repeat.",
        ),
        "explicit-maybe": Message(
            Severity.INFO,
            "{done} says that the message is done before {work} is called with it.",
            "If that call does the work and fails, or the program stops in between, the message is not handed out "
            "again.",
            "Say so behind it, unless it only reports.",
        ),
        "by-timer": Message(
            Severity.WARNING,
            "{library} commits positions by a timer, also of the message that {work} is still working with.",
            "After a crash in the middle of the work the message is not handed out again: it is lost.",
            _COMMIT_AFTER,
        ),
        "by-timer-maybe": Message(
            Severity.INFO,
            "{library} commits positions by a timer, also of the message that {work} is still working with.",
            "If that work leaves anything behind, a crash in the middle of it loses the message.",
            _COMMIT_AFTER,
        ),
        "on-error": Message(
            Severity.WARNING,
            "A message counts as done even when {work} raises: {library} acknowledges it all the same.",
            "The message that caused the error is not handed out again: it is lost.",
            "Set stream_ack_exceptions to False, or catch the error and put the message aside.",
        ),
        "on-close": Message(
            Severity.WARNING,
            "An error in {work} closes the consumer, and closing commits the position of the failed message too.",
            "The message that caused the error is not handed out again: it is lost.",
            _COMMIT_AFTER,
        ),
    },
)


@dataclass(frozen=True, slots=True)
class _Early:
    loop: MessageLoop
    client: StreamClient | None
    step: Step | None
    """The explicit call that comes too early."""
    last: Step
    """The last piece of work."""
    sure: bool = True
    """Whether any of it surely changes something outside."""


@rule(META)
def commit_before_work(loop: MessageLoop, ctx: Context) -> Iterator[Finding]:
    """At the call that comes too early, at the setting, or at the class whose default commits."""
    early = _explicit(loop)
    if early is not None and early.step is not None:
        later = Related(early.last.loc, "the work comes here")
        variant = "explicit" if early.last.kind in brokers.SIDE_EFFECTS or early.sure else "explicit-maybe"
        words = {"done": early.step.text, "work": early.last.text}
        yield ctx.finding(variant, at=early.step.loc, related=[later], subject=early, **words)
        return
    client = loop.client
    if client is not None and brokers.holds(client, "ack_exceptions", True):
        yield from _on_error(loop, client, ctx)
    if client is None or not brokers.commits_by_itself(client):
        return
    work = [step for step in brokers.work(loop) if step.takes_message]
    effects = [step for step in work if step.kind in brokers.SIDE_EFFECTS]
    variant = _variant(loop, work, effects)
    if not variant:
        return
    setting = client.setting("auto_commit")
    shown = (effects or work)[0]
    yield ctx.finding(
        variant,
        at=setting.loc if setting is not None and setting.loc is not None else client.loc,
        related=[Related(shown.loc, "the work")],
        subject=_Early(loop, client, None, work[-1]),
        library=client.library,
        work=shown.text,
    )


def _on_error(loop: MessageLoop, client: StreamClient, ctx: Context) -> Iterator[Finding]:
    open_work = [step for step in brokers.work(loop) if step.kind in brokers.SIDE_EFFECTS and not step.guarded]
    setting = client.setting("ack_exceptions")
    if open_work and setting is not None:
        yield ctx.finding(
            "on-error",
            at=open_work[0].loc,
            related=[Related(setting.loc or client.loc, "the setting")],
            subject=_Early(loop, client, None, open_work[-1]),
            library=client.library,
            work=open_work[0].text,
        )


def _variant(loop: MessageLoop, work: list[Step], effects: list[Step]) -> str:
    if not work:
        return ""
    if brokers.commits_meanwhile(loop):
        return "by-timer" if effects else "by-timer-maybe"
    if loop.closes_on_error and any(not step.guarded for step in effects):
        return "on-close"
    return ""


def _explicit(loop: MessageLoop) -> _Early | None:
    """A "done" before work with the message that surely follows it, and none behind it."""
    steps = [step for step in loop.steps if not step.in_handler]
    done = [number for number, step in enumerate(steps) if step.kind is StepKind.DONE]
    if not done or any(step.kind in _WORKING for step in steps[: done[0]]):
        return None
    first = steps[done[0]]
    if first.certain:
        late = [step for step in steps[done[-1] + 1 :] if step.certain]
    else:
        # In a branch the steps of that very block run one behind the other.
        late = [step for step in steps[done[0] + 1 :] if first.after is not None and step.after == first.after]
    late = [step for step in late if step.kind in _WORKING and step.takes_message]
    sure = any(step.kind in brokers.SIDE_EFFECTS for step in late)
    return _Early(loop, loop.client, first, late[-1], sure) if late else None


_WORKING: Final = brokers.SIDE_EFFECTS | {StepKind.CALL}


@commit_before_work.fix
def commit_after(finding: Finding, early: _Early, ctx: Context) -> Offer | None:
    """The call behind the last piece of work; where the client commits by itself, that is switched off too."""
    if finding.variant == "on-error" and early.client is not None:
        change = SetClientSettings(early.client, (("ack_exceptions", False),))
        return Offer("Do not acknowledge what raised", change, Applicability.UNSAFE)
    found = brokers.behind(brokers.work(early.loop))
    if found is None:
        return None
    place, indent = found
    if early.step is not None:
        text = ctx.text(early.step.statement)
        call = text.strip()
        # Behind work in a block of its own (a loop over a batch) it would run too often, or not at all.
        # A call over several lines keeps its lines; what only holds the call (an if, a with) stays where it is.
        alone = "\n" not in call or call.startswith((early.step.text[:-1], f"await {early.step.text[:-1]}"))
        if not alone or not call.endswith(")") or indent != early.step.indent:
            return None
        moved = (Replace(early.step.statement, ""), Replace(place, f"\n{indent}{call}"))
        return Offer(f"Move {early.step.text} behind the work", Rewrite(moved), Applicability.UNSAFE)
    client, loop = early.client, early.loop
    if client is None or not loop.finish:
        return None
    says_so = any(step.kind is StepKind.DONE for step in loop.steps)
    also = () if says_so else (Replace(place, f"\n{indent}{loop.finish}"),)
    off = "offset_store" if client.setting("offset_store") is not None and not says_so else "auto_commit"
    change = SetClientSettings(client, ((off, False),), also)
    return Offer("Commit behind the work", change, Applicability.UNSAFE)
