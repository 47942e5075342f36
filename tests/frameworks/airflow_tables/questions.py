"""What the generator asks, and the few judgements that no package can be asked for. Every entry here is verified.

A replacement is only written to a table if it imports in the newest Airflow; an argument's fate is what its
constructor did. What remains judgement: which replacement suits a name that Airflow removed without naming one, which
SQL dialect a class speaks, and whether a class without a connection argument touches the network.
"""

from __future__ import annotations

ROOTS = [
    "airflow",
    "airflow.configuration",
    "airflow.contrib",
    "airflow.datasets",
    "airflow.decorators",
    "airflow.exceptions",
    "airflow.executors",
    "airflow.hooks",
    "airflow.io",
    "airflow.kubernetes",
    "airflow.lineage",
    "airflow.macros",
    "airflow.models",
    "airflow.notifications",
    "airflow.operators",
    "airflow.secrets",
    "airflow.sensors",
    "airflow.settings",
    "airflow.stats",
    "airflow.template",
    "airflow.timetables",
    "airflow.triggers",
    "airflow.utils",
]

# Replacements for names that went without a pointer from Airflow itself.
REPLACEMENTS = {
    "airflow.datasets.metadata.Metadata": "airflow.sdk.Metadata",
    "airflow.datasets.Dataset": "airflow.sdk.Asset",
    "airflow.datasets.DatasetAlias": "airflow.sdk.AssetAlias",
    "airflow.datasets.DatasetAll": "airflow.sdk.AssetAll",
    "airflow.datasets.DatasetAny": "airflow.sdk.AssetAny",
    "airflow.decorators.task_group.task_group": "airflow.sdk.task_group",
    "airflow.decorators.setup_teardown.setup_task": "airflow.sdk.setup",
    "airflow.decorators.setup_teardown.teardown_task": "airflow.sdk.teardown",
    "airflow.models.dataset.DatasetModel": "airflow.models.asset.AssetModel",
    "airflow.models.dataset.DatasetEvent": "airflow.models.asset.AssetEvent",
    "airflow.models.mappedoperator.MappedOperator": "airflow.sdk.definitions.mappedoperator.MappedOperator",
    "airflow.timetables.datasets.DatasetOrTimeSchedule": "airflow.sdk.AssetOrTimeSchedule",
    "airflow.utils.helpers.chain": "airflow.sdk.chain",
    "airflow.utils.helpers.cross_downstream": "airflow.sdk.cross_downstream",
    "airflow.utils.log.secrets_masker.mask_secret": "airflow.sdk.log.mask_secret",
    "airflow.utils.module_loading.import_string": "airflow.sdk.module_loading.import_string",
    "airflow.utils.timezone.make_aware": "airflow.sdk.timezone.make_aware",
    "airflow.utils.weekday.WeekDay": "airflow.providers.standard.utils.weekday.WeekDay",
}

# What serves the purpose of a removed name without being a drop-in for it.
INSTEAD = {
    "airflow.configuration.get": "airflow.configuration.conf.get",
    "airflow.configuration.getboolean": "airflow.configuration.conf.getboolean",
    "airflow.configuration.getfloat": "airflow.configuration.conf.getfloat",
    "airflow.configuration.getint": "airflow.configuration.conf.getint",
    "airflow.executors.debug_executor.DebugExecutor": "airflow.sdk.DAG.test",
    "airflow.executors.sequential_executor.SequentialExecutor": "airflow.executors.local_executor.LocalExecutor",
    "airflow.operators.subdag.SubDagOperator": "airflow.sdk.TaskGroup",
    "airflow.operators.subdag_operator.SubDagOperator": "airflow.sdk.TaskGroup",
    "airflow.utils.dates.days_ago": "pendulum.datetime",
}

# Where modules went as a whole; a name is only taken to have followed if it imports there.
MODULE_MOVES = [
    ("airflow.decorators.", "airflow.providers.standard.decorators."),
    ("airflow.hooks.", "airflow.providers.standard.hooks."),
    ("airflow.operators.", "airflow.providers.standard.operators."),
    ("airflow.sensors.", "airflow.providers.standard.sensors."),
    ("airflow.triggers.", "airflow.providers.standard.triggers."),
    ("airflow.utils.", "airflow.providers.standard.utils."),
    ("airflow.utils.", "airflow.sdk."),
]

