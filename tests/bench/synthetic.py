"""Made-up inputs of the same size and shape as real ones, so that the bench runs without a download.

The same seed gives the same text, byte for byte.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

SUBJECTS = (
    "orders",
    "customers",
    "payments",
    "refunds",
    "shipments",
    "products",
    "prices",
    "stock",
    "sessions",
    "clicks",
    "invoices",
    "suppliers",
    "returns",
    "coupons",
    "reviews",
    "carts",
    "visits",
    "leads",
    "tickets",
    "contracts",
    "meters",
    "readings",
    "claims",
    "policies",
)
LAYERS = ("staging", "core", "mart")
MEASURES = ("amount", "quantity", "discount", "tax", "cost", "duration_seconds", "score")
DIMENSIONS = ("country", "channel", "currency", "status", "category", "device", "segment")

MODULE_HEAD = '''"""Nightly pipelines of the sales warehouse."""

from __future__ import annotations

import json
import logging
from datetime import datetime, timedelta

import requests
from airflow import DAG
from airflow.decorators import dag, task
from airflow.models import Variable
from airflow.models.baseoperator import chain
from airflow.operators.empty import EmptyOperator
from airflow.operators.python import PythonOperator
from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.providers.postgres.hooks.postgres import PostgresHook
from airflow.utils.task_group import TaskGroup

log = logging.getLogger(__name__)

WAREHOUSE = "warehouse"
'''


def one_dag() -> str:
    """A DAG file of about 150 lines."""
    return MODULE_HEAD + "\n\n" + _pipeline(random.Random(7), 0, "with")


def module(pipelines: int = 24) -> str:
    """A module of about 3,000 lines with that many DAGs, written in the three ways DAGs are written."""
    chance = random.Random(11)
    forms = ("with", "with", "keyword", "decorator")
    parts = (_pipeline(chance, n, forms[n % len(forms)]) for n in range(pipelines))
    return MODULE_HEAD + "\n\n" + "\n\n".join(parts)


def sql_file(statements: int = 93) -> str:
    """A Postgres file of about 5,000 lines: table definitions, loads, and long queries with CTEs."""
    chance = random.Random(13)
    makers = (_create, _load, _query, _query, _query)
    parts = (f"-- {n + 1}\n{makers[n % len(makers)](chance, n)};" for n in range(statements))
    return "\n\n".join(parts) + "\n"


def _pipeline(chance: random.Random, n: int, form: str) -> str:
    subject = SUBJECTS[n % len(SUBJECTS)]
    name = f"{subject}_{n:02d}"
    body = [*_default_args(chance, name), *_functions(chance, name, subject)]
    writer = {"with": _with_dag, "keyword": _keyword_dag, "decorator": _decorated_dag}[form]
    return "\n".join([*body, *writer(chance, name, subject)]) + "\n"


def _default_args(chance: random.Random, name: str) -> Iterator[str]:
    yield f"{name.upper()}_ARGS = {{"
    yield f'    "owner": "{chance.choice(("sales", "finance", "platform"))}",'
    yield '    "depends_on_past": False,'
    if chance.random() < 0.6:
        yield f'    "retries": {chance.randint(1, 5)},'
        yield f'    "retry_delay": timedelta(minutes={chance.choice((1, 5, 10))}),'
    yield '    "email": ["data-alerts@example.com"],'
    yield '    "email_on_failure": True,'
    yield "}"
    yield ""


def _functions(chance: random.Random, name: str, subject: str) -> Iterator[str]:
    yield from (
        "",
        f"def fetch_{name}(ds: str, **context) -> list[dict]:",
        f'    """Fetch the {subject} of one day, page by page."""',
        "    rows: list[dict] = []",
        "    page = 1",
        "    while True:",
        "        answer = requests.get(",
        f'            "https://api.example.com/v2/{subject}",',
        f'            params={{"day": ds, "page": page, "size": {chance.choice((100, 500, 1000))}}},',
        f"            timeout={chance.choice((10, 30, 60))}," if chance.random() < 0.5 else "            headers={},",
        "        )",
        "        answer.raise_for_status()",
        '        batch = answer.json()["items"]',
        "        if not batch:",
        "            break",
        "        rows.extend(batch)",
        "        page += 1",
        f'    log.info("fetched %d {subject} for %s", len(rows), ds)',
        "    return rows",
        "",
        "",
        f"def store_{name}(ds: str, **context) -> int:",
        f'    """Write what was fetched into staging.{subject}."""',
        f'    rows = context["ti"].xcom_pull(task_ids="fetch_{name}")',
        "    hook = PostgresHook(postgres_conn_id=WAREHOUSE)",
        '    hook.run("DELETE FROM staging.' + subject + ' WHERE load_date = %s", parameters=[ds])',
        "    hook.insert_rows(",
        f'        table="staging.{subject}",',
        '        rows=[(r["id"], json.dumps(r), ds) for r in rows],',
        '        target_fields=["id", "payload", "load_date"],',
        "    )",
        "    return len(rows)",
        "",
        "",
        f"def summarise_{name}(ds: str, threshold: float = 0.{chance.randint(1, 9)}) -> None:",
        f'    """Compare the {subject} of the day with the week before."""',
        "    hook = PostgresHook(postgres_conn_id=WAREHOUSE)",
        "    today, before = hook.get_first(",
        '        """',
        "        SELECT",
        "            count(*) FILTER (WHERE load_date = %(day)s),",
        "            count(*) FILTER (WHERE load_date < %(day)s) / 7.0",
        f"        FROM staging.{subject}",
        "        WHERE load_date > %(day)s::date - 8",
        '        """,',
        '        parameters={"day": ds},',
        "    )",
        "    if before and abs(today - before) / before > threshold:",
        f'        log.warning("{subject}: %s rows, usually %s", today, before)',
        "",
        "",
    )


