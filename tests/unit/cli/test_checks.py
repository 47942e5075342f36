"""``pipesense checks``: what it prints, what it writes, what it returns."""

from __future__ import annotations

import pytest

from unit.cli.conftest import Project

TABLE = "CREATE TABLE mart.orders (order_id BIGINT PRIMARY KEY, age INT);\n"
LOAD = "INSERT INTO mart.orders SELECT order_id, age FROM raw.orders;\n"


@pytest.fixture
def shop(project: Project) -> Project:
    project.write({"sql/orders.sql": TABLE, "sql/load.sql": LOAD})
    return project


@pytest.mark.parametrize("target", ["mart.orders", "orders", "MART.ORDERS", "sql/orders.sql", "sql/load.sql", "sql"])
def test_a_table_is_found_by_its_name_or_its_file(shop: Project, target: str) -> None:
    ran = shop.run("checks", target)
    assert ran.code == 0, ran.err
    assert ran.out.startswith("mart.orders (sql)\n\n  completeness  not-null order_id [declared]: ")
    assert "-- uniqueness check: order_id is the primary key\n" in ran.out
    assert shop.files() == ["sql/load.sql", "sql/orders.sql"]


def test_everything_for_programs(shop: Project) -> None:
    ran = shop.run("checks", "mart.orders", "--format", "json", "--dialect", "postgres")
    (table,) = ran.data["tables"]
    assert (table["table"], table["dialect"], table["form"], table["written"]) == (
        "mart.orders",
        "postgres",
        "sql",
        [],
    )
    assert table["checks"][0] == {
        "dimension": "validity",
        "kind": "in-range",
        "columns": ["age"],
        "arguments": {"minimum": "0", "maximum": "150"},
        "reason": "age is named like a person's age",
        "confidence": "likely",
    }
    assert {"dimension": "uniqueness", "why": "PostgreSQL itself refuses a second row with the same order_id"} in table[
        "left_out"
    ]
    everything = shop.run("checks", "mart.orders", "--format", "json", "--dialect", "postgres", "--all")
    assert "unique" in [each["kind"] for each in everything.data["tables"][0]["checks"]]


def test_checks_are_written_once(shop: Project) -> None:
    first = shop.run("checks", "mart.orders", "--write")
    assert first.code == 0
    assert first.out.endswith("Written: checks/orders.sql\n")
    text = shop.read("checks/orders.sql")
    assert text.startswith("-- Quality checks of mart.orders.")
    second = shop.run("checks", "mart.orders", "--write")
    assert (second.code, second.out.endswith("There is nothing to add.\n")) == (0, True)
    assert shop.read("checks/orders.sql") == text


@pytest.mark.parametrize(
    ("form", "path", "words"),
    [
        ("gx", "gx/suites/orders.py", 'gxe.ExpectColumnValuesToNotBeNull(column="order_id")'),
        ("sql", "checks/orders.sql", "SELECT order_id, COUNT(*) AS copies"),
    ],
)
def test_the_form_that_is_asked_for(shop: Project, form: str, path: str, words: str) -> None:
    assert shop.run("checks", "mart.orders", "--form", form, "--write").code == 0
    assert words in shop.read(path)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing"], "neither defines nor touches a table nothing"),
        (["mart.orders", "--dialect", "klingon"], "there is no dialect klingon"),
        (["README.md"], "No table is defined or loaded in README.md"),
        (["mart.orders", "--form", "papyrus"], "invalid choice: 'papyrus'"),
    ],
)
def test_mistakes(shop: Project, arguments: list[str], words: str) -> None:
    shop.write({"README.md": "# Shop\n"})
    ran = shop.run("checks", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert words in ran.err


def test_what_cannot_be_written_is_said(shop: Project) -> None:
    ran = shop.run("checks", "mart.orders", "--form", "airflow", "--write")
    assert ran.code == 1
    assert "mart.orders: nothing was written: no task, or more than one, loads the table." in ran.err
