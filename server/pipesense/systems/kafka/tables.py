"""What the three Kafka clients for Python do where nobody sets anything, and how they spell what can be set.

Read off the installed packages and held against them by ``tests/frameworks/brokers``: kafka-python 2.0.2, 2.2.15, 2.3.0
and 3.0.12, aiokafka 0.14.0, confluent-kafka 2.16.1. librdkafka's own defaults:
https://github.com/confluentinc/librdkafka/blob/v2.16.0/CONFIGURATION.md
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pipesense.model.broker import ClientRole, CommitMoment, Loss
from pipesense.systems.brokers.table import BrokerTable, ClientClass, Form, Kind, Refused, Sends, SettingSpec

KAFKA_PYTHON: Final = "kafka-python"
CONFLUENT: Final = "confluent-kafka"
AIOKAFKA: Final = "aiokafka"

ALWAYS: Final[tuple[int, ...]] = ()
TRANSACTION: Final = "send_offsets_to_transaction"
"""A producer's word for "these messages are done"."""
_UNLIMITED: Final = float("inf")


def _always(value: object) -> tuple[tuple[tuple[int, ...], object], ...]:
    return ((ALWAYS, value),)


_KAFKA_PYTHON_PRODUCER: Final = (
    SettingSpec("acks", ("acks",), Kind.ACKS, ((ALWAYS, "1"), ((3,), "all"))),
    SettingSpec("idempotence", ("enable_idempotence",), Kind.FLAG, ((ALWAYS, False), ((3,), True)), since=(2, 1)),
    SettingSpec("retries", ("retries",), Kind.NUMBER, ((ALWAYS, 0), ((2, 1), _UNLIMITED))),
    SettingSpec("in_flight", ("max_in_flight_requests_per_connection",), Kind.NUMBER, _always(5)),
    SettingSpec("transactional_id", ("transactional_id",), Kind.TEXT, _always(None), since=(2, 1)),
)
_KAFKA_PYTHON_CONSUMER: Final = (
    SettingSpec("group", ("group_id",), Kind.TEXT, _always(None)),
    SettingSpec("auto_commit", ("enable_auto_commit",), Kind.FLAG, _always(True)),
    SettingSpec("offset_reset", ("auto_offset_reset",), Kind.TEXT, _always("latest")),
    SettingSpec("isolation", ("isolation_level",), Kind.TEXT, _always("read_uncommitted"), since=(2, 1)),
)
_AIOKAFKA_PRODUCER: Final = (
    SettingSpec("acks", ("acks",), Kind.ACKS, _always("1")),
    SettingSpec("idempotence", ("enable_idempotence",), Kind.FLAG, _always(False)),
    SettingSpec("transactional_id", ("transactional_id",), Kind.TEXT, _always(None)),
)
_AIOKAFKA_CONSUMER: Final = (
    SettingSpec("group", ("group_id",), Kind.TEXT, _always(None)),
    SettingSpec("auto_commit", ("enable_auto_commit",), Kind.FLAG, _always(True)),
    SettingSpec("offset_reset", ("auto_offset_reset",), Kind.TEXT, _always("latest")),
    SettingSpec("isolation", ("isolation_level",), Kind.TEXT, _always("read_uncommitted")),
)
_CONFLUENT_PRODUCER: Final = (
    SettingSpec("acks", ("acks", "request.required.acks"), Kind.ACKS, _always("all")),
    SettingSpec("idempotence", ("enable.idempotence",), Kind.FLAG, _always(False)),
    SettingSpec("retries", ("retries", "message.send.max.retries"), Kind.NUMBER, _always(2147483647)),
    SettingSpec(
        "in_flight", ("max.in.flight.requests.per.connection", "max.in.flight"), Kind.NUMBER, _always(1_000_000)
    ),
    SettingSpec("transactional_id", ("transactional.id",), Kind.TEXT, _always(None)),
)
_CONFLUENT_CONSUMER: Final = (
    SettingSpec("group", ("group.id",), Kind.TEXT),
    SettingSpec("auto_commit", ("enable.auto.commit",), Kind.FLAG, _always(True)),
    SettingSpec("offset_store", ("enable.auto.offset.store",), Kind.FLAG, _always(True)),
    SettingSpec("offset_reset", ("auto.offset.reset",), Kind.TEXT, _always("largest")),
    SettingSpec("isolation", ("isolation.level",), Kind.TEXT, _always("read_committed")),
)

