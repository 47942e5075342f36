"""Loads yesterday's orders from the shop into the warehouse."""

import logging
from datetime import datetime, timezone

import requests
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.providers.postgres.hooks.postgres import PostgresHook
from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG, Variable

log = logging.getLogger(__name__)

WAREHOUSE = "warehouse"
SHOP_API = Variable.get("shop_api", default="https://shop.example.com/api")
MAX_STALENESS_HOURS = 26


def extract_orders(ds: str) -> int:
    """Fetch the orders of one day, page by page, and put them into the landing table."""
    hook = PostgresHook(postgres_conn_id=WAREHOUSE)
    hook.run("DELETE FROM landing.orders WHERE order_date = %(day)s", parameters={"day": ds})
    page, fetched = 1, 0
    while True:
        answer = requests.get(f"{SHOP_API}/orders", params={"day": ds, "page": page}, timeout=30)
        answer.raise_for_status()
        orders = answer.json()["items"]
        if not orders:
            return fetched
        hook.insert_rows(
            table="landing.orders",
            rows=[(order["id"], order["customer"], order["amount"], ds) for order in orders],
            target_fields=["order_id", "customer_id", "amount", "order_date"],
        )
        fetched += len(orders)
        page += 1


def report_staleness() -> None:
    """Say how old the newest order in the warehouse is."""
    hook = PostgresHook(postgres_conn_id=WAREHOUSE)
    (newest,) = hook.get_first("SELECT max(loaded_at) FROM mart.orders")
    staleness = datetime.now(timezone.utc) - newest
    if staleness.hours > MAX_STALENESS_HOURS:
        log.warning("the newest order is %s hours old", staleness.hours)


default_args = {
    "owner": "sales-data",  # on call: #sales-data
    "depends_on_past": False,
}

with DAG(
    dag_id="orders_daily",
    description="Orders of the shop, one day at a time",
    schedule="0 3 * * *",
    start_date=datetime.now(timezone.utc),
    catchup=True,
    default_args=default_args,
    tags=["sales"],
):
    extract = PythonOperator(task_id="extract_orders", python_callable=extract_orders)
    load = SQLExecuteQueryOperator(
        task_id="load_orders",
        conn_id=WAREHOUSE,
        sql="sql/load_orders.sql",
    )
    staleness = PythonOperator(task_id="report_staleness", python_callable=report_staleness)

    extract >> load >> staleness
