"""Which options connectors know, to tell a slip of the fingers from an option.

The built-in ones say so themselves when they refuse one (apache-flink 2.3.0); Kafka's and JDBC's stand in their table
factories: https://github.com/apache/flink-connector-kafka and https://github.com/apache/flink-connector-jdbc (main).
A key that is near none of them is left alone: formats and catalogues bring options of their own.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from pipesense.text.distance import nearest

_EVERYWHERE: Final = frozenset({"connector", "property-version", "scan.watermark.idle-timeout"})
_BOUNDS: Final = frozenset(
    {
        *("scan.bounded.mode", "scan.bounded.specific-offsets", "scan.bounded.timestamp-millis"),
        *("scan.parallelism", "scan.topic-partition-discovery.interval"),
        *("sink.parallelism", "sink.delivery-guarantee", "sink.transactional-id-prefix"),
        *("sink.transaction-naming-strategy", "properties.bootstrap.servers", "topic", "topic-pattern"),
        *("key.format", "key.fields-prefix", "value.format", "value.fields-include"),
    }
)
KNOWN: Final = {
    "kafka": _BOUNDS
    | {
        *("format", "key.fields", "properties.group.id", "scan.startup.mode", "scan.startup.specific-offsets"),
        *("scan.startup.timestamp-millis", "sink.partitioner", "sink.semantic"),
    },
    "upsert-kafka": _BOUNDS | {"sink.buffer-flush.max-rows", "sink.buffer-flush.interval"},
    "jdbc": frozenset(
        {
            *("url", "table-name", "username", "password", "driver", "compatible-mode"),
            *("connection.max-retry-timeout", "scan.partition.column", "scan.partition.num", "scan.fetch-size"),
            *("scan.partition.lower-bound", "scan.partition.upper-bound", "scan.auto-commit", "lookup.cache"),
            *("lookup.cache.max-rows", "lookup.cache.ttl", "lookup.max-retries", "lookup.cache.caching-missing-key"),
            *("lookup.partial-cache.max-rows", "lookup.partial-cache.cache-missing-key", "sink.max-retries"),
            *("lookup.partial-cache.expire-after-write", "lookup.partial-cache.expire-after-access"),
            *("sink.buffer-flush.max-rows", "sink.buffer-flush.interval", "sink.parallelism"),
            "filter.handling.policy",
        }
    ),
    "filesystem": frozenset(
        {
            *("path", "format", "partition.default-name", "auto-compaction", "compaction.file-size"),
            *("partition.time-extractor.class", "partition.time-extractor.kind", "sink.shuffle-by-partition.enable"),
            *("partition.time-extractor.timestamp-formatter", "partition.time-extractor.timestamp-pattern"),
            *("sink.parallelism", "sink.partition-commit.delay", "sink.partition-commit.policy.class"),
            *("sink.partition-commit.policy.class.parameters", "sink.partition-commit.policy.kind"),
            *("sink.partition-commit.success-file.name", "sink.partition-commit.trigger"),
            *("sink.partition-commit.watermark-time-zone", "sink.rolling-policy.check-interval"),
            *("sink.rolling-policy.file-size", "sink.rolling-policy.inactivity-interval"),
            *("sink.rolling-policy.rollover-interval", "source.monitor-interval", "source.path.regex-pattern"),
            "source.report-statistics",
        }
    ),
    "datagen": frozenset({"number-of-rows", "rows-per-second", "scan.parallelism"}),
    "print": frozenset({"print-identifier", "sink.parallelism", "standard-error"}),
}
_ANYWHERE: Final = frozenset().union(_EVERYWHERE, *KNOWN.values())
_LETTERS: Final = 2
"""So many letters may be wrong; half a word is another word."""


def meant(connector: str, key: str) -> str:
    """The option that an unknown key surely means; "" for a known key, and where nobody can tell."""
    known = KNOWN.get(connector)
    if known is None or key in _ANYWHERE or len(key) <= 2 * _LETTERS:
        return ""
    return nearest(key, known, _LETTERS) or ""


def misspelt(connector: str, keys: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """The keys that mean another option, each with that."""
    present = frozenset(keys)
    found = ((key, meant(connector, key)) for key in keys)
    return tuple((key, option) for key, option in found if option and option not in present)
