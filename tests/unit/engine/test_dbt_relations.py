"""Columns of what dbt makes: snapshots with dbt's own columns, macros that write whole queries, names in SQL elsewhere."""

from __future__ import annotations

import pytest

from pipesense.engine.workspace import Workspace
from support.memory import ROOT, settle, workspace

SOURCES = "sources:\n  - name: raw\n    tables:\n      - name: orders\n"
STAGED = "select id as order_id, status, at as updated_at from {{ source('raw', 'orders') }}\n"
SNAPSHOT = """\
{% snapshot orders_history %}
{{ config(target_schema='snapshots', unique_key='order_id', strategy='timestamp', updated_at='updated_at'WITH) }}
select order_id, status, updated_at from {{ ref('stg_orders') }}
{% endsnapshot %}
"""
IN_YAML = """\
snapshots:
  - name: orders_history
    relation: ref('stg_orders')
    config:
      unique_key: order_id
      strategy: check
      check_cols: all
"""
RENAMED = ", snapshot_meta_column_names={'dbt_valid_from': 'since', 'dbt_valid_to': 'till'}"
QUERY = ["order_id", "status", "updated_at"]
DBT = ["dbt_scd_id", "dbt_updated_at", "dbt_valid_from", "dbt_valid_to"]
OTHER_NAMES = ["dbt_scd_id", "dbt_updated_at", "since", "till"]


def project(files: dict[str, str]) -> Workspace:
    made = workspace(
        {"dbt_project.yml": "name: shop\n", "models/sources.yml": SOURCES, "models/stg_orders.sql": STAGED, **files}
    )
    settle(made)
    return made


def columns(made: Workspace, model: str) -> list[str] | None:
    """The columns of a model that reads everything from what is asked about; None where they are not all known."""
    path = f"{ROOT}/models/reader.sql"
    made.open(path, f"select * from {{{{ ref('{model}') }}}}\n")
    made.open(f"{ROOT}/models/last.sql", "select x.surely_not_there from {{ ref('reader') }} as x\n")
    settle(made)
    closed = any(each.rule == "schema/unknown-column" for each in made.findings(f"{ROOT}/models/last.sql"))
    found = made.hover(path, 20)
    assert found is not None
    rows = [line.split("|")[1].strip() for line in found.markdown.splitlines() if line.startswith("|")]
    return rows[2:] if closed else None


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        pytest.param({"snapshots/o.sql": SNAPSHOT.replace("WITH", "")}, [*QUERY, *DBT], id="in SQL"),
        pytest.param({"snapshots/o.yml": IN_YAML}, [*QUERY, *DBT], id="in YAML"),
        pytest.param({"snapshots/o.sql": SNAPSHOT.replace("WITH", RENAMED)}, [*QUERY, *OTHER_NAMES], id="own names"),
        pytest.param(
            {
                "snapshots/o.yml": IN_YAML
                + "      snapshot_meta_column_names:\n        dbt_valid_from: since\n        dbt_valid_to: till\n"
            },
            [*QUERY, *OTHER_NAMES],
            id="own names in YAML",
        ),
        pytest.param(
            {
                "dbt_project.yml": "name: shop\nsnapshots:\n  shop:\n    +snapshot_meta_column_names:\n"
                "      dbt_valid_from: since\n      dbt_valid_to: till\n",
                "snapshots/o.sql": SNAPSHOT.replace("WITH", ""),
            },
            [*QUERY, *OTHER_NAMES],
            id="own names of the project",
        ),
        pytest.param(
            {"snapshots/o.sql": SNAPSHOT.replace("WITH", ", hard_deletes='new_record'")},
            [*QUERY, *DBT, "dbt_is_deleted"],
            id="deleted rows are marked",
        ),
        pytest.param(
            {"snapshots/o.sql": SNAPSHOT.replace("WITH", ", snapshot_meta_column_names=names()")},
            None,
            id="names by a macro",
        ),
        pytest.param(
            {
                "snapshots/o.sql": SNAPSHOT.replace("WITH", "")
                + SNAPSHOT.replace("WITH", "").replace("orders_history", "b")
            },
            None,
            id="two in one file",
        ),
        pytest.param(
            {"snapshots/o.yml": IN_YAML.replace("ref('stg_orders')", "source('raw', 'orders')")}, None, id="of a source"
        ),
    ],
)
def test_a_snapshot_has_the_columns_of_its_query_and_those_of_dbt(
    files: dict[str, str], wanted: list[str] | None
) -> None:
    assert columns(project(files), "orders_history") == wanted


