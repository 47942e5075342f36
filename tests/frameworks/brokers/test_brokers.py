"""What the tables say of the clients holds for the installed ones, and what the fixes write they accept."""

from __future__ import annotations

import asyncio
import inspect
import logging
import subprocess
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import aiokafka
import boto3
import confluent_kafka
import kafka
import pytest
from _pulsar import Timeout
from azure.eventhub import EventData, PartitionContext
from botocore.stub import Stubber
from google.cloud import pubsub_v1

from pipesense.host.rulepacks import load_registry
from pipesense.host.testing import EngineChecker
from pipesense.model.broker import ClientRole
from pipesense.systems.brokers.settings import normal
from pipesense.systems.brokers.table import ClientClass, SettingSpec
from pipesense.systems.kafka.tables import AIOKAFKA, CLIENTS, CONFLUENT, KAFKA_PYTHON

pytestmark = pytest.mark.framework

NOWHERE = "127.0.0.1:1"
PINNED = {"requirements.txt": "kafka-python==3.0.12\n"}
SAMPLES = {
    "acks": "all",
    "idempotence": True,
    "retries": 3,
    "in_flight": 5,
    "transactional_id": "t",
    "group": "g",
    "auto_commit": False,
    "offset_store": False,
    "offset_reset": "earliest",
    "isolation": "read_committed",
}


@pytest.fixture(scope="module")
def checker() -> EngineChecker:
    return EngineChecker(load_registry())


def fixed(checker: EngineChecker, source: str, rule: str) -> str:
    """The source after the first fix of its first finding of a rule."""
    files = {"jobs/job.py": source, **PINNED}
    seen = next(each for each in checker.check(files).findings if each.rule == rule)
    after = checker.fix(files, seen, seen.fixes[0])
    assert not isinstance(after, str), after
    return after["jobs/job.py"]


def run(source: str) -> dict[str, Any]:
    """Run a program that makes clients, and give its names."""
    names: dict[str, Any] = {}
    exec(compile(source, "job.py", "exec"), names)  # our own examples
    return names


def table(library: str, role: ClientRole) -> ClientClass:
    return next(each for each in CLIENTS if each.library == library and each.role is role)


def settings(library: str) -> Iterator[tuple[ClientRole, SettingSpec]]:
    for role in (ClientRole.PRODUCER, ClientRole.CONSUMER):
        for spec in table(library, role).settings:
            yield role, spec


# --- the tables ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("role", "spec"), settings(KAFKA_PYTHON), ids=lambda each: getattr(each, "name", ""))
def test_defaults_of_kafka_python(role: ClientRole, spec: SettingSpec) -> None:
    made = kafka.KafkaProducer if role is ClientRole.PRODUCER else kafka.KafkaConsumer
    installed = made.DEFAULT_CONFIG[spec.written[0]]
    assert normal(spec.kind, installed) == normal(spec.kind, spec.defaults[-1][1])


@pytest.mark.parametrize(("role", "spec"), settings(AIOKAFKA), ids=lambda each: getattr(each, "name", ""))
def test_defaults_of_aiokafka(role: ClientRole, spec: SettingSpec) -> None:
    made = aiokafka.AIOKafkaProducer if role is ClientRole.PRODUCER else aiokafka.AIOKafkaConsumer
    installed = inspect.signature(made.__init__).parameters[spec.written[0]].default
    if spec.name == "acks":
        # The default is a mark for "nobody said anything", which the producer reads as 1.
        installed = asyncio.run(_acks_of_aiokafka())
    assert normal(spec.kind, installed) == normal(spec.kind, spec.defaults[-1][1])


async def _acks_of_aiokafka(**given: Any) -> object:
    producer = aiokafka.AIOKafkaProducer(bootstrap_servers=NOWHERE, **given)
    producer._closed = True
    return producer._sender._acks


@pytest.mark.parametrize(("role", "spec"), settings(CONFLUENT), ids=lambda each: getattr(each, "name", ""))
def test_every_spelling_is_known_to_confluent_kafka(role: ClientRole, spec: SettingSpec) -> None:
    made = confluent_kafka.Producer if role is ClientRole.PRODUCER else confluent_kafka.Consumer
    for written in spec.written:
        assert made({"bootstrap.servers": NOWHERE, "group.id": "g", written: SAMPLES[spec.name]}) is not None


