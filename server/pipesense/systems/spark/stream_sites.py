"""What a streaming query of Spark guarantees where it writes.

https://spark.apache.org/docs/4.0.1/streaming/apis-on-dataframes-and-datasets.html#output-sinks and, for Delta,
https://docs.delta.io/latest/delta-streaming.html
"""

from __future__ import annotations

from typing import Final

from pipesense.model.code import PatternSite
from pipesense.model.frames import FrameOperation, FrameScope
from pipesense.model.where import Loc
from pipesense.systems.spark.chains import chain_of

_FILES: Final = frozenset({"parquet", "orc", "json", "csv", "text"})
_TRIALS: Final = frozenset({"console", "memory", "noop", "rate"})
_EXACTLY: Final = "exactly once"


def stream_site(scope: FrameScope, each: FrameOperation, places: dict[Loc, FrameOperation]) -> PatternSite:
    """The call that starts a query, with what becomes of a batch that failed half-way."""
    chain = chain_of(each, places)
    kept = "checkpointlocation" in chain.options or any(
        key.lower() == "spark.sql.streaming.checkpointlocation" for key, _ in scope.settings
    )
    guarantee, why = _of("foreachBatch" in chain.told, "foreach" in chain.told, chain.text("format"))
    if guarantee and chain.known and not kept:
        note = "This query: **no guarantee across restarts**: without checkpointLocation it begins anew at each start."
    elif guarantee:
        note = f"This query: **{guarantee}**, going on from checkpointLocation after a stop: {why}"
    else:
        note = f"This query: {why}"
    return PatternSite("exactly-once" if guarantee == _EXACTLY and kept else "delivery-guarantees", each.name_loc, note)


def _of(by_batch: bool, by_row: bool, format_name: str | None) -> tuple[str, str]:
    """The guarantee, "" where none can be told, and why."""
    named = (format_name or "").lower()
    if by_batch:
        return "at least once", (
            "a batch whose end was not noted is handed to the function again, with the same number. One copy is left "
            "where it merges by a key, or skips numbers that it has written."
        )
    if by_row:
        return "at least once", "rows of a batch that failed half-way are handed over again."
    if named == "kafka":
        return (
            "at least once",
            "Spark's sink for Kafka has no transactions, so a batch that failed half-way is sent again.",
        )
    if named in _FILES:
        return (
            _EXACTLY,
            "the files of each batch are noted in _spark_metadata, for readers that go by it, as Spark does.",
        )
    if named == "delta":
        return _EXACTLY, "the number of each batch is kept in the table's log, and a batch is not taken twice."
    if named in _TRIALS:
        return "", f"{named} is for trying out; nothing of it outlives the program."
    return "", "whether a batch that failed half-way is written twice depends on the format of its sink."
