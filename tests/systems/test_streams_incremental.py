"""Files with clients, loops, jobs and positions: after any edit they give what a first look gives, in linear work."""

from __future__ import annotations

import random
import sys
from types import FrameType

import pytest

from pipesense.lang.python.module import LinkMemo
from pipesense.model.value import Version
from pipesense.systems.kafka import SYSTEM as KAFKA
from support.changing import Project
from support.memory import everything, settle, workspace
from systems.lifting import Workspace

SOURCES = {
    "a class": """\
import json
import logging

import psycopg2
from confluent_kafka import Consumer, Producer

log = logging.getLogger(__name__)
base = {"bootstrap.servers": "b", "acks": "1"}
base["enable.idempotence"] = False


class Loader:
    def __init__(self):
        self.consumer = self.make()
        self.producer = Producer(base)
        self.cursor = psycopg2.connect("").cursor()

    def make(self):
        return Consumer({"group.id": "load", "bootstrap.servers": "b"})

    def run(self):
        self.consumer.subscribe(["orders"])
        while True:
            message = self.consumer.poll(1.0)
            if message is None:
                continue
            try:
                self.handle(json.loads(message.value()))
            except Exception:
                log.exception("no")

    def handle(self, row):
        self.cursor.execute("INSERT INTO orders VALUES (%s)", row)
        self.producer.produce("seen", b"1")


if __name__ == "__main__":
    Loader().run()
""",
    "callbacks": """\
from google.cloud import pubsub_v1
from kafka import KafkaProducer

publisher = pubsub_v1.PublisherClient()
subscriber = pubsub_v1.SubscriberClient()
producer = KafkaProducer(acks=0)


def save(data):
    producer.send("orders", data)


def callback(message):
    message.ack()
    save(message.data)
    publisher.publish("projects/p/topics/t", message.data)


subscriber.subscribe("projects/p/subscriptions/s", callback=callback).result()
producer.flush()
""",
    "SQL of a job": """\
from pyflink.table import EnvironmentSettings, TableEnvironment

tables = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
tables.execute_sql("CREATE TABLE clicks (user_id BIGINT, kind STRING) WITH ('connector' = 'datagen')")
tables.execute_sql("CREATE TABLE totals (user_id BIGINT, n BIGINT) WITH ('connector' = 'print')")
tables.execute_sql('''
    INSERT INTO totals
    SELECT user_id, COUNT(*)
    FROM clicks
    GROUP BY user_id
''')
tables.execute_sql("INSERT INTO nowhere SELECT user_id FROM clicks")
""",
    "a job": """\
from pyflink.datastream import StreamExecutionEnvironment
from pyflink.datastream.connectors.kafka import KafkaSource

import psycopg2

env = StreamExecutionEnvironment.get_execution_environment()
source = KafkaSource.builder().set_topics("clicks").build()


def project(events):
    conn = psycopg2.connect("")
    cur = conn.cursor()
    for event in events:
        cur.execute("INSERT INTO totals VALUES (%s)", event)
        conn.commit()
        cur.execute("UPDATE projection_position SET p = %s", event)
        conn.commit()


env.from_source(source, None, "clicks").print()
env.execute()
""",
}


def edited(text: str, chance: random.Random) -> str:
    """The text with one change of the kind that people make."""
    lines = text.splitlines(keepends=True)
    at = chance.randrange(len(lines))
    match chance.randrange(5):
        case 0:
            del lines[at]
        case 1:
            lines.insert(at, lines[chance.randrange(len(lines))])
        case 2:
            lines[at] = lines[at].replace("consumer", "reader").replace("producer", "writer")
        case 3:
            lines[at] = "    " + lines[at] if chance.random() < 0.5 else lines[at].removeprefix("    ")
        case _:
            word = chance.randrange(len(lines[at]))
            lines[at] = lines[at][:word] + lines[at][word + 1 :]
    return "".join(lines)


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
@pytest.mark.parametrize("seed", range(3))
def test_edits_leave_nothing_behind(source: str, seed: int) -> None:
    chance = random.Random(seed)
    name = "jobs/job.py"
    texts = [source]
    for _ in range(14):
        # Most edits are taken back, as otherwise little of the file is left to be wrong about.
        texts.append(edited(texts[0 if chance.random() < 0.4 else -1], chance))
    project = Project({name: texts}, {name: source})
    project.do("open", name, 0, name)
    for number in range(len(texts)):
        project.do("edit", name, number, name)
        settle(project.made)
        fresh = workspace({name: texts[number]})
        settle(fresh)
        assert everything(project.made) == everything(fresh)


def calls_to_lift(topics: int) -> int:
    """How many calls of Python functions it takes to lift a file with so many topics."""
    lines = [
        "from confluent_kafka import Consumer",
        "",
        'BASE = {"bootstrap.servers": "b", "enable.auto.commit": False}',
    ]
    lines += ["TOPICS = {", *(f'    "orders_{n}": {{"partitions": {n}}},' for n in range(topics)), "}"]
    for n in range(topics):
        lines.append(f'consumer_{n} = Consumer({{**BASE, **TOPICS["orders_{n}"], "group.id": "g{n}"}})')
        lines.append(f'consumer_{n}.subscribe(["orders_{n}"])')
    module = Workspace({"dags/config.py": "\n".join(lines) + "\n"}, LinkMemo()).module("dags/config.py")
    count = 0

    def counting(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(counting)
    try:
        found = KAFKA.lift(module, Version(), lambda *_: None)
    finally:
        sys.setprofile(None)
    assert len(found.facts) == topics
    return count


def test_five_hundred_topics_take_linear_work() -> None:
    assert calls_to_lift(500) < 2.3 * calls_to_lift(250)
