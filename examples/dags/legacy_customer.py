"""Customer metrics, every morning before the sales meeting."""

from datetime import datetime, timedelta

from airflow import DAG
from airflow.operators.python import PythonOperator
from airflow.providers.postgres.operators.postgres import PostgresOperator

default_args = {
    "owner": "customer-team",
    "retries": 2,
    "retry_delay": timedelta(minutes=10),
    "execution_timeout": timedelta(hours=1),
    "sla": timedelta(hours=2),
}


def check_metrics(**context) -> None:
    """Fail when the metrics of the day look wrong."""
    from airflow.providers.postgres.hooks.postgres import PostgresHook

    hook = PostgresHook(postgres_conn_id="warehouse")
    (customers,) = hook.get_first(
        "SELECT count(*) FROM mart.customer_metrics WHERE metric_date = %s", parameters=[context["ds"]]
    )
    if not customers:
        raise ValueError(f"no customer metrics for {context['ds']}")


dag = DAG(
    "customer_metrics",
    default_args=default_args,
    description="Customer metrics of the day before",
    schedule_interval="30 5 * * 1-5",
    start_date=datetime(2022, 6, 1),
    catchup=False,
)

refresh = PostgresOperator(
    task_id="refresh_metrics",
    postgres_conn_id="warehouse",
    sql="""
        DELETE FROM mart.customer_metrics WHERE metric_date = '{{ ds }}';
        INSERT INTO mart.customer_metrics (customer_id, orders, revenue, metric_date)
        SELECT customer_id, count(*), sum(amount), DATE '{{ ds }}'
        FROM mart.orders
        WHERE order_date = '{{ ds }}'
        GROUP BY customer_id;
    """,
    dag=dag,
)

check = PythonOperator(task_id="check_metrics", python_callable=check_metrics, dag=dag)

refresh >> check