def _dag_arguments(chance: random.Random, name: str, indent: str) -> Iterator[str]:
    yield f"{indent}start_date=datetime(20{chance.randint(21, 25)}, {chance.randint(1, 12)}, 1),"
    yield f'{indent}schedule="{chance.randint(0, 59)} {chance.randint(0, 23)} * * *",'
    if chance.random() < 0.7:
        yield f"{indent}catchup={chance.choice(('True', 'False'))},"
    yield f'{indent}description="What happened to {name.split("_")[0]} on the day before.",'
    yield f"{indent}max_active_runs={chance.randint(1, 3)},"
    yield f"{indent}dagrun_timeout=timedelta(hours={chance.randint(2, 6)}),"
    yield f"{indent}default_args={name.upper()}_ARGS,"
    yield f'{indent}tags=["{name.split("_")[0]}", "nightly"],'


def _operators(chance: random.Random, name: str, subject: str, dag: str) -> Iterator[str]:
    given = [f"dag={dag},"] if dag else []

    def call(variable: str, operator: str, *arguments: str) -> Iterator[str]:
        yield f"{variable} = {operator}("
        yield from (f"    {a}" for a in (*arguments, *given))
        yield ")"

    yield from call("start", "EmptyOperator", 'task_id="start",')
    yield from call("fetch", "PythonOperator", f'task_id="fetch_{name}",', f"python_callable=fetch_{name},")
    yield from call("store", "PythonOperator", f'task_id="store_{name}",', f"python_callable=store_{name},")
    for layer in ("core", "mart"):
        yield from call(
            f"load_{layer}",
            "SQLExecuteQueryOperator",
            f'task_id="load_{layer}_{name}",',
            "conn_id=WAREHOUSE,",
            "autocommit=True,",
            'sql="""',
            f"    INSERT INTO {layer}.{subject}_daily",
            f"    SELECT s.load_date, s.{chance.choice(DIMENSIONS)}, sum({chance.choice(MEASURES)}) AS total",
            f"    FROM staging.{subject} AS s",
            f"    JOIN core.{chance.choice(SUBJECTS)} AS d ON d.id = s.id",
            "    WHERE s.load_date = '{{ ds }}'",
            "    GROUP BY 1, 2",
            '""",',
        )
    yield from call(
        "summarise",
        "PythonOperator",
        f'task_id="summarise_{name}",',
        f"python_callable=summarise_{name},",
        f'op_kwargs={{"threshold": 0.{chance.randint(1, 9)}}},',
        'trigger_rule="all_success",',
    )
    yield from call("done", "EmptyOperator", 'task_id="done",')
    yield "start >> fetch >> store"
    yield "store >> [load_core, load_mart] >> summarise"
    yield "chain(summarise, done)"


def _with_dag(chance: random.Random, name: str, subject: str) -> Iterator[str]:
    yield "with DAG("
    yield f'    dag_id="{name}",'
    yield from _dag_arguments(chance, name, "    ")
    yield ") as flow:"
    yield from (f"    {line}" if line else "" for line in _operators(chance, name, subject, ""))


def _keyword_dag(chance: random.Random, name: str, subject: str) -> Iterator[str]:
    yield f"{name}_dag = DAG("
    yield f'    "{name}",'
    yield from _dag_arguments(chance, name, "    ")
    yield ")"
    yield from _operators(chance, name, subject, f"{name}_dag")


