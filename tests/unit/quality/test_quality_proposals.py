"""Which checks a table deserves, from its definition alone: each case lists what is asked and what is not."""

from __future__ import annotations

import pytest

from pipesense.lang.sql.facts import read_statement
from pipesense.lang.sql.relation import relation
from pipesense.model.data import CheckKind, DatasetName, QualityCheck, Relation
from pipesense.model.quality import CheckPlan, Dimension, Load
from pipesense.model.value import Known
from pipesense.model.where import Loc
from pipesense.quality.naming import label
from pipesense.quality.propose import Subject, propose
from pipesense.text.span import Span


def table(ddl: str, dialect: str = "") -> Relation:
    found = relation(read_statement(ddl, dialect), Loc("/f.sql", 1, Span(0, len(ddl))))
    assert found is not None
    return found


def told(plan: CheckPlan) -> list[str]:
    """The plan without volume, which is always there."""
    asked = [f"{label(each.ask)} ({each.sureness.value})" for each in plan.checks]
    return [each for each in asked if not each.startswith("row_count (")]


CASES = [
    (
        "CREATE TABLE t (id INT PRIMARY KEY, name TEXT NOT NULL, note TEXT)",
        "",
        ["id_is_there (declared)", "name_is_there (declared)", "id_is_unique (declared)"],
    ),
    ("CREATE TABLE t (id INT PRIMARY KEY, name TEXT NOT NULL)", "postgres", []),
    (
        "CREATE TABLE t (id INT, name STRING NOT NULL, PRIMARY KEY (id) NOT ENFORCED)",
        "bigquery",
        ["id_is_there (declared)", "id_is_unique (declared)"],
    ),
    (
        "CREATE TABLE t (a INT, b INT, UNIQUE (a, b))",
        "snowflake",
        ["a_b_is_unique (declared)"],
    ),
    (
        "CREATE TABLE dim_customers (customer_id INT, name TEXT)",
        "",
        ["customer_id_is_there (guess)", "customer_id_is_unique (guess)"],
    ),
    (
        "CREATE TABLE dim_customers (customer_id INT, valid_from DATE, valid_to DATE)",
        "",
        [
            "customer_id_is_there (guess)",
            "customer_id_valid_from_is_unique (guess)",
            "valid_from_valid_to_are_in_order (likely)",
        ],
    ),
    ("CREATE TABLE t (age INT, page INT, age_group TEXT)", "", ["age_is_in_range (likely)"]),
    (
        "CREATE TABLE t (discount_pct FLOAT, growth_pct FLOAT, lat FLOAT, platform_count INT)",
        "",
        ["discount_pct_is_in_range (likely)", "lat_is_in_range (likely)", "platform_count_is_in_range (likely)"],
    ),
    (
        "CREATE TABLE t (amount DECIMAL(9, 2), net_amount DECIMAL(9, 2), price_id INT, cost TEXT)",
        "",
        ["amount_is_in_range (guess)"],
    ),
    (
        "CREATE TABLE t (email TEXT, email_hash TEXT, email_id INT, user_uuid VARCHAR(36), real_uuid UUID)",
        "postgres",
        ["email_has_its_form (likely)", "user_uuid_has_its_form (likely)"],
    ),
    (
        "CREATE TABLE t (country CHAR(2), country_code VARCHAR(3), country_name TEXT, currency CHAR(3), country_phone_code TEXT)",
        "",
        ["country_has_its_form (likely)", "country_code_has_its_form (likely)", "currency_has_its_form (likely)"],
    ),
    (
        "CREATE TABLE t (amount INT CHECK (amount > -100), mood ENUM('a', 'b'), s TEXT CHECK (s IN ('x')))",
        "snowflake",
        ["amount_hold (declared)", "s_is_of_its_list (declared)", "mood_is_of_its_list (declared)"],
    ),
    ("CREATE TABLE t (amount INT CHECK (amount > -100), mood ENUM('a', 'b'))", "duckdb", []),
    (
        "CREATE TABLE t (customer_id INT REFERENCES customers (id), shop_id INT REFERENCES shops)",
        "redshift",
        ["customer_id_exists_in_customers (declared)"],
    ),
    ("CREATE TABLE t (customer_id INT REFERENCES customers (id))", "postgres", []),
    (
        "CREATE TABLE t (loaded_at TIMESTAMP, updated_at TIMESTAMP, birth_date DATE)",
        "",
        ["loaded_at_is_fresh (guess)", "row_count_is_near_the_day_before (guess)"],
    ),
    ("CREATE TABLE t (birth_date DATE, loaded TEXT)", "", []),
    ("CREATE TABLE t (updated_at TIMESTAMP)", "", ["updated_at_is_fresh (guess)"]),
    (
        "CREATE TABLE orders (order_date DATE)",
        "",
        ["order_date_is_fresh (guess)", "row_count_is_near_the_day_before (guess)"],
    ),
]


