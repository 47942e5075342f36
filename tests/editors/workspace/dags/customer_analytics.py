from datetime import datetime, timedelta

import requests
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.sdk import DAG, task

default_args = {"owner": "data-team", "execution_timeout": timedelta(hours=1)}

with DAG(
    "customer_analytics_pipeline",
    default_args=default_args,
    schedule="0 2 * * *",
    start_date=datetime(2024, 1, 1),
    catchup=False,
):

    @task
    def extract_customers() -> None:
        requests.get("https://crm.example.com/customers", timeout=30).raise_for_status()

    load = SQLExecuteQueryOperator(
        task_id="load_customer_analytics",
        conn_id="analytics_db",
        sql="sql/load_customer_metrics.sql",
    )
    extract_customers() >> load
