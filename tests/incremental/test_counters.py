"""How much work one keystroke costs, in units parsed, statements read, files linked and rules run."""

from __future__ import annotations

import gc
from dataclasses import asdict

import pytest

from pipesense.engine.workspace import Workspace
from pipesense.host.rulepacks import load_registry
from pipesense.model.flow import Pipeline
from pipesense.model.sql import StatementFacts
from pipesense.text.encoding import PositionEncoding
from support.memory import ROOT, settle, shown, workspace

REGISTRY = load_registry()


def large_sql(statements: int = 100) -> str:
    """About 5,000 lines; every statement holds one finding."""
    columns = ",\n".join(f"    o.column_{at} AS c{at}" for at in range(45))
    return "\n".join(
        f"SELECT\n{columns}\nFROM orders_{number} o\nWHERE o.deleted_at = NULL\n  AND o.id > {number};\n"
        for number in range(statements)
    )


def large_python(dags: int = 24, functions: int = 90) -> str:
    """About 3,000 lines: DAGs without retries and functions in between."""
    parts = [
        "from datetime import datetime, timedelta\n",
        "from airflow.sdk import DAG",
        "from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator\n",
    ]
    for number in range(dags):
        tasks = "\n".join(
            f"    task_{at} = SQLExecuteQueryOperator(\n        task_id='task_{at}',\n        conn_id='warehouse',\n"
            f"        sql='DELETE FROM staging.t{at} WHERE day = 1',\n    )"
            for at in range(8)
        )
        chain = " >> ".join(f"task_{at}" for at in range(8))
        parts.append(
            f"with DAG('dag_{number}', schedule='@daily', start_date=datetime(2024, 1, 1), catchup=False) as dag:\n"
            f"{tasks}\n    {chain}\n"
        )
    for number in range(functions):
        body = "\n".join(f"    value_{at} = rows[{at}] + {number}" for at in range(15))
        parts.append(f"def transform_{number}(rows):\n{body}\n    return value_0\n")
    return "\n".join(parts)


def opened(name: str, text: str) -> tuple[Workspace, str]:
    made = workspace({name: text}, registry=REGISTRY)
    path = f"{ROOT}/{name}"
    made.open(path, text)
    settle(made)
    return made, path


def type_at(made: Workspace, path: str, needle: str, typed: str) -> dict[str, int]:
    """Type behind the first occurrence of ``needle``; the work that it cost."""
    buffer = made.text(path)
    assert buffer is not None
    place = buffer.lines.position(buffer.text.index(needle) + len(needle))
    before = asdict(made.counters)
    made.change(path, place, place, typed, PositionEncoding.UTF32)
    made.analyse(path)
    return {name: count - before[name] for name, count in asdict(made.counters).items()}


def test_a_key_in_a_statement_reads_that_statement() -> None:
    made, path = opened("large.sql", large_sql())
    assert len(made.findings(path)) == 100
    cost = type_at(made, path, "FROM orders_50", "x")
    assert cost["statements_read"] == 1
    assert cost["units_parsed"] == 0
    assert cost["files_linked"] == 1
    assert len(made.findings(path)) == 100


@pytest.mark.parametrize("typed", ["'", '"', "(", "/*", "$$", "CASE "])
def test_an_unclosed_start_costs_its_statement_only(typed: str) -> None:
    made, path = opened("large.sql", large_sql())
    cost = type_at(made, path, "column_3 AS c3,\n    o.column_4", typed)
    assert cost["statements_read"] <= 2
    assert len(made.findings(path)) >= 98
    again = type_at(made, path, "FROM orders_50", "x")
    assert again["statements_read"] <= 2


def test_a_quote_that_is_closed_after_a_rest_brings_back_what_was_said_behind_it() -> None:
    made, path = opened("large.sql", large_sql())
    found = shown(made.findings(path))
    key = type_at(made, path, "FROM orders_50", "x")
    made.change(path, (4, 0), (4, 0), "'", PositionEncoding.UTF16)
    settle(made)
    assert len(made.findings(path)) < len(found)

    before = asdict(made.counters)
    made.change(path, (4, 0), (4, 1), "", PositionEncoding.UTF16)
    made.analyse(path)
    settle(made)
    cost = {name: count - before[name] for name, count in asdict(made.counters).items()}

    assert len(made.findings(path)) == len(found)
    assert cost["statements_read"] <= 2
    assert cost["rules_run"] <= 2 * key["rules_run"]


