"""Which languages' readers and which systems the engine works with: the one list of them."""

from __future__ import annotations

from pipesense.lang.sql.retokenise import Retokeniser
from pipesense.model.sql import Hole, StatementFacts
from pipesense.systems.system import DocumentSystem, PythonSystem, SqlSystem
from pipesense.text.span import Span


def systems_in_use() -> tuple[PythonSystem, ...]:
    """Every system whose pipelines are Python code."""
    from pipesense.systems.airflow import GUSTY
    from pipesense.systems.airflow import SYSTEM as AIRFLOW
    from pipesense.systems.credentials import SYSTEM as CREDENTIALS
    from pipesense.systems.dagster import SYSTEM as DAGSTER
    from pipesense.systems.flink.python import SYSTEM as PYFLINK
    from pipesense.systems.http import SYSTEM as HTTP
    from pipesense.systems.prefect import SYSTEM as PREFECT

    return (AIRFLOW, GUSTY, DAGSTER, PREFECT, PYFLINK, HTTP, CREDENTIALS, *_data_libraries(), *_message_brokers())


def _data_libraries() -> tuple[PythonSystem, ...]:
    from pipesense.systems.great_expectations import SYSTEM as GREAT_EXPECTATIONS
    from pipesense.systems.lakes import SYSTEM as LAKES
    from pipesense.systems.pandas import SYSTEM as PANDAS
    from pipesense.systems.pandera import SYSTEM as PANDERA
    from pipesense.systems.polars import SYSTEM as POLARS
    from pipesense.systems.spark import SYSTEM as SPARK
    from pipesense.systems.sql_clients import SYSTEM as SQL_CLIENTS

    return (SQL_CLIENTS, PANDAS, SPARK, POLARS, PANDERA, GREAT_EXPECTATIONS, LAKES)


def _message_brokers() -> tuple[PythonSystem, ...]:
    from pipesense.systems.eventhubs import SYSTEM as EVENTHUBS
    from pipesense.systems.eventsourcing import SYSTEM as EVENTSOURCING
    from pipesense.systems.faust import SYSTEM as FAUST
    from pipesense.systems.hadoop import SYSTEM as HADOOP
    from pipesense.systems.kafka import SYSTEM as KAFKA
    from pipesense.systems.kinesis import SYSTEM as KINESIS
    from pipesense.systems.pubsub import SYSTEM as PUBSUB
    from pipesense.systems.pulsar import SYSTEM as PULSAR
    from pipesense.systems.quix import SYSTEM as QUIX
    from pipesense.systems.storm import SYSTEM as STORM

    return (KAFKA, KINESIS, PUBSUB, PULSAR, EVENTHUBS, FAUST, QUIX, STORM, HADOOP, EVENTSOURCING)


def document_systems() -> tuple[DocumentSystem, ...]:
    """Every system whose files are YAML or JSON."""
    from pipesense.systems.airflow import DOCUMENTS as AIRFLOW
    from pipesense.systems.avro import SYSTEM as AVRO
    from pipesense.systems.cloud_jobs import SYSTEM as JOBS
    from pipesense.systems.cloud_workflows import SYSTEM as WORKFLOWS
    from pipesense.systems.stepfunctions import SYSTEM as STEP_FUNCTIONS

    return (STEP_FUNCTIONS, WORKFLOWS, AVRO, AIRFLOW, JOBS)


def read_statement(
    text: str,
    dialect: str,
    *,
    holes: tuple[Hole, ...] = (),
    showing: Span | None = None,
    lately: Retokeniser | None = None,
) -> StatementFacts:
    """What a SQL statement says, by the system whose dialect it is; the parser is loaded at the first statement.

    ``showing``: of a template only the first rendering that keeps what stands there. ``lately`` knows the tokens of
    statements read before.
    """
    for system in sql_systems():
        if dialect in system.dialects:
            return system.read_statement(text, dialect, holes=holes)
    from pipesense.lang.sql.facts import read_statement as read

    return read(text, dialect, holes=holes, showing=showing, lately=lately)


def sql_systems() -> tuple[SqlSystem, ...]:
    """Every system that has a SQL of its own."""
    from pipesense.systems.flink import SYSTEM as FLINK

    return (FLINK,)


def told_dialect(text: str) -> tuple[str, str] | None:
    """The dialect of a system that a statement's own words tell, and why."""
    for system in sql_systems():
        sign = system.sign(text)
        if sign:
            return system.dialects[0], f"hint: {sign}"
    return None


def sql_dialects() -> frozenset[str]:
    """The names of the dialects that can be read."""
    from pipesense.lang.sql.dialect import NAMES

    return NAMES.union(*(system.dialects for system in sql_systems()))
