"""Fixes of what dbt itself never refuses: what is built, stored and told before and after, on dbt and DuckDB."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.shop import PROJECT, SEED, Shop, fixed

pytestmark = pytest.mark.framework


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


DEAD = {
    "models/sources.yml": (
        "sources:\n  - name: raw\n    schema: main\n    tables:\n      - name: orders\n        identifier: orders_raw\n"
    ),
    "models/orders.sql": (
        "{{ config(materialized='table') }}\nselect order_id, amount from {{ source('raw', 'orders') }}\n"
        "{% if is_incremental() %}\nwhere order_id > (select max(order_id) from {{ this }})\n{% endif %}\n"
    ),
}


@pytest.mark.parametrize("is_fixed", [False, True])
def test_a_second_run_reads_only_what_is_new_once_the_model_is_incremental(shop: Shop, is_fixed: bool) -> None:
    shop.write(fixed(DEAD, "reliability/dead-is-incremental") if is_fixed else DEAD)
    shop.sql("create table orders_raw as select 1 as order_id, 10 as amount union all select 2, 20")
    shop.run("run")
    shop.sql("create or replace table orders_raw as select 1 as order_id, 99 as amount union all select 3, 30")
    shop.run("run")
    every, new = [(1, 99), (3, 30)], [(1, 10), (2, 20), (3, 30)]
    assert shop.sql("select order_id, amount from orders order by 1") == (new if is_fixed else every)


CHAIN = {
    **SEED,
    "models/v1.sql": "select order_id from {{ ref('orders') }}\n",
    **{f"models/v{at}.sql": f"select order_id from {{{{ ref('v{at - 1}') }}}}\n" for at in range(2, 6)},
    "models/report.sql": "select order_id from {{ ref('v5') }}\n",
}


@pytest.mark.parametrize("is_fixed", [False, True])
def test_the_last_of_a_chain_of_views_is_stored(shop: Shop, is_fixed: bool) -> None:
    shop.write(fixed(CHAIN, "performance/view-chain") if is_fixed else CHAIN)
    shop.run("build")
    assert shop.sql("select order_id from report order by 1") == [(1,), (2,)]
    kinds = "select table_type from information_schema.tables where table_name = 'report'"
    assert shop.sql(kinds) == [("BASE TABLE" if is_fixed else "VIEW",)]
    others = "select distinct table_type from information_schema.tables where table_name like 'v_'"
    assert shop.sql(others) == [("VIEW",)]


KEPT = "models:\n  +persist_docs: {relation: true, columns: true}\n"
BARE = {
    "models/staging/stg_bills.sql": "select 1 as bill_id\n",
    "models/marts/fct_bills.sql": "{{ config(materialized='table') }}\nselect bill_id from {{ ref('stg_bills') }}\n",
}


@pytest.mark.parametrize("is_fixed", [False, True])
def test_a_description_reaches_the_database(shop: Shop, is_fixed: bool) -> None:
    files = fixed(BARE, "maintainability/undocumented") if is_fixed else BARE
    shop.write({**files, "dbt_project.yml": PROJECT["dbt_project.yml"] + KEPT})
    shop.run("build")
    ((comment,),) = shop.sql("select comment from duckdb_tables() where table_name = 'fct_bills'")
    assert ("stg_bills" in str(comment)) is is_fixed


MISNAMED = {
    "models/domains.sql": "select 1 as id, 'x' as ens_domain union all select 2, null\n",
    "models/schema.yml": (
        "models:\n  - name: domains\n    columns:\n      - name: ens_domains # as it is registered\n"
        "        data_tests: [not_null]\n"
    ),
}


def test_a_test_of_a_column_runs_once_the_column_is_named(shop: Shop) -> None:
    shop.write(MISNAMED)
    success, said = shop.dbt("build")
    assert not success and "ens_domains" in said and "Got 1 result" not in said

    after = fixed(MISNAMED, "schema/documented-column-missing")
    assert "# as it is registered" in after["models/schema.yml"]
    shop.write(after)
    success, said = shop.dbt("build")
    assert not success and "Got 1 result, configured to fail if != 0" in said
    shop.write({**after, "models/domains.sql": "select 1 as id, 'x' as ens_domain\n"})
    shop.run("build")
