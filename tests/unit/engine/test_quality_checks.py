"""Inserting quality checks: what is offered where, what is written, and how it is told from other statements."""

from __future__ import annotations

import pytest

from pipesense.engine.report import BuiltFix
from pipesense.engine.workspace import Workspace
from pipesense.model.change import Refusal
from pipesense.model.data import DatasetName
from pipesense.text.edit import apply_edits
from pipesense.text.span import Span
from support.memory import ROOT, workspace

TABLE = "CREATE TABLE mart.orders (order_id BIGINT PRIMARY KEY, loaded_at TIMESTAMP);\n"
LOAD = "INSERT INTO mart.orders\nSELECT order_id, loaded_at FROM raw.orders  -- all of them\n"
DAG = """\
from datetime import datetime

from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
from airflow.sdk import DAG

with DAG("orders", schedule="@daily", start_date=datetime(2024, 1, 1), catchup=False):
    load = SQLExecuteQueryOperator(task_id="load", conn_id="warehouse", sql="load.sql")
"""
MODEL = "select id as order_id, amount from {{ ref('stg_orders') }}\n"


def at(made: Workspace, path: str, words: str) -> Span:
    buffer = made.text(f"{ROOT}/{path}")
    assert buffer is not None
    start = buffer.text.index(words)
    return Span(start, start)


def ready(files: dict[str, str]) -> Workspace:
    made = workspace(files)
    made.index_all()
    return made


@pytest.mark.parametrize(
    ("files", "path", "words", "titles"),
    [
        ({"t.sql": TABLE}, "t.sql", "mart", ["as checks/orders.sql"]),
        ({"t.sql": TABLE}, "t.sql", "CREATE", []),
        ({"t.sql": TABLE}, "t.sql", "order_id", []),
        ({"t.sql": TABLE, "l.sql": LOAD}, "l.sql", "mart", ["below the load", "as checks/orders.sql"]),
        ({"t.sql": TABLE, "l.sql": LOAD}, "l.sql", "raw", []),
        ({"c.sql": "CREATE TABLE a AS SELECT b FROM c"}, "c.sql", "a ", ["below the load", "as checks/a.sql"]),
        ({"c.sql": "CREATE TEMP TABLE a AS SELECT b FROM c"}, "c.sql", "a ", []),
        ({"c.sql": "CREATE VIEW a AS SELECT b FROM c"}, "c.sql", "a ", []),
        ({"c.sql": "UPDATE a SET b = 1 WHERE c = 2"}, "c.sql", "a ", []),
        ({"c.sql": "INSERT INTO {{ t }} SELECT 1"}, "c.sql", "{{", []),
        (
            {"t.sql": TABLE, "dags/load.sql": LOAD, "dags/o.py": DAG},
            "t.sql",
            "mart",
            ["as Airflow tasks behind the load", "as checks/orders.sql"],
        ),
        (
            {"t.sql": TABLE, "gx/great_expectations.yml": ""},
            "t.sql",
            "mart",
            ["as a Great Expectations suite", "as checks/orders.sql"],
        ),
        ({"dbt_project.yml": "", "models/orders.sql": MODEL}, "models/orders.sql", "amount", ["as dbt tests"]),
        ({"dbt_project.yml": "", "analyses/orders.sql": MODEL}, "analyses/orders.sql", "amount", []),
    ],
)
def test_what_is_offered(files: dict[str, str], path: str, words: str, titles: list[str]) -> None:
    made = ready(files)
    offers = made.checks.offers(f"{ROOT}/{path}", at(made, path, words))
    assert [each.title.partition(f"for {each.dataset} ")[2] for each in offers] == titles


def built(made: Workspace, path: str, words: str, number: int = 0) -> BuiltFix | Refusal:
    offer = made.checks.offers(f"{ROOT}/{path}", at(made, path, words))[number]
    return made.checks.build(offer.id, f"{ROOT}/{path}")