# Old classes whose own warning appears only when they are used, with a piece of that warning's text.
WARNS_WHEN_USED = {
    "airflow.models.Variable": (
        "airflow.sdk.Variable",
        "airflow.models.variable",
        "Variable.get from `airflow.models`",
    ),
    "airflow.models.variable.Variable": (
        "airflow.sdk.Variable",
        "airflow.models.variable",
        "Variable.get from `airflow.models`",
    ),
    "airflow.models.Connection": (
        "airflow.sdk.Connection",
        "airflow.models.connection",
        "get_connection_from_secrets from `airflow.models`",
    ),
    "airflow.models.connection.Connection": (
        "airflow.sdk.Connection",
        "airflow.models.connection",
        "get_connection_from_secrets from `airflow.models`",
    ),
}
CALL_RENAMES = {
    "airflow.models.Variable": (("default_var", "default"),),
    "airflow.models.variable.Variable": (("default_var", "default"),),
}

SQL_OPERATOR = "airflow.providers.common.sql.operators.sql.SQLExecuteQueryOperator"

# Provider classes that are gone: what to write instead, argument renames, arguments to add with their source text.
Swap = tuple[str, dict[str, str], dict[str, str]]
PROVIDER_SWAPS: dict[str, Swap] = {
    "airflow.providers.postgres.operators.postgres.PostgresOperator": (
        SQL_OPERATOR,
        {"postgres_conn_id": "conn_id"},
        {},
    ),
    "airflow.providers.mysql.operators.mysql.MySqlOperator": (
        SQL_OPERATOR,
        {"mysql_conn_id": "conn_id"},
        {},
    ),
    "airflow.providers.sqlite.operators.sqlite.SqliteOperator": (
        SQL_OPERATOR,
        {"sqlite_conn_id": "conn_id"},
        {},
    ),
    "airflow.providers.microsoft.mssql.operators.mssql.MsSqlOperator": (
        SQL_OPERATOR,
        {"mssql_conn_id": "conn_id"},
        {},
    ),
    "airflow.providers.snowflake.operators.snowflake.SnowflakeOperator": (
        SQL_OPERATOR,
        {"snowflake_conn_id": "conn_id"},
        {},
    ),
    "airflow.providers.oracle.operators.oracle.OracleOperator": (
        SQL_OPERATOR,
        {"oracle_conn_id": "conn_id"},
        {},
    ),
    "airflow.providers.jdbc.operators.jdbc.JdbcOperator": (
        SQL_OPERATOR,
        {"jdbc_conn_id": "conn_id"},
        {},
    ),
    "airflow.providers.vertica.operators.vertica.VerticaOperator": (
        SQL_OPERATOR,
        {"vertica_conn_id": "conn_id"},
        {},
    ),
    "airflow.providers.trino.operators.trino.TrinoOperator": (
        SQL_OPERATOR,
        {"trino_conn_id": "conn_id"},
        {},
    ),
    "airflow.providers.http.operators.http.SimpleHttpOperator": (
        "airflow.providers.http.operators.http.HttpOperator",
        {},
        {},
    ),
    "airflow.providers.slack.transfers.sql_to_slack.SqlToSlackOperator": (
        "airflow.providers.slack.transfers.sql_to_slack_webhook.SqlToSlackWebhookOperator",
        {},
        {},
    ),
    "airflow.providers.databricks.operators.databricks.DatabricksRunNowDeferrableOperator": (
        "airflow.providers.databricks.operators.databricks.DatabricksRunNowOperator",
        {},
        {"deferrable": "True"},
    ),
    "airflow.providers.databricks.operators.databricks.DatabricksSubmitRunDeferrableOperator": (
        "airflow.providers.databricks.operators.databricks.DatabricksSubmitRunOperator",
        {},
        {"deferrable": "True"},
    ),
    "airflow.providers.dbt.cloud.sensors.dbt.DbtCloudJobRunAsyncSensor": (
        "airflow.providers.dbt.cloud.sensors.dbt.DbtCloudJobRunSensor",
        {},
        {"deferrable": "True"},
    ),
    "airflow.providers.google.cloud.sensors.bigquery.BigQueryTableExistenceAsyncSensor": (
        "airflow.providers.google.cloud.sensors.bigquery.BigQueryTableExistenceSensor",
        {},
        {"deferrable": "True"},
    ),
    "airflow.providers.google.cloud.sensors.bigquery.BigQueryTableExistencePartitionAsyncSensor": (
        "airflow.providers.google.cloud.sensors.bigquery.BigQueryTablePartitionExistenceSensor",
        {},
        {"deferrable": "True"},
    ),
    "airflow.providers.google.cloud.sensors.gcs.GCSObjectExistenceAsyncSensor": (
        "airflow.providers.google.cloud.sensors.gcs.GCSObjectExistenceSensor",
        {},
        {"deferrable": "True"},
    ),
}