@pytest.mark.parametrize(("ddl", "dialect", "expected"), CASES, ids=[case[0][13:60] for case in CASES])
def test_what_a_definition_asks_for(ddl: str, dialect: str, expected: list[str]) -> None:
    plan = propose(Subject(table(ddl, dialect), dialect))
    assert told(plan) == expected
    covered = {each.dimension for each in plan.checks} | {each.dimension for each in plan.left_out}
    assert covered == set(Dimension)


@pytest.mark.parametrize(
    ("ddl", "dialect", "dimension", "why"),
    [
        (
            "CREATE TABLE t (id INT PRIMARY KEY, a INT NOT NULL)",
            "postgres",
            Dimension.COMPLETENESS,
            "PostgreSQL itself refuses a missing id or a",
        ),
        (
            "CREATE TABLE t (a INT)",
            "",
            Dimension.COMPLETENESS,
            "no column is declared NOT NULL and no key is known",
        ),
        (
            "CREATE TABLE t (a INT)",
            "",
            Dimension.TIMELINESS,
            "no column tells when rows were loaded, changed or happened",
        ),
        (
            "CREATE TABLE t (shop_id INT REFERENCES shops)",
            "",
            Dimension.CONSISTENCY,
            "which column shop_id refers to is not known: its table is defined nowhere here",
        ),
        (
            "CREATE TABLE t (a INT)",
            "",
            Dimension.ACCURACY,
            "no statement of the workspace that loads it could be found",
        ),
    ],
)
def test_why_nothing_is_asked(ddl: str, dialect: str, dimension: Dimension, why: str) -> None:
    plan = propose(Subject(table(ddl, dialect), dialect))
    assert why in [each.why for each in plan.left_out if each.dimension is dimension]


CUSTOMERS = "CREATE TABLE customers (id BIGINT PRIMARY KEY, name TEXT)"
ITEMS = "CREATE TABLE order_items (order_id BIGINT REFERENCES orders, qty INT, unit_price DECIMAL(9, 2))"


@pytest.mark.parametrize(
    ("ddl", "others", "expected"),
    [
        ("CREATE TABLE o (customer_id BIGINT)", [CUSTOMERS], ["customer_id_exists_in_customers (likely)"]),
        ("CREATE TABLE o (customer_id TEXT)", [CUSTOMERS], []),
        ("CREATE TABLE o (customer_id BIGINT)", [CUSTOMERS, CUSTOMERS.replace("customers", "dim_customer")], []),
        ("CREATE TABLE o (customer_id BIGINT)", ["CREATE TABLE customers (nr BIGINT PRIMARY KEY)"], []),
        ("CREATE TABLE o (customer_id BIGINT)", ["CREATE TABLE customers (id BIGINT)"], []),
    ],
    ids=["the one parent", "another type", "two parents", "another key", "no key"],
)
def test_a_reference_by_name_needs_one_parent_with_that_key(ddl: str, others: list[str], expected: list[str]) -> None:
    plan = propose(Subject(table(ddl), related=tuple(map(table, others))))
    assert [each for each in told(plan) if "exists" in each] == expected


def test_totals_are_compared_between_header_and_details() -> None:
    header = table("CREATE TABLE orders (order_id BIGINT PRIMARY KEY, total_amount DECIMAL(9, 2))")
    details = table(ITEMS)
    for subject, other in ((header, details), (details, header)):
        plan = propose(Subject(subject, related=(other,)))
        assert "total_amount_agrees_with_order_items (likely)" in told(plan)


@pytest.mark.parametrize(
    ("replaces", "expected"),
    [
        (True, ["row_count_agrees_with_raw (likely)", "amount_agrees_with_raw (likely)"]),
        (False, ["row_count_agrees_with_raw (likely)"]),
    ],
)
def test_sums_agree_only_where_the_load_replaces_everything(replaces: bool, expected: list[str]) -> None:
    load = Load(DatasetName(("raw",)), "raw", "", replaces, (("amount", "amount"), ("age", "age"), ("k_id", "k_id")))
    subject = table("CREATE TABLE t (amount INT, age INT, k_id INT)")
    plan = propose(Subject(subject, load=Known(load)))
    assert [each for each in told(plan) if "agrees" in each] == expected


def test_what_is_checked_already_is_not_proposed_again() -> None:
    subject = table("CREATE TABLE t (id INT PRIMARY KEY)")
    there = QualityCheck(frozenset({CheckKind.UNIQUE}), Known(subject.dataset), ("ID",), "checks/t.sql", subject.loc)
    plan = propose(Subject(subject, existing=(there,)))
    assert told(plan) == ["id_is_there (declared)"]
    assert "id is checked by checks/t.sql already" in [each.why for each in plan.left_out]


def test_everything_asks_for_what_the_database_enforces_too() -> None:
    subject = table("CREATE TABLE t (id INT PRIMARY KEY)", "postgres")
    assert told(propose(Subject(subject, "postgres"))) == []
    assert told(propose(Subject(subject, "postgres", everything=True))) == [
        "id_is_there (declared)",
        "id_is_unique (declared)",
    ]
