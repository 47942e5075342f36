"""How a table shows that it is an event store: by its name, and by columns for the stream and its version."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from pipesense.text.regex import regex
from pipesense_rules import shapes

_WORDS: Final = frozenset({"event", "events", "eventstore"})
_NOT: Final = frozenset({"snapshot", "snapshots", "projection", "projections", "checkpoint", "outbox", "inbox"})
_STREAM: Final = regex(r"(?:event_)?(?:stream|aggregate|aggregate_root)_?(?:id|name|uuid|key)", re.I)
_VERSION: Final = regex(
    r"(?:event|stream|aggregate)?_?(?:version|revision|sequence|sequence_(?:number|no|nr)|seq|seq_?no|position)|"
    r"event_(?:number|no|nr)",
    re.I,
)


def stream_and_version(table: str, columns: Iterable[str]) -> tuple[str, str] | None:
    """The columns that name the stream and the place of an event in it; None where the table is no event store."""
    words = shapes.words(table)
    if not words & _WORDS or words & _NOT:
        return None
    listed = list(columns)
    stream = next((name for name in listed if _STREAM.fullmatch(name)), None)
    version = next((name for name in listed if _VERSION.fullmatch(name)), None)
    return (stream, version) if stream is not None and version is not None else None
