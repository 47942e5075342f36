"""What a producer or consumer guarantees, and because of which setting: the words of its hover."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pipesense.model.broker import ClientRole, CommitMoment, Loss, MessageLoop, StepKind, StreamClient, UncheckedSend
from pipesense.model.code import PatternSite
from pipesense.model.value import Absent, Known, Unknown, Value, effective
from pipesense.model.where import Loc
from pipesense.systems.brokers.sending import Use

PATTERN = "delivery-guarantees"


def sites(
    clients: Sequence[StreamClient],
    loops: Sequence[MessageLoop],
    uses: Sequence[Use],
    blind: Sequence[UncheckedSend],
) -> Iterator[PatternSite]:
    """A hover for each producer and consumer that the file makes."""
    by_origin: dict[Loc | None, list[Use]] = {}
    for use in uses:
        by_origin.setdefault(use.origin, []).append(use)
    lost = {each.loc: each for each in blind}
    senders = frozenset(use.origin for use in uses if use.sends)
    processed = frozenset(loop.library for loop in loops if loop.called)
    own: dict[Loc, MessageLoop] = {}
    for loop in loops:
        if loop.client is not None:
            own.setdefault(loop.client.whole, loop)
    for client in clients:
        if client.role is ClientRole.PRODUCER or (client.role is ClientRole.CONNECTION and client.whole in senders):
            yield _site(client.loc, producer(client, by_origin.get(client.whole, ()), lost))
        elif client.role is ClientRole.CONSUMER and (client.whole in own or client.library not in processed):
            yield _site(client.loc, consumer(client, own.get(client.whole)))
        yield from _set_aside(client)
    for loop in loops:
        for step in loop.steps:
            if step.kind is StepKind.SEND and step.in_handler:
                yield PatternSite("dead-letter", step.loc, _ASIDE)
        if loop.client is None or loop.client.loc != loop.loc:
            yield _site(loop.loc, consumer(loop.client, loop))


def _set_aside(client: StreamClient) -> Iterator[PatternSite]:
    """Where the client itself is told to put messages aside."""
    told = client.setting("dead_letter")
    if told is not None and told.loc is not None and not (isinstance(told.value, Known) and told.value.value is None):
        note = "A message that was handed out too often without success goes to a topic of its own, and others go on."
        yield PatternSite("dead-letter", told.loc, note)


_ASIDE = "A message that cannot be handled is put aside here, and the loop goes on with the next one."


def _site(loc: Loc, note: str) -> PatternSite:
    return PatternSite("exactly-once" if "**exactly once" in note else PATTERN, loc, note)


def _because(client: StreamClient, *names: str) -> str:
    """The settings with their values, as the client spells them, and where they come from."""
    parts = []
    for name in names:
        setting = client.setting(name)
        if setting is None:
            continue
        value = setting.value
        if isinstance(value, Known):
            parts.append(f"`{setting.written}` is {_spelled(value.value)}")
        elif isinstance(value, Absent):
            default = effective(value)
            of = f" of {client.library} {client.version}" if client.version.number else f" of {client.library}"
            known_default = isinstance(value.default, Known)
            parts.append(
                f"`{setting.written}` is not set, the default{of} is {_spelled(default)}"
                if known_default
                else f"`{setting.written}` is not set, and {_of_library(value, client)}"
            )
        else:
            parts.append(f"`{setting.written}` is unknown: {value.why}")
    return "; ".join(parts)


def _of_library(value: Absent[object], client: StreamClient) -> str:
    why = value.default.why if isinstance(value.default, Unknown) else ""
    return why.replace("the version:", f"the version of {client.library}:") or "its default is not known here"


def _spelled(value: object) -> str:
    return f"`{value}`" if isinstance(value, str) else f"`{value!r}`"


def _now(value: Value[object]) -> object:
    return effective(value)


def producer(client: StreamClient, sent: Sequence[Use], blind: Mapping[Loc, UncheckedSend]) -> str:
    """What a producer guarantees; ``blind`` are the calls of the file whose results nobody looks at, by their place."""
    if client.setting("acks") is None:
        return f"This producer ({client.library}): {_by_results(sent, blind)}"
    guarantee, names, why = _of_producer(client)
    return f"This producer: **{guarantee}** ({_because(client, *names)}){why}."


_LOST = {
    Loss.AT_EXIT: "what waits in memory when the program ends is never sent",
    Loss.UNSEEN: "nothing looks at whether the broker took what is handed over",
    Loss.PARTLY: "nothing looks at how many records were refused, and those are gone",
}


def _by_results(sent: Sequence[Use], blind: Mapping[Loc, UncheckedSend]) -> str:
    """What a producer guarantees whose broker always confirms what it kept."""
    lost = next((blind[use.loc] for use in sent if use.loc in blind), None)
    calls = " and ".join(dict.fromkeys(f"`{use.written}()`" for use in sent if use.sends))
    if lost is not None:
        return f"**at most once**: behind `{lost.call}()` {_LOST[lost.loss]}."
    if calls and not any(use.escapes for use in sent):
        return (
            f"**at least once**, if what fails is sent again: the result of {calls} is waited for or looked "
            "at. A repeat after a lost answer writes the message twice."
        )
    return (
        "**at least once** where every result is waited for and errors are sent again; **at most once** where results "
        "are dropped."
    )


def _of_producer(client: StreamClient) -> tuple[str, tuple[str, ...], str]:
    """The guarantee, the settings that it rests on, and what follows."""
    acks, idempotent = _now(client.value("acks")), _now(client.value("idempotence"))
    transaction = client.value("transactional_id")
    if isinstance(transaction, Known) and transaction.value:
        rest = ", for readers of committed messages. What else the program writes is not part of the transaction"
        return "exactly once, inside one transaction", ("transactional_id",), rest
    if acks == "0":
        return "at most once", ("acks",), ": it does not wait for the broker"
    if acks == "1":
        leader = ": the leader alone confirms, and a confirmed message is gone if it fails too early"
        return "may lose and may repeat", ("acks", "retries"), leader
    if acks == "all" and idempotent is True:
        again = ". A program that starts again and sends again sends a second message"
        return "at least once, without repeats by its own retries", ("acks", "idempotence"), again
    if acks == "all" and _now(client.value("retries")) == 0:
        return "at most once", ("acks", "retries"), ": a failed attempt is not repeated"
    if acks == "all":
        twice = ": a retry after a lost answer writes the message a second time"
        return "at least once", ("acks", "idempotence"), twice
    return "cannot be told", ("acks", "idempotence"), ""


def consumer(client: StreamClient | None, loop: MessageLoop | None) -> str:
    """What a consumer guarantees to the code that handles its messages."""
    if client is not None and client.setting("processing") is not None:
        return _of_processor(client)
    if client is not None and _groupless(client):
        return (
            f"This consumer: **no guarantee across restarts** ({_because(client, 'group')}): no position is kept, and "
            f"a restart begins where `{_written(client, 'offset_reset', 'auto_offset_reset')}` says."
        )
    auto = _now(client.value("auto_commit")) if client is not None else None
    if client is not None and auto is True and _now(client.value("offset_store")) is not False:
        because = _because(client, "auto_commit")
        moment = loop.moment if loop is not None else CommitMoment.MEANWHILE
        if moment is CommitMoment.ON_NEXT_READ:
            return (
                f"This consumer: **at least once while all goes well** ({because}). Positions are committed "
                f"{moment.value}, also those of messages whose handling failed."
            )
        return f"This consumer: **at most once after a crash** ({because}). Positions are committed {moment.value}."
    if loop is None:
        said = _because(client, "auto_commit") if client is not None else ""
        because = f" ({said})" if said else ""
        return f"This consumer: the order of work and commit decides{because}."
    return _by_order(client, loop)


def _of_processor(client: StreamClient) -> str:
    """A stream processor, which keeps positions, state and results together by itself."""
    if "exactly" in str(_now(client.value("processing"))):
        return (
            f"This processor: **exactly once** inside Kafka ({_because(client, 'processing')}): positions, state and "
            "results go together. What else the code writes comes again after a crash."
        )
    because = _because(client, "processing", "ack_exceptions")
    if _now(client.value("ack_exceptions")) is True:
        return f"This processor: **at least once, but not for failures** ({because}): what raised counts as done."
    return f"This processor: **at least once** ({because}): after a crash the last messages are handled again."


def _by_order(client: StreamClient | None, loop: MessageLoop) -> str:
    done = [step for step in loop.steps if step.kind is StepKind.DONE]
    work = [
        step
        for step in loop.steps
        if step.kind in (StepKind.WORK, StepKind.CALL, StepKind.SEND) and not step.in_handler
    ]
    because = f"; {_because(client, 'auto_commit')}" if client is not None and client.setting("auto_commit") else ""
    if not done and loop.done_for_it:
        return (
            f"This consumer: **at least once**: {loop.library} says that a message is done when this returns, and asks "
            "for it again when it raises, so the work must bear a repeat."
        )
    if not done and not loop.done:
        return (
            f"This consumer: **no guarantee by itself**: {loop.library} keeps no position. After a restart reading "
            "begins where the code says; only positions that the program stores behind the work make it at least once."
        )
    if not done:
        return (
            f"This consumer: **every message again after a restart**: nothing here calls {loop.done}{because}."
            if client is not None and client.opened is None
            else f"This consumer: nothing here calls {loop.done}{because}."
        )
    first = min(_start(step.loc) for step in done)
    if work and first < min(_start(step.loc) for step in work):
        return f"This consumer: **at most once**: `{done[0].text}` comes before the work{because}."
    return (
        f"This consumer: **at least once**: `{done[0].text}` comes after the work{because}. A crash in between hands "
        "the message out again, so the work must bear a repeat."
    )


def _start(loc: Loc) -> int:
    return loc.span.start


def _groupless(client: StreamClient) -> bool:
    """Whether the consumer surely belongs to no group."""
    group = client.setting("group")
    if group is None or not isinstance(group.value, Known | Absent):
        return False
    inner = group.value.default if isinstance(group.value, Absent) else group.value
    return isinstance(inner, Known) and not inner.value


def _written(client: StreamClient, name: str, otherwise: str) -> str:
    found = client.setting(name)
    return found.written if found is not None else otherwise
