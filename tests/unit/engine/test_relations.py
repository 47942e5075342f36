"""The catalogue across files: views over tables, dbt models and seeds, circles."""

from __future__ import annotations

import pytest

from pipesense.engine.relations import Answers, Relations
from pipesense.engine.workspace import Workspace
from pipesense.model.columns import Columns
from support.catalogue import shown
from support.memory import ROOT, settle, workspace

DBT = {
    "dbt_project.yml": 'name: shop\nmodel-paths: ["models"]\nseed-paths: ["seeds"]\n',
    "models/staging/stg_orders.sql": "select id, amount / 100 as amount from {{ source('raw', 'orders') }}",
    "models/orders.sql": (
        "{{ config(materialized='table') }}\n"
        "with o as (select * from {{ ref('stg_orders') }}), c as (select * from {{ ref('countries') }})\n"
        "select o.*, c.name as country from o left join c using (code)"
    ),
    "models/report.sql": "select orders.* from {{ ref('orders') }} where amount > 0",
    "models/made.sql": "{{ make_everything() }}",
    "models/dup.sql": "select * from {{ ref('nowhere') }}",
    "seeds/more/countries.csv": "code,name\nDE,Germany\n",
    "other/orders.sql": "CREATE TABLE orders (x INT); CREATE TABLE ledger (x INT);",
}


def outputs(made: Workspace, path: str) -> Columns:
    """What the last statement of a file gives."""
    record = made._whole_record(f"{ROOT}/{path}")
    assert record is not None
    statement = record.linked.scripts[0].statements[-1]
    return Answers(Relations(made._index, made._surroundings.dbt)).of(statement)[0].outputs()


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("models/staging/stg_orders.sql", "id, amount"),
        ("models/orders.sql", "id, amount, country?"),
        ("models/report.sql", "id, amount!, country?"),
        ("models/dup.sql", "..."),
    ],
)
def test_dbt_models(path: str, expected: str) -> None:
    made = workspace(DBT)
    settle(made)
    assert shown(outputs(made, path)) == expected


def test_a_name_in_sql_is_no_model() -> None:
    made = workspace(
        {
            **DBT,
            "q.sql": "SELECT * FROM ledger;",
            "r.sql": "SELECT * FROM stg_orders;",
            "s.sql": "SELECT * FROM orders;",
        }
    )
    settle(made)
    assert shown(outputs(made, "q.sql")) == "x:int?"
    assert shown(outputs(made, "r.sql")) == "..."
    # It may be the model or the table.
    assert shown(outputs(made, "s.sql")) == "..."


ENGINES = {
    "postgres/create.sql": "CREATE TABLE drugs (id INT, started DATE);",
    "monetdb/create.sql": "CREATE TABLE clinic.drugs (id INT, started_at TIMESTAMP);",
    "q.sql": "SELECT * FROM clinic.drugs;",
}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, "..."),
        (
            {"postgres/create.sql": "CREATE TABLE drugs (id INT, started_at TIMESTAMP);"},
            "id:int?, started_at:timestamp?",
        ),
        ({"postgres/create.sql": "CREATE TEMP TABLE drugs (id INT);"}, "id:int?, started_at:timestamp?"),
        ({"postgres/create.sql": "CREATE TABLE archive.drugs (id INT);"}, "id:int?, started_at:timestamp?"),
    ],
)
def test_a_script_without_schemas_may_make_the_same_table(changed: dict[str, str], expected: str) -> None:
    made = workspace({**ENGINES, **changed})
    settle(made)
    assert shown(outputs(made, "q.sql")) == expected


def test_the_same_hole_does_not_tell_that_another_catalog_is_meant() -> None:
    made = workspace(
        {
            "trino/lake.sql": "CREATE TABLE hive.{{ schema }}.usage (id INT, node VARCHAR);",
            "q.sql": "SELECT * FROM {{ schema }}.usage;",
            "same.sql": "SELECT * FROM hive.{{ schema }}.usage;",
        }
    )
    settle(made)
    assert shown(outputs(made, "q.sql")) == "..."
    assert shown(outputs(made, "same.sql")) == "id:int?, node:string?"


def test_models_of_two_projects_are_told_apart() -> None:
    files = {
        f"{project}/{name}": text
        for project, column in (("a", "one"), ("b", "two"))
        for name, text in (
            ("dbt_project.yml", "name: x\n"),
            ("models/m.sql", f"select 1 as {column}"),
            ("models/n.sql", "select * from {{ ref('m') }}"),
        )
    }
    made = workspace(files)
    settle(made)
    assert shown(outputs(made, "a/models/n.sql")) == "one:int!"
    assert shown(outputs(made, "b/models/n.sql")) == "two:int!"


def test_origins_lead_through_models_to_the_source() -> None:
    made = workspace(DBT)
    settle(made)
    columns = outputs(made, "models/report.sql")
    amount, country = columns.find("amount"), columns.find("country")
    assert amount is not None and country is not None
    assert [str(each) for each in amount.origins] == ["{{ source('raw', 'orders') }}.amount"]
    assert [str(each) for each in country.origins] == ["countries.name"]


@pytest.mark.parametrize("asked", ["a", "b", "c", "d"])
def test_what_lies_on_a_circle_is_the_same_from_everywhere(asked: str) -> None:
    files = {
        "a.sql": "CREATE VIEW a AS SELECT * FROM b JOIN c USING (id);",
        "b.sql": "CREATE VIEW b AS SELECT *, 1 AS n FROM c;",
        "c.sql": "CREATE VIEW c AS SELECT * FROM a;",
        "d.sql": "CREATE VIEW d AS SELECT 1 AS one, a.* FROM a;",
        "q.sql": f"SELECT * FROM {asked};",
    }
    made = workspace(files)
    settle(made)
    assert shown(outputs(made, "q.sql")) == ("one:int!, ..." if asked == "d" else "...")


def test_many_paths_to_one_table_are_walked_once() -> None:
    files = {"m0.sql": "CREATE VIEW m0 AS SELECT 1 AS n;"}
    for at in range(1, 40):
        files[f"m{at}.sql"] = f"CREATE VIEW m{at} AS SELECT a.n FROM m{at - 1} a JOIN m{at - 1} b ON a.n = b.n" + (
            f" JOIN m{at - 2} c ON c.n = a.n;" if at > 1 else ";"
        )
    made = workspace(files)
    settle(made)
    assert shown(outputs(made, "m39.sql")) == "n:int!"
