"""Hovers over producers, consumers and what streams write; the place is marked by ``|``."""

from __future__ import annotations

import pytest

from support.memory import ROOT, settle, workspace

STREAM = (
    "CREATE TABLE orders (id BIGINT, day DATE) WITH (\n"
    "    'connector' = 'kafka', 'topic' = 'orders', 'properties.bootstrap.servers' = 'b',\n"
    "    'scan.startup.mode' = '{}', 'format' = 'json'\n);\n"
    "CREATE TABLE daily_orders (day DATE, n BIGINT) WITH ('connector' = 'upsert-kafka', 'topic' = 'daily');\n"
    "INSERT INTO daily_or|ders SELECT day, COUNT(*) FROM orders GROUP BY day;\n"
)
BATCH = "INSERT INTO daily_orders SELECT day, COUNT(*) FROM raw_orders GROUP BY day;\n"
EARLIEST, LATEST = STREAM.format("earliest-offset"), STREAM.format("latest-offset")


def hovered(files: dict[str, str]) -> str:
    """What the hover says at the mark."""
    path, marked = next((path, text) for path, text in files.items() if "|" in text)
    made = workspace({**files, path: marked.replace("|", "", 1)})
    settle(made)
    found = made.hover(f"{ROOT}/{path}", marked.index("|"))
    return found.markdown if found is not None else ""


@pytest.mark.parametrize(
    ("files", "said", "unsaid"),
    [
        ({"jobs/stream.sql": EARLIEST, "jobs/nightly.sql": BATCH}, "Lambda architecture", "Kappa"),
        ({"jobs/stream.sql": EARLIEST}, "Kappa architecture", "Lambda"),
        ({"jobs/stream.sql": LATEST}, "daily_orders", "architecture"),
        ({"lambda/batch.sql": BATCH.replace("_orders SELECT", "_or|ders SELECT")}, "daily_orders", "architecture"),
    ],
    ids=["stream and batch", "a topic alone", "from the end", "a folder's name"],
)
def test_architectures(files: dict[str, str], said: str, unsaid: str) -> None:
    found = hovered(files)
    assert said in found
    assert unsaid not in found


SPARK_STREAM = (
    "from pyspark.sql import SparkSession\n\nspark = SparkSession.builder.getOrCreate()\n"
    "orders = spark.readStream.format('kafka').option('subscribe', 'orders').option('startingOffsets', '{}').load()\n"
    "query = orders.writeStream.option('checkpointLocation', 's3://c/orders').toTable('mart.daily_or|ders')\n"
)
SPARK_BATCH = (
    "from pyspark.sql import SparkSession\n\nspark = SparkSession.builder.getOrCreate()\n"
    "spark.read.parquet('s3://raw/orders').write.mode('overwrite').saveAsTable('mart.daily_orders')\n"
)


@pytest.mark.parametrize(
    ("files", "said", "unsaid"),
    [
        ({"jobs/a.py": SPARK_STREAM.format("earliest"), "jobs/b.py": SPARK_BATCH}, "Lambda architecture", "alone"),
        ({"jobs/a.py": SPARK_STREAM.format("earliest")}, "Kappa architecture", "Lambda"),
        ({"jobs/a.py": SPARK_STREAM.format("latest")}, "", "architecture"),
        ({"lambda/speed.py": SPARK_BATCH.replace("daily_orders", "daily_or|ders")}, "", "architecture"),
    ],
    ids=["stream and batch", "a topic alone", "from the end", "a folder's name"],
)
def test_architectures_of_code(files: dict[str, str], said: str, unsaid: str) -> None:
    found = hovered(files)
    assert said in found
    assert unsaid not in found