_CONFLUENT_SENDS: Final = Sends(
    methods=frozenset({"produce"}),
    topic="topic",
    loss=Loss.AT_EXIT,
    settles=frozenset({"flush", "poll", "commit_transaction", "close", "__exit__"}),
    callbacks=frozenset({"on_delivery", "callback"}),
    callback_at=4,
    remedy="Call flush() before the program ends, and give produce() an on_delivery that looks at the error",
)

CLIENTS: Final = (
    ClientClass(
        names=("kafka.KafkaProducer", "kafka.producer.KafkaProducer", "kafka.producer.kafka.KafkaProducer"),
        library=KAFKA_PYTHON,
        package=KAFKA_PYTHON,
        role=ClientRole.PRODUCER,
        settings=_KAFKA_PYTHON_PRODUCER,
        done=frozenset({TRANSACTION}),
        closed=True,
        sends=(
            Sends(
                methods=frozenset({"send"}),
                topic="topic",
                loss=Loss.AT_EXIT,
                settles=frozenset({"flush", "close", "commit_transaction"}),
                remedy="Wait for the result with get(), or call flush() before the program ends and add_errback() to "
                "what send() returns",
                repair=".get(timeout=10)",
                repair_title="Wait for the broker's answer",
                by_itself=True,
            ),
        ),
        dead_letter='{producer}.send(f"{{{message}.topic}}.dlq", {message}.value).get(timeout=10)',
        close=frozenset({"close"}),
    ),
    ClientClass(
        names=("kafka.KafkaConsumer", "kafka.consumer.KafkaConsumer", "kafka.consumer.group.KafkaConsumer"),
        library=KAFKA_PYTHON,
        package=KAFKA_PYTHON,
        role=ClientRole.CONSUMER,
        settings=_KAFKA_PYTHON_CONSUMER,
        closed=True,
        topics_from=0,
        receives=frozenset({"poll"}),
        iterates=True,
        subscribes=frozenset({"subscribe"}),
        done=frozenset({"commit", "commit_async", TRANSACTION}),
        again=frozenset({"seek"}),
        finish="{consumer}.commit()",
        moment=CommitMoment.ON_NEXT_READ,
        decoders=("value_deserializer", "key_deserializer"),
        close=frozenset({"close"}),
    ),
    ClientClass(
        names=("aiokafka.AIOKafkaProducer", "aiokafka.producer.AIOKafkaProducer"),
        library=AIOKAFKA,
        package=AIOKAFKA,
        role=ClientRole.PRODUCER,
        settings=_AIOKAFKA_PRODUCER,
        done=frozenset({TRANSACTION}),
        closed=True,
        sends=(
            Sends(
                methods=frozenset({"send"}),
                topic="topic",
                loss=Loss.AT_EXIT,
                settles=frozenset({"flush", "stop", "commit_transaction", "transaction", "__aexit__"}),
                remedy="Await send_and_wait(), or keep what send() returns and await it too",
            ),
            Sends(methods=frozenset({"send_and_wait"}), topic="topic", loss=None),
        ),
        dead_letter='await {producer}.send_and_wait(f"{{{message}.topic}}.dlq", {message}.value)',
        close=frozenset({"stop"}),
    ),
    ClientClass(
        names=("aiokafka.AIOKafkaConsumer", "aiokafka.consumer.AIOKafkaConsumer"),
        library=AIOKAFKA,
        package=AIOKAFKA,
        role=ClientRole.CONSUMER,
        settings=_AIOKAFKA_CONSUMER,
        closed=True,
        topics_from=0,
        receives=frozenset({"getone", "getmany"}),
        iterates=True,
        subscribes=frozenset({"subscribe"}),
        done=frozenset({"commit", TRANSACTION}),
        again=frozenset({"seek"}),
        finish="await {consumer}.commit()",
        decoders=("value_deserializer", "key_deserializer"),
        close=frozenset({"stop"}),
    ),
    ClientClass(
        names=(
            "confluent_kafka.Producer",
            "confluent_kafka.cimpl.Producer",
            "confluent_kafka.SerializingProducer",
            "confluent_kafka.serializing_producer.SerializingProducer",
            "confluent_kafka.avro.AvroProducer",
        ),
        library=CONFLUENT,
        package=CONFLUENT,
        role=ClientRole.PRODUCER,
        settings=_CONFLUENT_PRODUCER,
        done=frozenset({TRANSACTION}),
        form=Form.DICTIONARY,
        closed=True,
        sends=(_CONFLUENT_SENDS,),
        dead_letter='{producer}.produce(f"{{{message}.topic()}}.dlq", {message}.value())',
    ),
    ClientClass(
        names=(
            "confluent_kafka.Consumer",
            "confluent_kafka.cimpl.Consumer",
            "confluent_kafka.DeserializingConsumer",
            "confluent_kafka.deserializing_consumer.DeserializingConsumer",
            "confluent_kafka.avro.AvroConsumer",
        ),
        library=CONFLUENT,
        package=CONFLUENT,
        role=ClientRole.CONSUMER,
        settings=_CONFLUENT_CONSUMER,
        form=Form.DICTIONARY,
        closed=True,
        receives=frozenset({"poll", "consume"}),
        subscribes=frozenset({"subscribe"}),
        done=frozenset({"commit", "store_offsets", TRANSACTION}),
        again=frozenset({"seek"}),
        finish="{consumer}.store_offsets(message={message})",
        close=frozenset({"close"}),
    ),
    ClientClass(
        names=("kafka.KafkaAdminClient", "kafka.admin.KafkaAdminClient", "kafka.admin.client.KafkaAdminClient"),
        library=KAFKA_PYTHON,
        package=KAFKA_PYTHON,
        role=ClientRole.ADMIN,
        closed=True,
    ),
    ClientClass(
        names=("confluent_kafka.admin.AdminClient",),
        library=CONFLUENT,
        package=CONFLUENT,
        role=ClientRole.ADMIN,
        form=Form.DICTIONARY,
        closed=True,
    ),
    ClientClass(
        names=("aiokafka.admin.AIOKafkaAdminClient", "aiokafka.admin.client.AIOKafkaAdminClient"),
        library=AIOKAFKA,
        package=AIOKAFKA,
        role=ClientRole.ADMIN,
        closed=True,
    ),
)