# Provider classes that are gone, and what does their work with other arguments.
PROVIDER_INSTEAD = {
    "airflow.providers.google.cloud.operators.bigquery.BigQueryExecuteQueryOperator": (
        "airflow.providers.google.cloud.operators.bigquery.BigQueryInsertJobOperator"
    ),
    **{
        f"airflow.providers.google.cloud.operators.dataproc.DataprocSubmit{job}JobOperator": (
            "airflow.providers.google.cloud.operators.dataproc.DataprocSubmitJobOperator"
        )
        for job in ("Hadoop", "Hive", "Pig", "PySpark", "Spark", "SparkSql")
    },
}
PROVIDER_MODULE_MOVES = {
    "airflow.providers.cncf.kubernetes.operators.kubernetes_pod": "airflow.providers.cncf.kubernetes.operators.pod",
}

# Argument to the source text of a value and the new name: constructed on every Airflow, the outcome is the entry.
DAG_ARGUMENTS_ASKED: dict[str, tuple[str, str | None]] = {
    "schedule_interval": ("'@daily'", "schedule"),
    "timetable": ("CronTriggerTimetable('0 0 * * *', timezone='UTC')", "schedule"),
    "concurrency": ("3", "max_active_tasks"),
    "fail_stop": ("True", "fail_fast"),
    "default_view": ("'graph'", None),
    "orientation": ("'TB'", None),
    "full_filepath": ("'x.py'", None),
    "sla_miss_callback": ("print", None),
}
TASK_ARGUMENTS_ASKED: dict[str, tuple[str, str | None]] = {
    "sla": ("timedelta(hours=1)", None),
    "task_concurrency": ("2", "max_active_tis_per_dag"),
    "provide_context": ("True", None),
}
# Arguments of DAG that have no effect as keys of default_args, with a value that is not the default.
DAG_ARGUMENTS_WITHOUT_EFFECT_IN_DEFAULT_ARGS = {
    "schedule": "'@daily'",
    "catchup": "not DAG('e', schedule=None, start_date=day).catchup",
    "max_active_runs": "3",
    "max_active_tasks": "3",
    "dagrun_timeout": "timedelta(hours=1)",
    "description": "'x'",
    "tags": "['x']",
    "is_paused_upon_creation": "True",
}
TRIGGER_RULES_ASKED = {"dummy": "always", "none_failed_or_skipped": "none_failed_min_one_success"}

