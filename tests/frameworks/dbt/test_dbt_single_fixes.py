"""One fix at a time, before and after, on dbt and DuckDB: inserted tests catch planted rows, loads read what comes late."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.shop import SEED, Files, Shop, fixed

pytestmark = pytest.mark.framework


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


FACTS = {
    "models/dim_customers.sql": "select 1 as customer_id, 'north' as region\n",
    "models/stg_orders.sql": "select 1 as order_id, 1 as customer_id union all select 2, 2\n",
    "models/fct_orders.sql": (
        "select o.order_id, o.customer_id, d.region\nfrom {{ ref('stg_orders') }} as o\n"
        "left join {{ ref('dim_customers') }} as d on o.customer_id = d.customer_id\n"
    ),
    "models/schema.yml": (
        "models:\n  - name: fct_orders\n    columns:\n      - name: order_id\n        data_tests: [unique]\n"
        "      - name: customer_id # as the shop knows it\n"
    ),
}


def test_an_inserted_relationship_catches_a_fact_without_its_dimension(shop: Shop) -> None:
    shop.write(FACTS)
    shop.run("build")
    after = fixed(FACTS, "quality/fk-no-relationships")
    assert "arguments:" in after["models/schema.yml"] and "# as the shop knows it" in after["models/schema.yml"]
    shop.write(after)
    success, said = shop.dbt("build")
    assert not success
    assert "relationships_fct_orders_customer_id" in said
    assert "Deprecation" not in said
    shop.write(
        {**after, "models/dim_customers.sql": "select 1 as customer_id, 'n' as region union all select 2, 's'\n"}
    )
    shop.run("build")


STATES = {
    "models/bills.sql": (
        "{{ config(materialized='table') }}\n"
        "select 1 as bill_id, case when 1 = 2 then 'paid' else 'open' end as state\n"
    ),
    "models/schema.yml": (
        "models:\n  - name: bills\n    columns:\n      - name: bill_id\n        tests: [unique]\n      - name: state\n"
    ),
}


def test_inserted_values_catch_another_one(shop: Shop) -> None:
    shop.write(STATES)
    shop.run("build")
    after = fixed(STATES, "quality/enum-no-accepted-values")
    shop.write(after)
    shop.run("build")
    shop.sql("insert into bills values (2, 'lost')")
    success, said = shop.dbt("test")
    assert not success
    assert "accepted_values_bills_state__paid__open" in said


EVENTS = {
    "models/events.sql": (
        "{{ config(materialized='incremental', unique_key='event_id') }}\n"
        "select event_id, event_date from {{ source('raw', 'events') }}\n"
        "{% if is_incremental() %}\nwhere event_date > (select max(event_date) from {{ this }})\n{% endif %}\n"
    ),
    "models/schema.yml": (
        "sources:\n  - name: raw\n    schema: main\n    tables:\n      - name: events\n        columns:\n"
        "          - name: event_id\n          - name: event_date\n            data_type: date\n"
    ),
}


@pytest.mark.parametrize("is_fixed", [False, True])
def test_what_comes_late_for_the_newest_day_is_read_once_the_day_is_read_again(shop: Shop, is_fixed: bool) -> None:
    shop.write(fixed(EVENTS, "reliability/incremental-late-data") if is_fixed else EVENTS)
    shop.sql("create table events_raw as select 1 as event_id, date '2024-01-01' as event_date")
    schema = (shop.folder / "models/schema.yml").read_text()
    (shop.folder / "models/schema.yml").write_text(
        schema.replace("- name: events\n", "- name: events\n        identifier: events_raw\n")
    )
    shop.run("run")
    shop.sql("insert into events_raw values (2, date '2024-01-01'), (3, date '2024-01-02')")
    shop.run("run")
    shop.run("run")
    assert shop.sql("select count(*) from events") == [(3 if is_fixed else 2,)]
    assert shop.sql("select count(distinct event_id) from events") == [(3 if is_fixed else 2,)]


GUARDED = {
    "models/orders.sql": (
        "{{ config(materialized='incremental') }}\n"
        "select order_id, amount from {{ source('raw', 'orders') }}\n"
        "{% if is_incremental() %}\nwhere order_id >= (select max(order_id) from {{ this }})\n{% endif %}\n"
    ),
    "models/schema.yml": (
        "sources:\n  - name: raw\n    schema: main\n    tables:\n      - name: orders\n        identifier: orders_raw\n"
        "models:\n  - name: orders\n    columns:\n      - name: order_id\n        data_tests: [unique]\n"
    ),
}


@pytest.mark.parametrize("is_fixed", [False, True])
def test_a_second_run_leaves_as_many_rows_as_the_first_once_there_is_a_key(shop: Shop, is_fixed: bool) -> None:
    shop.write(fixed(GUARDED, "idempotency/incremental-no-unique-key") if is_fixed else GUARDED)
    shop.sql("create table orders_raw as select 1 as order_id, 10 as amount union all select 2, 20")
    shop.run("run")
    first = shop.sql("select count(*) from orders")
    shop.run("run")
    assert (shop.sql("select count(*) from orders") == first) is is_fixed


STALE = {
    "models/schema.yml": (
        "sources:\n  - name: raw\n    schema: main\n    tables:\n      - name: orders\n        columns:\n"
        "          - name: id\n          - name: _loaded_at\n"
    ),
    "models/stg_orders.sql": "select id from {{ source('raw', 'orders') }}\n",
}


def test_an_inserted_freshness_block_tells_a_stale_source(shop: Shop) -> None:
    after = fixed(STALE, "monitoring/source-freshness")
    shop.sql("create table orders as select 1 as id, timestamp '2020-01-01' as _loaded_at")
    shop.write(STALE)
    shop.run("source", "freshness")
    shop.write(after)
    success, said = shop.dbt("source", "freshness")
    assert not success
    assert "ERROR STALE freshness of raw.orders" in said
    assert "Deprecation" not in said
    shop.sql("update orders set _loaded_at = now()::timestamp")
    shop.run("source", "freshness")


HISTORY = {
    "snapshots/people.sql": (
        "{% snapshot people %}\n{{ config(target_schema='main', strategy='check', unique_key='id', check_cols=['name']) }}\n"
        "select id, name from {{ source('raw', 'people') }}\n{% endsnapshot %}\n"
    ),
    "models/schema.yml": (
        "sources:\n  - name: raw\n    schema: main\n    tables:\n      - name: people\n        identifier: people_raw\n"
    ),
}


@pytest.mark.parametrize("is_fixed", [False, True])
def test_a_deleted_row_ends_in_the_history_once_deletes_are_seen(shop: Shop, is_fixed: bool) -> None:
    shop.write(fixed(HISTORY, "quality/snapshot-hard-deletes") if is_fixed else HISTORY)
    shop.sql("create table people_raw as select 1 as id, 'a' as name union all select 2, 'b'")
    shop.run("snapshot")
    shop.sql("delete from people_raw where id = 2")
    shop.run("snapshot")
    assert shop.sql("select count(*) from people where dbt_valid_to is null") == [(1 if is_fixed else 2,)]


STAGING = {
    "models/staging/sources.yml": (
        "sources:\n  - name: raw\n    schema: main\n    tables:\n      - name: orders\n        identifier: orders_raw\n"
        "      - name: people\n        identifier: people_raw\n        columns:\n          - name: id\n"
        "            data_tests: [unique]\n          - name: name\n"
    ),
    "models/staging/stg_orders.sql": "select id, person_id from {{ source('raw', 'orders') }}\n",
    "models/marts/fct_orders.sql": (
        "{{ config(materialized='table') }}\nselect o.id, p.name\nfrom {{ ref('stg_orders') }} as o\n"
        "join {{ source('raw', 'people') }} as p on p.id = o.person_id\n"
    ),
}
RAW = (
    "create table orders_raw as select 1 as id, 7 as person_id",
    "create table people_raw as select 7 as id, 'a' as name, 'x' as password",
)


def test_a_mart_gives_the_same_rows_through_the_staging_model_that_is_written(shop: Shop) -> None:
    for query in RAW:
        shop.sql(query)
    shop.write(STAGING)
    shop.run("build")
    before = shop.sql("select * from fct_orders")
    after = fixed(STAGING, "modelling/join-to-source")
    shop.write(after)
    said = shop.run("build")
    assert "stg_raw__people" in said
    assert shop.sql("select * from fct_orders") == before == [(1, "a")]
    assert shop.sql("select * from stg_raw__people") == [(7, "a")]


UNFILTERED = {
    "models/events.sql": (
        "{{ config(materialized='incremental', incremental_strategy='append') }}\n"
        "select event_id, created_at\nfrom {{ source('raw', 'events') }}\n"
    ),
    "models/schema.yml": (
        "sources:\n  - name: raw\n    schema: main\n    tables:\n      - name: events\n        identifier: events_raw\n"
        "        columns:\n          - name: event_id\n          - name: created_at\n"
    ),
}


@pytest.mark.parametrize("is_fixed", [False, True])
def test_a_second_run_adds_what_is_new_once_there_is_a_filter(shop: Shop, is_fixed: bool) -> None:
    shop.write(fixed(UNFILTERED, "idempotency/incremental-no-filter") if is_fixed else UNFILTERED)
    shop.sql("create table events_raw as select 1 as event_id, timestamp '2024-01-01 10:00' as created_at")
    shop.run("run")
    shop.run("run")
    assert shop.sql("select count(*) from events") == [(1 if is_fixed else 2,)]
    shop.sql("insert into events_raw values (2, timestamp '2024-01-01 11:00')")
    shop.run("run")
    assert shop.sql("select count(*), count(distinct event_id) from events") == [(2 if is_fixed else 4, 2)]


UNTYPED = {
    "models/bills.sql": (
        "{{ config(materialized='table') }}\nselect cast(1 as integer) as bill_id, cast('a' as varchar) as state\n"
    ),
    "models/schema.yml": (
        "models:\n  - name: bills\n    config:\n      contract: {enforced: true}\n    columns:\n"
        "      - name: bill_id # the key\n        data_tests: [unique]\n      - name: state\n"
    ),
}


def test_a_contract_is_accepted_once_its_types_are_written_and_refuses_another_type(shop: Shop) -> None:
    shop.write(UNTYPED)
    success, said = shop.dbt("build")
    assert not success
    assert "data_type" in said or "contract" in said.lower()
    after = fixed(UNTYPED, "schema/contract")
    assert "- name: bill_id # the key" in after["models/schema.yml"]
    shop.write(after)
    shop.run("build")
    shop.write(
        {**after, "models/bills.sql": UNTYPED["models/bills.sql"].replace("cast(1 as integer)", "cast(1 as varchar)")}
    )
    success, said = shop.dbt("build")
    assert not success
    assert "contract" in said.lower()


KEYLESS = {
    "models/people.sql": "select id, name from {{ source('raw', 'people') }}\n",
    "models/schema.yml": (
        "sources:\n  - name: raw\n    schema: main\n    tables:\n      - name: people\n        identifier: people_raw\n"
        "models:\n  - name: people\n    columns:\n      - name: id\n        data_tests: [unique]\n"
    ),
    "snapshots/history.yml": (
        "snapshots:\n  - name: people_history\n    relation: ref('people')\n    config:\n      strategy: check\n"
        "      check_cols: [name]\n      hard_deletes: ignore\n"
    ),
}


def test_a_snapshot_keeps_versions_once_it_has_its_key(shop: Shop) -> None:
    shop.sql("create table people_raw as select 1 as id, 'a' as name union all select 2, 'b'")
    shop.write(KEYLESS)
    success, said = shop.dbt("build")
    assert not success
    assert "unique_key" in said
    shop.write(fixed(KEYLESS, "quality/snapshot-config"))
    shop.run("build")
    shop.sql("update people_raw set name = 'c' where id = 2")
    shop.run("build")
    versions = "select id, name, dbt_valid_to is null from people_history order by id, dbt_valid_from"
    assert shop.sql(versions) == [(1, "a", True), (2, "b", False), (2, "c", True)]


BARE = {
    "models/marts/fct_bills.sql": "select 1 as bill_id, 'open' as state\n",
    "models/staging/stg_bills.sql": "select 1 as bill_id\n",
    "models/marts/fct_paid.sql": "select bill_id from {{ ref('stg_bills') }}\n",
}


def test_a_description_in_a_new_file_is_read(shop: Shop) -> None:
    files = {**BARE, "models/marts/fct_bills.sql": "select bill_id, 'open' as state from {{ ref('stg_bills') }}\n"}
    del files["models/marts/fct_paid.sql"]
    after = fixed(files, "maintainability/undocumented")
    assert after["models/marts/_marts__models.yml"].startswith("version: 2\n")
    shop.write(after)
    shop.run("build")
    said = shop.run(
        "ls", "--resource-type", "model", "--select", "fct_bills", "--output", "json", "--output-keys", "description"
    )
    assert "stg_bills" in said


SOURCE = "sources:\n  - name: raw\n    schema: main\n    tables:\n      - name: orders\n"
UNIT_TEST = """\
unit_tests:
  - name: in_euros
    model: euros
    given:
      - input: ref('counted')
        rows: [{order_id: 1, cents: 300}]
    expect:
      rows: [{order_id: 1, euro: 3}]
