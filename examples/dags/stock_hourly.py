"""Stock levels per shop, every hour: replaced hour by hour, checked before anybody reads them."""

from datetime import datetime, timedelta

from airflow.providers.common.sql.operators.sql import (
    SQLColumnCheckOperator,
    SQLExecuteQueryOperator,
    SQLTableCheckOperator,
)
from airflow.sdk import DAG

WAREHOUSE = "warehouse"

default_args = {
    "owner": "stock-team",
    "retries": 3,
    "retry_delay": timedelta(minutes=2),
    "retry_exponential_backoff": True,
    "execution_timeout": timedelta(minutes=20),
}

with DAG(
    dag_id="stock_hourly",
    schedule="@hourly",
    start_date=datetime(2025, 3, 1),
    catchup=False,
    max_active_runs=1,
    default_args=default_args,
):
    load = SQLExecuteQueryOperator(
        task_id="load_stock",
        conn_id=WAREHOUSE,
        sql="""
            DELETE FROM mart.stock WHERE hour = '{{ data_interval_start }}';
            INSERT INTO mart.stock (shop_id, product_id, pieces, hour)
            SELECT shop_id, product_id, sum(pieces), '{{ data_interval_start }}'
            FROM landing.stock_movements
            WHERE moved_at < '{{ data_interval_end }}'
            GROUP BY shop_id, product_id;
        """,
    )
    check_columns = SQLColumnCheckOperator(
        task_id="check_stock_columns",
        conn_id=WAREHOUSE,
        table="mart.stock",
        column_mapping={
            "shop_id": {"null_check": {"equal_to": 0}},
            "product_id": {"null_check": {"equal_to": 0}},
            "pieces": {"min": {"geq_to": 0}},
        },
        accept_none=False,
    )
    check_rows = SQLTableCheckOperator(
        task_id="check_stock_rows",
        conn_id=WAREHOUSE,
        table="mart.stock",
        checks={"row_count": {"check_statement": "COUNT(*) > 0"}},
    )

    load >> [check_columns, check_rows]
