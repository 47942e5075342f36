"""Operator facts: read from the classes, with the dialect and network judgements stated in one place."""

from __future__ import annotations

import re
from typing import Any

from .asked import Airflow
from .questions import PROVIDER_SWAPS

Row = tuple[str, str, str, str, str, str, str, "bool | None", bool]
# SQL that runs before or after what the operator is for.
AROUND = ("preoperator", "postoperator", "paginated_sql_statement_clause")
# Subclasses of SQL operators that make their own statement and refuse one.
OWN_STATEMENT = ("SnowflakeNotebookOperator",)
SQL_RENDERERS = {"sql", "hql", "mysql", "postgresql", "tsql"}

# sqlglot's dialect by module prefix, the longest match wins; "" where sqlglot has none.
DIALECTS = {
    "airflow.providers.amazon.aws.operators.athena.": "athena",
    "airflow.providers.amazon.aws.operators.redshift": "redshift",
    "airflow.providers.apache.druid.": "druid",
    "airflow.providers.apache.hive.": "hive",
    "airflow.providers.apache.spark.": "spark",
    "airflow.providers.databricks.": "databricks",
    "airflow.providers.exasol.": "exasol",
    "airflow.providers.google.cloud.operators.bigquery.": "bigquery",
    "airflow.providers.google.cloud.sensors.bigquery.": "bigquery",
    "airflow.providers.google.cloud.transfers.bigquery": "bigquery",
    "airflow.providers.google.cloud.transfers.mssql_to_gcs.": "tsql",
    "airflow.providers.google.cloud.transfers.mysql_to_gcs.": "mysql",
    "airflow.providers.google.cloud.transfers.oracle_to_gcs.": "oracle",
    "airflow.providers.google.cloud.transfers.postgres_to_gcs.": "postgres",
    "airflow.providers.google.cloud.transfers.presto_to_gcs.": "presto",
    "airflow.providers.google.cloud.transfers.trino_to_gcs.": "trino",
    "airflow.providers.microsoft.mssql.": "tsql",
    "airflow.providers.mysql.transfers.presto_to_mysql.": "presto",
    "airflow.providers.mysql.transfers.trino_to_mysql.": "trino",
    "airflow.providers.mysql.transfers.vertica_to_mysql.": "",
    "airflow.providers.mysql.": "mysql",
    "airflow.providers.oracle.": "oracle",
    "airflow.providers.postgres.": "postgres",
    "airflow.providers.presto.": "presto",
    "airflow.providers.snowflake.": "snowflake",
    "airflow.providers.sqlite.": "sqlite",
    "airflow.providers.teradata.": "teradata",
    "airflow.providers.trino.": "trino",
}

# Classes without a connection argument of which it is known whether running them leaves the worker.
NETWORK: dict[str, bool] = {
    "BranchDateTimeOperator": False,
    "BranchDayOfWeekOperator": False,
    "DateTimeSensor": False,
    "DateTimeSensorAsync": False,
    "DayOfWeekSensor": False,
    "EmptyOperator": False,
    "FileSensor": False,
    "KubernetesPodOperator": True,
    "LatestOnlyOperator": False,
    "SmoothOperator": False,
    "SubDagOperator": False,
    "TimeDeltaSensor": False,
    "TimeDeltaSensorAsync": False,
    "TimeSensor": False,
    "TimeSensorAsync": False,
    "WaitSensor": False,
}

# The parts of the two largest providers that data pipelines use.
LARGE = {
    "airflow.providers.amazon.": re.compile(
        r"athena|batch|datasync|dms|dynamodb|ecs|eks|emr|glue|kinesis|lambda|mwaa|rds|redshift|s3|sagemaker|sns|sqs"
        r"|step_function|local_to|google_api|http_to|sql_to|ftp_to|sftp_to|base_aws|opensearch|neptune"
    ),
    "airflow.providers.google.": re.compile(
        r"bigquery|bigtable|cloud_batch|cloud_build|cloud_composer|cloud_run|cloud_sql|cloud_storage_transfer|dataflow"
        r"|dataform|datafusion|dataplex|dataprep|dataproc|datastore|functions|gcs|kubernetes_engine|pubsub|spanner"
        r"|tasks|workflows|sheets|looker"
    ),
}
KINDS = [
    ("sql_check", re.compile(r"SQL(Column|Table|Value|Interval|Threshold)?Check(Operator)?$")),
    ("kubernetes", re.compile(r"^(KubernetesPodOperator|KubernetesJobOperator)$")),
    ("http", re.compile(r"^(HttpOperator|SimpleHttpOperator)$")),
    ("trigger", re.compile(r"^TriggerDagRunOperator$")),
    ("bash", re.compile(r"^BashOperator$")),
    ("empty", re.compile(r"^(EmptyOperator|LatestOnlyOperator|SmoothOperator)$")),
]