def applied(made: Workspace, fix: BuiltFix | Refusal) -> dict[str, str]:
    """The texts of the changed and new files."""
    assert isinstance(fix, BuiltFix), fix.why
    found = {path.removeprefix(f"{ROOT}/"): text for path, text in fix.creates.items()}
    for path, edits in fix.edits.items():
        buffer = made.text(path)
        assert buffer is not None
        found[path.removeprefix(f"{ROOT}/")] = apply_edits(buffer.text, edits)
    return found


def test_below_the_load_behind_its_comment() -> None:
    made = ready({"t.sql": TABLE, "l.sql": LOAD})
    text = applied(made, built(made, "l.sql", "mart"))["l.sql"]
    assert text.startswith(
        "INSERT INTO mart.orders\nSELECT order_id, loaded_at FROM raw.orders;  -- all of them\n\n"
        "-- completeness check: order_id is part of the primary key\nSELECT *\nFROM mart.orders\n"
        "WHERE order_id IS NULL;\n"
    )


@pytest.mark.parametrize("number", [0, 1], ids=["below the load", "in a file"])
def test_what_was_inserted_is_not_proposed_again(number: int) -> None:
    files = {"t.sql": TABLE, "l.sql": LOAD}
    made = ready(files)
    after = ready({**files, **applied(made, built(made, "l.sql", "mart", number))})
    plan = after.checks.plan(DatasetName(("mart", "orders")))
    assert plan.checks == ()
    refused = built(after, "l.sql", "mart")
    assert isinstance(refused, Refusal)
    assert refused.why.startswith("there is nothing to add")


def test_an_existing_file_of_checks_is_extended() -> None:
    there = "-- completeness check: by hand\nSELECT * FROM mart.orders WHERE order_id IS NULL;\n"
    made = ready({"t.sql": TABLE, "checks/orders.sql": there})
    text = applied(made, built(made, "t.sql", "mart"))["checks/orders.sql"]
    assert text.startswith(there)
    assert text.count("completeness check") == 1
    assert "-- uniqueness check: order_id is the primary key\n" in text


def test_a_new_file_names_its_dialect() -> None:
    made = ready({"t.sql": f"-- pipesense: dialect=duckdb\n{TABLE}"})
    text = applied(made, built(made, "t.sql", "mart"))["checks/orders.sql"]
    assert text.startswith("-- pipesense: dialect=duckdb\n-- Quality checks of mart.orders.")


def test_names_are_written_as_the_definition_writes_them() -> None:
    made = ready({"t.sql": 'CREATE TABLE "My Orders" ("Order Id" INT PRIMARY KEY, "Age" INT, plain INT NOT NULL);\n'})
    text = applied(made, built(made, "t.sql", '"My'))["checks/my orders.sql"]
    for words in ('FROM "My Orders"', '"Order Id" IS NULL', '"Age" < 0', "WHERE plain IS NULL"):
        assert words in text


def test_a_masked_schema_is_left_out_of_the_name() -> None:
    made = ready({"t.sql": "CREATE TABLE {{ schema }}.orders (order_id INT PRIMARY KEY);\n"})
    text = applied(made, built(made, "t.sql", "orders"))["checks/orders.sql"]
    assert "FROM orders\n" in text