PROFILE = "shop:\n  target: dev\n  outputs:\n    dev:\n      type: postgres\n      schema: analytics\n"
MODEL = "{{ config(SETTINGS) }}\nselect 1 as order_id\n"
OWN_SCHEMA = "{% macro generate_schema_name(name, node) %}{{ name }}{% endmacro %}\n"


@pytest.mark.parametrize(
    ("settings", "extra", "table", "is_known"),
    [
        ("", {}, "analytics.fct", True),
        ("", {}, "legacy.fct", False),
        ("", {}, "fct", False),
        ("alias='orders'", {}, "analytics.orders", True),
        ("alias='orders'", {}, "analytics.fct", False),
        ("alias=var('name')", {}, "analytics.fct", False),
        ("schema='finance'", {}, "analytics_finance.fct", True),
        ("schema='finance'", {}, "prod_finance.fct", True),
        ("schema='finance'", {}, "finance.fct", False),
        ("schema='finance'", {"macros/s.sql": OWN_SCHEMA}, "finance.fct", True),
        ("schema='finance'", {"macros/s.sql": OWN_SCHEMA}, "sales.fct", False),
        ("schema='finance'", {}, "analytics.fct", False),
        ("database='prod'", {}, "prod.analytics.fct", True),
        ("database='prod'", {}, "lake.analytics.fct", False),
        ("enabled=false", {}, "analytics.fct", False),
        ("", {"models/y.yml": "models:\n  - name: fct\n    config: {alias: orders}\n"}, "analytics.orders", True),
        (
            "",
            {"dbt_project.yml": "name: shop\nprofile: shop\nmodels:\n  shop:\n    +schema: finance\n"},
            "analytics_finance.fct",
            True,
        ),
        ("", {"other/ddl.sql": "create table analytics.fct (id int, surely_not_there int);\n"}, "analytics.fct", False),
    ],
)
def test_sql_elsewhere_names_a_model_by_its_schema_and_alias(
    settings: str, extra: dict[str, str], table: str, is_known: bool
) -> None:
    made = workspace(
        {
            "dbt_project.yml": "name: shop\nprofile: shop\n",
            "profiles.yml": PROFILE,
            "models/fct.sql": MODEL.replace("SETTINGS", settings),
            "reports/report.sql": f"select x.surely_not_there from {table} as x;\n",
            **extra,
        }
    )
    settle(made)
    found = made.findings(f"{ROOT}/reports/report.sql")
    assert any(each.rule == "schema/unknown-column" for each in found) is is_known