def _decorated_dag(chance: random.Random, name: str, subject: str) -> Iterator[str]:
    yield "@dag("
    yield f'    dag_id="{name}",'
    yield from _dag_arguments(chance, name, "    ")
    yield ")"
    yield f"def {name}_flow():"
    yield f'    limit = Variable.get("{subject}_limit", default_var=10)'
    yield ""
    yield "    @task(retries=2)"
    yield "    def largest(limit: int) -> list[str]:"
    yield "        hook = PostgresHook(postgres_conn_id=WAREHOUSE)"
    yield f'        rows = hook.get_records("SELECT id FROM core.{subject} ORDER BY 1 LIMIT %s", [limit])'
    yield "        return [r[0] for r in rows]"
    yield ""
    yield "    @task"
    yield "    def announce(ids: list[str]) -> None:"
    yield '        log.info("largest: %s", ", ".join(ids))'
    yield ""
    yield '    with TaskGroup("loads"):'
    yield from (f"        {line}" if line else "" for line in _operators(chance, name, subject, ""))
    yield "    announce(largest(limit))"
    yield ""
    yield ""
    yield f"{name}_flow()"


def _create(chance: random.Random, n: int) -> str:
    columns = ["id bigint NOT NULL", "load_date date NOT NULL", "loaded_at timestamptz DEFAULT now()"]
    columns += [f"{m}_{i} numeric(18, 2)" for i in range(3) for m in MEASURES]
    columns += [f"{d}_{i} text" for i in range(2) for d in DIMENSIONS]
    columns.append(f"CHECK ({chance.choice(MEASURES)}_0 >= 0)")
    return f"CREATE TABLE {_table(chance)}_{n} (\n    " + ",\n    ".join(columns) + "\n)"


def _load(chance: random.Random, n: int) -> str:
    target = f"{_table(chance)}_{n}"
    columns = [f"{m}_{i}" for i in range(2) for m in MEASURES]
    listed = ",\n    ".join(["id", "load_date", *columns])
    picked = ",\n    ".join(["s.id", "s.load_date", *(f"coalesce(s.{c}, 0) AS {c}" for c in columns)])
    return (
        f"INSERT INTO {target} (\n    {listed}\n)\nSELECT\n    {picked}\nFROM {_table(chance)} AS s\n"
        f"LEFT JOIN {_table(chance)} AS d\n    ON d.id = s.id\n"
        f"    AND d.{chance.choice(DIMENSIONS)} = s.status\n"
        f"WHERE s.load_date = current_date - {chance.randint(1, 30)}\n"
        f"    AND NOT EXISTS (SELECT 1 FROM {target} AS t WHERE t.id = s.id)"
    )


def _query(chance: random.Random, n: int) -> str:
    ctes = [_cte(chance, i) for i in range(chance.randint(1, 3))]
    measures = [f"sum(a.{m}) AS {m}_total" for m in MEASURES] + [
        f"avg(a.{m}) FILTER (WHERE a.{m} > {chance.randint(1, 90)}) AS {m}_usual" for m in MEASURES[:4]
    ]
    joins = "\n".join(
        f"JOIN part_{i} AS p{i}\n    ON p{i}.{chance.choice(DIMENSIONS)} = a.{chance.choice(DIMENSIONS)}\n"
        f"    AND p{i}.{chance.choice(MEASURES)} BETWEEN {chance.randint(0, 9)} AND {chance.randint(10, 99)}"
        for i in range(1, len(ctes))
    )
    first, second = chance.sample(DIMENSIONS, 2)
    return (
        "WITH "
        + ",\n".join(ctes)
        + f"\nSELECT\n    a.{first},\n    a.{second},\n    "
        + ",\n    ".join(measures)
        + f"\nFROM part_0 AS a\n{joins}\nWHERE a.{first} IN ('a', 'b', 'c''d')\n"
        + f"GROUP BY\n    a.{first},\n    a.{second}\nHAVING sum(a.{MEASURES[n % len(MEASURES)]}) > {n}\n"
        + f"ORDER BY\n    {first},\n    {second} DESC\nLIMIT 100"
    )


def _cte(chance: random.Random, i: int) -> str:
    case = f"CASE WHEN t.status = 'open' THEN 1 WHEN t.score > {chance.randint(1, 9)} THEN 2 ELSE 0 END AS grade"
    columns = [f"t.{c}" for c in (*DIMENSIONS[:4], *MEASURES[:4])] + [case]
    rank = f"row_number() OVER (PARTITION BY t.{chance.choice(DIMENSIONS)} ORDER BY t.load_date DESC) AS place"
    listed = ",\n        ".join([*columns, rank])
    return (
        f"part_{i} AS (\n    SELECT\n        {listed}\n    FROM {_table(chance)} AS t\n"
        f"    WHERE t.load_date >= date '20{chance.randint(20, 25)}-01-01'\n        AND t.status <> 'void'\n)"
    )


def _table(chance: random.Random) -> str:
    return f"{chance.choice(LAYERS)}.{chance.choice(SUBJECTS)}"
