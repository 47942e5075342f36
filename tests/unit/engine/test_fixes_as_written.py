"""How a fix is written into a file that has its own manner: its lines, its indentation, its imports."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from pipesense.host.rulepacks import load_registry
from pipesense.model.change import Refusal
from pipesense.text.edit import apply_edits
from support.memory import ROOT, workspace

REGISTRY = load_registry()


class Fixed(NamedTuple):
    """A file, the rule whose first finding is fixed by the offer of that title, and the file afterwards."""

    what: str
    rule: str
    title: str
    name: str
    text: str
    fixed: str


AIRFLOW_3 = {"requirements.txt": "apache-airflow==3.0.6\n"}
MOVING = (
    "from datetime import {names}\n\nfrom airflow import DAG\n{days}from airflow.models import Variable\n\n"
    "with DAG('orders', start_date={start}, schedule='@daily', catchup=False):\n    print(timedelta, Variable)\n"
)
MOVED = ("upgrade/removed-api", "Use airflow.sdk.Variable", "a.py")

IMPORTS = (
    '"""Loads the orders."""\n\nfrom __future__ import annotations\n\nimport os\n\n'
    "from airflow.sdk import DAG\nfrom airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator\n\n"
)
DAG = (
    "with DAG('orders', schedule=None, default_args={'retries': 2}):\n"
    "    SQLExecuteQueryOperator(task_id='load', conn_id='w', sql='TRUNCATE a; INSERT INTO a SELECT 1')\n"
)
CAUGHT = (
    "import requests\nfrom airflow.exceptions import AirflowException\n"
    "from airflow.providers.standard.operators.python import PythonOperator\nfrom airflow.sdk import DAG\n\n"
    "def send():\n    try:\n        requests.post('https://example.org/a', timeout=9)\n"
    "    except AirflowException as error:\n        print(error)\n{again}    except KeyError:\n        pass\n"
    "    except Exception as error:\n        print(error)\n{again}\n"
    "with DAG('send', schedule=None, default_args={{'retries': 2}}):\n"
    "    PythonOperator(task_id='send', python_callable=send)\n"
)
WORKFLOW = "main:\n  params: [input]\n  steps:\n    - rates:\n{}    - done:\n        return: ok\n"

CASES = [
    Fixed(
        "a moved name joins the import that is there",
        *MOVED,
        "from airflow.sdk import dag, task\nfrom airflow.models import Variable\n\nx = Variable.get('a')\n",
        "from airflow.sdk import Variable, dag, task\n\nx = Variable.get('a')\n",
    ),
    Fixed(
        "one of two moved names keeps its own name",
        *MOVED,
        "from airflow.models import DagRun, Variable\n\nx = Variable.get('a'), DagRun\n",
        "from airflow.models import DagRun\nfrom airflow.sdk import Variable\n\nx = Variable.get('a'), DagRun\n",
    ),
    Fixed(
        "a comment beside the old import stays where it is",
        *MOVED,
        "from airflow.sdk import dag\nfrom airflow.models import Variable  # rates\n\nx = Variable.get('a'), dag\n",
        "from airflow.sdk import dag\nfrom airflow.sdk import Variable  # rates\n\nx = Variable.get('a'), dag\n",
    ),
    Fixed(
        "an import of the standard library, into its own group",
        "reliability/no-timeout",
        "Let attempts fail after 1 hour",
        "a.py",
        IMPORTS + DAG,
        IMPORTS.replace("import os\n", "import os\nfrom datetime import timedelta\n")
        + DAG.replace("'retries': 2}", "'retries': 2, 'execution_timeout': timedelta(hours=1)}"),
    ),
    Fixed(
        "an import of the standard library, before those of others",
        "reliability/no-timeout",
        "Let attempts fail after 1 hour",
        "a.py",
        IMPORTS.replace("import os\n\n", "") + DAG,
        IMPORTS.replace("import os\n", "from datetime import timedelta\n")
        + DAG.replace("'retries': 2}", "'retries': 2, 'execution_timeout': timedelta(hours=1)}"),
    ),
    Fixed(
        "a step that indents its parts by four where the file begins with two",
        "reliability/no-retries",
        "Add retries with exponential backoff",
        "w.workflows.yaml",
        WORKFLOW.format("        call: http.get\n        args:\n            url: https://example.org/rates\n"),
        WORKFLOW.format(
            "        try:\n            call: http.get\n            args:\n"
            "                url: https://example.org/rates\n        retry: ${http.default_retry}\n"
        ),
    ),
    Fixed(
        "the import of a date joins the one that is there",
        "idempotency/dynamic-start-date",
        "Use a fixed start date",
        "a.py",
        MOVING.format(names="timedelta", days="from airflow.utils.dates import days_ago\n", start="days_ago(2)"),
        MOVING.format(names="datetime, timedelta", days="", start="datetime(2024, 1, 1)"),
    ),
    Fixed(
        "every handler that only tells raises again, and one that passes over a named exception stays",
        "reliability/swallowed-exception",
        "Raise the error again",
        "a.py",
        CAUGHT.format(again=""),
        CAUGHT.format(again="        raise\n"),
    ),
    Fixed(
        "a window over several lines",
        "correctness/last-value-default-frame",
        "Add ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING",
        "a.sql",
        "select\n    last_value(price) over (\n        partition by day\n        order by closed_at asc\n    ) as close\n"
        "from trades\n",
        "select\n    last_value(price) over (\n        partition by day\n        order by closed_at asc\n"
        "        rows between unbounded preceding and unbounded following\n    ) as close\nfrom trades\n",
    ),
    Fixed(
        "a window in one line, with the place of NULL",
        "correctness/last-value-default-frame",
        "Add ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING",
        "a.sql",
        "SELECT LAST_VALUE(a) OVER (PARTITION BY b ORDER BY c DESC NULLS LAST) AS d FROM t\n",
        "SELECT LAST_VALUE(a) OVER (PARTITION BY b ORDER BY c DESC NULLS LAST ROWS BETWEEN UNBOUNDED PRECEDING AND "
        "UNBOUNDED FOLLOWING) AS d FROM t\n",
    ),
    Fixed(
        "conditions of a join that have lines of their own",
        "correctness/left-join-nullified",
        "Move the condition into ON: rows without a partner are kept",
        "a.sql",
        "select a.x\nfrom a\nleft join b\n    on b.i = a.i\n    and b.j = a.j\nwhere b.k = 2 and a.x > 1\n",
        "select a.x\nfrom a\nleft join b\n    on b.i = a.i\n    and b.j = a.j\n    and b.k = 2\nwhere a.x > 1\n",
    ),
    Fixed(
        "a condition that stands in ON already",
        "correctness/left-join-nullified",
        "Delete the condition in WHERE: ON has it already",
        "a.sql",
        "SELECT a.x FROM a LEFT JOIN b ON b.i = a.i AND b.k IN (1, 2) WHERE b.k IN (1, 2) ORDER BY 1\n",
        "SELECT a.x FROM a LEFT JOIN b ON b.i = a.i AND b.k IN (1, 2) ORDER BY 1\n",
    ),
    Fixed(
        "a join that is called what it is, in the words of its statement",
        "correctness/left-join-nullified",
        "Write JOIN: the rows stay the same",
        "a.sql",
        "SELECT a.x FROM a INNER JOIN c ON c.i = a.i LEFT OUTER JOIN b ON b.i = a.i WHERE b.k = 2 AND b.l = 1\n",
        "SELECT a.x FROM a INNER JOIN c ON c.i = a.i INNER JOIN b ON b.i = a.i WHERE b.k = 2 AND b.l = 1\n",
    ),
    Fixed(
        "every query of a UNION that lets NULL through",
        "correctness/not-in-nullable",
        "Leave NULLs out of each query of the UNION",
        "a.sql",
        "select a from t where a not in (\n    select b from u\n    union all\n    select c from v where d = 1\n)\n",
        "select a from t where a not in (\n    select b from u where b is not null\n    union all\n"
        "    select c from v where d = 1 and c is not null\n)\n",
    ),
    Fixed(
        "the one query of a UNION that lets NULL through",
        "correctness/not-in-nullable",
        "Leave NULLs out of the subquery",
        "a.sql",
        "SELECT a FROM t WHERE a NOT IN (SELECT b FROM u WHERE b IS NOT NULL UNION ALL SELECT c FROM v)\n",
        "SELECT a FROM t WHERE a NOT IN (SELECT b FROM u WHERE b IS NOT NULL UNION ALL SELECT c FROM v "
        "WHERE c IS NOT NULL)\n",
    ),
    Fixed(
        "a table that is made from a query",
        "idempotency/create-not-rerunnable",
        "Write CREATE OR REPLACE TABLE",
        "a.sql",
        "-- pipesense: dialect=clickhouse\nCREATE TABLE eez ENGINE MergeTree ORDER BY a AS SELECT a FROM b\n",
        "-- pipesense: dialect=clickhouse\nCREATE OR REPLACE TABLE eez ENGINE MergeTree ORDER BY a AS SELECT a FROM b\n",
    ),
    Fixed(
        "more columns than a line holds",
        "schema/insert-without-column-list",
        "List the table's columns",
        "a.sql",
        "INSERT INTO mart.orders\nSELECT 1, 2, 3, 4\n",
        "INSERT INTO mart.orders (\n    the_name_of_the_first_column,\n    the_name_of_the_second_column,\n"
        "    the_name_of_the_third_column,\n    the_name_of_the_fourth_column\n)\nSELECT 1, 2, 3, 4\n",
    ),
]

TABLE = (
    "CREATE TABLE IF NOT EXISTS mart.orders (the_name_of_the_first_column INT, the_name_of_the_second_column INT, "
    "the_name_of_the_third_column INT, the_name_of_the_fourth_column INT);\n"
)


@pytest.mark.parametrize("case", CASES, ids=[case.what for case in CASES])
def test_as_written(case: Fixed) -> None:
    made = workspace(
        {case.name: case.text, **AIRFLOW_3, "table.sql": TABLE, "pipesense.toml": 'dialect = "postgres"\n'},
        registry=REGISTRY,
    )
    made.index_all()
    path = f"{ROOT}/{case.name}"
    found = next(each for each in made.findings(path) if each.rule == case.rule)
    offer = next(each for each in made.offers(found) if each.title == case.title)
    built = made.build(offer.id, path)
    assert not isinstance(built, Refusal), built
    assert apply_edits(case.text, built.edits[path]) == case.fixed
