"""Stream processors, MapReduce and Avro: what the rules warn of fails in the packages, and what they write works."""

from __future__ import annotations

import inspect
import io
import json
import subprocess
import sys
from pathlib import Path

import avro.schema
import fastavro
import faust
import pytest
from avro.errors import AvroException
from quixstreams import Application
from streamparse import Bolt

from frameworks.proving import Script
from pipesense.host.rulepacks import load_registry
from pipesense.host.testing import EngineChecker
from pipesense.systems.brokers.table import ClientClass
from pipesense.systems.faust import tables as faust_tables
from pipesense.systems.quix import tables as quix_tables

pytestmark = pytest.mark.framework

COUNT = """from mrjob.job import MRJob


class Count(MRJob):
    def mapper(self, _, line):
        for word in line.split():
            yield word, 1

    def reducer(self, word, counts):
        yield word, sum(counts)
"""


def test_a_job_of_mapreduce_that_nobody_runs_succeeds_with_nothing(tmp_path: Path) -> None:
    ran = Script(COUNT).fixed("correctness/job-never-run")
    outputs = []
    for text in (COUNT, ran):
        path = tmp_path / "count.py"
        path.write_text(text, "utf-8")
        done = subprocess.run(
            [sys.executable, str(path), "-q"], input="a b a\n", capture_output=True, text=True, timeout=120, check=True
        )
        outputs.append(sorted(done.stdout.split("\n")))
    assert outputs == [[""], ["", '"a"\t2', '"b"\t1']]


def told_by(bolt: type[Bolt]) -> list[str]:
    """What a bolt says to Storm about one tuple whose handling fails."""
    handshake = {"conf": {}, "pidDir": "/tmp", "context": {"taskid": 1, "task->component": {"1": "b"}}}
    one = {"id": "7", "comp": "s", "stream": "default", "task": 4, "tuple": [1]}
    sent = "".join(json.dumps(each) + "\nend\n" for each in (handshake, one))
    output = io.BytesIO()
    made = bolt(input_stream=io.BytesIO(sent.encode()), output_stream=output)
    with pytest.raises(SystemExit):
        made.run()
    lines = output.getvalue().decode().split("\nend\n")
    return [each["command"] for line in lines if line.strip() and "command" in (each := json.loads(line))]


def test_a_bolt_that_acknowledges_first_loses_what_fails() -> None:
    class First(Bolt):
        auto_ack = False
        auto_fail = False

        def process(self, tup: object) -> None:
            self.ack(tup)
            raise ConnectionError("gone")

    class ByItself(Bolt):
        def process(self, tup: object) -> None:
            raise ConnectionError("gone")

    assert [word for word in told_by(First) if word in ("ack", "fail")] == ["ack"]
    assert [word for word in told_by(ByItself) if word in ("ack", "fail")] == ["fail"]


def test_quix_has_the_settings_and_defaults_of_the_table() -> None:
    given = inspect.signature(Application.__init__).parameters
    for setting in quix_tables.CLIENTS[0].settings:
        (name,) = setting.written
        assert name in given
        for _, default in setting.defaults:
            assert given[name].default == default


@pytest.mark.parametrize(
    "made", [each for each in quix_tables.CLIENTS if "get_" in each.names[0]], ids=lambda made: made.role.name
)
def test_what_a_quix_application_hands_out_has_the_methods(made: ClientClass) -> None:
    application = Application(broker_address="127.0.0.1:1", consumer_group="enrich")
    client = getattr(application, made.names[0].rpartition(".")[2])()
    methods = {*made.receives, *made.subscribes, *made.done, *made.again, *made.close}
    methods |= {method for sends in made.sends for method in (*sends.methods, *sends.settles)}
    # Transactions belong to the producer of one that processes exactly once.
    assert {method for method in methods if not hasattr(client, method)} <= {"commit_transaction"}


def test_a_quix_consumer_stores_no_positions_by_itself() -> None:
    consumer = Application(broker_address="127.0.0.1:1", consumer_group="enrich").get_consumer()
    assert consumer._consumer_config["enable.auto.offset.store"] is False


def test_quix_runs_by_the_call_that_the_fix_writes() -> None:
    text = (
        "from quixstreams import Application\n\n"
        'app = Application(broker_address="127.0.0.1:1", consumer_group="enrich")\n'
        'orders = app.topic("orders")\n'
        "app.dataframe(orders).update(print)\n"
    )
    assert Script(text).fixed("correctness/job-never-run").endswith("\napp.run()\n")
    required = [each for each in inspect.signature(Application.run).parameters.values() if each.default is each.empty]
    assert [each.name for each in required] == ["self"]