def test_a_key_in_a_function_parses_that_function() -> None:
    made, path = opened("large.py", large_python())
    assert [each.rule for each in made.findings(path)].count("reliability/no-retries") == 24
    cost = type_at(made, path, "def transform_40(rows):\n    value_0 = rows[0] + 4", "1")
    assert cost["units_parsed"] == 1
    assert cost["statements_read"] == 0
    assert cost["rules_run"] <= 2


def test_a_key_in_a_task_judges_that_pipeline() -> None:
    made, path = opened("large.py", large_python())
    cost = type_at(made, path, "with DAG('dag_7'", ", description=''")
    assert cost["units_parsed"] <= 1
    # The one pipeline is judged again, and what stands in the statement that was typed in.
    assert cost["rules_run"] <= sum(Pipeline in rule.meta.wanted for rule in REGISTRY) + 8


@pytest.mark.parametrize("typed", ["(", "'", '"""', "{", "def ", ")"])
def test_a_syntax_error_costs_its_unit(typed: str) -> None:
    made, path = opened("large.py", large_python())
    before = shown(made.findings(path))
    cost = type_at(made, path, "def transform_40(rows):\n    value_0 = rows[0] + 4", typed)
    assert cost["units_parsed"] <= 2
    assert len(made.findings(path)) == len(before)
    cost = type_at(made, path, "def transform_10(rows):\n    value_0 = rows[0] + 1", "7")
    assert cost["units_parsed"] <= 2


def test_a_change_elsewhere_wakes_only_its_readers() -> None:
    dag = (
        "from airflow.sdk import DAG\n"
        "from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator\n"
        "with DAG('d', schedule='@daily') as dag:\n"
        "    SQLExecuteQueryOperator(task_id='load', conn_id='w', sql='load.sql', retries=3)\n"
    )
    files = {"d.py": dag, "load.sql": "INSERT INTO t (a) SELECT a FROM s;\n", "other.sql": "SELECT 1;\n"}
    made = workspace(files, registry=REGISTRY)
    made.index_all()
    assert [each.rule for each in made.findings(f"{ROOT}/load.sql")] == ["idempotency/append-on-rerun"]
    made.open(f"{ROOT}/d.py", dag)
    made.index_all()
    before = made.counters.files_linked
    cost = type_at(made, f"{ROOT}/d.py", "task_id='load", "er")
    assert cost["files_linked"] == 1
    while made.pending():
        made.step()
    # The DAG, and the file that it runs (which is not open, so it is read again); other.sql is left alone.
    assert made.counters.files_linked - before == 2
    assert made.counters.statements_read <= 3


@pytest.mark.parametrize("needle", ["task_id='task_3", "value_7 = rows", "def transform_50"])
def test_typing_in_python_leaves_nothing_to_the_collector(needle: str) -> None:
    """What a key makes superfluous is freed at once: memory stays flat however seldom the collector runs."""
    made, path = opened("large.py", large_python(dags=4, functions=60))
    for _ in range(3):
        type_at(made, path, needle, "x")
    gc.collect()
    gc.disable()
    try:
        for _ in range(5):
            type_at(made, path, needle, "x")
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_typing_in_sql_leaves_nothing_to_the_collector() -> None:
    """Neither the parser's trees nor the facts of texts that are gone."""
    made, path = opened("large.sql", large_sql(statements=60))
    for _ in range(3):
        type_at(made, path, "AS c7", "x")
    gc.collect()
    gc.disable()
    try:
        kept = _facts_in_memory()
        for _ in range(60):
            type_at(made, path, "AS c7", "x")
        assert gc.collect() == 0
        assert _facts_in_memory() - kept < 30
    finally:
        gc.enable()


@pytest.mark.parametrize("typed", ["x", " + (", "'"])
def test_statements_that_fail_are_forgotten_when_they_are_typed_over(typed: str) -> None:
    made, path = opened("large.sql", large_sql(statements=60))
    type_at(made, path, "SELECT", typed)
    gc.collect()
    kept = _facts_in_memory()
    for _ in range(40):
        type_at(made, path, "SELECT", typed)
        made.settle(path)
    gc.collect()
    assert _facts_in_memory() - kept < 30


def _facts_in_memory() -> int:
    return sum(type(one) is StatementFacts for one in gc.get_objects())