A = "select 1 as id, 'x' as name, 2 as extra"
B = "select 1 as ID, 'x' as city"
LABEL = "_dbt_source_relation"
UNION = "{{ dbt_utils.union_relations(relations=[ref('a'), ref('b')]MORE) }}"


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        (UNION.replace("MORE", ""), [LABEL, "id", "name", "extra", "city"]),
        ("{{ config(materialized='table') }}\n" + UNION.replace("MORE", ""), [LABEL, "id", "name", "extra", "city"]),
        (UNION.replace("MORE", ", exclude=['extra'], source_column_name='of'"), ["of", "id", "name", "city"]),
        (UNION.replace("MORE", ", include=['ID', 'city'], source_column_name=None"), ["id", "city"]),
        (UNION.replace("MORE", ", source_column_name=var('x')"), None),
        ("{{ dbt_utils.union_relations(relations=tables) }}", None),
        ("{{ dbt_utils.union_relations(relations=[ref('a'), source('raw', 'orders')]) }}", None),
        (f"with u as ({UNION.replace('MORE', '')})\nselect * from u", [LABEL, "id", "name", "extra", "city"]),
        (f"select x.id, x.city from ({UNION.replace('MORE', '')}) as x", ["id", "city"]),
        ("with a1 as (select id, name from {{ ref('a') }}), b1 as ({{ dbt_utils.deduplicate(relation='a1', "
         "partition_by='id', order_by='name') }}) select * from b1", ["id", "name"]),
        ("{{ dbt_utils.deduplicate(relation=ref('a'), partition_by='id', order_by='name') }}", ["id", "name", "extra"]),
        ("with s as ({{ dbt_utils.date_spine(datepart='day', start_date='x', end_date='y') }}) select * from s", ["date_day"]),
        ("select id, {{ dbt_utils.pivot('name', ['red', 'blue'], prefix='n_') }} from {{ ref('a') }} group by id",
         ["id", "n_red", "n_blue"]),
        ("select id, {{ dbt_utils.pivot('name', ['Red Wine'], quote_identifiers=false) }} from {{ ref('a') }} group by id",
         ["id", "red_wine"]),
        ("select id, {{ dbt_utils.pivot('name', dbt_utils.get_column_values(ref('a'), 'name')) }} from {{ ref('a') }}", None),
        ("select {{ dbt_utils.star(from=ref('a'), except=['extra']) }} from {{ ref('a') }}", ["id", "name"]),
        ("{% set some = dbt_utils.get_column_values(ref('a'), 'name') %}"
         "select id, {% for one in some %}max(extra) as {{ one }},{% endfor %} 1 as n from {{ ref('a') }}", None),
        ("{% set all = dbt_utils.get_relations_by_pattern('raw', 'a_%') %}"
         "{{ dbt_utils.union_relations(relations=all) }}", None),
        ("select id, {{ dbt_utils.pivot('name', var('names')) }} from {{ ref('a') }} group by id", None),
    ],
)  # fmt: skip
def test_macros_write_columns_and_whole_queries(query: str, wanted: list[str] | None) -> None:
    made = project({"models/a.sql": A, "models/b.sql": B, "models/made.sql": query})
    assert columns(made, "made") == wanted


def test_the_definition_of_a_table_that_dbt_builds_is_the_model() -> None:
    files = {
        "dbt_project.yml": "name: shop\nprofile: shop\n",
        "profiles.yml": PROFILE,
        "models/fct.sql": MODEL.replace("SETTINGS", "alias='orders'"),
        "reports/report.sql": "select order_id from analytics.orders;\n",
    }
    made = workspace(files)
    settle(made)
    path = f"{ROOT}/reports/report.sql"
    (found,) = made.features.names.definition(path, files["reports/report.sql"].index("orders;"))
    assert found.path == f"{ROOT}/models/fct.sql"
    made.open(f"{ROOT}/models/fct.sql", MODEL.replace("SETTINGS", "alias='other'"))
    settle(made)
    assert made.features.names.definition(path, files["reports/report.sql"].index("orders;")) == ()


def test_who_reads_a_snapshot_hears_of_other_names_for_its_columns() -> None:
    made = project({"snapshots/o.sql": SNAPSHOT.replace("WITH", "")})
    path = f"{ROOT}/models/reader.sql"
    made.open(path, "select h.order_id, h.since from {{ ref('orders_history') }} as h\n")
    settle(made)
    assert "schema/unknown-column" in [each.rule for each in made.findings(path)]
    names = "snapshots:\n  shop:\n    +snapshot_meta_column_names:\n      dbt_valid_from: since\n"
    made.open(f"{ROOT}/dbt_project.yml", f"name: shop\n{names}")
    settle(made)
    assert "schema/unknown-column" not in [each.rule for each in made.findings(path)]


def test_who_reads_a_model_by_its_table_hears_of_another_schema() -> None:
    files = {"dbt_project.yml": "name: shop\nprofile: shop\n", "profiles.yml": PROFILE}
    report = "select x.surely_not_there from analytics_finance.fct as x;\n"
    made = workspace({**files, "models/fct.sql": MODEL.replace("SETTINGS", ""), "reports/report.sql": report})
    settle(made)
    path = f"{ROOT}/reports/report.sql"
    assert made.findings(path) == ()
    made.open(f"{ROOT}/models/fct.sql", MODEL.replace("SETTINGS", "schema='finance'"))
    settle(made)
    assert [each.rule for each in made.findings(path)] == ["schema/unknown-column"]
