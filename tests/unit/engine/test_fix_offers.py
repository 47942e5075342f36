"""Where a fix would break something else, none is offered, or only shown."""

from __future__ import annotations

import json

import pytest

from pipesense.host.rulepacks import load_registry
from support.memory import ROOT, workspace

REGISTRY = load_registry()

UDF = """
from pyspark.sql.functions import udf
from pyspark.sql.types import StringType


@udf(returnType=StringType())
def upper_case(text):
    return text.upper()


"""
ASSET = """
import pandas as pd
from dagster import asset


@asset
def orders() -> pd.DataFrame:
    return pd.DataFrame()
"""
ASSETS_ALONE = "import dagster as dg\nimport shop\ndefs = dg.Definitions(assets=dg.load_assets_from_modules([shop]))\n"
WITH_CHECKS = f"{ASSETS_ALONE}more = dg.Definitions(asset_checks=dg.load_asset_checks_from_modules([shop]))\n"


EACH = """
import requests
from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG


def send():
    for name in "ab":
        try:
            requests.post(f"https://example.org/{name}", timeout=9)
        except Exception:
            print("not sent", name)


with DAG("send", schedule=None, default_args={"retries": 2}):
    PythonOperator(task_id="send", python_callable=send)
"""
REFILL = "-- pipesense: dialect=postgres\nDELETE FROM m.a WHERE d = 1;\nINSERT INTO m.a SELECT d FROM b;\n"
JOINS = "SELECT a.x FROM a LEFT JOIN b ON b.i = a.i LEFT JOIN c ON c.i = b.c WHERE b.k = 2{more}\n"


def _machine(handler: str, catching: int) -> str:
    """Three states in a row, of which the first ones catch failures and lead them to ``Other``."""
    catch = {"Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Other"}]}
    work = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "TimeoutSeconds": 60}
    names = ["Take", "Work", "Store"]
    states: dict[str, dict[str, object]] = {
        name: {**work, **(catch if at < catching else {}), "Next": following}
        for at, (name, following) in enumerate(zip(names, [*names[1:], handler], strict=True))
    }
    states["Done"] = {"Type": "Succeed"}
    states["Other"] = {**work, "End": True}
    return json.dumps({"StartAt": "Take", "States": states}, indent=2)


