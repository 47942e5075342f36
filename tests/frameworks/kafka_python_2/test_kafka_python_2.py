"""kafka-python before 3.0 waits for the leader only, and accepts what the fix writes for it."""

from __future__ import annotations

import kafka
import pytest

from pipesense.host.rulepacks import load_registry
from pipesense.host.testing import EngineChecker
from pipesense.model.broker import ClientRole
from pipesense.systems.brokers.settings import normal
from pipesense.systems.brokers.table import SettingSpec
from pipesense.systems.kafka.tables import CLIENTS, KAFKA_PYTHON

pytestmark = pytest.mark.framework

VERSION = tuple(int(part) for part in kafka.__version__.split("."))
SETTINGS = [
    (made.role, spec)
    for made in CLIENTS
    if made.library == KAFKA_PYTHON and made.role is not ClientRole.ADMIN
    for spec in made.settings
]


def default(spec: SettingSpec) -> object:
    """What the table says of this version."""
    return [value for since, value in spec.defaults if since <= VERSION][-1]


@pytest.mark.parametrize(("role", "spec"), SETTINGS, ids=lambda each: getattr(each, "name", ""))
def test_defaults(role: ClientRole, spec: SettingSpec) -> None:
    made = kafka.KafkaProducer if role is ClientRole.PRODUCER else kafka.KafkaConsumer
    installed = made.DEFAULT_CONFIG[spec.written[0]]
    assert normal(spec.kind, installed) == normal(spec.kind, default(spec))


def test_the_default_is_weak_and_the_fix_is_accepted() -> None:
    source = 'from kafka import KafkaProducer\n\nproducer = KafkaProducer(bootstrap_servers="127.0.0.1:1", api_version=(2, 5))\n'
    files = {"jobs/job.py": source, "requirements.txt": f"kafka-python=={kafka.__version__}\n"}
    checker = EngineChecker(load_registry())
    seen = next(each for each in checker.check(files).findings if each.rule == "streaming/weak-acks")
    after = checker.fix(files, seen, seen.fixes[0])
    assert not isinstance(after, str), after
    acks = []
    for text in (source, after["jobs/job.py"]):
        names: dict[str, kafka.KafkaProducer] = {}
        exec(compile(text, "job.py", "exec"), names)  # our own example
        acks.append((names["producer"].config["acks"], names["producer"].config["enable_idempotence"]))
        names["producer"].close(timeout=0)
    assert acks == [(1, False), (-1, True)]
