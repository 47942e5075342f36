"""What Flink's sinks to Kafka guarantee, in Python and in SQL.

https://nightlies.apache.org/flink/flink-docs-release-2.3/docs/connectors/table/kafka/#sink-delivery-guarantee
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pipesense.model.stream import SinkGuarantee, TableOption

GUARANTEES: Final = {
    "EXACTLY_ONCE": (
        "exactly once",
        "messages are written in transactions that end with a checkpoint, so readers of committed messages see them "
        "that much later. It takes checkpoints, and a transaction.timeout.ms that is longer than a restart",
    ),
    "AT_LEAST_ONCE": (
        "at least once",
        "a checkpoint waits until Kafka has confirmed what was sent; what came after it is sent again after a failure",
    ),
    "NONE": ("no guarantee", "messages may be lost, and may come twice after a failure"),
}
_OPTION: Final = "sink.delivery-guarantee"
_BEFORE: Final = "sink.semantic"
"""How the option was called before Flink 1.14."""
_CONNECTORS: Final = ("kafka", "upsert-kafka")


def page_of(found: tuple[str, str]) -> str:
    """The pattern behind a guarantee."""
    return "exactly-once" if found[0] == "exactly once" else "delivery-guarantees"


def of_table(named: TableOption | None, options: Sequence[TableOption]) -> SinkGuarantee | None:
    """What writing to a table guarantees; ``named`` is the option that names its connector."""
    if named is None or named.value not in _CONNECTORS or any(each.key == _BEFORE for each in options):
        return None
    said = next((each for each in options if each.key == _OPTION), None)
    if said is None:
        found = GUARANTEES["AT_LEAST_ONCE"]
        why = f"`{_OPTION}` is not set, and at-least-once is its default"
        return SinkGuarantee(page_of(found), _note(found, why), named.span)
    known = GUARANTEES.get(said.value.strip().upper().replace("-", "_")) if not said.opaque else None
    return SinkGuarantee(page_of(known), _note(known, f"`{_OPTION}`"), said.span) if known is not None else None


def _note(found: tuple[str, str], why: str) -> str:
    return f"Where rows are written to this table: **{found[0]}** ({why}): {found[1]}."