@pytest.mark.parametrize(
    ("files", "rule", "offered"),
    [
        pytest.param(
            {"a.py": f"{UDF}def clean(df):\n    return df.withColumn('a', upper_case('a'))\n"},
            "performance/udf-for-builtin",
            ["unsafe"],
            id="the function is called with columns",
        ),
        pytest.param(
            {"a.py": f"{UDF}short = udf(lambda text: upper_case(text)[:20], StringType())\n"},
            "performance/udf-for-builtin",
            [],
            id="another function of rows calls it",
        ),
        pytest.param(
            {"a.py": f"{UDF}spark.udf.register('upper_case', upper_case)\n"},
            "performance/udf-for-builtin",
            [],
            id="somebody is given it",
        ),
        pytest.param(
            {"a.py": ASSET, "defs.py": ASSETS_ALONE},
            "quality/load-without-check",
            ["display"],
            id="nobody loads the checks of modules",
        ),
        pytest.param(
            {"a.py": ASSET, "defs.py": WITH_CHECKS},
            "quality/load-without-check",
            ["unsafe"],
            id="somebody loads the checks of modules",
        ),
        pytest.param(
            {
                "a.py": f"{ASSET}\n\ndefs = Definitions(assets=[orders])\n".replace(
                    "import asset", "import asset, Definitions"
                )
            },
            "quality/load-without-check",
            ["unsafe"],
            id="the file lists its checks itself",
        ),
        pytest.param(
            {"a.sql": JOINS.format(more="")},
            "correctness/left-join-nullified",
            ["unsafe", "unsafe"],
            id="one condition undoes the join",
        ),
        pytest.param(
            {"a.sql": JOINS.format(more=" AND b.l = 3")},
            "correctness/left-join-nullified",
            ["unsafe"],
            id="another condition would undo the join all the same",
        ),
        pytest.param(
            {"a.asl.json": _machine("Done", 2)}, "reliability/no-catch", ["unsafe"], id="a way for failures of several"
        ),
        pytest.param(
            {"a.asl.json": _machine("Done", 1)}, "reliability/no-catch", ["display"], id="a way for failures of one"
        ),
        pytest.param(
            {"a.py": EACH},
            "reliability/swallowed-exception",
            [],
            id="raising would end the work on all that is still to come",
        ),
        pytest.param(
            {"a.sql": "CREATE DATABASE shop;\n"},
            "idempotency/create-not-rerunnable",
            [],
            id="an engine that may not know IF NOT EXISTS for databases",
        ),
        pytest.param(
            {"a.sql": "-- pipesense: dialect=mysql\nCREATE DATABASE shop;\n"},
            "idempotency/create-not-rerunnable",
            ["unsafe"],
            id="an engine that knows it",
        ),
        pytest.param(
            {"a.sql": "CREATE TABLE made AS SELECT a FROM b;\n"},
            "idempotency/create-not-rerunnable",
            [],
            id="IF NOT EXISTS would keep the rows of the first run",
        ),
        pytest.param(
            {"a.sql": "CREATE TABLE converted (amount FLOAT, exchange_rate NUMERIC(18, 9));\n"},
            "modelling/float-money",
            [],
            id="amounts that come out of currency rates",
        ),
        pytest.param(
            {"a.sql": "CREATE TABLE rated (amount FLOAT, tax_rate NUMERIC(18, 9));\n"},
            "modelling/float-money",
            ["unsafe"],
            id="amounts beside another rate",
        ),
        pytest.param(
            {"a.sql": f"{REFILL}CREATE TEMP TABLE r AS SELECT 1 AS d;\nINSERT INTO m.a SELECT d FROM r;\n"},
            "idempotency/non-atomic-delete-insert",
            [],
            id="other statements stand between the INSERTs that bring rows back",
        ),
        pytest.param(
            {"a.sql": f"{REFILL}INSERT INTO m.a SELECT d FROM r;\n"},
            "idempotency/non-atomic-delete-insert",
            ["unsafe"],
            id="two INSERTs that follow one another",
        ),
        pytest.param({"a.asl.json": _machine("Other", 2)}, "reliability/no-catch", [], id="the way of every run"),
    ],
)
def test_offers(files: dict[str, str], rule: str, offered: list[str]) -> None:
    made = workspace(files, registry=REGISTRY)
    made.index_all()
    found = [each for each in made.findings(f"{ROOT}/{next(iter(files))}") if each.rule == rule][:1]
    assert len(found) == 1
    assert [each.applicability.value for each in made.offers(found[0])] == offered


def test_a_refusal_names_other_files_below_the_workspace_folder() -> None:
    job = (
        "from airflow import DAG\n"
        "from airflow.providers.http.operators.http import HttpOperator\n"
        "from settings import default_args\n\n"
        'with DAG("d", default_args=default_args, schedule="@daily"):\n'
        '    HttpOperator(task_id="a", endpoint="x")\n'
    )
    made = workspace({"dags/settings.py": 'default_args = {"owner": "x"}\n', "dags/d.py": job})
    made.index_all()
    path = f"{ROOT}/dags/d.py"
    found = next(each for each in made.findings(path) if each.rule == "reliability/no-retries")

    refused = made.build(made.offers(found)[0].id, path)

    assert getattr(refused, "why", "") == (
        "The default_args of this DAG are written in another file, dags/settings.py."
    )


@pytest.mark.parametrize(("column", "count"), [("created_at", 0), ("updated_at", 1)])
def test_rows_that_change_are_not_told_by_when_they_were_made(column: str, count: int) -> None:
    config = "{{ config(materialized='incremental', unique_key='order_id') }}\n"
    made = workspace(
        {
            "dbt_project.yml": "name: shop\n",
            "models/stg_orders.sql": f"select 1 as order_id, current_timestamp as {column}\n",
            "models/orders.sql": f"{config}select o.order_id, o.{column} from {{{{ ref('stg_orders') }}}} as o\n",
        },
        REGISTRY,
    )
    made.index_all()
    path = f"{ROOT}/models/orders.sql"

    (finding,) = [each for each in made.findings(path) if each.rule == "idempotency/incremental-no-filter"]

    assert len(made.offers(finding)) == count