CLIENTS = [
    ("import kafka\np = kafka.Kafka|Producer(acks=1)\n", "may lose and may repeat** (`acks` is `1`"),
    ("import kafka\np = kafka.Kafka|Producer(acks=0)\n", "at most once** (`acks` is `0`"),
    ("from confluent_kafka import Producer\np = Prod|ucer({})\n", "at least once** (`acks` is not set, the default of"),
    (
        "from confluent_kafka import Producer\np = Prod|ucer({'transactional.id': 'a'})\n",
        "exactly once, inside one transaction** (`transactional.id` is `a`",
    ),
    ("import aiokafka\np = aiokafka.AIOKafka|Producer(enable_idempotence=True, acks='all')\n", "without repeats"),
    ("import kafka\nc = kafka.Kafka|Consumer('orders')\n", "no guarantee across restarts** (`group_id` is not set"),
    (
        "import kafka\nc = kafka.Kafka|Consumer('t', group_id='g', enable_auto_commit=False)\n"
        "for m in c:\n    save(m)\n    c.commit()\n",
        "at least once**: `c.commit()` comes after the work",
    ),
    (
        "import kafka\nc = kafka.Kafka|Consumer('t', group_id='g', enable_auto_commit=False)\n"
        "for m in c:\n    c.commit()\n    save(m)\n",
        "at most once**: `c.commit()` comes before the work",
    ),
    ("from confluent_kafka import Consumer\nc = Con|sumer({'group.id': 'g'})\n", "at most once after a crash"),
    (
        "from google.cloud import pubsub_v1\ns = pubsub_v1.Subscriber|Client()\n\n\ndef c(m):\n    m.ack()\n    save(m)\n\n\n"
        "s.subscribe('projects/p/subscriptions/s', callback=c)\n",
        "at most once**: `m.ack()` comes before the work",
    ),
    (
        "import pulsar\np = pulsar.Client('u').create_prod|ucer('t')\np.send(b'1')\n",
        "at least once**, if what fails is sent again: the result of",
    ),
    (
        "import boto3\nk = boto3.cli|ent('kinesis')\nk.put_record(StreamName='s')\n",
        "at least once**, if what fails is sent again: the result of",
    ),
    (
        "from azure.eventhub import EventHubConsumerClient as C\nc = C.from_connection_str|ing('x', 'g')\n\n\n"
        "def on(context, event):\n    save(event)\n    context.update_checkpoint(event)\n\n\nc.receive(on_event=on)\n",
        "at least once**: `context.update_checkpoint()` comes after the work",
    ),
    ("import faust\napp = faust.A|pp('a')\n", "at least once, but not for failures"),
    (
        "from streamparse import Bolt\n\n\nclass Save(Bolt):\n    def pro|cess(self, tup):\n        save(tup.values)\n",
        "at least once**: streamparse says that a message is done when this returns",
    ),
    (
        "from streamparse import Bolt\n\n\nclass Save(Bolt):\n    auto_ack = False\n\n    def pro|cess(self, tup):\n"
        "        self.ack(tup)\n        save(tup.values)\n",
        "at most once**: `self.ack()` comes before the work",
    ),
    (
        "from mrjob.job import MRJob\n\n\nclass Count(MR|Job):\n    def mapper(self, _, line):\n        yield line, 1\n",
        "This class is a MapReduce job",
    ),
    ("from quixstreams import Application\na = Appli|cation(processing_guarantee='exactly-once')\n", "exactly once"),
]


@pytest.mark.parametrize(("source", "said"), CLIENTS, ids=[said[:24] for _, said in CLIENTS])
def test_guarantees(source: str, said: str) -> None:
    assert said in hovered({"jobs/job.py": source})


CLICKS = (
    "CREATE TABLE clicks (user_id BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH (\n"
    "    'connector' = 'kafka', 'topic' = 'clicks', 'properties.bootstrap.servers' = 'b', 'format' = 'json'\n);\n"
    "CREATE TABLE pays (user_id BIGINT, paid TIMESTAMP(3)) WITH (\n"
    "    'connector' = 'kafka', 'topic' = 'pays', 'properties.bootstrap.servers' = 'b', 'format' = 'json'\n);\n"
    "CREATE TABLE totals (user_id BIGINT, n BIGINT) WITH ('connector' = 'print');\n"
)
GROUP = "INSERT INTO totals SELECT user_id, COUNT(*) FROM clicks GROUP| BY user_id;\n"
JOIN = "INSERT INTO totals SELECT c.user_id, 1 FROM clicks AS c JO|IN pays AS p ON c.user_id = p.user_id{};\n"
WINDOW = (
    "INSERT INTO totals SELECT user_id, COUNT(*) FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '1' HOUR))\n"
    "GROUP| BY user_id, window_start, window_end;\n"
)
SPARK = (
    "from pyspark.sql import SparkSession\nfrom pyspark.sql import functions as F\n\n"
    "spark = SparkSession.builder.getOrCreate()\nclicks = spark.readStream.format('rate').load()\n{}"
    ".writeStream.outputMode('update').option('checkpointLocation', '/c').format('delta').start('/t')\n"
)
MARKED = "clicks.withWatermark('timestamp', '1 hour')"
STATES = {
    "groups": (CLICKS + GROUP, "**no bound**. It keeps one result for every key"),
    "groups with a time to live": ("SET 'table.exec.state.ttl' = '1 d';\n" + CLICKS + GROUP, "= `1 d`"),
    "windows": (CLICKS + WINDOW, "**bounded by time**. A result per key and open window"),
    "a join": (CLICKS + JOIN.format(""), "**no bound**. It keeps every row of both sides"),
    "a join over a time": (
        CLICKS + JOIN.format(" AND p.paid BETWEEN c.ts AND c.ts + INTERVAL '1' HOUR"),
        "for as long as a partner may still come",
    ),
    "in Python": (
        "from pyflink.table import EnvironmentSettings, TableEnvironment\n\n"
        "tables = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())\n"
        f'tables.execute_sql("""{CLICKS.partition(";")[0]}""")\n'
        "tables.execute_sql(\"CREATE TABLE totals (user_id BIGINT, n BIGINT) WITH ('connector' = 'print')\")\n"
        f'tables.execute_sql("""{GROUP.strip().rstrip(";")}""")\n',
        "**no bound**",
    ),
    "in the Table API": (
        "from pyflink.table import EnvironmentSettings, TableEnvironment\n"
        "from pyflink.table.expressions import col\n\n"
        "tables = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())\n"
        f'tables.execute_sql("""{CLICKS.partition(";")[0]}""")\n'
        'tables.from_path("clicks").group_|by(col("user_id")).select(col("user_id")).execute().print()\n',
        "**no bound**: one result for every key of clicks",
    ),
    "Spark's groups": (SPARK.format("clicks.groupBy('value').co|unt()"), "**no bound**. One result per group"),
    "Spark's windows": (
        SPARK.format(f"{MARKED}.groupBy(F.window('timestamp', '1 hour')).co|unt()"),
        "**bounded by time**, for groups by a window",
    ),
    "Spark's duplicates": (SPARK.format("clicks.dropDup|licates(['value'])"), "**no bound**. Every key is kept"),
}