# Arguments of one operator that became another: (class, module in Airflow 2, module in Airflow 3, the other arguments
# it needs, old name, source text of a value, new name). Constructed on every Airflow.
OPERATOR_ARGUMENTS_ASKED: list[tuple[str, str, str, str, str, str, str]] = [
    (
        *("TriggerDagRunOperator", "airflow.operators.trigger_dagrun"),
        "airflow.providers.standard.operators.trigger_dagrun",
        *("trigger_dag_id='d'", "execution_date", "day", "logical_date"),
    ),
    (
        *("BranchDateTimeOperator", "airflow.operators.datetime", "airflow.providers.standard.operators.datetime"),
        "target_lower=day, target_upper=day, follow_task_ids_if_true='a', follow_task_ids_if_false='b'",
        *("use_task_execution_date", "True", "use_task_logical_date"),
    ),
    (
        *("BranchDayOfWeekOperator", "airflow.operators.weekday", "airflow.providers.standard.operators.weekday"),
        "week_day='Monday', follow_task_ids_if_true='a', follow_task_ids_if_false='b'",
        *("use_task_execution_day", "True", "use_task_logical_date"),
    ),
    (
        *("DayOfWeekSensor", "airflow.sensors.weekday", "airflow.providers.standard.sensors.weekday"),
        *("week_day='Monday'", "use_task_execution_day", "True", "use_task_logical_date"),
    ),
]

# Defaults that a deployment can set, with a value to try: the key is proven by the default that follows it.
OPTIONS = {
    "core.default_task_retries": "7",
    "core.default_task_retry_delay": "77",
    "core.default_task_execution_timeout": "777",
    "core.max_active_tasks_per_dag": "77",
    "core.max_active_runs_per_dag": "77",
    "core.max_consecutive_failed_dag_runs_per_dag": "77",
    "core.default_task_weight_rule": "upstream",
    "core.default_pool_task_slot_count": "77",
    "core.max_task_retry_delay": "77",
    "scheduler.catchup_by_default": "flip",
    "sensors.default_timeout": "77",
    "operators.default_owner": "someone",
    "operators.default_queue": "elsewhere",
    "email.default_email_on_failure": "False",
    "email.default_email_on_retry": "False",
}

# (role, bare names): every module that gives one of these names in some Airflow is asked.
ROLES = {
    "dag": ["DAG"],
    "dag_decorator": ["dag"],
    "task_decorator": ["task"],
    "task_group": ["TaskGroup"],
    "task_group_decorator": ["task_group"],
    "chain": ["chain"],
    "chain_linear": ["chain_linear"],
    "cross_downstream": ["cross_downstream"],
    "setup": ["setup"],
    "teardown": ["teardown"],
    "label": ["Label"],
    "operator_base": ["BaseOperator"],
    "sensor_base": ["BaseSensorOperator"],
    "hook_base": ["BaseHook"],
    "branch_base": ["BaseBranchOperator"],
    "variable": ["Variable"],
    "connection": ["Connection"],
    "dataset": ["Dataset", "Asset"],
    "dataset_alias": ["DatasetAlias", "AssetAlias"],
    "asset_decorator": ["asset"],
    "current_context": ["get_current_context"],
    "param": ["Param"],
    "xcom_arg": ["XComArg"],
    "retry_policy": ["ExceptionRetryPolicy"],
    "deadline": ["DeadlineAlert"],
    "object_storage_path": ["ObjectStoragePath"],
}
ROLE_MODULES = [
    "airflow",
    "airflow.assets",
    "airflow.datasets",
    "airflow.decorators",
    "airflow.decorators.task_group",
    "airflow.hooks.base",
    "airflow.io.path",
    "airflow.models",
    "airflow.models.base",
    "airflow.models.baseoperator",
    "airflow.models.connection",
    "airflow.models.dag",
    "airflow.models.param",
    "airflow.models.variable",
    "airflow.models.xcom_arg",
    "airflow.operators.branch",
    "airflow.operators.python",
    "airflow.providers.standard.operators.branch",
    "airflow.providers.standard.operators.python",
    "airflow.sdk",
    "airflow.sdk.bases.branch",
    "airflow.sdk.bases.hook",
    "airflow.sdk.bases.operator",
    "airflow.sdk.bases.sensor",
    "airflow.sdk.definitions.asset",
    "airflow.sdk.definitions.dag",
    "airflow.sdk.definitions.deadline",
    "airflow.sdk.definitions.decorators",
    "airflow.sdk.definitions.edges",
    "airflow.sdk.definitions.retry_policy",
    "airflow.sdk.definitions.taskgroup",
    "airflow.sensors.base",
    "airflow.utils.edgemodifier",
    "airflow.utils.helpers",
    "airflow.utils.task_group",
]