def test_confluent_kafka_is_not_idempotent_by_default() -> None:
    """With idempotence on it would refuse one replica."""
    assert confluent_kafka.Producer({"bootstrap.servers": NOWHERE, "acks": 1}) is not None


@pytest.mark.parametrize("made", CLIENTS, ids=lambda made: made.names[0])
def test_the_clients_have_the_methods(made: ClientClass) -> None:
    module, _, name = made.names[0].rpartition(".")
    installed = getattr(sys.modules.get(module) or __import__(module, fromlist=[name]), name)
    methods = {*made.receives, *made.subscribes, *made.done, *made.again, *made.close}
    methods |= {method for sends in made.sends for method in (*sends.methods, *sends.settles)}
    missing = {method for method in methods if not hasattr(installed, method)}
    # A consumer's messages are also done by the transaction of a producer.
    assert missing <= {"send_offsets_to_transaction"}


# --- the fixes -------------------------------------------------------------------------------------

WEAK = {
    "kafka-python": f"""
import kafka

producer = kafka.KafkaProducer(bootstrap_servers="{NOWHERE}", api_version=(2, 5), acks=1)
""",
    "confluent-kafka": f"""
from confluent_kafka import Producer

producer = Producer({{"bootstrap.servers": "{NOWHERE}", "acks": 1}})
""",
}


@pytest.mark.parametrize("source", WEAK.values(), ids=WEAK)
def test_all_replicas_are_accepted(checker: EngineChecker, source: str) -> None:
    before, after = run(source)["producer"], run(fixed(checker, source, "streaming/weak-acks"))["producer"]
    if isinstance(before, kafka.KafkaProducer):
        assert before.config["acks"] == 1
        assert not before.config["enable_idempotence"]
        assert after.config["acks"] == -1
        assert after.config["enable_idempotence"]
        before.close(timeout=0)
        after.close(timeout=0)


UNREADABLE = {
    "kafka-python": f"""
import json
import kafka

consumer = kafka.KafkaConsumer("orders", bootstrap_servers="{NOWHERE}", api_version=(2, 5), enable_auto_commit=False)
turns = 0
while turns < 1:
    turns += 1
    for partition, messages in consumer.poll(timeout_ms=10).items():
        for message in messages:
            row = json.loads(message.value)
            print(row)
            consumer.commit()
""",
    "confluent-kafka": f"""
import json
from confluent_kafka import Consumer

consumer = Consumer({{"bootstrap.servers": "{NOWHERE}", "group.id": "load", "enable.auto.commit": False}})
consumer.subscribe(["orders"])
turns = 0
while turns < 1:
    turns += 1
    for message in consumer.consume(10, timeout=0.01):
        row = json.loads(message.value())
        print(row)
        consumer.commit(message=message)
""",
}


@pytest.mark.parametrize("source", UNREADABLE.values(), ids=UNREADABLE)
def test_the_producer_of_dead_letters_is_accepted(checker: EngineChecker, source: str) -> None:
    made = run(fixed(checker, source, "streaming/no-dead-letter"))
    assert type(made["dead_letters"]).__name__.endswith("Producer")
    made["consumer"].close()


def test_all_replicas_are_accepted_by_aiokafka(checker: EngineChecker) -> None:
    source = "import aiokafka\n\n\nasync def make():\n    return aiokafka.AIOKafkaProducer()\n"
    after = fixed(checker, source, "streaming/weak-acks")

    async def acks(text: str) -> object:
        producer = await run(text)["make"]()
        producer._closed = True
        return producer._sender._acks

    assert asyncio.run(acks(source)) == 1
    assert asyncio.run(acks(after)) == -1