def row(qualified: str, facts: dict[str, Any]) -> Row:
    arguments = facts["arguments"]
    sql = "" if qualified.endswith(OWN_STATEMENT) else sql_argument(facts)
    connections = [a for a in arguments if re.search(r"(^|_)conn_id$", a)]
    return (
        kind(qualified, facts, sql),
        " ".join(facts["template_fields"]),
        " ".join(arguments),
        " ".join(connections),
        sql,
        next((a for a in ("table", "table_name", "table_id") if a in arguments), ""),
        dialect(qualified, facts) if sql or "Check" in qualified else "",
        network(qualified, facts, connections),
        facts["sensor"],
    )


def sql_argument(facts: dict[str, Any]) -> str:
    """The argument that carries SQL, or the path to it inside a dict, as the class tells its own template viewer."""
    renderers: dict[str, str] = facts["renderers"]
    arguments = [a for a in facts["arguments"] if a not in AROUND]
    for name in ("sql", "hql", "statement"):
        if name in arguments:
            return name
    for field, language in sorted(renderers.items()):
        if language in SQL_RENDERERS and field.split(".")[0] in arguments:
            return field
    return "query" if "query" in arguments and ".sql" in facts["template_ext"] else ""


def kind(qualified: str, facts: dict[str, Any], sql: str) -> str:
    if facts["sensor"] and not qualified.endswith(".SubDagOperator"):
        return "sensor"
    if ".transfers." in qualified or qualified.endswith(".GenericTransfer"):
        return "transfer"
    lineage = [n.rpartition(".")[2] for n in [qualified, *facts["bases"]]]
    for name, pattern in KINDS:
        if any(pattern.search(each) for each in lineage):
            return name
    if any(each in ("BaseBranchOperator", "BranchMixIn", "BranchMixin", "ShortCircuitOperator") for each in lineage):
        return "branch"
    if "PythonOperator" in lineage or "_BasePythonVirtualenvOperator" in lineage:
        return "python"
    return "sql" if sql or "BaseSQLOperator" in lineage else "other"


def dialect(qualified: str, facts: dict[str, Any]) -> str:
    for name in [qualified, *facts["bases"]]:
        fitting = [prefix for prefix in DIALECTS if name.startswith(prefix)]
        if fitting:
            return DIALECTS[max(fitting, key=len)]
    return ""


def network(qualified: str, facts: dict[str, Any], connections: list[str]) -> bool | None:
    lineage = [n.rpartition(".")[2] for n in [qualified, *facts["bases"]]]
    for each in lineage:
        if each in NETWORK:
            return NETWORK[each]
    return True if connections else None


def wanted(qualified: str) -> bool:
    for prefix, pattern in LARGE.items():
        if qualified.startswith(prefix):
            return pattern.search(qualified.rpartition(".")[0].removeprefix(prefix)) is not None
    return True


def prefixes(airflow: Airflow) -> list[str]:
    return sorted(e["prefix"] for e in airflow.distributions.values() if e["prefix"] != "airflow")


def operator_facts(airflow: Airflow) -> dict[str, Any]:
    """Every operator class of an Airflow 3 and its providers, as the probe reads it."""
    answer: dict[str, Any] = airflow.ask(
        "operators",
        packages=prefixes(airflow),
        base_operator="airflow.sdk:BaseOperator",
        sensor="airflow.sdk:BaseSensorOperator",
    )
    return answer


def older_operator_facts(airflow: Airflow) -> dict[str, Any]:
    """The operator classes of an Airflow 2, and those of its providers that are gone since."""
    answer: dict[str, Any] = airflow.ask(
        "operators",
        packages=["airflow.operators", "airflow.sensors", *sorted({k.rpartition(".")[0] for k in PROVIDER_SWAPS})],
        base_operator="airflow.models.baseoperator:BaseOperator",
        sensor="airflow.sensors.base:BaseSensorOperator",
    )
    return answer


def current(airflow: Airflow) -> dict[str, dict[str, Row]]:
    """Table name to rows, from the newest Airflow."""
    answer = operator_facts(airflow)
    found = {k: row(k, v) for k, v in sorted(answer["found"].items()) if wanted(k)}
    tables: dict[str, dict[str, Row]] = {"operators": {}, "operators_amazon": {}, "operators_google": {}}
    for name, entry in found.items():
        provider = name.split(".")[2]
        tables[f"operators_{provider}" if f"operators_{provider}" in tables else "operators"][name] = entry
    return tables


def older(airflow: Airflow) -> dict[str, Row]:
    """The classes only Airflow 2 and the providers of its time have."""
    answer = older_operator_facts(airflow)
    core = ("airflow.operators.", "airflow.sensors.")
    return {k: row(k, v) for k, v in sorted(answer["found"].items()) if k.startswith(core) or k in PROVIDER_SWAPS}