@pytest.mark.parametrize(("text", "said"), STATES.values(), ids=STATES)
def test_state_bounds(text: str, said: str) -> None:
    path = "jobs/job.py" if "import" in text else "jobs/job.sql"
    assert said in hovered({path: text})


def test_what_ends_has_no_state_to_tell_of() -> None:
    files = CLICKS.replace("'kafka', 'topic' = 'clicks'", "'filesystem', 'path' = '/c', 'topic' = 'clicks'")
    assert "no bound" not in hovered({"jobs/job.sql": files + GROUP})


PATTERNS = {
    "Exactly once": "from confluent_kafka import Producer\np = Prod|ucer({'transactional.id': 'a'})\n",
    "Backpressure": (
        "from pyspark.sql import SparkSession\n\nspark = SparkSession.builder.getOrCreate()\n"
        "spark.readStream.format('kafka').op|tion('maxOffsetsPerTrigger', 1000).load()\n"
    ),
    "Commands and queries apart": (
        "from eventsourcing.projection import Projection\n\n\nclass Totals(Proj|ection):\n    name = 'totals'\n"
    ),
    "Event sourcing": "from eventsourcing.domain import Aggregate\n\n\nclass Account(Aggre|gate):\n    pass\n",
    "Snapshot": (
        "from eventsourcing.application import Application\n\n\nclass Bank(Application):\n"
        "    snapshotting_inter|vals = {Account: 50}\n"
    ),
    "Projection": "def f(conn):\n    conn.exe|cute('UPDATE projection_position SET position = 7')\n",
    "Replay": "from mrjob.job import MRJob\n\n\nclass Count(MR|Job):\n    pass\n",
    "Saga": (
        "def place(order, inventory, payments):\n    inventory.res|erve(order)\n    try:\n"
        "        payments.charge(order)\n    except Exception:\n        inventory.release(order)\n        raise\n"
    ),
    "Micro-batch": SPARK.format("clicks").replace(".outputMode('update')", ".tri|gger(processingTime='1 minute')"),
    "Columnar files": (
        "from pyspark.sql import SparkSession\n\nspark = SparkSession.builder.getOrCreate()\n"
        "spark.read.par|quet('s3://lake/orders').show()\n"
    ),
    "Dead letter": (
        "import kafka\n\nconsumer = kafka.KafkaConsumer('orders', group_id='load')\nasides = kafka.KafkaProducer()\n"
        "for message in consumer:\n    try:\n        save(message)\n    except ValueError:\n"
        "        asides.se|nd('orders.dlq', message.value).get()\n"
    ),
    "Watermark": SPARK.format("clicks.withWater|mark('timestamp', '1 hour').dropDuplicates(['value'])"),
}


@pytest.mark.parametrize(("title", "text"), PATTERNS.items(), ids=PATTERNS)
def test_patterns_are_told_where_they_stand(title: str, text: str) -> None:
    assert f"**{title}**" in hovered({"jobs/job.py": text})


KAFKA_TABLE = (
    "CREATE TABLE paid (id BIGINT, at TIMESTAMP(3)) WITH (\n"
    "    {}'connector' = '{}', 'topic' = 'paid', 'properties.bootstrap.servers' = 'b', 'format' = 'json'{}\n);\n"
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (KAFKA_TABLE.format("|", "kafka", ""), "**at least once** (`sink.delivery-guarantee` is not set"),
        (KAFKA_TABLE.format("|", "kafka", ", 'sink.delivery-guarantee' = 'none'"), ""),
        (KAFKA_TABLE.format("", "kafka", ", 'sink.delivery-guar|antee' = 'none'"), "**no guarantee**"),
        (
            KAFKA_TABLE.format("", "upsert-kafka", ", 'sink.delivery-guarantee' = 'exactly-o|nce'"),
            "Where rows are written to this table: **exactly once**",
        ),
        (KAFKA_TABLE.format("", "kafka", ", 'sink.delivery-guar|antee' = '{{ var.value.level }}'"), ""),
        (KAFKA_TABLE.format("|", "kafka", ", 'sink.semantic' = 'none'"), ""),
        (KAFKA_TABLE.format("|", "filesystem", ""), ""),
    ],
)
def test_what_writing_to_a_table_of_flink_guarantees(text: str, said: str) -> None:
    found = hovered({"jobs/paid.sql": text})
    assert said in found if said else "Where rows are written" not in found