@pytest.mark.parametrize(
    ("load", "reason"),
    [
        ("INSERT INTO t SELECT a, b FROM s", "its load adds every row of s"),
        ("TRUNCATE TABLE t; INSERT INTO t SELECT a, b FROM s", "its load brings every row of s"),
        ("DELETE FROM t WHERE a = 1; INSERT INTO t SELECT a, b FROM s", "its load adds every row of s"),
        ("INSERT INTO t SELECT a, b FROM s WHERE a > 1 OR b", "its load adds every row of s where (a > 1 OR b)"),
        ("INSERT INTO t SELECT a, b FROM s WHERE a = '{{ ds }}'", "a template chooses the rows of its load"),
        ("INSERT INTO t SELECT a, b FROM s JOIN u ON s.i = u.i", "its load joins, groups or leaves out rows"),
        ("INSERT INTO t SELECT a, count(*) FROM s GROUP BY a", "its load joins, groups or leaves out rows"),
        ("INSERT INTO t SELECT count(*), 1 FROM s", "its load joins, groups or leaves out rows"),
        ("INSERT INTO t SELECT DISTINCT a, b FROM s", "its load joins, groups or leaves out rows"),
        ("INSERT INTO t SELECT a, b FROM s UNION ALL SELECT a, b FROM u", "its load joins, groups or leaves out rows"),
        ("INSERT INTO t SELECT a, b FROM s LIMIT 5", "its load joins, groups or leaves out rows"),
        ("INSERT INTO t SELECT a, b FROM s ON CONFLICT DO NOTHING", "its load leaves out rows that are there already"),
        ("INSERT INTO t VALUES (1, 2)", "its rows stand in the statement itself"),
        ("INSERT INTO t SELECT a, b FROM s; INSERT INTO t SELECT a, b FROM u", "2 statements load it"),
        ("UPDATE t SET a = 1 WHERE b = 2", "the only statement that writes it changes rows and brings none"),
        (
            "MERGE INTO t USING s ON t.a = s.a WHEN NOT MATCHED THEN INSERT (a) VALUES (s.a)",
            "its load is a MERGE",
        ),
    ],
)
def test_with_what_a_load_can_be_reconciled(load: str, reason: str) -> None:
    made = ready({"t.sql": "CREATE TABLE t (a INT, b INT);", "l.sql": load})
    plan = made.checks.plan(DatasetName(("t",)))
    said = [each.reason for each in plan.checks if each.dimension.value == "accuracy"]
    said += [each.why for each in plan.left_out if each.dimension.value == "accuracy"]
    assert [each for each in said if each.startswith(reason)], said


def test_values_of_a_type_that_is_made_elsewhere() -> None:
    files = {"a.sql": "-- moods\nCREATE TYPE mood AS ENUM ('sad', 'o''k');", "b.sql": "CREATE TABLE t (m mood);"}
    plan = ready(files).checks.plan(DatasetName(("t",)))
    assert [each.reason for each in plan.checks if each.dimension.value == "validity"] == ["m is an ENUM"]


@pytest.mark.parametrize(
    ("version", "key"), [("", "data_tests"), ("1.7", "tests"), ("1.8.3", "data_tests"), ("1.10.6", "data_tests")]
)
def test_the_project_tells_the_version_of_dbt(version: str, key: str) -> None:
    project = f"require-dbt-version: ['>={version}', '<2']\n" if version else "name: shop\n"
    made = ready({"dbt_project.yml": project, "models/marts/orders.sql": MODEL})
    text = applied(made, built(made, "models/marts/orders.sql", "amount"))["models/marts/orders.yml"]
    assert text.startswith(
        f"version: 2\n\nmodels:\n  - name: orders\n    columns:\n      - name: order_id\n        {key}:\n          - not_null"
    )


def test_a_described_model_is_left_to_its_description() -> None:
    files = {"dbt_project.yml": "", "models/orders.sql": MODEL, "models/schema.yml": "models:\n  - name: orders\n"}
    refused = built(ready(files), "models/orders.sql", "amount")
    assert isinstance(refused, Refusal)
    assert refused.why == "schema.yml describes the model already; add the tests there"


def test_a_hover_tells_which_dimensions_are_checked() -> None:
    check = "SELECT order_id, COUNT(*) FROM mart.orders GROUP BY order_id HAVING COUNT(*) > 1;\n"
    made = ready({"t.sql": TABLE, "checks/orders.sql": check})
    text = made.hover(f"{ROOT}/t.sql", at(made, "t.sql", "mart").start)
    assert text is not None
    assert "- quality checks: checks/orders.sql (no duplicates)" in text.markdown
    assert "- checked: uniqueness\n" in text.markdown
    assert "- not checked: completeness, validity, consistency, timeliness, accuracy, volume" in text.markdown