"""
ROWS = "select order_id, cents / 100 as euros from {{ ref('orders') }}"

CASES: dict[str, tuple[str, Files]] = {
    "a reference with a slip": ("lineage/ref-missing", {"models/euros.sql": ROWS.replace("orders", "ordres")}),
    "a source with a slip": (
        "lineage/source-undefined",
        {"models/sources.yml": SOURCE, "models/euros.sql": "select order_id from {{ source('raw', 'ordres') }}"},
    ),
    "a macro with a slip": (
        "lineage/unknown-macro",
        {
            "macros/money.sql": "{% macro in_euros(column) %}{{ column }} / 100{% endmacro %}",
            "models/euros.sql": "select order_id, {{ in_euro('cents') }} as euros from {{ ref('orders') }}",
        },
    ),
    "a tag that closes nothing": ("reliability/unbalanced-jinja", {"models/euros.sql": f"{ROWS} {{% endif %}}"}),
    "a model that reads itself": (
        "lineage/cycle",
        {
            "models/euros.sql": (
                "{{ config(materialized='incremental', unique_key='order_id') }}\n"
                f"{ROWS}\n"
                "{% if is_incremental() %}where order_id > (select max(order_id) from {{ ref('euros') }}){% endif %}\n"
            )
        },
    ),
    "a semicolon at the end": ("reliability/trailing-semicolon", {"models/euros.sql": f"{ROWS};\n"}),
    "a value with a slip": (
        "schema/invalid-enum",
        {
            "models/euros.sql": ROWS,
            "models/schema.yml": "models:\n  - name: euros\n    config:\n      access: protectd\n",
        },
    ),
    "a unit test of another column": (
        "quality/unit-test-columns",
        {
            "models/counted.sql": "select 1 as order_id, 300 as cents union all select 2, 500",
            "models/euros.sql": "select order_id, cents / 100 as euros from {{ ref('counted') }}",
            "models/unit_tests.yml": UNIT_TEST,
        },
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_refused_is_built_after_the_fix(case: str, tmp_path: Path) -> None:
    rule, files = CASES[case]
    shop = Shop(tmp_path)
    shop.write({**SEED, **files})
    if rule == "lineage/source-undefined":
        (tmp_path / "models" / "euros.sql").rename(tmp_path / "euros.sql")
        shop.run("seed")
        (tmp_path / "euros.sql").rename(tmp_path / "models" / "euros.sql")
    # What stands in an is_incremental() branch is refused by the second run.
    assert not (shop.dbt("build")[0] and shop.dbt("build")[0])

    shop.write(fixed({**SEED, **files}, rule))
    shop.run("build")
    assert shop.sql("select order_id from euros order by 1") == [(1,), (2,)]


def test_tests_of_a_misspelled_model_run_once_it_is_named(tmp_path: Path) -> None:
    entry = "models:\n  - name: euro\n    columns:\n      - name: order_id\n        data_tests: [unique]\n"
    twice = {**SEED, "models/euros.sql": f"{ROWS} union all {ROWS}", "models/schema.yml": entry}
    shop = Shop(tmp_path)
    shop.write(twice)
    shop.run("build")

    shop.write(fixed(twice, "lineage/orphan-properties"))
    success, said = shop.dbt("build")
    assert not success
    assert "unique_euros_order_id" in said