def conflicts(made: ClientClass, explicit: Mapping[str, object]) -> tuple[Refused, ...]:
    """Settings that the producer refuses together; each was tried against the client."""
    if made.role is not ClientRole.PRODUCER:
        return ()
    on = explicit.get("idempotence")
    transaction = explicit.get("transactional_id")
    because = "idempotence" if on is True else "transactional_id"
    if on is not True and not transaction:
        return ()
    found: list[Refused] = []
    if explicit.get("acks") in ("0", "1"):
        found.append(
            ("acks", because, "a repeated message is recognised only where all replicas confirm", (("acks", "all"),))
        )
    if made.library != AIOKAFKA and explicit.get("retries") == 0:
        found.append(("retries", because, "it exists for retries", (("retries", 5),)))
    in_flight = explicit.get("in_flight")
    if made.library != AIOKAFKA and isinstance(in_flight, int) and in_flight > 5:
        found.append(("in_flight", because, "brokers remember the last five batches only", (("in_flight", 5),)))
    if transaction and on is False and made.library != AIOKAFKA:
        found.append(
            ("idempotence", "transactional_id", "a transaction is built on idempotence", (("idempotence", True),))
        )
    return tuple(found)


TABLE: Final = BrokerTable(
    system="kafka",
    noun="topic",
    packages=(KAFKA_PYTHON, CONFLUENT, AIOKAFKA),
    clients=CLIENTS,
    conflicts=conflicts,
)
