"""A rename in a dbt project, as the texts that it leaves behind: sources, models in strings of Python, columns."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pipesense.engine.workspace import Workspace
from pipesense.model.change import Refusal
from pipesense.text.edit import TextEdit
from support.memory import ROOT, settle, workspace

FILES = {
    "dbt_project.yml": "name: shop\n",
    "models/stg_orders.sql": (
        "{{ config(materialized='incremental', unique_key='order_id') }}\n"
        "with renamed as (\n    select id as order_id, user_id, total from {{ source('raw', 'orders') }}\n)\n"
        "select * from renamed where renamed.order_id > 0\n"
    ),
    "models/paid.sql": "select * from {{ ref('stg_orders') }} where total > 0\n",
    "models/orders.sql": (
        "with stg as (select * from {{ ref('paid') }})\n"
        "select stg.order_id, {{ key(['order_id']) }} as hash, count(*) as n from stg group by stg.order_id\n"
    ),
    "models/users.sql": "select user_id as order_id, max(s.total) as total from {{ ref('stg_orders') }} s group by 1\n",
    "models/schema.yml": """\
sources:
  - name: raw
    tables:
      - name: orders
models:
  - name: stg_orders
    columns:
      - name: order_id  # the key
        data_tests: [unique]
    data_tests:
      - dbt_utils.unique_combination_of_columns:
          combination_of_columns: [order_id, user_id]
      - dbt_utils.expression_is_true:
          expression: order_id > 0
  - name: orders
    columns:
      - name: order_id
        data_tests:
          - relationships: {to: ref('stg_orders'), field: order_id}
exposures:
  - name: board
    type: dashboard
    depends_on:
      - source('raw', 'orders')
      - ref('stg_orders')
unit_tests:
  - name: t
    model: orders
    given:
      - input: ref('paid')
        rows: [{order_id: 1}]
    expect:
      rows: [{order_id: 1, n: 1}]