REFUSED = {
    "kafka-python": ("acks=1", f'kafka.KafkaProducer(bootstrap_servers="{NOWHERE}", api_version=(2, 5), {{}})'),
    "kafka-python retries": (
        "retries=0",
        f'kafka.KafkaProducer(bootstrap_servers="{NOWHERE}", api_version=(2, 5), {{}})',
    ),
    "confluent": ('"acks": "1"', f'confluent_kafka.Producer({{{{"bootstrap.servers": "{NOWHERE}", {{}}}}}})'),
    "confluent in flight": (
        '"max.in.flight": 9',
        f'confluent_kafka.Producer({{{{"bootstrap.servers": "{NOWHERE}", {{}}}}}})',
    ),
    "confluent transaction": (
        '"transactional.id": "t", "retries": 0',
        f'confluent_kafka.Producer({{{{"bootstrap.servers": "{NOWHERE}", {{}}}}}})',
    ),
}


@pytest.mark.parametrize(("setting", "call"), REFUSED.values(), ids=REFUSED)
def test_what_is_called_refused_is_refused(checker: EngineChecker, setting: str, call: str) -> None:
    idempotent = '"enable.idempotence": True' if "confluent" in call else "enable_idempotence=True"
    source = f"import confluent_kafka\nimport kafka\n\nproducer = {call.format(f'{idempotent}, {setting}')}\n"
    with pytest.raises((kafka.errors.KafkaConfigurationError, confluent_kafka.KafkaException)):
        run(source)
    producer = run(fixed(checker, source, "streaming/idempotence-conflict"))["producer"]
    if isinstance(producer, kafka.KafkaProducer):
        producer.close(timeout=0)


def test_aiokafka_refuses_one_replica_in_a_transaction(checker: EngineChecker) -> None:
    source = (
        "import aiokafka\n\n\nasync def make():\n    return aiokafka.AIOKafkaProducer(acks=1, transactional_id='t')\n"
    )

    async def make(text: str) -> None:
        producer = await run(text)["make"]()
        producer._closed = True

    with pytest.raises(ValueError, match="acks=1 not supported"):
        asyncio.run(make(source))
    asyncio.run(make(fixed(checker, source, "streaming/idempotence-conflict")))


def test_a_key_of_another_client_is_refused(checker: EngineChecker) -> None:
    source = f"""
from confluent_kafka import Producer

producer = Producer({{"bootstrap.servers": "{NOWHERE}", "linger_ms": 5}})
"""
    with pytest.raises(confluent_kafka.KafkaException, match="No such configuration property"):
        run(source)
    run(fixed(checker, source, "streaming/wrong-key-style"))


