"""What a hover says of names in a dbt project, and what is counted above them; documentation blocks and links."""

from __future__ import annotations

import pytest

from pipesense.engine.workspace import Workspace
from support.memory import ROOT, settle, workspace

FILES = {
    "dbt_project.yml": "name: shop\nmodels:\n  shop:\n    marts:\n      +materialized: table\n",
    "models/staging/stg_orders.sql": (
        "select id as order_id, customer_id, cast(amount as integer) as amount\nfrom {{ source('raw', 'orders') }}\n"
    ),
    "models/marts/fct_orders.sql": (
        "{{ config(materialized='incremental', unique_key='order_id') }}\n"
        "select o.order_id, {{ cents('o.amount') }} as amount\nfrom {{ ref('stg_orders') }} as o\n"
    ),
    "models/marts/late.sql": "select * from {{ ref('fct_orders') }}\n",
    "models/docs.md": "{% docs orders %}\nOne row per order.\n{% enddocs %}\n",
    "models/schema.yml": """\
version: 2
sources:
  - name: raw
    schema: landing
    tables:
      - name: orders
        description: As the shop sends them
        freshness: {warn_after: {count: 12, period: hour}}
        loaded_at_field: at
        columns:
          - name: id
            description: The key
models:
  - name: stg_orders
    description: "{{ doc('orders') }}"
    columns:
      - name: order_id
        description: The order
        data_tests: [unique, not_null]
  - name: fct_orders
    config: {contract: {enforced: true}}
    data_tests:
      - dbt_utils.unique_combination_of_columns:
          combination_of_columns: [order_id, amount]
exposures:
  - name: board
    type: dashboard
    depends_on: [ref('fct_orders')]
    owner: {name: a}
macros:
  - name: cents
    description: Hundredths of a unit
""",
    "macros/cents.sql": "{% macro cents(column, digits=2) %}({{ column }} / 100){% endmacro %}\n",
    "tests/no_negative_orders.sql": "select * from {{ ref('fct_orders') }} where amount < 0\n",
}
HOVERS = [
    ("models/marts/fct_orders.sql", "ref('stg_|orders')", [
        "**Model stg_orders** · view (dbt's default)", "One row per order.", "- defined in: stg_orders.sql, line 1",
        "- layer: staging (bronze to silver), by its prefix stg_", "- upstream: `raw.orders`", "- downstream: `fct_orders`",
        "- tests: `unique(order_id)`, `not_null(order_id)`", "| order_id |  | unique, not_null | The order |",
        "| amount | INTEGER |  |  |",
    ]),
    ("models/marts/fct_orders.sql", "con|fig(", [
        "**Model fct_orders** · incremental", "- layer: mart (gold), by its prefix fct_", "- unique_key: `order_id`",
        "- contract: enforced", "- upstream: `stg_orders`", "- downstream: `late`", "- exposed as: `board`",
        "- tests: `unique_combination_of_columns(order_id, amount)`, `no_negative_orders`",
    ]),
    ("models/schema.yml", "- name: fct_|orders\n    config", ["**Model fct_orders** · incremental"]),
    ("models/marts/late.sql", "ref('fct_|orders')", ["**Model fct_orders** · incremental", "| order_id |"]),
    ("models/staging/stg_orders.sql", "'or|ders')", [
        "**Source raw.orders**", "As the shop sends them", "- in the warehouse: `landing.orders`",
        "- freshness: warning after 12 h", "- read by: `stg_orders`", "| id |  |  | The key |",
    ]),
    ("models/staging/stg_orders.sql", "'r|aw'", ["**Source raw**", "- tables: `orders`"]),
    ("models/marts/fct_orders.sql", "{{ ce|nts", [
        "**Macro `cents(column, digits=2)`**", "Hundredths of a unit", "- defined in: cents.sql, line 1",
    ]),
    ("models/schema.yml", "doc('or|ders", ["**Documentation orders**", "One row per order."]),
    ("models/schema.yml", "- name: order|_id", [
        "**Column order_id** of stg_orders", "The order", "- a copy of: `raw.orders.id`", "- tests: `unique(order_id)`",
    ]),
]  # fmt: skip


def project() -> Workspace:
    made = workspace(FILES)
    settle(made)
    return made


def place(path: str, marked: str) -> tuple[str, int]:
    return f"{ROOT}/{path}", FILES[path].index(marked.replace("|", "")) + marked.index("|")


@pytest.mark.parametrize(("path", "marked", "wanted"), HOVERS)
def test_a_hover_tells_of_models_sources_macros_docs_and_columns(path: str, marked: str, wanted: list[str]) -> None:
    found = project().hover(*place(path, marked))
    assert found is not None
    for each in wanted:
        assert each in found.markdown, found.markdown


def test_a_name_that_nothing_defines_says_nothing_of_dbt() -> None:
    made = workspace({**FILES, "models/marts/late.sql": "select * from {{ ref('gone') }}\n"})
    settle(made)
    found = made.hover(f"{ROOT}/models/marts/late.sql", 24)
    assert found is None or "downstream" not in found.markdown


def test_a_description_follows_its_file() -> None:
    made = project()
    path = f"{ROOT}/models/schema.yml"
    made.open(path, FILES["models/schema.yml"].replace("description: The order", "description: The other"))
    settle(made)
    found = made.hover(*place("models/marts/fct_orders.sql", "ref('stg_|orders')"))
    assert found is not None and "| The other |" in found.markdown