""",
    "dags/daily.py": (
        "from airflow.operators.bash import BashOperator\n"
        "a = BashOperator(task_id='stg_orders', bash_command='dbt run --select +stg_orders stg_orders_x')\n"
        "b = group(render_config=RenderConfig(select=['stg_orders', 'path:models']))  # dbt\n"
        "c = print('stg_orders')\n"
    ),
}


def project(more: Mapping[str, str] | None = None) -> Workspace:
    made = workspace({**FILES, **(more or {})})
    settle(made)
    return made


def place(path: str, marked: str) -> tuple[str, int]:
    return f"{ROOT}/{path}", FILES[path].index(marked.replace("|", "")) + marked.index("|")


def left(edits: Mapping[str, tuple[TextEdit, ...]] | Refusal) -> list[str]:
    """The lines that edits change, as they are then."""
    assert not isinstance(edits, Refusal), edits.why
    found: list[str] = []
    for path in sorted(edits):
        name = path[len(ROOT) + 1 :]
        text = before = FILES[name]
        for edit in reversed(edits[path]):
            text = text[: edit.span.start] + edit.text + text[edit.span.end :]
        lines = zip(before.split("\n"), text.split("\n"), strict=True)
        found += [f"{name.rpartition('/')[2]}: {new.strip()}" for old, new in lines if old != new]
    return found


STARTS = {
    "its entry in YAML": ("models/schema.yml", "- name: order_|id  # the key"),
}


@pytest.mark.parametrize("start", STARTS)
def test_a_column_is_renamed_where_it_is_made_described_tested_and_read(start: str) -> None:
    path, at = place(*STARTS[start])
    names = project().features.names_of(path, at)
    assert left(names.rename(path, at, "order_key")) == [
        "orders.sql: select stg.order_key as order_id, {{ key(['order_id']) }} as hash, "
        "count(*) as n from stg group by stg.order_key",
        "schema.yml: - name: order_key  # the key",
        "schema.yml: combination_of_columns: [order_key, user_id]",
        "schema.yml: - relationships: {to: ref('stg_orders'), field: order_key}",
        "schema.yml: rows: [{order_key: 1}]",
        "stg_orders.sql: {{ config(materialized='incremental', unique_key='order_key') }}",
        "stg_orders.sql: select id as order_key, user_id, total from {{ source('raw', 'orders') }}",
        "stg_orders.sql: select * from renamed where renamed.order_key > 0",
    ]
    assert left(names.unsure(path, at, "order_key")) == [
        "orders.sql: select stg.order_id, {{ key(['order_key']) }} as hash, count(*) as n from stg group by stg.order_id",
        "schema.yml: expression: order_key > 0",
    ]
    (defined,) = names.definition(path, at)
    assert defined.span.of(FILES["models/stg_orders.sql"]) == "order_id"


def test_an_alias_that_a_models_query_ends_in_is_its_column() -> None:
    path, at = place("models/users.sql", "as to|tal")
    names = project().features.names_of(path, at)
    assert left(names.rename(path, at, "most")) == [
        "users.sql: select user_id as order_id, max(s.total) as most from {{ ref('stg_orders') }} s group by 1"
    ]


def test_a_column_that_is_passed_on_as_it_is_gets_an_alias() -> None:
    yml = {"models/more.yml": "models:\n  - name: stg_orders\n    columns:\n      - name: user_id\n"}
    path = f"{ROOT}/models/more.yml"
    made = project(yml)
    at = yml["models/more.yml"].index("user_id")
    edits = made.features.names_of(path, at).rename(path, at, "buyer")
    assert not isinstance(edits, Refusal)
    own = edits[f"{ROOT}/models/stg_orders.sql"]
    assert [(edit.span.is_empty, edit.text) for edit in own] == [(True, " as buyer")]
    users = edits[f"{ROOT}/models/users.sql"]
    assert [edit.text for edit in users] == ["buyer"]


@pytest.mark.parametrize(
    ("more", "name", "why"),
    [
        ({}, "total", "stg_orders has a column `total` already"),
        (
            {"models/users.sql": "select 1 as x from {{ ref('stg_orders') }} a join {{ ref('paid') }} b using (order_id)\n"},
            "key",
            "users.sql joins by the name `order_id` on both sides",
        ),
        ({"models/stg_orders.sql": "select * from {{ source('raw', 'orders') }}\n"}, "key", "comes with a star from"),
        (
            {"models/users.sql": "select * exclude (order_id) from {{ ref('stg_orders') }}\n"},
            "key",
            "users.sql leaves `order_id` out of a star",
        ),
    ],
)  # fmt: skip
def test_a_rename_of_a_column_that_cannot_be_followed_is_refused(more: dict[str, str], name: str, why: str) -> None:
    path, at = place("models/schema.yml", "- name: order_|id  # the key")
    answer = project({"profiles.yml": "shop: {target: d, outputs: {d: {type: duckdb}}}\n", **more})
    refused = answer.features.names_of(path, at).rename(path, at, name)
    assert isinstance(refused, Refusal)
    assert why in refused.why


def test_a_source_is_renamed_in_sql_yaml_and_exposures() -> None:
    path, at = place("models/schema.yml", "- name: r|aw")
    names = project().features.names_of(path, at)
    assert left(names.rename(path, at, "shop")) == [
        "schema.yml: - name: shop",
        "schema.yml: - source('shop', 'orders')",
        "stg_orders.sql: select id as order_id, user_id, total from {{ source('shop', 'orders') }}",
    ]
    (defined,) = names.definition(*place("models/stg_orders.sql", "'r|aw'"))
    assert (defined.path, defined.span.start) == (path, at - 1)


def test_a_model_that_python_names_in_strings_is_renamed_there_once_somebody_says_so() -> None:
    path, at = place("models/paid.sql", "stg_|orders")
    names = project().features.names_of(path, at)
    assert left(names.unsure(path, at, "base_orders")) == [
        "daily.py: a = BashOperator(task_id='stg_orders', bash_command='dbt run --select +base_orders stg_orders_x')",
        "daily.py: b = group(render_config=RenderConfig(select=['base_orders', 'path:models']))  # dbt",
    ]
    sure = names.rename(path, at, "base_orders")
    assert not isinstance(sure, Refusal) and f"{ROOT}/dags/daily.py" not in sure