def test_messages_that_are_not_flushed_are_lost() -> None:
    """librdkafka says so itself when the program ends."""
    produce = (
        f'import confluent_kafka as c\np = c.Producer({{"bootstrap.servers": "{NOWHERE}"}})\np.produce("t", b"1")\n'
    )
    ended = subprocess.run([sys.executable, "-c", produce], capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0
    assert "still in queue or transit" in ended.stderr
    flushed = produce + "assert p.flush(1) == 1\n"
    assert subprocess.run([sys.executable, "-c", flushed], capture_output=True, timeout=60).returncode == 0


def test_commits_behind_the_work_are_accepted(checker: EngineChecker) -> None:
    source = f"""
import psycopg2
from confluent_kafka import Consumer


def main():
    consumer = Consumer({{"bootstrap.servers": "{NOWHERE}", "group.id": "load"}})
    cursor = psycopg2.connect("dbname=shop").cursor()
    while True:
        message = consumer.poll(1.0)
        cursor.execute("INSERT INTO orders VALUES (%s)", (message.value(),))
"""
    after = fixed(checker, source, "streaming/commit-before-work")
    assert "store_offsets(message=message)" in after
    dictionary = after[after.index("Consumer({") + 9 : after.index("})") + 1]
    consumer = confluent_kafka.Consumer(eval(dictionary))  # the settings that the fix wrote
    with pytest.raises(TypeError, match="expected"):
        consumer.store_offsets(message=5)


def test_publish_returns_a_future() -> None:
    returned = inspect.signature(pubsub_v1.PublisherClient.publish).return_annotation
    assert "Future" in str(returned)
    assert {"publish", "stop"} <= set(dir(pubsub_v1.PublisherClient))
    assert {"ack", "nack"} <= set(dir(pubsub_v1.subscriber.message.Message))
    parameters = list(inspect.signature(pubsub_v1.SubscriberClient.subscribe).parameters)
    assert parameters[1:3] == ["subscription", "callback"]


ORDERED = """
from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import pubsub_v1


def publish():
    publisher = pubsub_v1.PublisherClient(
        credentials=AnonymousCredentials(), client_options=ClientOptions(api_endpoint="127.0.0.1:1")
    )
    return publisher.publish("projects/shop/topics/orders", b"1", ordering_key="customer-1")
"""


def test_an_ordering_key_is_taken_where_the_publisher_is_made_for_it(checker: EngineChecker) -> None:
    with pytest.raises(ValueError, match="ordering"):
        run(ORDERED)["publish"]()
    after = fixed(checker, ORDERED, "streaming/ordering-not-enabled")
    assert "PublisherOptions(enable_message_ordering=True)" in after
    assert not run(after)["publish"]().done()


def test_options_of_publishers_stand_where_the_table_says() -> None:
    names = list(inspect.signature(pubsub_v1.PublisherClient.__init__).parameters)
    assert names[1:3] == ["batch_settings", "publisher_options"]


def test_a_dead_letter_policy_is_accepted_by_pulsar(checker: EngineChecker) -> None:
    source = f"""
import pulsar


def main():
    client = pulsar.Client("pulsar://{NOWHERE}", operation_timeout_seconds=1, logger=None)
    consumer = client.subscribe("orders", "load")
    while True:
        message = consumer.receive()
        try:
            handle(message)
        except Exception:
            consumer.negative_acknowledge(message)
"""
    after = fixed(checker, source, "streaming/redelivery-without-limit")
    assert "max_redeliver_count=5" in after
    with pytest.raises(Timeout):
        run(after)["main"]()
    with pytest.raises(AttributeError, match="policy"):
        run(after.replace("pulsar.ConsumerDeadLetterPolicy(max_redeliver_count=5)", "5"))["main"]()


def test_checkpoints_without_a_store_are_kept_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    context = PartitionContext("shop", "orders", "load", "0", None)
    with caplog.at_level(logging.WARNING):
        context.update_checkpoint(EventData("1"))
    assert "No checkpoint is updated" in caplog.text


@pytest.mark.parametrize("package", ["azure.eventhub", "azure.eventhub.aio"])
def test_a_checkpoint_store_is_accepted_by_event_hubs(
    checker: EngineChecker, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = f"""
from {package} import EventHubConsumerClient

HUB = "Endpoint=sb://nowhere.invalid/;SharedAccessKeyName=n;SharedAccessKey=a2V5;EntityPath=orders"
client = EventHubConsumerClient.from_connection_string(HUB, "load")


def on_event(context, event):
    context.update_checkpoint(event)


def main():
    client.receive(on_event=on_event)
"""
    after = fixed(checker, source, "streaming/checkpoint-store-missing")
    assert after.count("BlobCheckpointStore") == 2
    account = "DefaultEndpointsProtocol=https;AccountName=n;AccountKey=a2V5;EndpointSuffix=core.windows.net"
    monkeypatch.setenv("CHECKPOINT_STORE", account)
    assert ("checkpointstoreblobaio" in after) is package.endswith("aio")
    client = run(after)["client"]
    assert type(client._checkpoint_store).__name__ == "BlobCheckpointStore"
    assert run(source)["client"]._checkpoint_store is None


def test_records_that_kinesis_refused_fail_the_program(checker: EngineChecker, monkeypatch: pytest.MonkeyPatch) -> None:
    source = """
import boto3


def publish(records):
    kinesis = boto3.client("kinesis")
    kinesis.put_records(StreamName="orders", Records=records)
"""
    after = fixed(checker, source, "streaming/unchecked-delivery")
    records = [{"Data": b"1", "PartitionKey": "1"}]
    client = boto3.client("kinesis", region_name="eu-central-1", aws_access_key_id="x", aws_secret_access_key="x")
    answer = {"FailedRecordCount": 1, "Records": [{"ErrorCode": "ProvisionedThroughputExceededException"}]}

    def publish(text: str) -> None:
        names = run(text)
        names["boto3"] = SimpleNamespace(client=lambda *_: client)
        with Stubber(client) as stub:
            stub.add_response("put_records", answer)
            names["publish"](records)

    publish(source)
    with pytest.raises(RuntimeError, match="refused"):
        publish(after)
