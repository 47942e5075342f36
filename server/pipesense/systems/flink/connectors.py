"""What is known of the connectors that Flink tables name: options they need, whether they end, what changes they take.

Read from the connectors' own documentation: Flink 2.x for the built-in ones, the connectors' current releases else
(kafka 5.0, jdbc 4.0, aws 6.0, elasticsearch 4.0, mongodb 2.0, pulsar 4.1, Flink CDC 3.x). A connector that is not
listed is unknown: nothing is said about it.
https://nightlies.apache.org/flink/flink-docs-release-2.0/docs/connectors/table/overview/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pipesense.model.stream import Changes, MissingOption
from pipesense.model.value import Known, Unknown, Value
from pipesense.systems.flink import options as options_of

_FORMAT: Final = (("format", "value.format"), "json")


@dataclass(frozen=True, slots=True)
class Connector:
    """``required``: option names of which one must be there, each with a value to start from.

    ``unbounded``: None where options decide. ``emits``, ``takes``: None where it is no source or no sink, or not
    known. ``by_format``: a change log's format makes both what that format says.
    """

    required: tuple[tuple[tuple[str, ...], str], ...] = ()
    unbounded: bool | None = None
    emits: Changes | None = None
    takes: Changes | None = None
    by_format: bool = False
    needs_key: bool = False
    key_for_updates: bool = False
    broker: bool = False


_TRANSACTIONS: Final = (("sink.transactional-id-prefix",), "<name of this job>")
_BROKER_SERVERS: Final = (("properties.bootstrap.servers",), "<host:port>")
_CDC: Final = Connector(unbounded=True, emits=Changes.ALL)
_SEARCH: Final = Connector(required=((("hosts",), "<http://host:9200>"), (("index",), "<index>")), takes=Changes.UPSERT)

CONNECTORS: Final[Mapping[str, Connector]] = {
    # https://nightlies.apache.org/flink/flink-docs-release-2.0/docs/connectors/table/kafka/#connector-options
    "kafka": Connector(
        required=(_BROKER_SERVERS, (("topic", "topic-pattern"), "<topic>"), _FORMAT),
        unbounded=True,
        emits=Changes.APPEND,
        takes=Changes.APPEND,
        by_format=True,
        broker=True,
    ),
    # https://nightlies.apache.org/flink/flink-docs-release-2.0/docs/connectors/table/upsert-kafka/#connector-options
    "upsert-kafka": Connector(
        required=(
            _BROKER_SERVERS,
            (("topic",), "<topic>"),
            (("key.format",), "json"),
            (("value.format",), "json"),
        ),
        unbounded=True,
        emits=Changes.UPSERT,
        takes=Changes.UPSERT,
        needs_key=True,
    ),
    # https://nightlies.apache.org/flink/flink-docs-release-2.0/docs/connectors/table/kinesis/#connector-options
    # The current one names the stream by its ARN, the one before by its name.
    "kinesis": Connector(
        required=((("stream.arn", "stream"), "<stream>"), (("format",), "json")),
        unbounded=True,
        emits=Changes.APPEND,
        takes=Changes.APPEND,
        by_format=True,
        broker=True,
    ),
    # https://nightlies.apache.org/flink/flink-docs-release-2.0/docs/connectors/table/firehose/#connector-options
    "firehose": Connector(
        required=((("delivery-stream",), "<delivery stream>"), (("format",), "json")), takes=Changes.APPEND
    ),
    # https://nightlies.apache.org/flink/flink-docs-release-2.0/docs/connectors/table/dynamodb/#connector-options
    "dynamodb": Connector(required=((("table-name",), "<table>"),), takes=Changes.UPSERT),
    # https://nightlies.apache.org/flink/flink-docs-release-1.20/docs/connectors/datastream/pulsar/ (SQL: topics and
    # service-url are what the table factory of release 4.1 requires)
    "pulsar": Connector(
        required=((("topics",), "<topic>"), (("service-url",), "pulsar://<host>:6650")),
        unbounded=None,
        emits=Changes.APPEND,
        by_format=True,
        broker=True,
    ),
    # https://nightlies.apache.org/flink/flink-docs-release-2.0/docs/connectors/table/jdbc/#connector-options
    "jdbc": Connector(
        required=((("url",), "jdbc:<database url>"), (("table-name",), "<table>")),
        unbounded=False,
        emits=Changes.APPEND,
        takes=Changes.UPSERT,
        key_for_updates=True,
    ),
    # https://nightlies.apache.org/flink/flink-docs-release-2.0/docs/connectors/table/filesystem/
    "filesystem": Connector(
        required=((("path",), "<path>"), (("format",), "csv")),
        emits=Changes.APPEND,
        takes=Changes.APPEND,
        by_format=True,
    ),
    # https://nightlies.apache.org/flink/flink-docs-release-2.0/docs/connectors/table/datagen/#connector-options
    "datagen": Connector(emits=Changes.APPEND),
    # https://github.com/knaufk/flink-faker#readme (0.5): unbounded unless number-of-rows says how many
    "faker": Connector(emits=Changes.APPEND),
    # https://nightlies.apache.org/flink/flink-docs-release-2.0/docs/connectors/table/print/
    "print": Connector(takes=Changes.ALL),
    # https://nightlies.apache.org/flink/flink-docs-release-2.0/docs/connectors/table/blackhole/
    "blackhole": Connector(takes=Changes.ALL),
    # https://nightlies.apache.org/flink/flink-docs-release-2.0/docs/connectors/table/elasticsearch/#connector-options
    "elasticsearch-6": Connector(required=(*_SEARCH.required, (("document-type",), "_doc")), takes=Changes.UPSERT),
    "elasticsearch-7": _SEARCH,
    "elasticsearch-8": _SEARCH,
    # https://nightlies.apache.org/flink/flink-docs-release-2.0/docs/connectors/table/opensearch/#connector-options
    "opensearch": _SEARCH,
    "opensearch-2": _SEARCH,
    # https://nightlies.apache.org/flink/flink-docs-release-2.0/docs/connectors/table/mongodb/#connector-options
    "mongodb": Connector(
        required=(
            (("uri",), "mongodb://<host>"),
            (("database",), "<database>"),
            (("collection",), "<collection>"),
        ),
        unbounded=False,
        emits=Changes.APPEND,
        takes=Changes.UPSERT,
    ),
    # https://nightlies.apache.org/flink/flink-cdc-docs-release-3.4/docs/connectors/flink-sources/overview/
    # What each of them requires changed between releases, so only what they emit is written down.
    **dict.fromkeys(
        (
            *("mysql-cdc", "postgres-cdc", "mongodb-cdc", "oracle-cdc", "sqlserver-cdc", "db2-cdc"),
            *("tidb-cdc", "oceanbase-cdc", "vitess-cdc"),
        ),
        _CDC,
    ),
}

_CHANGE_LOG_FORMATS: Final = ("debezium", "canal", "maxwell", "ogg", "changelog")
"""https://nightlies.apache.org/flink/flink-docs-release-2.0/docs/connectors/table/formats/overview/"""