LENSES = {
    "models/marts/fct_orders.sql": ["1:1 1 upstream · 1 downstream · 2 tests · 1 exposure"],
    "models/marts/late.sql": ["1:1 1 upstream · 0 downstream · no tests"],
    "models/schema.yml": [
        "orders 1 downstream · no tests",
        "stg_orders 1 upstream · 1 downstream · 2 tests",
        "fct_orders 1 upstream · 1 downstream · 2 tests · 1 exposure",
    ],
    "macros/cents.sql": [],
}


@pytest.mark.parametrize("path", LENSES)
def test_tests_and_neighbours_are_counted_above_each_model(path: str) -> None:
    found = sorted(project().features.lenses(f"{ROOT}/{path}"), key=lambda each: each.span)
    assert [f"{each.span.of(FILES[path]) or '1:1'} {each.text}" for each in found] == LENSES[path]


def test_counts_follow_other_files() -> None:
    made = project()
    path = f"{ROOT}/models/marts/late.sql"
    made.open(path, "select 1 as id\n")
    settle(made)
    (lens,) = made.features.lenses(f"{ROOT}/models/marts/fct_orders.sql")
    assert "0 downstream" in lens.text


LINKS = {
    "models/marts/fct_orders.sql": ["stg_orders -> models/staging/stg_orders.sql"],
    "models/schema.yml": [
        "fct_orders -> models/marts/fct_orders.sql",
        "fct_orders -> models/marts/fct_orders.sql",
        "orders -> models/docs.md",
        "stg_orders -> models/staging/stg_orders.sql",
    ],
}


@pytest.mark.parametrize("path", LINKS)
def test_names_of_models_and_docs_lead_to_their_files(path: str) -> None:
    links = project().features.links(f"{ROOT}/{path}")
    told = [f"{each.span.of(FILES[path])} -> {each.target[len(ROOT) + 1 :]}" for each in links]
    assert sorted(told) == LINKS[path]


def test_a_sql_file_that_a_task_runs_is_linked() -> None:
    dag = (
        "from airflow import DAG\nfrom airflow.providers.postgres.operators.postgres import PostgresOperator\n"
        "with DAG('d') as dag:\n    PostgresOperator(task_id='a', sql='load.sql', postgres_conn_id='x')\n"
    )
    made = workspace({"dags/d.py": dag, "dags/load.sql": "select 1\n"})
    settle(made)
    (link,) = made.features.links(f"{ROOT}/dags/d.py")
    assert (link.span.of(dag).strip("'"), link.target) == ("load.sql", f"{ROOT}/dags/load.sql")


def test_a_documentation_block_is_defined_in_its_file_and_renamed_with_it() -> None:
    made = project()
    path, at = place("models/schema.yml", "doc('or|ders")
    names = made.features.names_of(path, at)
    (defined,) = names.definition(path, at)
    docs = FILES["models/docs.md"]
    assert (defined.path, defined.span.of(docs)) == (f"{ROOT}/models/docs.md", "orders")
    edits = names.rename(path, at, "order_docs")
    assert isinstance(edits, dict)
    assert {file[len(ROOT) + 1 :]: [edit.text for edit in several] for file, several in edits.items()} == {
        "models/docs.md": ["order_docs"],
        "models/schema.yml": ["order_docs"],
    }


STARS = {
    "all": ("dbt_utils.star(ref('base'))", ["id", "name"]),
    "by name, some left out": ("dbt_utils.star(from=ref('base'), except=['name'])", ["id"]),
    "with a prefix": ("dbt_utils.star(from=ref('base'), relation_alias='b', prefix='base_')", ["base_id", "base_name"]),
    "left out by something else": ("dbt_utils.star(from=ref('base'), except=columns)", None),
    "of something made up": ("dbt_utils.star(from=this)", None),
    "somebody's own": ("ours.star(ref('base'))", None),
}


@pytest.mark.parametrize("kind", STARS)
def test_columns_that_a_macro_lists_are_known(kind: str) -> None:
    call, wanted = STARS[kind]
    made = workspace(
        {
            "dbt_project.yml": "name: shop\n",
            "models/base.sql": "select 1 as id, 'x' as name\n",
            "models/more.sql": f"select {{{{ {call} }}}}, 1 as n from {{{{ ref('base') }}}} as b\n",
            "models/reader.sql": "select m.nothing from {{ ref('more') }} as m\n",
        }
    )
    settle(made)
    said = [each for each in made.findings(f"{ROOT}/models/reader.sql") if each.rule == "schema/unknown-column"]
    assert len(said) == (wanted is not None)
    found = made.hover(f"{ROOT}/models/reader.sql", "select m.nothing from {{ ref('more".__len__())
    assert found is not None
    for name in wanted or ():
        assert f"| {name} |" in found.markdown
    assert ("More columns may exist" in found.markdown) is (wanted is None)


def test_a_version_of_a_model_is_its_own_file() -> None:
    made = workspace(
        {
            "dbt_project.yml": "name: shop\n",
            "models/orders_v1.sql": "select 1 as id\n",
            "models/orders_v2.sql": "select 1 as order_id\n",
            "models/schema.yml": "models:\n  - name: orders\n    versions: [{v: 1}, {v: 2}]\n",
            "models/old.sql": "select id from {{ ref('orders', v=1) }}\n",
            "models/new.sql": "select id from {{ ref('orders', version=2) }}\n",
            "models/any.sql": "select id from {{ ref('orders') }}\n",
        }
    )
    settle(made)
    told = {
        name: "schema/unknown-column" in {each.rule for each in made.findings(f"{ROOT}/models/{name}.sql")}
        for name in ("old", "new", "any")
    }
    assert told == {"old": False, "new": True, "any": False}