def test_faust_takes_the_settings_of_the_table() -> None:
    app = faust.App("load", broker="kafka://127.0.0.1:1", stream_ack_exceptions=False)
    assert app.conf.stream_ack_exceptions is False
    bare = faust.App("bare", broker="kafka://127.0.0.1:1")
    for client in faust_tables.CLIENTS:
        for setting in client.settings:
            for _, default in setting.defaults:
                name = setting.written[0]
                given = faust.App("given", broker="kafka://127.0.0.1:1", **{name: default})
                assert getattr(given.conf, name) == getattr(bare.conf, name), name


# --- Avro ----------------------------------------------------------------------------------------

FIELD = '{{"type": "record", "name": "R", "fields": [{}]}}'
REFUSED = [
    ('{"name": "a", "type": "int"}, {"name": "a", "type": "int"}', "schema/avro-refused"),
    ('{"name": "a", "type": {"type": "enum", "name": "E-F", "symbols": ["X"]}}', "schema/avro-refused"),
    ('{"name": "a", "type": ["null", "string", "null"]}', "schema/avro-refused"),
    ('{"name": "a", "type": "datetime"}', "schema/avro-refused"),
    ('{"name": "a", "type": {"type": "enum", "name": "E", "symbols": ["X", "X"]}}', "schema/avro-refused"),
]


@pytest.mark.parametrize(("fields", "rule"), REFUSED)
def test_what_is_called_refused_is_refused(fields: str, rule: str) -> None:
    with pytest.raises(AvroException):
        avro.schema.parse(FIELD.format(fields))
    checker = EngineChecker(load_registry())
    assert rule in [each.rule for each in checker.check({"r.avsc": FIELD.format(fields)}).findings]


@pytest.mark.parametrize(
    "field",
    [
        '{"name": "a", "type": "long", "logicalType": "timestamp-millis"}',
        '{"name": "a", "type": {"type": "string", "logicalType": "timestamp-millis"}}',
    ],
)
def test_a_logical_type_that_is_called_ignored_is_ignored(field: str) -> None:
    checker = EngineChecker(load_registry())
    rules = [each.rule for each in checker.check({"r.avsc": FIELD.format(field)}).findings]
    assert rules == ["schema/avro-logical-type-ignored"]
    schema = fastavro.parse_schema(json.loads(FIELD.format(field)))
    value = 5 if '"long"' in field else "5"
    assert written_and_read(schema, schema, {"a": value}) == {"a": value}


def written_and_read(writer: object, reader: object, row: dict[str, object]) -> object:
    kept = io.BytesIO()
    fastavro.schemaless_writer(kept, writer, row)  # type: ignore[arg-type]
    kept.seek(0)
    return fastavro.schemaless_reader(kept, writer, reader)  # type: ignore[arg-type]


FIRST = '{"type": "record", "name": "Order", "fields": [\n  {"name": "id", "type": "long"}\n]}\n'
SECOND = (
    '{"type": "record", "name": "Order", "fields": [\n  {"name": "id", "type": "long"},\n'
    '  {"name": "currency", "type": "string"}\n]}\n'
)


def test_a_new_field_without_default_cannot_read_what_was_written_before() -> None:
    files = {"order_v1.avsc": FIRST, "order_v2.avsc": SECOND}
    checker = EngineChecker(load_registry())
    (seen,) = checker.check(files).findings
    assert seen.rule == "schema/avro-field-without-default"
    writer = fastavro.parse_schema(json.loads(FIRST))
    with pytest.raises(fastavro.read.SchemaResolutionError):
        written_and_read(writer, fastavro.parse_schema(json.loads(SECOND)), {"id": 1})
    fixed = checker.fix(files, seen, seen.fixes[0])
    assert not isinstance(fixed, str), fixed
    reader = fastavro.parse_schema(json.loads(fixed["order_v2.avsc"]))
    assert written_and_read(writer, reader, {"id": 1}) == {"id": 1, "currency": None}


def test_a_changed_type_cannot_read_what_was_written_before() -> None:
    files = {"order_v1.avsc": FIRST, "order_v2.avsc": FIRST.replace('"long"', '"string"')}
    assert [each.rule for each in EngineChecker(load_registry()).check(files).findings] == ["schema/avro-type-changed"]
    writer, reader = (fastavro.parse_schema(json.loads(text)) for text in files.values())
    with pytest.raises(fastavro.read.SchemaResolutionError):
        written_and_read(writer, reader, {"id": 1})