def missing(connector: str, options: Mapping[str, str]) -> tuple[MissingOption, ...]:
    """The options that a connector requires and that are not there."""
    known = CONNECTORS.get(connector)
    required = known.required if known is not None else ()
    if connector in ("kafka", "upsert-kafka") and options.get("sink.delivery-guarantee", "").lower() == "exactly-once":
        # https://nightlies.apache.org/flink/flink-docs-release-2.0/docs/connectors/table/kafka/#sink-delivery-guarantee
        required = (*required, _TRANSACTIONS)
    return tuple(
        MissingOption(names, example, _meant(connector, names, options))
        for names, example in required
        if not any(name in options for name in names)
    )


def _meant(connector: str, names: tuple[str, ...], options: Mapping[str, str]) -> str:
    """An option that is there under a name close to one that is asked for."""
    for name in names:
        for key in options:
            plain = key.lower().replace("_", "-")
            if plain in (name, f"{name}s", name.removesuffix("s")) or name.endswith("." + plain):
                return key
            if options_of.meant(connector, key) == name:
                return key
    return ""


def unbounded(connector: str, options: Mapping[str, str]) -> Value[bool]:
    """Whether reading a table goes on for ever.

    Kafka ends where ``scan.bounded.mode`` says so, a data generator after ``number-of-rows`` or with a sequence, a
    folder goes on where ``source.monitor-interval`` is set.
    """
    known = CONNECTORS.get(connector)
    if connector in ("kafka", "upsert-kafka") and options.get("scan.bounded.mode", "unbounded") != "unbounded":
        return Known(False)
    if connector in ("datagen", "faker"):
        ends = "number-of-rows" in options or any(
            key.startswith("fields.") and key.endswith(".kind") and value == "sequence"
            for key, value in options.items()
        )
        return Known(not ends)
    if connector == "filesystem":
        return Known("source.monitor-interval" in options)
    if known is None or known.unbounded is None:
        return Unknown(f"whether reading from {connector or 'this table'} ends is not known")
    return Known(known.unbounded)


def emits(connector: str, options: Mapping[str, str]) -> Value[Changes]:
    """What reading the table gives."""
    known = CONNECTORS.get(connector)
    if known is None or known.emits is None:
        return Unknown(f"what {connector or 'this table'} emits is not known")
    return Known(Changes.ALL if known.by_format and _is_change_log(options) else known.emits)


def takes(connector: str, options: Mapping[str, str]) -> Value[Changes]:
    """What the table accepts as a sink."""
    known = CONNECTORS.get(connector)
    if known is None or known.takes is None:
        return Unknown(f"what {connector or 'this table'} accepts is not known")
    if not known.by_format:
        return Known(known.takes)
    if _is_change_log(options):
        return Known(Changes.ALL)
    if not any(name in options for name in ("format", "value.format")):
        return Unknown("its format is not known")
    return Known(known.takes)


def _is_change_log(options: Mapping[str, str]) -> bool:
    named = options.get("format") or options.get("value.format") or ""
    return named.startswith(_CHANGE_LOG_FORMATS)
