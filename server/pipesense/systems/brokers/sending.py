"""Which messages are handed to a client without anybody finding out what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pipesense.model.broker import ClientRole, Loss, OrderedSend, StreamClient, UncheckedSend
from pipesense.model.value import Absent, Known, Value
from pipesense.model.where import Loc
from pipesense.systems.brokers.table import BrokerTable, Sends
from pipesense.text.span import Span

ORDERING: Final = "enable_message_ordering"

_COMMITS: Final = frozenset({"commit_transaction", "transaction"})
"""Sends what waits, and raises if one message of the transaction did not arrive: in each of Kafka's clients."""


@dataclass(frozen=True, slots=True)
class Use:
    """One call on a client, or one place that hands the client (or its way to settle) to somebody else.

    ``origin`` is the call that made the client, None where that cannot be told. ``library`` is "" for a call by a name
    that clients have, on an object that nobody can tell. ``settles``: nothing waits in memory
    afterwards. ``dropped``: what it returns is not kept; ``told``: a callback is given; ``counted``: the number of
    failures in the result is looked at. ``escapes``: somebody else has the client from here on.
    """

    library: str
    method: str
    origin: Loc | None
    loc: Loc
    written: str = ""
    sends: bool = False
    settles: bool = False
    dropped: bool = False
    told: bool = False
    counted: bool = False
    escapes: bool = False
    chained: bool = False
    """Its result is given a callback on the spot, so nothing can be put behind the call."""
    endless: bool = False
    """It stands in a loop that nothing leaves."""
    ordered: Loc | None = None
    """The argument that gives the message its place in an order."""
    repair: tuple[tuple[Loc, str], ...] = ()
    """Text that looks at the result, and where it goes; of calls that are a statement or assigned to a name."""


def unchecked(table: BrokerTable, clients: Sequence[StreamClient], uses: Sequence[Use]) -> Iterator[UncheckedSend]:
    """One fact per client that sends unchecked."""
    loose = any(use.settles and not use.library for use in uses)
    by_origin: dict[Loc | None, list[Use]] = {}
    for use in uses:
        by_origin.setdefault(use.origin, []).append(use)
    for client in clients:
        own = by_origin.get(client.whole, [])
        for sends in _ways(table, client):
            sent = [use for use in own if use.sends and use.method in sends.methods]
            if sends.loss is None or not sent or any(use.escapes or use.method in _COMMITS for use in own):
                continue
            yield from _judged(table, client, sends, sent, loose or any(use.settles for use in own))


def ordered(table: BrokerTable, clients: Sequence[StreamClient], uses: Sequence[Use]) -> Iterator[OrderedSend]:
    """The first message with a key of order for each client that was not made for such messages."""
    by_origin = {use.origin: use for use in reversed(uses) if use.ordered is not None}
    for client in clients:
        use = by_origin.get(client.whole)
        for sends in _ways(table, client):
            name = sends.ordered_by[1]
            if use is not None and use.ordered is not None and name and _off(client.value(name)):
                yield OrderedSend(table.system, client, use.ordered, use.written, name)


def _off(value: Value[object]) -> bool:
    """Whether ordering is surely not asked for: no options, or options that say nothing of it."""
    return isinstance(value, Absent) or (
        isinstance(value, Known) and isinstance(value.value, tuple) and ORDERING not in value.value
    )


def _ways(table: BrokerTable, client: StreamClient) -> Iterable[Sends]:
    made = next((m for m in table.clients if m.library == client.library and m.role is client.role and m.sends), None)
    return made.sends if made is not None and client.role is not ClientRole.CONSUMER else ()


def _judged(
    table: BrokerTable, client: StreamClient, sends: Sends, sent: list[Use], settled: bool
) -> Iterator[UncheckedSend]:
    if sends.loss is Loss.PARTLY:
        for use in sent:
            if use.dropped and not use.counted:
                yield _fact(client, sends, Loss.PARTLY, [use], sends.remedy)
        return
    # A callback helps nobody whose messages are never sent: it is called by the same methods that send.
    waiting = [use for use in sent if use.dropped]
    blind = [use for use in waiting if not use.told]
    by_itself = sends.by_itself and all(use.endless for use in waiting)
    if sends.loss is Loss.AT_EXIT and waiting and not settled and not by_itself:
        yield _fact(client, sends, Loss.AT_EXIT, waiting, sends.remedy)
    elif blind and len(blind) == len(sent):
        yield _fact(client, sends, Loss.UNSEEN, blind, sends.remedy)


def _fact(client: StreamClient, sends: Sends, loss: Loss, uses: list[Use], remedy: str) -> UncheckedSend:
    first = uses[0]
    repair: tuple[tuple[Loc, str], ...] = ()
    if loss is Loss.PARTLY:
        repair = first.repair
    elif sends.repair and not any(use.chained for use in uses):
        repair = tuple((use.loc.at(Span(use.loc.span.end, use.loc.span.end)), sends.repair) for use in uses)
    return UncheckedSend(
        system=client.system,
        library=client.library,
        loss=loss,
        loc=first.loc,
        call=first.written,
        remedy=remedy,
        again=tuple(use.loc for use in uses[1:]),
        repair=repair,
        repair_title=sends.repair_title,
        flush="flush" if loss is Loss.AT_EXIT and "flush" in sends.settles else "",
    )
